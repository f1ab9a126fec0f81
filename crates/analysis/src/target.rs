//! The targets that rules tell apart.
//!
//! What a rule says about a resource is a product of lists: verbs × API groups × resources × names. Two
//! requests differ only where some list does, so that the classes are a product as well, pruned by what
//! can matter together:
//!
//! - in an API group, only the resources of rules that name this group or `*`: any other resource is to it
//!   like one that nobody named;
//! - on a resource, only the verbs and names of those rules whose entry names it (`pods`, `*/log`, `*`).
//!
//! Beside what is named there is always what is not: a fresh text, the literal `*`, and the empty text.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
};

use foldhash::fast::RandomState;
use rolecall_model::{ApiGroup, AttributePolicy, ResourceName, ResourcePattern, Rule, Target, Verb};

use crate::{fresh::named, names::Names};

/// Every target that some rules and attribute policies tell apart, with the verbs that matter on it.
#[derive(Clone, Debug, Default)]
pub struct Targets<'p> {
    resources: Vec<ResourceClass<'p>>,
    paths: Vec<PathClass<'p>>,
}

/// One resource with the verbs and names that matter on it: a class for each verb and each name.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ResourceClass<'p> {
    /// The API group.
    pub api_group: Cow<'p, str>,
    /// The resource.
    pub resource: Cow<'p, str>,
    /// The subresource; empty for none.
    pub subresource: Cow<'p, str>,
    /// The verbs.
    pub verbs: Vec<Cow<'p, str>>,
    /// The names of objects; the empty text is a request without one.
    pub names: Vec<Cow<'p, str>>,
}

/// One path with the verbs that matter on it: a class for each verb.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PathClass<'p> {
    /// The path.
    pub path: Cow<'p, str>,
    /// The verbs.
    pub verbs: Vec<Cow<'p, str>>,
}

impl<'p> Targets<'p> {
    /// The targets that these rules and attribute policies tell apart.
    ///
    /// `fresh` has to be a text that stands nowhere in them.
    pub fn of(rules: &[&'p Rule], attribute_policies: &[&'p AttributePolicy], fresh: &str) -> Self {
        Self {
            resources: resource_classes(rules, attribute_policies, fresh),
            paths: path_classes(rules, attribute_policies, fresh),
        }
    }

    /// The resources.
    pub fn resources(&self) -> &[ResourceClass<'p>] {
        &self.resources
    }

    /// The paths.
    pub fn paths(&self) -> &[PathClass<'p>] {
        &self.paths
    }

    /// The number of classes of verb and resource and name.
    pub fn resource_count(&self) -> u64 {
        self.resources.iter().map(|class| class.verbs.len() as u64 * class.names.len() as u64).sum()
    }

    /// The number of classes of verb and path.
    pub fn path_count(&self) -> u64 {
        self.paths.iter().map(|class| class.verbs.len() as u64).sum()
    }

    /// Verb and target of every class of a resource in this namespace.
    pub fn in_namespace<'a>(&'a self, namespace: &'a str) -> impl Iterator<Item = (&'a str, Target<'a>)> {
        self.resources.iter().flat_map(move |class| {
            class.verbs.iter().flat_map(move |verb| {
                class.names.iter().map(move |name| (&**verb, class.target(namespace, name)))
            })
        })
    }

    /// Verb and target of every class of a path.
    pub fn on_paths(&self) -> impl Iterator<Item = (&str, Target<'_>)> {
        self.paths
            .iter()
            .flat_map(|class| class.verbs.iter().map(|verb| (&**verb, Target::Path(&class.path))))
    }
}

impl ResourceClass<'_> {
    /// The target in a namespace (empty for cluster scope), of an object of this name (empty for none).
    pub fn target<'a>(&'a self, namespace: &'a str, name: &'a str) -> Target<'a> {
        Target::Resource {
            namespace,
            api_group: &self.api_group,
            resource: &self.resource,
            subresource: &self.subresource,
            name,
        }
    }
}

