//! The tables of one authorizer: patterns, permissions, grants, and the rules behind them.
//!
//! RBAC and ABAC both compile to these. A *grant* is a binding (RBAC) or one half of a policy line (ABAC); a *program* is the
//! list of rules that it gives, shared by all grants whose rules are the same.

use fxhash::FxHashMap;
use rolecall_model::{Request, Target};

use crate::{
    compile::CompileOptions,
    error::{CompileError, number},
    grants::{Grants, GrantsBuilder, Principal},
    lowered_rule::{ANY, LoweredRule, LoweredRules},
    path_patterns::{PathPatterns, PathPatternsBuilder},
    permission_sets::{PatternedRule, PermissionSetsBuilder},
    permissions::Permissions,
    question::{Question, Reading},
    resource_patterns::{Pattern, ResourceHalf, ResourcePatterns, ResourcePatternsBuilder},
    vocabulary::{Vocabulary, VocabularyBuilder},
};

#[derive(Clone, Debug)]
pub(crate) struct DecisionTables {
    reading: Reading,
    resources: ResourcePatterns,
    paths: PathPatterns,
    permissions: Permissions,
    grants: Grants,
    rules: LoweredRules,
    /// Ranges of `rules`.
    programs: Vec<(u32, u32)>,
    grant_programs: Vec<u32>,
    /// Whether any rule is too wide for patterns, so that a request without patterns may still be covered.
    has_wide_rules: bool,
}

/// The program of a grant that gives nothing.
const NO_PROGRAM: u32 = u32::MAX;

impl DecisionTables {
    /// Whether any grant to the request's user and groups covers it.
    #[inline]
    pub(crate) fn permit(&self, vocabulary: &Vocabulary, request: &Request<'_>) -> bool {
        let question = self.question(vocabulary, request);
        if question.matches_nothing() && !self.has_wide_rules {
            return false;
        }
        self.grants.any_access(vocabulary, request, self.namespace(vocabulary, request), |access| {
            self.permissions.permit(access, &question, &self.rules)
        })
    }

    /// The request as numbers.
    pub(crate) fn question<'a>(
        &'a self,
        vocabulary: &'a Vocabulary,
        request: &'a Request<'_>,
    ) -> Question<'a> {
        Question::new(request, self.reading, vocabulary, &self.resources, &self.paths)
    }

    /// The grants that apply: those that count everywhere, then those of the namespace; each ascending.
    pub(crate) fn applying(
        &self,
        vocabulary: &Vocabulary,
        user: &str,
        groups: &[&str],
        namespace: Option<u32>,
    ) -> [Vec<u32>; 2] {
        self.grants.applying(vocabulary, user, groups, namespace)
    }

    /// The number of the request's namespace, if grants of it count for the request.
    pub(crate) fn namespace(&self, vocabulary: &Vocabulary, request: &Request<'_>) -> Option<u32> {
        match request.target {
            Target::Path(_) => None,
            Target::Resource { namespace, .. } => self.namespace_named(vocabulary, namespace),
        }
    }

    /// The number of a namespace, if grants of it can count.
    ///
    /// RBAC looks at RoleBindings for a namespace that is not empty only; to ABAC the empty one is a namespace like
    /// any other.
    pub(crate) fn namespace_named(&self, vocabulary: &Vocabulary, namespace: &str) -> Option<u32> {
        if namespace.is_empty() && self.reading == Reading::Joined {
            return None;
        }
        vocabulary.namespaces.lookup(namespace)
    }

    /// The place, within its role, of a grant's first rule that covers the question.
    pub(crate) fn covering_rule(&self, grant: u32, question: &Question<'_>) -> Option<usize> {
        let (start, end) = self.program(grant);
        (start..end).position(|rule| self.rules.covers(rule, question))
    }

    /// The places, within its role, of a grant's rules that have a resource or a path to show.
    ///
    /// Source: `spec/authorization/rbac.md` section 6.
    pub(crate) fn listed_rules(&self, grant: u32) -> impl Iterator<Item = usize> + '_ {
        let (start, end) = self.program(grant);
        (start..end).enumerate().filter(|&(_, rule)| self.rules.has_target(rule)).map(|(place, _)| place)
    }

    fn program(&self, grant: u32) -> (u32, u32) {
        let program = self.grant_programs.get(grant as usize).copied().unwrap_or(NO_PROGRAM);
        self.programs.get(program as usize).copied().unwrap_or_default()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.resources.bytes()
            + self.paths.table_bytes()
            + self.permissions.bytes()
            + self.grants.bytes()
            + self.rules.bytes()
            + self.programs.len() * 8
            + self.grant_programs.len() * 4
    }
}

/// Gathers the tables of one authorizer.
#[derive(Debug)]
pub(crate) struct DecisionTablesBuilder {
    reading: Reading,
    resources: ResourcePatternsBuilder,
    paths: PathPatternsBuilder,
    next_pattern: usize,
    widest_rule: usize,
    sets: PermissionSetsBuilder,
    grants: GrantsBuilder,
    rules: LoweredRules,
    programs: Vec<(u32, u32)>,
    program_sets: Vec<u32>,
    program_sizes: Vec<usize>,
    known_programs: FxHashMap<Vec<LoweredRule>, u32>,
    grant_programs: Vec<u32>,
    budget_is_given: bool,
    has_wide_rules: bool,
}

