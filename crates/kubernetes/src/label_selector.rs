//! Label selectors: which labels they want, and whether they can be asked at all.

use std::collections::{BTreeMap, HashMap};

use rolecall_model::{LabelOperator, LabelRequirement, LabelSelector};

use crate::identity::is_dns_subdomain;

/// Whether Kubernetes can make anything of a selector: keys and values are such that labels may have them,
/// `In` and `NotIn` have values, `Exists` and `DoesNotExist` have none, and there is no other operator.
///
/// Source: `conformance/README.md`, "Aggregated ClusterRoles" (an invalid selector leaves the rules as they were); what
/// is valid, Kubernetes' `labels.NewRequirement`.
pub fn is_valid(selector: &LabelSelector) -> bool {
    let labels = &selector.match_labels;
    labels.iter().all(|(key, value)| is_label_key(key) && is_label_value(value))
        && selector.match_expressions.iter().all(is_valid_requirement)
}

/// Whether all parts of a valid selector hold of these labels.
pub fn selects(selector: &LabelSelector, labels: &BTreeMap<String, String>) -> bool {
    selector.match_labels.iter().all(|(key, value)| labels.get(key) == Some(value))
        && selector.match_expressions.iter().all(|requirement| holds(requirement, labels))
}

/// Whether a text may be the key of a label (`name`, or `prefix/name` with a DNS subdomain before the slash).
pub fn is_label_key(text: &str) -> bool {
    let name = match text.split_once('/') {
        Some((prefix, name)) if is_dns_subdomain(prefix) => name,
        Some(_) => return false,
        None => text,
    };
    !name.is_empty() && is_label_value(name)
}

/// Whether a text may be the value of a label: empty, or at most 63 letters, digits, `-`, `_` and `.`, the first and the
/// last of which are letters or digits.
pub fn is_label_value(text: &str) -> bool {
    let outer = |byte: Option<u8>| byte.is_none_or(|byte| byte.is_ascii_alphanumeric());
    text.len() <= 63
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
        && outer(text.bytes().next())
        && outer(text.bytes().next_back())
}

/// Finds the few label sets that a selector can select, so that not every selector looks at every one.
#[derive(Debug)]
pub(crate) struct LabelIndex<'a> {
    all: Vec<usize>,
    by_key: HashMap<&'a str, Vec<usize>>,
    by_label: HashMap<&'a str, HashMap<&'a str, Vec<usize>>>,
}

impl<'a> LabelIndex<'a> {
    /// Numbers label sets from 0.
    pub(crate) fn new(label_sets: impl Iterator<Item = &'a BTreeMap<String, String>>) -> Self {
        let mut index = Self { all: Vec::new(), by_key: HashMap::new(), by_label: HashMap::new() };
        for (number, labels) in label_sets.enumerate() {
            index.all.push(number);
            for (key, value) in labels {
                index.by_key.entry(key).or_default().push(number);
                index.by_label.entry(key).or_default().entry(value).or_default().push(number);
            }
        }
        index
    }

    /// The numbers of a superset of what a selector selects, ascending.
    pub(crate) fn candidates(&self, selector: &LabelSelector) -> &[usize] {
        let equal = selector
            .match_labels
            .iter()
            .map(|(key, value)| self.by_label.get(key.as_str())?.get(value.as_str()));
        let present = selector
            .match_expressions
            .iter()
            .filter(|requirement| matches!(requirement.operator, LabelOperator::In | LabelOperator::Exists))
            .map(|requirement| self.by_key.get(requirement.key.as_str()));
        equal
            .chain(present)
            .map(|numbers| numbers.map_or(&[][..], Vec::as_slice))
            .min_by_key(|numbers| numbers.len())
            .unwrap_or(&self.all)
    }
}

fn is_valid_requirement(requirement: &LabelRequirement) -> bool {
    let values = match requirement.operator {
        LabelOperator::In | LabelOperator::NotIn => !requirement.values.is_empty(),
        LabelOperator::Exists | LabelOperator::DoesNotExist => requirement.values.is_empty(),
        LabelOperator::Unknown(_) => false,
    };
    values && is_label_key(&requirement.key) && requirement.values.iter().all(|value| is_label_value(value))
}

