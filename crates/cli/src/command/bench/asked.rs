//! The requests that are measured: a file's, or ones drawn from the policy.

use std::{
    collections::HashMap,
    fs::File,
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
};

use rolecall::{
    OwnedRequest, OwnedTarget, Role, RoleRefKind, Rule, Subject, Wild,
    kubernetes::review::Review,
    model::{AttributePolicy, Binding, PolicySet},
};

use crate::exit::Failure;

/// How many requests are read at most.
const READ: usize = 100_000;

/// How much of a file is read at most: 1 GiB.
const BYTES: u64 = 1 << 30;

/// About how many requests are drawn: enough that they do not all stay in the caches.
const DRAWN: usize = 20_000;

/// Requests, and where they come from.
pub(super) struct Asked {
    pub(super) requests: Vec<OwnedRequest>,
    pub(super) file: Option<PathBuf>,
}

impl Asked {
    /// Reads a SubjectAccessReview a line.
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let unreadable =
            |error: std::io::Error| Failure::message(format!("cannot read `{}`: {error}", path.display()));
        let file = File::open(path).map_err(unreadable)?;
        let mut requests = Vec::new();
        for (index, line) in BufReader::new(file.take(BYTES)).split(b'\n').enumerate() {
            let line = line.map_err(unreadable)?;
            if line.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            let review = Review::parse(&line, None).map_err(|rejection| {
                Failure::message(format!("{}:{}: {}", path.display(), index + 1, rejection.message))
            })?;
            requests.push(OwnedRequest::from(&review.request()));
            if requests.len() == READ {
                break;
            }
        }
        Ok(Self { requests, file: Some(path.to_owned()) })
    }

    /// Draws requests evenly from what the policy grants: each once as it is granted, and once with a verb that
    /// hardly any policy grants.
    pub(super) fn drawn(policies: &PolicySet) -> Self {
        let roles: HashMap<_, _> = policies
            .roles()
            .iter()
            .map(|role| {
                ((role.namespace.as_ref().map_or("", |name| name.as_str()), role.name.as_str()), role)
            })
            .collect();
        let step = (2 * policies.bindings().len() / DRAWN).max(1);
        let of_bindings =
            policies.bindings().iter().step_by(step).flat_map(|binding| of_binding(binding, &roles));
        let of_policies = policies.attribute_policies().iter().take(DRAWN / 2).map(of_attribute_policy);
        let requests = of_bindings
            .chain(of_policies)
            .take(DRAWN / 2)
            .flat_map(|request| {
                let refused = OwnedRequest { verb: "deletecollection".to_owned(), ..request.clone() };
                [request, refused]
            })
            .collect();
        Self { requests, file: None }
    }
}

/// One request for each subject, of another rule each.
fn of_binding<'a>(
    binding: &'a Binding,
    roles: &HashMap<(&str, &str), &'a Role>,
) -> impl Iterator<Item = OwnedRequest> {
    let here = binding.namespace.as_ref().map_or("", |namespace| namespace.as_str());
    let home = match binding.role.kind {
        RoleRefKind::Role => here,
        RoleRefKind::ClusterRole | RoleRefKind::Unsupported(_) => "",
    };
    let rules: &[Rule] =
        roles.get(&(home, binding.role.name.as_str())).map_or(&[], |role| role.rules.as_slice());
    let subjects = binding.subjects.iter().filter_map(move |subject| asker(subject, here));
    subjects.zip(rules.iter().cycle()).map(move |((user, groups), rule)| OwnedRequest {
        user,
        groups,
        verb: rule.verbs.first().map_or("", |verb| some(verb.as_str(), "get")).to_owned(),
        target: target(rule, here),
    })
}

