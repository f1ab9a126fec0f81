//! The JSON of a review, decoded in one pass. Names of fields mind capitals, unknown fields are skipped.
//!
//! A value of the wrong type does not end the decoding: the first one is reported once the text is known to be JSON.

use std::{borrow::Cow, ops::Range};

use serde::de::{DeserializeSeed, MapAccess, SeqAccess};
use serde_json::value::RawValue;

use super::target::{Fields, Mismatch, Of, Place, Slot, Target, place, skip};

/// The parts of a review that are looked at.
#[derive(Debug, Default)]
pub(super) struct Object<'a> {
    pub(super) api_version: Cow<'a, str>,
    pub(super) kind: Cow<'a, str>,
    pub(super) namespace: Cow<'a, str>,
    pub(super) spec: Spec<'a>,
    /// The values of `status`, as they stand in the text.
    statuses: Vec<&'a str>,
}

impl Object<'_> {
    /// Where in the decoded text the values of `status` stand.
    pub(super) fn statuses(&self, text: &str) -> Vec<Range<usize>> {
        let start_of = |part: &str| (part.as_ptr() as usize).checked_sub(text.as_ptr() as usize);
        let range = |part: &&str| start_of(part).map(|start| start..start + part.len());
        self.statuses.iter().filter_map(range).collect()
    }
}

#[derive(Debug, Default)]
pub(super) struct Spec<'a> {
    pub(super) resource: Option<ResourceAttributes<'a>>,
    pub(super) non_resource: Option<NonResourceAttributes<'a>>,
    pub(super) user: Cow<'a, str>,
    /// `groups`, which v1 has.
    pub(super) groups: Groups<'a>,
    /// `group`, which v1beta1 has.
    pub(super) group: Groups<'a>,
}

#[derive(Debug, Default)]
pub(super) struct ResourceAttributes<'a> {
    pub(super) namespace: Cow<'a, str>,
    pub(super) verb: Cow<'a, str>,
    pub(super) group: Cow<'a, str>,
    version: Cow<'a, str>,
    pub(super) resource: Cow<'a, str>,
    pub(super) subresource: Cow<'a, str>,
    pub(super) name: Cow<'a, str>,
    pub(super) field_selector: Option<Selector<'a, false>>,
    pub(super) label_selector: Option<Selector<'a, true>>,
}

#[derive(Debug, Default)]
pub(super) struct NonResourceAttributes<'a> {
    pub(super) path: Cow<'a, str>,
    pub(super) verb: Cow<'a, str>,
}

/// A selector of labels (`LABEL`) or fields.
#[derive(Debug, Default)]
pub(super) struct Selector<'a, const LABEL: bool> {
    pub(super) raw: Cow<'a, str>,
    pub(super) requirements: Vec<Requirement<'a, LABEL>>,
}

#[derive(Debug, Default)]
pub(super) struct Requirement<'a, const LABEL: bool> {
    pub(super) key: Cow<'a, str>,
    pub(super) operator: Cow<'a, str>,
    pub(super) values: Vec<Cow<'a, str>>,
}

/// Names of groups; as long as none needs unescaping, a list that a request can borrow.
#[derive(Clone, Debug)]
pub(super) enum Groups<'a> {
    Borrowed(Vec<&'a str>),
    Mixed(Vec<Cow<'a, str>>),
}

impl Groups<'_> {
    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::Borrowed(names) => names.is_empty(),
            Self::Mixed(names) => names.is_empty(),
        }
    }

    pub(super) fn as_slice(&self) -> Cow<'_, [&str]> {
        match self {
            Self::Borrowed(names) => Cow::Borrowed(names),
            Self::Mixed(names) => names.iter().map(AsRef::as_ref).collect(),
        }
    }
}

impl<'a> Groups<'a> {
    fn push(&mut self, name: Cow<'a, str>) {
        match (&mut *self, name) {
            (Self::Borrowed(names), Cow::Borrowed(name)) => names.push(name),
            (Self::Borrowed(names), name) => {
                let mut mixed: Vec<_> = names.drain(..).map(Cow::Borrowed).collect();
                mixed.push(name);
                *self = Self::Mixed(mixed);
            }
            (Self::Mixed(names), name) => names.push(name),
        }
    }
}

impl Default for Groups<'_> {
    fn default() -> Self {
        Self::Borrowed(Vec::new())
    }
}

/// Decodes one JSON value; what is none, is an error.
pub(super) fn decode(text: &str) -> Result<(Object<'_>, Vec<Mismatch>), serde_json::Error> {
    let mut object = Object::default();
    let mut mismatches = Vec::new();
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let place = place("", "", "", Of::Meta);
    Slot { target: &mut object, place, mismatches: &mut mismatches }.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok((object, mismatches))
}

