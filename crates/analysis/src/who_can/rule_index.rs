//! Rules by what they are about.

use std::hash::{Hash, Hasher};

use rolecall_model::{ResourceName, Role, Rule, Target};
use rolecall_reference::rule;

use super::{Asked, Map, equal_range, path_index::PathIndex};

/// Rules by the entries of their resources and by their paths.
///
/// Rules that say the same (every team's Role "developer") are one *saying*, and what they give is asked once for
/// all of them.
#[derive(Clone, Debug, Default)]
pub(super) struct RulesByTarget<'p> {
    /// Numbers of the entries of rules' `resources`.
    entries: Map<&'p str, u32>,
    /// Sorted by entry and namespace.
    rules: Vec<RuleAt>,
    /// Rules of ClusterRoles by path: a Role gives no paths.
    paths: PathIndex<'p, RulePlace>,
    /// Numbers of what rules say; needed only while rules are added.
    sayings: Map<Saying<'p>, u32>,
}

/// A rule of a role in a namespace, by an entry of its resources.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct RuleAt {
    entry: u32,
    namespace: u32,
    place: RulePlace,
}

/// A rule of a role, and the number of what it says.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct RulePlace {
    role: u32,
    rule: u32,
    saying: u32,
}

/// A role that gives what was asked, or objects of these names.
#[derive(Clone, Debug)]
pub(super) struct GivingRole<'p> {
    pub(super) role: u32,
    /// The first of its rules that does.
    pub(super) rule: u32,
    pub(super) names: Vec<&'p str>,
}

impl<'p> RulesByTarget<'p> {
    /// Adds the rules of the next role.
    pub(super) fn add(&mut self, role: u32, namespace: u32, found: &'p Role) {
        for (number, rule) in (0_u32..).zip(&found.rules) {
            let saying = next_number(&mut self.sayings, Saying(rule));
            let place = RulePlace { role, rule: number, saying };
            for entry in &rule.resources {
                let entry = next_number(&mut self.entries, entry.as_str());
                self.rules.push(RuleAt { entry, namespace, place });
            }
            if found.namespace.is_none() {
                for pattern in &rule.non_resource_urls {
                    self.paths.add(pattern.as_str(), place);
                }
            }
        }
    }

    /// To be called once behind the last role.
    pub(super) fn sort(&mut self) {
        self.rules.sort_unstable();
        self.rules.dedup();
        self.sayings = Map::default();
    }

    /// The roles of which some rule gives what was asked, or the part of it that has a certain name, in their order.
    pub(super) fn giving(
        &self,
        roles: &'p [Role],
        verb: &str,
        target: Target<'_>,
        asked: Asked,
    ) -> Vec<GivingRole<'p>> {
        let mut parts: Map<u32, Option<Part<'p>>> = Map::default();
        let mut found = Vec::new();
        let mut add = |place: RulePlace| {
            let part = parts.entry(place.saying).or_insert_with(|| {
                let rule = roles.get(place.role as usize)?.rules.get(place.rule as usize)?;
                part_of(rule, verb, target)
            });
            if let Some(part) = *part {
                found.push((place, part));
            }
        };
        match target {
            Target::Path(path) => self.paths.candidates(path).into_iter().for_each(&mut add),
            Target::Resource { resource, subresource, .. } => {
                for of_entry in self.on(resource, subresource, asked) {
                    for at in of_entry {
                        add(at.place);
                    }
                }
            }
        }
        // A few sorted runs, one behind the other: the stable sort merges them.
        found.sort_by_key(|(place, _)| *place);
        found.chunk_by(|(one, _), (other, _)| one.role == other.role).filter_map(given_by).collect()
    }

    /// Places of rules that may be about a resource.
    fn on(&self, resource: &str, subresource: &str, asked: Asked) -> impl Iterator<Item = &[RuleAt]> {
        let numbers = entries_on(resource, subresource).into_iter();
        let numbers = numbers.filter_map(|entry| self.entries.get(entry.as_str()).copied());
        numbers.flat_map(move |entry| {
            let range = equal_range(&self.rules, |at| at.entry.cmp(&entry));
            asked.of(self.rules.get(range).unwrap_or_default(), |at| at.namespace)
        })
    }
}

fn next_number<K: Eq + Hash>(numbers: &mut Map<K, u32>, key: K) -> u32 {
    let next = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
    *numbers.entry(key).or_insert(next)
}

/// What the rules of one role, in their order, give together: the first that gives the whole, or else the names of
/// all with the first of them.
fn given_by<'p>(of_role: &[(RulePlace, Part<'p>)]) -> Option<GivingRole<'p>> {
    let whole = of_role.iter().find(|(_, part)| matches!(part, Part::Whole));
    let &(RulePlace { role, rule, .. }, _) = whole.or(of_role.first())?;
    let mut names = Vec::new();
    if whole.is_none() {
        for (_, part) in of_role {
            if let Part::Names(of_rule) = part {
                names.extend(of_rule.iter().map(ResourceName::as_str));
            }
        }
        names.sort_unstable();
        names.dedup();
    }
    Some(GivingRole { role, rule, names })
}

/// A rule without where it stands.
#[derive(Clone, Copy, Debug)]
struct Saying<'p>(&'p Rule);

impl PartialEq for Saying<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.0.says_the_same(other.0)
    }
}

impl Eq for Saying<'_> {}

impl Hash for Saying<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Rule { verbs, api_groups, resources, resource_names, non_resource_urls, origin: _ } = self.0;
        (verbs, api_groups, resources, resource_names, non_resource_urls).hash(state);
    }
}

/// How much of what was asked a rule gives.
#[derive(Clone, Copy, Debug)]
enum Part<'p> {
    Names(&'p [ResourceName]),
    Whole,
}

/// What a rule gives of what was asked; `None` for nothing.
///
/// To a question without a name, a rule with names gives those objects, unless the verb is one that never comes with a
/// name.
fn part_of<'p>(found: &'p Rule, verb: &str, target: Target<'_>) -> Option<Part<'p>> {
    if !rule::covers_verb(found, verb) {
        return None;
    }
    match target {
        Target::Path(path) => rule::covers_path(found, path).then_some(Part::Whole),
        Target::Resource { namespace: _, api_group, resource, subresource, name } => {
            if !rule::covers_api_group(found, api_group)
                || !rule::covers_resource(found, resource, subresource)
            {
                None
            } else if rule::covers_name(found, name) {
                Some(Part::Whole)
            } else if name.is_empty() && can_have_a_name(verb, subresource) {
                Some(Part::Names(&found.resource_names))
            } else {
                None
            }
        }
    }
}

/// Whether a request with this verb ever names its object: what is made has no name yet, and what is deleted
/// by the collection has many.
///
/// Source: `spec/authorization/rbac.md`, surprise 3.
fn can_have_a_name(verb: &str, subresource: &str) -> bool {
    match verb {
        "create" => !subresource.is_empty(),
        "deletecollection" => false,
        _ => true,
    }
}

/// The entries of `resources` that may cover a resource.
fn entries_on(resource: &str, subresource: &str) -> Vec<String> {
    let mut entries = vec![WILDCARD.to_owned()];
    if subresource.is_empty() {
        entries.push(resource.to_owned());
    } else {
        entries.push(format!("{resource}/{subresource}"));
        entries.push(format!("{WILDCARD}/{subresource}"));
    }
    entries
}

const WILDCARD: &str = "*";
