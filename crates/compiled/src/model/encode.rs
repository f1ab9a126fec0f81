//! From a policy set to bytes.

use std::collections::{BTreeMap, HashMap};

use rolecall_model::{
    AggregationRule, AttributePolicy, Binding, LabelOperator, LabelSelector, Mode, Origin, PolicySet, Role,
    RoleRefKind, Rule, Subject, Wild,
};
use rolecall_source::{Source, SourceMap, Span};

use super::tags;
use crate::wire::Writer;

/// A policy set as bytes, with the lines and columns of its parts. An origin in a source that the map does not
/// have becomes [`Origin::Code`]. Cost: linear in the policy, and sorting its places.
pub fn encode_model(policies: &PolicySet, sources: &SourceMap) -> Vec<u8> {
    let mut encoder = Encoder {
        out: Writer::default(),
        texts: Vec::new(),
        numbers: HashMap::new(),
        sources,
        places: vec![Vec::new(); sources.iter().count()],
        last_start: 0,
    };
    encoder.policy_set(policies);
    encoder.finish()
}

struct Encoder<'p> {
    /// What comes behind the sources.
    out: Writer,
    texts: Vec<&'p str>,
    numbers: HashMap<&'p str, usize>,
    sources: &'p SourceMap,
    /// Of each source, the bytes that something stands at.
    places: Vec<Vec<usize>>,
    /// Where the last origin began: the next is seldom far.
    last_start: i64,
}

impl<'p> Encoder<'p> {
    fn finish(self) -> Vec<u8> {
        let mut whole = Writer::default();
        whole.list(self.texts.iter(), |whole, text| whole.count(text.len()));
        for text in &self.texts {
            whole.bytes(text.as_bytes());
        }
        whole.count(self.places.len());
        for ((_, source), places) in self.sources.iter().zip(self.places) {
            write_source(&mut whole, source, places);
        }
        whole.bytes(&self.out.into_bytes());
        whole.into_bytes()
    }

    fn policy_set(&mut self, policies: &'p PolicySet) {
        match policies.chosen_modes() {
            None => self.out.flag(false),
            Some(modes) => {
                self.out.flag(true);
                self.out.list(modes.as_slice().iter(), |out, mode| {
                    out.byte(match mode {
                        Mode::Abac => tags::ABAC,
                        Mode::AlwaysAllow => tags::ALWAYS_ALLOW,
                        Mode::AlwaysDeny => tags::ALWAYS_DENY,
                        Mode::Rbac => tags::RBAC,
                    });
                });
            }
        }
        self.list(policies.roles(), Self::role);
        self.list(policies.bindings(), Self::binding);
        self.list(policies.attribute_policies(), Self::attribute_policy);
    }

    fn role(&mut self, role: &'p Role) {
        self.optional_name(role.namespace.as_ref());
        self.name(&role.name);
        self.list(&role.rules, Self::rule);
        self.labels(&role.labels);
        match &role.aggregation {
            None => self.out.flag(false),
            Some(AggregationRule { selectors }) => {
                self.out.flag(true);
                self.list(selectors, Self::selector);
            }
        }
        self.origin(role.origin);
    }

    fn rule(&mut self, rule: &'p Rule) {
        self.names(&rule.verbs);
        self.names(&rule.api_groups);
        self.names(&rule.resources);
        self.names(&rule.resource_names);
        self.names(&rule.non_resource_urls);
        self.origin(rule.origin);
    }

    fn selector(&mut self, selector: &'p LabelSelector) {
        self.labels(&selector.match_labels);
        self.list(&selector.match_expressions, |encoder, requirement| {
            let out = &mut encoder.out;
            out.text(&requirement.key);
            match &requirement.operator {
                LabelOperator::DoesNotExist => out.byte(tags::DOES_NOT_EXIST),
                LabelOperator::Exists => out.byte(tags::EXISTS),
                LabelOperator::In => out.byte(tags::IN),
                LabelOperator::NotIn => out.byte(tags::NOT_IN),
                LabelOperator::Unknown(word) => {
                    out.byte(tags::UNKNOWN_OPERATOR);
                    out.text(word);
                }
            }
            out.list(requirement.values.iter(), |out, value| out.text(value));
        });
    }

    fn labels(&mut self, labels: &BTreeMap<String, String>) {
        self.out.list(labels.iter(), |out, (key, value)| {
            out.text(key);
            out.text(value);
        });
    }

