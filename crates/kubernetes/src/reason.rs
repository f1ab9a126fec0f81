//! A determination in Kubernetes' own words.

use std::collections::HashSet;

use rolecall_model::{
    Binding, BindingIndex, Determination, Grant, Mode, PolicySet, Silence, Subject, Unresolved,
};

use crate::quote::quote;

/// The `status` of an access review.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct ReviewStatus {
    /// Whether the request may go on.
    pub allowed: bool,
    /// Whether it was denied for good.
    pub denied: bool,
    /// Why; may be empty.
    pub reason: String,
    /// What went wrong on the way; may be empty.
    pub evaluation_error: String,
}

/// What an API server's chain answers: decision, reason and error, word for word.
///
/// An allowed request shows the reason of the mode that allowed it, and nothing of the modes before it; one that
/// nobody allowed shows the reasons of all modes, each on a line. Roles that are missing are named in the
/// *reason*: RBAC never reports an evaluation error.
///
/// A determination that was made from another policy set is refused: what it points to is not there.
///
/// Source: `spec/authorization/rbac.md` section 5; `conformance/README.md`, "The whole answer".
pub fn review_status(policies: &PolicySet, determination: &Determination) -> ReviewStatus {
    match determination {
        Determination::Allow(Grant::Role { binding, subject, .. }) => {
            match role_reason(policies, *binding, *subject) {
                Some(reason) => ReviewStatus { allowed: true, reason, ..ReviewStatus::default() },
                None => ReviewStatus {
                    evaluation_error: "the grant is not of this policy set".to_owned(),
                    ..ReviewStatus::default()
                },
            }
        }
        Determination::Allow(Grant::AlwaysAllow | Grant::AttributePolicy(_) | Grant::Superuser) => {
            ReviewStatus { allowed: true, ..ReviewStatus::default() }
        }
        Determination::NoOpinion(silences) => {
            let reasons: Vec<_> =
                silences.iter().map(silence_reason).filter(|reason| !reason.is_empty()).collect();
            ReviewStatus { reason: reasons.join("\n"), ..ReviewStatus::default() }
        }
    }
}

/// Several errors as Kubernetes shows them as one: one alone as it is, several in brackets, equal texts once; empty for
/// none.
pub(crate) fn aggregate(errors: impl IntoIterator<Item = String>) -> String {
    let mut seen = HashSet::new();
    let mut texts: Vec<String> = errors.into_iter().filter(|error| seen.insert(error.clone())).collect();
    match texts.len() {
        0 => String::new(),
        1 => texts.pop().unwrap_or_default(),
        _ => format!("[{}]", texts.join(", ")),
    }
}

/// What Kubernetes says of a role reference that leads nowhere.
pub(crate) fn unresolved_text(unresolved: &Unresolved) -> String {
    match unresolved {
        Unresolved::ClusterRole(name) => {
            format!("clusterrole.rbac.authorization.k8s.io {} not found", quote(name.as_str()))
        }
        Unresolved::Role(name) => {
            format!("role.rbac.authorization.k8s.io {} not found", quote(name.as_str()))
        }
        Unresolved::UnsupportedKind(kind) => format!("unsupported role reference kind: {}", quote(kind)),
    }
}

fn role_reason(policies: &PolicySet, binding: BindingIndex, subject: usize) -> Option<String> {
    let binding = policies.binding(binding)?;
    let subject = subject_text(binding, binding.subjects.get(subject)?);
    let name = match &binding.namespace {
        // The name comes first, against habit.
        Some(namespace) => quote(&format!("{}/{namespace}", binding.name)),
        None => quote(binding.name.as_str()),
    };
    Some(format!(
        "RBAC: allowed by {} {name} of {} {} to {subject}",
        binding.kind(),
        binding.role.kind.as_str(),
        quote(binding.role.name.as_str()),
    ))
}

fn subject_text(binding: &Binding, subject: &Subject) -> String {
    match subject {
        Subject::Group(name) => format!("Group {}", quote(name.as_str())),
        Subject::ServiceAccount { namespace, name } => {
            let namespace = if namespace.as_str().is_empty() {
                binding.namespace.as_ref().map_or("", |own| own.as_str())
            } else {
                namespace.as_str()
            };
            format!("ServiceAccount {}", quote(&format!("{name}/{namespace}")))
        }
        Subject::Unknown { kind, name } => format!("{kind} {}", quote(name)),
        Subject::User(name) => format!("User {}", quote(name.as_str())),
    }
}

