//! A policy in layers: what changed lately, above what stood before.
//!
//! ```text
//! newest   a few scopes         each layer has, of every scope that it has at all,
//! middle   some more scopes     all grants of it: if need be none
//! base     the whole policy
//! ```
//!
//! A *scope* is who and where. For each of a request's scopes the newest layer that has it answers alone, so that a grant
//! is taken away by a layer that has its scope without it, and no layer below has to change. INVARIANT: after a change,
//! every scope of everything that changed (as it was and as it is) is in a layer above all that knew it otherwise;
//! `rolecall-live` holds it.
//!
//! Layers count bindings and roles by *slots* of the live policy; each keeps which slots its own numbers mean. The
//! base's numbers are slots. All layers hash with the seed of the base, so that a request's strings are hashed once.
//! ABAC lines do not change: the base answers for them.

use std::{cell::OnceCell, collections::BTreeMap, sync::Arc};

use rolecall_model::{
    Authorizer, Binding, BindingIndex, Decision, Determination, Grant, GroupName, ListedRule, Modes,
    Namespace, Request, Role, RoleIndex, RuleListing, Subject, Unresolved, UserName,
};

use crate::{
    compile::CompileOptions,
    engine::{Engine, Tables},
    error::{CompileError, number},
    grants::{Principal, Scope, Who},
    lines::Found,
    modes::{self, Policies, is_superuser},
    permissions::Access,
    question::Question,
    rbac::{self, RbacBuilder},
    vocabulary::VocabularyBuilder,
};

/// Somebody to whom bindings give roles: a group, or a user (a service account is one).
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Holder {
    /// Everybody in this group.
    Group(GroupName),
    /// The user of this name.
    User(UserName),
}

/// Who and where.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct HeldScope {
    /// Who.
    pub holder: Holder,
    /// Where: a namespace, or (`None`) everywhere.
    pub namespace: Option<Namespace>,
}

/// A binding that gives something to a scope.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Given {
    /// The slot of the binding.
    pub binding: BindingIndex,
    /// The first of its subjects that is the scope's holder.
    pub subject: u32,
}

/// The scopes to which a binding gives its role, each once, with the first of its subjects that it is.
pub fn scopes_of(binding: &Binding) -> Vec<(HeldScope, u32)> {
    // No request has the empty namespace of a RoleBinding: it is nobody's.
    if binding.namespace.as_ref().is_some_and(|namespace| namespace.as_str().is_empty()) {
        return Vec::new();
    }
    let holder = |subject: &Subject| match subject {
        Subject::Group(name) => Some(Holder::Group(name.clone())),
        Subject::ServiceAccount { namespace, name } => {
            let namespace = rbac::account_namespace(namespace, binding)?;
            let mut account = String::new();
            rbac::write_account(&mut account, namespace.as_str(), name.as_str());
            Some(Holder::User(account.into()))
        }
        Subject::Unknown { .. } => None,
        Subject::User(name) => Some(Holder::User(name.clone())),
    };
    let mut scopes: Vec<(HeldScope, u32)> = (0..)
        .zip(&binding.subjects)
        .filter_map(|(position, subject)| {
            Some((HeldScope { holder: holder(subject)?, namespace: binding.namespace.clone() }, position))
        })
        .collect();
    scopes.sort();
    scopes.dedup_by(|later, first| later.0 == first.0);
    scopes
}

/// Where the objects of a live policy are found.
pub trait Objects {
    /// The binding in a slot.
    fn binding(&self, slot: BindingIndex) -> Option<&Binding>;

    /// The role of a binding, and its slot.
    fn role_of(&self, binding: &Binding) -> Option<(RoleIndex, &Role)>;
}

/// Some scopes of a policy, compiled. Clones share the tables.
#[derive(Clone, Debug)]
pub struct Layer {
    engine: Engine,
    /// The slots of its bindings, ascending.
    bindings: Arc<[BindingIndex]>,
    /// The slots of its roles.
    roles: Arc<[RoleIndex]>,
}

