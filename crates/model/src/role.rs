//! Roles: named lists of rules.

use std::collections::BTreeMap;

use crate::{Namespace, Origin, RoleName, Rule};

/// A Role or a ClusterRole.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Role {
    /// The namespace of a Role; `None` for a ClusterRole.
    pub namespace: Option<Namespace>,
    /// Its name.
    pub name: RoleName,
    /// What it grants to those who are bound to it. For an aggregated ClusterRole whose policy set was
    /// resolved, the union of what it selects.
    pub rules: Vec<Rule>,
    /// Its labels, by which other ClusterRoles select it.
    pub labels: BTreeMap<String, String>,
    /// How its rules are gathered from other ClusterRoles.
    pub aggregation: Option<AggregationRule>,
    /// Where it stands.
    pub origin: Origin,
}

impl Role {
    /// A ClusterRole.
    pub fn cluster(name: impl Into<RoleName>, rules: impl IntoIterator<Item = Rule>) -> Self {
        Self {
            namespace: None,
            name: name.into(),
            rules: rules.into_iter().collect(),
            labels: BTreeMap::new(),
            aggregation: None,
            origin: Origin::default(),
        }
    }

    /// A Role of a namespace.
    pub fn namespaced(
        namespace: impl Into<Namespace>,
        name: impl Into<RoleName>,
        rules: impl IntoIterator<Item = Rule>,
    ) -> Self {
        Self { namespace: Some(namespace.into()), ..Self::cluster(name, rules) }
    }

    /// `Role` or `ClusterRole`.
    pub fn kind(&self) -> &'static str {
        if self.namespace.is_some() { "Role" } else { "ClusterRole" }
    }
}

/// How an aggregated ClusterRole gathers its rules: the union over the selectors.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct AggregationRule {
    /// A ClusterRole that any of these selects is taken in.
    pub selectors: Vec<LabelSelector>,
}

/// A label selector: all of its parts must hold; without parts it selects everything.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct LabelSelector {
    /// Labels that must be there with this value.
    pub match_labels: BTreeMap<String, String>,
    /// Requirements on single labels.
    pub match_expressions: Vec<LabelRequirement>,
}

/// One requirement of a label selector.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LabelRequirement {
    /// The label.
    pub key: String,
    /// How it is compared.
    pub operator: LabelOperator,
    /// With what.
    pub values: Vec<String>,
}

/// How a requirement compares a label.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum LabelOperator {
    /// The label is absent.
    DoesNotExist,
    /// The label is there.
    Exists,
    /// The label is there with one of the values.
    In,
    /// The label is absent or has none of the values.
    NotIn,
    /// A word that is none of these: the selector is invalid and aggregates nothing.
    Unknown(String),
}
