//! Whether one rule of a role covers a request.

use rolecall_model::{Request, Rule, Target};

use crate::path;

/// Whether the rule covers the request.
///
/// A request for a resource: verb and API group and resource and name. A request for a path: verb and
/// path. The rule's other half is ignored, so that a rule with both halves serves both.
///
/// Source: `spec/authorization/rbac.md` section 3.
pub fn covers(rule: &Rule, request: &Request<'_>) -> bool {
    match request.target {
        Target::Path(path) => covers_verb(rule, request.verb) && covers_path(rule, path),
        // The namespace is a matter of the binding.
        Target::Resource { namespace: _, api_group, resource, subresource, name } => {
            covers_verb(rule, request.verb)
                && covers_api_group(rule, api_group)
                && covers_resource(rule, resource, subresource)
                && covers_name(rule, name)
        }
    }
}

/// Some verb of the rule is `*` or equal: no prefixes, and `get` does not imply `list`.
///
/// Source: `spec/authorization/rbac.md` section 3, row "verb".
pub fn covers_verb(rule: &Rule, verb: &str) -> bool {
    rule.verbs.iter().any(|entry| entry.as_str() == "*" || entry.as_str() == verb)
}

/// Some API group of the rule is `*` or equal; the empty text is the core group, and only that.
///
/// Source: `spec/authorization/rbac.md` section 3, row "apiGroup".
pub fn covers_api_group(rule: &Rule, api_group: &str) -> bool {
    rule.api_groups.iter().any(|entry| entry.as_str() == "*" || entry.as_str() == api_group)
}

/// Some resource of the rule is `*`, or equal to the request's resource and subresource joined, or, for a
/// request with a subresource, exactly `*/` and that subresource.
///
/// Source: `spec/authorization/rbac.md` section 3, row "resource".
pub fn covers_resource(rule: &Rule, resource: &str, subresource: &str) -> bool {
    rule.resources.iter().any(|entry| {
        entry.as_str() == "*"
            || is_combined_resource(entry.as_str(), resource, subresource)
            || covers_every_resources_subresource(entry.as_str(), subresource)
    })
}

/// The entry is `pods`, or `pods/log` when there is a subresource. What stands in them is not looked at.
///
/// Source: `conformance/README.md` "RBAC", "Resource and subresource are joined with `/` before comparing".
fn is_combined_resource(entry: &str, resource: &str, subresource: &str) -> bool {
    if subresource.is_empty() {
        return entry == resource;
    }
    let rest = entry.strip_prefix(resource);
    rest.and_then(|rest| rest.strip_prefix('/')) == Some(subresource)
}

/// `*/scale` covers the subresource `scale` of every resource; the rest may contain slashes.
///
/// Source: `conformance/README.md` "RBAC", "`*/scale` covers the subresource `scale` of every resource".
fn covers_every_resources_subresource(entry: &str, subresource: &str) -> bool {
    !subresource.is_empty() && entry.strip_prefix("*/") == Some(subresource)
}

/// The rule names no object, or this one. `*` is literal, and a request without a name is covered by the
/// empty text alone.
///
/// Source: `spec/authorization/rbac.md` section 3, row "resourceName".
pub fn covers_name(rule: &Rule, name: &str) -> bool {
    rule.resource_names.is_empty() || rule.resource_names.iter().any(|entry| entry.as_str() == name)
}

/// Some path pattern of the rule covers the path.
///
/// Source: `spec/authorization/rbac.md` section 3, row "nonResourceURL".
pub fn covers_path(rule: &Rule, path: &str) -> bool {
    rule.non_resource_urls.iter().any(|pattern| path::covers(pattern, path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(rule: &Rule, request: &Request<'_>, expected: bool) {
        assert_eq!(covers(rule, request), expected, "{rule:?} on {request:?}");
    }

    fn resource(resource: &str) -> Rule {
        Rule::resources(["get"], [""], [resource])
    }

    #[test]
    fn a_verb_is_equal_or_the_wildcard() {
        let pods = Request::resource("get", "pods");
        check(&Rule::resources(["get"], [""], ["pods"]), &pods, true);
        check(&Rule::resources(["*"], [""], ["pods"]), &pods, true);
        for verb in ["Get", "get*", "list", "", "**"] {
            check(&Rule::resources([verb], [""], ["pods"]), &pods, false);
        }
        check(&Rule::resources(Vec::<&str>::new(), [""], ["pods"]), &pods, false);
    }

    #[test]
    fn an_api_group_is_equal_or_the_wildcard() {
        let deployments = Request::resource("get", "deployments").api_group("apps");
        check(&Rule::resources(["get"], ["apps"], ["deployments"]), &deployments, true);
        check(&Rule::resources(["get"], ["*"], ["deployments"]), &deployments, true);
        for group in ["", "*.apps", "app", "apps/v1"] {
            check(&Rule::resources(["get"], [group], ["deployments"]), &deployments, false);
        }
        check(&Rule::resources(["get"], Vec::<&str>::new(), ["deployments"]), &deployments, false);
    }

    #[test]
    fn a_resource_does_not_cover_its_subresources() {
        let pods = Request::resource("get", "pods");
        let log = Request::resource("get", "pods").subresource("log");
        check(&resource("pods"), &pods, true);
        check(&resource("pods"), &log, false);
        check(&resource("pods/log"), &log, true);
        check(&resource("*"), &log, true);
        for literal in ["pods/*", "*/*", "po*", "**", "*/lo", "*/og", "/log", "*log"] {
            check(&resource(literal), &log, false);
        }
    }

    #[test]
    fn a_subresource_of_every_resource_needs_a_subresource() {
        check(&resource("*/log"), &Request::resource("get", "pods").subresource("log"), true);
        check(&resource("*/a/b"), &Request::resource("get", "pods").subresource("a/b"), true);
        check(&resource("*/*"), &Request::resource("get", "pods").subresource("*"), true);
        // Joined in the request's resource already: equal texts match, the subresource is empty.
        check(&resource("pods/log"), &Request::resource("get", "pods/log"), true);
        check(&resource("*/log"), &Request::resource("get", "pods/log"), false);
        check(&resource("*/"), &Request::resource("get", "pods"), false);
        check(&resource("*/"), &Request::resource("get", "*/"), true);
    }

    #[test]
    fn names_are_literal_and_the_empty_name_is_one() {
        let named = |names: &[&str]| resource("pods").named(names.iter().copied());
        let web = Request::resource("get", "pods").name("web");
        let unnamed = Request::resource("get", "pods");
        check(&named(&[]), &web, true);
        check(&named(&[]), &unnamed, true);
        check(&named(&["db", "web"]), &web, true);
        check(&named(&["web"]), &unnamed, false);
        check(&named(&["*"]), &web, false);
        check(&named(&["", "db"]), &unnamed, true);
    }

    #[test]
    fn a_rule_with_both_halves_serves_both() {
        let mut rule = resource("pods").named(["web"]);
        rule.non_resource_urls = vec!["/healthz*".into()];
        check(&rule, &Request::resource("get", "pods").name("web"), true);
        check(&rule, &Request::path("get", "/healthz/etcd"), true);
        check(&rule, &Request::path("post", "/healthz"), false);
        check(&resource("*"), &Request::path("get", "/healthz"), false);
        check(&Rule::paths(["*"], ["*"]), &Request::resource("get", "pods"), false);
    }
}
