//! Aggregated ClusterRoles, resolved as Kubernetes' controller does it.
//!
//! The controller rewrites the rules of one ClusterRole at a time from what the ClusterRoles that it selects
//! hold at that moment, and begins anew whenever something changed. What it comes to rest at is computed
//! here without the detours:
//!
//! - Rules that already are what the controller would write stay: the files may come from a live cluster.
//! - Otherwise every aggregated role starts empty, for whatever its file says is overwritten, and roles are
//!   visited after those that they select. Without cycles one round is all, and the outcome is the
//!   controller's, to the order of the rules.
//! - Roles that select each other go on in rounds until none of them learns a new rule. Where the controller
//!   comes to rest then depends on chance; here a rule that only such roles themselves brought is dropped,
//!   since an unclear case refuses access.

use std::{
    collections::HashMap,
    fmt,
    hash::{Hash, Hasher},
};

use rolecall_model::{Role, RoleIndex, Rule};

use crate::label_selector::{LabelIndex, is_valid, selects};

/// The new rules of every aggregated ClusterRole, once the controller has nothing more to do. Roles that are
/// not listed keep theirs: those with an invalid selector, and all if there was nothing to do from the
/// beginning.
///
/// The union over the selectors; of each selector, the roles in order of their names; of equal rules (see
/// [`Rule::says_the_same`]) the first. Each copied rule keeps its origin. Cost: the rules of all selected
/// roles, for each role that selects them.
///
/// # Errors
///
/// When the roles would hold more than can be kept: a few lines of aggregation can ask for any amount.
///
/// Source: `spec/authorization/rbac.md` section 8; `conformance/README.md`, "Aggregated ClusterRoles".
pub fn aggregate(roles: &[Role]) -> Result<Vec<(RoleIndex, Vec<Rule>)>, TooManyRules> {
    if roles.iter().all(|role| role.aggregation.is_none()) {
        return Ok(Vec::new());
    }
    let mut aggregation = Aggregation::new(roles.iter())?;
    if aggregation.is_settled()? {
        return Ok(Vec::new());
    }
    aggregation.settle()?;
    aggregation.into_rules()
}

/// As [`aggregate`], but whatever aggregated roles hold now counts for nothing: for roles of which some have changed
/// since they were aggregated. The numbers are positions among the roles that are given.
///
/// # Errors
///
/// As [`aggregate`].
pub fn aggregate_anew<'a>(
    roles: impl IntoIterator<Item = &'a Role>,
) -> Result<Vec<(RoleIndex, Vec<Rule>)>, TooManyRules> {
    let mut aggregation = Aggregation::new(roles)?;
    aggregation.settle()?;
    aggregation.into_rules()
}

/// Aggregation that asks for more than can be kept or looked through.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TooManyRules {
    limit: usize,
    what: &'static str,
}

impl fmt::Display for TooManyRules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "aggregated ClusterRoles ask for more than {} {}", self.limit, self.what)
    }
}

impl std::error::Error for TooManyRules {}

/// How many verbs, groups, resources, names and paths all aggregated roles may hold together.
const MAX_ENTRIES: usize = 10_000_000;

/// How many roles and rules may be looked at on the way: less than a second.
const MAX_STEPS: usize = 100_000_000;

#[derive(Debug)]
struct Aggregation<'a> {
    /// All ClusterRoles in order of their names.
    nodes: Vec<Node<'a>>,
    /// For each distinct rule, the last computation that met it.
    met: Vec<usize>,
    /// The number of the present computation; the first is 1.
    computation: usize,
    steps: usize,
}

#[derive(Debug)]
struct Node<'a> {
    /// The position among all roles.
    position: usize,
    role: &'a Role,
    /// The rules as they stand now.
    rules: Vec<Said<'a>>,
    /// What the selectors select, in their order; `None` for a role that the controller leaves alone.
    sources: Option<Vec<usize>>,
    /// The computation that last gave it rules it had not had.
    grown: usize,
    /// The computation that last gave it its rules.
    computed: usize,
}

