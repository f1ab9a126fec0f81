//! Attribute policies (ABAC), compiled.
//!
//! A policy line has two halves, for resources and for paths. The first counts in the namespace that the line
//! names, the second everywhere; so each becomes a grant of its own, with numbers 2 × line and 2 × line + 1.

use rolecall_model::{AttributePolicy, AttributePolicyIndex, Grant, ListedRule, Request, RuleListing, Wild};

use crate::{
    compile::CompileOptions,
    decision_tables::DecisionTables,
    decision_tables_builder::DecisionTablesBuilder,
    error::{CompileError, ImageError},
    grants::{Edge, Principal},
    image::{ImageReader, ImageWriter},
    lowered_rule::{ANY, LoweredRule},
    question::Reading,
    texts::TextNumbers,
    vocabulary::{Vocabulary, VocabularyBuilder},
};

#[derive(Clone, Copy, Debug)]
pub(crate) struct AbacTables<'a> {
    tables: DecisionTables<'a>,
    /// By line: the namespace in which it is listed, or [`IN_ALL`] or [`NOWHERE`].
    listed: &'a [u32],
}

/// Listed in every namespace.
const IN_ALL: u32 = u32::MAX;
/// Not listed: it has no resource and no path to show.
const NOWHERE: u32 = u32::MAX - 1;

/// The verbs that a read-only policy allows.
const READ_VERBS: [&str; 3] = ["get", "list", "watch"];

impl<'a> AbacTables<'a> {
    pub(crate) fn read(
        reader: &mut ImageReader<'a>,
        vocabulary: &Vocabulary<'a>,
    ) -> Result<Self, ImageError> {
        Ok(Self {
            tables: DecisionTables::read(reader, Reading::ResourceAlone, vocabulary)?,
            listed: reader.section()?,
        })
    }

    pub(crate) fn tables(&self) -> &DecisionTables<'a> {
        &self.tables
    }

    #[inline]
    pub(crate) fn permit(&self, vocabulary: &Vocabulary<'_>, request: &Request<'_>) -> bool {
        self.tables.permit(vocabulary, request)
    }

    /// The first policy that allows.
    ///
    /// Source: `spec/authorization/abac.md` sections 4 and 5.
    pub(crate) fn determine(&self, vocabulary: &Vocabulary<'_>, request: &Request<'_>) -> Option<Grant> {
        // Which policy it was is found by a walk; whether there is one, the tables say: to allow, both have to.
        if !self.tables.permit(vocabulary, request) {
            return None;
        }
        let question = self.tables.question(vocabulary, request.verb, request.target);
        let namespace = self.tables.namespace(vocabulary, request.target);
        let applying = self.tables.applying(vocabulary, request.user, &request.groups, namespace);
        let covers = |half: &u32| self.tables.covering_rule(*half, &question).is_some();
        let first_of = |halves: Vec<Edge>| halves.into_iter().map(|half| half.grant).find(covers);
        let first = applying.into_iter().filter_map(first_of).min()?;
        Some(Grant::AttributePolicy(line(first)?))
    }

    pub(crate) fn list(
        &self,
        vocabulary: &Vocabulary<'_>,
        user: &str,
        groups: &[&str],
        namespace: &str,
        listing: &mut RuleListing,
    ) {
        let scope = self.tables.namespace_named(vocabulary, namespace);
        let [mut applying, there] = self.tables.applying(vocabulary, user, groups, scope);
        applying.extend(there);
        let mut lines: Vec<u32> = applying.into_iter().map(|half| half.grant / 2).collect();
        lines.sort_unstable();
        lines.dedup();
        // Listing looks at the namespace for both halves, unlike deciding.
        let counts = |&line: &u32| match self.listed.get(line as usize) {
            None | Some(&NOWHERE) => false,
            Some(&IN_ALL) => true,
            Some(&listed) => scope.is_some_and(|scope| scope.namespace == listed),
        };
        let lines = lines.into_iter().filter(counts).filter_map(|number| line(number * 2));
        listing.rules.extend(lines.map(ListedRule::AttributePolicy));
    }

    pub(crate) fn check(&self, texts: &TextNumbers, namespaces: usize) -> Result<(), ImageError> {
        self.tables.check(texts, namespaces)?;
        let is_listed = |&listed: &u32| listed >= NOWHERE || (listed as usize) < namespaces;
        if self.listed.len() == self.tables.grant_count() / 2 && self.listed.iter().all(is_listed) {
            Ok(())
        } else {
            Err(ImageError::Damaged { what: "a policy line is listed in no namespace" })
        }
    }
}

