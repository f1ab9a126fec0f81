//! Objects read with a cursor, without a tree: the ordinary ones, about whose reading nothing is to be said.
//!
//! An object with a field that is unknown, repeated, null or of another type, of an old version or of another kind, or
//! with anything else that is seldom, is given up: the [`Reader`](super::Reader) then decodes it from its tree. So what
//! is read here is what it would decode without a finding.

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use rolecall_source::Span;

use super::{
    metadata::{is_rfc3339, whole},
    object::{
        Body, Kind, Metadata, PolicyRule, RBAC_GROUP, RbacObject, RoleRef, Spanned, Subject, Text, Texts,
        Version,
    },
    reader::ListType,
};
use crate::document::{
    Names,
    cursor::{Cursor, Next, Scalar, Shape, skip},
};

/// What a document or an item of a list is found to be.
#[derive(Debug)]
pub(super) enum Found {
    /// A list, if all goes well.
    List,
    Rbac(Box<RbacObject>),
}

/// Reads an object, or gives up.
pub(super) fn object<'a, C: Cursor<'a>>(
    cursor: &mut C,
    names: &mut Names,
    list: Option<ListType>,
) -> Option<Found> {
    if cursor.shape() != Shape::Map {
        return None;
    }
    let mut open = cursor.open()?;
    let mut version = None;
    let mut kind = None;
    let mut metadata = None;
    let (mut rules, mut subjects, mut role_ref) = (None, None, None);
    while let Next::Key(key, _) = cursor.next_key(&mut open)? {
        match &*key {
            "apiVersion" => {
                let (text, _) = string(cursor)?;
                once(&mut version, ApiVersion::of(&text)?)?;
            }
            "kind" => {
                let (text, span) = string(cursor)?;
                if text.ends_with("List") {
                    return Some(Found::List);
                }
                once(&mut kind, (Kind::of(&text)?, span))?;
            }
            "metadata" => once(&mut metadata, self::metadata(cursor, names)?)?,
            "roleRef" => once(&mut role_ref, self::role_ref(cursor, names)?)?,
            "rules" => once(&mut rules, many(cursor, |cursor| rule(cursor, names))?)?,
            "subjects" => once(&mut subjects, many(cursor, |cursor| subject(cursor, names))?)?,
            "items" => return Some(Found::List),
            _ => return None,
        }
    }
    let span = cursor.close(open);
    let (kind, kind_span) = match (kind, list) {
        (None, None) => return None,
        (None, Some(list)) => (list.kind, list.span),
        (Some(kind), _) => kind,
    };
    let version = match (version, list) {
        (None, None) | (Some(ApiVersion::Core), _) => return None,
        (None, Some(list)) => list.version,
        (Some(ApiVersion::Rbac(version)), _) => version,
    };
    let is_of_list = list.is_none_or(|list| list.kind == kind && list.version == version);
    if version == Version::V1alpha1 || !is_of_list {
        return None;
    }
    let body = if kind.is_role() {
        if subjects.is_some() || role_ref.is_some() {
            return None;
        }
        Body::Role { rules: rules.unwrap_or_else(|| Spanned::missing(Vec::new(), span)), aggregation: None }
    } else {
        if rules.is_some() {
            return None;
        }
        Body::Binding { subjects: subjects.unwrap_or_else(|| Spanned::missing(Vec::new(), span)), role_ref }
    };
    Some(Found::Rbac(Box::new(RbacObject {
        kind,
        version,
        kind_span,
        metadata: metadata?,
        body,
        span,
        is_faulty: false,
    })))
}

/// A list of objects of which everything was looked at but the items.
#[derive(Debug)]
pub(super) struct Listing<C> {
    pub(super) api_version: String,
    pub(super) kind: String,
    pub(super) kind_span: Span,
    /// Before the list of items.
    pub(super) items: C,
}

