//! Attribute policies (ABAC), compiled.
//!
//! A policy line has two halves, for resources and for paths. The first counts in the namespace that the line
//! names, the second everywhere; so each becomes a grant of its own, with numbers 2 × line and 2 × line + 1.

use rolecall_model::{
    AttributePolicy, AttributePolicyIndex, Grant, ListedRule, PolicySet, Request, RuleListing, Wild,
};

use crate::{
    compile::CompileOptions,
    decision_tables::{DecisionTables, DecisionTablesBuilder},
    error::CompileError,
    grants::Principal,
    lowered_rule::{ANY, LoweredRule},
    question::Reading,
    vocabulary::{Vocabulary, VocabularyBuilder},
};

#[derive(Clone, Debug)]
pub(crate) struct AbacTables {
    tables: DecisionTables,
}

/// The verbs that a read-only policy allows.
const READ_VERBS: [&str; 3] = ["get", "list", "watch"];

impl AbacTables {
    #[inline]
    pub(crate) fn permit(&self, vocabulary: &Vocabulary, request: &Request<'_>) -> bool {
        self.tables.permit(vocabulary, request)
    }

    /// The first policy that allows.
    ///
    /// Source: `spec/authorization/abac.md` sections 4 and 5.
    pub(crate) fn determine(&self, vocabulary: &Vocabulary, request: &Request<'_>) -> Option<Grant> {
        // Which policy it was is found by a walk; whether there is one, the tables say: to allow, both have to.
        if !self.tables.permit(vocabulary, request) {
            return None;
        }
        let question = self.tables.question(vocabulary, request);
        let namespace = self.tables.namespace(vocabulary, request);
        let applying = self.tables.applying(vocabulary, request.user, &request.groups, namespace);
        let covers = |half: &u32| self.tables.covering_rule(*half, &question).is_some();
        let first =
            applying.into_iter().filter_map(|halves| halves.into_iter().find(|half| covers(half))).min()?;
        Some(Grant::AttributePolicy(line(first)?))
    }

    pub(crate) fn list(
        &self,
        vocabulary: &Vocabulary,
        user: &str,
        groups: &[&str],
        namespace: &str,
        policies: &[ListedPolicy],
        listing: &mut RuleListing,
    ) {
        let number = self.tables.namespace_named(vocabulary, namespace);
        let [mut applying, there] = self.tables.applying(vocabulary, user, groups, number);
        applying.extend(there);
        let mut lines: Vec<u32> = applying.into_iter().map(|half| half / 2).collect();
        lines.sort_unstable();
        lines.dedup();
        for number in lines {
            let counts =
                policies.get(number as usize).is_some_and(|policy| policy.counts_in(vocabulary, namespace));
            if let Some(line) = line(number * 2).filter(|_| counts) {
                listing.rules.push(ListedRule::AttributePolicy(line));
            }
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        self.tables.bytes()
    }
}

/// The line of a half.
fn line(half: u32) -> Option<AttributePolicyIndex> {
    AttributePolicyIndex::new(half as usize / 2)
}

/// Whether and where a policy is listed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ListedPolicy {
    /// `None` for every namespace, else the number of the one it names.
    namespace: Option<u32>,
    /// Whether it has a resource or a path to show.
    says_something: bool,
}

impl ListedPolicy {
    /// Listing looks at the namespace for both halves, unlike deciding.
    ///
    /// Source: `spec/authorization/abac.md` section 5.
    fn counts_in(self, vocabulary: &Vocabulary, namespace: &str) -> bool {
        self.says_something
            && self.namespace.is_none_or(|number| vocabulary.namespaces.lookup(namespace) == Some(number))
    }
}

/// Policies on their way into tables.
#[derive(Debug)]
pub(crate) struct AbacBuilder {
    tables: DecisionTablesBuilder,
    listed: Vec<ListedPolicy>,
}

impl AbacBuilder {
    pub(crate) fn lower(
        policies: &PolicySet,
        options: &CompileOptions,
        vocabulary: &mut VocabularyBuilder,
    ) -> Result<Self, CompileError> {
        let mut builder =
            Self { tables: DecisionTablesBuilder::new(Reading::ResourceAlone, options), listed: Vec::new() };
        for policy in policies.attribute_policies() {
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
            (Some(user), None) => Some(Principal::User(vocabulary.user(user)?)),
            (None, Some(group)) => Some(Principal::Group(vocabulary.group(group)?)),
            (Some(user), Some(group)) => {
                Some(Principal::UserInGroup(vocabulary.user(user)?, vocabulary.group(group)?))
            }
        };
        for (rule, scope) in [(on_resources, namespace), (on_paths, None)] {
            let program = self.tables.program(vec![rule])?;
            let half = self.tables.grant(Some(program))?;
            if let Some(principal) = principal {
                self.tables.give(half, principal, scope)?;
            }
        }
        self.listed.push(ListedPolicy {
            namespace,
            says_something: policy.resource != Wild::Is(String::new())
                || !policy.non_resource_path.as_str().is_empty(),
        });
        Ok(())
    }

    pub(crate) fn build(self, pages: u32) -> Result<(AbacTables, Vec<ListedPolicy>), CompileError> {
        Ok((AbacTables { tables: self.tables.build(pages)? }, self.listed))
    }
}
