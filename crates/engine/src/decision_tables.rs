//! The tables of one authorizer: patterns, permissions, grants, and the rules behind them.
//!
//! RBAC and ABAC both compile to these. A *grant* is a binding (RBAC) or one half of a policy line (ABAC); a *program* is the
//! list of rules that it gives, shared by all grants whose rules are the same. What gives the rules, a role or a
//! policy, is the grant's *source*.
//!
//! ```text
//! flags          whether any rule is too wide for patterns | whether the grants are probed for together
//! grant_sources  [ u32 ] …            grant → source, or none
//! sources        [ u32 ] …            source → program
//! program_ends   [ u32 ] …            program → its rules
//! program_rules  [ u32 ] …
//! ```

use rolecall_model::{Request, Target};

use crate::{
    error::ImageError,
    grants::{Edge, Grants, Scope},
    image::ImageReader,
    lowered_rule::LoweredRules,
    path_patterns::PathPatterns,
    permissions::{Access, Permissions},
    question::{Question, Reading},
    resource_patterns::ResourcePatterns,
    texts::TextNumbers,
    vocabulary::Vocabulary,
};

#[derive(Clone, Copy, Debug)]
pub(crate) struct DecisionTables<'a> {
    reading: Reading,
    /// Whether any rule is too wide for patterns, so that a request without patterns may still be covered.
    has_wide_rules: bool,
    /// Whether the grants do not stay in the caches, so that waiting for them together pays.
    probe_together: bool,
    resources: ResourcePatterns<'a>,
    paths: PathPatterns<'a>,
    permissions: Permissions<'a>,
    grants: Grants<'a>,
    rules: LoweredRules<'a>,
    grant_sources: &'a [u32],
    sources: &'a [u32],
    program_ends: &'a [u32],
    program_rules: &'a [u32],
}

/// The source of a grant that gives nothing.
pub(crate) const NO_SOURCE: u32 = u32::MAX;

impl<'a> DecisionTables<'a> {
    pub(crate) fn read(
        reader: &mut ImageReader<'a>,
        reading: Reading,
        vocabulary: &Vocabulary<'a>,
    ) -> Result<Self, ImageError> {
        let pairs = vocabulary.hashes.pairs;
        let &[has_wide_rules, probe_together] = reader.section::<u32>()? else {
            return Err(ImageError::Damaged { what: "tables have no flags" });
        };
        Ok(Self {
            reading,
            has_wide_rules: has_wide_rules != 0,
            probe_together: probe_together != 0,
            resources: ResourcePatterns::read(reader, pairs)?,
            paths: PathPatterns::read(reader, pairs)?,
            permissions: Permissions::read(reader, vocabulary.pages(), pairs)?,
            grants: Grants::read(reader)?,
            rules: LoweredRules::read(reader)?,
            grant_sources: reader.section()?,
            sources: reader.section()?,
            program_ends: reader.section()?,
            program_rules: reader.section()?,
        })
    }

    /// Whether any grant to the request's user and groups covers it.
    #[inline]
    pub(crate) fn permit(&self, vocabulary: &Vocabulary<'_>, request: &Request<'_>) -> bool {
        let question = self.question(vocabulary, request.verb, request.target);
        self.can_cover(&question)
            && self.grants.any_access(
                vocabulary,
                request,
                self.namespace(vocabulary, request.target),
                self.probe_together,
                |access| self.covers(access, &question),
            )
    }

    /// Whether there is a rule that may cover the question.
    #[inline]
    pub(crate) fn can_cover(&self, question: &Question<'_>) -> bool {
        self.has_wide_rules || !question.matches_nothing()
    }

    /// Whether what somebody holds covers the question.
    #[inline]
    pub(crate) fn covers(&self, access: Access, question: &Question<'_>) -> bool {
        self.permissions.permit(access, question, self.rules)
    }

