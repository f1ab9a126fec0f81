//! The index from what is given to whom it is given.

use std::{collections::HashMap, ops::Range, sync::Arc};

use foldhash::fast::RandomState;
use rolecall_model::{
    AttributePolicyIndex, BindingIndex, Grant, Mode, Namespace, PolicySet, ResourceName, Role, RoleIndex,
    RoleRefKind, Rule, SUPERUSER_GROUP, Target, Wild,
};
use rolecall_reference::{abac, path, rule};

use super::{Holding, WhoCan, path_index::PathIndex};
use crate::{grant_scope::GrantScope, holder::Holder};

/// A policy set, indexed by what is given: made once, asked often.
///
/// Building it costs about as much as sorting the bindings and the entries of the rules; an answer costs
/// what it is long, and a look at the ClusterRoles that name the resource.
///
/// ```
/// use rolecall_analysis::who_can::Inverse;
/// use rolecall_model::{PolicySet, Request, Rule, Subject};
///
/// let policies = PolicySet::builder()
///     .cluster_role("reader", [Rule::resources(["get"], [""], ["secrets"]).named(["token"])])
///     .cluster_role_binding("jane-reads", "reader", [Subject::user("jane")])
///     .build()?;
/// let secrets = Request::resource("get", "secrets").namespace("web");
/// let answer = Inverse::new(&policies).who_can(secrets.verb, secrets.target);
/// let [superuser, jane] = answer.holdings.as_slice() else { unreachable!() };
/// assert_eq!(superuser.holder.to_string(), "Group system:masters");
/// assert_eq!((jane.holder.to_string().as_str(), &*jane.names, jane.is_exact()), ("User jane", &["token"][..], false));
/// # Ok::<(), rolecall_model::TooManyObjects>(())
/// ```
#[derive(Clone, Debug)]
pub struct Inverse<'p> {
    policies: &'p PolicySet,
    /// Numbers of namespaces; what is cluster-wide has [`CLUSTER`].
    namespaces: Map<&'p str, u32>,
    /// Numbers of the entries of rules' `resources`.
    entries: Map<&'p str, u32>,
    /// Sorted by entry and namespace.
    rules: Vec<RuleAt>,
    /// Rules of ClusterRoles by path: a Role gives no paths.
    paths: PathIndex<'p, (u32, usize)>,
    /// Bindings whose role is there, sorted by role and namespace.
    bindings: Vec<BindingAt>,
    /// Bindings whose role is not there, sorted by namespace.
    dangling: Vec<BindingAt>,
    attribute_resources: Map<Option<&'p str>, Vec<usize>>,
    attribute_paths: PathIndex<'p, usize>,
}

type Map<K, V> = HashMap<K, V, RandomState>;

/// A rule of a role in a namespace, by an entry of its resources.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct RuleAt {
    entry: u32,
    namespace: u32,
    role: u32,
    rule: usize,
}

/// A binding in a namespace, by its role.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct BindingAt {
    role: u32,
    namespace: u32,
    binding: u32,
}

/// The number that stands for no namespace.
const CLUSTER: u32 = 0;

const WILDCARD: &str = "*";

/// Which namespaces count for a question.
#[derive(Clone, Copy, Debug)]
enum Asked {
    /// All of them, and what is cluster-wide.
    All,
    /// What is cluster-wide.
    Cluster,
    /// The namespace of this number, and what is cluster-wide.
    Namespace(u32),
}

impl<'p> Inverse<'p> {
    /// Indexes a policy set.
    pub fn new(policies: &'p PolicySet) -> Self {
        let mut this = Self {
            policies,
            namespaces: Map::default(),
            entries: Map::default(),
            rules: Vec::new(),
            paths: PathIndex::default(),
            bindings: Vec::with_capacity(policies.bindings().len()),
            dangling: Vec::new(),
            attribute_resources: Map::default(),
            attribute_paths: PathIndex::default(),
        };
        let roles = this.add_roles();
        this.add_bindings(&roles);
        this.add_attribute_policies();
        this
    }