    fn binding(&mut self, binding: &'p Binding) {
        self.optional_name(binding.namespace.as_ref());
        self.name(&binding.name);
        match &binding.role.kind {
            RoleRefKind::ClusterRole => self.out.byte(tags::CLUSTER_ROLE),
            RoleRefKind::Role => self.out.byte(tags::ROLE),
            RoleRefKind::Unsupported(word) => {
                self.out.byte(tags::UNSUPPORTED_ROLE);
                self.out.text(word);
            }
        }
        self.name(&binding.role.name);
        self.list(&binding.subjects, Self::subject);
        self.origin(binding.origin);
    }

    fn subject(&mut self, subject: &'p Subject) {
        match subject {
            Subject::Group(name) => {
                self.out.byte(tags::GROUP);
                self.name(name);
            }
            Subject::ServiceAccount { namespace, name } => {
                self.out.byte(tags::SERVICE_ACCOUNT);
                self.name(namespace);
                self.name(name);
            }
            Subject::Unknown { kind, name } => {
                self.out.byte(tags::UNKNOWN_SUBJECT);
                self.out.text(kind);
                self.out.text(name);
            }
            Subject::User(name) => {
                self.out.byte(tags::USER);
                self.name(name);
            }
        }
    }

    fn attribute_policy(&mut self, policy: &'p AttributePolicy) {
        self.optional_name(policy.user.as_ref());
        self.optional_name(policy.group.as_ref());
        self.out.flag(policy.read_only);
        self.wild_name(&policy.api_group);
        match &policy.resource {
            Wild::Any => self.out.flag(false),
            Wild::Is(resource) => {
                self.out.flag(true);
                self.out.text(resource);
            }
        }
        self.wild_name(&policy.namespace);
        self.name(&policy.non_resource_path);
        self.origin(policy.origin);
    }

    fn list<T>(&mut self, items: &'p [T], mut write: impl FnMut(&mut Self, &'p T)) {
        self.out.count(items.len());
        for item in items {
            write(self, item);
        }
    }

    fn names<T: AsRef<str>>(&mut self, names: &'p [T]) {
        self.list(names, Self::name);
    }

    fn wild_name<T: AsRef<str>>(&mut self, wild: &'p Wild<T>) {
        self.optional_name(match wild {
            Wild::Any => None,
            Wild::Is(name) => Some(name),
        });
    }

    fn optional_name<T: AsRef<str>>(&mut self, name: Option<&'p T>) {
        match name {
            None => self.out.count(0),
            Some(name) => {
                let number = self.number(name.as_ref());
                self.out.count(number + 1);
            }
        }
    }

    fn name<T: AsRef<str>>(&mut self, name: &'p T) {
        let number = self.number(name.as_ref());
        self.out.count(number);
    }

    fn number(&mut self, text: &'p str) -> usize {
        let next = self.texts.len();
        let number = *self.numbers.entry(text).or_insert(next);
        if number == next {
            self.texts.push(text);
        }
        number
    }

    fn origin(&mut self, origin: Origin) {
        match origin {
            Origin::BuiltIn => self.out.number(tags::BUILT_IN),
            Origin::Code => self.out.number(tags::CODE),
            Origin::Text(span) => match self.places.get_mut(span.source().index()) {
                None => self.out.number(tags::CODE),
                Some(places) => {
                    places.push(span.start());
                    self.span(span);
                }
            },
        }
    }

    fn span(&mut self, span: Span) {
        // Offsets have 32 bits.
        let start = i64::try_from(span.start()).unwrap_or_default();
        self.out.number(span.source().index() as u64 + tags::FIRST_SOURCE);
        self.out.signed(start - self.last_start);
        self.out.count(span.end() - span.start());
        self.last_start = start;
    }
}

/// Name, length, and each place as the distance from the one before: bytes, lines, and the column.
fn write_source(out: &mut Writer, source: &Source, mut places: Vec<usize>) {
    out.text(source.name());
    out.count(source.length());
    places.sort_unstable();
    places.dedup();
    let (mut offset, mut line) = (0, 0);
    out.list(places.into_iter(), |out, place| {
        let position = source.position(place);
        out.count(place - offset);
        // Lines ascend with the bytes.
        out.count(position.line.saturating_sub(line));
        out.count(position.column);
        (offset, line) = (place, position.line);
    });
}