fn holds(requirement: &LabelRequirement, labels: &BTreeMap<String, String>) -> bool {
    let value = labels.get(&requirement.key);
    match requirement.operator {
        LabelOperator::In => value.is_some_and(|value| requirement.values.contains(value)),
        LabelOperator::NotIn => value.is_none_or(|value| !requirement.values.contains(value)),
        LabelOperator::Exists => value.is_some(),
        LabelOperator::DoesNotExist => value.is_none(),
        LabelOperator::Unknown(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())).collect()
    }

    fn requirement(key: &str, operator: LabelOperator, values: &[&str]) -> LabelSelector {
        let values = values.iter().map(|&value| value.to_owned()).collect();
        LabelSelector {
            match_expressions: vec![LabelRequirement { key: key.to_owned(), operator, values }],
            ..LabelSelector::default()
        }
    }

    #[test]
    fn a_selector_without_parts_selects_everything() {
        assert!(is_valid(&LabelSelector::default()));
        assert!(selects(&LabelSelector::default(), &labels(&[])));
    }

    #[test]
    fn all_parts_must_hold() {
        let mut selector = requirement("tier", LabelOperator::Exists, &[]);
        selector.match_labels = labels(&[("team", "x"), ("stage", "")]);
        assert!(selects(&selector, &labels(&[("team", "x"), ("stage", ""), ("tier", "gold")])));
        assert!(!selects(&selector, &labels(&[("team", "x"), ("stage", "")])));
        assert!(!selects(&selector, &labels(&[("team", "x"), ("tier", "gold")])));
        assert!(!selects(&selector, &labels(&[("team", "X"), ("stage", ""), ("tier", "gold")])));
    }

    #[test]
    fn operators_tell_an_absent_label_from_another_value() {
        let cases = [
            (LabelOperator::In, vec!["a", "b"], [true, false, false]),
            (LabelOperator::NotIn, vec!["a", "b"], [false, true, true]),
            (LabelOperator::Exists, vec![], [true, true, false]),
            (LabelOperator::DoesNotExist, vec![], [false, false, true]),
        ];
        for (operator, values, expected) in cases {
            let selector = requirement("k", operator.clone(), &values);
            assert!(is_valid(&selector));
            let found = [labels(&[("k", "b")]), labels(&[("k", "c")]), labels(&[])]
                .map(|labels| selects(&selector, &labels));
            assert_eq!(found, expected, "{operator:?}");
        }
    }

    #[test]
    fn values_must_fit_the_operator() {
        assert!(!is_valid(&requirement("k", LabelOperator::In, &[])));
        assert!(!is_valid(&requirement("k", LabelOperator::NotIn, &[])));
        assert!(!is_valid(&requirement("k", LabelOperator::Exists, &["a"])));
        assert!(!is_valid(&requirement("k", LabelOperator::DoesNotExist, &["a"])));
        assert!(!is_valid(&requirement("k", LabelOperator::Unknown("Near".to_owned()), &["a"])));
        assert!(!is_valid(&requirement("k k", LabelOperator::In, &["a"])));
        assert!(!is_valid(&requirement("k", LabelOperator::In, &["a", "b c"])));
    }

    #[test]
    fn keys_and_values_are_those_that_labels_may_have() {
        let long = "a".repeat(63);
        let too_long = "a".repeat(64);
        for key in ["a", "A_b.c-9", "x.y/Z", &long, &format!("{}/{long}", ["a"; 127].join("."))] {
            assert!(is_label_key(key), "{key}");
        }
        let bad = ["", "/", "/a", "a/", "a/b/c", "A/b", "a b", "-a", "a-", "é", "a_.b/c", "a..b/c", "a*"];
        for key in bad.into_iter().chain([too_long.as_str(), &format!("{}/a", ["aa"; 85].join("."))]) {
            assert!(!is_label_key(key), "{key}");
        }
        for value in ["", "a", "9", "A_b.c-9", &long] {
            assert!(is_label_value(value), "{value}");
        }
        for value in [" ", "-", "a-", ".a", "a b", "a/b", "é", "true\n", &too_long] {
            assert!(!is_label_value(value), "{value}");
        }
        let mut selector = LabelSelector::default();
        selector.match_labels.insert("a".to_owned(), "b c".to_owned());
        assert!(!is_valid(&selector));
    }
}
