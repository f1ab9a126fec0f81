//! RBAC: which bindings apply, which role they give, and which rule allows.

use rolecall_model::{
    Binding, BindingIndex, Grant, ListedRule, Namespace, PolicySet, Request, Role, RoleIndex, RoleName,
    RoleRefKind, Rule, RuleListing, Target, Unresolved,
};

use crate::{rule, subject};

/// The first grant that covers the request; without one, the references that led nowhere.
///
/// A reference that leads nowhere is recorded and the walk goes on; if something allows, what was recorded
/// is dropped. RBAC never denies.
///
/// Source: `spec/authorization/rbac.md` section 5.
pub(crate) fn authorize(policies: &PolicySet, request: &Request<'_>) -> Result<Grant, Vec<Unresolved>> {
    let mut nowhere = Vec::new();
    for (applying, resolved) in given(policies, request.user, &request.groups, namespace_of(request)) {
        match resolved {
            Ok((role, found)) => {
                if let Some(rule) = first_covering(found, request) {
                    return Ok(applying.grant(role, rule));
                }
            }
            Err(unresolved) => record(&mut nowhere, unresolved),
        }
    }
    Err(nowhere)
}

/// What the reference of a binding leads to: a role, or nowhere.
pub(crate) type Resolved<'a> = Result<(RoleIndex, &'a Role), Unresolved>;

/// A binding that applies, and the role that it gives or why it gives none.
pub(crate) type Given<'a> = (Applying, Resolved<'a>);

/// All that is given to somebody in a namespace, in the order of evaluation, found while it is gone through.
pub(crate) fn given<'a>(
    policies: &'a PolicySet,
    user: &str,
    groups: &[&str],
    namespace: &str,
) -> impl Iterator<Item = Given<'a>> {
    applying_bindings(policies, user, groups, namespace)
        .map(|(applying, binding)| (applying, resolve(policies, binding)))
}

/// Every rule of every binding that applies, in the order of evaluation, nothing merged.
///
/// Source: `spec/authorization/rbac.md` section 6.
pub(crate) fn list<'a>(given: impl Iterator<Item = Given<'a>>) -> RuleListing {
    let mut listing = RuleListing::default();
    for (_, resolved) in given {
        match resolved {
            Ok((role, found)) => {
                let listed = found.rules.iter().enumerate().filter(|(_, rule)| is_listed(rule));
                listing.rules.extend(listed.map(|(rule, _)| ListedRule::Role { role, rule }));
            }
            Err(unresolved) => record(&mut listing.unresolved, unresolved),
        }
    }
    listing
}

/// A binding that applies to the one who asks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Applying {
    index: BindingIndex,
    /// The position of its first subject that applies.
    subject: usize,
}

impl Applying {
    /// That a rule of the role that the binding gives allows.
    pub(crate) fn grant(self, role: RoleIndex, rule: usize) -> Grant {
        Grant::Role { binding: self.index, subject: self.subject, role, rule }
    }
}

/// Whether a binding applies.
pub(crate) fn applying(
    index: BindingIndex,
    binding: &Binding,
    user: &str,
    groups: &[&str],
) -> Option<Applying> {
    Some(Applying { index, subject: subject::first_applying(binding, user, groups)? })
}

/// The bindings that apply: all ClusterRoleBindings in document order, then the RoleBindings of the
/// namespace in document order.
///
/// Source: `spec/authorization/rbac.md` section 5, steps 1 and 2; `conformance/README.md` "Order".
fn applying_bindings<'a>(
    policies: &'a PolicySet,
    user: &str,
    groups: &[&str],
    namespace: &str,
) -> impl Iterator<Item = (Applying, &'a Binding)> {
    let cluster_wide = policies.bindings().iter().enumerate().filter(|(_, binding)| is_cluster_wide(binding));
    let of_namespace =
        policies.bindings().iter().enumerate().filter(move |(_, binding)| is_in(binding, namespace));
    cluster_wide.chain(of_namespace).filter_map(move |(position, binding)| {
        Some((applying(BindingIndex::new(position)?, binding, user, groups)?, binding))
    })
}

/// A path has no namespace, so that only ClusterRoleBindings count for it.
///
/// Source: `spec/authorization/rbac.md` section 5.
pub(crate) fn namespace_of<'a>(request: &Request<'a>) -> &'a str {
    match request.target {
        Target::Path(_) => "",
        Target::Resource { namespace, .. } => namespace,
    }
}

