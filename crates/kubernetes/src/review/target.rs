//! Decoding JSON in place, as Go's decoder does it: `null` leaves a field as it is, of a repeated key the last one counts,
//! objects are merged; a value of the wrong type is noted and skipped.

use std::{borrow::Cow, fmt};

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// A value of another type than its field has.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mismatch {
    /// What stands there, in Go's word.
    pub(super) found: &'static str,
    /// Of which field.
    pub(super) place: Place,
}

/// A field, as Go names it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// The Go type that has the field.
    pub(super) owner: &'static str,
    /// The path from the top.
    pub(super) path: &'static str,
    /// The Go type of the field; `v1.` stands for the version of the review.
    pub(super) expected: &'static str,
    /// Which reviews have the field.
    pub(super) of: Of,
}

/// Which reviews have a field.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Of {
    /// All.
    All,
    /// None: it is looked for before the type of the object is known.
    Meta,
    /// Those that name their subject.
    Subject,
    /// Those of v1 that name their subject.
    SubjectV1,
    /// Those of v1beta1 that name their subject.
    SubjectV1Beta1,
}

pub(super) const fn place(owner: &'static str, path: &'static str, expected: &'static str, of: Of) -> Place {
    Place { owner, path, expected, of }
}

/// Something that JSON values are decoded into, in place.
pub(super) trait Target<'de> {
    /// A JSON null.
    fn null(&mut self) {}

    /// A text; says whether it is of the right type.
    fn text(&mut self, text: Cow<'de, str>) -> bool {
        let _ = text;
        false
    }

    /// A list; says whether it is of the right type, and reads it to its end if so.
    fn list<A: SeqAccess<'de>>(&mut self, list: &mut A, fields: &mut Fields<'_>) -> Result<bool, A::Error> {
        let _ = (list, fields);
        Ok(false)
    }

    /// Whether it is a map.
    fn is_map(&mut self) -> bool {
        false
    }

    /// One entry of a map. The value has to be taken.
    fn entry<A: MapAccess<'de>>(
        &mut self,
        key: &str,
        map: &mut A,
        fields: &mut Fields<'_>,
    ) -> Result<(), A::Error> {
        let _ = (key, fields);
        skip(map)
    }
}

/// What travels along: where we are, and what was wrong so far.
pub(super) struct Fields<'s> {
    pub(super) place: Place,
    mismatches: &'s mut Vec<Mismatch>,
}

impl Fields<'_> {
    /// Decodes the value of a map's entry.
    pub(super) fn value<'de, A: MapAccess<'de>>(
        &mut self,
        map: &mut A,
        target: &mut impl Target<'de>,
        place: Place,
    ) -> Result<(), A::Error> {
        map.next_value_seed(Slot { target, place, mismatches: self.mismatches })
    }

    /// Decodes an element of a list; `None` at its end.
    pub(super) fn element<'de, A: SeqAccess<'de>>(
        &mut self,
        list: &mut A,
        target: &mut impl Target<'de>,
        place: Place,
    ) -> Result<Option<()>, A::Error> {
        list.next_element_seed(Slot { target, place, mismatches: self.mismatches })
    }
}

/// Skips the value of a map's entry.
pub(super) fn skip<'de, A: MapAccess<'de>>(map: &mut A) -> Result<(), A::Error> {
    map.next_value::<IgnoredAny>().map(drop)
}

impl<'de> Target<'de> for Cow<'de, str> {
    fn text(&mut self, text: Cow<'de, str>) -> bool {
        *self = text;
        true
    }
}

/// A list of texts or objects.
impl<'de, T: Target<'de> + Default> Target<'de> for Vec<T> {
    fn null(&mut self) {
        self.clear();
    }

    fn list<A: SeqAccess<'de>>(&mut self, list: &mut A, fields: &mut Fields<'_>) -> Result<bool, A::Error> {
        self.clear();
        let expected = fields.place.expected;
        let expected = if expected == "v1.ExtraValue" {
            "string"
        } else {
            expected.strip_prefix("[]").unwrap_or(expected)
        };
        let place = Place { expected, ..fields.place };
        loop {
            let mut element = T::default();
            if fields.element(list, &mut element, place)?.is_none() {
                return Ok(true);
            }
            self.push(element);
        }
    }
}

/// What Go has as a pointer: null makes it absent again.
impl<'de, T: Target<'de> + Default> Target<'de> for Option<T> {
    fn null(&mut self) {
        *self = None;
    }

    fn is_map(&mut self) -> bool {
        self.get_or_insert_default().is_map()
    }

    fn entry<A: MapAccess<'de>>(
        &mut self,
        key: &str,
        map: &mut A,
        fields: &mut Fields<'_>,
    ) -> Result<(), A::Error> {
        self.get_or_insert_default().entry(key, map, fields)
    }
}

/// Decodes one value into a target.
pub(super) struct Slot<'s, T> {
    pub(super) target: &'s mut T,
    pub(super) place: Place,
    pub(super) mismatches: &'s mut Vec<Mismatch>,
}

impl<T> Slot<'_, T> {
    fn mismatch(self, found: &'static str) {
        self.mismatches.push(Mismatch { found, place: self.place });
    }
}

impl<'de, T: Target<'de>> DeserializeSeed<'de> for Slot<'_, T> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T: Target<'de>> Visitor<'de> for Slot<'_, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.target.null();
        Ok(())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        self.mismatch("bool");
        Ok(())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        self.mismatch("number");
        Ok(())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        self.mismatch("number");
        Ok(())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        self.mismatch("number");
        Ok(())
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<(), E> {
        if !self.target.text(Cow::Borrowed(text)) {
            self.mismatch("string");
        }
        Ok(())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        if !self.target.text(Cow::Owned(text.to_owned())) {
            self.mismatch("string");
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let mut fields = Fields { place: self.place, mismatches: self.mismatches };
        if self.target.list(&mut list, &mut fields)? {
            return Ok(());
        }
        self.mismatches.push(Mismatch { found: "array", place: self.place });
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let known = self.target.is_map();
        if !known {
            self.mismatches.push(Mismatch { found: "object", place: self.place });
        }
        let mut fields = Fields { place: self.place, mismatches: self.mismatches };
        while let Some(Key(key)) = map.next_key_seed(KeySeed)? {
            if known {
                self.target.entry(&key, &mut map, &mut fields)?;
            } else {
                skip(&mut map)?;
            }
        }
        Ok(())
    }
}

struct KeySeed;

struct Key<'de>(Cow<'de, str>);

impl<'de> DeserializeSeed<'de> for KeySeed {
    type Value = Key<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Key<'de>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for KeySeed {
    type Value = Key<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Key<'de>, E> {
        Ok(Key(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Key<'de>, E> {
        Ok(Key(Cow::Owned(text.to_owned())))
    }
}
