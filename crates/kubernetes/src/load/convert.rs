//! RBAC objects as the vocabulary of the model has them.

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

use rolecall_model::{
    AggregationRule, Binding, LabelOperator, LabelRequirement, LabelSelector, Namespace, Origin, Role,
    RoleRef, RoleRefKind, Rule, Subject,
};
use rolecall_source::Span;

use crate::manifest::{self, Body, RbacObject, Text, Texts};

/// A role or a binding.
#[derive(Clone, Debug)]
pub(super) enum Converted {
    Binding(Binding),
    Role(Role),
}

/// Converts objects; texts that repeat are kept once, which is what lets a million bindings fit.
#[derive(Debug, Default)]
pub(super) struct Converter {
    texts: HashSet<Arc<str>, foldhash::fast::RandomState>,
}

impl Converter {
    /// The object, whose defaults are filled in and whose namespace is settled.
    pub(super) fn convert(&mut self, object: &RbacObject) -> Converted {
        let metadata = &object.metadata;
        let name = Arc::clone(&metadata.name.value);
        let namespace: Option<Namespace> =
            object.kind.is_namespaced().then(|| self.text(&metadata.namespace).into());
        let origin = Origin::Text(place_of(object));
        match &object.body {
            Body::Binding { subjects, role_ref } => Converted::Binding(Binding {
                namespace,
                name: name.into(),
                role: self.role_ref(role_ref.as_ref()),
                subjects: subjects.value.iter().map(|subject| self.subject(subject)).collect(),
                origin,
            }),
            Body::Role { rules, aggregation } => Converted::Role(Role {
                namespace,
                name: name.into(),
                rules: rules.value.iter().map(|rule| self.rule(rule)).collect(),
                labels: labels(&metadata.labels),
                aggregation: aggregation.as_ref().map(aggregation_rule),
                origin,
            }),
        }
    }

    fn rule(&mut self, rule: &manifest::PolicyRule) -> Rule {
        Rule {
            verbs: self.texts(&rule.verbs),
            api_groups: self.texts(&rule.api_groups),
            resources: self.texts(&rule.resources),
            resource_names: self.texts(&rule.resource_names),
            non_resource_urls: self.texts(&rule.non_resource_urls),
            origin: Origin::Text(rule.span),
        }
    }

    fn subject(&mut self, subject: &manifest::Subject) -> Subject {
        match subject.kind.as_str() {
            "Group" => Subject::Group(self.text(&subject.name).into()),
            "ServiceAccount" => Subject::ServiceAccount {
                namespace: self.text(&subject.namespace).into(),
                name: self.text(&subject.name).into(),
            },
            "User" => Subject::User(self.text(&subject.name).into()),
            kind => Subject::Unknown { kind: kind.to_owned(), name: subject.name.as_str().to_owned() },
        }
    }

    fn role_ref(&mut self, role_ref: Option<&manifest::RoleRef>) -> RoleRef {
        let Some(role_ref) = role_ref else {
            return RoleRef { kind: RoleRefKind::Unsupported(String::new()), name: "".into() };
        };
        let kind = match role_ref.kind.as_str() {
            "ClusterRole" => RoleRefKind::ClusterRole,
            "Role" => RoleRefKind::Role,
            other => RoleRefKind::Unsupported(other.to_owned()),
        };
        RoleRef { kind, name: self.text(&role_ref.name).into() }
    }

    fn texts<T: From<Arc<str>>>(&mut self, list: &Texts) -> Vec<T> {
        list.value.iter().map(|text| self.text(text).into()).collect()
    }

    fn text(&mut self, text: &Text) -> Arc<str> {
        if let Some(known) = self.texts.get(&*text.value) {
            return Arc::clone(known);
        }
        self.texts.insert(Arc::clone(&text.value));
        Arc::clone(&text.value)
    }
}

/// What a grant is named by: the line of the object's name.
pub(super) fn place_of(object: &RbacObject) -> Span {
    let metadata = &object.metadata;
    if metadata.name.given { metadata.name.span } else { object.span }
}

fn labels(labels: &[(Text, Text)]) -> BTreeMap<String, String> {
    labels.iter().map(|(key, value)| (key.as_str().to_owned(), value.as_str().to_owned())).collect()
}

fn aggregation_rule(rule: &manifest::AggregationRule) -> AggregationRule {
    let selector = |selector: &manifest::LabelSelector| LabelSelector {
        match_labels: labels(&selector.match_labels),
        match_expressions: selector.match_expressions.iter().map(requirement).collect(),
    };
    AggregationRule { selectors: rule.selectors.value.iter().map(selector).collect() }
}

fn requirement(requirement: &manifest::SelectorRequirement) -> LabelRequirement {
    LabelRequirement {
        key: requirement.key.as_str().to_owned(),
        operator: match requirement.operator.as_str() {
            "DoesNotExist" => LabelOperator::DoesNotExist,
            "Exists" => LabelOperator::Exists,
            "In" => LabelOperator::In,
            "NotIn" => LabelOperator::NotIn,
            other => LabelOperator::Unknown(other.to_owned()),
        },
        values: requirement.values.value.iter().map(|value| value.as_str().to_owned()).collect(),
    }
}
