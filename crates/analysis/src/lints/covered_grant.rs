//! Grants that add nothing to another one of the same subject.

use std::collections::HashMap;

use rolecall_diagnostics::Severity;
use rolecall_model::{Binding, Namespace, Role, Rule, Subject};
use rolecall_reference::{path, rule, subject::effective_namespace};

use super::{
    Lint,
    grants::{Policy, who},
    report::{Report, of_binding},
};

/// Source of what covers what: `spec/authorization/rbac.md` section 9, `Covers`.
pub(super) const LINT: Lint = Lint {
    name: "covered-grant",
    summary: "a grant that adds nothing to another grant of the same subject",
    default: Some(Severity::Note),
    check,
};

fn check(policy: &Policy<'_>, report: &mut Report<'_>) {
    let mut subjects: HashMap<(&str, &str, &str), usize> = HashMap::new();
    let mut grants: Vec<Vec<Given<'_>>> = Vec::new();
    for (number, binding) in policy.bindings.iter().enumerate() {
        let Some(role) = policy.role_number(number) else { continue };
        if binding.origin.span().is_none() || policy.is_default_binding(binding) {
            continue;
        }
        for (subject, found) in binding.subjects.iter().enumerate() {
            let key = match found {
                Subject::Group(name) => ("group", "", name.as_str()),
                Subject::ServiceAccount { namespace, name } => {
                    ("account", effective_namespace(namespace, binding.namespace.as_ref()), name.as_str())
                }
                Subject::Unknown { .. } => continue,
                Subject::User(name) => ("user", "", name.as_str()),
            };
            let place = *subjects.entry(key).or_insert(grants.len());
            if place == grants.len() {
                grants.push(Vec::new());
            }
            let namespace = binding.namespace.as_ref();
            if let Some(of_subject) = grants.get_mut(place) {
                // The same subject twice in one binding is a duplicate, not a second grant.
                if of_subject.last().is_none_or(|last| !std::ptr::eq(last.binding, binding)) {
                    of_subject.push(Given { binding, subject, namespace, role });
                }
            }
        }
    }
    let mut covers = Covers { policy, known: HashMap::new(), steps: STEPS };
    for of_subject in grants.iter().filter(|grants| grants.len() > 1) {
        check_subject(of_subject, &mut covers, report);
    }
}

/// A grant of a subject.
#[derive(Clone, Copy, Debug)]
struct Given<'a> {
    binding: &'a Binding,
    /// Which of the binding's subjects.
    subject: usize,
    namespace: Option<&'a Namespace>,
    role: usize,
}

/// The grants of one subject: each is compared with some of those that count wherever it does.
fn check_subject(grants: &[Given<'_>], covers: &mut Covers<'_>, report: &mut Report<'_>) {
    let mut first: HashMap<(Option<&Namespace>, usize), usize> = HashMap::new();
    let mut roles_in: HashMap<Option<&Namespace>, Vec<usize>> = HashMap::new();
    for (index, given) in grants.iter().enumerate() {
        first.entry((given.namespace, given.role)).or_insert_with(|| {
            roles_in.entry(given.namespace).or_default().push(index);
            index
        });
    }
    for (index, given) in grants.iter().enumerate() {
        let same = first.get(&(given.namespace, given.role)).copied().filter(|&other| other != index);
        let wider = given.namespace.and_then(|_| first.get(&(None, given.role)).copied());
        let covering = same.or(wider).or_else(|| {
            let own = roles_in.get(&given.namespace).into_iter().flatten();
            let wide = given.namespace.and_then(|_| roles_in.get(&None)).into_iter().flatten();
            own.take(COMPARED).chain(wide.take(COMPARED)).copied().find(|&other| {
                let Some(candidate) = grants.get(other) else { return false };
                // Of two that say the same the later is the one too many.
                other != index
                    && candidate.role != given.role
                    && covers.role(candidate.role, given.role)
                    && (candidate.namespace != given.namespace
                        || other < index
                        || !covers.role(given.role, candidate.role))
            })
        });
        let Some(other) = covering.and_then(|other| grants.get(other)) else { continue };
        let Some(subject) = given.binding.subjects.get(given.subject) else { continue };
        report.subject(
            (given.binding, given.subject),
            format!(
                "{} has all of this already: {} gives it {} {}",
                who(subject, given.binding),
                of_binding(other.binding),
                other.binding.role.kind.as_str(),
                other.binding.role.name
            ),
            "adds nothing",
            "take one of the two out",
        );
    }
}

/// How many roles of a subject in a scope each of its grants is compared with.
const COMPARED: usize = 16;

/// How many parts of rules are compared in all.
const STEPS: usize = 2_000_000;

/// Which role covers which, as far as it was asked.
#[derive(Debug)]
struct Covers<'a> {
    policy: &'a Policy<'a>,
    known: HashMap<(usize, usize), bool>,
    steps: usize,
}

impl Covers<'_> {
    /// Whether a role gives all that another gives, and that is something.
    fn role(&mut self, owner: usize, servant: usize) -> bool {
        if let Some(&known) = self.known.get(&(owner, servant)) {
            return known;
        }
        let roles = self.policy.roles;
        let (Some(one), Some(other)) = (roles.get(owner), roles.get(servant)) else { return false };
        // What is missing may be gathered by it.
        if other.aggregation.is_some() && !self.policy.is_complete {
            return false;
        }
        let covered = !other.rules.is_empty() && other.rules.iter().all(|rule| self.rule(one, rule));
        self.known.insert((owner, servant), covered);
        covered
    }

    fn rule(&mut self, owner: &Role, servant: &Rule) -> bool {
        let resources = servant.verbs.iter().all(|verb| {
            servant.api_groups.iter().all(|group| {
                servant.resources.iter().all(|resource| {
                    let (resource, subresource) =
                        resource.as_str().split_once('/').unwrap_or((resource.as_str(), ""));
                    self.any(owner, |owner| {
                        rule::covers_verb(owner, verb.as_str())
                            && rule::covers_api_group(owner, group.as_str())
                            && rule::covers_resource(owner, resource, subresource)
                            && covers_names(owner, servant)
                    })
                })
            })
        });
        resources
            && servant.verbs.iter().all(|verb| {
                servant.non_resource_urls.iter().all(|url| {
                    self.any(owner, |owner| {
                        rule::covers_verb(owner, verb.as_str())
                            && owner.non_resource_urls.iter().any(|own| path::covers(own, url.as_str()))
                    })
                })
            })
    }

    /// Whether any rule of the owner will do; where all steps are used up, none will.
    fn any(&mut self, owner: &Role, holds: impl Fn(&Rule) -> bool) -> bool {
        for rule in &owner.rules {
            match self.steps.checked_sub(1) {
                Some(steps) => self.steps = steps,
                None => return false,
            }
            if holds(rule) {
                return true;
            }
        }
        false
    }
}

fn covers_names(owner: &Rule, servant: &Rule) -> bool {
    owner.resource_names.is_empty()
        || (!servant.resource_names.is_empty()
            && servant.resource_names.iter().all(|name| rule::covers_name(owner, name.as_str())))
}
