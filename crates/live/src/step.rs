//! A step on its way: everything that can fail happens beside the policy, which a failure leaves as it is.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use rolecall_engine::{Given, HeldScope, Layer, Objects, scopes_of};
use rolecall_kubernetes::aggregation::aggregate_anew;
use rolecall_model::{Binding, BindingIndex, Role, RoleIndex, Rule};

use crate::{
    BindingKey, Change, ChangeError, RoleKey, Version,
    slots::Slots,
    version::modes,
    writer::{Layered, Prepared, Scopes, Writer, is_aggregated, weight},
};

pub(crate) struct Step<'w> {
    writer: &'w Writer,
    roles: Slots<Role>,
    bindings: Slots<Binding>,
    /// What differs from the writer's; `None`: is there no longer.
    role_slots: HashMap<RoleKey, Option<RoleIndex>, RandomState>,
    binding_slots: HashMap<BindingKey, Option<BindingIndex>, RandomState>,
    bound: HashMap<RoleKey, Vec<BindingIndex>, RandomState>,
    aggregated: usize,
    has_new_cluster_roles: bool,
    /// All scopes of everything that changed, as it was and as it is, with what is given to them now.
    touched: Scopes,
    touched_weight: usize,
    /// Whether so much is touched that everything is compiled anew, and `touched` is not all of it.
    is_wide: bool,
    stale: usize,
}

impl<'w> Step<'w> {
    pub(crate) fn new(writer: &'w Writer) -> Self {
        Self {
            writer,
            roles: writer.version.roles.clone(),
            bindings: writer.version.bindings.clone(),
            role_slots: HashMap::default(),
            binding_slots: HashMap::default(),
            bound: HashMap::default(),
            aggregated: writer.aggregated,
            has_new_cluster_roles: false,
            touched: Scopes::default(),
            touched_weight: 0,
            is_wide: false,
            stale: writer.stale,
        }
    }

    pub(crate) fn take(&mut self, change: Change) -> Result<(), ChangeError> {
        match change {
            Change::PutBinding(binding) => self.put_binding(binding),
            Change::PutRole(role) => self.put_role(role),
            Change::RemoveBinding(key) => self.remove_binding(key),
            Change::RemoveRole(key) => self.remove_role(key),
        }
    }

    fn put_binding(&mut self, binding: Binding) -> Result<(), ChangeError> {
        let key = BindingKey::of(&binding);
        let role = RoleKey::named_by(&binding);
        let scopes = scopes_of(&binding);
        let known = self.binding_slot(&key);
        let earlier = known.and_then(|slot| self.bindings.get(slot.position())).cloned();
        let slot = match (known, &earlier) {
            (Some(slot), Some(earlier)) => {
                self.take_from(slot, earlier);
                self.bindings.set(slot.position(), binding);
                slot
            }
            _ => {
                let slot = self.bindings.push(binding);
                let slot = BindingIndex::new(slot).ok_or_else(|| too_many("bindings"))?;
                self.binding_slots.insert(key, Some(slot));
                slot
            }
        };
        if let Some(role) = role
            && earlier.as_ref().and_then(RoleKey::named_by).as_ref() != Some(&role)
        {
            self.bound.entry(role).or_default().push(slot);
            self.stale += usize::from(earlier.is_some());
        }
        for (scope, subject) in scopes {
            self.touch(scope, |given| {
                let place = given.partition_point(|given| given.binding < slot);
                given.insert(place, Given { binding: slot, subject });
            });
        }
        Ok(())
    }

    fn remove_binding(&mut self, key: BindingKey) -> Result<(), ChangeError> {
        let Some(slot) = self.binding_slot(&key) else { return Err(ChangeError::NoBinding(key)) };
        if let Some(earlier) = self.bindings.get(slot.position()).cloned() {
            self.take_from(slot, &earlier);
            self.bindings.clear(slot.position());
            self.stale += 1;
        }
        self.binding_slots.insert(key, None);
        Ok(())
    }

