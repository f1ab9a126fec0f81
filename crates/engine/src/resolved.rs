//! Subjects and questions that come again, resolved once.
//!
//! A [`ResolvedSubject`] has, for a user and groups, what each of them holds everywhere and in each namespace:
//!
//! ```text
//! everywhere   [ access ] …
//! slots        [ namespace | first access | how many ] …   2ⁿ of them, at most half taken
//! accesses     [ access ] …
//! wide         those who hold something in too many namespaces to list them: probed for as ever
//! ```
//!
//! A [`ResolvedQuestion`] has the numbers of a verb and a target. Both are of one engine and keep it alive; asked about
//! a question of another engine, a subject refuses to answer.

use rolecall_model::{Decision, Target};

use crate::{
    decision_tables::DecisionTables,
    engine::{Engine, Tables},
    grants::{EVERYWHERE, ManyScopes, Scope},
    modes::{self, Policies, is_superuser},
    permissions::Access,
    question::{KnownQuestion, Question},
    vocabulary::Vocabulary,
};

/// In how many namespaces somebody may hold something and still have them listed: it bounds what resolving costs.
const LISTED_NAMESPACES: usize = 64;

/// A user and groups whose grants were looked up once, in one engine.
///
/// Deciding allocates nothing, takes no lock and writes nothing, so that threads may share it. It is about the engine
/// that resolved it, which it keeps alive: when a policy changes, resolve again.
#[derive(Clone, Debug)]
pub struct ResolvedSubject {
    engine: Engine,
    is_superuser: bool,
    rbac: HeldScopes,
    abac: HeldScopes,
}

/// A verb and a target whose strings were looked up once, in one engine.
#[derive(Clone, Debug)]
pub struct ResolvedQuestion {
    engine: Engine,
    rbac: KnownScope,
    abac: KnownScope,
}

/// A question that another engine resolved.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "the subject and the question were resolved by two engines: resolve both by the one that is to answer"
)]
pub struct OtherEngine;

#[derive(Clone, Debug)]
struct KnownScope {
    question: KnownQuestion,
    namespace: Option<Scope>,
}

impl Engine {
    /// Looks up what a user and groups hold, to decide many requests of theirs. Cost: O(namespaces in which they hold
    /// something), of each at most a bound.
    pub fn resolve(&self, user: &str, groups: &[&str]) -> ResolvedSubject {
        let tables = self.tables();
        let held = |one: &DecisionTables<'_>| HeldScopes::of(one, &tables.vocabulary, user, groups);
        ResolvedSubject {
            is_superuser: is_superuser(groups),
            rbac: held(tables.rbac().tables()),
            abac: held(tables.abac().tables()),
            engine: self.clone(),
        }
    }

    /// Looks up the strings of a verb and a target, to ask it about many subjects.
    pub fn resolve_question(&self, verb: &str, target: Target<'_>) -> ResolvedQuestion {
        let tables = self.tables();
        let known = |one: &DecisionTables<'_>| KnownScope {
            question: one.question(&tables.vocabulary, verb, target).known(),
            namespace: one.namespace(&tables.vocabulary, target),
        };
        ResolvedQuestion {
            rbac: known(tables.rbac().tables()),
            abac: known(tables.abac().tables()),
            engine: self.clone(),
        }
    }
}

impl ResolvedSubject {
    /// Whether the subject may.
    #[inline]
    pub fn authorize(&self, verb: &str, target: Target<'_>) -> Decision {
        self.decide(|tables, _, one, held| {
            let question = one.question(&tables.vocabulary, verb, target);
            one.can_cover(&question) && held.permit(one, &question, one.namespace(&tables.vocabulary, target))
        })
    }

    /// Whether the subject may, asked with what was resolved before.
    ///
    /// # Errors
    ///
    /// When another engine resolved the question.
    #[inline]
    pub fn authorize_resolved(&self, question: &ResolvedQuestion) -> Result<Decision, OtherEngine> {
        if !self.is_of(&question.engine) {
            return Err(OtherEngine);
        }
        Ok(self.decide(|tables, policies, one, held| {
            let KnownScope { question, namespace } = match policies {
                Policies::Abac => &question.abac,
                Policies::Rbac => &question.rbac,
            };
            held.permit(one, &question.question(&tables.vocabulary), *namespace)
        }))
    }

    /// Whether this engine resolved the subject: its answers are about no other.
    #[inline]
    pub fn is_of(&self, engine: &Engine) -> bool {
        self.engine.is_same(engine)
    }

    /// How many bytes it takes, beside the engine.
    pub fn bytes(&self) -> usize {
        size_of::<Self>() + self.rbac.bytes() + self.abac.bytes()
    }

