//! The bindings laid out by namespace once: whoever asks then is not compared with those that count elsewhere.
//!
//! Nothing is decided differently: the same functions say what counts, what applies and what covers, in the same order.

use std::{cell::OnceCell, collections::HashMap};

use rolecall_model::{Binding, BindingIndex, RuleListing};

use crate::{
    AskerReference, Reference, chain,
    rbac::{self, Given, Resolved},
};

/// The reference, for many askers.
///
/// Making it costs a walk over the bindings; what is given to an asker is then found by walking the
/// ClusterRoleBindings and those of one namespace.
#[derive(Clone, Debug)]
pub struct ReferenceByNamespace<'a> {
    reference: Reference<'a>,
    cluster_wide: Vec<Counting<'a>>,
    of_namespace: HashMap<&'a str, Vec<Counting<'a>>>,
}

/// A binding, and what its reference leads to once that was asked.
#[derive(Clone, Debug)]
struct Counting<'a> {
    index: BindingIndex,
    binding: &'a Binding,
    resolved: OnceCell<Resolved<'a>>,
}

impl<'a> Reference<'a> {
    /// Lays the bindings out by namespace, for many askers.
    pub fn by_namespace(&self) -> ReferenceByNamespace<'a> {
        let (mut cluster_wide, mut of_namespace) = (Vec::new(), HashMap::<_, Vec<_>>::new());
        for (position, binding) in self.policies.bindings().iter().enumerate() {
            let Some(index) = BindingIndex::new(position) else { break };
            let counting = Counting { index, binding, resolved: OnceCell::new() };
            match &binding.namespace {
                None => cluster_wide.push(counting),
                Some(own) => of_namespace.entry(own.as_str()).or_default().push(counting),
            }
        }
        ReferenceByNamespace { reference: *self, cluster_wide, of_namespace }
    }
}

impl<'a> ReferenceByNamespace<'a> {
    /// The reference itself.
    pub fn reference(&self) -> Reference<'a> {
        self.reference
    }

    /// Finds what is given to somebody in a namespace (empty: none, as for paths), once for many requests.
    pub fn for_asker<'r>(
        &self,
        user: &'r str,
        groups: &'r [&'r str],
        namespace: &'r str,
    ) -> AskerReference<'r>
    where
        'a: 'r,
    {
        AskerReference::new(self.reference, user, groups, namespace, self.given(user, groups, namespace))
    }

    /// What [`Reference::rules_for`](rolecall_model::Authorizer::rules_for) lists.
    pub fn rules_for(&self, user: &str, groups: &[&str], namespace: &str) -> RuleListing {
        let given = || self.given(user, groups, namespace);
        chain::rules_given(self.reference.policies, user, groups, namespace, given)
    }

    /// The bindings that apply, in the order of evaluation, with what they give.
    fn given(&self, user: &str, groups: &[&str], namespace: &str) -> impl Iterator<Item = Given<'a>> {
        let of_namespace = self.of_namespace.get(namespace).into_iter().flatten();
        let of_namespace = of_namespace.filter(move |counting| rbac::is_in(counting.binding, namespace));
        self.cluster_wide.iter().chain(of_namespace).filter_map(move |counting| {
            let applying = rbac::applying(counting.index, counting.binding, user, groups)?;
            let resolve = || rbac::resolve(self.reference.policies, counting.binding);
            Some((applying, counting.resolved.get_or_init(resolve).clone()))
        })
    }
}
