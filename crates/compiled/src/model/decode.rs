//! From bytes to a policy set.

use std::{collections::BTreeMap, sync::Arc};

use rolecall_model::{
    AggregationRule, AttributePolicy, Binding, LabelOperator, LabelRequirement, LabelSelector, Mode, Modes,
    Origin, PolicySet, PolicySetBuilder, Role, RoleRef, RoleRefKind, Rule, Subject, Wild,
};
use rolecall_source::{Position, SourceMap};

use super::{Model, tags};
use crate::wire::{Malformed, Reader};

/// The policy set of which these are the bytes, checked in full. Cost, in time and memory: linear in the bytes,
/// whatever they are.
///
/// # Errors
///
/// When they are not the bytes of a policy set.
pub fn decode_model(bytes: &[u8]) -> Result<Model, Malformed> {
    let mut reader = Reader::new(bytes);
    let texts = read_texts(&mut reader)?;
    let sources = read_sources(&mut reader)?;
    let mut decoder = Decoder { reader, texts, sources, last_start: 0 };
    let policies = decoder.policy_set()?;
    decoder.reader.end()?;
    Ok(Model { policies, sources: decoder.sources })
}

fn read_texts(reader: &mut Reader<'_>) -> Result<Vec<Arc<str>>, Malformed> {
    let lengths = reader.list(1, Reader::small)?;
    let mut texts = Vec::with_capacity(lengths.len());
    for length in lengths {
        let bytes = reader.bytes(length as usize)?;
        let text = std::str::from_utf8(bytes).map_err(|_| reader.fault("a text is no UTF-8"))?;
        texts.push(Arc::from(text));
    }
    Ok(texts)
}

fn read_sources(reader: &mut Reader<'_>) -> Result<SourceMap, Malformed> {
    let mut sources = SourceMap::new();
    for _ in 0..reader.count(LEAST_SOURCE)? {
        let name = reader.text()?;
        let length = reader.small()?;
        let (mut offset, mut line) = (0_u32, 0_u32);
        let places = reader.list(LEAST_PLACE, |reader| {
            let [bytes, lines, column] = [reader.small()?, reader.small()?, reader.small()?];
            let next = offset.checked_add(bytes).filter(|&next| next <= length);
            offset = next.ok_or_else(|| reader.fault("a place lies outside of its file"))?;
            line = line.checked_add(lines).ok_or_else(|| reader.fault("a number is too large"))?;
            let position = Position { line: line as usize, column: column as usize };
            if position.line == 0 || position.column == 0 {
                return Err(reader.fault("a place has no line and column"));
            }
            Ok((offset as usize, position))
        })?;
        sources.add_unkept(name, length as usize, places);
    }
    Ok(sources)
}

struct Decoder<'a> {
    reader: Reader<'a>,
    texts: Vec<Arc<str>>,
    sources: SourceMap,
    last_start: i64,
}