/// A rule with the number of what it says.
#[derive(Clone, Copy, Debug)]
struct Said<'a> {
    number: usize,
    rule: &'a Rule,
}

impl<'a> Aggregation<'a> {
    fn new(roles: impl IntoIterator<Item = &'a Role>) -> Result<Self, TooManyRules> {
        let mut numbers = HashMap::new();
        let mut nodes: Vec<Node<'_>> = roles
            .into_iter()
            .enumerate()
            .filter(|(_, role)| role.namespace.is_none())
            .map(|(position, role)| {
                let say = |rule| {
                    let next = numbers.len();
                    Said { number: *numbers.entry(Content(rule)).or_insert(next), rule }
                };
                Node {
                    position,
                    role,
                    rules: role.rules.iter().map(say).collect(),
                    sources: None,
                    grown: 0,
                    computed: 0,
                }
            })
            .collect();
        nodes.sort_by(|one, other| one.role.name.cmp(&other.role.name));
        let met = vec![0; numbers.len()];
        let mut aggregation = Self { nodes, met, computation: 0, steps: 0 };
        aggregation.select()?;
        Ok(aggregation)
    }

    /// Finds the sources of every aggregated role.
    fn select(&mut self) -> Result<(), TooManyRules> {
        let index = LabelIndex::new(self.nodes.iter().map(|node| &node.role.labels));
        let mut all_sources = Vec::new();
        for (number, node) in self.nodes.iter().enumerate() {
            let Some(aggregation) = &node.role.aggregation else { continue };
            if !aggregation.selectors.iter().all(is_valid) {
                continue;
            }
            let mut sources = Vec::new();
            for selector in &aggregation.selectors {
                let candidates = index.candidates(selector);
                self.steps = spend(self.steps, candidates.len())?;
                sources.extend(candidates.iter().copied().filter(|&candidate| {
                    candidate != number
                        && self.nodes.get(candidate).is_some_and(|node| selects(selector, &node.role.labels))
                }));
            }
            all_sources.push((number, sources));
        }
        for (number, sources) in all_sources {
            if let Some(node) = self.nodes.get_mut(number) {
                node.sources = Some(sources);
            }
        }
        Ok(())
    }