impl Layer {
    /// Compiles scopes, each with everything that is given to it, to stand above a base. Cost: O(n log n) in what is
    /// given and in the rules of the roles.
    ///
    /// # Errors
    ///
    /// When there is more of something than the tables can number.
    pub fn compile<'s>(
        base: &Engine,
        scopes: impl Iterator<Item = (&'s HeldScope, &'s [Given])> + Clone,
        objects: &impl Objects,
        options: &CompileOptions,
    ) -> Result<Self, CompileError> {
        let mut vocabulary = VocabularyBuilder::new(base.tables().vocabulary.seed(), 0);
        let mut builder = RbacBuilder::new(options);
        let mut bindings: Vec<BindingIndex> =
            scopes.clone().flat_map(|(_, given)| given).map(|given| given.binding).collect();
        bindings.sort_unstable();
        bindings.dedup();
        let mut roles = Vec::new();
        let mut role_numbers = BTreeMap::new();
        for &slot in &bindings {
            // A slot without a binding would be a fault of the caller's; it must grant nothing.
            let Some(binding) = objects.binding(slot) else {
                let empty = Binding::cluster("", rolecall_model::RoleRef::cluster_role(""), []);
                builder.grant(&empty, None, &mut vocabulary)?;
                continue;
            };
            let role = match objects.role_of(binding) {
                None => None,
                Some((slot, role)) => Some(match role_numbers.get(&slot) {
                    Some(&known) => known,
                    None => {
                        builder.role(role, &mut vocabulary)?;
                        role_numbers.insert(slot, roles.len());
                        roles.push(slot);
                        roles.len() - 1
                    }
                }),
            };
            builder.grant(binding, role, &mut vocabulary)?;
        }
        for (scope, given) in scopes {
            let principal = match &scope.holder {
                Holder::Group(name) => Principal::Group(vocabulary.principal(name.as_str())?),
                Holder::User(name) => Principal::User(vocabulary.principal(name.as_str())?),
            };
            let namespace = scope
                .namespace
                .as_ref()
                .map(|namespace| vocabulary.namespace(namespace.as_str()))
                .transpose()?;
            let mut grants = Vec::with_capacity(given.len());
            for given in given {
                if let Ok(place) = bindings.binary_search(&given.binding) {
                    grants.push((number(place, "bindings")?, given.subject));
                }
            }
            builder.hold(principal, namespace, grants)?;
        }
        let engine = Engine::assemble(builder, &[], &Modes::new([]), options, vocabulary)?;
        Ok(Self { engine, bindings: bindings.into(), roles: roles.into() })
    }

    /// The bytes that it takes.
    pub fn bytes(&self) -> usize {
        self.engine.table_bytes() + size_of_val(&*self.bindings) + size_of_val(&*self.roles)
    }
}

impl Engine {
    /// Everything that is given to a scope, ascending.
    pub fn given(&self, scope: &HeldScope) -> Vec<Given> {
        let tables = self.tables();
        let (who, hash) = match &scope.holder {
            Holder::Group(name) => {
                (Who::Group(name.as_str()), tables.vocabulary.hashes.groups.of(name.as_str()))
            }
            Holder::User(name) => {
                (Who::User(name.as_str()), tables.vocabulary.hashes.users.of(name.as_str()))
            }
        };
        let rbac = tables.rbac.tables();
        let place = match &scope.namespace {
            None => Some(Scope::EVERYWHERE),
            Some(namespace) => rbac.namespace_named(&tables.vocabulary, namespace.as_str()),
        };
        let found = place.and_then(|place| rbac.grants().scope(tables.vocabulary.texts, who, hash, place));
        let edges = found.into_iter().flat_map(|found| rbac.grants().edges_at(found.place));
        edges
            .filter_map(|edge| {
                Some(Given { binding: BindingIndex::new(edge.grant as usize)?, subject: edge.position })
            })
            .collect()
    }
}

/// A policy in layers, which answers as an engine of the whole would. Clones share the tables.
#[derive(Clone, Debug)]
pub struct Layers {
    modes: Modes,
    newest: Option<Layer>,
    middle: Option<Layer>,
    base: Engine,
}

impl Layers {
    /// A policy of which only the base is there, asked in these modes.
    pub fn new(base: Engine, modes: Modes) -> Self {
        Self { modes, newest: None, middle: None, base }
    }

    /// The same base below other layers, asked in these modes.
    #[must_use]
    pub fn with(&self, newest: Option<Layer>, middle: Option<Layer>, modes: Modes) -> Self {
        Self { modes, newest, middle, base: self.base.clone() }
    }

