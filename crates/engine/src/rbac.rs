//! Roles and bindings, compiled: bindings are the grants, roles their sources.

use std::{collections::HashMap, fmt::Write};

use foldhash::fast::RandomState;
use rolecall_model::{
    Binding, BindingIndex, Grant, ListedRule, Namespace, Request, Role, RoleIndex, RoleName, RoleRefKind,
    Rule, RuleListing, Subject, Unresolved,
};

use crate::{
    compile::CompileOptions,
    decision_tables::DecisionTables,
    decision_tables_builder::DecisionTablesBuilder,
    error::{CompileError, ImageError, number},
    grants::{Edge, Principal},
    image::{ImageReader, ImageWriter},
    lowered_rule::{ANY, LoweredRule},
    question::Reading,
    texts::{Text, TextNumbers},
    vocabulary::{Vocabulary, VocabularyBuilder},
};

#[derive(Clone, Copy, Debug)]
pub(crate) struct RbacTables<'a> {
    tables: DecisionTables<'a>,
    /// By binding, ascending: what its role reference does not lead to, as a kind and a text.
    unresolved: &'a [[u32; 3]],
}

/// The kinds of references that lead nowhere.
const NO_CLUSTER_ROLE: u32 = 0;
const NO_ROLE: u32 = 1;
const NO_KIND: u32 = 2;

impl<'a> RbacTables<'a> {
    pub(crate) fn read(
        reader: &mut ImageReader<'a>,
        vocabulary: &Vocabulary<'a>,
    ) -> Result<Self, ImageError> {
        Ok(Self {
            tables: DecisionTables::read(reader, Reading::Joined, vocabulary)?,
            unresolved: reader.section()?,
        })
    }

    pub(crate) fn tables(&self) -> &DecisionTables<'a> {
        &self.tables
    }

    /// Whether every binding's role is there.
    pub(crate) fn resolves_all(&self) -> bool {
        self.unresolved.is_empty()
    }

    #[inline]
    pub(crate) fn permit(&self, vocabulary: &Vocabulary<'_>, request: &Request<'_>) -> bool {
        self.tables.permit(vocabulary, request)
    }

    /// The grant that allows, or the references of applying bindings that lead nowhere.
    ///
    /// Source: `spec/authorization/rbac.md` section 5.
    pub(crate) fn determine(
        &self,
        vocabulary: &Vocabulary<'_>,
        request: &Request<'_>,
    ) -> Result<Grant, Vec<Unresolved>> {
        // The walk finds which grant it was, or what leads nowhere; whether there is one, the tables say: to
        // allow, both have to.
        let permitted = self.tables.permit(vocabulary, request);
        if !permitted && self.unresolved.is_empty() {
            return Err(Vec::new());
        }
        let question = self.tables.question(vocabulary, request.verb, request.target);
        let namespace = self.tables.namespace(vocabulary, request.target);
        let applying = self.tables.applying(vocabulary, request.user, &request.groups, namespace);
        let mut unresolved = Vec::new();
        for binding in applying.into_iter().flatten() {
            self.note_unresolved(vocabulary, binding.grant, &mut unresolved);
            if permitted
                && let Some(rule) = self.tables.covering_rule(binding.grant, &question)
                && let Some(grant) = self.grant(binding, rule)
            {
                return Ok(grant);
            }
        }
        Err(unresolved)
    }

    pub(crate) fn list(
        &self,
        vocabulary: &Vocabulary<'_>,
        user: &str,
        groups: &[&str],
        namespace: &str,
        listing: &mut RuleListing,
    ) {
        let namespace = self.tables.namespace_named(vocabulary, namespace);
        for Edge { grant, .. } in
            self.tables.applying(vocabulary, user, groups, namespace).into_iter().flatten()
        {
            self.note_unresolved(vocabulary, grant, &mut listing.unresolved);
            if let Some(role) = self.role(grant) {
                let rules = self.tables.listed_rules(grant);
                listing.rules.extend(rules.map(|rule| ListedRule::Role { role, rule }));
            }
        }
    }

    pub(crate) fn check(&self, texts: &TextNumbers, namespaces: usize) -> Result<(), ImageError> {
        self.tables.check(texts, namespaces)?;
        let grants = self.tables.grant_count();
        let fits = self.unresolved.is_sorted_by_key(|&[binding, ..]| binding)
            && self.unresolved.iter().all(|&[binding, kind, text]| {
                (binding as usize) < grants && kind <= NO_KIND && texts.contains(text)
            });
        if fits {
            Ok(())
        } else {
            Err(ImageError::Damaged { what: "a reference that leads nowhere has no name" })
        }
    }

    pub(crate) fn note_unresolved(
        &self,
        vocabulary: &Vocabulary<'_>,
        binding: u32,
        noted: &mut Vec<Unresolved>,
    ) {
        if let Ok(place) = self.unresolved.binary_search_by_key(&binding, |&[binding, ..]| binding)
            && let Some(&[_, kind, text]) = self.unresolved.get(place)
        {
            let text = vocabulary.texts.string(text);
            let unresolved = match kind {
                NO_CLUSTER_ROLE => Unresolved::ClusterRole(text.into()),
                NO_ROLE => Unresolved::Role(text.into()),
                _ => Unresolved::UnsupportedKind(text.into()),
            };
            if !noted.contains(&unresolved) {
                noted.push(unresolved);
            }
        }
    }

    pub(crate) fn role(&self, binding: u32) -> Option<RoleIndex> {
        RoleIndex::new(self.tables.source(binding)? as usize)
    }

    fn grant(&self, Edge { grant, position }: Edge, rule: usize) -> Option<Grant> {
        Some(Grant::Role {
            binding: BindingIndex::new(grant as usize)?,
            subject: position as usize,
            role: self.role(grant)?,
            rule,
        })
    }
}

