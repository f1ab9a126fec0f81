//! Real files of real projects through the loader: everything that is in them is found, and nothing else.

#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use rolecall_kubernetes::load::{FileSummary, Load, Validate};
use rolecall_model::{AttributePolicy, PolicySet, Wild};
use rolecall_tests::{
    conformance::{errors, load_files},
    corpus::{self, Counts, ExpectedFile},
    digest::sha256,
    facts::{self, GENERATED},
    report::Report,
    shared,
};
use serde::Deserialize;

#[test]
fn every_file_is_found_to_hold_what_it_holds() {
    let Some(files) = corpus::expected_files() else { return };
    let folder = shared::folder("corpus").unwrap();
    let mut report = Report::default();
    for (name, expected) in &files {
        let path = folder.join(name);
        check_counts(name, &path, expected, &mut report);
        check_content(name, &path, expected, &mut report);
    }
    let objects: usize = files.values().flat_map(|file| file.counts.objects.values()).sum();
    report.finish("corpus", &format!("{} files, {objects} objects", files.len()));
}

#[test]
fn what_an_api_server_would_refuse_is_left_out_and_nothing_else() {
    let Some(files) = corpus::expected_files() else { return };
    let folder = shared::folder("corpus").unwrap();
    let mut report = Report::default();
    let mut count = 0;
    for (name, expected) in &files {
        let load = load_files(&[folder.join(name)], Validate::Warn, None);
        let mut refused: BTreeSet<_> = expected
            .refused
            .iter()
            // What the strict mode alone minds is kept.
            .filter(|entry| !entry.ends_with("(strict validation only)"))
            .filter_map(|entry| entry.split_once(": "))
            .map(|(id, _)| without_namespace(id))
            .collect();
        beyond_the_count(&folder.join(name), &mut refused);
        let left_out: BTreeSet<_> = load.left_out.iter().map(|id| without_namespace(id)).collect();
        count += refused.len();
        report.check(left_out == refused, || format!("{name}: left out {left_out:?}, refused {refused:?}"));
    }
    report.finish("corpus, refused objects", &format!("{} files, {count} objects", files.len()));
}

#[test]
fn every_attribute_policy_is_converted_as_the_specification_says() {
    let Some(folder) = shared::folder("corpus/abac") else { return };
    let files: BTreeMap<String, ExpectedPolicies> =
        serde_json::from_str(&shared::text(&folder.join("expected.json"))).unwrap();
    assert!(!files.is_empty(), "the corpus holds no ABAC file");
    let mut report = Report::default();
    let mut count = 0;
    for (name, expected) in &files {
        let load = load_files(&[folder.join(name)], Validate::Ignore, None);
        let Some(policies) = loaded(name, &load, &mut report) else { continue };
        count += expected.policies;
        let summary = summary(&load);
        report.check(summary.policies == expected.policies, || {
            format!("{name}: {} policies, expected {}", summary.policies, expected.policies)
        });
        let found: Vec<_> =
            policies.attribute_policies().iter().map(|policy| described(&load, policy)).collect();
        let expected: Vec<_> = expected.list.iter().map(ExpectedPolicy::converted).collect();
        report.check(found == expected, || format!("{name}: {found:#?}, expected {expected:#?}"));
    }
    report.finish("corpus/abac", &format!("{} files, {count} policies", files.len()));
}

fn check_counts(name: &str, path: &Path, expected: &ExpectedFile, report: &mut Report) {
    let load = load_files(&[path.to_owned()], Validate::Ignore, None);
    let Some(policies) = loaded(name, &load, report) else { return };
    let found = counts(summary(&load));
    report.check(found == expected.counts, || format!("{name}: {found:#?}, expected {:#?}", expected.counts));
    let expected = facts::of_documents(&corpus::documents(path));
    let mut found = facts::of_policies(policies);
    for id in expected.keys() {
        if let Some(prefix) = id.strip_suffix(GENERATED)
            && let Some(name) = found.keys().find(|name| name.starts_with(prefix)).cloned()
            && let Some(facts) = found.remove(&name)
        {
            found.insert(id.clone(), facts);
        }
    }
    report.check(expected == found, || {
        format!("{name}: the policy set holds {found:#?}, the file {expected:#?}")
    });
}

fn check_content(name: &str, path: &Path, expected: &ExpectedFile, report: &mut Report) {
    let lines: Vec<_> = corpus::documents(path)
        .iter()
        .flat_map(|document| corpus::objects(&document.root))
        .flat_map(|object| object.canonical())
        .map(|line| line + "\n")
        .collect();
    let text = lines.concat();
    report.check(sha256(&text) == expected.digest, || format!("{name}: other content:\n{text}"));
}

