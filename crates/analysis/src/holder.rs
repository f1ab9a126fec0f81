//! To whom something is given, as a person would name it.

use std::{borrow::Cow, fmt};

use rolecall_model::{AttributePolicy, GroupName, Namespace, Subject, UserName};
use rolecall_reference::subject::effective_namespace;

/// Somebody to whom a policy gives something.
///
/// A user who is a service account is one, whether the policy says `ServiceAccount` or names the user
/// `system:serviceaccount:NAMESPACE:NAME`. Ordered: everybody, groups, service accounts, users.
///
/// Source: `spec/authorization/rbac.md` section 4, `spec/authorization/abac.md` section 4.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Holder<'p> {
    /// Whoever asks.
    Everybody,
    /// Everybody in a group.
    Group(&'p str),
    /// A service account.
    ServiceAccount {
        /// Its namespace; never empty.
        namespace: &'p str,
        /// Its name.
        name: &'p str,
    },
    /// The user of this name.
    User(&'p str),
    /// A user, but only as a member of a group: an ABAC policy may ask for both.
    UserInGroup {
        /// The user's name.
        user: &'p str,
        /// The group.
        group: &'p str,
    },
}

const SERVICE_ACCOUNT: &str = "system:serviceaccount:";

impl<'p> Holder<'p> {
    /// Whom a user name means.
    pub fn of_user(user: &'p str) -> Self {
        let account = user.strip_prefix(SERVICE_ACCOUNT).and_then(|rest| rest.split_once(':'));
        match account {
            // A service account's name has no colon: with one in it, this is an ordinary user.
            Some((namespace, name)) if !namespace.is_empty() && !name.is_empty() && !name.contains(':') => {
                Self::ServiceAccount { namespace, name }
            }
            _ => Self::User(user),
        }
    }

    /// Whom a subject of a binding in this namespace (`None`: a ClusterRoleBinding) means; `None` for nobody.
    pub fn of_subject(subject: &'p Subject, binding_namespace: Option<&'p Namespace>) -> Option<Self> {
        match subject {
            Subject::Group(group) => Some(Self::Group(group.as_str())),
            Subject::ServiceAccount { namespace, name } => {
                let namespace = effective_namespace(namespace, binding_namespace);
                (!namespace.is_empty()).then_some(Self::ServiceAccount { namespace, name: name.as_str() })
            }
            Subject::Unknown { .. } => None,
            Subject::User(user) => Some(Self::of_user(user.as_str())),
        }
    }

    /// Whom an attribute policy means; `None` for nobody.
    pub fn of_attribute_policy(policy: &'p AttributePolicy) -> Option<Self> {
        let user = policy.user.as_ref().map(UserName::as_str);
        let group = policy.group.as_ref().map(GroupName::as_str);
        match (user, group) {
            (None, None) | (Some(""), _) | (_, Some("")) => None,
            (None, Some(group)) => Some(Self::Group(group)),
            (Some(user), None) => Some(Self::of_user(user)),
            (Some(user), Some(group)) => Some(Self::UserInGroup { user, group }),
        }
    }

    /// `User`, `Group`, `ServiceAccount`, or `Everybody`; a user in a group is a `User`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Everybody => "Everybody",
            Self::Group(_) => "Group",
            Self::ServiceAccount { .. } => "ServiceAccount",
            Self::User(_) | Self::UserInGroup { .. } => "User",
        }
    }

    /// The user and the group that a request of this one carries; empty for whom it does not matter.
    pub fn user_and_group(&self) -> (Cow<'p, str>, Option<&'p str>) {
        match *self {
            Self::Everybody => (Cow::Borrowed(""), None),
            Self::Group(group) => (Cow::Borrowed(""), Some(group)),
            Self::ServiceAccount { namespace, name } => {
                (Cow::Owned(format!("{SERVICE_ACCOUNT}{namespace}:{name}")), None)
            }
            Self::User(user) => (Cow::Borrowed(user), None),
            Self::UserInGroup { user, group } => (Cow::Borrowed(user), Some(group)),
        }
    }

    /// Whom a group takes in that Kubernetes fills by itself, in a few words; `None` for any other.
    ///
    /// Source: `spec/authorization/attributes.md` section 4, "Resulting groups".
    pub fn members(&self) -> Option<String> {
        let Self::Group(group) = self else { return None };
        Some(match *group {
            "system:authenticated" => "everybody who is authenticated".to_owned(),
            "system:unauthenticated" => "everybody who is not authenticated".to_owned(),
            "system:serviceaccounts" => "every service account".to_owned(),
            _ => {
                let namespace = group.strip_prefix("system:serviceaccounts:")?;
                format!("every service account of namespace {namespace}")
            }
        })
    }
}

/// As kubectl names objects: `ServiceAccount payments/api`.
impl fmt::Display for Holder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everybody => f.write_str("everybody"),
            Self::Group(group) => write!(f, "Group {group}"),
            Self::ServiceAccount { namespace, name } => write!(f, "ServiceAccount {namespace}/{name}"),
            Self::User(user) => write!(f, "User {user}"),
            Self::UserInGroup { user, group } => write!(f, "User {user} in Group {group}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(subject: &Subject, namespace: Option<&str>, expected: Option<&str>) {
        let namespace = namespace.map(Namespace::from);
        let holder = Holder::of_subject(subject, namespace.as_ref());
        assert_eq!(holder.map(|holder| holder.to_string()).as_deref(), expected);
    }

    #[test]
    fn a_service_account_is_one_by_either_name() {
        check(&Subject::service_account("vault", "agent"), None, Some("ServiceAccount vault/agent"));
        check(&Subject::service_account("", "agent"), Some("web"), Some("ServiceAccount web/agent"));
        check(&Subject::user("system:serviceaccount:vault:agent"), None, Some("ServiceAccount vault/agent"));
        check(&Subject::user("system:serviceaccount:vault"), None, Some("User system:serviceaccount:vault"));
        check(&Subject::user("system:serviceaccount:a:b:c"), None, Some("User system:serviceaccount:a:b:c"));
    }

    #[test]
    fn nobody_is_nobody() {
        check(&Subject::service_account("", "agent"), None, None);
        check(&Subject::service_account("", "agent"), Some(""), None);
        check(&Subject::Unknown { kind: "user".into(), name: "jane".into() }, None, None);
    }

    #[test]
    fn groups_that_fill_themselves_say_with_whom() {
        let members = Holder::Group("system:serviceaccounts:ci").members();
        assert_eq!(members.as_deref(), Some("every service account of namespace ci"));
        assert_eq!(Holder::Group("dev").members(), None);
        assert_eq!(Holder::User("system:authenticated").members(), None);
    }
}