    /// The engine at the bottom.
    pub fn base(&self) -> &Engine {
        &self.base
    }

    /// The layer above the base.
    pub fn middle(&self) -> Option<&Layer> {
        self.middle.as_ref()
    }

    /// The bytes that all layers take.
    pub fn table_bytes(&self) -> usize {
        let above = [&self.newest, &self.middle].into_iter().flatten();
        above.map(Layer::bytes).sum::<usize>() + self.base.table_bytes()
    }

    fn permits(&self, request: &Request<'_>) -> bool {
        if self.newest.is_none() && self.middle.is_none() {
            let tables = self.base.tables();
            return tables.rbac.permit(&tables.vocabulary, request);
        }
        let stack = Stack::new(self, namespace(request));
        stack.any_held(request.user, &request.groups, |level, found, _| {
            level.tables.rbac.tables().covers(Access::from_word(found.value), level.question(request))
        })
    }

    fn determine_rbac(&self, request: &Request<'_>) -> Result<Grant, Vec<Unresolved>> {
        // As with one engine: to allow, the tables and the walk both have to.
        let permitted = self.permits(request);
        let stack = Stack::new(self, namespace(request));
        if !permitted && stack.levels().all(|level| level.tables.rbac.resolves_all()) {
            return Err(Vec::new());
        }
        let mut unresolved = Vec::new();
        for applying in stack.applying(request.user, &request.groups) {
            applying.note_unresolved(&mut unresolved);
            if permitted
                && let Some(rule) = applying.covering_rule(request)
                && let Some(role) = applying.role()
            {
                let subject = applying.subject as usize;
                return Ok(Grant::Role { binding: applying.slot, subject, role, rule });
            }
        }
        Err(unresolved)
    }

    fn list_rbac(&self, user: &str, groups: &[&str], namespace: &str, listing: &mut RuleListing) {
        let stack = Stack::new(self, Some(namespace));
        for applying in stack.applying(user, groups) {
            applying.note_unresolved(&mut listing.unresolved);
            if let Some(role) = applying.role() {
                let rules = applying.level.tables.rbac.tables().listed_rules(applying.grant);
                listing.rules.extend(rules.map(|rule| ListedRule::Role { role, rule }));
            }
        }
    }
}

impl Authorizer for Layers {
    fn authorize(&self, request: &Request<'_>) -> Decision {
        modes::authorize(self.modes.as_slice(), is_superuser(&request.groups), |policies| match policies {
            Policies::Abac => {
                let tables = self.base.tables();
                tables.abac.permit(&tables.vocabulary, request)
            }
            Policies::Rbac => self.permits(request),
        })
    }

    fn determine(&self, request: &Request<'_>) -> Determination {
        modes::determine(self.modes.as_slice(), is_superuser(&request.groups), |policies| match policies {
            Policies::Abac => {
                let tables = self.base.tables();
                tables.abac.determine(&tables.vocabulary, request).ok_or_else(Vec::new)
            }
            Policies::Rbac => self.determine_rbac(request),
        })
    }

    fn rules_for(&self, user: &str, groups: &[&str], namespace: &str) -> RuleListing {
        modes::rules(self.modes.as_slice(), |policies, listing| match policies {
            Policies::Abac => {
                let tables = self.base.tables();
                tables.abac.list(&tables.vocabulary, user, groups, namespace, listing);
            }
            Policies::Rbac => self.list_rbac(user, groups, namespace, listing),
        })
    }
}

/// The namespace whose RoleBindings count for a request.
fn namespace<'r>(request: &Request<'r>) -> Option<&'r str> {
    match request.target {
        rolecall_model::Target::Path(_) => None,
        rolecall_model::Target::Resource { namespace, .. } => Some(namespace),
    }
}

/// The layers, as one request meets them: newest first.
struct Stack<'l>([Option<Level<'l>>; 3]);

/// A layer, with what of a request has its own numbers in it.
struct Level<'l> {
    tables: &'l Tables<'l>,
    /// `None` for the base, whose numbers are slots.
    layer: Option<&'l Layer>,
    namespace: Option<Scope>,
    /// The request, once it was looked up.
    question: OnceCell<Question<'l>>,
}

