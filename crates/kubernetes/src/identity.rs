//! Users and groups as an API server makes them up.

/// The group of everybody who was authenticated.
pub const AUTHENTICATED: &str = "system:authenticated";
/// The group of everybody who was not.
pub const UNAUTHENTICATED: &str = "system:unauthenticated";
/// The user of requests without credentials.
pub const ANONYMOUS: &str = "system:anonymous";
/// The group of all service accounts.
pub const SERVICE_ACCOUNTS: &str = "system:serviceaccounts";

const SERVICE_ACCOUNT_PREFIX: &str = "system:serviceaccount:";

/// The groups of an impersonated user: the requested ones, or those of a service account if none are
/// requested; then the group of all authenticated (or of all unauthenticated) users.
///
/// ```
/// use rolecall_kubernetes::identity::impersonated_groups;
///
/// assert_eq!(impersonated_groups("jane", &["dev".to_owned()]), ["dev", "system:authenticated"]);
/// ```
///
/// Source: `spec/authorization/attributes.md` section 4, "Resulting groups".
pub fn impersonated_groups(user: &str, requested: &[String]) -> Vec<String> {
    let mut groups = requested.to_vec();
    if groups.is_empty()
        && let Some(account) = ServiceAccount::of_user(user)
    {
        groups.extend(account.groups());
    }
    let has = |group: &str| groups.iter().any(|known| known == group);
    let added = if user == ANONYMOUS {
        (!has(UNAUTHENTICATED)).then_some(UNAUTHENTICATED)
    } else {
        (!has(AUTHENTICATED) && !has(UNAUTHENTICATED)).then_some(AUTHENTICATED)
    };
    groups.extend(added.map(str::to_owned));
    groups
}

/// A service account, as the name of a user tells it.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct ServiceAccount<'a> {
    /// Its namespace: a DNS label.
    pub namespace: &'a str,
    /// Its name: a DNS subdomain.
    pub name: &'a str,
}

impl<'a> ServiceAccount<'a> {
    /// Which service account a user is: `system:serviceaccount:NAMESPACE:NAME` with two valid names; any
    /// other user is an ordinary one.
    ///
    /// Source: `spec/authorization/attributes.md` section 1.
    pub fn of_user(user: &'a str) -> Option<Self> {
        let (namespace, name) = user.strip_prefix(SERVICE_ACCOUNT_PREFIX)?.split_once(':')?;
        (is_dns_label(namespace) && is_dns_subdomain(name)).then_some(Self { namespace, name })
    }

    /// The name of the user that it is.
    pub fn user(self) -> String {
        format!("{SERVICE_ACCOUNT_PREFIX}{}:{}", self.namespace, self.name)
    }

    /// The groups that an API server gives it, but for `system:authenticated`.
    pub fn groups(self) -> [String; 2] {
        [SERVICE_ACCOUNTS.to_owned(), format!("{SERVICE_ACCOUNTS}:{}", self.namespace)]
    }
}

/// A DNS label of RFC 1123, as Kubernetes wants the names of namespaces: at most 63 lower-case letters,
/// digits and inner hyphens.
pub fn is_dns_label(text: &str) -> bool {
    text.len() <= 63 && is_dns_part(text)
}

/// A DNS subdomain of RFC 1123, as Kubernetes wants the names of most objects: labels of any length
/// between dots, at most 253 bytes.
pub fn is_dns_subdomain(text: &str) -> bool {
    text.len() <= 253 && text.split('.').all(is_dns_part)
}

fn is_dns_part(text: &str) -> bool {
    let inner = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
    !text.is_empty() && !text.starts_with('-') && !text.ends_with('-') && text.bytes().all(inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(user: &str, requested: &[&str], expected: &[&str]) {
        let requested: Vec<String> = requested.iter().map(|&group| group.to_owned()).collect();
        assert_eq!(impersonated_groups(user, &requested), expected, "{user} {requested:?}");
    }

    #[test]
    fn everybody_but_the_anonymous_user_is_authenticated() {
        check("jane", &[], &["system:authenticated"]);
        check("jane", &["dev", "dev"], &["dev", "dev", "system:authenticated"]);
        check("jane", &["system:authenticated", "dev"], &["system:authenticated", "dev"]);
        check("", &["dev"], &["dev", "system:authenticated"]);
        check("system:node:n", &[], &["system:authenticated"]);
    }

    #[test]
    fn who_asks_to_be_unauthenticated_stays_so() {
        check("jane", &["system:unauthenticated"], &["system:unauthenticated"]);
        check("system:anonymous", &[], &["system:unauthenticated"]);
        check("system:anonymous", &["system:unauthenticated"], &["system:unauthenticated"]);
        check(
            "system:anonymous",
            &["system:authenticated"],
            &["system:authenticated", "system:unauthenticated"],
        );
    }

    #[test]
    fn a_service_account_has_its_groups_unless_others_are_requested() {
        let own = ["system:serviceaccounts", "system:serviceaccounts:vault", "system:authenticated"];
        check("system:serviceaccount:vault:agent", &[], &own);
        check("system:serviceaccount:vault:agent", &["dev"], &["dev", "system:authenticated"]);
    }

    #[test]
    fn a_user_is_a_service_account_with_exactly_two_valid_names() {
        let long = "a".repeat(63);
        let account = format!("system:serviceaccount:{long}:a.b-c");
        let found = ServiceAccount::of_user(&account).unwrap();
        assert_eq!((found.namespace, found.name, found.user()), (long.as_str(), "a.b-c", account.clone()));

        let ordinary = [
            "jane",
            "system:serviceaccount",
            "system:serviceaccount:a",
            "system:serviceaccount:a:",
            "system:serviceaccount::b",
            "system:serviceaccount:a:b:c",
            "system:serviceaccount:a.b:c",
            "system:serviceaccount:A:b",
            "system:serviceaccount:a:B",
            "system:serviceaccount:a:b_c",
            "system:serviceaccount:a:b..c",
            "system:serviceaccount:a:-b",
            "system:serviceaccount:a-:b",
            "System:serviceaccount:a:b",
            "system:serviceaccounts:a:b",
            " system:serviceaccount:a:b",
        ];
        for user in ordinary {
            assert_eq!(ServiceAccount::of_user(user), None, "{user}");
        }
        let too_long = [
            format!("system:serviceaccount:{}:b", "a".repeat(64)),
            format!("system:serviceaccount:a:{}", "b".repeat(254)),
        ];
        for user in too_long {
            assert_eq!(ServiceAccount::of_user(&user), None, "{user}");
        }
    }
}