    #[inline]
    fn decide(
        &self,
        permits: impl Fn(&Tables<'_>, Policies, &DecisionTables<'_>, &HeldScopes) -> bool,
    ) -> Decision {
        let tables = self.engine.tables();
        modes::authorize(tables.modes(), self.is_superuser, |policies| {
            let (one, held) = match policies {
                Policies::Abac => (tables.abac().tables(), &self.abac),
                Policies::Rbac => (tables.rbac().tables(), &self.rbac),
            };
            permits(tables, policies, one, held)
        })
    }
}

/// What a user and groups hold in the tables of one authorizer.
#[derive(Clone, Debug)]
struct HeldScopes {
    everywhere: Box<[Access]>,
    slots: Box<[Slot]>,
    accesses: Box<[Access]>,
    wide: Box<[ManyScopes]>,
}

/// What is held in a namespace: the only access itself, or where several begin.
#[derive(Clone, Copy, Debug)]
struct Slot {
    namespace: u32,
    first: u32,
    count: u32,
}

/// INVARIANT: no namespace has this number, which is that of the scope everywhere.
const EMPTY: Slot = Slot { namespace: EVERYWHERE, first: 0, count: 0 };

impl HeldScopes {
    fn of(tables: &DecisionTables<'_>, vocabulary: &Vocabulary<'_>, user: &str, groups: &[&str]) -> Self {
        let mut found = Vec::new();
        let mut wide = Vec::new();
        let grants = tables.grants();
        for (who, hash) in grants.everybody(&vocabulary.hashes, user, groups) {
            wide.extend(grants.scopes_of(vocabulary.texts, who, hash, LISTED_NAMESPACES, &mut found));
        }
        found.retain(|&(_, access)| access != Access::NOTHING);
        found.sort_unstable_by_key(|&(namespace, access)| (namespace, access.word()));
        found.dedup();
        let listed = found.partition_point(|&(namespace, _)| namespace != EVERYWHERE);
        let everywhere = found.drain(listed..).map(|(_, access)| access).collect();
        let namespaces = found.chunk_by(|left, right| left.0 == right.0).count();
        let mut slots = vec![EMPTY; if namespaces == 0 { 0 } else { (namespaces * 2).next_power_of_two() }]
            .into_boxed_slice();
        let mut start = 0;
        for held in found.chunk_by(|left, right| left.0 == right.0) {
            let namespace = held.first().map_or(EVERYWHERE, |&(namespace, _)| namespace);
            let mut place = home(namespace, slots.len());
            while slots.get(place).is_some_and(|slot| slot.namespace != EVERYWHERE) {
                place = (place + 1) & (slots.len() - 1);
            }
            if let Some(slot) = slots.get_mut(place) {
                *slot = Slot { namespace, first: start, count: 0 };
                for _ in held {
                    slot.count += 1;
                    start += 1;
                }
            }
        }
        Self {
            everywhere,
            slots,
            accesses: found.iter().map(|&(_, access)| access).collect(),
            wide: wide.into(),
        }
    }

    #[inline]
    fn permit(&self, tables: &DecisionTables<'_>, question: &Question<'_>, namespace: Option<Scope>) -> bool {
        if self.everywhere.iter().any(|&access| tables.covers(access, question)) {
            return true;
        }
        let Some(scope) = namespace else { return false };
        self.in_namespace(scope.namespace).iter().any(|&access| tables.covers(access, question))
            || self.wide.iter().any(|&many| {
                tables.grants().held_by(many, scope).is_some_and(|access| tables.covers(access, question))
            })
    }

    #[inline]
    fn in_namespace(&self, namespace: u32) -> &[Access] {
        let mut place = home(namespace, self.slots.len());
        // Ends at the latest at an empty slot: half of them are.
        while let Some(slot) = self.slots.get(place) {
            if slot.namespace == namespace {
                let start = slot.first as usize;
                return self.accesses.get(start..start + slot.count as usize).unwrap_or(&[]);
            }
            if slot.namespace == EVERYWHERE {
                break;
            }
            place = (place + 1) & (self.slots.len() - 1);
        }
        &[]
    }

    fn bytes(&self) -> usize {
        size_of_val(&*self.everywhere)
            + size_of_val(&*self.slots)
            + size_of_val(&*self.accesses)
            + size_of_val(&*self.wide)
    }
}

/// The slot of a namespace; `size` is a power of two, or nothing.
#[inline]
fn home(namespace: u32, size: usize) -> usize {
    // Numbers ascend in the order of the policy: their lower bits are spread as well as can be.
    namespace as usize & size.wrapping_sub(1)
}
