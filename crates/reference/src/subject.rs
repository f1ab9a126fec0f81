//! To whom a binding applies.

use rolecall_model::{Binding, GroupName, Namespace, Subject, UserName};

/// The position of the binding's first subject that applies; `None` when the binding is for others.
///
/// The first in list order is the one that a reason names, whichever was asked about.
///
/// Source: `spec/authorization/rbac.md` section 4.
pub fn first_applying(binding: &Binding, user: &str, groups: &[&str]) -> Option<usize> {
    binding.subjects.iter().position(|subject| applies(subject, binding.namespace.as_ref(), user, groups))
}

/// Whether a subject of a binding (in this namespace; `None`: a ClusterRoleBinding) is the one who asks.
///
/// Source: `spec/authorization/rbac.md` section 4, the table; a kind that is not one of the three, compared
/// exactly, is nobody.
pub fn applies(
    subject: &Subject,
    binding_namespace: Option<&Namespace>,
    user: &str,
    groups: &[&str],
) -> bool {
    match subject {
        Subject::Group(group) => is_member(group, groups),
        Subject::ServiceAccount { namespace, name } => {
            is_service_account(namespace, name, binding_namespace, user)
        }
        Subject::Unknown { .. } => false,
        Subject::User(name) => is_user(name, user),
    }
}

/// One of the user's groups is equal; `*` is literal.
///
/// Source: `spec/authorization/rbac.md` section 4, row "Group".
fn is_member(group: &GroupName, groups: &[&str]) -> bool {
    groups.contains(&group.as_str())
}

/// The user name is equal; `*` is literal.
///
/// Source: `spec/authorization/rbac.md` section 4, row "User".
fn is_user(name: &UserName, user: &str) -> bool {
    name.as_str() == user
}

/// The user name is that of the service account. Its groups do not matter.
///
/// Source: `spec/authorization/rbac.md` section 4, row "ServiceAccount".
fn is_service_account(
    namespace: &Namespace,
    name: &UserName,
    binding_namespace: Option<&Namespace>,
    user: &str,
) -> bool {
    match effective_namespace(namespace, binding_namespace) {
        "" => false,
        namespace => is_user_name_of(namespace, name, user),
    }
}

/// The user name is `system:serviceaccount:<namespace>:<name>`, byte for byte.
///
/// Source: `spec/authorization/attributes.md` section 1, "Service account username".
fn is_user_name_of(namespace: &str, name: &UserName, user: &str) -> bool {
    let rest = user.strip_prefix("system:serviceaccount:");
    let rest = rest.and_then(|rest| rest.strip_prefix(namespace));
    rest.and_then(|rest| rest.strip_prefix(':')) == Some(name.as_str())
}

/// The subject's own namespace, or else that of the RoleBinding; a ClusterRoleBinding has none to give.
///
/// Source: `spec/authorization/rbac.md` section 4, row "ServiceAccount".
pub fn effective_namespace<'a>(own: &'a Namespace, of_binding: Option<&'a Namespace>) -> &'a str {
    if own.as_str().is_empty() { of_binding.map_or("", Namespace::as_str) } else { own.as_str() }
}

#[cfg(test)]
mod tests {
    use rolecall_model::RoleRef;

    use super::*;

    #[track_caller]
    fn check(subject: &Subject, namespace: Option<&str>, user: &str, groups: &[&str], expected: bool) {
        let namespace = namespace.map(Namespace::from);
        assert_eq!(applies(subject, namespace.as_ref(), user, groups), expected, "{subject:?}, {user:?}");
    }

    #[test]
    fn users_and_groups_are_compared_byte_for_byte() {
        check(&Subject::user("jane"), None, "jane", &[], true);
        check(&Subject::user("jane"), None, "Jane", &["jane"], false);
        check(&Subject::user("*"), None, "jane", &[], false);
        check(&Subject::user("*"), None, "*", &[], true);
        check(&Subject::user(""), None, "", &[], true);
        check(&Subject::group("dev"), None, "jane", &["ops", "dev"], true);
        check(&Subject::group("dev"), None, "dev", &["devs"], false);
        check(&Subject::group("*"), None, "jane", &["dev"], false);
    }

    #[test]
    fn a_service_account_is_its_user_name() {
        let builder = || Subject::service_account("ci", "builder");
        check(&builder(), None, "system:serviceaccount:ci:builder", &[], true);
        check(&builder(), Some("web"), "system:serviceaccount:ci:builder", &[], true);
        check(&builder(), Some("web"), "system:serviceaccount:web:builder", &[], false);
        check(&builder(), None, "builder", &["system:serviceaccounts:ci"], false);
        let user = Subject::user("system:serviceaccount:ci:builder");
        check(&user, None, "system:serviceaccount:ci:builder", &[], true);
    }

    #[test]
    fn without_a_namespace_a_service_account_is_one_of_the_role_binding() {
        let builder = || Subject::service_account("", "builder");
        check(&builder(), Some("web"), "system:serviceaccount:web:builder", &[], true);
        check(&builder(), None, "system:serviceaccount:web:builder", &[], false);
        check(&builder(), None, "system:serviceaccount::builder", &[], false);
        check(&builder(), Some(""), "system:serviceaccount::builder", &[], false);
    }

    #[test]
    fn an_unknown_kind_is_nobody() {
        let unknown = Subject::Unknown { kind: "user".to_owned(), name: "jane".to_owned() };
        check(&unknown, None, "jane", &["jane"], false);
    }

    #[test]
    fn the_first_subject_that_applies_is_named() {
        let subjects = [Subject::user("joe"), Subject::group("dev"), Subject::user("jane")];
        let binding = Binding::cluster("b", RoleRef::cluster_role("r"), subjects);
        assert_eq!(first_applying(&binding, "jane", &["dev"]), Some(1));
        assert_eq!(first_applying(&binding, "jane", &[]), Some(2));
        assert_eq!(first_applying(&binding, "jim", &[]), None);
    }
}
