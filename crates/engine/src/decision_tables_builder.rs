//! Gathering the tables of one authorizer.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use crate::{
    compile::CompileOptions,
    decision_tables::NO_SOURCE,
    error::{CompileError, number},
    grants::Principal,
    grants_builder::{GrantsBuilder, NO_GRANT},
    image::ImageWriter,
    lowered_rule::{ANY, LoweredRule, LoweredRulesBuilder},
    path_patterns::PathPatternsBuilder,
    permission_sets::{PatternedRule, PermissionSetsBuilder},
    resource_patterns::{Pattern, ResourceHalf, ResourcePatternsBuilder},
    vocabulary::VocabularyBuilder,
};

#[derive(Debug)]
pub(crate) struct DecisionTablesBuilder {
    resources: ResourcePatternsBuilder,
    paths: PathPatternsBuilder,
    next_pattern: usize,
    options: CompileOptions,
    grants: GrantsBuilder,
    rules: LoweredRulesBuilder,
    /// By the number of a rule.
    patterned: Vec<PatternedRule>,
    program_ends: Vec<u32>,
    program_rules: Vec<u32>,
    known_programs: HashMap<Box<[u32]>, u32, RandomState>,
    sources: Vec<u32>,
    grant_sources: Vec<u32>,
    has_wide_rules: bool,
}

/// Up to so many scopes, their lines stay in a core's own caches (some 300 KB).
const SCOPES_IN_CACHES: usize = 1 << 15;
/// How often unions may copy each grant's permissions on average, and how many of them count.
const COPIES: usize = 4;
const GIANT: usize = 1 << 10;

impl DecisionTablesBuilder {
    pub(crate) fn new(options: &CompileOptions) -> Self {
        Self {
            resources: ResourcePatternsBuilder::default(),
            paths: PathPatternsBuilder::default(),
            next_pattern: 0,
            options: options.clone(),
            grants: GrantsBuilder::default(),
            rules: LoweredRulesBuilder::default(),
            patterned: Vec::new(),
            program_ends: Vec::new(),
            program_rules: Vec::new(),
            known_programs: HashMap::default(),
            sources: Vec::new(),
            grant_sources: Vec::new(),
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

    /// Takes a rule in, whose lists are normalized, and says its number.
    pub(crate) fn rule(&mut self, rule: &LoweredRule) -> Result<u32, CompileError> {
        let (number, new) = self.rules.number(rule)?;
        if new {
            let resources = self.multiply_out(rule)?;
            self.has_wide_rules |= resources.is_none();
            self.patterned.push(PatternedRule { rule: rule.clone(), number, resources });
        }
        Ok(number)
    }

    /// Takes in what gives these rules, in this order. Sources are numbered in the order of their making.
    pub(crate) fn source(&mut self, rules: &[u32]) -> Result<(), CompileError> {
        let program = match self.known_programs.get(rules) {
            Some(&known) => known,
            None => {
                let new = number(self.program_ends.len(), "roles")?;
                self.program_rules.extend_from_slice(rules);
                self.program_ends.push(number(self.program_rules.len(), "rules of roles")?);
                self.known_programs.insert(rules.into(), new);
                new
            }
        };
        self.sources.push(program);
        Ok(())
    }

    /// All pairs of a rule's groups and resources, unless there are too many.
    fn multiply_out(&mut self, rule: &LoweredRule) -> Result<Option<Vec<Pattern>>, CompileError> {
        let halves = rule.resources.len() + rule.subresources.len();
        if rule.groups.len().saturating_mul(halves) > self.options.widest_rule {
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

    /// Room for so many grants to somebody.
    pub(crate) fn reserve(&mut self, count: usize) {
        self.grants.reserve(count);
    }

    /// A new grant from a source (`None`: of nothing); grants are numbered in the order of their making.
    pub(crate) fn grant(&mut self, source: Option<u32>) -> Result<u32, CompileError> {
        let grant = number(self.grant_sources.len(), "bindings")?;
        self.grant_sources.push(source.unwrap_or(NO_SOURCE));
        Ok(grant)
    }

    /// A grant and its own source, which gives these rules.
    pub(crate) fn source_and_grant(&mut self, rules: &[u32]) -> Result<u32, CompileError> {
        let source = number(self.sources.len(), "policies")?;
        self.source(rules)?;
        self.grant(Some(source))
    }

    /// Gives a grant to somebody, who is the subject of it at this position, in a namespace or (`None`)
    /// everywhere.
    pub(crate) fn give(
        &mut self,
        grant: u32,
        principal: Principal,
        position: u32,
        namespace: Option<u32>,
    ) -> Result<(), CompileError> {
        self.grants.add(principal, namespace, grant, position)
    }

    /// Somebody who holds in a namespace, or everywhere, what is given, were it nothing.
    pub(crate) fn note(&mut self, principal: Principal, namespace: Option<u32>) -> Result<(), CompileError> {
        self.grants.add(principal, namespace, NO_GRANT, 0)
    }

    /// The tables, once every string of the policy is in the vocabulary.
    pub(crate) fn write(
        self,
        vocabulary: &VocabularyBuilder,
        writer: &mut ImageWriter,
    ) -> Result<(), CompileError> {
        let budget = self.options.merge_budget.unwrap_or(1 << 20);
        let mut sets = PermissionSetsBuilder::new(
            self.next_pattern,
            vocabulary.pages(),
            budget,
            self.options.wide_cells,
        )?;
        let mut program_sets = Vec::with_capacity(self.program_ends.len());
        let mut start = 0;
        for &end in &self.program_ends {
            let rules = self.program_rules.get(start..end as usize).unwrap_or(&[]);
            let patterned = rules.iter().filter_map(|&rule| self.patterned.get(rule as usize));
            program_sets.push(sets.of_rules(patterned)?);
            start = end as usize;
        }
        let set_of = |grant: u32| {
            let source = *self.grant_sources.get(grant as usize)?;
            let program = *self.sources.get(source as usize)?;
            program_sets.get(program as usize).copied()
        };
        if self.options.merge_budget.is_none() {
            for grant in 0..number(self.grant_sources.len(), "bindings")? {
                if let Some(set) = set_of(grant) {
                    // In proportion to what there is, with a ceiling for giants, which are not worth copying.
                    sets.raise_budget(sets.size(set).min(GIANT) * COPIES);
                }
            }
        }
        let held = self.grants.hold(&mut sets, set_of)?;
        let pairs = vocabulary.hashes.pairs;
        let probe_together = self.options.probe_together || held.scope_count() > SCOPES_IN_CACHES;
        writer.section(&[u32::from(self.has_wide_rules), u32::from(probe_together)]);
        self.resources.write(pairs, writer);
        self.paths.write(pairs, writer)?;
        let written = sets.write(pairs, writer)?;
        held.write(vocabulary, &written, writer)?;
        self.rules.write(writer);
        writer.section(&self.grant_sources);
        writer.section(&self.sources);
        writer.section(&self.program_ends);
        writer.section(&self.program_rules);
        Ok(())
    }
}
