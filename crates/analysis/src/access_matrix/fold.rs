//! From grants to rows.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use rolecall_model::{ApiGroup, PolicySet, ResourceName, ResourcePattern, Rule, Verb, Wild};
use rolecall_reference::path;

use super::{AccessMatrix, ApiGroups, Given, Resources, Row, RowTarget, Source};
use crate::{grant_scope::GrantScope, who_can::path_index::PathIndex};

const WILDCARD: &str = "*";
const READ_ONLY_VERBS: [&str; 3] = ["get", "list", "watch"];

/// The verbs of Kubernetes' API in the order in which people name them; any other comes behind.
const VERBS_IN_ORDER: [&str; 8] =
    ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"];

pub(super) fn fold<'p>(
    policies: &'p PolicySet,
    given: &[Given<'p>],
    namespace: Option<&str>,
) -> AccessMatrix<'p> {
    let mut cells = Cells { namespace, by_place: BTreeMap::new() };
    for given in given {
        cells.add(policies, given);
    }
    let cells = cells.by_place;
    let wide = Wide::of(&cells);
    let kept = cells.iter().filter(|(place, cell)| !wide.covers(place, cell, &cells));
    AccessMatrix { rows: group(kept) }
}

/// A target in a scope.
type Place<'p> = (RowTarget<'p>, GrantScope<'p>);

/// What is allowed in a place.
#[derive(Clone, Debug, Default)]
struct Cell<'p> {
    verbs: BTreeSet<&'p str>,
    sources: BTreeSet<Source>,
}

struct Cells<'p, 'n> {
    namespace: Option<&'n str>,
    by_place: BTreeMap<Place<'p>, Cell<'p>>,
}

impl<'p> Cells<'p, '_> {
    fn add(&mut self, policies: &'p PolicySet, given: &Given<'p>) {
        match given.source {
            Source::AlwaysAllow | Source::Superuser => {
                let every = RowTarget::Resource {
                    api_group: ApiGroups::Every,
                    resource: Resources::Every,
                    names: Arc::default(),
                };
                self.allow(every, given.scope, &[WILDCARD], given.source);
                self.allow(RowTarget::Path(WILDCARD), given.scope, &[WILDCARD], given.source);
            }
            Source::AttributePolicy(index) => {
                let Some(policy) = policies.attribute_policy(index) else { return };
                let verbs: &[&str] = if policy.read_only { &READ_ONLY_VERBS } else { &[WILDCARD] };
                let resource = match &policy.resource {
                    Wild::Any => Resources::Every,
                    Wild::Is(resource) => Resources::WithSubresources(resource),
                };
                let api_group = match &policy.api_group {
                    Wild::Any => ApiGroups::Every,
                    Wild::Is(group) => ApiGroups::Is(group.as_str()),
                };
                let target = RowTarget::Resource { api_group, resource, names: Arc::default() };
                self.allow(target, given.scope, verbs, given.source);
                let paths = RowTarget::Path(policy.non_resource_path.as_str());
                self.allow(paths, GrantScope::Everywhere, verbs, given.source);
            }
            Source::Role { binding: _, role } => {
                let rules = policies.role(role).map(|role| role.rules.as_slice());
                for rule in rules.unwrap_or_default() {
                    self.add_rule(rule, given);
                }
            }
        }
    }

    fn add_rule(&mut self, rule: &'p Rule, given: &Given<'p>) {
        let verbs: Vec<_> = rule.verbs.iter().map(Verb::as_str).collect();
        let names: BTreeSet<_> = rule.resource_names.iter().map(ResourceName::as_str).collect();
        let names: Arc<[&str]> = names.into_iter().collect();
        for api_group in rule.api_groups.iter().map(ApiGroup::as_str) {
            let api_group = if api_group == WILDCARD { ApiGroups::Every } else { ApiGroups::Is(api_group) };
            for entry in rule.resources.iter().map(ResourcePattern::as_str) {
                let resource = if entry == WILDCARD { Resources::Every } else { Resources::Entry(entry) };
                let target = RowTarget::Resource { api_group, resource, names: Arc::clone(&names) };
                self.allow(target, given.scope, &verbs, given.source);
            }
        }
        if given.scope == GrantScope::Everywhere {
            for pattern in &rule.non_resource_urls {
                self.allow(RowTarget::Path(pattern.as_str()), given.scope, &verbs, given.source);
            }
        }
    }

    fn allow(&mut self, target: RowTarget<'p>, scope: GrantScope<'p>, verbs: &[&'p str], source: Source) {
        let counts = match (self.namespace, scope) {
            (None, _) | (_, GrantScope::Everywhere) => true,
            (Some(_), GrantScope::Cluster) => false,
            (Some(asked), GrantScope::Namespace(own)) => asked == own,
        };
        let is_asked_for = match &target {
            RowTarget::Path(pattern) => !pattern.is_empty(),
            RowTarget::Resource { resource: Resources::Entry(entry), .. } => !entry.is_empty(),
            RowTarget::Resource { resource: Resources::WithSubresources(resource), .. } => {
                !resource.is_empty()
            }
            RowTarget::Resource { resource: Resources::Every, .. } => true,
        };
        if !counts || !is_asked_for || verbs.is_empty() {
            return;
        }
        let cell = self.by_place.entry((target, scope)).or_default();
        cell.sources.insert(source);
        if cell.verbs.contains(WILDCARD) {
            return;
        }
        if verbs.contains(&WILDCARD) {
            cell.verbs.clear();
            cell.verbs.insert(WILDCARD);
        } else {
            cell.verbs.extend(verbs);
        }
    }
}