    /// Takes from everybody what a binding gives them.
    fn take_from(&mut self, slot: BindingIndex, binding: &Binding) {
        for (scope, _) in scopes_of(binding) {
            self.touch(scope, |given| given.retain(|given| given.binding != slot));
        }
    }

    fn put_role(&mut self, role: Role) -> Result<(), ChangeError> {
        let key = RoleKey::of(&role);
        self.has_new_cluster_roles |= role.namespace.is_none();
        self.aggregated += usize::from(is_aggregated(&role));
        if let Some(slot) = self.role_slot(&key) {
            let earlier = self.roles.get(slot.position());
            let earlier = usize::from(earlier.is_some_and(is_aggregated));
            self.aggregated = self.aggregated.saturating_sub(earlier);
            self.replace_role(slot, &key, role);
        } else {
            let slot = self.roles.push(role);
            let slot = RoleIndex::new(slot).ok_or_else(|| too_many("roles"))?;
            self.touch_bound(&key);
            self.role_slots.insert(key, Some(slot));
        }
        Ok(())
    }

    fn replace_role(&mut self, slot: RoleIndex, key: &RoleKey, role: Role) {
        let says_the_same =
            self.roles.get(slot.position()).is_some_and(|earlier| say_the_same(&earlier.rules, &role.rules));
        self.roles.set(slot.position(), role);
        if !says_the_same {
            self.touch_bound(key);
        }
    }

    fn remove_role(&mut self, key: RoleKey) -> Result<(), ChangeError> {
        let Some(slot) = self.role_slot(&key) else { return Err(ChangeError::NoRole(key)) };
        self.has_new_cluster_roles |= key.namespace.is_none();
        let earlier = usize::from(self.roles.get(slot.position()).is_some_and(is_aggregated));
        self.aggregated = self.aggregated.saturating_sub(earlier);
        self.roles.clear(slot.position());
        self.stale += 1;
        self.touch_bound(&key);
        self.role_slots.insert(key, None);
        Ok(())
    }

    /// Touches everybody who is bound to a role.
    fn touch_bound(&mut self, key: &RoleKey) {
        let earlier = self.writer.bound.get(key).into_iter().flatten();
        let slots: Vec<BindingIndex> =
            earlier.chain(self.bound.get(key).into_iter().flatten()).copied().collect();
        for slot in slots {
            if self.is_wide {
                return;
            }
            if let Some(binding) = self.bindings.get(slot.position())
                && RoleKey::named_by(binding).as_ref() == Some(key)
            {
                for (scope, _) in scopes_of(binding) {
                    self.touch(scope, |_| {});
                }
            }
        }
    }

    /// Changes what is given to a scope, which at first is what the newest layer that has it says.
    fn touch(&mut self, scope: HeldScope, change: impl FnOnce(&mut Vec<Given>)) {
        if self.is_wide {
            return;
        }
        let Writer { newest, middle, version, .. } = self.writer;
        let touched_weight = &mut self.touched_weight;
        let given = self.touched.entry(scope).or_insert_with_key(|scope| {
            let known = newest.get(scope).or_else(|| middle.get(scope)).cloned();
            let given = known.unwrap_or_else(|| version.layers.base().given(scope));
            *touched_weight += weight(&given);
            given
        });
        change(given);
        self.is_wide = *touched_weight > self.writer.middle_limit();
    }

    fn aggregate(&mut self) -> Result<(), ChangeError> {
        if !self.has_new_cluster_roles || self.aggregated == 0 {
            return Ok(());
        }
        let all: Vec<usize> = self.roles.iter().map(|(slot, _)| slot).collect();
        for (position, rules) in aggregate_anew(self.roles.iter().map(|(_, role)| &**role))? {
            let Some(&slot) = all.get(position.position()) else { continue };
            let Some(role) = self.roles.get(slot) else { continue };
            if let Some(index) = RoleIndex::new(slot)
                && role.rules != rules
            {
                let role = Role { rules, ..role.clone() };
                self.replace_role(index, &RoleKey::of(&role), role);
            }
        }
        Ok(())
    }

