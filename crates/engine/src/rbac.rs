//! Roles and bindings, compiled.

use fxhash::{FxHashMap, FxHashSet};
use rolecall_model::{
    Binding, BindingIndex, Grant, ListedRule, PolicySet, Request, RoleIndex, RoleRefKind, Rule, RuleListing,
    Subject, Unresolved,
};

use crate::{
    compile::CompileOptions,
    decision_tables::{DecisionTables, DecisionTablesBuilder, Program},
    error::{CompileError, number},
    grants::Principal,
    lowered_rule::{ANY, LoweredRule},
    question::Reading,
    vocabulary::{Vocabulary, VocabularyBuilder},
};

#[derive(Clone, Debug)]
pub(crate) struct RbacTables {
    tables: DecisionTables,
    /// By binding: the role it gives.
    roles: Vec<Option<RoleIndex>>,
    /// By binding, ascending: what its role reference does not lead to.
    unresolved: Vec<(u32, Unresolved)>,
    /// By binding: where its subjects end.
    subject_ends: Vec<u32>,
    /// Everybody's subjects in order; nobody where the subject can be nobody.
    subjects: Vec<Option<Principal>>,
}

impl RbacTables {
    #[inline]
    pub(crate) fn permit(&self, vocabulary: &Vocabulary, request: &Request<'_>) -> bool {
        self.tables.permit(vocabulary, request)
    }

    /// The grant that allows, or the references of applying bindings that lead nowhere.
    ///
    /// Source: `spec/authorization/rbac.md` section 5.
    pub(crate) fn determine(
        &self,
        vocabulary: &Vocabulary,
        request: &Request<'_>,
    ) -> Result<Grant, Vec<Unresolved>> {
        // The walk finds which grant it was, or what leads nowhere; whether there is one, the tables say: to
        // allow, both have to.
        let permitted = self.tables.permit(vocabulary, request);
        if !permitted && self.unresolved.is_empty() {
            return Err(Vec::new());
        }
        let question = self.tables.question(vocabulary, request);
        let namespace = self.tables.namespace(vocabulary, request);
        let applying = self.tables.applying(vocabulary, request.user, &request.groups, namespace);
        let mut unresolved = Vec::new();
        for binding in applying.into_iter().flatten() {
            self.note_unresolved(binding, &mut unresolved);
            if permitted
                && let Some(rule) = self.tables.covering_rule(binding, &question)
                && let Some(grant) = self.grant(binding, rule, vocabulary, request)
            {
                return Ok(grant);
            }
        }
        Err(unresolved)
    }

    pub(crate) fn list(
        &self,
        vocabulary: &Vocabulary,
        user: &str,
        groups: &[&str],
        namespace: &str,
        listing: &mut RuleListing,
    ) {
        let namespace = self.tables.namespace_named(vocabulary, namespace);
        for binding in self.tables.applying(vocabulary, user, groups, namespace).into_iter().flatten() {
            self.note_unresolved(binding, &mut listing.unresolved);
            if let Some(&Some(role)) = self.roles.get(binding as usize) {
                let rules = self.tables.listed_rules(binding);
                listing.rules.extend(rules.map(|rule| ListedRule::Role { role, rule }));
            }
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        self.tables.bytes()
            + self.roles.len() * size_of::<Option<RoleIndex>>()
            + self.subject_ends.len() * 4
            + self.subjects.len() * size_of::<Option<Principal>>()
    }

    fn note_unresolved(&self, binding: u32, noted: &mut Vec<Unresolved>) {
        if let Ok(place) = self.unresolved.binary_search_by_key(&binding, |(binding, _)| *binding)
            && let Some((_, unresolved)) = self.unresolved.get(place)
            && !noted.contains(unresolved)
        {
            noted.push(unresolved.clone());
        }
    }

    fn grant(
        &self,
        binding: u32,
        rule: usize,
        vocabulary: &Vocabulary,
        request: &Request<'_>,
    ) -> Option<Grant> {
        let user = vocabulary.users.lookup(request.user);
        let groups: FxHashSet<u32> =
            request.groups.iter().filter_map(|group| vocabulary.groups.lookup(group)).collect();
        let subject = self.subjects_of(binding).iter().position(|subject| match subject {
            Some(Principal::User(number)) => user == Some(*number),
            Some(Principal::Group(number)) => groups.contains(number),
            Some(Principal::UserInGroup(..)) | None => false,
        })?;
        Some(Grant::Role {
            binding: BindingIndex::new(binding as usize)?,
            subject,
            role: (*self.roles.get(binding as usize)?)?,
            rule,
        })
    }

    fn subjects_of(&self, binding: u32) -> &[Option<Principal>] {
        let place = binding as usize;
        let start = place
            .checked_sub(1)
            .and_then(|before| self.subject_ends.get(before))
            .map_or(0, |&end| end as usize);
        let end = self.subject_ends.get(place).map_or(0, |&end| end as usize);
        self.subjects.get(start..end).unwrap_or(&[])
    }
}

/// Roles and bindings on their way into tables.
#[derive(Debug)]
pub(crate) struct RbacBuilder {
    tables: DecisionTablesBuilder,
    roles: Vec<Option<RoleIndex>>,
    unresolved: Vec<(u32, Unresolved)>,
    subject_ends: Vec<u32>,
    subjects: Vec<Option<Principal>>,
}

impl RbacBuilder {
    pub(crate) fn lower(
        policies: &PolicySet,
        options: &CompileOptions,
        vocabulary: &mut VocabularyBuilder,
    ) -> Result<Self, CompileError> {
        let mut builder = Self {
            tables: DecisionTablesBuilder::new(Reading::Joined, options),
            roles: Vec::with_capacity(policies.bindings().len()),
            unresolved: Vec::new(),
            subject_ends: Vec::with_capacity(policies.bindings().len()),
            subjects: Vec::new(),
        };
        let mut programs = Vec::with_capacity(policies.roles().len());
        let mut by_name: FxHashMap<(Option<&str>, &str), usize> = FxHashMap::default();
        for (place, role) in policies.roles().iter().enumerate() {
            let rules = role
                .rules
                .iter()
                .map(|rule| lower_rule(rule, &mut builder.tables, vocabulary))
                .collect::<Result<_, _>>()?;
            programs.push(builder.tables.program(rules)?);
            by_name.insert((role.namespace.as_ref().map(AsRef::as_ref), role.name.as_str()), place);
        }
        for binding in policies.bindings() {
            let place = resolve(binding, &by_name);
            builder.bind(binding, place, place.and_then(|place| programs.get(place).copied()), vocabulary)?;
        }
        Ok(builder)
    }

