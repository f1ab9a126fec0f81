//! The smallest change that allows exactly a request.

use std::fmt;

use rolecall_model::{
    Binding, BindingIndex, Mode, Namespace, Origin, PolicySet, Request, Role, RoleIndex, RoleRef, Rule,
    Subject, Target,
};
use rolecall_reference::subject;

use super::{
    grants::{Own, Search},
    held::{HeldRole, InOrder},
};

/// How many subjects of a role are looked at to tell who else would gain.
const GAINERS: usize = 200;

/// How many bindings of a role are looked at to tell whether they all are in one namespace.
const CONFINED: usize = 50;

/// How many roles of the asker's are looked at to find one to which a rule can be added.
const CANDIDATES: usize = 20;

/// What would allow a refused request.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Fixes {
    /// The rule that covers exactly the request.
    pub rule: Rule,
    /// A role that the asker has where the request is made, to which the rule could be added.
    pub existing: Option<ExistingRole>,
    /// The parts in which the rule covers more than was asked, since what was asked is itself a wildcard.
    pub wider: Vec<&'static str>,
    /// Whether only a ClusterRole can hold the rule: the request is for no namespace.
    pub cluster_role: bool,
    /// Whether the rule would count in every namespace: the request is for a resource in none.
    pub in_every_namespace: bool,
}

/// A role to which a rule could be added.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ExistingRole {
    /// The role.
    pub role: RoleIndex,
    /// The binding that gives it to the asker.
    pub binding: BindingIndex,
    /// Up to [`SHOWN`](super::SHOWN) of the others that have it, each with the binding that gives it.
    pub others: Vec<(BindingIndex, usize)>,
    /// How many there are in all; there may be more where [`others_are_more`](Self::others_are_more).
    pub other_count: usize,
    /// Whether not all were counted.
    pub others_are_more: bool,
}

/// Why nothing can be offered.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum NoFix {
    /// RBAC is not among the modes.
    RbacIsNotAsked,
    /// The request has neither a user nor a group.
    NobodyAsks,
    /// No namespace can have this name.
    NoSuchNamespace,
}

impl fmt::Display for NoFix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::RbacIsNotAsked => "no role can allow it: RBAC is not among the authorizers that are asked",
            Self::NobodyAsks => "no role can allow it: the request has no user and no group",
            Self::NoSuchNamespace => "no role can allow it: an API server takes no namespace of this name",
        })
    }
}

impl std::error::Error for NoFix {}

/// A role of the request's own, and the binding that gives it to the asker.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OwnRole {
    /// The role: the one rule.
    pub role: Role,
    /// The binding.
    pub binding: Binding,
}

/// What would allow the request.
pub(super) fn fixes(search: Search<'_, '_>, own: &Own<'_>) -> Result<Fixes, NoFix> {
    check(search)?;
    let (rule, wider) = rule_for(search.request);
    let cluster_role = search.namespace().is_empty();
    let in_every_namespace = cluster_role && matches!(search.request.target, Target::Resource { .. });
    Ok(Fixes { rule, existing: existing(search, own), wider, cluster_role, in_every_namespace })
}

/// A role and a binding whose names no other has. Cost: a walk over the policy set.
pub(super) fn own_role(search: Search<'_, '_>) -> Result<OwnRole, NoFix> {
    check(search)?;
    let request = search.request;
    let subject = subject_of(request).ok_or(NoFix::NobodyAsks)?;
    let (rule, _) = rule_for(request);
    let namespace = Some(Namespace::from(search.namespace())).filter(|own| !own.as_str().is_empty());
    let name = free_name(search.policies, namespace.as_ref(), request);
    let role = Role { namespace: namespace.clone(), ..Role::cluster(name.as_str(), [rule]) };
    let reference =
        if namespace.is_some() { RoleRef::role(name.as_str()) } else { RoleRef::cluster_role(name.as_str()) };
    let binding = Binding { namespace, ..Binding::cluster(name.as_str(), reference, [subject]) };
    Ok(OwnRole { role, binding })
}

