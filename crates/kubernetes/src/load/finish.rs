//! What needs all files: default roles, aggregation, references.

use std::collections::{HashMap, HashSet};

use rolecall_diagnostics::{Finding, Severity, did_you_mean};
use rolecall_model::{Binding, Mode, Namespace, PolicySet, PolicySetBuilder, Role, RoleName, RoleRefKind};
use rolecall_source::Span;

use super::{DefaultRoles, Load, Loader, Validate, incomplete::without_faulty, objects::default_namespace};
use crate::{aggregation::aggregate, default_roles};

impl Loader {
    /// Resolves what needs all files: default roles, aggregation, references.
    pub fn finish(mut self) -> Load {
        let mut policies = self.objects.take_policies();
        let added_defaults = if self.wants_defaults() { add_defaults(&mut policies) } else { 0 };
        match aggregate(policies.roles()) {
            Ok(aggregated) => {
                for (index, rules) in aggregated {
                    policies.replace_rules(index, rules);
                }
            }
            Err(error) => {
                self.findings.push((self.count, Finding::error("too-many-rules", error.to_string())));
            }
        }
        if let Some(modes) = self.options.modes.clone() {
            policies = policies.modes(modes);
        }
        let policies = match policies.build() {
            Ok(policies) => policies,
            Err(error) => {
                self.findings.push((self.count, Finding::error("too-many-objects", error.to_string())));
                PolicySet::default()
            }
        };
        // Where a file could not be read, a role that seems to be missing may stand in it.
        if self.options.validate != Validate::Ignore && !self.formats.unreadable {
            self.look_for_dangling(&policies);
        }
        self.note_namespace();
        self.findings.sort_by_key(|(input, finding)| (*input, finding.span().map_or(0, Span::start)));
        let findings: Vec<Finding> = self.findings.into_iter().map(|(_, finding)| finding).collect();
        let failed = findings.iter().any(|finding| finding.severity == Severity::Error);
        let (policies, incomplete) = if failed {
            (None, Some(without_faulty(policies, &self.objects.faulty, &findings)))
        } else {
            (Some(policies), None)
        };
        Load {
            sources: self.sources,
            findings,
            policies,
            incomplete,
            resource_types: self.objects.resource_types,
            files: self.files,
            left_out: self.objects.left_out,
            added_defaults,
            namespaces: self.objects.namespaces,
            service_accounts: self.objects.service_accounts,
            places: self.objects.places,
            allowances: self.objects.allowances,
        }
    }

    fn wants_defaults(&self) -> bool {
        match self.options.default_roles {
            DefaultRoles::All => true,
            // An ABAC file alone is no cluster with RBAC.
            DefaultRoles::Auto => {
                let rbac = match &self.options.modes {
                    Some(modes) => modes.as_slice().contains(&Mode::Rbac),
                    None => self.formats.manifests || !self.formats.abac,
                };
                rbac && !self.objects.from_server
            }
            DefaultRoles::None => false,
        }
    }

    /// One note for all objects that were given a namespace.
    fn note_namespace(&mut self) {
        let Some((span, label, count)) = self.objects.namespace_given.take() else { return };
        let namespace = default_namespace(&self.options);
        let message = match count {
            1 => format!("{label} names no namespace and is taken to be in `{namespace}`"),
            _ => format!(
                "{count} objects name no namespace and are taken to be in `{namespace}` ({label} is the first)"
            ),
        };
        let finding = Finding::note("default-namespace", message)
            .at(span, format!("in `{namespace}`"))
            .object(label)
            .help("name the namespace, or say which one is meant with --manifest-namespace");
        let input = self.input_of(&finding);
        self.findings.push((input, finding));
    }

    /// Warns about bindings that give a role which is not there.
    fn look_for_dangling(&mut self, policies: &PolicySet) {
        let roles: HashSet<(Option<&Namespace>, &RoleName)> =
            policies.roles().iter().map(|role| (role.namespace.as_ref(), &role.name)).collect();
        let defaults = default_roles::roles().into_iter().map(|role| (role.namespace, role.name)).collect();
        let mut by_namespace: HashMap<Option<&Namespace>, Vec<&Role>> = HashMap::new();
        for role in policies.roles() {
            by_namespace.entry(role.namespace.as_ref()).or_default().push(role);
        }
        let mut references = References {
            roles,
            by_namespace,
            defaults,
            suggestions: HashMap::new(),
            comparisons: COMPARISONS,
        };
        for binding in policies.bindings() {
            // A binding that is built in refers to what is built in.
            let Some(place) = binding.origin.span() else { continue };
            if references.leads_somewhere(binding) {
                continue;
            }
            let span = self.objects.places.role_reference(binding).unwrap_or(place);
            let finding = self.dangling(binding, &references).field("roleRef.name");
            let finding = references.point(finding, span, binding);
            let input = self.input_of(&finding);
            self.findings.push((input, finding));
        }
    }

