//! The floors: what a decision cannot cost less than.
//!
//! They are no engines (one principal, no groups, no wildcards). They say what the machine takes for the
//! memory that an answer has to touch, in the same run and on the same policy.

use std::hash::Hasher;

use fxhash::{FxHashMap, FxHasher};
use rolecall::{
    OwnedRequest, Request, Target,
    model::{Binding, PolicySet, Role, RoleRefKind, Subject},
};

/// One probe of a hash table with the whole tuple (subject, namespace, class) as numbers, in a table of as
/// many entries as the policy has such tuples.
#[derive(Debug)]
pub struct IdFloor {
    grants: FxHashMap<[u32; 3], u32>,
    questions: Vec<[u32; 3]>,
}

impl IdFloor {
    /// The table of a policy, and this many questions, every second of which is in it.
    pub fn new(policies: &PolicySet, questions: usize) -> Self {
        let grants = tuples(policies);
        let step = (grants.len() / questions.max(1)).max(1);
        let questions = grants
            .keys()
            .step_by(step)
            .cycle()
            .take(questions)
            .enumerate()
            .map(|(index, &[subject, namespace, class])| {
                // Classes are few: none has the highest bit.
                [subject, namespace, if index % 2 == 0 { class } else { class | 1 << 31 }]
            })
            .collect();
        Self { grants, questions }
    }

    /// How many tuples there are.
    pub fn entries(&self) -> usize {
        self.grants.len()
    }

    /// Answers a question.
    #[inline]
    pub fn answer(&self, question: usize) -> bool {
        self.grants.contains_key(&self.questions[question])
    }
}

/// A hash of every string of the request, then one probe, in a table of the same size.
#[derive(Debug)]
pub struct StringFloor {
    grants: FxHashMap<u64, u32>,
}

impl StringFloor {
    /// A table of `entries` entries, in which every second request is.
    pub fn new<'a>(requests: impl IntoIterator<Item = &'a OwnedRequest>, entries: usize) -> Self {
        let mut grants = FxHashMap::with_capacity_and_hasher(entries, fxhash::FxBuildHasher);
        for request in requests.into_iter().step_by(2) {
            grants.insert(hash(&request.as_request()), 1);
        }
        for number in 0u64.. {
            if grants.len() >= entries {
                break;
            }
            let mut hasher = FxHasher::default();
            hasher.write_u64(number);
            grants.insert(hasher.finish(), 1);
        }
        Self { grants }
    }

    /// Answers a question.
    #[inline]
    pub fn answer(&self, request: &Request<'_>) -> bool {
        self.grants.contains_key(&hash(request))
    }
}

#[inline]
fn hash(request: &Request<'_>) -> u64 {
    let mut hasher = FxHasher::default();
    let mut text = |text: &str| hasher.write(text.as_bytes());
    text(request.user);
    for group in &*request.groups {
        text(group);
    }
    text(request.verb);
    match request.target {
        Target::Path(path) => text(path),
        Target::Resource { namespace, api_group, resource, subresource, name } => {
            for part in [namespace, api_group, resource, subresource, name] {
                text(part);
            }
        }
    }
    hasher.finish()
}

/// Every (subject, namespace, class) that a binding of the policy says something about.
fn tuples(policies: &PolicySet) -> FxHashMap<[u32; 3], u32> {
    let roles: FxHashMap<_, _> = policies
        .roles()
        .iter()
        .map(|role| ((role.namespace.as_ref().map_or("", |name| name.as_str()), role.name.as_str()), role))
        .collect();
    let mut subjects = Numbers::default();
    let mut namespaces = Numbers::default();
    let mut classes = Numbers::default();
    let mut tuples = FxHashMap::default();
    for binding in policies.bindings() {
        let Some(role) = role_of(binding, &roles) else { continue };
        let namespace = namespaces.number(binding.namespace.as_ref().map_or("", |name| name.as_str()));
        for subject in &binding.subjects {
            let subject = subjects.number(&match subject {
                Subject::Group(name) => format!("g {name}"),
                Subject::ServiceAccount { namespace, name } => format!("s {namespace} {name}"),
                Subject::Unknown { kind, name } => format!("? {kind} {name}"),
                Subject::User(name) => format!("u {name}"),
            });
            for rule in &role.rules {
                for group in &rule.api_groups {
                    for resource in &rule.resources {
                        let class = classes.number(&format!("{group} {resource}"));
                        tuples.insert([subject, namespace, class], 1);
                    }
                }
            }
        }
    }
    tuples
}

fn role_of<'a>(binding: &Binding, roles: &FxHashMap<(&str, &str), &'a Role>) -> Option<&'a Role> {
    let namespace = match binding.role.kind {
        RoleRefKind::Role => binding.namespace.as_ref()?.as_str(),
        RoleRefKind::ClusterRole | RoleRefKind::Unsupported(_) => "",
    };
    roles.get(&(namespace, binding.role.name.as_str())).copied()
}

#[derive(Default)]
struct Numbers {
    numbers: FxHashMap<String, u32>,
}

impl Numbers {
    fn number(&mut self, text: &str) -> u32 {
        if let Some(&number) = self.numbers.get(text) {
            return number;
        }
        let number = u32::try_from(self.numbers.len()).expect("fewer than 2³² names");
        self.numbers.insert(text.to_owned(), number);
        number
    }
}