impl<'de> Target<'de> for Object<'de> {
    fn is_map(&mut self) -> bool {
        true
    }

    fn entry<A: MapAccess<'de>>(
        &mut self,
        key: &str,
        map: &mut A,
        fields: &mut Fields<'_>,
    ) -> Result<(), A::Error> {
        match key {
            "apiVersion" => {
                fields.value(map, &mut self.api_version, place("", "apiVersion", "string", Of::Meta))
            }
            "kind" => fields.value(map, &mut self.kind, place("", "kind", "string", Of::Meta)),
            "metadata" => {
                let mut metadata = Metadata { namespace: &mut self.namespace };
                fields.value(
                    map,
                    &mut metadata,
                    place("SubjectAccessReview", "metadata", "v1.ObjectMeta", Of::All),
                )
            }
            "spec" => {
                let place = place("SubjectAccessReview", "spec", "v1.SubjectAccessReviewSpec", Of::All);
                fields.value(map, &mut self.spec, place)
            }
            "status" => {
                self.statuses.push(map.next_value::<&'de RawValue>()?.get());
                Ok(())
            }
            _ => skip(map),
        }
    }
}

struct Metadata<'s, 'a> {
    namespace: &'s mut Cow<'a, str>,
}

impl<'de> Target<'de> for Metadata<'_, 'de> {
    fn is_map(&mut self) -> bool {
        true
    }

    fn entry<A: MapAccess<'de>>(
        &mut self,
        key: &str,
        map: &mut A,
        fields: &mut Fields<'_>,
    ) -> Result<(), A::Error> {
        match key {
            "namespace" => {
                let place = place("ObjectMeta", "metadata.namespace", "string", Of::All);
                fields.value(map, self.namespace, place)
            }
            _ => skip(map),
        }
    }
}

impl<'de> Target<'de> for Spec<'de> {
    fn is_map(&mut self) -> bool {
        true
    }

    fn entry<A: MapAccess<'de>>(
        &mut self,
        key: &str,
        map: &mut A,
        fields: &mut Fields<'_>,
    ) -> Result<(), A::Error> {
        const OWNER: &str = "SubjectAccessReviewSpec";
        match key {
            "resourceAttributes" => {
                let place = place(OWNER, "spec.resourceAttributes", "v1.ResourceAttributes", Of::All);
                fields.value(map, &mut self.resource, place)
            }
            "nonResourceAttributes" => {
                let place = place(OWNER, "spec.nonResourceAttributes", "v1.NonResourceAttributes", Of::All);
                fields.value(map, &mut self.non_resource, place)
            }
            "user" => fields.value(map, &mut self.user, place(OWNER, "spec.user", "string", Of::Subject)),
            "groups" => {
                let place = place(OWNER, "spec.groups", "[]string", Of::SubjectV1);
                fields.value(map, &mut self.groups, place)
            }
            "group" => {
                let place = place(OWNER, "spec.group", "[]string", Of::SubjectV1Beta1);
                fields.value(map, &mut self.group, place)
            }
            // Neither plays a part in a decision.
            "uid" => {
                let place = place(OWNER, "spec.uid", "string", Of::Subject);
                fields.value(map, &mut Cow::default(), place)
            }
            "extra" => {
                let place = place(OWNER, "spec.extra", "map[string]v1.ExtraValue", Of::Subject);
                fields.value(map, &mut Extra, place)
            }
            _ => skip(map),
        }
    }
}

struct Extra;

impl<'de> Target<'de> for Extra {
    fn is_map(&mut self) -> bool {
        true
    }

    fn entry<A: MapAccess<'de>>(
        &mut self,
        _key: &str,
        map: &mut A,
        fields: &mut Fields<'_>,
    ) -> Result<(), A::Error> {
        let place = Place { expected: "v1.ExtraValue", ..fields.place };
        fields.value(map, &mut Vec::<Cow<'_, str>>::new(), place)
    }
}

impl<'de> Target<'de> for ResourceAttributes<'de> {
    fn is_map(&mut self) -> bool {
        true
    }

    fn entry<A: MapAccess<'de>>(
        &mut self,
        key: &str,
        map: &mut A,
        fields: &mut Fields<'_>,
    ) -> Result<(), A::Error> {
        const OWNER: &str = "ResourceAttributes";
        let (target, path) = match key {
            "namespace" => (&mut self.namespace, "spec.resourceAttributes.namespace"),
            "verb" => (&mut self.verb, "spec.resourceAttributes.verb"),
            "group" => (&mut self.group, "spec.resourceAttributes.group"),
            "version" => (&mut self.version, "spec.resourceAttributes.version"),
            "resource" => (&mut self.resource, "spec.resourceAttributes.resource"),
            "subresource" => (&mut self.subresource, "spec.resourceAttributes.subresource"),
            "name" => (&mut self.name, "spec.resourceAttributes.name"),
            "fieldSelector" => {
                const PATH: &str = "spec.resourceAttributes.fieldSelector";
                let place = place(OWNER, PATH, "v1.FieldSelectorAttributes", Of::All);
                return fields.value(map, &mut self.field_selector, place);
            }
            "labelSelector" => {
                const PATH: &str = "spec.resourceAttributes.labelSelector";
                let place = place(OWNER, PATH, "v1.LabelSelectorAttributes", Of::All);
                return fields.value(map, &mut self.label_selector, place);
            }
            _ => return skip(map),
        };
        fields.value(map, target, place(OWNER, path, "string", Of::All))
    }
}

