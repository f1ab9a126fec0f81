//! ABAC: which line of a policy file matches.

use rolecall_model::{
    AttributePolicy, AttributePolicyIndex, Grant, GroupName, ListedRule, PolicySet, Request, Target,
    UserName, Wild,
};

use crate::path;

/// The first policy that matches the request.
///
/// Source: `spec/authorization/abac.md` sections 4 and 5.
pub(crate) fn authorize(policies: &PolicySet, request: &Request<'_>) -> Option<Grant> {
    let position = policies.attribute_policies().iter().position(|policy| matches(policy, request))?;
    AttributePolicyIndex::new(position).map(Grant::AttributePolicy)
}

/// The policies that are for somebody, whatever else they ask for.
pub(crate) fn given<'a>(
    policies: &'a PolicySet,
    user: &str,
    groups: &[&str],
) -> Vec<(usize, &'a AttributePolicy)> {
    let all = policies.attribute_policies().iter().enumerate();
    all.filter(|(_, policy)| matches_subject(policy, user, groups)).collect()
}

/// The policies that a listing for this user in this namespace has.
///
/// Source: `spec/authorization/abac.md` section 5, "Rules listing".
pub(crate) fn list(policies: &PolicySet, user: &str, groups: &[&str], namespace: &str) -> Vec<ListedRule> {
    let listed = policies.attribute_policies().iter().enumerate().filter(|(_, policy)| {
        matches_subject(policy, user, groups) && covers(&policy.namespace, namespace) && is_listed(policy)
    });
    listed
        .filter_map(|(position, _)| AttributePolicyIndex::new(position))
        .map(ListedRule::AttributePolicy)
        .collect()
}

/// Subject and verb and, by the kind of request, resource or path.
///
/// Source: `spec/authorization/abac.md` section 4.
pub fn matches(policy: &AttributePolicy, request: &Request<'_>) -> bool {
    matches_subject(policy, request.user, &request.groups)
        && matches_verb(policy, request.verb)
        && match request.target {
            Target::Path(path) => path::covers(&policy.non_resource_path, path),
            // Subresource and name are not looked at.
            Target::Resource { namespace, api_group, resource, subresource: _, name: _ } => {
                covers(&policy.namespace, namespace)
                    && covers(&policy.resource, resource)
                    && covers(&policy.api_group, api_group)
            }
        }
}

/// Every one of user and group that the policy gives must match; a policy that gives neither is for
/// nobody.
///
/// A policy set holds policies after conversion, which leaves neither an empty text nor a `*` in these two
/// (`abac.md` section 3). Where code puts one there all the same, the narrowest reading holds: an empty
/// text is nobody, and `*` is the name `*`. (Kubernetes takes an internal `*` for anybody, but nothing that
/// it reads becomes one.)
///
/// Source: `spec/authorization/abac.md` section 4, "Subject".
pub fn matches_subject(policy: &AttributePolicy, user: &str, groups: &[&str]) -> bool {
    match (&policy.user, &policy.group) {
        (None, None) => false,
        (Some(given), None) => is_user(given, user),
        (None, Some(given)) => is_member(given, groups),
        (Some(given_user), Some(given_group)) => is_user(given_user, user) && is_member(given_group, groups),
    }
}

/// The user name is equal, and there is one.
///
/// Source: `spec/authorization/abac.md` section 4, "Subject".
fn is_user(given: &UserName, user: &str) -> bool {
    !given.as_str().is_empty() && given.as_str() == user
}

/// One of the user's groups is equal, and the policy names one.
///
/// Source: `spec/authorization/abac.md` section 4, "Subject".
fn is_member(given: &GroupName, groups: &[&str]) -> bool {
    !given.as_str().is_empty() && groups.contains(&given.as_str())
}

/// A verb that only reads always passes, any other when the policy is not read-only.
///
/// Source: `spec/authorization/abac.md` section 4, "Verb".
pub fn matches_verb(policy: &AttributePolicy, verb: &str) -> bool {
    is_read_only(verb) || !policy.read_only
}

/// Exactly these three; `head` is none of them.
///
/// Source: `spec/authorization/attributes.md` section 1, `isReadOnly`.
fn is_read_only(verb: &str) -> bool {
    matches!(verb, "get" | "list" | "watch")
}

/// The wildcard, or equal.
///
/// Source: `spec/authorization/abac.md` section 4, "Resource".
pub fn covers<T: AsRef<str>>(pattern: &Wild<T>, value: &str) -> bool {
    match pattern {
        Wild::Any => true,
        Wild::Is(own) => own.as_ref() == value,
    }
}