/// Roles and bindings on their way into tables.
#[derive(Debug)]
pub(crate) struct RbacBuilder {
    tables: DecisionTablesBuilder,
    unresolved: Vec<[u32; 3]>,
    /// A service account's user name, while it is looked up.
    account: String,
}

type RolePlaces<'p> = HashMap<(Option<&'p str>, &'p str), usize, RandomState>;

impl RbacBuilder {
    pub(crate) fn new(options: &CompileOptions) -> Self {
        Self { tables: DecisionTablesBuilder::new(options), unresolved: Vec::new(), account: String::new() }
    }

    pub(crate) fn lower<'p>(
        roles: impl ExactSizeIterator<Item = &'p Role>,
        bindings: impl Iterator<Item = &'p Binding> + Clone,
        options: &CompileOptions,
        vocabulary: &mut VocabularyBuilder,
    ) -> Result<Self, CompileError> {
        let mut builder = Self::new(options);
        let mut by_name = RolePlaces::with_capacity_and_hasher(roles.len(), RandomState::default());
        for (place, role) in roles.enumerate() {
            builder.role(role, vocabulary)?;
            by_name.insert((role.namespace.as_ref().map(AsRef::as_ref), role.name.as_str()), place);
        }
        builder.tables.reserve(bindings.clone().map(|binding| binding.subjects.len()).sum());
        for binding in bindings {
            builder.bind(binding, resolve(binding, &by_name), vocabulary)?;
        }
        Ok(builder)
    }

    /// Takes in a role; they are numbered in the order of their coming.
    pub(crate) fn role(
        &mut self,
        role: &Role,
        vocabulary: &mut VocabularyBuilder,
    ) -> Result<(), CompileError> {
        let mut lowered = LoweredRule::default();
        let mut rules = Vec::with_capacity(role.rules.len());
        for rule in &role.rules {
            lower_rule(rule, &mut lowered, &mut self.tables, vocabulary)?;
            rules.push(self.tables.rule(&lowered)?);
        }
        self.tables.source(&rules)
    }

    /// Takes in what a binding gives, to nobody yet.
    pub(crate) fn grant(
        &mut self,
        binding: &Binding,
        role: Option<usize>,
        vocabulary: &mut VocabularyBuilder,
    ) -> Result<u32, CompileError> {
        let grant = self.tables.grant(role.map(|role| number(role, "roles")).transpose()?)?;
        if role.is_none() {
            let (kind, text) = match Unresolved::of(&binding.role.kind, &binding.role.name) {
                Unresolved::ClusterRole(name) => (NO_CLUSTER_ROLE, vocabulary.texts.intern(name.as_str())?),
                Unresolved::Role(name) => (NO_ROLE, vocabulary.texts.intern(name.as_str())?),
                Unresolved::UnsupportedKind(word) => (NO_KIND, vocabulary.texts.intern(&word)?),
            };
            self.unresolved.push([grant, kind, text]);
        }
        Ok(grant)
    }

    /// Somebody in a namespace or (`None`) everywhere, with these grants, each with the position of its subject, and
    /// no others.
    pub(crate) fn hold(
        &mut self,
        principal: Principal,
        namespace: Option<u32>,
        grants: impl IntoIterator<Item = (u32, u32)>,
    ) -> Result<(), CompileError> {
        self.tables.note(principal, namespace)?;
        for (grant, position) in grants {
            self.tables.give(grant, principal, position, namespace)?;
        }
        Ok(())
    }

    fn bind(
        &mut self,
        binding: &Binding,
        role: Option<usize>,
        vocabulary: &mut VocabularyBuilder,
    ) -> Result<(), CompileError> {
        let grant = self.grant(binding, role, vocabulary)?;
        let namespace = match &binding.namespace {
            None => None,
            // No request has the empty namespace of a RoleBinding: it is nobody's.
            Some(namespace) if namespace.as_str().is_empty() => return Ok(()),
            Some(namespace) => Some(vocabulary.namespace(namespace.as_str())?),
        };
        for (position, subject) in binding.subjects.iter().enumerate() {
            if let Some(principal) = self.principal(subject, binding, vocabulary)? {
                self.tables.give(grant, principal, number(position, "subjects")?, namespace)?;
            }
        }
        Ok(())
    }

    /// Who a subject is; nobody for an unknown kind and for a service account without a namespace.
    fn principal(
        &mut self,
        subject: &Subject,
        binding: &Binding,
        vocabulary: &mut VocabularyBuilder,
    ) -> Result<Option<Principal>, CompileError> {
        Ok(match subject {
            Subject::Group(name) => Some(Principal::Group(vocabulary.principal(name.as_str())?)),
            Subject::User(name) => Some(Principal::User(vocabulary.principal(name.as_str())?)),
            Subject::ServiceAccount { namespace, name } => match account_namespace(namespace, binding) {
                Some(namespace) => {
                    Some(Principal::User(self.account(namespace.as_str(), name.as_str(), vocabulary)?))
                }
                None => None,
            },
            Subject::Unknown { .. } => None,
        })
    }

    fn account(
        &mut self,
        namespace: &str,
        name: &str,
        vocabulary: &mut VocabularyBuilder,
    ) -> Result<Text, CompileError> {
        self.account.clear();
        write_account(&mut self.account, namespace, name);
        vocabulary.principal(&self.account)
    }

    pub(crate) fn write(
        self,
        vocabulary: &VocabularyBuilder,
        writer: &mut ImageWriter,
    ) -> Result<(), CompileError> {
        self.tables.write(vocabulary, writer)?;
        writer.section(&self.unresolved);
        Ok(())
    }
}