/// A ClusterRoleBinding counts everywhere.
///
/// Source: `spec/authorization/rbac.md` section 5, step 1.
fn is_cluster_wide(binding: &Binding) -> bool {
    binding.namespace.is_none()
}

/// A RoleBinding counts in its own namespace, and only when the request has one.
///
/// Source: `spec/authorization/rbac.md` section 5, step 2.
pub(crate) fn is_in(binding: &Binding, namespace: &str) -> bool {
    !namespace.is_empty() && binding.namespace.as_ref().is_some_and(|own| own.as_str() == namespace)
}

/// The role that a binding gives.
///
/// Kind `Role` looks in the binding's namespace, `ClusterRole` in the whole cluster, any other kind is an
/// error. The reference's API group plays no part.
///
/// Source: `spec/authorization/rbac.md` section 5.
pub(crate) fn resolve<'a>(policies: &'a PolicySet, binding: &Binding) -> Resolved<'a> {
    let name = &binding.role.name;
    let found = match &binding.role.kind {
        RoleRefKind::ClusterRole => find_cluster_role(policies, name),
        RoleRefKind::Role => find_role(policies, binding.namespace.as_ref(), name),
        RoleRefKind::Unsupported(_) => None,
    };
    found.ok_or_else(|| Unresolved::of(&binding.role.kind, name))
}

/// The ClusterRole of this name.
///
/// Source: `spec/authorization/rbac.md` section 5, step 2.
fn find_cluster_role<'a>(policies: &'a PolicySet, name: &RoleName) -> Option<(RoleIndex, &'a Role)> {
    find(policies, |role| role.namespace.is_none() && role.name == *name)
}

/// The Role of this name in the binding's namespace.
///
/// A ClusterRoleBinding looks in the namespace "", in which no Role can be: it finds nothing.
///
/// Source: `spec/authorization/rbac.md` section 5, "A ClusterRoleBinding to kind Role looks up a Role in
/// namespace "" and fails".
fn find_role<'a>(
    policies: &'a PolicySet,
    binding_namespace: Option<&Namespace>,
    name: &RoleName,
) -> Option<(RoleIndex, &'a Role)> {
    let namespace = binding_namespace?;
    find(policies, |role| role.namespace.as_ref() == Some(namespace) && role.name == *name)
}

/// The first role for which something holds.
fn find(policies: &PolicySet, holds: impl Fn(&Role) -> bool) -> Option<(RoleIndex, &Role)> {
    let (position, role) = policies.roles().iter().enumerate().find(|(_, role)| holds(role))?;
    Some((RoleIndex::new(position)?, role))
}

/// The position of the role's first rule that covers the request.
///
/// Source: `spec/authorization/rbac.md` section 5, step 3.
fn first_covering(role: &Role, request: &Request<'_>) -> Option<usize> {
    role.rules.iter().position(|rule| rule::covers(rule, request))
}

/// A rule with neither resources nor paths is left out of a listing.
///
/// Source: `spec/authorization/rbac.md` section 6.
fn is_listed(rule: &Rule) -> bool {
    !rule.resources.is_empty() || !rule.non_resource_urls.is_empty()
}

/// Equal errors are shown once.
///
/// Source: `spec/authorization/chain.md` section 2, "identical texts listed once".
pub(crate) fn record(nowhere: &mut Vec<Unresolved>, unresolved: Unresolved) {
    if !nowhere.contains(&unresolved) {
        nowhere.push(unresolved);
    }
}

#[cfg(test)]
mod tests {
    use rolecall_model::{PolicySetBuilder, RoleRef, Subject};

    use super::*;

    fn get(resource: &str) -> Rule {
        Rule::resources(["get"], [""], [resource])
    }