/// Goes past a list of objects, or gives up. What it went past can be read with the cursor that it kept.
pub(super) fn listing<'a, C: Cursor<'a>>(cursor: &mut C) -> Option<Listing<C>> {
    let mut open = cursor.open()?;
    let (mut api_version, mut kind, mut items, mut metadata) = (None, None, None, None);
    while let Next::Key(key, _) = cursor.next_key(&mut open)? {
        match &*key {
            "apiVersion" => once(&mut api_version, string(cursor)?.0.into_owned())?,
            "items" => {
                if cursor.shape() != Shape::List {
                    return None;
                }
                once(&mut items, cursor.clone())?;
                skip(cursor)?;
            }
            "kind" => {
                let (text, span) = string(cursor)?;
                once(&mut kind, (text.into_owned(), span))?;
            }
            "metadata" => {
                if cursor.shape() != Shape::Map {
                    return None;
                }
                once(&mut metadata, ())?;
                skip(cursor)?;
            }
            _ => return None,
        }
    }
    cursor.close(open);
    let (kind, kind_span) = kind?;
    Some(Listing { api_version: api_version?, kind, kind_span, items: items? })
}

/// Keeps a field's value; gives up if there is one.
fn once<T>(field: &mut Option<T>, value: T) -> Option<()> {
    field.replace(value).is_none().then_some(())
}

/// What an `apiVersion` says.
#[derive(Clone, Copy, Debug)]
enum ApiVersion {
    /// `v1`, which is that of lists.
    Core,
    Rbac(Version),
}

impl ApiVersion {
    fn of(text: &str) -> Option<Self> {
        if text == "v1" {
            return Some(Self::Core);
        }
        let version = text.strip_prefix(RBAC_GROUP)?.strip_prefix('/')?;
        Version::of(version).map(Self::Rbac)
    }
}

fn metadata<'a, C: Cursor<'a>>(cursor: &mut C, names: &mut Names) -> Option<Metadata> {
    if cursor.shape() != Shape::Map {
        return None;
    }
    let mut open = cursor.open()?;
    let (mut name, mut generate_name, mut namespace, mut uid) = (None, None, None, None);
    let (mut labels, mut annotations, mut generation) = (None, None, None);
    let (mut self_link, mut resource_version, mut created) = (None, None, None);
    while let Next::Key(key, _) = cursor.next_key(&mut open)? {
        match &*key {
            "annotations" => once(&mut annotations, text_map(cursor, names)?)?,
            "creationTimestamp" => {
                let is_time = match cursor.scalar()?.0 {
                    Scalar::Null => true,
                    Scalar::String(text) => is_rfc3339(&text),
                    Scalar::Bool(_) | Scalar::Number(_) => false,
                };
                once(&mut created, is_time.then_some(())?)?;
            }
            "generateName" => once(&mut generate_name, text(cursor, names)?)?,
            "generation" => {
                let (Scalar::Number(number), span) = cursor.scalar()? else { return None };
                once(&mut generation, Spanned::given(whole(number)?, span))?;
            }
            "labels" => once(&mut labels, text_map(cursor, names)?)?,
            "name" => once(&mut name, text(cursor, names)?)?,
            "namespace" => once(&mut namespace, text(cursor, names)?)?,
            "resourceVersion" => {
                string(cursor)?;
                once(&mut resource_version, ())?;
            }
            "selfLink" => {
                string(cursor)?;
                once(&mut self_link, ())?;
            }
            "uid" => once(&mut uid, text(cursor, names)?)?,
            _ => return None,
        }
    }
    let span = cursor.close(open);
    let mut empty = Empty::new(names, span);
    Some(Metadata {
        span,
        name: empty.or(name),
        generate_name: empty.or(generate_name),
        namespace: empty.or(namespace),
        uid: empty.or(uid),
        generation,
        labels: labels.unwrap_or_default(),
        annotations: annotations.unwrap_or_default(),
        finalizers: Spanned::missing(Vec::new(), span),
        owner_references: Spanned::missing(Vec::new(), span),
    })
}

fn rule<'a, C: Cursor<'a>>(cursor: &mut C, names: &mut Names) -> Option<PolicyRule> {
    if cursor.shape() != Shape::Map {
        return None;
    }
    let mut open = cursor.open()?;
    let (mut verbs, mut api_groups, mut resources) = (None, None, None);
    let (mut resource_names, mut non_resource_urls) = (None, None);
    while let Next::Key(key, _) = cursor.next_key(&mut open)? {
        let field = match &*key {
            "apiGroups" => &mut api_groups,
            "nonResourceURLs" => &mut non_resource_urls,
            "resourceNames" => &mut resource_names,
            "resources" => &mut resources,
            "verbs" => &mut verbs,
            _ => return None,
        };
        once(field, many(cursor, |cursor| text(cursor, names))?)?;
    }
    let span = cursor.close(open);
    let or_none = |list: Option<Texts>| list.unwrap_or_else(|| Spanned::missing(Vec::new(), span));
    Some(PolicyRule {
        verbs: or_none(verbs),
        api_groups: or_none(api_groups),
        resources: or_none(resources),
        resource_names: or_none(resource_names),
        non_resource_urls: or_none(non_resource_urls),
        span,
    })
}

