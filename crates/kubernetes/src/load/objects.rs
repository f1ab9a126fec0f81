//! Objects taken in one after the other.

use std::{
    collections::{BTreeSet, HashSet},
    sync::Arc,
};

use rolecall_diagnostics::{Finding, Severity};
use rolecall_model::{Origin, Places, PolicySet, PolicySetBuilder};
use rolecall_source::{SourceMap, Span};

use super::{
    Allowance, FileSummary, LoadOptions, Validate,
    convert::{Converted, Converter, place_of},
};
use crate::{
    document::Node,
    manifest::{Body, Item, RbacObject, head, suspicious},
    resource_types::{ResourceTypes, custom_resource_type},
    validation::validate,
};

/// Everything that was taken in so far.
#[derive(Debug, Default)]
pub(super) struct Objects {
    pub(super) policies: PolicySetBuilder,
    pub(super) resource_types: ResourceTypes,
    pub(super) namespaces: BTreeSet<String>,
    pub(super) service_accounts: BTreeSet<(String, String)>,
    pub(super) left_out: Vec<String>,
    /// Roles that were left out, by kind, namespace and name: what a reference to them would find.
    pub(super) left_out_roles: BTreeSet<(bool, String, String)>,
    /// The places of roles and bindings that were taken in although they have an error.
    pub(super) faulty: HashSet<Span>,
    /// Where the parts of rules and bindings stand.
    pub(super) places: Places,
    /// What annotations say should not be warned about.
    pub(super) allowances: Vec<Allowance>,
    /// Whether an object came from an API server.
    pub(super) from_server: bool,
    /// The first object that was given a namespace, and how many there were.
    pub(super) namespace_given: Option<(Span, String, usize)>,
    converter: Converter,
    generated_names: usize,
}

impl Objects {
    /// Takes in what a document holds.
    pub(super) fn take(
        &mut self,
        item: Item<'_>,
        options: &LoadOptions,
        sources: &SourceMap,
        summary: &mut FileSummary,
        findings: &mut Vec<Finding>,
    ) {
        match item {
            Item::Other { api_version, kind, node } => {
                summary.skip(api_version, kind);
                if api_version.starts_with("abac.authorization.kubernetes.io") {
                    findings.push(policy_among_manifests(node, sources));
                }
                self.learn_from(api_version, kind, node, options);
            }
            Item::Rbac(mut object) => {
                summary.count(&object);
                self.prepare(&mut object, options, findings);
                self.take_rbac(&object, options, sources, findings);
            }
        }
    }

    /// What objects of other kinds tell: which namespaces, service accounts and resource types there are.
    fn learn_from(&mut self, api_version: &str, kind: &str, node: &Node, options: &LoadOptions) {
        let metadata = |field: &str| {
            node.get("metadata").and_then(|metadata| metadata.value.get(field)?.value.as_str()).unwrap_or("")
        };
        match (api_version, kind) {
            ("v1", "Namespace") => {
                self.namespaces.insert(metadata("name").to_owned());
            }
            ("v1", "ServiceAccount") => {
                let namespace = match metadata("namespace") {
                    "" => default_namespace(options),
                    given => given,
                };
                self.service_accounts.insert((namespace.to_owned(), metadata("name").to_owned()));
            }
            (_, "CustomResourceDefinition") => {
                if let Some(defined) = custom_resource_type(node) {
                    self.resource_types.add(defined);
                }
            }
            _ => {}
        }
    }

    /// What an API server does before it validates.
    fn prepare(&mut self, object: &mut RbacObject, options: &LoadOptions, findings: &mut Vec<Finding>) {
        if options.validate != Validate::Ignore {
            findings.append(&mut suspicious(object));
        }
        self.from_server |= object.is_from_server();
        object.fill_defaults();
        let given = object.metadata.namespace.clone();
        // Only the first object is named, as it stands in its file.
        let first = (given.value.is_empty() && self.namespace_given.is_none())
            .then(|| (object.metadata.name.span, object.label(), 0));
        if object.settle_namespace(default_namespace(options)) {
            if object.kind.is_namespaced() {
                self.namespace_given = self.namespace_given.take().or(first);
                if let Some((.., count)) = &mut self.namespace_given {
                    *count += 1;
                }
            } else {
                findings.push(
                    Finding::note(
                        "namespace-ignored",
                        format!(
                            "a {} belongs to no namespace, so `namespace: {}` is ignored",
                            object.kind, given.value
                        ),
                    )
                    .at(given.span, "ignored")
                    .field("metadata.namespace")
                    .object(object.label())
                    .help("take the field out"),
                );
            }
        }
        self.generate_name(object, findings);
    }

