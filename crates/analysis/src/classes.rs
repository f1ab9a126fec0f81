//! All request classes of a policy: who asks × where × what.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
    ptr,
};

use foldhash::fast::RandomState;
use rolecall_model::{Binding, Namespace, PolicySet, Request, Role, RoleRefKind, Rule};

use crate::{
    asker::{Asker, Principals, scopes},
    fresh::{fresh, named},
    names::Names,
    target::Targets,
};

/// One representative of every class of requests that a policy tells apart.
///
/// The classes are the product of [askers](Self::askers), [scopes](Self::scopes) and
/// [targets](Self::targets); [`iter`](Self::iter) makes them one by one, so that memory grows with the
/// policy and not with the product.
///
/// ```
/// use rolecall_analysis::Classes;
/// use rolecall_model::{PolicySet, Rule, Subject};
///
/// let policies = PolicySet::builder()
///     .cluster_role("viewer", [Rule::resources(["get"], [""], ["pods"])])
///     .cluster_role_binding("jane-views", "viewer", [Subject::user("jane")])
///     .build()?;
/// let classes = Classes::of(&policies);
/// assert!(classes.iter().any(|request| request.user == "jane" && request.verb == "get"));
/// assert_eq!(classes.iter().count() as u64, classes.count());
/// # Ok::<(), rolecall_model::TooManyObjects>(())
/// ```
#[derive(Clone, Debug)]
pub struct Classes<'p> {
    fresh: String,
    principals: Principals<'p>,
    askers: Vec<Asker<'p>>,
    scopes: Vec<Cow<'p, str>>,
    targets: Targets<'p>,
    roles: HashMap<(Option<&'p str>, &'p str), &'p Role, RandomState>,
}

impl<'p> Classes<'p> {
    /// The classes of a policy.
    pub fn of(policies: &'p PolicySet) -> Self {
        let fresh = fresh(policies);
        let principals = Principals::of(policies);
        // Roles that nobody is bound to count as well: an engine may grant them by mistake.
        let rules: Vec<_> = policies.roles().iter().flat_map(|role| &role.rules).collect();
        let attribute_policies: Vec<_> = policies.attribute_policies().iter().collect();
        let key = |role: &'p Role| (role.namespace.as_ref().map(Namespace::as_str), role.name.as_str());
        Self {
            askers: principals.askers(&fresh),
            scopes: scopes(policies, &fresh),
            targets: Targets::of(&rules, &attribute_policies, &fresh),
            roles: policies.roles().iter().map(|role| (key(role), role)).collect(),
            principals,
            fresh,
        }
    }

    /// Each user alone and with the groups that its name implies, each group alone, and strangers.
    pub fn askers(&self) -> &[Asker<'p>] {
        &self.askers
    }

    /// The namespaces, and the empty text for cluster scope.
    pub fn scopes(&self) -> &[Cow<'p, str>] {
        &self.scopes
    }

    /// The verbs on resources and paths.
    pub fn targets(&self) -> &Targets<'p> {
        &self.targets
    }

    /// A text that the policy does not name.
    pub fn fresh(&self) -> &str {
        &self.fresh
    }

    /// How many classes there are. A path has no scope.
    pub fn count(&self) -> u64 {
        let targets = (self.scopes.len() as u64)
            .saturating_mul(self.targets.resource_count())
            .saturating_add(self.targets.path_count());
        (self.askers.len() as u64).saturating_mul(targets)
    }

    /// A request of every class: all of an asker before those of the next. Allocates the list of groups of
    /// each request.
    pub fn iter(&self) -> impl Iterator<Item = Request<'_>> {
        self.askers.iter().flat_map(move |asker| {
            let resources = self.scopes.iter().flat_map(|namespace| self.targets.in_namespace(namespace));
            resources.chain(self.targets.on_paths()).map(move |(verb, target)| Request {
                user: &asker.user,
                groups: Cow::Owned(asker.groups()),
                verb,
                target,
            })
        })
    }

    /// The targets that an asker's own grants tell apart in a namespace (empty: cluster scope, and paths).
    /// Whatever else the policy says is not about this asker there.
    pub fn own_targets(&self, asker: &Asker<'_>, namespace: &str) -> Targets<'p> {
        let mut rules: Vec<&'p Rule> = Vec::new();
        // Many bindings may give the same role.
        let mut roles = HashSet::<*const Role, RandomState>::default();
        let mut attribute_policies = Vec::new();
        for principal in self.principals.parts(asker) {
            for &binding in &principal.bindings {
                let counts = binding.namespace.as_ref().is_none_or(|own| own.as_str() == namespace);
                let role = if counts { self.role(binding) } else { None };
                let role = role.filter(|&role| roles.insert(ptr::from_ref(role)));
                rules.extend(role.into_iter().flat_map(|role| &role.rules));
            }
            let policies = principal.attribute_policies.iter();
            attribute_policies.extend(policies.copied().filter(|policy| {
                // A path, which has no namespace, is asked about in cluster scope.
                namespace.is_empty() || named(&policy.namespace).is_none_or(|own| own == namespace)
            }));
        }
        Targets::of(&rules, &attribute_policies, &self.fresh)
    }

    /// The scopes in which an asker is given something by itself, cluster scope, and a namespace that nobody
    /// named, which is to it like any other.
    pub(crate) fn own_scopes(&self, asker: &Asker<'_>) -> Vec<Cow<'p, str>> {
        let mut scopes = Names::default();
        scopes.add("");
        for principal in self.principals.parts(asker) {
            let bindings = principal.bindings.iter().filter_map(|binding| binding.namespace.as_ref());
            scopes.add_all(bindings.map(Namespace::as_str));
            let policies = principal.attribute_policies.iter();
            scopes.add_all(policies.filter_map(|policy| named(&policy.namespace)));
        }
        scopes.add(self.fresh.clone());
        scopes.into_vec()
    }

    pub(crate) fn principals(&self) -> &Principals<'p> {
        &self.principals
    }

    fn role(&self, binding: &'p Binding) -> Option<&'p Role> {
        let namespace = match binding.role.kind {
            RoleRefKind::ClusterRole => None,
            RoleRefKind::Role => Some(binding.namespace.as_ref()?.as_str()),
            RoleRefKind::Unsupported(_) => return None,
        };
        self.roles.get(&(namespace, binding.role.name.as_str())).copied()
    }
}