/// The rules of a role, in the tables.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Program(u32);

impl DecisionTablesBuilder {
    pub(crate) fn new(reading: Reading, options: &CompileOptions) -> Self {
        Self {
            reading,
            resources: ResourcePatternsBuilder::default(),
            paths: PathPatternsBuilder::default(),
            next_pattern: 0,
            widest_rule: options.widest_rule,
            sets: PermissionSetsBuilder::new(options.merge_budget.unwrap_or(1 << 20)),
            grants: GrantsBuilder::default(),
            rules: LoweredRules::default(),
            programs: Vec::new(),
            program_sets: Vec::new(),
            program_sizes: Vec::new(),
            known_programs: FxHashMap::default(),
            grant_programs: Vec::new(),
            budget_is_given: options.merge_budget.is_some(),
            has_wide_rules: false,
        }
    }

    /// The number of a path pattern as a rule writes it.
    pub(crate) fn path(
        &mut self,
        text: &str,
        vocabulary: &mut VocabularyBuilder,
    ) -> Result<u32, CompileError> {
        self.paths.pattern(text, vocabulary, &mut self.next_pattern)
    }

    /// Takes a role's rules in, once for all roles of the same rules. Every list is normalized.
    pub(crate) fn program(&mut self, rules: Vec<LoweredRule>) -> Result<Program, CompileError> {
        if let Some(&known) = self.known_programs.get(&rules) {
            return Ok(Program(known));
        }
        let program = number(self.programs.len(), "roles")?;
        let start = number(self.rules.len(), "rules")?;
        let mut patterned = Vec::with_capacity(rules.len());
        for rule in &rules {
            let number = self.rules.push(rule)?;
            let resources = self.multiply_out(rule)?;
            self.has_wide_rules |= resources.is_none();
            patterned.push(PatternedRule { rule, number, resources });
        }
        let end = number(self.rules.len(), "rules")?;
        let (set, size) = self.sets.of_rules(&patterned)?;
        self.programs.push((start, end));
        self.program_sets.push(set);
        self.program_sizes.push(size);
        self.known_programs.insert(rules, program);
        Ok(Program(program))
    }

    /// All pairs of a rule's groups and resources, unless there are too many.
    fn multiply_out(&mut self, rule: &LoweredRule) -> Result<Option<Vec<Pattern>>, CompileError> {
        let halves = rule.resources.len() + rule.subresources.len();
        if rule.groups.len().saturating_mul(halves) > self.widest_rule {
            return Ok(None);
        }
        let mut patterns = Vec::with_capacity(rule.groups.len() * halves);
        for &group in &rule.groups {
            let group = (group != ANY).then_some(group);
            let whole = rule.resources.iter().map(|&node| match node {
                ANY => ResourceHalf::Any,
                node => ResourceHalf::Is(node),
            });
            let halves = whole.chain(rule.subresources.iter().copied().map(ResourceHalf::Subresource));
            for half in halves {
                patterns.push(self.resources.pattern(group, half, &mut self.next_pattern)?);
            }
        }
        Ok(Some(patterns))
    }

    /// A new grant of a program (`None`: of nothing); grants are numbered in the order of their making.
    pub(crate) fn grant(&mut self, program: Option<Program>) -> Result<u32, CompileError> {
        let grant = number(self.grant_programs.len(), "bindings")?;
        self.grant_programs.push(program.map_or(NO_PROGRAM, |program| program.0));
        if !self.budget_is_given
            && let Some(&size) = program.and_then(|program| self.program_sizes.get(program.0 as usize))
        {
            // In proportion to what there is, with a ceiling for giants, which are not worth copying.
            self.sets.raise_budget(size.min(GIANT) * COPIES);
        }
        Ok(grant)
    }

    /// Gives a grant to somebody, in a namespace or (`None`) everywhere.
    pub(crate) fn give(
        &mut self,
        grant: u32,
        principal: Principal,
        namespace: Option<u32>,
    ) -> Result<(), CompileError> {
        self.grants.add(principal, namespace, grant)
    }

    /// The tables, for so many pages of verbs.
    pub(crate) fn build(mut self, pages: u32) -> Result<DecisionTables, CompileError> {
        let grants = self.grants.build(&mut self.sets, |grant| {
            let program = *self.grant_programs.get(grant as usize)?;
            self.program_sets.get(program as usize).copied()
        })?;
        Ok(DecisionTables {
            reading: self.reading,
            resources: self.resources.build(),
            paths: self.paths.build()?,
            permissions: self.sets.build(pages)?,
            grants,
            rules: self.rules,
            programs: self.programs,
            grant_programs: self.grant_programs,
            has_wide_rules: self.has_wide_rules,
        })
    }
}

/// How often unions may copy each grant's permissions on average, and how many of them count.
const COPIES: usize = 4;
const GIANT: usize = 1 << 10;
