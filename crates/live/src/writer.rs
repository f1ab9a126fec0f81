//! What whoever makes changes has to know.

use std::{collections::HashMap, sync::Arc};

use foldhash::fast::RandomState;
use rolecall_engine::{CompileOptions, Engine, Given, HeldScope, Layers};
use rolecall_model::{AttributePolicy, Binding, BindingIndex, Modes, PolicySet, Role, RoleIndex};

use crate::{BindingKey, ChangeError, RoleKey, Version, slots::Slots, version::modes};

/// Everything that is given to some scopes.
pub(crate) type Scopes = HashMap<HeldScope, Vec<Given>, RandomState>;

#[derive(Debug)]
pub(crate) struct Writer {
    pub(crate) options: CompileOptions,
    /// The last version: the slots of everything are in it.
    pub(crate) version: Arc<Version>,
    pub(crate) role_slots: HashMap<RoleKey, RoleIndex, RandomState>,
    pub(crate) binding_slots: HashMap<BindingKey, BindingIndex, RandomState>,
    /// Bindings that name a role. Some of them may name it no longer; each that does is there.
    pub(crate) bound: HashMap<RoleKey, Vec<BindingIndex>, RandomState>,
    /// How many ClusterRoles are aggregated.
    pub(crate) aggregated: usize,
    /// What the layers above the base have.
    pub(crate) newest: Scopes,
    pub(crate) middle: Scopes,
    /// How much the base holds: what bounds the layers above it.
    pub(crate) weight: usize,
    /// How many slots were emptied and how many bindings added to a role since the base was made.
    pub(crate) stale: usize,
}

/// What a step comes to.
#[derive(Debug)]
pub(crate) enum Prepared {
    /// Everything was compiled anew.
    Folded(Box<Writer>),
    /// The scopes that it touches are in a layer.
    Layered(Box<Layered>),
}

#[derive(Debug)]
pub(crate) struct Layered {
    pub(crate) version: Version,
    pub(crate) touched: Scopes,
    /// Whether everything above the base is in the middle now.
    pub(crate) merged: bool,
    pub(crate) role_slots: HashMap<RoleKey, Option<RoleIndex>, RandomState>,
    pub(crate) binding_slots: HashMap<BindingKey, Option<BindingIndex>, RandomState>,
    pub(crate) bound: HashMap<RoleKey, Vec<BindingIndex>, RandomState>,
    pub(crate) aggregated: usize,
    pub(crate) stale: usize,
}

impl Writer {
    pub(crate) fn new(policies: &PolicySet, options: CompileOptions) -> Result<Self, ChangeError> {
        Self::compile(
            0,
            Slots::new(policies.roles().iter().cloned().map(Arc::new)),
            Slots::new(policies.bindings().iter().cloned().map(Arc::new)),
            policies.attribute_policies().into(),
            policies.chosen_modes().cloned(),
            options,
        )
    }

    /// Compiles everything anew. There are no gaps between the slots.
    pub(crate) fn compile(
        number: u64,
        roles: Slots<Role>,
        bindings: Slots<Binding>,
        attribute_policies: Arc<[AttributePolicy]>,
        chosen_modes: Option<Modes>,
        options: CompileOptions,
    ) -> Result<Self, ChangeError> {
        let modes = modes(chosen_modes.as_ref(), &roles, &bindings, &attribute_policies);
        let all_roles: Vec<&Role> = roles.iter().map(|(_, role)| &**role).collect();
        let all_bindings: Vec<&Binding> = bindings.iter().map(|(_, binding)| &**binding).collect();
        let base = Engine::compile_objects(
            all_roles.iter().copied(),
            all_bindings.iter().copied(),
            &attribute_policies,
            &modes,
            &options,
        )?;
        let mut role_slots = HashMap::with_capacity_and_hasher(all_roles.len(), RandomState::default());
        for (position, role) in all_roles.iter().enumerate() {
            if let Some(slot) = RoleIndex::new(position) {
                role_slots.insert(RoleKey::of(role), slot);
            }
        }
        let mut binding_slots = HashMap::with_capacity_and_hasher(all_bindings.len(), RandomState::default());
        let mut bound: HashMap<_, Vec<_>, _> = HashMap::default();
        for (position, binding) in all_bindings.iter().enumerate() {
            let Some(slot) = BindingIndex::new(position) else { continue };
            binding_slots.insert(BindingKey::of(binding), slot);
            if let Some(role) = RoleKey::named_by(binding) {
                bound.entry(role).or_default().push(slot);
            }
        }
        let aggregated = all_roles.iter().filter(|role| is_aggregated(role)).count();
        let weight = all_bindings.iter().map(|binding| 1 + binding.subjects.len()).sum();
        let layers = Layers::new(base, modes);
        let version = Version { number, roles, bindings, attribute_policies, chosen_modes, layers };
        Ok(Self {
            options,
            version: Arc::new(version),
            role_slots,
            binding_slots,
            bound,
            aggregated,
            newest: Scopes::default(),
            middle: Scopes::default(),
            weight,
            stale: 0,
        })
    }

    /// Takes a step. Nothing of it can fail.
    #[expect(clippy::iter_over_hash_type, reason = "each goes to its own place")]
    pub(crate) fn commit(&mut self, prepared: Prepared) {
        let step = match prepared {
            Prepared::Folded(writer) => {
                *self = *writer;
                return;
            }
            Prepared::Layered(step) => *step,
        };
        self.version = Arc::new(step.version);
        put_all(&mut self.role_slots, step.role_slots);
        put_all(&mut self.binding_slots, step.binding_slots);
        for (role, mut slots) in step.bound {
            self.bound.entry(role).or_default().append(&mut slots);
        }
        self.aggregated = step.aggregated;
        self.stale = step.stale;
        self.newest.extend(step.touched);
        if step.merged {
            self.middle.extend(std::mem::take(&mut self.newest));
        }
    }

    /// How much the newest layer may have before it is put into the middle one: a step compiles it.
    pub(crate) fn newest_limit(&self) -> usize {
        (self.middle_limit() / 4).clamp(16, 256)
    }

    /// How much the layers above the base may have before everything is compiled anew. The middle is compiled at every
    /// 256th step or so, the base at every so manieth: a square root balances the two.
    pub(crate) fn middle_limit(&self) -> usize {
        (512 * self.weight).isqrt().min(64 + self.weight / 8)
    }

    /// How much may be stale before everything is compiled anew.
    pub(crate) fn stale_limit(&self) -> usize {
        64 + self.weight / 16
    }
}

pub(crate) fn is_aggregated(role: &Role) -> bool {
    role.namespace.is_none() && role.aggregation.is_some()
}

/// How much a scope weighs.
pub(crate) fn weight(given: &[Given]) -> usize {
    1 + given.len()
}

#[expect(clippy::iter_over_hash_type, reason = "each goes to its own place")]
fn put_all<K: Eq + std::hash::Hash, V>(
    map: &mut HashMap<K, V, RandomState>,
    changes: HashMap<K, Option<V>, RandomState>,
) {
    for (key, value) in changes {
        match value {
            Some(value) => map.insert(key, value),
            None => map.remove(&key),
        };
    }
}