fn loaded<'a>(name: &str, load: &'a Load, report: &mut Report) -> Option<&'a PolicySet> {
    let messages: Vec<_> = errors(load).map(|finding| finding.message.as_str()).collect();
    report
        .check(messages.is_empty() && load.policies.is_some(), || format!("{name}: {}", messages.join("; ")));
    load.policies.as_ref()
}

fn summary(load: &Load) -> &FileSummary {
    assert_eq!(load.files.len(), 1, "one file was loaded");
    &load.files[0]
}

fn counts(summary: &FileSummary) -> Counts {
    let summary = summary.clone();
    Counts {
        objects: summary.objects,
        rules: summary.rules,
        subjects: summary.subjects,
        aggregated: summary.aggregated,
        verbs: summary.verbs,
        api_groups: summary.api_groups,
        resources: summary.resources,
        resource_names: summary.resource_names,
        non_resource_urls: summary.non_resource_urls,
        api_versions: summary.api_versions,
        ids: summary.ids,
        documents: summary.documents,
        empty_docs: summary.empty_docs,
        skipped: summary.skipped,
    }
}

/// What `count.py` does not look at: names that an API server makes up, and what a namespace is called.
fn beyond_the_count(path: &Path, refused: &mut BTreeSet<String>) {
    for document in &corpus::documents(path) {
        for object in corpus::objects(&document.root) {
            let id = format!("{} {}", object.kind, object.name());
            let namespace = if object.kind.starts_with("Cluster") { "" } else { object.namespace() };
            let is_label = namespace.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
            if object.generated_name().is_some() {
                refused.remove(&id);
            } else if !is_label {
                refused.insert(id);
            }
        }
    }
}

fn without_namespace(id: &str) -> String {
    let (kind, name) = id.split_once(' ').unwrap_or((id, ""));
    format!("{kind} {}", name.rsplit('/').next().unwrap_or(name))
}

/// What must be found in an ABAC file.
#[derive(Deserialize)]
struct ExpectedPolicies {
    policies: usize,
    list: Vec<ExpectedPolicy>,
}

#[derive(Deserialize)]
struct ExpectedPolicy {
    line: usize,
    version: String,
    spec: Specification,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Specification {
    user: String,
    group: String,
    readonly: bool,
    api_group: String,
    resource: String,
    namespace: String,
    non_resource_path: String,
}

impl ExpectedPolicy {
    /// The policy as Kubernetes holds it, by `spec/authorization/abac.md` section 3.
    fn converted(&self) -> String {
        let mut policy = self.spec.clone();
        let everybody = policy.user == "*"
            || policy.group == "*"
            || (self.version == "v0" && policy.user.is_empty() && policy.group.is_empty());
        if everybody {
            (policy.user, policy.group) = (String::new(), "system:authenticated".to_owned());
        }
        if self.version == "v0" {
            let all = policy.namespace.is_empty() && policy.resource.is_empty();
            policy.non_resource_path = String::from(if all { "*" } else { "" });
            policy.api_group = String::from("*");
            for text in [&mut policy.namespace, &mut policy.resource] {
                if text.is_empty() {
                    *text = String::from("*");
                }
            }
        }
        policy.described(Some(self.line))
    }
}

impl Specification {
    fn described(&self, line: Option<usize>) -> String {
        format!(
            "line {line:?} user {:?} group {:?} readonly {} apiGroup {:?} resource {:?} namespace {:?} path {:?}",
            self.user,
            self.group,
            self.readonly,
            self.api_group,
            self.resource,
            self.namespace,
            self.non_resource_path
        )
    }
}

fn described(load: &Load, policy: &AttributePolicy) -> String {
    fn wild<T: ToString>(wild: &Wild<T>) -> String {
        match wild {
            Wild::Any => "*".to_owned(),
            Wild::Is(value) => value.to_string(),
        }
    }
    let specification = Specification {
        user: policy.user.as_ref().map(ToString::to_string).unwrap_or_default(),
        group: policy.group.as_ref().map(ToString::to_string).unwrap_or_default(),
        readonly: policy.read_only,
        api_group: wild(&policy.api_group),
        resource: wild(&policy.resource),
        namespace: wild(&policy.namespace),
        non_resource_path: policy.non_resource_path.to_string(),
    };
    specification.described(policy.origin.span().map(|span| load.sources.position(span).line))
}