    fn dangling(&self, binding: &Binding, references: &References<'_>) -> Finding {
        let namespace = role_namespace(binding);
        let kind = binding.role.kind.as_str();
        let name = binding.role.name.as_str();
        let role = match namespace {
            Some(namespace) => format!("{kind} {namespace}/{name}"),
            None => format!("{kind} {name}"),
        };
        let left_out = (
            namespace.is_some(),
            namespace.map_or("", |namespace| namespace.as_str()).to_owned(),
            name.to_owned(),
        );
        let object = match &binding.namespace {
            Some(namespace) => format!("{} {namespace}/{}", binding.kind(), binding.name),
            None => format!("{} {}", binding.kind(), binding.name),
        };
        let finding = Finding::warning("dangling-role", String::new()).object(object);
        if self.objects.left_out_roles.contains(&left_out) {
            return with_message(
                finding,
                format!(
                    "this binding grants nothing: {role} is left out, since an API server would refuse it"
                ),
            );
        }
        if references.defaults.contains(&(namespace.cloned(), binding.role.name.clone())) {
            let finding = with_message(
                finding,
                format!(
                    "this binding grants nothing: {role} is one of Kubernetes' default roles, and no file brings it"
                ),
            );
            return if self.options.default_roles == DefaultRoles::None {
                finding.help("--default-roles=all adds Kubernetes' default roles")
            } else {
                finding.help(
                    "the files come from a live API server, which would have it if it were there; \
                     --default-roles=all adds Kubernetes' default roles all the same",
                )
            };
        }
        let finding = with_message(finding, format!("this binding grants nothing: there is no {role}"));
        if namespace.is_some() && references.roles.contains(&(None, &binding.role.name)) {
            return finding.help(format!("there is a ClusterRole {name}: did you mean `kind: ClusterRole`?"));
        }
        finding
    }

    fn input_of(&self, finding: &Finding) -> usize {
        finding.span().and_then(|span| self.inputs.get(&span.source()).copied()).unwrap_or(self.count)
    }
}

/// What references lead to.
struct References<'a> {
    roles: HashSet<(Option<&'a Namespace>, &'a RoleName)>,
    by_namespace: HashMap<Option<&'a Namespace>, Vec<&'a Role>>,
    defaults: HashSet<(Option<Namespace>, RoleName)>,
    /// The nearest name for each missing one: many bindings miss the same role.
    suggestions: HashMap<(Option<&'a Namespace>, &'a RoleName), Option<&'a Role>>,
    /// How many more names may be compared.
    comparisons: usize,
}

/// Comparing a missing name with all there are is worth no more time than this.
const COMPARISONS: usize = 1_000_000;

impl<'a> References<'a> {
    fn leads_somewhere(&self, binding: &Binding) -> bool {
        match binding.role.kind {
            RoleRefKind::ClusterRole => self.roles.contains(&(None, &binding.role.name)),
            RoleRefKind::Role => self.roles.contains(&(binding.namespace.as_ref(), &binding.role.name)),
            // Validation has said it.
            RoleRefKind::Unsupported(_) => true,
        }
    }

    /// Points at the reference, and at the role that was probably meant.
    fn point(&mut self, finding: Finding, span: Span, binding: &'a Binding) -> Finding {
        let namespace = role_namespace(binding);
        let key = (namespace, &binding.role.name);
        if !self.suggestions.contains_key(&key) {
            let roles = self.by_namespace.get(&namespace).map_or(&[][..], Vec::as_slice);
            let role = match self.comparisons.checked_sub(roles.len()) {
                None => None,
                Some(left) => {
                    self.comparisons = left;
                    did_you_mean(binding.role.name.as_str(), roles.iter().map(|role| role.name.as_str()))
                        .and_then(|nearest| roles.iter().find(|role| role.name.as_str() == nearest).copied())
                }
            };
            self.suggestions.insert(key, role);
        }
        match self.suggestions.get(&key).copied().flatten() {
            Some(role) => {
                let finding = finding.at(span, format!("did you mean `{}`?", role.name));
                match role.origin.span() {
                    Some(place) => finding.at(place, "this one is there"),
                    None => finding,
                }
            }
            None => finding.at(span, "no such role"),
        }
    }
}

fn with_message(mut finding: Finding, message: String) -> Finding {
    finding.message = message;
    finding
}

fn role_namespace(binding: &Binding) -> Option<&Namespace> {
    match binding.role.kind {
        RoleRefKind::Role => binding.namespace.as_ref(),
        RoleRefKind::ClusterRole | RoleRefKind::Unsupported(_) => None,
    }
}

/// Adds every default role and binding that no file brings.
fn add_defaults(policies: &mut PolicySetBuilder) -> usize {
    let mut added = 0;
    for role in default_roles::roles() {
        if !policies.has_role(role.namespace.as_ref(), &role.name) {
            policies.add_role(role);
            added += 1;
        }
    }
    for binding in default_roles::bindings() {
        if !policies.has_binding(binding.namespace.as_ref(), &binding.name) {
            policies.add_binding(binding);
            added += 1;
        }
    }
    added
}