impl Decoder<'_> {
    fn policy_set(&mut self) -> Result<PolicySet, Malformed> {
        let mut policies = PolicySet::builder();
        if self.reader.flag()? {
            policies = policies.modes(self.modes()?);
        }
        self.roles(&mut policies)?;
        self.bindings(&mut policies)?;
        for _ in 0..self.reader.count(LEAST_ATTRIBUTE_POLICY)? {
            policies.add_attribute_policy(self.attribute_policy()?);
        }
        policies.build().map_err(|_| self.reader.fault("there are too many objects"))
    }

    fn roles(&mut self, policies: &mut PolicySetBuilder) -> Result<(), Malformed> {
        for _ in 0..self.reader.count(LEAST_ROLE)? {
            let role = self.role()?;
            if policies.add_role(role).is_some() {
                return Err(self.reader.fault("two roles have the same name"));
            }
        }
        Ok(())
    }

    fn bindings(&mut self, policies: &mut PolicySetBuilder) -> Result<(), Malformed> {
        for _ in 0..self.reader.count(LEAST_BINDING)? {
            let binding = self.binding()?;
            if policies.add_binding(binding).is_some() {
                return Err(self.reader.fault("two bindings have the same name"));
            }
        }
        Ok(())
    }

    fn modes(&mut self) -> Result<Modes, Malformed> {
        let modes = self.reader.list(1, |reader| match reader.byte()? {
            tags::ABAC => Ok(Mode::Abac),
            tags::ALWAYS_ALLOW => Ok(Mode::AlwaysAllow),
            tags::ALWAYS_DENY => Ok(Mode::AlwaysDeny),
            tags::RBAC => Ok(Mode::Rbac),
            _ => Err(reader.fault("an authorization mode is unknown")),
        })?;
        Ok(Modes::new(modes))
    }

    fn role(&mut self) -> Result<Role, Malformed> {
        Ok(Role {
            namespace: self.optional_name()?,
            name: self.name()?,
            rules: self.list(LEAST_RULE, Self::rule)?,
            labels: self.labels()?,
            aggregation: if self.reader.flag()? {
                let selectors = self.list(LEAST_SELECTOR, Self::selector)?;
                Some(AggregationRule { selectors })
            } else {
                None
            },
            origin: self.origin()?,
        })
    }

    fn rule(&mut self) -> Result<Rule, Malformed> {
        Ok(Rule {
            verbs: self.names()?,
            api_groups: self.names()?,
            resources: self.names()?,
            resource_names: self.names()?,
            non_resource_urls: self.names()?,
            origin: self.origin()?,
        })
    }

    fn selector(&mut self) -> Result<LabelSelector, Malformed> {
        Ok(LabelSelector {
            match_labels: self.labels()?,
            match_expressions: self.list(LEAST_REQUIREMENT, Self::requirement)?,
        })
    }

    fn requirement(&mut self) -> Result<LabelRequirement, Malformed> {
        let key = self.own_text()?;
        let operator = match self.reader.byte()? {
            tags::DOES_NOT_EXIST => LabelOperator::DoesNotExist,
            tags::EXISTS => LabelOperator::Exists,
            tags::IN => LabelOperator::In,
            tags::NOT_IN => LabelOperator::NotIn,
            tags::UNKNOWN_OPERATOR => LabelOperator::Unknown(self.own_text()?),
            _ => return Err(self.reader.fault("an operator of a label selector is unknown")),
        };
        Ok(LabelRequirement { key, operator, values: self.list(1, Self::own_text)? })
    }

    fn labels(&mut self) -> Result<BTreeMap<String, String>, Malformed> {
        let mut labels = BTreeMap::new();
        for _ in 0..self.reader.count(LEAST_LABEL)? {
            let key = self.own_text()?;
            if labels.last_key_value().is_some_and(|(last, _)| *last >= key) {
                return Err(self.reader.fault("labels are not in order"));
            }
            labels.insert(key, self.own_text()?);
        }
        Ok(labels)
    }

    fn binding(&mut self) -> Result<Binding, Malformed> {
        Ok(Binding {
            namespace: self.optional_name()?,
            name: self.name()?,
            role: RoleRef {
                kind: match self.reader.byte()? {
                    tags::CLUSTER_ROLE => RoleRefKind::ClusterRole,
                    tags::ROLE => RoleRefKind::Role,
                    tags::UNSUPPORTED_ROLE => RoleRefKind::Unsupported(self.own_text()?),
                    _ => return Err(self.reader.fault("a kind of role is unknown")),
                },
                name: self.name()?,
            },
            subjects: self.list(LEAST_SUBJECT, Self::subject)?,
            origin: self.origin()?,
        })
    }

    fn subject(&mut self) -> Result<Subject, Malformed> {
        Ok(match self.reader.byte()? {
            tags::GROUP => Subject::Group(self.name()?),
            tags::SERVICE_ACCOUNT => Subject::ServiceAccount { namespace: self.name()?, name: self.name()? },
            tags::UNKNOWN_SUBJECT => Subject::Unknown { kind: self.own_text()?, name: self.own_text()? },
            tags::USER => Subject::User(self.name()?),
            _ => return Err(self.reader.fault("a kind of subject is unknown")),
        })
    }

    fn attribute_policy(&mut self) -> Result<AttributePolicy, Malformed> {
        Ok(AttributePolicy {
            user: self.optional_name()?,
            group: self.optional_name()?,
            read_only: self.reader.flag()?,
            api_group: self.wild_name()?,
            resource: if self.reader.flag()? { Wild::Is(self.own_text()?) } else { Wild::Any },
            namespace: self.wild_name()?,
            non_resource_path: self.name()?,
            origin: self.origin()?,
        })
    }

    fn list<T>(
        &mut self,
        least: usize,
        mut item: impl FnMut(&mut Self) -> Result<T, Malformed>,
    ) -> Result<Vec<T>, Malformed> {
        let count = self.reader.count(least)?;
        let mut items = Vec::with_capacity(count);
        for _ in 0..count {
            items.push(item(self)?);
        }
        Ok(items)
    }

    fn names<T: From<Arc<str>>>(&mut self) -> Result<Vec<T>, Malformed> {
        self.list(1, Self::name)
    }

    fn wild_name<T: From<Arc<str>>>(&mut self) -> Result<Wild<T>, Malformed> {
        Ok(self.optional_name()?.map_or(Wild::Any, Wild::Is))
    }

    fn optional_name<T: From<Arc<str>>>(&mut self) -> Result<Option<T>, Malformed> {
        match self.reader.number()?.checked_sub(1) {
            None => Ok(None),
            Some(number) => self.text(number).map(|text| Some(text.into())),
        }
    }

    fn name<T: From<Arc<str>>>(&mut self) -> Result<T, Malformed> {
        let number = self.reader.number()?;
        self.text(number).map(T::from)
    }

    fn text(&self, number: u64) -> Result<Arc<str>, Malformed> {
        let text = usize::try_from(number).ok().and_then(|number| self.texts.get(number));
        text.cloned().ok_or_else(|| self.reader.fault("a name has no text"))
    }

    /// A text that stands here and is nobody else's.
    fn own_text(&mut self) -> Result<String, Malformed> {
        self.reader.text().map(str::to_owned)
    }

    fn origin(&mut self) -> Result<Origin, Malformed> {
        let source = match self.reader.number()? {
            tags::BUILT_IN => return Ok(Origin::BuiltIn),
            tags::CODE => return Ok(Origin::Code),
            number => usize::try_from(number - tags::FIRST_SOURCE).ok(),
        };
        let source = source
            .and_then(|source| self.sources.id(source))
            .ok_or_else(|| self.reader.fault("something stands in no file"))?;
        let distance = self.reader.signed()?;
        let length = self.reader.small()?;
        self.last_start = self.last_start.saturating_add(distance);
        let whole = self.sources.get(source).map_or(0, rolecall_source::Source::length);
        let start = usize::try_from(self.last_start).ok().filter(|&start| start <= whole);
        let end = start.and_then(|start| start.checked_add(length as usize)).filter(|&end| end <= whole);
        match (start, end) {
            (Some(start), Some(end)) => Ok(Origin::Text(self.sources.span(source, start, end))),
            _ => Err(self.reader.fault("something stands outside of its file")),
        }
    }
}

// The fewest bytes of each: one for every field, since no field takes none.
const LEAST_SOURCE: usize = 3;
const LEAST_PLACE: usize = 3;
const LEAST_ROLE: usize = 6;
const LEAST_RULE: usize = 6;
const LEAST_LABEL: usize = 2;
const LEAST_SELECTOR: usize = 2;
const LEAST_REQUIREMENT: usize = 3;
const LEAST_BINDING: usize = 6;
const LEAST_SUBJECT: usize = 2;
const LEAST_ATTRIBUTE_POLICY: usize = 8;