/// A binding that applies, in the newest layer that has a scope through which it does.
struct Applying<'s, 'l> {
    level: &'s Level<'l>,
    grant: u32,
    slot: BindingIndex,
    subject: u32,
}

impl<'l> Stack<'l> {
    fn new(layers: &'l Layers, namespace: Option<&str>) -> Self {
        let level = |engine: &'l Engine, layer| {
            let tables = engine.tables();
            let namespace =
                namespace.and_then(|name| tables.rbac.tables().namespace_named(&tables.vocabulary, name));
            Level { tables, layer, namespace, question: OnceCell::new() }
        };
        let above = |layer: &'l Option<Layer>| layer.as_ref().map(|layer| level(&layer.engine, Some(layer)));
        Self([above(&layers.newest), above(&layers.middle), Some(level(&layers.base, None))])
    }

    fn levels(&self) -> impl Iterator<Item = &Level<'l>> {
        self.0.iter().flatten()
    }

    /// Whether anything satisfies that the newest layer with a scope has of it, for each scope of a user and groups. The
    /// last argument says whether the scope is everywhere.
    fn any_held<'s>(
        &'s self,
        user: &str,
        groups: &[&str],
        mut satisfies: impl FnMut(&'s Level<'l>, Found, bool) -> bool,
    ) -> bool {
        let [.., Some(base)] = &self.0 else { return false };
        let hashes = &base.tables.vocabulary.hashes;
        base.tables.rbac.tables().grants().any_of(hashes, user, groups, |who, hash| {
            [true, false].into_iter().any(|everywhere| {
                let held = self.levels().find_map(|level| Some((level, level.held(who, hash, everywhere)?)));
                held.is_some_and(|(level, found)| satisfies(level, found, everywhere))
            })
        })
    }

    /// The bindings that apply everywhere, then those of the namespace, each in the order of slots.
    fn applying(&self, user: &str, groups: &[&str]) -> impl Iterator<Item = Applying<'_, 'l>> {
        let (mut everywhere, mut there) = (Vec::new(), Vec::new());
        self.any_held(user, groups, |level, found, is_everywhere| {
            let edges = level.tables.rbac.tables().grants().edges_at(found.place).filter_map(|edge| {
                let slot = level.binding(edge.grant)?;
                Some(Applying { level, grant: edge.grant, slot, subject: edge.position })
            });
            if is_everywhere {
                everywhere.extend(edges);
            } else {
                there.extend(edges);
            }
            false
        });
        for applying in [&mut everywhere, &mut there] {
            applying.sort_unstable_by_key(|applying| (applying.slot, applying.subject));
            applying.dedup_by_key(|applying| applying.slot);
        }
        everywhere.into_iter().chain(there)
    }
}

impl<'l> Level<'l> {
    /// What it has of a scope.
    fn held(&self, who: Who<'_>, hash: u64, everywhere: bool) -> Option<Found> {
        let place = if everywhere { Scope::EVERYWHERE } else { self.namespace? };
        self.tables.rbac.tables().grants().scope(self.tables.vocabulary.texts, who, hash, place)
    }

    fn question(&self, request: &'l Request<'_>) -> &Question<'l> {
        self.question.get_or_init(|| {
            self.tables.rbac.tables().question(&self.tables.vocabulary, request.verb, request.target)
        })
    }

    /// The slot of a binding that has this number here.
    fn binding(&self, number: u32) -> Option<BindingIndex> {
        match self.layer {
            None => BindingIndex::new(number as usize),
            Some(layer) => layer.bindings.get(number as usize).copied(),
        }
    }
}

impl<'l> Applying<'_, 'l> {
    fn note_unresolved(&self, noted: &mut Vec<Unresolved>) {
        self.level.tables.rbac.note_unresolved(&self.level.tables.vocabulary, self.grant, noted);
    }

    fn covering_rule(&self, request: &'l Request<'_>) -> Option<usize> {
        self.level.tables.rbac.tables().covering_rule(self.grant, self.level.question(request))
    }

    /// The slot of the role that it gives.
    fn role(&self) -> Option<RoleIndex> {
        let number = self.level.tables.rbac.role(self.grant)?;
        match self.level.layer {
            None => Some(number),
            Some(layer) => layer.roles.get(number.position()).copied(),
        }
    }
}
