//! An explanation as JSON: the facts of the text, by the names that Kubernetes gives them.

use rolecall::{
    Grant, OwnedRequest, OwnedTarget, PolicySet,
    analysis::explain::{
        self, Allowing, Considered, ExistingRole, Explanation, Fixes, Miss, MissGroup, Refusal, Verdict,
    },
    model::{
        AttributePolicy, AttributePolicyIndex, Binding, BindingIndex, Namespace, Origin, Role, RoleIndex,
        Silence, Unresolved, Wild,
    },
};
use serde_json::{Value, json};

use crate::manifest;

/// The whole explanation.
///
/// What allows it as well is all listed here: `allowing` is every grant that allows.
pub(crate) fn of(
    policies: &PolicySet,
    explanation: &Explanation,
    allowing: impl Iterator<Item = Allowing>,
) -> Value {
    let printer = Printer { policies };
    let mut json = match &explanation.verdict {
        Verdict::Allow(allowance) => json!({
            "decidedBy": printer.allowing(&allowance.decided_by),
            "alsoGrantedBy": allowing
                .filter(|other| other.grant != allowance.decided_by.grant)
                .map(|other| printer.allowing(&other))
                .collect::<Vec<_>>(),
        }),
        Verdict::NoOpinion(refusal) => printer.refusal(refusal),
    };
    if let Value::Object(fields) = &mut json {
        let allowed = explanation.is_allow();
        fields.insert("allowed".into(), json!(allowed));
        fields.insert("summary".into(), json!(explain::sentence(&explanation.request, allowed)));
        fields.insert("request".into(), request(&explanation.request));
    }
    json
}

fn request(request: &OwnedRequest) -> Value {
    let mut json = match &request.target {
        OwnedTarget::Path(path) => json!({"nonResourceAttributes": {"path": path, "verb": request.verb}}),
        OwnedTarget::Resource { namespace, api_group, resource, subresource, name } => json!({
            "resourceAttributes": {
                "group": api_group,
                "name": name,
                "namespace": namespace,
                "resource": resource,
                "subresource": subresource,
                "verb": request.verb,
            },
        }),
    };
    if let Value::Object(fields) = &mut json {
        fields.insert("user".into(), json!(request.user));
        fields.insert("groups".into(), json!(request.groups));
    }
    json
}

#[derive(Clone, Copy)]
struct Printer<'a> {
    policies: &'a PolicySet,
}

