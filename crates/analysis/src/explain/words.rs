//! Requests, rules and objects in words.

use std::fmt::Write as _;

use rolecall_model::{
    AttributePolicy, Binding, Namespace, OwnedRequest, OwnedTarget, Request, Role, Rule, Subject, Target,
    Wild,
};
use rolecall_reference::{path, rule};

/// How many entries of a list are named before the rest is only counted.
const NAMED: usize = 4;

/// The answer in one line that can be read aloud: `no: user jane may not delete pods "web-1" in namespace
/// payments`.
pub fn sentence(request: &OwnedRequest, allowed: bool) -> String {
    let (answer, may) = if allowed { ("yes", "may") } else { ("no", "may not") };
    format!("{answer}: {} {may} {}", asker(request), asked(request))
}

/// A rule in words: `get, list on pods named web-1`.
pub fn in_words(rule: &Rule) -> String {
    let verbs = list(rule.verbs.iter().map(|verb| verb_word(verb.as_str())));
    let mut objects = Vec::new();
    if !rule.resources.is_empty() || !rule.api_groups.is_empty() {
        objects.push(resources(rule));
    }
    if !rule.non_resource_urls.is_empty() {
        objects.push(list(rule.non_resource_urls.iter().map(|path| path_word(path.as_str()))));
    }
    if objects.is_empty() {
        objects.push("nothing".to_owned());
    }
    let verbs = if verbs.is_empty() { "no verb".to_owned() } else { verbs };
    format!("{verbs} on {}", objects.join(" and "))
}

/// A rule in words, of each list first what covers the request.
pub(super) fn in_words_about(rule: &Rule, request: &Request<'_>) -> String {
    let alone = Rule::default;
    let mut rule = rule.clone();
    // Stable: what covers comes first, and all else stays in its order.
    rule.verbs
        .sort_by_key(|own| !rule::covers_verb(&Rule { verbs: vec![own.clone()], ..alone() }, request.verb));
    match request.target {
        Target::Path(path) => rule.non_resource_urls.sort_by_key(|own| !path::covers(own, path)),
        Target::Resource { namespace: _, api_group, resource, subresource, name } => {
            rule.api_groups.sort_by_key(|own| {
                !rule::covers_api_group(&Rule { api_groups: vec![own.clone()], ..alone() }, api_group)
            });
            rule.resources.sort_by_key(|own| {
                let alone = Rule { resources: vec![own.clone()], ..alone() };
                !rule::covers_resource(&alone, resource, subresource)
            });
            rule.resource_names.sort_by_key(|own| {
                !rule::covers_name(&Rule { resource_names: vec![own.clone()], ..alone() }, name)
            });
        }
    }
    in_words(&rule)
}

/// Who asks: the user, else the groups.
pub(super) fn asker(request: &OwnedRequest) -> String {
    if !request.user.is_empty() {
        return user(&request.user);
    }
    match request.groups.as_slice() {
        [] => "nobody".to_owned(),
        [group] => format!("group {}", shown(group)),
        groups => format!("groups {}", list(groups.iter().map(|group| shown(group)))),
    }
}

fn user(name: &str) -> String {
    let account = name.strip_prefix("system:serviceaccount:").and_then(|rest| rest.split_once(':'));
    match account {
        Some((namespace, account))
            if !namespace.is_empty() && !account.is_empty() && !account.contains(':') =>
        {
            format!("service account {}/{}", shown(namespace), shown(account))
        }
        _ => format!("user {}", shown(name)),
    }
}

fn asked(request: &OwnedRequest) -> String {
    let verb = shown(&request.verb);
    match &request.target {
        OwnedTarget::Path(path) => format!("{verb} {}", shown(path)),
        OwnedTarget::Resource { namespace, api_group, resource, subresource, name } => {
            let mut text = format!("{verb} {}", shown(resource));
            // Writing to a `String` cannot fail.
            if !api_group.is_empty() {
                let _ = write!(text, ".{}", shown(api_group));
            }
            if !subresource.is_empty() {
                let _ = write!(text, "/{}", shown(subresource));
            }
            if !name.is_empty() {
                let _ = write!(text, " {name:?}");
            }
            if namespace.is_empty() {
                text.push_str(" at the cluster scope");
            } else {
                let _ = write!(text, " in namespace {}", shown(namespace));
            }
            text
        }
    }
}

/// `RoleBinding payments/dev-edit`, as kubectl names objects.
pub(super) fn binding_name(binding: &Binding) -> String {
    object(binding.kind(), binding.namespace.as_ref(), binding.name.as_str())
}