/// Where to look for what covers a cell.
struct Wide<'p> {
    paths: PathIndex<'p, &'p str>,
}

impl<'p> Wide<'p> {
    fn of(cells: &BTreeMap<Place<'p>, Cell<'p>>) -> Self {
        let mut paths = PathIndex::default();
        for (target, _) in cells.keys() {
            if let RowTarget::Path(pattern) = target {
                paths.add(pattern, *pattern);
            }
        }
        Self { paths }
    }

    /// Whether another cell, which is wider, allows all that this one does.
    fn covers(&self, place: &Place<'p>, cell: &Cell<'p>, cells: &BTreeMap<Place<'p>, Cell<'p>>) -> bool {
        self.wider(place).into_iter().any(|wider| {
            wider != *place
                && cells.get(&wider).is_some_and(|other| {
                    other.verbs.contains(WILDCARD) || other.verbs.is_superset(&cell.verbs)
                })
        })
    }

    /// The places, this one among them, that cover all requests which this one covers.
    fn wider(&self, (target, scope): &Place<'p>) -> Vec<Place<'p>> {
        match target {
            RowTarget::Path(pattern) => {
                let candidates = self.paths.candidates(pattern);
                let wider = candidates.into_iter().filter(|wide| {
                    let narrower = before_stars(wide).len() < before_stars(pattern).len();
                    let literal = before_stars(pattern).len() == pattern.len();
                    path::covers(&(*wide).into(), pattern) && (narrower || literal)
                });
                wider.map(|wide| (RowTarget::Path(wide), *scope)).collect()
            }
            RowTarget::Resource { api_group, resource, names } => {
                // `pods/log` is not taken under `pods` with subresources, nor under `*/log`: a review may
                // have it as one text, which only the entry itself covers.
                let with_subresources = match resource {
                    Resources::Entry(entry) if !entry.contains('/') => {
                        Some(Resources::WithSubresources(entry))
                    }
                    _ => None,
                };
                let resources = [Some(*resource), with_subresources, Some(Resources::Every)];
                // What is as wide as can be is looked up once.
                let groups = [Some(*api_group), Some(ApiGroups::Every).filter(|every| every != api_group)];
                let all_names = (!names.is_empty()).then(Arc::default);
                let everywhere = Some(GrantScope::Everywhere).filter(|everywhere| everywhere != scope);
                let mut places = Vec::new();
                for resource in resources.into_iter().flatten() {
                    for api_group in groups.into_iter().flatten() {
                        for names in [Some(names), all_names.as_ref()].into_iter().flatten() {
                            for scope in [Some(*scope), everywhere].into_iter().flatten() {
                                let names = Arc::clone(names);
                                places.push((RowTarget::Resource { api_group, resource, names }, scope));
                            }
                        }
                    }
                }
                places
            }
        }
    }
}

fn before_stars(pattern: &str) -> &str {
    pattern.trim_end_matches(WILDCARD)
}

/// Joins the scopes of cells that are otherwise alike.
fn group<'a, 'p: 'a>(cells: impl Iterator<Item = (&'a Place<'p>, &'a Cell<'p>)>) -> Vec<Row<'p>> {
    let mut rows: Vec<Row<'p>> = Vec::new();
    let mut places: HashMap<(&RowTarget<'p>, &BTreeSet<&'p str>), usize> = HashMap::new();
    // The cells come in order of their targets, then of their scopes.
    for ((target, scope), cell) in cells {
        let place = *places.entry((target, &cell.verbs)).or_insert(rows.len());
        if place == rows.len() {
            let (verbs, target) = (in_order(&cell.verbs), target.clone());
            rows.push(Row { target, verbs, scopes: Vec::new(), sources: Vec::new() });
        }
        if let Some(row) = rows.get_mut(place) {
            row.scopes.push(*scope);
            row.sources.extend(&cell.sources);
        }
    }
    for row in &mut rows {
        row.sources.sort_unstable();
        row.sources.dedup();
    }
    rows
}

fn in_order<'p>(verbs: &BTreeSet<&'p str>) -> Vec<&'p str> {
    let mut verbs: Vec<_> = verbs.iter().copied().collect();
    verbs.sort_by_key(|verb| VERBS_IN_ORDER.iter().position(|known| known == verb).unwrap_or(usize::MAX));
    verbs
}

