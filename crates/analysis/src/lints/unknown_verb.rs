//! Verbs that a resource or a path does not know.

use rolecall_diagnostics::{Severity, did_you_mean};
use rolecall_model::{Rule, RuleList};

use super::{Facts, Lint, grants::Policy, report::Report};

/// Resources of groups that are not Kubernetes' own may know verbs of their own.
pub(super) const UNKNOWN: Lint = Lint {
    name: "unknown-verb",
    summary: "a verb that no resource or no path knows",
    default: Some(Severity::Warning),
    check: |policy, report| check(policy, report, false),
};

/// A verb that others know: seldom worth more than a note, since nobody is misled about what is granted.
pub(super) const USELESS: Lint = Lint {
    name: "useless-verb",
    summary: "a verb that none of the rule's resources can be asked for with",
    default: Some(Severity::Note),
    check: |policy, report| check(policy, report, true),
};

/// Looks for verbs that are known elsewhere (`useless`), or for those that are not.
fn check(policy: &Policy<'_>, report: &mut Report<'_>, useless: bool) {
    for (role, number, rule) in policy.written_rules().filter(|(role, ..)| !policy.is_default_role(role)) {
        for (index, verb) in rule.verbs.iter().enumerate() {
            let verb = verb.as_str();
            // Stars, several words in one, capitals: other lints' business.
            if verb.is_empty() || !verb.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-') {
                continue;
            }
            let on_paths = !rule.non_resource_urls.is_empty() && rule.resources.is_empty();
            let fault =
                if on_paths { fault_on_paths(verb) } else { fault_on_resources(policy.facts, rule, verb) };
            if let Some((message, help)) = fault.filter(|_| useless == (!on_paths && VERBS.contains(&verb))) {
                report.entry((role, number), (RuleList::Verbs, index), message, "never asked for", help);
            }
        }
    }
}

/// Source: `spec/authorization/identity.md`: the verb of a request for a path is its HTTP method.
fn fault_on_paths(verb: &str) -> Option<(String, String)> {
    let help = match verb {
        "create" => "write `post`",
        "update" => "write `put`",
        _ if METHODS.contains(&verb) => return None,
        "list" | "watch" => "`get` is what covers reading",
        "deletecollection" => "write `delete`",
        _ => return Some(unknown(verb, "paths know the HTTP methods in lower case", METHODS.as_slice())),
    };
    Some((format!("no request for a path has the verb `{verb}`: it has its HTTP method"), help.to_owned()))
}

fn fault_on_resources(facts: &Facts<'_>, rule: &Rule, verb: &str) -> Option<(String, String)> {
    let own =
        |group: &str| facts.types.get(group).is_some_and(|types| types.iter().any(|known| known.built_in));
    let known = rule.api_groups.iter().all(|group| own(group.as_str()));
    if !known || rule.api_groups.is_empty() || rule.resources.is_empty() {
        return None;
    }
    let knows = |resource: &str| -> bool {
        match limited(resource) {
            Some(verbs) => verbs.contains(&verb),
            None => VERBS.contains(&verb) || special(resource).contains(&verb),
        }
    };
    if rule.resources.iter().any(|resource| knows(resource.as_str())) {
        return None;
    }
    let help = match verb {
        "post" => Some("write `create`"),
        "put" => Some("write `update`"),
        "edit" | "write" => Some("write `update` and `patch`"),
        "read" => Some("write `get` and `list`"),
        "remove" => Some("write `delete`"),
        _ => None,
    };
    if let Some(help) = help {
        return Some((format!("no request for a resource has the verb `{verb}`"), help.to_owned()));
    }
    if VERBS.contains(&verb) {
        let names: Vec<_> = rule.resources.iter().map(|resource| format!("`{resource}`")).collect();
        let verbs: Vec<_> = rule
            .resources
            .first()
            .and_then(|resource| limited(resource.as_str()))
            .unwrap_or_default()
            .to_vec();
        return Some((
            format!("{} cannot be asked for with `{verb}`", names.join(", ")),
            format!("there is {}", verbs.join(", ")),
        ));
    }
    Some(unknown(verb, "the resources of this rule do not know it", VERBS.as_slice()))
}

fn unknown(verb: &str, why: &str, known: &[&str]) -> (String, String) {
    let meant = did_you_mean(verb, known.iter().copied());
    let help = meant.map_or(String::new(), |meant| format!("did you mean `{meant}`?"));
    (format!("the verb `{verb}` never matches here: {why}"), help)
}

/// The verbs of resources that know few; `None` for those that know all of [`VERBS`].
fn limited(resource: &str) -> Option<&'static [&'static str]> {
    if let Some((_, subresource)) = resource.split_once('/') {
        return match subresource {
            "approval" | "ephemeralcontainers" | "scale" | "status" => Some(&["get", "patch", "update"]),
            "attach" | "exec" | "portforward" => Some(&["create", "get"]),
            "binding" | "eviction" | "token" => Some(&["create"]),
            "finalize" => Some(&["update"]),
            "log" => Some(&["get"]),
            _ => None,
        };
    }
    match resource {
        "bindings"
        | "localsubjectaccessreviews"
        | "selfsubjectaccessreviews"
        | "selfsubjectreviews"
        | "selfsubjectrulesreviews"
        | "subjectaccessreviews"
        | "tokenreviews" => Some(&["create"]),
        "componentstatuses" => Some(&["get", "list"]),
        _ => None,
    }
}

/// Verbs that are asked for beside those of HTTP.
///
/// Source: `spec/authorization/rbac.md` section 9 and `identity.md`, impersonation; Kubernetes,
/// "Authorization", request verbs.
fn special(resource: &str) -> &'static [&'static str] {
    match resource.split('/').next().unwrap_or_default() {
        "*" => &["approve", "attest", "bind", "escalate", "impersonate", "sign", "use"],
        "clusterroles" | "roles" => &["bind", "escalate"],
        "groups" | "serviceaccounts" | "uids" | "userextras" | "users" => &["impersonate"],
        "podsecuritypolicies" => &["use"],
        "signers" => &["approve", "attest", "sign"],
        _ => &[],
    }
}

const VERBS: [&str; 9] =
    ["create", "delete", "deletecollection", "get", "list", "patch", "proxy", "update", "watch"];

const METHODS: [&str; 7] = ["delete", "get", "head", "options", "patch", "post", "put"];