const WILDCARD: &str = "*";
const ANY_RESOURCE: &str = "*/";

/// The verbs that a read-only attribute policy tells from all others.
const READ_ONLY_VERBS: [&str; 3] = ["get", "list", "watch"];

fn resource_classes<'p>(
    rules: &[&'p Rule],
    attribute_policies: &[&'p AttributePolicy],
    fresh: &str,
) -> Vec<ResourceClass<'p>> {
    let mut groups = Names::default();
    for rule in rules {
        groups.add_all(rule.api_groups.iter().map(ApiGroup::as_str));
    }
    for policy in attribute_policies {
        groups.add_all(named(&policy.api_group));
    }
    add_unnamed(&mut groups, fresh);
    let mut classes = Vec::new();
    for group in groups.into_vec() {
        let of_group = OfGroup::new(&group, rules, attribute_policies);
        for (resource, subresource) in of_group.resources(fresh) {
            let (verbs, names) = of_group.verbs_and_names(&resource, &subresource, fresh);
            classes.push(ResourceClass { api_group: group.clone(), resource, subresource, verbs, names });
        }
    }
    classes
}

/// What names one API group, or all of them.
struct OfGroup<'p> {
    /// The rules by the entries of their `resources`.
    by_entry: HashMap<&'p str, Vec<&'p Rule>, RandomState>,
    /// The entries, but for the wildcard, in the order of their first appearance.
    entries: Vec<&'p str>,
    /// What stands behind `*/`.
    subresources: Names<'p>,
    /// The resources of attribute policies, which cover all subresources of theirs.
    attribute_resources: Names<'p>,
    has_attribute_policies: bool,
}

impl<'p> OfGroup<'p> {
    fn new(group: &str, rules: &[&'p Rule], attribute_policies: &[&'p AttributePolicy]) -> Self {
        let mut this = Self {
            by_entry: HashMap::default(),
            entries: Vec::new(),
            subresources: Names::default(),
            attribute_resources: Names::default(),
            has_attribute_policies: false,
        };
        let names_group = |entry: &str| entry == WILDCARD || entry == group;
        for &rule in rules.iter().filter(|rule| rule.api_groups.iter().any(|own| names_group(own.as_str()))) {
            for entry in rule.resources.iter().map(ResourcePattern::as_str) {
                let rules_on_it = this.by_entry.entry(entry).or_default();
                if rules_on_it.is_empty() && entry != WILDCARD {
                    this.entries.push(entry);
                }
                rules_on_it.push(rule);
                if let Some(subresource) = entry.strip_prefix(ANY_RESOURCE) {
                    this.subresources.add(subresource);
                }
            }
        }
        for policy in attribute_policies {
            if named(&policy.api_group).is_none_or(|own| own == group) {
                this.has_attribute_policies = true;
                this.attribute_resources.add_all(named(&policy.resource));
            }
        }
        this
    }

    /// Resources and subresources: for each entry the requests that read like it and its neighbours, and
    /// what nobody named.
    fn resources(&self, fresh: &str) -> Vec<(Cow<'p, str>, Cow<'p, str>)> {
        let mut pairs = Pairs::default();
        for &entry in &self.entries {
            // Written as one text, as a review may have it, the subresource is empty.
            pairs.add(entry, "");
            for (resource, subresource) in self.splits(entry) {
                pairs.add(resource, subresource);
            }
            let resource = entry.split_once('/').map_or(entry, |(resource, _)| resource);
            pairs.add(resource, "");
            pairs.add(resource, fresh.to_owned());
        }
        let mut resources = self.attribute_resources.clone();
        add_unnamed(&mut resources, fresh);
        let mut subresources = self.subresources.clone();
        subresources.add("");
        subresources.add(fresh.to_owned());
        for resource in resources.as_slice() {
            for subresource in subresources.as_slice() {
                pairs.add(resource.clone(), subresource.clone());
            }
        }
        pairs.ordered
    }