/// In which namespace a service account that a binding names is; `None`: in none, and nobody.
pub(crate) fn account_namespace<'a>(own: &'a Namespace, binding: &'a Binding) -> Option<&'a Namespace> {
    let own = Some(own).filter(|namespace| !namespace.as_str().is_empty());
    own.or(binding.namespace.as_ref()).filter(|namespace| !namespace.as_str().is_empty())
}

/// Appends the user name of a service account.
pub(crate) fn write_account(text: &mut String, namespace: &str, name: &str) {
    // Writing to a `String` cannot fail.
    let _ = write!(text, "system:serviceaccount:{namespace}:{name}");
}

/// The namespace (`None`: of a ClusterRole) and name of the role that a binding names; `None` where it names what can be
/// no role.
pub fn role_named_by(binding: &Binding) -> Option<(Option<&Namespace>, &RoleName)> {
    let name = &binding.role.name;
    match (&binding.role.kind, &binding.namespace) {
        (RoleRefKind::ClusterRole, _) => Some((None, name)),
        (RoleRefKind::Role, Some(namespace)) => Some((Some(namespace), name)),
        // A ClusterRoleBinding looks for a Role in no namespace, where there is none.
        (RoleRefKind::Role, None) | (RoleRefKind::Unsupported(_), _) => None,
    }
}

/// The place of the role that a binding names.
fn resolve(binding: &Binding, by_name: &RolePlaces<'_>) -> Option<usize> {
    let (namespace, name) = role_named_by(binding)?;
    by_name.get(&(namespace.map(Namespace::as_str), name.as_str())).copied()
}

fn lower_rule(
    rule: &Rule,
    lowered: &mut LoweredRule,
    tables: &mut DecisionTablesBuilder,
    vocabulary: &mut VocabularyBuilder,
) -> Result<(), CompileError> {
    lowered.clear();
    for verb in &rule.verbs {
        lowered.verbs.push(if verb.as_str() == "*" { ANY } else { vocabulary.verb(verb.as_str())? });
    }
    for group in &rule.api_groups {
        lowered.groups.push(if group.as_str() == "*" {
            ANY
        } else {
            vocabulary.api_group(group.as_str())?
        });
    }
    for resource in &rule.resources {
        let text = resource.as_str();
        if text == "*" {
            lowered.resources.push(ANY);
            continue;
        }
        lowered.resources.push(vocabulary.resource(text)?);
        // An entry `*/` covers no subresource: an empty one is none.
        if let Some(subresource) = text.strip_prefix("*/").filter(|subresource| !subresource.is_empty()) {
            lowered.subresources.push(vocabulary.resource(subresource)?);
        }
    }
    for name in &rule.resource_names {
        lowered.names.push(vocabulary.name(name.as_str())?);
    }
    for path in &rule.non_resource_urls {
        lowered.paths.push(tables.path(path.as_str(), vocabulary)?);
    }
    lowered.normalize();
    Ok(())
}