    /// Who can do this: the target's namespace, if it has one, is where it is asked.
    pub fn who_can(&self, verb: &str, target: Target<'_>) -> WhoCan<'p> {
        let asked = match target {
            Target::Path(_) | Target::Resource { namespace: "", .. } => Asked::Cluster,
            // Of a namespace that nobody named, only what is cluster-wide speaks.
            Target::Resource { namespace, .. } => {
                self.namespaces.get(namespace).map_or(Asked::Cluster, |&number| Asked::Namespace(number))
            }
        };
        self.answer(verb, target, asked)
    }

    /// Who can do this in all namespaces at once, exactly, and who in which of them: the target's namespace
    /// is left out of account.
    ///
    /// A holding is exact if it allows the request without a namespace: what `kubectl auth can-i -A` asks.
    pub fn who_can_in_all_namespaces(&self, verb: &str, target: Target<'_>) -> WhoCan<'p> {
        let (target, asked) = match target {
            Target::Path(_) => (target, Asked::Cluster),
            Target::Resource { namespace: _, api_group, resource, subresource, name } => {
                (Target::Resource { namespace: "", api_group, resource, subresource, name }, Asked::All)
            }
        };
        self.answer(verb, target, asked)
    }

    fn answer(&self, verb: &str, target: Target<'_>, asked: Asked) -> WhoCan<'p> {
        let unlimited = |holder, grant| Holding {
            holder,
            grant,
            scope: GrantScope::Everywhere,
            names: Arc::default(),
            only_in: None,
        };
        let mut answer = WhoCan {
            holdings: vec![unlimited(Holder::Group(SUPERUSER_GROUP), Grant::Superuser)],
            dangling: Vec::new(),
        };
        for mode in self.policies.modes().as_slice() {
            match mode {
                Mode::Abac => self.add_attribute_holdings(verb, target, asked, &mut answer),
                Mode::AlwaysAllow => {
                    answer.holdings.push(unlimited(Holder::Everybody, Grant::AlwaysAllow));
                }
                // It has no opinion, and takes nothing away.
                Mode::AlwaysDeny => {}
                Mode::Rbac => self.add_role_holdings(verb, target, asked, &mut answer),
            }
        }
        answer
    }

    fn add_role_holdings(&self, verb: &str, target: Target<'_>, asked: Asked, answer: &mut WhoCan<'p>) {
        for given in self.giving_roles(verb, target, asked) {
            let Some(role) = RoleIndex::new(given.role as usize) else { continue };
            for at in of_role(&self.bindings, given.role, asked) {
                self.add_subjects(at, role, &given, asked, answer);
            }
        }
        let dangling = in_asked(&self.dangling, asked);
        answer.dangling.extend(dangling.filter_map(|at| BindingIndex::new(at.binding as usize)));
    }

    fn add_subjects(
        &self,
        at: &BindingAt,
        role: RoleIndex,
        given: &GivingRole<'p>,
        asked: Asked,
        answer: &mut WhoCan<'p>,
    ) {
        let Some(index) = BindingIndex::new(at.binding as usize) else { return };
        let Some(binding) = self.policies.binding(index) else { return };
        let Some(scope) = GrantScope::of_binding(binding) else { return };
        let only_in = match (asked, scope) {
            (Asked::All, GrantScope::Namespace(namespace)) => Some(namespace),
            _ => None,
        };
        for (subject, named) in binding.subjects.iter().enumerate() {
            let Some(holder) = Holder::of_subject(named, binding.namespace.as_ref()) else { continue };
            answer.holdings.push(Holding {
                holder,
                grant: Grant::Role { binding: index, subject, role, rule: given.rule },
                scope,
                names: Arc::clone(&given.names),
                only_in,
            });
        }
    }

    /// The roles of which some rule gives what was asked, or the part of it that has a certain name.
    fn giving_roles(&self, verb: &str, target: Target<'_>, asked: Asked) -> Vec<GivingRole<'p>> {
        let mut candidates = self.candidates(target, asked);
        candidates.sort_unstable();
        candidates.dedup();
        let mut giving: Vec<GivingRole<'p>> = Vec::new();
        for of_role in candidates.chunk_by(|one, other| one.0 == other.0) {
            let rules = of_role.iter().filter_map(|&(role, rule)| {
                let found = self.policies.roles().get(role as usize)?.rules.get(rule)?;
                Some((rule, part_of(found, verb, target)?))
            });
            let mut limited: Option<(usize, Vec<&'p str>)> = None;
            let mut whole = None;
            for (rule, part) in rules {
                match part {
                    Part::Whole => {
                        whole = Some((rule, Vec::new()));
                        break;
                    }
                    Part::Names(names) => {
                        let (_, all) = limited.get_or_insert_with(|| (rule, Vec::new()));
                        all.extend(names.iter().map(ResourceName::as_str));
                    }
                }
            }
            if let (Some(&(role, _)), Some((rule, mut names))) = (of_role.first(), whole.or(limited)) {
                names.sort_unstable();
                names.dedup();
                giving.push(GivingRole { role, rule, names: names.into() });
            }
        }
        giving
    }

    /// Roles and rules that may give what was asked.
    fn candidates(&self, target: Target<'_>, asked: Asked) -> Vec<(u32, usize)> {
        let Target::Resource { resource, subresource, .. } = target else {
            let Target::Path(path) = target else { return Vec::new() };
            return self.paths.candidates(path);
        };
        let mut found = Vec::new();
        for entry in entries_on(resource, subresource) {
            let Some(&entry) = self.entries.get(entry.as_str()) else { continue };
            let of_entry = equal_range(&self.rules, |at| at.entry.cmp(&entry));
            let of_entry = self.rules.get(of_entry).unwrap_or_default();
            let mut add = |at: &RuleAt| found.push((at.role, at.rule));
            match asked {
                Asked::All => of_entry.iter().for_each(&mut add),
                Asked::Cluster => in_namespace(of_entry, CLUSTER).iter().for_each(&mut add),
                Asked::Namespace(number) => {
                    in_namespace(of_entry, CLUSTER).iter().for_each(&mut add);
                    in_namespace(of_entry, number).iter().for_each(&mut add);
                }
            }
        }
        found
    }

    fn add_attribute_holdings(&self, verb: &str, target: Target<'_>, asked: Asked, answer: &mut WhoCan<'p>) {
        let mut candidates = match target {
            Target::Path(path) => self.attribute_paths.candidates(path),
            Target::Resource { resource, .. } => [None, Some(resource)]
                .iter()
                .filter_map(|key| self.attribute_resources.get(key))
                .flatten()
                .copied()
                .collect(),
        };
        candidates.sort_unstable();
        for position in candidates {
            let Some(index) = AttributePolicyIndex::new(position) else { continue };
            let Some(policy) = self.policies.attribute_policy(index) else { continue };
            let Some(holder) = Holder::of_attribute_policy(policy) else { continue };
            if !abac::matches_verb(policy, verb) {
                continue;
            }
            let (scope, only_in) = match target {
                Target::Path(asked) if path::covers(&policy.non_resource_path, asked) => {
                    (GrantScope::Everywhere, None)
                }
                Target::Path(_) => continue,
                Target::Resource { namespace, api_group, resource, subresource: _, name: _ } => {
                    let here = abac::covers(&policy.namespace, namespace);
                    let somewhere = here || matches!(asked, Asked::All);
                    if !somewhere
                        || !abac::covers(&policy.resource, resource)
                        || !abac::covers(&policy.api_group, api_group)
                    {
                        continue;
                    }
                    let scope = GrantScope::of_attribute_policy(&policy.namespace);
                    let only_in = match scope {
                        GrantScope::Namespace(namespace) if !here => Some(namespace),
                        _ => None,
                    };
                    (scope, only_in)
                }
            };
            let grant = Grant::AttributePolicy(index);
            answer.holdings.push(Holding { holder, grant, scope, names: Arc::default(), only_in });
        }
    }

    /// Numbers the roles' entries; gives back where each role stands.
    fn add_roles(&mut self) -> Map<(Option<&'p str>, &'p str), u32> {
        let mut places = Map::with_capacity_and_hasher(self.policies.roles().len(), RandomState::default());
        for (place, role) in (0_u32..).zip(self.policies.roles()) {
            let namespace = role.namespace.as_ref().map(Namespace::as_str);
            places.insert((namespace, role.name.as_str()), place);
            self.add_rules(place, role);
        }
        self.rules.sort_unstable();
        self.rules.dedup();
        places
    }

    fn add_rules(&mut self, place: u32, role: &'p Role) {
        let namespace = self.number(role.namespace.as_ref());
        for (position, rule) in role.rules.iter().enumerate() {
            for entry in &rule.resources {
                let next = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
                let entry = *self.entries.entry(entry.as_str()).or_insert(next);
                self.rules.push(RuleAt { entry, namespace, role: place, rule: position });
            }
            if role.namespace.is_none() {
                for pattern in &rule.non_resource_urls {
                    self.paths.add(pattern.as_str(), (place, position));
                }
            }
        }
    }

    fn add_bindings(&mut self, roles: &Map<(Option<&'p str>, &'p str), u32>) {
        let policies = self.policies;
        for (place, binding) in (0_u32..).zip(policies.bindings()) {
            let of_binding = binding.namespace.as_ref().map(Namespace::as_str);
            if of_binding == Some("") {
                // It counts in no namespace.
                continue;
            }
            let namespace = self.number(binding.namespace.as_ref());
            let name = binding.role.name.as_str();
            let role = match binding.role.kind {
                RoleRefKind::ClusterRole => roles.get(&(None, name)),
                // A ClusterRoleBinding has no namespace in which a Role could be.
                RoleRefKind::Role => of_binding.and_then(|namespace| roles.get(&(Some(namespace), name))),
                RoleRefKind::Unsupported(_) => None,
            };
            match role {
                Some(&role) => self.bindings.push(BindingAt { role, namespace, binding: place }),
                None => self.dangling.push(BindingAt { role: 0, namespace, binding: place }),
            }
        }
        self.bindings.sort_unstable();
        self.dangling.sort_unstable();
    }

    fn add_attribute_policies(&mut self) {
        for (position, policy) in self.policies.attribute_policies().iter().enumerate() {
            let resource = match &policy.resource {
                Wild::Any => None,
                Wild::Is(resource) => Some(resource.as_str()),
            };
            self.attribute_resources.entry(resource).or_default().push(position);
            self.attribute_paths.add(policy.non_resource_path.as_str(), position);
        }
    }

    fn number(&mut self, namespace: Option<&'p Namespace>) -> u32 {
        let Some(namespace) = namespace else { return CLUSTER };
        let next = u32::try_from(self.namespaces.len() + 1).unwrap_or(u32::MAX);
        *self.namespaces.entry(namespace.as_str()).or_insert(next)
    }
}

/// A role that gives what was asked, or objects of these names.
#[derive(Debug)]
struct GivingRole<'p> {
    role: u32,
    rule: usize,
    names: Arc<[&'p str]>,
}

/// How much of what was asked a rule gives.
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

/// The range of those that compare equal, in a sorted list.
fn equal_range<T>(sorted: &[T], compare: impl Fn(&T) -> std::cmp::Ordering) -> Range<usize> {
    let start = sorted.partition_point(|one| compare(one).is_lt());
    let end = sorted.partition_point(|one| compare(one).is_le());
    start..end
}

fn in_namespace(of_entry: &[RuleAt], number: u32) -> &[RuleAt] {
    of_entry.get(equal_range(of_entry, |at| at.namespace.cmp(&number))).unwrap_or_default()
}

fn of_role(bindings: &[BindingAt], role: u32, asked: Asked) -> impl Iterator<Item = &BindingAt> {
    let of_role = bindings.get(equal_range(bindings, |at| at.role.cmp(&role))).unwrap_or_default();
    in_asked(of_role, asked)
}

/// Those that count, of a list that is sorted by namespace.
fn in_asked(sorted: &[BindingAt], asked: Asked) -> impl Iterator<Item = &BindingAt> {
    let of = |number: u32| sorted.get(equal_range(sorted, |at| at.namespace.cmp(&number)));
    let parts = match asked {
        Asked::All => [Some(sorted), None],
        Asked::Cluster => [of(CLUSTER), None],
        Asked::Namespace(number) => [of(CLUSTER), of(number)],
    };
    parts.into_iter().flatten().flatten()
}