    /// Who holds what.
    pub(crate) fn grants(&self) -> &Grants<'a> {
        &self.grants
    }

    /// What is asked, as numbers.
    #[inline]
    pub(crate) fn question<'q>(
        &'q self,
        vocabulary: &'q Vocabulary<'_>,
        verb: &str,
        target: Target<'q>,
    ) -> Question<'q> {
        Question::new(verb, target, self.reading, vocabulary, &self.resources, &self.paths)
    }

    /// The grants that apply: those that count everywhere, then those of the namespace; each ascending.
    pub(crate) fn applying(
        &self,
        vocabulary: &Vocabulary<'_>,
        user: &str,
        groups: &[&str],
        namespace: Option<Scope>,
    ) -> [Vec<Edge>; 2] {
        self.grants.applying(vocabulary, user, groups, namespace)
    }

    /// The request's namespace, if grants of it count for the request.
    #[inline]
    pub(crate) fn namespace(&self, vocabulary: &Vocabulary<'_>, target: Target<'_>) -> Option<Scope> {
        match target {
            Target::Path(_) => None,
            Target::Resource { namespace, .. } => self.namespace_named(vocabulary, namespace),
        }
    }

    /// A namespace, if grants of it can count.
    ///
    /// RBAC looks at RoleBindings for a namespace that is not empty only; to ABAC the empty one is a namespace like
    /// any other.
    #[inline]
    pub(crate) fn namespace_named(&self, vocabulary: &Vocabulary<'_>, namespace: &str) -> Option<Scope> {
        if namespace.is_empty() && self.reading == Reading::Joined {
            return None;
        }
        let hash = vocabulary.hashes.namespaces.of(namespace);
        Some(Scope { hash, namespace: vocabulary.namespace(namespace, hash)? })
    }

    /// What gives a grant's rules.
    pub(crate) fn source(&self, grant: u32) -> Option<u32> {
        self.grant_sources.get(grant as usize).copied().filter(|&source| source != NO_SOURCE)
    }

    /// The place, within its role, of a grant's first rule that covers the question.
    pub(crate) fn covering_rule(&self, grant: u32, question: &Question<'_>) -> Option<usize> {
        self.rules_of(grant).iter().position(|&rule| self.rules.covers(rule, question))
    }

    /// The places, within its role, of a grant's rules that have a resource or a path to show.
    ///
    /// Source: `spec/authorization/rbac.md` section 6.
    pub(crate) fn listed_rules(&self, grant: u32) -> impl Iterator<Item = usize> + '_ {
        let rules = self.rules_of(grant).iter().enumerate();
        rules.filter(|&(_, &rule)| self.rules.has_target(rule)).map(|(place, _)| place)
    }

    fn rules_of(&self, grant: u32) -> &'a [u32] {
        let program = self.source(grant).and_then(|source| self.sources.get(source as usize));
        program.and_then(|&program| self.program(program)).unwrap_or(&[])
    }

    fn program(&self, program: u32) -> Option<&'a [u32]> {
        let end = *self.program_ends.get(program as usize)?;
        let start = match (program as usize).checked_sub(1) {
            Some(before) => *self.program_ends.get(before)?,
            None => 0,
        };
        self.program_rules.get(start as usize..end as usize)
    }

    /// How many grants there are.
    pub(crate) fn grant_count(&self) -> usize {
        self.grant_sources.len()
    }

    pub(crate) fn usage(&self) -> [(&'static str, usize, usize); 8] {
        let (sets, _) = self.permissions.widest();
        let program_bytes =
            size_of_val(self.sources) + size_of_val(self.program_ends) + size_of_val(self.program_rules);
        [
            ("patterns", self.resources.bytes() + self.paths.table_bytes(), 0),
            ("permission sets", self.permissions.set_bytes(), sets),
            ("names of objects", self.permissions.name_bytes(), 0),
            ("holdings", self.grants.decision_bytes(), self.grants.scope_count()),
            ("grants of holdings", self.grants.edge_bytes(), self.grants.scope_count()),
            ("holdings of a subject", self.grants.holder_bytes(), 0),
            ("rules", self.rules.bytes() + program_bytes, self.rules.len()),
            ("grants", size_of_val(self.grant_sources), self.grant_sources.len()),
        ]
    }

    /// The longest look-up in each of the tables of [`DecisionTables::usage`] that are probed.
    pub(crate) fn longest_probes(&self, vocabulary: &Vocabulary<'_>) -> [(&'static str, usize); 4] {
        let [scopes, holders] = self.grants.longest_probes(vocabulary);
        [
            ("patterns", self.resources.longest_probe().max(self.paths.longest_probe())),
            ("names of objects", self.permissions.longest_probe_of_names()),
            ("holdings", scopes),
            ("holdings of a subject", holders),
        ]
    }

    /// The most patterns that one permission set has.
    pub(crate) fn widest_set(&self) -> usize {
        self.permissions.widest().1
    }

    pub(crate) fn check(&self, texts: &TextNumbers, namespaces: usize) -> Result<(), ImageError> {
        self.resources.check()?;
        self.paths.check()?;
        self.rules.check()?;
        let accesses = self.permissions.check(self.rules.len())?;
        self.grants.check(texts, &accesses, namespaces, self.grant_sources.len())?;
        let sources = self.sources.len();
        let programs = self.program_ends.len();
        let rules = self.rules.len();
        let fits =
            self.grant_sources.iter().all(|&source| source == NO_SOURCE || (source as usize) < sources)
                && self.sources.iter().all(|&program| (program as usize) < programs)
                && self.program_ends.is_sorted()
                && self.program_ends.last().map_or(0, |&end| end as usize) == self.program_rules.len()
                && self.program_rules.iter().all(|&rule| (rule as usize) < rules);
        if fits { Ok(()) } else { Err(ImageError::Damaged { what: "a grant gives what is no rule" }) }
    }
}
