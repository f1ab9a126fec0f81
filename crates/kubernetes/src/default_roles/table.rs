//! How the tables are written: lists are words between spaces.

use std::collections::BTreeMap;

use rolecall_model::{AggregationRule, ApiGroup, LabelSelector, Origin, Role, Rule};

/// The word for the core group, whose name is empty.
pub(super) const CORE: &str = "core";
/// What changes objects.
pub(super) const WRITE: &str = "create delete deletecollection patch update";
/// What reads and changes objects.
pub(super) const MANAGE: &str = "create delete deletecollection get list patch update watch";
/// What reads objects.
pub(super) const READ: &str = "get list watch";
/// What almost every component does.
pub(super) const EVENTS: DefaultRule = on("create patch update", "core events.k8s.io", "events");

const BOOTSTRAPPING: (&str, &str) = ("kubernetes.io/bootstrapping", "rbac-defaults");
const AGGREGATE_TO: &str = "rbac.authorization.k8s.io/aggregate-to-";
const CONTROLLER: &str = "system:controller:";

/// A role of a table.
#[derive(Clone, Copy, Debug)]
pub(super) struct DefaultRole {
    prefix: &'static str,
    name: &'static str,
    namespace: Option<&'static str>,
    rules: &'static [DefaultRule],
    /// Whether it gathers what is aggregated to its name.
    aggregates: bool,
    /// The role that takes it in.
    aggregate_to: Option<&'static str>,
}

/// A rule of a table.
#[derive(Clone, Copy, Debug)]
pub(super) struct DefaultRule {
    verbs: &'static str,
    groups: &'static str,
    resources: &'static str,
    names: &'static str,
    paths: &'static str,
}

/// A ClusterRole.
pub(super) const fn cluster(name: &'static str, rules: &'static [DefaultRule]) -> DefaultRole {
    DefaultRole { prefix: "", name, namespace: None, rules, aggregates: false, aggregate_to: None }
}

/// The ClusterRole of a controller.
pub(super) const fn controller(name: &'static str, rules: &'static [DefaultRule]) -> DefaultRole {
    DefaultRole { prefix: CONTROLLER, ..cluster(name, rules) }
}

/// A ClusterRole that gathers what is aggregated to its name.
pub(super) const fn aggregated(name: &'static str) -> DefaultRole {
    DefaultRole { aggregates: true, ..cluster(name, &[]) }
}

/// A Role.
pub(super) const fn namespaced(
    namespace: &'static str,
    name: &'static str,
    rules: &'static [DefaultRule],
) -> DefaultRole {
    DefaultRole { namespace: Some(namespace), ..cluster(name, rules) }
}

/// A rule on resources.
pub(super) const fn on(verbs: &'static str, groups: &'static str, resources: &'static str) -> DefaultRule {
    DefaultRule { verbs, groups, resources, names: "", paths: "" }
}

/// A rule on paths.
pub(super) const fn paths(verbs: &'static str, paths: &'static str) -> DefaultRule {
    DefaultRule { verbs, groups: "", resources: "", names: "", paths }
}

impl DefaultRole {
    /// The same role, taken in by an aggregated one.
    pub(super) const fn aggregate_to(self, name: &'static str) -> Self {
        Self { aggregate_to: Some(name), ..self }
    }

    /// The name without the prefix of controllers: their service account's.
    pub(super) const fn account(&self) -> &'static str {
        self.name
    }

    /// The whole name.
    pub(super) fn name(&self) -> String {
        format!("{}{}", self.prefix, self.name)
    }

    /// The role of the model.
    pub(super) fn to_role(self) -> Role {
        let label = |to: &str| (format!("{AGGREGATE_TO}{to}"), "true".to_owned());
        let (key, value) = BOOTSTRAPPING;
        Role {
            namespace: self.namespace.map(Into::into),
            labels: [(key.to_owned(), value.to_owned())]
                .into_iter()
                .chain(self.aggregate_to.map(label))
                .collect(),
            aggregation: self.aggregates.then(|| AggregationRule {
                selectors: vec![LabelSelector {
                    match_labels: BTreeMap::from([label(self.name)]),
                    match_expressions: Vec::new(),
                }],
            }),
            origin: Origin::BuiltIn,
            ..Role::cluster(self.name(), self.rules.iter().map(|rule| rule.to_rule()))
        }
    }
}

impl DefaultRule {
    /// The same rule for objects of these names.
    pub(super) const fn named(self, names: &'static str) -> Self {
        Self { names, ..self }
    }

    fn to_rule(self) -> Rule {
        let group = |word| ApiGroup::from(if word == CORE { "" } else { word });
        Rule {
            verbs: words(self.verbs),
            api_groups: self.groups.split_whitespace().map(group).collect(),
            resources: words(self.resources),
            resource_names: words(self.names),
            non_resource_urls: words(self.paths),
            origin: Origin::BuiltIn,
        }
    }
}

fn words<T: From<&'static str>>(list: &'static str) -> Vec<T> {
    list.split_whitespace().map(T::from).collect()
}