/// The line of a half.
fn line(half: u32) -> Option<AttributePolicyIndex> {
    AttributePolicyIndex::new(half as usize / 2)
}

/// Policies on their way into tables.
#[derive(Debug)]
pub(crate) struct AbacBuilder {
    tables: DecisionTablesBuilder,
    listed: Vec<u32>,
}

impl AbacBuilder {
    pub(crate) fn lower(
        policies: &[AttributePolicy],
        options: &CompileOptions,
        vocabulary: &mut VocabularyBuilder,
    ) -> Result<Self, CompileError> {
        let mut builder = Self { tables: DecisionTablesBuilder::new(options), listed: Vec::new() };
        for policy in policies {
            builder.lower_policy(policy, vocabulary)?;
        }
        Ok(builder)
    }

    fn lower_policy(
        &mut self,
        policy: &AttributePolicy,
        vocabulary: &mut VocabularyBuilder,
    ) -> Result<(), CompileError> {
        let mut verbs = if policy.read_only {
            READ_VERBS.into_iter().map(|verb| vocabulary.verb(verb)).collect::<Result<_, _>>()?
        } else {
            vec![ANY]
        };
        verbs.sort_unstable();
        let on_resources = LoweredRule {
            verbs: verbs.clone(),
            groups: vec![match &policy.api_group {
                Wild::Any => ANY,
                Wild::Is(group) => vocabulary.api_group(group.as_str())?,
            }],
            resources: vec![match &policy.resource {
                Wild::Any => ANY,
                Wild::Is(resource) => vocabulary.resource(resource)?,
            }],
            ..LoweredRule::default()
        };
        let path = self.tables.path(policy.non_resource_path.as_str(), vocabulary)?;
        let on_paths = LoweredRule { verbs, paths: vec![path], ..LoweredRule::default() };
        let namespace = match &policy.namespace {
            Wild::Any => None,
            Wild::Is(namespace) => Some(vocabulary.namespace(namespace.as_str())?),
        };
        let user = policy.user.as_ref().map(AsRef::<str>::as_ref);
        let group = policy.group.as_ref().map(AsRef::<str>::as_ref);
        let principal = match (user, group) {
            (None, None) | (Some(""), _) | (_, Some("")) => None,
            (Some(user), None) => Some(Principal::User(vocabulary.principal(user)?)),
            (None, Some(group)) => Some(Principal::Group(vocabulary.principal(group)?)),
            (Some(user), Some(group)) => {
                Some(Principal::UserInGroup(vocabulary.principal(user)?, vocabulary.principal(group)?))
            }
        };
        for (rule, scope) in [(on_resources, namespace), (on_paths, None)] {
            let rule = self.tables.rule(&rule)?;
            let half = self.tables.source_and_grant(&[rule])?;
            if let Some(principal) = principal {
                self.tables.give(half, principal, 0, scope)?;
            }
        }
        let says_something =
            policy.resource != Wild::Is(String::new()) || !policy.non_resource_path.as_str().is_empty();
        self.listed.push(if says_something { namespace.unwrap_or(IN_ALL) } else { NOWHERE });
        Ok(())
    }

    pub(crate) fn write(
        self,
        vocabulary: &VocabularyBuilder,
        writer: &mut ImageWriter,
    ) -> Result<(), CompileError> {
        self.tables.write(vocabulary, writer)?;
        writer.section(&self.listed);
        Ok(())
    }
}