    /// The ways to read an entry as resource and subresource that something else tells apart: at the first
    /// and the last slash, and wherever a half is named by itself.
    fn splits(&self, entry: &'p str) -> impl Iterator<Item = (&'p str, &'p str)> {
        let (first, last) = (entry.find('/'), entry.rfind('/'));
        entry.match_indices('/').filter_map(move |(at, _)| {
            let (resource, rest) = entry.split_at_checked(at)?;
            let subresource = rest.strip_prefix('/')?;
            let kept = Some(at) == first
                || Some(at) == last
                || self.subresources.contains(subresource)
                || self.attribute_resources.contains(resource);
            kept.then_some((resource, subresource))
        })
    }

    /// The verbs and names of all rules that name this resource, and what nobody named.
    fn verbs_and_names(
        &self,
        resource: &str,
        subresource: &str,
        fresh: &str,
    ) -> (Vec<Cow<'p, str>>, Vec<Cow<'p, str>>) {
        let (mut verbs, mut names) = (Names::default(), Names::default());
        for rule in self.rules_on(resource, subresource) {
            verbs.add_all(rule.verbs.iter().map(Verb::as_str));
            names.add_all(rule.resource_names.iter().map(ResourceName::as_str));
        }
        if self.has_attribute_policies {
            verbs.add_all(READ_ONLY_VERBS);
        }
        add_unnamed(&mut verbs, fresh);
        let restricted = !names.is_empty();
        names.add("");
        names.add(fresh.to_owned());
        if restricted {
            names.add(WILDCARD);
        }
        (verbs.into_vec(), names.into_vec())
    }

    fn rules_on(&self, resource: &str, subresource: &str) -> impl Iterator<Item = &'p Rule> {
        let under = |entry: &str| self.by_entry.get(entry).map(Vec::as_slice).unwrap_or_default();
        let (own, of_every) = if subresource.is_empty() {
            (under(resource), &[][..])
        } else {
            (under(&format!("{resource}/{subresource}")), under(&format!("{ANY_RESOURCE}{subresource}")))
        };
        under(WILDCARD).iter().chain(own).chain(of_every).copied()
    }
}

fn path_classes<'p>(
    rules: &[&'p Rule],
    attribute_policies: &[&'p AttributePolicy],
    fresh: &str,
) -> Vec<PathClass<'p>> {
    let (mut paths, mut verbs) = (Names::default(), Names::default());
    for rule in rules.iter().filter(|rule| !rule.non_resource_urls.is_empty()) {
        verbs.add_all(rule.verbs.iter().map(Verb::as_str));
        rule.non_resource_urls.iter().for_each(|pattern| add_neighbours(&mut paths, pattern.as_str(), fresh));
    }
    for policy in attribute_policies {
        verbs.add_all(READ_ONLY_VERBS);
        add_neighbours(&mut paths, policy.non_resource_path.as_str(), fresh);
    }
    add_unnamed(&mut verbs, fresh);
    paths.add("/");
    paths.add(format!("/{fresh}"));
    add_unnamed(&mut paths, fresh);
    let verbs = verbs.into_vec();
    paths.into_vec().into_iter().map(|path| PathClass { path, verbs: verbs.clone() }).collect()
}

/// The pattern as a path of its own, what stands before its trailing stars, that one character shorter, and
/// both with something behind them.
fn add_neighbours<'p>(paths: &mut Names<'p>, pattern: &'p str, fresh: &str) {
    let prefix = pattern.trim_end_matches(WILDCARD);
    paths.add(pattern);
    paths.add(prefix);
    paths.add(format!("{prefix}{fresh}"));
    let mut shorter = prefix.chars();
    shorter.next_back();
    paths.add(shorter.as_str());
    paths.add(format!("{}{fresh}", shorter.as_str()));
}

/// What no policy means by name: the empty text, the literal star, and a fresh text.
fn add_unnamed(names: &mut Names<'_>, fresh: &str) {
    names.add("");
    names.add(WILDCARD);
    names.add(fresh.to_owned());
}