fn check(search: Search<'_, '_>) -> Result<(), NoFix> {
    if !search.policies.modes().as_slice().contains(&Mode::Rbac) {
        return Err(NoFix::RbacIsNotAsked);
    }
    if subject_of(search.request).is_none() {
        return Err(NoFix::NobodyAsks);
    }
    if !search.namespace().is_empty() && !is_label(search.namespace()) {
        return Err(NoFix::NoSuchNamespace);
    }
    Ok(())
}

/// The rule that covers what was asked: its verb, API group and resource, and the object if it names one.
/// A request without a name is one for all objects, and the rule covers each of them too.
///
/// Source: `spec/authorization/rbac.md` section 3.
fn rule_for(request: &Request<'_>) -> (Rule, Vec<&'static str>) {
    let mut wider = Vec::new();
    if request.verb == "*" {
        wider.push("verbs");
    }
    let rule = match request.target {
        Target::Path(path) => {
            if path.ends_with('*') {
                wider.push("nonResourceURLs");
            }
            Rule::paths([request.verb], [path])
        }
        Target::Resource { namespace: _, api_group, resource, subresource, name } => {
            let joined = match subresource {
                "" => resource.to_owned(),
                _ => format!("{resource}/{subresource}"),
            };
            if api_group == "*" {
                wider.push("apiGroups");
            }
            if joined == "*" || joined.starts_with("*/") {
                wider.push("resources");
            }
            Rule::resources([request.verb], [api_group], [joined])
                .named(Some(name).filter(|name| !name.is_empty()))
        }
    };
    (rule, wider)
}

/// The asker: the user, else the first group.
fn subject_of(request: &Request<'_>) -> Option<Subject> {
    if !request.user.is_empty() {
        return Some(service_account(request.user).unwrap_or_else(|| Subject::user(request.user)));
    }
    request.groups.iter().find(|group| !group.is_empty()).map(|group| Subject::group(*group))
}

/// The service account of a user name, if both of its names are ones that an API server takes.
///
/// Source: `spec/authorization/attributes.md` section 1, "Parsing one back".
fn service_account(user: &str) -> Option<Subject> {
    let (namespace, name) = user.strip_prefix("system:serviceaccount:")?.split_once(':')?;
    let is_subdomain = name.len() <= 253 && name.split('.').all(is_label_of_any_length);
    (is_label(namespace) && is_subdomain).then(|| Subject::service_account(namespace, name))
}

/// Source: `spec/authorization/rbac.md` section 2, "RFC 1123 label".
fn is_label(text: &str) -> bool {
    text.len() <= 63 && is_label_of_any_length(text)
}