impl Printer<'_> {
    fn allowing(self, allowing: &Allowing) -> Value {
        match allowing.grant {
            Grant::AlwaysAllow => json!({"mode": "AlwaysAllow"}),
            Grant::Superuser => json!({"superuserGroup": rolecall::SUPERUSER_GROUP}),
            Grant::AttributePolicy(index) => self.line(index),
            Grant::Role { binding, subject, role, rule } => {
                let own = self.policies.model().binding(binding);
                let subjects = std::iter::once(subject).chain(allowing.more_subjects.iter().copied());
                let subjects = subjects.filter_map(|subject| own?.subjects.get(subject));
                let rules = std::iter::once(rule).chain(allowing.more_rules.iter().copied());
                json!({
                    "mode": "RBAC",
                    "binding": self.binding(binding),
                    "subjects": subjects.map(manifest::subject).collect::<Vec<_>>(),
                    "role": self.role(role),
                    "rules": rules.filter_map(|rule| self.rule(role, rule)).collect::<Vec<_>>(),
                })
            }
        }
    }

    fn refusal(self, refusal: &Refusal) -> Value {
        let model = self.policies.model();
        json!({
            "silences": refusal.silences.iter().map(silence).collect::<Vec<_>>(),
            "bindings": {"naming": refusal.naming_bindings, "total": model.bindings().len()},
            "attributePolicies": {"naming": refusal.naming_lines, "total": model.attribute_policies().len()},
            "misses": refusal.misses.iter().map(|group| self.group(group)).collect::<Vec<_>>(),
            "notLookedAt": refusal.left_out,
            "fix": match &refusal.fixes {
                Ok(fixes) => self.fixes(fixes),
                Err(reason) => json!({"impossible": reason.to_string()}),
            },
        })
    }

    fn group(self, group: &MissGroup) -> Value {
        json!({
            "part": group.part.map(explain::Part::as_str),
            "count": group.count,
            "nearest": group.nearest.iter().map(|miss| self.miss(miss)).collect::<Vec<_>>(),
        })
    }

    fn miss(self, miss: &Miss) -> Value {
        let mut json = match miss.considered {
            Considered::AttributePolicy(index) => self.line(index),
            Considered::Binding { binding, role, rule } => json!({
                "mode": "RBAC",
                "binding": self.binding(binding),
                "role": role.map(|role| self.role(role)),
                "roleMeant": if role.is_none() { self.role_meant(binding) } else { None },
                "rule": role.zip(rule).and_then(|(role, rule)| self.rule(role, rule)),
            }),
        };
        if let Value::Object(fields) = &mut json {
            let unmet: Vec<_> = miss.unmet.iter().map(explain::Part::as_str).collect();
            fields.insert("unmet".into(), json!(unmet));
        }
        json
    }

    fn fixes(self, fixes: &Fixes) -> Value {
        json!({
            "rule": manifest::rule(&fixes.rule),
            "existingRole": fixes.existing.as_ref().map(|existing| self.existing(existing)),
            "widerIn": fixes.wider,
            "inEveryNamespace": fixes.in_every_namespace,
        })
    }

    fn existing(self, existing: &ExistingRole) -> Value {
        let others = existing
            .others
            .iter()
            .filter_map(|&(binding, subject)| self.policies.model().binding(binding)?.subjects.get(subject));
        json!({
            "role": self.role(existing.role),
            "binding": self.binding(existing.binding),
            "alsoGains": others.map(manifest::subject).collect::<Vec<_>>(),
            "alsoGainsCount": existing.other_count,
            "alsoGainsMore": existing.others_are_more,
        })
    }

    fn line(self, index: AttributePolicyIndex) -> Value {
        let policy = self.policies.model().attribute_policy(index);
        json!({"mode": "ABAC", "attributePolicy": policy.map(|policy| self.attribute_policy(policy))})
    }

    fn attribute_policy(self, policy: &AttributePolicy) -> Value {
        json!({
            "user": policy.user.as_ref().map(rolecall::model::UserName::as_str),
            "group": policy.group.as_ref().map(rolecall::model::GroupName::as_str),
            "readonly": policy.read_only,
            "apiGroup": wild(&policy.api_group),
            "resource": wild(&policy.resource),
            "namespace": wild(&policy.namespace),
            "nonResourcePath": policy.non_resource_path.as_str(),
            "location": self.location(policy.origin),
        })
    }

    fn binding(self, index: BindingIndex) -> Value {
        self.policies.model().binding(index).map_or(Value::Null, |binding: &Binding| {
            json!({
                "kind": binding.kind(),
                "namespace": binding.namespace.as_ref().map(Namespace::as_str),
                "name": binding.name.as_str(),
                "roleRef": {"kind": binding.role.kind.as_str(), "name": binding.role.name.as_str()},
                "location": self.location(binding.origin),
            })
        })
    }

    fn role(self, index: RoleIndex) -> Value {
        self.policies.model().role(index).map_or(Value::Null, |role| self.role_name(role))
    }

    /// The role that a reference without one most likely stands for.
    fn role_meant(self, binding: BindingIndex) -> Option<Value> {
        let model = self.policies.model();
        explain::role_meant(model, model.binding(binding)?).map(|role| self.role_name(role))
    }

    fn role_name(self, role: &Role) -> Value {
        json!({
            "kind": role.kind(),
            "namespace": role.namespace.as_ref().map(Namespace::as_str),
            "name": role.name.as_str(),
            "location": self.location(role.origin),
        })
    }

    fn rule(self, role: RoleIndex, number: usize) -> Option<Value> {
        let rule = self.policies.model().role(role)?.rules.get(number)?;
        let mut json = manifest::rule(rule);
        if let Value::Object(fields) = &mut json {
            fields.insert("number".into(), json!(number + 1));
            fields.insert("location".into(), self.location(rule.origin));
        }
        Some(json)
    }

    /// `{"file": …, "line": …}`, or that it is Kubernetes' own.
    fn location(self, origin: Origin) -> Value {
        match origin {
            Origin::BuiltIn => json!({"builtIn": true}),
            Origin::Code => Value::Null,
            Origin::Text(span) => {
                let sources = self.policies.sources();
                json!({"file": sources.name_of(span), "line": sources.position(span).line})
            }
        }
    }
}

fn silence(silence: &Silence) -> Value {
    let unresolved = silence.unresolved.iter().map(|unresolved| match unresolved {
        Unresolved::ClusterRole(name) => json!({"kind": "ClusterRole", "name": name.as_str()}),
        Unresolved::Role(name) => json!({"kind": "Role", "name": name.as_str()}),
        Unresolved::UnsupportedKind(kind) => json!({"kind": kind}),
    });
    json!({"mode": silence.mode.as_str(), "unresolved": unresolved.collect::<Vec<_>>()})
}

fn wild<T: AsRef<str>>(pattern: &Wild<T>) -> &str {
    match pattern {
        Wild::Any => "*",
        Wild::Is(own) => own.as_ref(),
    }
}
