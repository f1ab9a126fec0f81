//! Questions that come close to what a policy says, answered twice.

use rolecall::{
    PolicySet,
    model::{self, Authorizer, OwnedRequest, OwnedTarget, Role, Rule, Subject, Wild},
};
use rolecall_reference::Reference;

/// How many bindings, rules and lines are asked about.
const MANY: usize = 8;

/// Compiles the policies and asks tables and reference the same.
///
/// # Panics
///
/// When they answer differently, or the policies cannot be compiled.
pub(super) fn agree(policies: model::PolicySet) {
    let policies = PolicySet::from(policies);
    let engine = rolecall::compile(&policies).expect("a small policy can be compiled");
    let reference = Reference::new(policies.model());
    for question in questions(policies.model()) {
        let request = question.as_request();
        let expected = reference.determine(&request);
        assert_eq!(engine.authorize(&request), expected.decision(), "{question:?}");
        assert_eq!(engine.determine(&request), expected, "{question:?}");
    }
}

fn questions(policies: &model::PolicySet) -> Vec<OwnedRequest> {
    let mut questions = Vec::new();
    for binding in policies.bindings().iter().take(MANY) {
        let named = policies.roles().iter().filter(|role| role.name == binding.role.name);
        let rules: Vec<&Rule> = named.flat_map(|role: &Role| &role.rules).take(MANY).collect();
        let namespace = binding.namespace.as_ref().map_or("elsewhere", model::Namespace::as_str);
        for subject in binding.subjects.iter().take(MANY) {
            let (user, groups) = asker(subject);
            for rule in &rules {
                for (verb, target) in targets(rule, namespace) {
                    questions.push(OwnedRequest {
                        user: user.clone(),
                        groups: groups.clone(),
                        verb: verb.clone(),
                        target,
                    });
                }
            }
        }
    }
    for policy in policies.attribute_policies().iter().take(MANY) {
        let resource = OwnedTarget::Resource {
            namespace: wild(&policy.namespace),
            api_group: wild(&policy.api_group),
            resource: wild(&policy.resource),
            subresource: String::new(),
            name: String::new(),
        };
        for target in [resource, OwnedTarget::Path(policy.non_resource_path.as_str().replace('*', "x"))] {
            for verb in ["get", "delete"] {
                questions.push(OwnedRequest {
                    user: policy.user.as_ref().map_or(String::new(), ToString::to_string),
                    groups: policy.group.iter().map(ToString::to_string).collect(),
                    verb: verb.to_owned(),
                    target: target.clone(),
                });
            }
        }
    }
    questions
}

fn asker(subject: &Subject) -> (String, Vec<String>) {
    match subject {
        Subject::Group(name) => ("somebody".to_owned(), vec![name.to_string()]),
        Subject::ServiceAccount { namespace, name } => {
            (format!("system:serviceaccount:{namespace}:{name}"), Vec::new())
        }
        Subject::Unknown { name, .. } => (name.clone(), vec![name.clone()]),
        Subject::User(name) => (name.to_string(), Vec::new()),
    }
}

/// What the rule's first words grant, and the same without its names and in another group.
fn targets(rule: &Rule, namespace: &str) -> Vec<(String, OwnedTarget)> {
    let Some(verb) = rule.verbs.first() else { return Vec::new() };
    let mut targets = Vec::new();
    if let Some(path) = rule.non_resource_urls.first() {
        targets.push((verb.to_string(), OwnedTarget::Path(path.to_string())));
        targets.push((verb.to_string(), OwnedTarget::Path(path.as_str().replace('*', "any"))));
    }
    if let (Some(group), Some(resource)) = (rule.api_groups.first(), rule.resources.first()) {
        let (resource, subresource) = resource.as_str().split_once('/').unwrap_or((resource.as_str(), ""));
        let name = rule.resource_names.first().map_or("", model::ResourceName::as_str);
        for (group, name) in [(group.as_str(), name), (group.as_str(), ""), ("other.example.com", name)] {
            let target = OwnedTarget::Resource {
                namespace: namespace.to_owned(),
                api_group: group.to_owned(),
                resource: resource.to_owned(),
                subresource: subresource.to_owned(),
                name: name.to_owned(),
            };
            targets.push((verb.to_string(), target));
        }
    }
    targets
}

fn wild<T: ToString>(value: &Wild<T>) -> String {
    match value {
        Wild::Any => "any".to_owned(),
        Wild::Is(value) => value.to_string(),
    }
}