/// `Role payments/editor`.
pub(super) fn role_name(role: &Role) -> String {
    object(role.kind(), role.namespace.as_ref(), role.name.as_str())
}

/// The role that a binding refers to, whether it is there or not.
pub(super) fn reference_name(binding: &Binding) -> String {
    let namespace = match binding.role.kind {
        rolecall_model::RoleRefKind::Role => binding.namespace.as_ref(),
        _ => None,
    };
    object(&shown(binding.role.kind.as_str()), namespace, binding.role.name.as_str())
}

fn object(kind: &str, namespace: Option<&Namespace>, name: &str) -> String {
    match namespace {
        Some(namespace) => format!("{kind} {}/{}", shown(namespace.as_str()), shown(name)),
        None => format!("{kind} {}", shown(name)),
    }
}

/// `group dev`.
pub(super) fn subject(subject: &Subject, binding: &Binding) -> String {
    match subject {
        Subject::Group(name) => format!("group {}", shown(name.as_str())),
        Subject::ServiceAccount { namespace, name } => {
            let of_binding = binding.namespace.as_ref().map_or("", Namespace::as_str);
            let own = Some(namespace.as_str()).filter(|own| !own.is_empty()).unwrap_or(of_binding);
            format!("service account {}/{}", shown(own), shown(name.as_str()))
        }
        Subject::Unknown { kind, name } => format!("{} {}", shown(kind), shown(name)),
        Subject::User(name) => user(name.as_str()),
    }
}

/// An ABAC line in words: `reading of pods in namespace web, to user jane`.
pub(super) fn attribute_policy(policy: &AttributePolicy) -> String {
    let mut text = if policy.read_only { "get, list, watch on " } else { "every verb on " }.to_owned();
    let resource = wild(&policy.resource, "every resource", shown);
    let group = wild(&policy.api_group, "every API group", |own| match own {
        "" => "the core group".to_owned(),
        own => format!("API group {}", shown(own)),
    });
    let namespace = wild(&policy.namespace, "every namespace", |own| match own {
        "" => "no namespace".to_owned(),
        own => format!("namespace {}", shown(own)),
    });
    // Writing to a `String` cannot fail.
    if policy.resource != Wild::Is(String::new()) {
        let _ = write!(text, "{resource} of {group} in {namespace}");
        if !policy.non_resource_path.as_str().is_empty() {
            text.push_str(" and on ");
        }
    }
    match policy.non_resource_path.as_str() {
        "" => {}
        path => text.push_str(&path_word(path)),
    }
    text
}

/// To whom an ABAC line is: `user jane in group dev`.
pub(super) fn attribute_policy_subject(policy: &AttributePolicy) -> String {
    let own_user = policy.user.as_ref().map(|own| user(own.as_str()));
    let own_group = policy.group.as_ref().map(|own| format!("group {}", shown(own.as_str())));
    match (own_user, own_group) {
        (None, None) => "nobody".to_owned(),
        (Some(one), None) | (None, Some(one)) => one,
        (Some(user), Some(group)) => format!("{user} in {group}"),
    }
}

fn wild<T: AsRef<str>>(pattern: &Wild<T>, any: &str, named: impl Fn(&str) -> String) -> String {
    match pattern {
        Wild::Any => any.to_owned(),
        Wild::Is(own) => named(own.as_ref()),
    }
}

/// Entries with commas between them, and how many more there are.
pub(super) fn list(entries: impl Iterator<Item = String>) -> String {
    let entries: Vec<_> = entries.collect();
    let mut text = entries.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    if entries.len() > NAMED {
        // Writing to a `String` cannot fail.
        let _ = write!(text, " and {} more", entries.len() - NAMED);
    }
    text
}

/// A name as it stands, or in quotes where it could be misread or would disturb the line.
pub(super) fn shown(name: &str) -> String {
    let is_plain = |character: char| character.is_alphanumeric() || "-_./:@*+=~^!$".contains(character);
    if !name.is_empty() && name.chars().all(is_plain) { name.to_owned() } else { format!("{name:?}") }
}

/// The place of something as it stands, unless it would disturb the line.
pub(super) fn harmless(place: String) -> String {
    if place.chars().any(char::is_control) { place.escape_debug().to_string() } else { place }
}