/// Pairs of resource and subresource in the order of their first appearance, each once.
#[derive(Default)]
struct Pairs<'p> {
    ordered: Vec<(Cow<'p, str>, Cow<'p, str>)>,
    known: HashSet<(Cow<'p, str>, Cow<'p, str>), RandomState>,
}

impl<'p> Pairs<'p> {
    fn add(&mut self, resource: impl Into<Cow<'p, str>>, subresource: impl Into<Cow<'p, str>>) {
        let pair = (resource.into(), subresource.into());
        if self.known.insert(pair.clone()) {
            self.ordered.push(pair);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(rules: &[Rule], group: &str) -> Vec<(String, String)> {
        let rules: Vec<_> = rules.iter().collect();
        let targets = Targets::of(&rules, &[], "other");
        let classes = targets.resources.into_iter().filter(|class| class.api_group == group);
        classes.map(|class| (class.resource.into_owned(), class.subresource.into_owned())).collect()
    }

    fn has(pairs: &[(String, String)], resource: &str, subresource: &str) -> bool {
        pairs.iter().any(|(own, sub)| own == resource && sub == subresource)
    }

    #[test]
    fn entries_are_read_in_every_way() {
        let rules = [Rule::resources(["get"], [""], ["pods", "pods/log", "*/scale", "a/b/c", "*/c"])];
        let core = pairs(&rules, "");
        for (resource, subresource) in [
            ("pods", ""),
            ("pods", "log"),
            ("pods/log", ""),
            ("pods", "other"),
            ("other", "scale"),
            ("other", ""),
            ("other", "other"),
            ("a", "b/c"),
            ("a/b", "c"),
            ("a/b/c", ""),
            ("", ""),
            ("*", ""),
            ("*", "scale"),
        ] {
            assert!(has(&core, resource, subresource), "{resource}/{subresource} in {core:?}");
        }
    }

    #[test]
    fn a_group_has_the_resources_that_are_named_with_it() {
        let rules = [
            Rule::resources(["get"], ["apps"], ["deployments"]),
            Rule::resources(["get"], ["*"], ["events"]),
        ];
        assert!(has(&pairs(&rules, "apps"), "deployments", ""));
        assert!(has(&pairs(&rules, "apps"), "events", ""));
        for unnamed in ["", "*", "other"] {
            assert!(!has(&pairs(&rules, unnamed), "deployments", ""));
            assert!(has(&pairs(&rules, unnamed), "events", ""));
        }
    }

    #[test]
    fn names_and_verbs_are_those_of_rules_on_the_resource() {
        let rules = [
            Rule::resources(["get"], [""], ["secrets"]).named(["token"]),
            Rule::resources(["list"], [""], ["pods"]),
            Rule::resources(["delete"], [""], ["*"]),
        ];
        let rules: Vec<_> = rules.iter().collect();
        let targets = Targets::of(&rules, &[], "other");
        let class = |resource: &str| {
            targets
                .resources
                .iter()
                .find(|class| class.api_group.is_empty() && class.resource == resource)
                .unwrap()
        };
        assert_eq!(class("secrets").verbs, ["delete", "get", "", "*", "other"]);
        assert_eq!(class("secrets").names, ["token", "", "other", "*"]);
        assert_eq!(class("pods").verbs, ["delete", "list", "", "*", "other"]);
        assert_eq!(class("pods").names, ["", "other"]);
    }

    #[test]
    fn paths_stand_beside_their_patterns() {
        let rule = Rule::paths(["get"], ["/api/*", "/a*"]);
        let targets = Targets::of(&[&rule], &[], "other");
        let paths: Vec<_> = targets.paths.iter().map(|class| &*class.path).collect();
        for path in ["/api/*", "/api/", "/api/other", "/api", "/apiother", "/a", "/aother", "/", "", "*"] {
            assert!(paths.contains(&path), "{path} in {paths:?}");
        }
        assert_eq!(targets.path_count(), paths.len() as u64 * 4);
    }
}
