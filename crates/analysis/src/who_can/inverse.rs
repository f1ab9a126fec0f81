//! The index from what is given to whom it is given.

use foldhash::fast::RandomState;
use rolecall_model::{
    AttributePolicyIndex, Grant, Mode, Namespace, PolicySet, RoleRefKind, SUPERUSER_GROUP, Target, Wild,
};
use rolecall_reference::{abac, path};

use super::{
    Asked, CLUSTER, Holding, Map, WhoCan,
    binding_index::{BindingAt, BindingsByRole},
    path_index::PathIndex,
    rule_index::RulesByTarget,
};
use crate::{grant_scope::GrantScope, holder::Holder};

/// A policy set, indexed by what is given: made once, asked often.
///
/// Building it costs about as much as sorting the bindings and the entries of the rules. An answer costs a look at
/// the rules that name the resource and count where it is asked about, and what there is different among them is
/// asked of the reference; the bindings and subjects of the roles that give it are looked at only when the answer is
/// [gone through](WhoCan::holdings).
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
/// let inverse = Inverse::new(&policies);
/// let answer = inverse.who_can(secrets.verb, secrets.target);
/// let holdings: Vec<_> = answer.holdings().collect();
/// let [superuser, jane] = holdings.as_slice() else { unreachable!() };
/// assert_eq!(superuser.holder.to_string(), "Group system:masters");
/// assert_eq!((jane.holder.to_string().as_str(), jane.names, jane.is_exact()), ("User jane", &["token"][..], false));
/// # Ok::<(), rolecall_model::TooManyObjects>(())
/// ```
#[derive(Clone, Debug)]
pub struct Inverse<'p> {
    policies: &'p PolicySet,
    /// Numbers of namespaces; what is cluster-wide has [`CLUSTER`].
    namespaces: Map<&'p str, u32>,
    rules: RulesByTarget<'p>,
    bindings: BindingsByRole,
    attribute_resources: Map<Option<&'p str>, Vec<usize>>,
    attribute_paths: PathIndex<'p, usize>,
}

impl<'p> Inverse<'p> {
    /// Indexes a policy set.
    pub fn new(policies: &'p PolicySet) -> Self {
        let mut this = Self {
            policies,
            namespaces: Map::default(),
            rules: RulesByTarget::default(),
            bindings: BindingsByRole::default(),
            attribute_resources: Map::default(),
            attribute_paths: PathIndex::default(),
        };
        let roles = this.add_roles();
        this.add_bindings(&roles);
        this.add_attribute_policies();
        this
    }

    /// Who can do this: the target's namespace, if it has one, is where it is asked.
    pub fn who_can(&self, verb: &str, target: Target<'_>) -> WhoCan<'_> {
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
    pub fn who_can_in_all_namespaces(&self, verb: &str, target: Target<'_>) -> WhoCan<'_> {
        let (target, asked) = match target {
            Target::Path(_) => (target, Asked::Cluster),
            Target::Resource { namespace: _, api_group, resource, subresource, name } => {
                (Target::Resource { namespace: "", api_group, resource, subresource, name }, Asked::All)
            }
        };
        self.answer(verb, target, asked)
    }

    fn answer(&self, verb: &str, target: Target<'_>, asked: Asked) -> WhoCan<'_> {
        let unlimited = |holder, grant| Holding {
            holder,
            grant,
            scope: GrantScope::Everywhere,
            names: &[],
            only_in: None,
        };
        let mut answer = WhoCan::new(self.policies, matches!(asked, Asked::All));
        answer.add(unlimited(Holder::Group(SUPERUSER_GROUP), Grant::Superuser));
        for mode in self.policies.modes().as_slice() {
            match mode {
                Mode::Abac => self.add_attribute_holdings(verb, target, asked, &mut answer),
                Mode::AlwaysAllow => answer.add(unlimited(Holder::Everybody, Grant::AlwaysAllow)),
                // It has no opinion, and takes nothing away.
                Mode::AlwaysDeny => {}
                Mode::Rbac => self.add_role_holdings(verb, target, asked, &mut answer),
            }
        }
        answer
    }

    fn add_role_holdings<'a>(
        &'a self,
        verb: &str,
        target: Target<'_>,
        asked: Asked,
        answer: &mut WhoCan<'a>,
    ) {
        let giving = self.rules.giving(self.policies.roles(), verb, target, asked);
        answer.reserve(giving.len());
        for given in giving {
            let bindings = self.bindings.of_role(given.role, asked);
            answer.add_role(given, bindings);
        }
        answer.set_dangling(self.bindings.dangling(asked));
    }

    fn add_attribute_holdings<'a>(
        &'a self,
        verb: &str,
        target: Target<'_>,
        asked: Asked,
        answer: &mut WhoCan<'a>,
    ) {
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
            answer.add(Holding { holder, grant, scope, names: &[], only_in });
        }
    }

    /// Numbers the roles' entries; gives back where each role stands.
    fn add_roles(&mut self) -> Map<(Option<&'p str>, &'p str), u32> {
        let policies = self.policies;
        let mut places = Map::with_capacity_and_hasher(policies.roles().len(), RandomState::default());
        for (place, role) in (0_u32..).zip(policies.roles()) {
            let namespace = role.namespace.as_ref().map(Namespace::as_str);
            places.insert((namespace, role.name.as_str()), place);
            let number = self.number(role.namespace.as_ref());
            self.rules.add(place, number, role);
        }
        self.rules.sort();
        places
    }

    fn add_bindings(&mut self, roles: &Map<(Option<&'p str>, &'p str), u32>) {
        let policies = self.policies;
        let mut bindings = Vec::with_capacity(policies.bindings().len());
        let mut dangling = Vec::new();
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
                Some(&role) => bindings.push(BindingAt { role, namespace, binding: place }),
                None => dangling.push(BindingAt { role: 0, namespace, binding: place }),
            }
        }
        self.bindings = BindingsByRole::new(policies.roles().len(), bindings, dangling);
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