    /// Whether every aggregated role already has the rules that the controller would write.
    fn is_settled(&mut self) -> Result<bool, TooManyRules> {
        for number in 0..self.nodes.len() {
            if let Some(union) = self.union_of_sources(number)? {
                let present = self.nodes.get(number).map_or(&[][..], |node| &node.rules);
                if !present.iter().map(|said| said.number).eq(union.iter().map(|said| said.number)) {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// Rewrites rules until no role learns a new one. Ends, since a role never unlearns one.
    fn settle(&mut self) -> Result<(), TooManyRules> {
        for node in self.nodes.iter_mut().filter(|node| node.sources.is_some()) {
            node.rules.clear();
            node.computed = 0;
        }
        let order = self.sources_first();
        let mut grown = true;
        while grown {
            grown = false;
            for &number in &order {
                grown |= self.is_due(number) && self.rewrite(number)?;
            }
        }
        Ok(())
    }

    /// Whether a role was never computed, or a source of it has grown since.
    fn is_due(&self, number: usize) -> bool {
        self.nodes.get(number).is_some_and(|node| {
            let grown_since =
                |&source: &usize| self.nodes.get(source).is_some_and(|source| source.grown > node.computed);
            node.computed == 0 || node.sources.iter().flatten().any(grown_since)
        })
    }

    /// Gives a role the union of its sources; whether it has rules now that it had not.
    fn rewrite(&mut self, number: usize) -> Result<bool, TooManyRules> {
        let Some(union) = self.union_of_sources(number)? else { return Ok(false) };
        let Some(node) = self.nodes.get_mut(number) else { return Ok(false) };
        let grown = union.len() > node.rules.len();
        node.rules = union;
        node.computed = self.computation;
        if grown {
            node.grown = self.computation;
        }
        Ok(grown)
    }

    /// What the controller would write now; `None` for a role that it leaves alone.
    fn union_of_sources(&mut self, number: usize) -> Result<Option<Vec<Said<'a>>>, TooManyRules> {
        let Some(sources) = self.nodes.get(number).and_then(|node| node.sources.as_ref()) else {
            return Ok(None);
        };
        self.computation += 1;
        let mut union = Vec::new();
        for source in sources.iter().filter_map(|&source| self.nodes.get(source)) {
            self.steps = spend(self.steps, source.rules.len() + 1)?;
            for &said in &source.rules {
                if let Some(met) = self.met.get_mut(said.number)
                    && *met != self.computation
                {
                    *met = self.computation;
                    union.push(said);
                }
            }
        }
        Ok(Some(union))
    }

    /// The aggregated roles, each behind those that it selects as far as there are no cycles: a depth-first
    /// walk with a stack of its own.
    fn sources_first(&self) -> Vec<usize> {
        let mut entered = vec![false; self.nodes.len()];
        let mut order = Vec::new();
        let mut path: Vec<(usize, &[usize])> = Vec::new();
        for root in 0..self.nodes.len() {
            let mut next = Some(root);
            loop {
                if let Some(number) = next.take()
                    && let Some(sources) = self.nodes.get(number).and_then(|node| node.sources.as_deref())
                    && let Some(entered) = entered.get_mut(number)
                    && !std::mem::replace(entered, true)
                {
                    path.push((number, sources));
                }
                match path.last_mut() {
                    None => break,
                    Some((number, [])) => {
                        order.push(*number);
                        path.pop();
                    }
                    Some((_, rest)) => {
                        next = rest.split_off_first().copied();
                    }
                }
            }
        }
        order
    }

    fn into_rules(self) -> Result<Vec<(RoleIndex, Vec<Rule>)>, TooManyRules> {
        let aggregated = || self.nodes.iter().filter(|node| node.sources.is_some());
        let entries: usize = aggregated().flat_map(|node| &node.rules).map(|said| entries(said.rule)).sum();
        if entries > MAX_ENTRIES {
            return Err(TooManyRules {
                limit: MAX_ENTRIES,
                what: "verbs, groups, resources, names and paths",
            });
        }
        let mut rules: Vec<_> = aggregated()
            .filter_map(|node| {
                let rules = node.rules.iter().map(|said| said.rule.clone()).collect();
                Some((RoleIndex::new(node.position)?, rules))
            })
            .collect();
        rules.sort_by_key(|&(index, _)| index);
        Ok(rules)
    }
}

fn spend(steps: usize, more: usize) -> Result<usize, TooManyRules> {
    let steps = steps.saturating_add(more);
    if steps > MAX_STEPS {
        return Err(TooManyRules { limit: MAX_STEPS, what: "roles and rules to be looked at" });
    }
    Ok(steps)
}

fn entries(rule: &Rule) -> usize {
    1 + rule.verbs.len()
        + rule.api_groups.len()
        + rule.resources.len()
        + rule.resource_names.len()
        + rule.non_resource_urls.len()
}

/// A rule by what it says, wherever it stands.
#[derive(Debug)]
struct Content<'a>(&'a Rule);

impl PartialEq for Content<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.0.says_the_same(other.0)
    }
}

impl Eq for Content<'_> {}