    /// An API server makes up a name; so two objects of one `generateName` stay two.
    fn generate_name(&mut self, object: &mut RbacObject, findings: &mut Vec<Finding>) {
        let metadata = &mut object.metadata;
        if !metadata.name.value.is_empty() || metadata.generate_name.value.is_empty() {
            return;
        }
        self.generated_names += 1;
        let name = format!("{}{:05}", metadata.generate_name.value, self.generated_names);
        metadata.name.value = Arc::from(name.as_str());
        metadata.name.span = metadata.generate_name.span;
        metadata.name.given = true;
        findings.push(
            Finding::note("generated-name", format!("an API server makes a name up; here it is `{name}`"))
                .at(metadata.generate_name.span, "the beginning of the name")
                .field("metadata.generateName")
                .object(object.label()),
        );
    }

    fn take_rbac(
        &mut self,
        object: &RbacObject,
        options: &LoadOptions,
        sources: &SourceMap,
        findings: &mut Vec<Finding>,
    ) {
        if options.validate != Validate::Ignore {
            let mut refused = validate(object, sources);
            let any = refused.iter().any(|finding| finding.severity == Severity::Error);
            if options.validate == Validate::Warn {
                for finding in &mut refused {
                    finding.severity = Severity::Warning;
                }
            }
            findings.append(&mut refused);
            if any {
                self.leave_out(object);
                return;
            }
        }
        self.note_places(object);
        if object.is_faulty {
            self.faulty.insert(place_of(object));
        }
        let earlier = match self.converter.convert(object) {
            Converted::Binding(binding) => self.policies.add_binding(binding).map(|earlier| earlier.origin),
            Converted::Role(role) => self.policies.add_role(role).map(|earlier| earlier.origin),
        };
        if let Some(earlier) = earlier {
            findings.push(repeated_object(&object.label(), object.metadata.name.span, earlier));
        }
    }

    /// Keeps where the parts of an object stand, and what its annotations allow.
    fn note_places(&mut self, object: &RbacObject) {
        for (key, text) in &object.metadata.annotations {
            if key.as_str() == Allowance::ANNOTATION {
                self.allowances.push(Allowance {
                    object: object.span,
                    place: text.span,
                    text: text.as_str().to_owned(),
                });
            }
        }
        match &object.body {
            Body::Binding { subjects, role_ref } => {
                if let Some(role_ref) = role_ref {
                    let subjects = subjects.value.iter().map(|subject| subject.name.span);
                    self.places.add_binding(place_of(object), role_ref.name.span, subjects);
                }
            }
            Body::Role { rules, .. } => {
                for rule in &rules.value {
                    let lists = [
                        &rule.verbs,
                        &rule.api_groups,
                        &rule.resources,
                        &rule.resource_names,
                        &rule.non_resource_urls,
                    ];
                    let entries = lists.into_iter().flat_map(|list| &list.value).map(|entry| entry.span);
                    self.places.add_rule(rule.span, entries);
                }
            }
        }
    }

    fn leave_out(&mut self, object: &RbacObject) {
        self.left_out.push(object.label());
        if object.kind.is_role() {
            self.left_out_roles.insert((
                object.kind.is_namespaced(),
                object.metadata.namespace.as_str().to_owned(),
                object.metadata.name.as_str().to_owned(),
            ));
        }
    }

    /// The policies, so that they can be finished.
    pub(super) fn take_policies(&mut self) -> PolicySetBuilder {
        std::mem::replace(&mut self.policies, PolicySet::builder())
    }
}

/// The namespace of namespaced objects that name none.
pub(super) fn default_namespace(options: &LoadOptions) -> &str {
    options.manifest_namespace.as_deref().unwrap_or("default")
}

/// A policy line that stands behind manifests would be skipped in silence otherwise.
fn policy_among_manifests(node: &Node, sources: &SourceMap) -> Finding {
    Finding::error("mixed-formats", "this is an ABAC policy, in a file of manifests")
        .at(head(sources, node.span), "not read as a policy here")
        .help("put the ABAC policies into a file of their own")
}

fn repeated_object(label: &str, place: Span, earlier: Origin) -> Finding {
    let mut finding = Finding::warning(
        "repeated-object",
        format!("{label} is given twice: this one takes the place of the earlier one"),
    )
    .at(place, "this one counts")
    .object(label)
    .help("take one of them out");
    if let Some(earlier) = earlier.span() {
        finding = finding.at(earlier, "this one is dropped");
    }
    finding
}