impl<'de> Target<'de> for NonResourceAttributes<'de> {
    fn is_map(&mut self) -> bool {
        true
    }

    fn entry<A: MapAccess<'de>>(
        &mut self,
        key: &str,
        map: &mut A,
        fields: &mut Fields<'_>,
    ) -> Result<(), A::Error> {
        let (target, path) = match key {
            "path" => (&mut self.path, "spec.nonResourceAttributes.path"),
            "verb" => (&mut self.verb, "spec.nonResourceAttributes.verb"),
            _ => return skip(map),
        };
        fields.value(map, target, place("NonResourceAttributes", path, "string", Of::All))
    }
}

impl<'de, const LABEL: bool> Target<'de> for Selector<'de, LABEL> {
    fn is_map(&mut self) -> bool {
        true
    }

    fn entry<A: MapAccess<'de>>(
        &mut self,
        key: &str,
        map: &mut A,
        fields: &mut Fields<'_>,
    ) -> Result<(), A::Error> {
        let owner = if LABEL { "LabelSelectorAttributes" } else { "FieldSelectorAttributes" };
        match key {
            "rawSelector" => {
                let path = if LABEL {
                    "spec.resourceAttributes.labelSelector.rawSelector"
                } else {
                    "spec.resourceAttributes.fieldSelector.rawSelector"
                };
                fields.value(map, &mut self.raw, place(owner, path, "string", Of::All))
            }
            "requirements" => {
                let place = if LABEL {
                    const PATH: &str = "spec.resourceAttributes.labelSelector.requirements";
                    place(owner, PATH, "[]v1.LabelSelectorRequirement", Of::All)
                } else {
                    const PATH: &str = "spec.resourceAttributes.fieldSelector.requirements";
                    place(owner, PATH, "[]v1.FieldSelectorRequirement", Of::All)
                };
                fields.value(map, &mut self.requirements, place)
            }
            _ => skip(map),
        }
    }
}

impl<'de, const LABEL: bool> Target<'de> for Requirement<'de, LABEL> {
    fn is_map(&mut self) -> bool {
        true
    }

    fn entry<A: MapAccess<'de>>(
        &mut self,
        key: &str,
        map: &mut A,
        fields: &mut Fields<'_>,
    ) -> Result<(), A::Error> {
        let owner = if LABEL { "LabelSelectorRequirement" } else { "FieldSelectorRequirement" };
        let path = |of_label: &'static str, of_field: &'static str| if LABEL { of_label } else { of_field };
        match key {
            "key" => {
                let path = path(
                    "spec.resourceAttributes.labelSelector.requirements.key",
                    "spec.resourceAttributes.fieldSelector.requirements.key",
                );
                fields.value(map, &mut self.key, place(owner, path, "string", Of::All))
            }
            "operator" => {
                let path = path(
                    "spec.resourceAttributes.labelSelector.requirements.operator",
                    "spec.resourceAttributes.fieldSelector.requirements.operator",
                );
                let expected = path_type(LABEL);
                fields.value(map, &mut self.operator, place(owner, path, expected, Of::All))
            }
            "values" => {
                let path = path(
                    "spec.resourceAttributes.labelSelector.requirements.values",
                    "spec.resourceAttributes.fieldSelector.requirements.values",
                );
                fields.value(map, &mut self.values, place(owner, path, "[]string", Of::All))
            }
            _ => skip(map),
        }
    }
}

fn path_type(label: bool) -> &'static str {
    if label { "v1.LabelSelectorOperator" } else { "v1.FieldSelectorOperator" }
}

impl<'de> Target<'de> for Groups<'de> {
    fn null(&mut self) {
        *self = Self::default();
    }

    fn list<A: SeqAccess<'de>>(&mut self, list: &mut A, fields: &mut Fields<'_>) -> Result<bool, A::Error> {
        *self = Self::default();
        let place = Place { expected: "string", ..fields.place };
        let mut name = Cow::default();
        while fields.element(list, &mut name, place)?.is_some() {
            self.push(std::mem::take(&mut name));
        }
        Ok(true)
    }
}