    fn jane(namespace: &'static str) -> Request<'static> {
        Request::resource("get", "pods").namespace(namespace).user("jane")
    }

    fn grant(binding: usize, role: usize, rule: usize) -> Grant {
        let (binding, role) = (BindingIndex::new(binding).unwrap(), RoleIndex::new(role).unwrap());
        Grant::Role { binding, subject: 0, role, rule }
    }

    #[track_caller]
    fn check(policies: PolicySetBuilder, request: &Request<'_>, expected: &Result<Grant, Vec<Unresolved>>) {
        assert_eq!(&authorize(&policies.build().unwrap(), request), expected);
    }

    #[test]
    fn cluster_role_bindings_are_asked_before_role_bindings() {
        let policies = PolicySet::builder()
            .cluster_role("pods", [get("secrets"), get("pods")])
            .role_binding("a", "first", RoleRef::cluster_role("pods"), [Subject::user("jane")])
            .cluster_role_binding("second", "pods", [Subject::user("jane")]);
        check(policies, &jane("a"), &Ok(grant(1, 0, 1)));
    }

    #[test]
    fn a_role_binding_counts_in_its_own_namespace_only() {
        let policies = || {
            PolicySet::builder()
                .cluster_role("pods", [get("*")])
                .role_binding("a", "b", RoleRef::cluster_role("pods"), [Subject::user("jane")])
                .role_binding("", "b", RoleRef::cluster_role("pods"), [Subject::user("jane")])
        };
        check(policies(), &jane("a"), &Ok(grant(0, 0, 0)));
        check(policies(), &jane("b"), &Err(Vec::new()));
        check(policies(), &jane(""), &Err(Vec::new()));
    }

    #[test]
    fn a_role_binding_never_grants_a_path() {
        let policies = PolicySet::builder()
            .role(Role::namespaced("a", "all", [Rule::paths(["*"], ["*"])]))
            .role_binding("a", "b", RoleRef::role("all"), [Subject::user("jane")]);
        check(policies, &Request::path("get", "/").user("jane"), &Err(Vec::new()));
    }

    #[test]
    fn a_role_is_looked_up_in_the_namespace_of_the_binding() {
        let policies = || {
            PolicySet::builder()
                .cluster_role("r", [get("secrets")])
                .role(Role::namespaced("b", "r", [get("secrets")]))
                .role(Role::namespaced("a", "r", [get("pods")]))
                .role_binding("a", "b", RoleRef::role("r"), [Subject::user("jane")])
        };
        check(policies(), &jane("a"), &Ok(grant(0, 2, 0)));
        let missing = PolicySet::builder().cluster_role("r", [get("pods")]).role_binding(
            "a",
            "b",
            RoleRef::role("r"),
            [Subject::user("jane")],
        );
        check(missing, &jane("a"), &Err(vec![Unresolved::Role("r".into())]));
    }

    #[test]
    fn a_cluster_role_binding_to_a_role_finds_nothing() {
        for namespace in ["a", ""] {
            let policies = PolicySet::builder()
                .role(Role::namespaced(namespace, "r", [get("pods")]))
                .cluster_role("r", [get("pods")])
                .binding(Binding::cluster("b", RoleRef::role("r"), [Subject::user("jane")]));
            check(policies, &jane("a"), &Err(vec![Unresolved::Role("r".into())]));
        }
    }

    #[test]
    fn references_that_lead_nowhere_are_named_once_and_only_for_those_they_apply_to() {
        let unsupported = RoleRef { kind: RoleRefKind::Unsupported("role".to_owned()), name: "r".into() };
        let policies = || {
            PolicySet::builder()
                .cluster_role_binding("1", "ghost", [Subject::user("jane")])
                .cluster_role_binding("2", "other", [Subject::user("joe")])
                .binding(Binding::cluster("3", unsupported.clone(), [Subject::user("jane")]))
                .cluster_role_binding("4", "ghost", [Subject::user("jane")])
        };
        let nowhere =
            vec![Unresolved::ClusterRole("ghost".into()), Unresolved::UnsupportedKind("role".to_owned())];
        check(policies(), &jane("a"), &Err(nowhere));
        let allowed = policies().cluster_role("pods", [get("pods")]).cluster_role_binding(
            "5",
            "pods",
            [Subject::user("jane")],
        );
        check(allowed, &jane("a"), &Ok(grant(4, 0, 0)));
    }

    #[test]
    fn a_listing_keeps_order_and_repetitions_and_leaves_out_empty_rules() {
        let policies = PolicySet::builder()
            .role(Role::namespaced("a", "r", [get("pods"), Rule::default()]))
            .role_binding("a", "1", RoleRef::role("r"), [Subject::user("jane")])
            .cluster_role("c", [Rule::paths(["get"], ["/"])])
            .cluster_role_binding("2", "c", [Subject::group("dev")])
            .cluster_role_binding("3", "ghost", [Subject::group("dev")])
            .role_binding("a", "4", RoleRef::role("r"), [Subject::group("dev")])
            .build()
            .unwrap();
        let role = |role| ListedRule::Role { role: RoleIndex::new(role).unwrap(), rule: 0 };
        let listing = list(given(&policies, "jane", &["dev"], "a"));
        assert_eq!(listing.rules, [role(1), role(0), role(0)]);
        assert_eq!(listing.unresolved, [Unresolved::ClusterRole("ghost".into())]);
        assert_eq!(list(given(&policies, "jane", &["dev"], "")).rules, [role(1)]);
    }
}
