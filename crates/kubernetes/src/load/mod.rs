//! From texts to a policy set: all files, all findings, one run.

mod convert;
mod detect;
mod finish;
mod incomplete;
mod objects;
mod summary;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use rolecall_diagnostics::{Finding, Severity};
use rolecall_model::{IncompletePolicies, Modes, Places, PolicySet};
use rolecall_source::{SourceId, SourceMap, Span};

use self::{
    detect::{Format, detect},
    objects::Objects,
};
use crate::{
    abac,
    document::{Documents, Limits, take_in},
    manifest::Reader,
    resource_types::ResourceTypes,
};

pub use summary::FileSummary;

/// What happens to objects that an API server would refuse, and to what it would silently drop.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Validate {
    /// Objects are taken as Kubernetes' decoder reads them; nothing but decoding is looked at.
    Ignore,
    /// Every refused object, unknown or duplicate field and dangerous ABAC line is an error, and nothing
    /// is loaded.
    Strict,
    /// A refused object is left out, since it cannot exist in a cluster; everything is warned about.
    #[default]
    Warn,
}

/// Whether Kubernetes' own roles and bindings are added.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum DefaultRoles {
    /// All that the files do not bring.
    All,
    /// All that the files do not bring, unless the files come from a live API server.
    Auto,
    /// None.
    #[default]
    None,
}

/// How to load.
#[derive(Clone, Debug, Default)]
pub struct LoadOptions {
    /// What happens to objects that an API server would refuse.
    pub validate: Validate,
    /// Whether Kubernetes' own roles are added.
    pub default_roles: DefaultRoles,
    /// The namespace of namespaced objects that name none; `default` if not given.
    pub manifest_namespace: Option<String>,
    /// The authorizers to ask, if not whatever was loaded.
    pub modes: Option<Modes>,
    /// What a text may cost.
    pub limits: Limits,
}

/// Takes texts in and makes one policy set of them.
///
/// Each text is a manifest file (YAML or JSON) or an ABAC policy file; which, follows from its content.
///
/// ```
/// use rolecall_kubernetes::load::{LoadOptions, Loader};
///
/// let mut loader = Loader::new(LoadOptions::default());
/// let policy = r#"{"apiVersion":"abac.authorization.kubernetes.io/v0","kind":"Policy","user":"alice"}"#;
/// loader.add("policy.jsonl", policy.into());
/// let load = loader.finish();
/// assert_eq!(load.findings, []);
/// ```
#[derive(Debug)]
pub struct Loader {
    options: LoadOptions,
    sources: SourceMap,
    objects: Objects,
    files: Vec<FileSummary>,
    /// Findings, each with the number of the input that it is about.
    findings: Vec<(usize, Finding)>,
    /// The number of the input of each source.
    inputs: BTreeMap<SourceId, usize>,
    /// How many inputs there were, unreadable ones with them.
    count: usize,
    /// What an ABAC file holds is no concern of default roles.
    formats: Formats,
}

/// What was added, and whether all of it could be read.
#[derive(Clone, Copy, Debug, Default)]
struct Formats {
    abac: bool,
    manifests: bool,
    unreadable: bool,
}

impl Loader {
    /// A loader without texts.
    pub fn new(options: LoadOptions) -> Self {
        Self {
            options,
            sources: SourceMap::new(),
            objects: Objects::default(),
            files: Vec::new(),
            findings: Vec::new(),
            inputs: BTreeMap::new(),
            count: 0,
            formats: Formats::default(),
        }
    }

    /// Reads one file's bytes; whether they are manifests or an ABAC policy file follows from them. Cost:
    /// linear in the bytes.
    pub fn add(&mut self, name: &str, bytes: Vec<u8>) {
        self.add_as(name, bytes, None);
    }

    /// Reads the bytes of an ABAC policy file.
    pub fn add_abac(&mut self, name: &str, bytes: Vec<u8>) {
        self.add_as(name, bytes, Some(Format::Abac));
    }

    /// Reads the bytes of a manifest file.
    pub fn add_manifests(&mut self, name: &str, bytes: Vec<u8>) {
        self.add_as(name, bytes, Some(Format::Manifests));
    }

    /// Takes a finding in that somebody else made (a file that cannot be read).
    pub fn add_finding(&mut self, finding: Finding) {
        self.formats.unreadable |= finding.severity == Severity::Error;
        self.findings.push((self.count, finding));
        self.count += 1;
    }