impl Hash for Content<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Rule { verbs, api_groups, resources, resource_names, non_resource_urls, origin: _ } = self.0;
        (verbs, api_groups, resources, resource_names, non_resource_urls).hash(state);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use rolecall_model::{AggregationRule, LabelOperator, LabelRequirement, LabelSelector, Origin};
    use rolecall_source::SourceMap;

    use super::*;

    fn on(resource: &str) -> Rule {
        Rule::resources(["get"], [""], [resource])
    }

    fn labelled(mut role: Role, labels: &[&str]) -> Role {
        role.labels = labels.iter().map(|&label| (label.to_owned(), "true".to_owned())).collect();
        role
    }

    fn wants(label: &str) -> LabelSelector {
        let match_labels = BTreeMap::from([(label.to_owned(), "true".to_owned())]);
        LabelSelector { match_labels, ..LabelSelector::default() }
    }

    fn aggregated(name: &str, selectors: impl IntoIterator<Item = LabelSelector>) -> Role {
        let mut role = Role::cluster(name, []);
        role.aggregation = Some(AggregationRule { selectors: selectors.into_iter().collect() });
        role
    }

    /// Renders what aggregation says as `name: resource resource`, in the order of the roles.
    #[track_caller]
    fn check(roles: &[Role], expected: &[&str]) {
        let found: Vec<String> = aggregate(roles)
            .unwrap()
            .into_iter()
            .map(|(index, rules)| {
                let resources: Vec<&str> = rules.iter().map(|rule| rule.resources[0].as_str()).collect();
                format!("{}: {}", roles[index.position()].name, resources.join(" "))
            })
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn rules_come_selector_by_selector_and_by_name_and_equal_ones_once() {
        let roles = [
            labelled(Role::cluster("z", [on("pods"), on("secrets")]), &["one"]),
            labelled(Role::cluster("b", [on("nodes"), on("pods")]), &["one", "two"]),
            labelled(Role::cluster("a", [on("leases")]), &["two"]),
            labelled(Role::namespaced("n", "a", [on("events")]), &["one"]),
            aggregated("all", [wants("one"), wants("two")]),
            aggregated("none", [wants("three")]),
        ];
        check(&roles, &["all: nodes pods secrets leases", "none: "]);
    }

    #[test]
    fn rules_are_equal_when_their_lists_are_in_the_same_order() {
        let twice = |verbs: [&str; 2]| Rule::resources(verbs, [""], ["pods"]);
        let roles = [
            labelled(Role::cluster("a", [twice(["get", "list"])]), &["one"]),
            labelled(Role::cluster("b", [twice(["list", "get"]), twice(["get", "list"])]), &["one"]),
            aggregated("all", [wants("one")]),
        ];
        assert_eq!(aggregate(&roles).unwrap()[0].1, [twice(["get", "list"]), twice(["list", "get"])]);
    }

    #[test]
    fn a_copied_rule_keeps_the_place_of_the_role_that_it_was_taken_from() {
        let mut sources = SourceMap::new();
        let source = sources.add("a.yaml", "ab");
        let at = |start| Origin::Text(sources.span(source, start, start + 1));
        let placed = |start| Rule { origin: at(start), ..on("pods") };
        let roles = [
            labelled(Role::cluster("a", [placed(0)]), &["one"]),
            labelled(Role::cluster("b", [placed(1)]), &["two"]),
            aggregated("x", [wants("two")]),
            aggregated("y", [wants("two"), wants("one")]),
        ];
        for (_, rules) in aggregate(&roles).unwrap() {
            assert_eq!(rules.iter().map(|rule| rule.origin).collect::<Vec<_>>(), [at(1)]);
        }
    }

    #[test]
    fn what_an_aggregated_role_says_itself_is_overwritten_even_without_selectors() {
        let mut empty = aggregated("empty", []);
        empty.rules = vec![on("secrets")];
        let mut selecting = aggregated("selecting", [wants("one")]);
        selecting.rules = vec![on("secrets"), on("pods")];
        let roles = [empty, selecting, labelled(Role::cluster("a", [on("pods")]), &["one"])];
        check(&roles, &["empty: ", "selecting: pods"]);
    }

    #[test]
    fn an_invalid_selector_leaves_the_rules_for_others_to_take() {
        let invalid = LabelSelector {
            match_expressions: vec![LabelRequirement {
                key: "one".to_owned(),
                operator: LabelOperator::Unknown("Near".to_owned()),
                values: Vec::new(),
            }],
            ..LabelSelector::default()
        };
        let mut broken = labelled(aggregated("broken", [wants("one"), invalid]), &["two"]);
        broken.rules = vec![on("kept")];
        let roles = [
            broken,
            labelled(Role::cluster("a", [on("pods")]), &["one"]),
            aggregated("other", [wants("two")]),
        ];
        check(&roles, &["other: kept"]);
    }

    #[test]
    fn chains_are_followed_whatever_the_order_of_names_and_documents() {
        for names in [["a", "b", "c"], ["c", "b", "a"], ["b", "c", "a"]] {
            let roles = [
                aggregated(names[0], [wants("b")]),
                labelled(aggregated(names[1], [wants("c")]), &["b"]),
                labelled(aggregated(names[2], [wants("d")]), &["c"]),
                labelled(Role::cluster("d", [on("pods")]), &["d"]),
            ];
            let expected = names.map(|name| format!("{name}: pods"));
            check(&roles, &expected.each_ref().map(String::as_str));
        }
    }

    #[test]
    fn roles_that_select_each_other_share_what_others_bring_and_forget_their_own() {
        let mut one = labelled(aggregated("one", [wants("two"), wants("x")]), &["one"]);
        one.rules = vec![on("secrets")];
        let roles = [
            one,
            labelled(aggregated("two", [wants("three"), wants("y")]), &["two"]),
            labelled(aggregated("three", [wants("one")]), &["three"]),
            labelled(Role::cluster("x", [on("pods")]), &["x"]),
            labelled(Role::cluster("y", [on("nodes")]), &["y"]),
        ];
        let found = aggregate(&roles).unwrap();
        assert_eq!(found.len(), 3);
        for (_, rules) in found {
            let mut resources: Vec<_> = rules.iter().map(|rule| rule.resources[0].as_str()).collect();
            resources.sort_unstable();
            assert_eq!(resources, ["nodes", "pods"]);
        }
    }

    #[test]
    fn rules_that_are_what_the_controller_would_write_stay_even_in_a_cycle() {
        let mut one = labelled(aggregated("one", [wants("two")]), &["one"]);
        one.rules = vec![on("pods")];
        let mut two = labelled(aggregated("two", [wants("one")]), &["two"]);
        two.rules = vec![on("pods")];
        check(&[one.clone(), two.clone()], &[]);
        two.rules.push(on("secrets"));
        check(&[one, two], &["one: ", "two: "]);
    }

    #[test]
    fn an_empty_selector_selects_every_other_cluster_role() {
        let roles = [
            aggregated("all", [LabelSelector::default()]),
            Role::cluster("a", [on("pods")]),
            labelled(Role::cluster("b", [on("nodes")]), &["x"]),
        ];
        check(&roles, &["all: pods nodes"]);
    }

    #[test]
    fn thousands_of_aggregated_roles_are_resolved_at_once_and_a_flood_is_refused() {
        let count = 20_000;
        let chain: Vec<Role> = (0..count)
            .map(|number| {
                let role = aggregated(&format!("r{number}"), [wants(&format!("l{}", number + 1))]);
                labelled(role, &[&format!("l{number}")])
            })
            .chain([labelled(Role::cluster("end", [on("pods")]), &[&format!("l{count}")])])
            .collect();
        let found = aggregate(&chain).unwrap();
        assert_eq!(found.len(), count);
        assert!(found.iter().all(|(_, rules)| rules.len() == 1));

        let flood: Vec<Role> = (0..2_000)
            .map(|number| aggregated(&format!("a{number}"), [LabelSelector::default()]))
            .chain((0..2_000).map(|number| Role::cluster(format!("p{number}"), [on(&format!("r{number}"))])))
            .collect();
        assert!(aggregate(&flood).is_err());
    }
}