fn is_label_of_any_length(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with('-')
        && !text.ends_with('-')
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// `jane-delete-pods-web-1`, with a number behind it where a role or binding of that name is there.
fn free_name(policies: &PolicySet, namespace: Option<&Namespace>, request: &Request<'_>) -> String {
    let asker =
        if request.user.is_empty() { request.groups.first().copied().unwrap_or("") } else { request.user };
    let words = match request.target {
        Target::Path(path) => vec![asker, request.verb, path],
        Target::Resource { resource, subresource, name, .. } => {
            vec![asker, request.verb, resource, subresource, name]
        }
    };
    let stem = dashed(&words.join("-"));
    let is_taken = |name: &str| {
        let mut roles = policies.roles().iter();
        let mut bindings = policies.bindings().iter();
        roles.any(|role| role.namespace.as_ref() == namespace && role.name.as_str() == name)
            || bindings
                .any(|binding| binding.namespace.as_ref() == namespace && binding.name.as_str() == name)
    };
    let numbered = (2_u32..).map(|number| format!("{stem}-{number}"));
    std::iter::once(stem.clone()).chain(numbered).find(|name| !is_taken(name)).unwrap_or(stem)
}

/// Small letters, digits and single dashes, not too many.
fn dashed(text: &str) -> String {
    let mut name = String::new();
    for character in text.chars() {
        if character.is_ascii_alphanumeric() {
            name.push(character.to_ascii_lowercase());
        } else if !name.is_empty() && !name.ends_with('-') {
            name.push('-');
        }
        if name.len() >= 60 {
            break;
        }
    }
    let name = name.trim_end_matches('-');
    if name.is_empty() { "granted".to_owned() } else { name.to_owned() }
}

/// The first role of the asker's that counts where the request is made and nowhere else, and may be edited: a
/// Role before a ClusterRole.
fn existing(search: Search<'_, '_>, own: &Own<'_>) -> Option<ExistingRole> {
    let is_role = |role: RoleIndex| search.policies.role(role).is_some_and(|role| role.namespace.is_some());
    let given = |wanted: bool| {
        let in_order = [&own.everywhere, &own.here].map(|held| {
            let roles = held.iter().filter(|held| held.role().is_some_and(|role| is_role(role) == wanted));
            InOrder::of(roles.flat_map(HeldRole::lists))
        });
        in_order.into_iter().flatten().filter_map(|binding| Some((binding, search.index.role(binding)?)))
    };
    let (roles, cluster_roles) = (given(true), given(false));
    let (binding, role) = roles
        .chain(cluster_roles)
        .take(CANDIDATES)
        .find(|&(binding, role)| is_confined(search, binding, role) && is_editable(search, role))?;
    let mut existing =
        ExistingRole { role, binding, others: Vec::new(), other_count: 0, others_are_more: false };
    count_others(search, &mut existing);
    Some(existing)
}

/// Whether a rule more in this role counts only where the request is made: in its namespace, or, where it has
/// none, everywhere in any case.
fn is_confined(search: Search<'_, '_>, binding: BindingIndex, role: RoleIndex) -> bool {
    let namespace = search.namespace();
    if namespace.is_empty() {
        return search.policies.binding(binding).is_some_and(|binding| binding.namespace.is_none());
    }
    if search.policies.role(role).is_some_and(|role| role.namespace.is_some()) {
        return true;
    }
    let bindings = search.index.bindings_of(role);
    let is_here = |binding: &BindingIndex| {
        let own = search.policies.binding(*binding).and_then(|binding| binding.namespace.as_ref());
        own.is_some_and(|own| own.as_str() == namespace)
    };
    bindings.len() <= CONFINED && bindings.iter().all(is_here)
}

/// Kubernetes' own roles are put right at every start, aggregated ones are overwritten, and what others
/// aggregate would grow there too.
///
/// Source: `spec/authorization/rbac.md` sections 8 and 10.
fn is_editable(search: Search<'_, '_>, role: RoleIndex) -> bool {
    search.policies.role(role).is_some_and(|role| {
        let is_plain = role.origin != Origin::BuiltIn && role.aggregation.is_none();
        is_plain && (role.namespace.is_some() || !may_be_aggregated(search, role))
    })
}

/// Whether some selector might take the role in: only one that wants a label that is not there cannot.
fn may_be_aggregated(search: Search<'_, '_>, role: &Role) -> bool {
    let others = search.index.aggregating().iter().filter_map(|other| search.policies.role(*other));
    let selectors = others.filter_map(|other| other.aggregation.as_ref()).flat_map(|rule| &rule.selectors);
    let mut selectors = selectors.map(|selector| &selector.match_labels);
    selectors.any(|wanted| wanted.iter().all(|(label, value)| role.labels.get(label) == Some(value)))
}

/// Who has the role besides the asker alone.
fn count_others(search: Search<'_, '_>, existing: &mut ExistingRole) {
    let mut looked_at = 0;
    for &index in search.index.bindings_of(existing.role) {
        let Some(binding) = search.policies.binding(index) else { continue };
        for (position, own) in binding.subjects.iter().enumerate() {
            looked_at += 1;
            if looked_at > GAINERS {
                existing.others_are_more = true;
                return;
            }
            let is_nobody = matches!(own, Subject::Unknown { .. });
            // A group of the asker's has others in it.
            let is_asker = !search.request.user.is_empty()
                && subject::applies(own, binding.namespace.as_ref(), search.request.user, &[]);
            if !is_nobody && !is_asker {
                existing.other_count += 1;
                if existing.others.len() < super::SHOWN {
                    existing.others.push((index, position));
                }
            }
        }
    }
}

/// The role with one rule more.
pub(super) fn extended(policies: &PolicySet, fixes: &Fixes) -> Option<Role> {
    let mut role = policies.role(fixes.existing.as_ref()?.role)?.clone();
    role.rules.push(fixes.rule.clone());
    Some(role)
}
