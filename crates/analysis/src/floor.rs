//! The floors under a decision: what it cannot cost less than, on this machine.
//!
//! They are no engines (one principal, no groups, no wildcards). They say what the machine takes for the memory that
//! an answer has to touch, over as many entries as the policy speaks of triples of subject, namespace and class of
//! resource. Figures of an engine are read as ratios to them, taken in the same run.

use std::hash::Hasher;

use fxhash::{FxBuildHasher, FxHashMap, FxHasher};
use rolecall_model::{Binding, OwnedRequest, PolicySet, Request, Role, RoleRefKind, Subject, Target, Wild};

/// One probe of a hash table with a whole triple as numbers; every second question is in it.
#[derive(Clone, Debug)]
pub struct IdFloor {
    triples: FxHashMap<[u32; 3], u32>,
    questions: Vec<[u32; 3]>,
}

impl IdFloor {
    /// The table of a policy, and this many questions, in no order that the memory could guess.
    pub fn new(policies: &PolicySet, questions: usize) -> Self {
        let triples = triples(policies);
        let known: Vec<_> = triples.keys().copied().collect();
        let questions = (0..questions as u64)
            .map(|number| {
                let place = scattered(number).checked_rem(known.len() as u64).unwrap_or_default();
                let known = usize::try_from(place).ok().and_then(|place| known.get(place));
                let [subject, namespace, class] = known.copied().unwrap_or_default();
                // Classes are few: none has the highest bit.
                [subject, namespace, if number % 2 == 0 { class } else { class | 1 << 31 }]
            })
            .collect();
        Self { triples, questions }
    }

    /// How many triples there are.
    pub fn entries(&self) -> usize {
        self.triples.len()
    }

    /// Answers a question.
    #[inline]
    pub fn answer(&self, question: usize) -> bool {
        self.questions.get(question).is_some_and(|question| self.triples.contains_key(question))
    }
}

/// A hash of every string of the request, then one probe.
#[derive(Clone, Debug)]
pub struct StringFloor {
    requests: FxHashMap<u64, u32>,
}

impl StringFloor {
    /// A table of this many entries, in which every second request is.
    pub fn new<'a>(requests: impl IntoIterator<Item = &'a OwnedRequest>, entries: usize) -> Self {
        let mut table = FxHashMap::with_capacity_and_hasher(entries, FxBuildHasher);
        for request in requests.into_iter().step_by(2) {
            table.insert(hash(&request.as_request()), 1);
        }
        let mut number = 0;
        while table.len() < entries {
            table.insert(scattered(number), 1);
            number += 1;
        }
        Self { requests: table }
    }

    /// Answers a request.
    #[inline]
    pub fn answer(&self, request: &Request<'_>) -> bool {
        self.requests.contains_key(&hash(request))
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

/// Numbers in no visible order (the finalizer of splitmix64, which is a bijection).
fn scattered(number: u64) -> u64 {
    let number = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let number = (number ^ number >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let number = (number ^ number >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    number ^ number >> 31
}

/// Every subject, namespace and class that a binding or an attribute policy says something about.
fn triples(policies: &PolicySet) -> FxHashMap<[u32; 3], u32> {
    let roles: FxHashMap<_, _> = policies
        .roles()
        .iter()
        .map(|role| ((role.namespace.as_ref().map_or("", |name| name.as_str()), role.name.as_str()), role))
        .collect();
    let mut numbers = Numbers::default();
    let mut triples = FxHashMap::default();
    for binding in policies.bindings() {
        let Some(role) = role_of(binding, &roles) else { continue };
        let namespace = numbers.number(binding.namespace.as_ref().map_or("", |name| name.as_str()));
        let classes: Vec<_> = role
            .rules
            .iter()
            .flat_map(|rule| {
                let resources = rule.api_groups.iter().flat_map(|group| {
                    rule.resources.iter().map(move |resource| format!("{group} {resource}"))
                });
                resources.chain(rule.non_resource_urls.iter().map(ToString::to_string))
            })
            .map(|class| numbers.number(&class))
            .collect();
        for subject in &binding.subjects {
            let subject = numbers.number(&match subject {
                Subject::Group(name) => format!("g {name}"),
                Subject::ServiceAccount { namespace, name } => format!("s {namespace} {name}"),
                Subject::Unknown { kind, name } => format!("? {kind} {name}"),
                Subject::User(name) => format!("u {name}"),
            });
            triples.extend(classes.iter().map(|&class| ([subject, namespace, class], 1)));
        }
    }
    for policy in policies.attribute_policies() {
        let subject = format!("{:?} {:?}", policy.user, policy.group);
        let class = format!("{:?} {:?} {}", policy.api_group, policy.resource, policy.non_resource_path);
        let namespace = match &policy.namespace {
            Wild::Any => "*",
            Wild::Is(namespace) => namespace.as_str(),
        };
        let triple = [numbers.number(&subject), numbers.number(namespace), numbers.number(&class)];
        triples.insert(triple, 1);
    }
    triples
}

fn role_of<'a>(binding: &Binding, roles: &FxHashMap<(&str, &str), &'a Role>) -> Option<&'a Role> {
    let namespace = match binding.role.kind {
        RoleRefKind::Role => binding.namespace.as_ref()?.as_str(),
        RoleRefKind::ClusterRole => "",
        RoleRefKind::Unsupported(_) => return None,
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
        // Names beyond 2³² share a number: this is a yardstick, not an answer.
        let number = u32::try_from(self.numbers.len()).unwrap_or_default();
        self.numbers.insert(text.to_owned(), number);
        number
    }
}

#[cfg(test)]
mod tests {
    use rolecall_model::Rule;

    use super::*;

    fn policies() -> PolicySet {
        PolicySet::builder()
            .cluster_role("viewer", [Rule::resources(["get", "list"], ["", "apps"], ["pods", "jobs"])])
            .cluster_role("unused", [Rule::resources(["get"], [""], ["secrets"])])
            .cluster_role_binding("view", "viewer", [Subject::user("jane"), Subject::group("dev")])
            .cluster_role_binding("again", "viewer", [Subject::user("jane")])
            .build()
            .unwrap()
    }

    #[test]
    fn there_is_an_entry_for_every_triple_that_is_granted_and_half_of_the_questions_hit() {
        let floor = IdFloor::new(&policies(), 1000);
        // Two subjects, one scope, two groups of two resources.
        assert_eq!(floor.entries(), 8);
        assert_eq!((0..1000).filter(|&question| floor.answer(question)).count(), 500);
        assert!(!floor.answer(1000));
        assert_eq!(IdFloor::new(&PolicySet::default(), 10).entries(), 0);
    }

    #[test]
    fn every_second_request_is_in_the_table_of_strings() {
        let requests: Vec<_> = (0..100)
            .map(|number| {
                let name = format!("web-{number}");
                OwnedRequest::from(&Request::resource("get", "pods").user("jane").name(&name))
            })
            .collect();
        let floor = StringFloor::new(&requests, 1000);
        let hits: Vec<_> = requests.iter().map(|request| floor.answer(&request.as_request())).collect();
        assert!(hits.iter().enumerate().all(|(index, &hit)| hit == (index % 2 == 0)));
    }
}