fn subject<'a, C: Cursor<'a>>(cursor: &mut C, names: &mut Names) -> Option<Subject> {
    if cursor.shape() != Shape::Map {
        return None;
    }
    let mut open = cursor.open()?;
    let (mut kind, mut api_group, mut namespace, mut name) = (None, None, None, None);
    while let Next::Key(key, _) = cursor.next_key(&mut open)? {
        let field = match &*key {
            "apiGroup" => &mut api_group,
            "kind" => &mut kind,
            "name" => &mut name,
            "namespace" => &mut namespace,
            _ => return None,
        };
        once(field, text(cursor, names)?)?;
    }
    let span = cursor.close(open);
    let mut empty = Empty::new(names, span);
    Some(Subject {
        kind: empty.or(kind),
        api_group: empty.or(api_group),
        api_version: empty.or(None),
        namespace: empty.or(namespace),
        name: empty.or(name),
        span,
    })
}

fn role_ref<'a, C: Cursor<'a>>(cursor: &mut C, names: &mut Names) -> Option<RoleRef> {
    if cursor.shape() != Shape::Map {
        return None;
    }
    let mut open = cursor.open()?;
    let (mut api_group, mut kind, mut name) = (None, None, None);
    while let Next::Key(key, _) = cursor.next_key(&mut open)? {
        let field = match &*key {
            "apiGroup" => &mut api_group,
            "kind" => &mut kind,
            "name" => &mut name,
            _ => return None,
        };
        once(field, text(cursor, names)?)?;
    }
    let span = cursor.close(open);
    let mut empty = Empty::new(names, span);
    Some(RoleRef { api_group: empty.or(api_group), kind: empty.or(kind), name: empty.or(name), span })
}

/// Makes the empty texts of missing fields, all of one allocation.
struct Empty<'n> {
    names: &'n mut Names,
    parent: Span,
}

impl<'n> Empty<'n> {
    fn new(names: &'n mut Names, parent: Span) -> Self {
        Self { names, parent }
    }

    fn or(&mut self, text: Option<Text>) -> Text {
        text.unwrap_or_else(|| Text::missing(self.names.share(""), self.parent))
    }
}

/// A map of strings to strings, without repeats.
fn text_map<'a, C: Cursor<'a>>(cursor: &mut C, names: &mut Names) -> Option<Vec<(Text, Text)>> {
    if cursor.shape() != Shape::Map {
        return None;
    }
    let mut open = cursor.open()?;
    let mut texts: Vec<(Text, Text)> = Vec::new();
    while let Next::Key(key, span) = cursor.next_key(&mut open)? {
        // Each is compared with all before it.
        if texts.len() >= MOST_KEYS || texts.iter().any(|(known, _)| *known.value == *key) {
            return None;
        }
        let key = Text::given(names.share(&key), span);
        texts.push((key, text(cursor, names)?));
    }
    cursor.close(open);
    Some(texts)
}

/// Larger maps of labels and annotations are seldom.
const MOST_KEYS: usize = 64;

/// A list.
fn many<'a, C: Cursor<'a>, T>(
    cursor: &mut C,
    mut item: impl FnMut(&mut C) -> Option<T>,
) -> Option<Spanned<Vec<T>>> {
    if cursor.shape() != Shape::List {
        return None;
    }
    let mut open = cursor.open()?;
    let mut items = Vec::new();
    while cursor.next_item(&mut open)? {
        items.push(item(cursor)?);
    }
    Some(Spanned::given(items, cursor.close(open)))
}

fn text<'a, C: Cursor<'a>>(cursor: &mut C, names: &mut Names) -> Option<Text> {
    let (text, span) = string(cursor)?;
    Some(Text::given(names.share(&text), span))
}

fn string<'a, C: Cursor<'a>>(cursor: &mut C) -> Option<(Cow<'a, str>, Span)> {
    if cursor.shape() != Shape::Scalar {
        return None;
    }
    match cursor.scalar()? {
        (Scalar::String(text), span) => Some((text, span)),
        _ => None,
    }
}