    /// Compiles what has to be.
    pub(crate) fn prepare(mut self) -> Result<Prepared, ChangeError> {
        self.aggregate()?;
        let Writer { newest, middle, version, options, .. } = self.writer;
        let upper = || newest.iter().filter(|(scope, _)| !self.touched.contains_key(*scope));
        let lower = || {
            let seen = |scope| self.touched.contains_key(scope) || newest.contains_key(scope);
            middle.iter().filter(move |(scope, _)| !seen(*scope))
        };
        let weight_above = self.touched_weight + upper().map(|(_, given)| weight(given)).sum::<usize>();
        let merged = weight_above > self.writer.newest_limit();
        let is_due = || {
            weight_above + lower().map(|(_, given)| weight(given)).sum::<usize>() > self.writer.middle_limit()
        };
        if self.is_wide || merged && is_due() || self.stale > self.writer.stale_limit() {
            return self.fold();
        }
        let upper = upper();
        let lower = merged.then(lower).into_iter().flatten();
        let scopes = self.touched.iter().chain(upper).chain(lower);
        let scopes = scopes.map(|(scope, given)| (scope, given.as_slice()));
        let layer = Layer::compile(version.layers.base(), scopes, &self, options)?;
        let (newest, middle) =
            if merged { (None, Some(layer)) } else { (Some(layer), version.layers.middle().cloned()) };
        let modes =
            modes(version.chosen_modes.as_ref(), &self.roles, &self.bindings, &version.attribute_policies);
        let version = Version {
            number: version.number + 1,
            attribute_policies: version.attribute_policies.clone(),
            chosen_modes: version.chosen_modes.clone(),
            layers: version.layers.with(newest, middle, modes),
            roles: self.roles,
            bindings: self.bindings,
        };
        Ok(Prepared::Layered(Box::new(Layered {
            version,
            touched: self.touched,
            merged,
            role_slots: self.role_slots,
            binding_slots: self.binding_slots,
            bound: self.bound,
            aggregated: self.aggregated,
            stale: self.stale,
        })))
    }

    /// Compiles everything anew.
    fn fold(self) -> Result<Prepared, ChangeError> {
        let before = &self.writer.version;
        let writer = Writer::compile(
            before.number + 1,
            self.roles.compacted(),
            self.bindings.compacted(),
            before.attribute_policies.clone(),
            before.chosen_modes.clone(),
            self.writer.options.clone(),
        )?;
        Ok(Prepared::Folded(Box::new(writer)))
    }

    fn role_slot(&self, key: &RoleKey) -> Option<RoleIndex> {
        self.role_slots.get(key).copied().unwrap_or_else(|| self.writer.role_slots.get(key).copied())
    }

    fn binding_slot(&self, key: &BindingKey) -> Option<BindingIndex> {
        self.binding_slots.get(key).copied().unwrap_or_else(|| self.writer.binding_slots.get(key).copied())
    }
}

impl Objects for Step<'_> {
    fn binding(&self, slot: BindingIndex) -> Option<&Binding> {
        self.bindings.get(slot.position())
    }

    fn role_of(&self, binding: &Binding) -> Option<(RoleIndex, &Role)> {
        let slot = self.role_slot(&RoleKey::named_by(binding)?)?;
        Some((slot, self.roles.get(slot.position())?))
    }
}

fn say_the_same(one: &[Rule], other: &[Rule]) -> bool {
    one.len() == other.len() && one.iter().zip(other).all(|(one, other)| one.says_the_same(other))
}

fn too_many(kind: &'static str) -> ChangeError {
    ChangeError::TooManyObjects(rolecall_model::TooManyObjects::new(kind, 1 << 32))
}