/// A policy with neither a resource nor a path has no entry in a listing.
///
/// Source: `spec/authorization/abac.md` section 5, "Rules listing".
fn is_listed(policy: &AttributePolicy) -> bool {
    policy.resource != Wild::Is(String::new()) || !policy.non_resource_path.as_str().is_empty()
}

#[cfg(test)]
mod tests {
    use rolecall_model::{Origin, PolicySetBuilder};

    use super::*;

    fn everything() -> AttributePolicy {
        AttributePolicy {
            user: Some("jane".into()),
            group: None,
            read_only: false,
            api_group: Wild::Any,
            resource: Wild::Any,
            namespace: Wild::Any,
            non_resource_path: "*".into(),
            origin: Origin::default(),
        }
    }

    fn pods() -> Request<'static> {
        Request::resource("get", "pods").namespace("a").user("jane").group("dev")
    }

    #[track_caller]
    fn check(policy: &AttributePolicy, request: &Request<'_>, expected: bool) {
        assert_eq!(matches(policy, request), expected, "{policy:?} on {request:?}");
    }

    #[track_caller]
    fn check_subject(user: Option<&str>, group: Option<&str>, expected: bool) {
        let policy =
            AttributePolicy { user: user.map(Into::into), group: group.map(Into::into), ..everything() };
        check(&policy, &pods(), expected);
    }

    #[test]
    fn user_and_group_must_both_match() {
        check_subject(Some("jane"), None, true);
        check_subject(None, Some("dev"), true);
        check_subject(Some("jane"), Some("dev"), true);
        check_subject(Some("jane"), Some("ops"), false);
        check_subject(Some("joe"), Some("dev"), false);
        check_subject(None, None, false);
        check_subject(Some(""), Some(""), false);
        check_subject(Some(""), Some("dev"), false);
        check_subject(Some(""), None, false);
        check_subject(Some("*"), None, false);
        check_subject(Some("*"), Some("ops"), false);
    }

    #[test]
    fn read_only_passes_get_list_and_watch() {
        let policy = AttributePolicy { read_only: true, ..everything() };
        for (verb, expected) in
            [("get", true), ("list", true), ("watch", true), ("GET", false), ("head", false), ("", false)]
        {
            check(&policy, &Request { verb, ..pods() }, expected);
            check(&policy, &Request::path(verb, "/x").user("jane"), expected);
            check(&everything(), &Request { verb, ..pods() }, true);
        }
    }

    #[test]
    fn namespace_resource_and_group_must_all_match() {
        let policy = AttributePolicy {
            namespace: Wild::Is("a".into()),
            resource: Wild::Is("pods".to_owned()),
            api_group: Wild::Is("".into()),
            ..everything()
        };
        check(&policy, &pods(), true);
        check(&policy, &pods().subresource("exec").name("web"), true);
        check(&policy, &pods().namespace(""), false);
        check(&policy, &pods().api_group("apps"), false);
        check(&policy, &Request { target: Request::resource("get", "secrets").target, ..pods() }, false);
    }

    #[test]
    fn an_empty_path_covers_only_an_empty_path() {
        let policy = AttributePolicy { non_resource_path: "".into(), ..everything() };
        check(&policy, &Request::path("get", "").user("jane"), true);
        check(&policy, &Request::path("get", "/").user("jane"), false);
        let policy = AttributePolicy { non_resource_path: "/a**".into(), ..everything() };
        check(&policy, &Request::path("get", "/ab").user("jane"), true);
    }

    #[test]
    fn a_listing_has_the_policies_of_the_namespace() {
        let cluster_scoped = AttributePolicy { namespace: Wild::Is("".into()), ..everything() };
        let says_nothing = AttributePolicy {
            resource: Wild::Is(String::new()),
            non_resource_path: "".into(),
            ..everything()
        };
        let paths = AttributePolicy { resource: Wild::Is(String::new()), ..everything() };
        let other = AttributePolicy { user: Some("joe".into()), ..everything() };
        let policies = [cluster_scoped, says_nothing, other, paths]
            .into_iter()
            .fold(PolicySet::builder(), PolicySetBuilder::attribute_policy)
            .build()
            .unwrap();
        let listed = |position| ListedRule::AttributePolicy(AttributePolicyIndex::new(position).unwrap());
        assert_eq!(list(&policies, "jane", &[], "a"), [listed(3)]);
        assert_eq!(list(&policies, "jane", &[], ""), [listed(0), listed(3)]);
    }
}