fn silence_reason(silence: &Silence) -> String {
    match silence.mode {
        Mode::Abac => "No policy matched.".to_owned(),
        Mode::AlwaysAllow => String::new(),
        Mode::AlwaysDeny => "Everything is forbidden.".to_owned(),
        Mode::Rbac => {
            let errors = aggregate(silence.unresolved.iter().map(unresolved_text));
            if errors.is_empty() { errors } else { format!("RBAC: {errors}") }
        }
    }
}

#[cfg(test)]
mod tests {
    use rolecall_model::{AttributePolicyIndex, RoleIndex, RoleRef};

    use super::*;

    fn policies() -> PolicySet {
        PolicySet::builder()
            .cluster_role("view er", [])
            .cluster_role_binding("b\"", "view er", [Subject::user("jane"), Subject::group("devs")])
            .role_binding(
                "ns",
                "rb",
                RoleRef::role("r"),
                [Subject::service_account("", "sa"), Subject::service_account("other", "sa")],
            )
            .build()
            .unwrap()
    }

    fn allowed_by(binding: usize, subject: usize) -> ReviewStatus {
        let grant = Grant::Role {
            binding: BindingIndex::new(binding).unwrap(),
            subject,
            role: RoleIndex::new(0).unwrap(),
            rule: 0,
        };
        review_status(&policies(), &Determination::Allow(grant))
    }

    fn silent(mode: Mode, unresolved: Vec<Unresolved>) -> Silence {
        Silence { mode, unresolved }
    }

    fn reason_of(silences: Vec<Silence>) -> String {
        let status = review_status(&policies(), &Determination::NoOpinion(silences));
        assert!(!status.allowed && !status.denied && status.evaluation_error.is_empty());
        status.reason
    }

    #[test]
    fn a_grant_is_named_with_the_name_before_the_namespace() {
        let reasons = [
            (0, 0, r#"RBAC: allowed by ClusterRoleBinding "b\"" of ClusterRole "view er" to User "jane""#),
            (0, 1, r#"RBAC: allowed by ClusterRoleBinding "b\"" of ClusterRole "view er" to Group "devs""#),
            (1, 0, r#"RBAC: allowed by RoleBinding "rb/ns" of Role "r" to ServiceAccount "sa/ns""#),
            (1, 1, r#"RBAC: allowed by RoleBinding "rb/ns" of Role "r" to ServiceAccount "sa/other""#),
        ];
        for (binding, subject, reason) in reasons {
            let expected =
                ReviewStatus { allowed: true, reason: reason.to_owned(), ..ReviewStatus::default() };
            assert_eq!(allowed_by(binding, subject), expected);
        }
    }

    #[test]
    fn a_grant_of_another_policy_set_is_refused() {
        assert!(!allowed_by(2, 0).allowed);
        assert!(!allowed_by(0, 2).allowed);
    }

    #[test]
    fn grants_that_are_no_bindings_have_an_empty_reason() {
        let abac = Grant::AttributePolicy(AttributePolicyIndex::new(0).unwrap());
        for grant in [Grant::AlwaysAllow, Grant::Superuser, abac] {
            let status = review_status(&policies(), &Determination::Allow(grant));
            assert_eq!(status, ReviewStatus { allowed: true, ..ReviewStatus::default() });
        }
    }

    #[test]
    fn missing_roles_are_named_once_each_in_the_reason() {
        let missing = Unresolved::ClusterRole("x".into());
        assert_eq!(reason_of(vec![silent(Mode::Rbac, vec![])]), "");
        assert_eq!(
            reason_of(vec![silent(Mode::Rbac, vec![missing.clone()])]),
            r#"RBAC: clusterrole.rbac.authorization.k8s.io "x" not found"#
        );
        let all = vec![
            missing.clone(),
            Unresolved::Role("y".into()),
            missing,
            Unresolved::UnsupportedKind("Foo".into()),
        ];
        assert_eq!(
            reason_of(vec![silent(Mode::Rbac, all)]),
            concat!(
                r#"RBAC: [clusterrole.rbac.authorization.k8s.io "x" not found, "#,
                r#"role.rbac.authorization.k8s.io "y" not found, unsupported role reference kind: "Foo"]"#
            )
        );
    }

    #[test]
    fn reasons_of_all_modes_stand_on_lines_in_the_order_of_the_modes() {
        let silences =
            vec![silent(Mode::AlwaysDeny, vec![]), silent(Mode::Rbac, vec![]), silent(Mode::Abac, vec![])];
        assert_eq!(reason_of(silences), "Everything is forbidden.\nNo policy matched.");
        assert_eq!(reason_of(vec![]), "");
    }
}