    fn add_as(&mut self, name: &str, bytes: Vec<u8>, format: Option<Format>) {
        let source = match take_in(&mut self.sources, name, bytes, &self.options.limits) {
            Ok(source) => source,
            Err(finding) => return self.add_finding(finding),
        };
        let input = self.count;
        self.count += 1;
        self.inputs.insert(source, input);
        let text = self.sources.get(source).map_or("", rolecall_source::Source::text);
        let mut summary = FileSummary { file: name.to_owned(), ..FileSummary::default() };
        let findings = match format.unwrap_or_else(|| detect(name, text)) {
            Format::Abac => {
                self.formats.abac = true;
                self.read_abac(source, &mut summary)
            }
            Format::Manifests => {
                self.formats.manifests = true;
                self.read_manifests(source, &mut summary)
            }
        };
        self.findings.extend(findings.into_iter().map(|finding| (input, finding)));
        self.files.push(summary);
    }

    fn read_manifests(&mut self, source: SourceId, summary: &mut FileSummary) -> Vec<Finding> {
        let mut findings = Vec::new();
        let mut reader = Reader::new(&self.sources, self.options.validate);
        let mut documents = Documents::new(&self.sources, source, &self.options.limits);
        loop {
            let read = reader.read_next(&mut documents, &mut |item| {
                self.objects.take(item, &self.options, &self.sources, summary, &mut findings);
            });
            match read {
                None => break,
                Some(Ok(false)) => summary.empty_docs += 1,
                Some(Ok(true)) => {
                    summary.documents += 1;
                    findings.append(&mut reader.take_findings());
                }
                Some(Err(finding)) => {
                    self.formats.unreadable = true;
                    findings.push(finding);
                    break;
                }
            }
        }
        findings
    }

    fn read_abac(&mut self, source: SourceId, summary: &mut FileSummary) -> Vec<Finding> {
        let read = match abac::read(&self.sources, source) {
            Ok(read) => read,
            Err(findings) => {
                self.formats.unreadable = true;
                return self.settle(findings);
            }
        };
        summary.policies = read.policies.len();
        for policy in read.policies {
            self.objects.policies.add_attribute_policy(policy);
        }
        self.settle(read.findings)
    }

    /// Findings about ABAC lines with the severity that the validation gives them: a dangerous line is an
    /// error in strict validation, and nobody's business where validation is off.
    fn settle(&self, findings: Vec<Finding>) -> Vec<Finding> {
        let validate = self.options.validate;
        findings
            .into_iter()
            .filter(|finding| finding.severity == Severity::Error || validate != Validate::Ignore)
            .map(|mut finding| {
                if finding.severity == Severity::Warning && validate == Validate::Strict {
                    finding.severity = Severity::Error;
                }
                finding
            })
            .collect()
    }
}

/// What came of loading.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Load {
    /// The texts.
    pub sources: SourceMap,
    /// Everything that was found, in the order of the files and of the lines in them.
    pub findings: Vec<Finding>,
    /// The policy; `None` when a finding is an error: never half a policy.
    pub policies: Option<PolicySet>,
    /// When a finding is an error: what has none, for lints, and for nothing that decides.
    pub incomplete: Option<IncompletePolicies>,
    /// Kubernetes' resource types with the loaded custom ones.
    pub resource_types: ResourceTypes,
    /// What was in each file.
    pub files: Vec<FileSummary>,
    /// Objects that were left out since an API server would refuse them: `Role ci/deployer`.
    pub left_out: Vec<String>,
    /// How many default roles and bindings were added.
    pub added_defaults: usize,
    /// The names of the Namespaces among the files.
    pub namespaces: BTreeSet<String>,
    /// Namespace and name of the ServiceAccounts among the files.
    pub service_accounts: BTreeSet<(String, String)>,
    /// Where the parts of rules and bindings stand.
    pub places: Places,
    /// What annotations of objects say should not be warned about.
    pub allowances: Vec<Allowance>,
}

/// An annotation that says which findings about its object are meant to be as they are.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Allowance {
    /// The whole object.
    pub object: Span,
    /// Where the annotation's value stands.
    pub place: Span,
    /// The annotation's value: `wildcard-verbs: the operator owns this group`.
    pub text: String,
}

impl Allowance {
    /// The annotation's key.
    pub const ANNOTATION: &'static str = "rolecall.dev/allow";
}