    fn bind(
        &mut self,
        binding: &Binding,
        role: Option<usize>,
        program: Option<Program>,
        vocabulary: &mut VocabularyBuilder,
    ) -> Result<(), CompileError> {
        let grant = self.tables.grant(program)?;
        self.roles.push(role.and_then(RoleIndex::new));
        if role.is_none() {
            self.unresolved.push((grant, Unresolved::of(&binding.role.kind, &binding.role.name)));
        }
        for subject in &binding.subjects {
            let principal = principal(subject, binding, vocabulary)?;
            self.subjects.push(principal);
            match (&binding.namespace, principal) {
                (_, None) => {}
                (None, Some(principal)) => self.tables.give(grant, principal, None)?,
                // No request has the empty namespace of a RoleBinding: it is nobody's.
                (Some(namespace), Some(_)) if namespace.as_str().is_empty() => {}
                (Some(namespace), Some(principal)) => {
                    let namespace = vocabulary.namespace(namespace.as_str())?;
                    self.tables.give(grant, principal, Some(namespace))?;
                }
            }
        }
        self.subject_ends.push(number(self.subjects.len(), "subjects")?);
        Ok(())
    }

    pub(crate) fn build(self, pages: u32) -> Result<RbacTables, CompileError> {
        Ok(RbacTables {
            tables: self.tables.build(pages)?,
            roles: self.roles,
            unresolved: self.unresolved,
            subject_ends: self.subject_ends,
            subjects: self.subjects,
        })
    }
}

/// The place of the role that a binding names.
fn resolve(binding: &Binding, by_name: &FxHashMap<(Option<&str>, &str), usize>) -> Option<usize> {
    let name = binding.role.name.as_str();
    match (&binding.role.kind, &binding.namespace) {
        (RoleRefKind::ClusterRole, _) => by_name.get(&(None, name)).copied(),
        (RoleRefKind::Role, Some(namespace)) => by_name.get(&(Some(namespace.as_str()), name)).copied(),
        // A ClusterRoleBinding looks for a Role in no namespace, where there is none.
        (RoleRefKind::Role, None) | (RoleRefKind::Unsupported(_), _) => None,
    }
}

/// Who a subject is; nobody for an unknown kind and for a service account without a namespace.
fn principal(
    subject: &Subject,
    binding: &Binding,
    vocabulary: &mut VocabularyBuilder,
) -> Result<Option<Principal>, CompileError> {
    Ok(match subject {
        Subject::Group(name) => Some(Principal::Group(vocabulary.group(name.as_str())?)),
        Subject::User(name) => Some(Principal::User(vocabulary.user(name.as_str())?)),
        Subject::ServiceAccount { namespace, name } => {
            let own = Some(namespace.as_str()).filter(|namespace| !namespace.is_empty());
            let inherited = binding
                .namespace
                .as_ref()
                .map(AsRef::as_ref)
                .filter(|namespace: &&str| !namespace.is_empty());
            match own.or(inherited) {
                Some(namespace) => {
                    let user = format!("system:serviceaccount:{namespace}:{name}");
                    Some(Principal::User(vocabulary.user(&user)?))
                }
                None => None,
            }
        }
        Subject::Unknown { .. } => None,
    })
}

fn lower_rule(
    rule: &Rule,
    tables: &mut DecisionTablesBuilder,
    vocabulary: &mut VocabularyBuilder,
) -> Result<LoweredRule, CompileError> {
    let mut lowered = LoweredRule::default();
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
    Ok(lowered)
}