fn resources(rule: &Rule) -> String {
    let groups: Vec<_> = rule.api_groups.iter().map(rolecall_model::ApiGroup::as_str).collect();
    let word = |resource: &str| if resource == "*" { "every resource".to_owned() } else { shown(resource) };
    let mut text = match groups.as_slice() {
        [""] => list(rule.resources.iter().map(|resource| word(resource.as_str()))),
        [group] if *group != "*" => {
            list(rule.resources.iter().map(|resource| match resource.as_str().split_once('/') {
                _ if resource.as_str() == "*" => format!("every resource of {}", shown(group)),
                Some((resource, subresource)) => format!("{resource}.{group}/{subresource}"),
                None => format!("{}.{}", shown(resource.as_str()), shown(group)),
            }))
        }
        groups => {
            let resources = list(rule.resources.iter().map(|resource| word(resource.as_str())));
            let groups = if groups.contains(&"*") {
                "every API group".to_owned()
            } else if groups.is_empty() {
                "no API group".to_owned()
            } else {
                let word = |group: &&str| if group.is_empty() { "core".to_owned() } else { shown(group) };
                format!("API groups {}", list(groups.iter().map(word)))
            };
            format!("{resources} of {groups}")
        }
    };
    if rule.resources.is_empty() {
        text.insert_str(0, "no resource");
    }
    if !rule.resource_names.is_empty() {
        // Writing to a `String` cannot fail.
        let _ = write!(text, " named {}", list(rule.resource_names.iter().map(|name| shown(name.as_str()))));
    }
    text
}

fn verb_word(verb: &str) -> String {
    if verb == "*" { "every verb".to_owned() } else { shown(verb) }
}

fn path_word(path: &str) -> String {
    if path == "*" { "every path".to_owned() } else { shown(path) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(request: &Request<'_>, expected: &str) {
        assert_eq!(sentence(&OwnedRequest::from(request), false), expected);
    }

    #[test]
    fn a_request_can_be_read_aloud() {
        let pods = Request::resource("delete", "pods").user("jane");
        check(&pods, "no: user jane may not delete pods at the cluster scope");
        check(
            &pods.clone().name("web-1").namespace("payments"),
            "no: user jane may not delete pods \"web-1\" in namespace payments",
        );
        let scale = Request::resource("update", "deployments").api_group("apps").subresource("scale");
        check(
            &scale.user("system:serviceaccount:a:b").namespace("a"),
            "no: service account a/b may not update deployments.apps/scale in namespace a",
        );
        check(&Request::path("get", "/healthz").group("dev"), "no: group dev may not get /healthz");
        check(&Request::path("get", "/healthz"), "no: nobody may not get /healthz");
    }

    #[test]
    fn a_name_cannot_disturb_the_line() {
        let evil = Request::path("get", "/a\nyes: \u{1b}[2J\u{202e}").user("a b");
        check(&evil, "no: user \"a b\" may not get \"/a\\nyes: \\u{1b}[2J\\u{202e}\"");
    }

    #[test]
    fn a_rule_can_be_read_aloud() {
        let rules = [
            (Rule::resources(["get", "list"], [""], ["pods", "pods/log"]), "get, list on pods, pods/log"),
            (Rule::resources(["*"], ["*"], ["*"]), "every verb on every resource of every API group"),
            (
                Rule::resources(["get"], ["apps"], ["deployments", "deployments/scale"]).named(["web"]),
                "get on deployments.apps, deployments.apps/scale named web",
            ),
            (Rule::resources(["get"], ["", "apps"], ["x"]), "get on x of API groups core, apps"),
            (Rule::paths(["get"], ["/metrics", "*"]), "get on /metrics, every path"),
            (Rule::default(), "no verb on nothing"),
            (
                Rule::resources(["a", "b", "c", "d", "e", "f", "g", "h"], [""], ["x"]),
                "a, b, c, d and 4 more on x",
            ),
        ];
        for (rule, expected) in rules {
            assert_eq!(in_words(&rule), expected);
        }
    }

    #[test]
    fn what_covers_the_request_is_named_first() {
        let rule =
            Rule::resources(["a", "b", "c", "d", "get"], ["", "apps"], ["v", "w", "x", "y", "z", "pods"]);
        assert_eq!(
            in_words_about(&rule, &Request::resource("get", "pods").api_group("apps")),
            "get, a, b, c and 1 more on pods, v, w, x and 2 more of API groups apps, core"
        );
    }

    #[test]
    fn a_place_cannot_disturb_the_line() {
        assert_eq!(harmless("a b/c.yaml:3".to_owned()), "a b/c.yaml:3");
        assert_eq!(harmless("a\n\u{1b}é".to_owned()), "a\\n\\u{1b}é");
    }
}