/// The user, with the groups that an authenticator would give.
fn asker(subject: &Subject, here: &str) -> Option<(String, Vec<String>)> {
    const AUTHENTICATED: &str = "system:authenticated";
    match subject {
        Subject::User(name) => Some((name.as_str().to_owned(), vec![AUTHENTICATED.to_owned()])),
        Subject::Group(name) => {
            let groups = [name.as_str(), AUTHENTICATED].map(str::to_owned);
            Some(("somebody".to_owned(), groups.into()))
        }
        Subject::ServiceAccount { namespace, name } => {
            let namespace = some(namespace.as_str(), here);
            let of_namespace = format!("system:serviceaccounts:{namespace}");
            let groups = vec!["system:serviceaccounts".to_owned(), of_namespace, AUTHENTICATED.to_owned()];
            Some((format!("system:serviceaccount:{namespace}:{name}"), groups))
        }
        Subject::Unknown { .. } => None,
    }
}

fn target(rule: &Rule, here: &str) -> OwnedTarget {
    if let (None, Some(path)) = (rule.resources.first(), rule.non_resource_urls.first()) {
        return OwnedTarget::Path(path.as_str().replace('*', "some"));
    }
    let resource = rule.resources.first().map_or("", |resource| some(resource.as_str(), "pods"));
    let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
    let api_group = rule.api_groups.first().map_or("", |group| group.as_str());
    OwnedTarget::Resource {
        namespace: some(here, "default").to_owned(),
        api_group: if api_group == "*" { "" } else { api_group }.to_owned(),
        resource: some(resource, "pods").to_owned(),
        subresource: some(subresource, "").to_owned(),
        name: rule.resource_names.first().map_or("some", |name| name.as_str()).to_owned(),
    }
}

fn of_attribute_policy(policy: &AttributePolicy) -> OwnedRequest {
    let text = |pattern: Option<&str>, other: &str| some(pattern.unwrap_or_default(), other).to_owned();
    let user = policy.user.as_ref().map(AsRef::as_ref);
    let group = policy.group.as_ref().map(AsRef::as_ref);
    let resource = match &policy.resource {
        Wild::Any => "pods",
        Wild::Is(resource) => resource,
    };
    let target = if resource.is_empty() {
        OwnedTarget::Path(policy.non_resource_path.as_str().replace('*', "some"))
    } else {
        OwnedTarget::Resource {
            namespace: named(&policy.namespace, "default"),
            api_group: named(&policy.api_group, "apps"),
            resource: resource.to_owned(),
            subresource: String::new(),
            name: "some".to_owned(),
        }
    };
    OwnedRequest {
        user: text(user, "somebody"),
        groups: vec![text(group, "system:authenticated")],
        verb: "get".to_owned(),
        target,
    }
}

fn named<T: AsRef<str>>(pattern: &Wild<T>, other: &str) -> String {
    match pattern {
        Wild::Any => other.to_owned(),
        Wild::Is(name) => name.as_ref().to_owned(),
    }
}

/// The text itself, unless it is empty or stands for everything.
fn some<'a>(text: &'a str, other: &'a str) -> &'a str {
    if text.is_empty() || text == "*" { other } else { text }
}

#[cfg(test)]
mod tests {
    use rolecall::{Authorizer, RoleRef};
    use rolecall_reference::Reference;

    use super::*;

    #[test]
    fn what_is_drawn_is_half_of_what_the_policy_grants() {
        let rules = [
            Rule::resources(["get"], [""], ["pods/log"]),
            Rule::resources(["list"], ["apps"], ["deployments"]).named(["web"]),
            Rule::paths(["get"], ["/healthz/*"]),
        ];
        let subjects = [Subject::user("jane"), Subject::group("dev"), Subject::service_account("red", "ci")];
        let policies = PolicySet::builder()
            .cluster_role("viewer", rules)
            .cluster_role_binding("everywhere", "viewer", subjects.clone())
            .role_binding("blue", "here", RoleRef::cluster_role("viewer"), subjects[..2].to_vec())
            .role_binding("blue", "missing", RoleRef::role("gone"), [Subject::user("nobody")])
            .build()
            .unwrap();
        let reference = Reference::new(&policies);
        let asked = Asked::drawn(&policies);
        let allowed: Vec<_> = asked
            .requests
            .iter()
            .map(|request| reference.authorize(&request.as_request()).is_allow())
            .collect();
        assert_eq!(allowed, [true, false].repeat(5), "{:?}", asked.requests);
        assert_eq!(Asked::drawn(&PolicySet::default()).requests, []);
    }
}