#[cfg(test)]
mod tests {
    use rolecall_model::{RoleRef, Subject};

    use super::*;
    use crate::{access_matrix::Access, explain::GrantIndex};

    /// The rows of jane, a line each.
    fn rows(rules: &[(Option<&str>, Rule)], namespace: Option<&str>) -> Vec<String> {
        let mut policies = PolicySet::builder();
        for (number, (namespace, rule)) in rules.iter().enumerate() {
            let role = RoleRef::cluster_role(format!("role-{number}"));
            let name = format!("binding-{number}");
            policies = policies.cluster_role(role.name.clone(), [rule.clone()]);
            let jane = [Subject::user("jane")];
            policies = match namespace {
                None => policies.cluster_role_binding(name, role.name, jane),
                Some(namespace) => policies.role_binding(*namespace, name, role, jane),
            };
        }
        let policies = policies.build().unwrap();
        let access = Access::of(&policies, &GrantIndex::of(&policies), "jane", &[]);
        let matrix = AccessMatrix::of(&policies, &access.given, namespace);
        let line = |row: &Row<'_>| format!("{} {} {:?}", row.target, row.verbs.join(","), row.scopes);
        matrix.rows.iter().map(line).collect()
    }

    #[test]
    fn verbs_are_joined_and_namespaces_named_together() {
        let rules = [
            (Some("a"), Rule::resources(["delete", "get"], [""], ["pods"])),
            (Some("b"), Rule::resources(["get"], [""], ["pods"])),
            (Some("b"), Rule::resources(["delete"], [""], ["pods"])),
            (Some("c"), Rule::resources(["get"], ["apps"], ["deployments/scale"])),
        ];
        assert_eq!(
            rows(&rules, None),
            [
                "pods get,delete [Namespace(\"a\"), Namespace(\"b\")]",
                "deployments.apps/scale get [Namespace(\"c\")]"
            ]
        );
        assert_eq!(rows(&rules, Some("a")), ["pods get,delete [Namespace(\"a\")]"]);
    }

    #[test]
    fn what_a_wider_row_says_as_well_is_left_out() {
        let rules = [
            (None, Rule::resources(["*"], ["apps"], ["*"])),
            (Some("a"), Rule::resources(["get"], ["apps"], ["deployments"]).named(["web"])),
            (Some("a"), Rule::resources(["get"], [""], ["pods"])),
            (Some("a"), Rule::resources(["get", "list"], [""], ["pods"]).named(["web"])),
        ];
        assert_eq!(
            rows(&rules, None),
            ["pods get [Namespace(\"a\")]", "pods get,list [Namespace(\"a\")]", "*.apps * [Everywhere]"]
        );
    }

    #[test]
    fn paths_are_folded_under_their_prefixes() {
        let paths = |paths: &[&str]| (None, Rule::paths(["get"], paths.iter().copied()));
        assert_eq!(
            rows(&[paths(&["/a", "/a/b", "/a/*", "/a/b*", "/c"])], None),
            ["/a get [Everywhere]", "/a/* get [Everywhere]", "/c get [Everywhere]"]
        );
        // A RoleBinding gives no path.
        assert_eq!(rows(&[(Some("a"), Rule::paths(["get"], ["/"]))], None), [""; 0]);
    }

    #[test]
    fn an_entry_with_a_slash_is_more_than_a_resource_of_that_text() {
        let policies = PolicySet::builder()
            .cluster_role("logs", [Rule::resources(["get"], [""], ["pods/log", "pods"])])
            .cluster_role_binding("logs", "logs", [Subject::user("jane")]);
        let line = |resource: &str| rolecall_model::AttributePolicy {
            user: Some("jane".into()),
            group: None,
            read_only: false,
            api_group: Wild::Any,
            resource: Wild::Is(resource.to_owned()),
            namespace: Wild::Any,
            non_resource_path: "".into(),
            origin: rolecall_model::Origin::Code,
        };
        let lines = policies.attribute_policy(line("pods/log")).attribute_policy(line("pods"));
        let policies = lines.build().unwrap();
        let access = Access::of(&policies, &GrantIndex::of(&policies), "jane", &[]);
        let matrix = AccessMatrix::of(&policies, &access.given, None);
        let targets: Vec<_> = matrix.rows.iter().map(|row| row.target.to_string()).collect();
        assert_eq!(targets, ["pods.*[/*]", "pods/log.*[/*]", "pods/log"]);
    }
}
