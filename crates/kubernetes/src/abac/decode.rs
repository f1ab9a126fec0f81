//! The fields of a policy line, read as Kubernetes' decoder reads them.
//!
//! Names of fields mind capitals (but for `apiVersion` and `kind`, which are looked for without), what is unknown is dropped,
//! of a repeated field the last counts, and `null` leaves a field as it is.

use std::{borrow::Cow, ops::Range};

use rolecall_diagnostics::{Finding, did_you_mean};

use crate::quote::quote;

use super::{
    Place,
    line::{Field, Line, Value},
};

/// A policy as it is written.
#[derive(Debug)]
pub(super) struct Decoded<'a> {
    pub(super) version: Version,
    /// Whether the version went without saying.
    pub(super) unversioned: bool,
    pub(super) user: Cow<'a, str>,
    pub(super) group: Cow<'a, str>,
    pub(super) read_only: bool,
    pub(super) api_group: Cow<'a, str>,
    pub(super) resource: Cow<'a, str>,
    pub(super) namespace: Cow<'a, str>,
    pub(super) non_resource_path: Cow<'a, str>,
    /// What is wrong with fields, without its consequences.
    pub(super) slips: Vec<Slip<'a>>,
}

/// A version of the format.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Version {
    /// Flat, without API groups and paths.
    V0,
    /// With a `spec`.
    V1Beta1,
}

impl Version {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::V0 => "v0",
            Self::V1Beta1 => "v1beta1",
        }
    }
}

/// A field that does not do what it seems to.
#[derive(Debug)]
pub(super) struct Slip<'a> {
    pub(super) key: Cow<'a, str>,
    pub(super) place: Range<usize>,
    pub(super) kind: SlipKind,
}

#[derive(Debug)]
pub(super) enum SlipKind {
    /// A field of `spec` that stands beside it.
    OutsideSpec,
    /// A second value for the same field; where the first stood.
    Repeated(Range<usize>),
    /// A `spec` in a policy that has none.
    SpecWithoutVersion,
    /// No such field; in which part, and what was perhaps meant.
    Unknown { within_spec: bool, meant: Option<&'static str> },
}

/// Tells the version of a line and reads its fields.
pub(super) fn decode<'a>(place: &Place<'_>, line: Line<'a>) -> Result<Decoded<'a>, Box<Finding>> {
    let fields = match line.value {
        Value::Map(fields) => fields,
        Value::Null => Vec::new(),
        other => return Err(Box::new(no_object(place, &other))),
    };
    let (version, unversioned) = version(place, &fields)?;
    let mut decoded = Decoded {
        version,
        unversioned,
        user: Cow::default(),
        group: Cow::default(),
        read_only: false,
        api_group: Cow::default(),
        resource: Cow::default(),
        namespace: Cow::default(),
        non_resource_path: Cow::default(),
        slips: Vec::new(),
    };
    match version {
        Version::V0 => decoded.read(place, fields, &V0)?,
        Version::V1Beta1 => decoded.read(place, fields, &V1BETA1)?,
    }
    Ok(decoded)
}

/// A Go type that fields are decoded into.
struct Struct {
    part: Part,
    name: &'static str,
    /// The path of its fields from the top.
    path: &'static str,
    fields: &'static [&'static str],
}

/// A part of a policy.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Part {
    /// The whole of a v0 policy.
    Flat,
    /// The `spec` of a v1beta1 policy.
    Spec,
    /// What stands around the `spec`.
    Top,
}

const V0: Struct = Struct {
    part: Part::Flat,
    name: "Policy",
    path: "",
    fields: &["apiVersion", "kind", "user", "group", "readonly", "resource", "namespace"],
};
const V1BETA1: Struct =
    Struct { part: Part::Top, name: "Policy", path: "", fields: &["apiVersion", "kind", "spec"] };
const V1BETA1_SPEC: Struct = Struct {
    part: Part::Spec,
    name: "PolicySpec",
    path: "spec.",
    fields: &["user", "group", "readonly", "apiGroup", "resource", "namespace", "nonResourcePath"],
};

impl<'a> Decoded<'a> {
    fn read(
        &mut self,
        place: &Place<'_>,
        fields: Vec<Field<'a>>,
        of: &'static Struct,
    ) -> Result<(), Box<Finding>> {
        let mut seen: Vec<(&'static str, Range<usize>)> = Vec::new();
        let present: Vec<&'static str> = of
            .fields
            .iter()
            .copied()
            .filter(|known| fields.iter().any(|field| field.key == *known))
            .collect();
        for Field { key, key_place, value, place: value_place } in fields {
            let Some(known) = of.fields.iter().copied().find(|known| key == *known) else {
                let kind = slip_of_unknown(&key, of, &present);
                self.slips.push(Slip { key, place: key_place, kind });
                continue;
            };
            match seen.iter_mut().find(|(earlier, _)| *earlier == known) {
                Some((_, first)) => {
                    let kind = SlipKind::Repeated(first.clone());
                    self.slips.push(Slip { key, place: key_place.clone(), kind });
                    *first = key_place;
                }
                None => seen.push((known, key_place)),
            }
            let mismatch = |value: &Value<'_>, expected: &str| {
                Box::new(wrong_type(place, of, known, value, &value_place, expected))
            };
            let text = match known {
                "readonly" => {
                    match value {
                        Value::Bool(read_only) => self.read_only = read_only,
                        Value::Null => {}
                        other => return Err(mismatch(&other, "bool")),
                    }
                    continue;
                }
                "spec" => {
                    match value {
                        Value::Map(fields) => self.read(place, fields, &V1BETA1_SPEC)?,
                        Value::Null => {}
                        other => return Err(mismatch(&other, "v1beta1.PolicySpec")),
                    }
                    continue;
                }
                _ => match value {
                    Value::Text(text) => text,
                    Value::Null => continue,
                    other => return Err(mismatch(&other, "string")),
                },
            };
            match known {
                "apiGroup" => self.api_group = text,
                "group" => self.group = text,
                "namespace" => self.namespace = text,
                "nonResourcePath" => self.non_resource_path = text,
                "resource" => self.resource = text,
                "user" => self.user = text,
                // `apiVersion` and `kind` were read before.
                _ => {}
            }
        }
        Ok(())
    }
}

fn slip_of_unknown(key: &str, of: &'static Struct, present: &[&str]) -> SlipKind {
    match of.part {
        Part::Flat if key == "spec" => return SlipKind::SpecWithoutVersion,
        Part::Top if V1BETA1_SPEC.fields.contains(&key) => return SlipKind::OutsideSpec,
        Part::Flat | Part::Spec | Part::Top => {}
    }
    let meant = did_you_mean(key, of.fields.iter().copied()).filter(|meant| !present.contains(meant));
    SlipKind::Unknown { within_spec: of.part == Part::Spec, meant }
}

/// The version of a policy, and whether it went without saying.
///
/// Source: `spec/authorization/abac.md` section 2, `conformance/abac/version-*`.
fn version(place: &Place<'_>, fields: &[Field<'_>]) -> Result<(Version, bool), Box<Finding>> {
    let (api_version, kind) = (meta(place, fields, "apiVersion")?, meta(place, fields, "kind")?);
    let (group, version) = match api_version.split_once('/') {
        Some((_, version)) if version.contains('/') => {
            return Err(Box::new(unknown_version(
                place,
                fields,
                &format!("unexpected GroupVersion string: {api_version}"),
            )));
        }
        Some((group, version)) => (group, version),
        None => ("", &*api_version),
    };
    let named = match (group, version, &*kind) {
        (GROUP, "v0", "Policy") => return Ok((Version::V0, false)),
        (GROUP, "v1beta1", "Policy") => return Ok((Version::V1Beta1, false)),
        // Whatever is left open is taken for v0's.
        ("" | GROUP, "", "" | "Policy") | (GROUP, "v0", "") => return Ok((Version::V0, true)),
        ("" | GROUP, "", _) => format!("{GROUP}/v0"),
        (GROUP, "v1beta1", "") => {
            let cause = "converting (v1beta1.Policy) to (v0.Policy): unknown conversion";
            return Err(Box::new(unknown_version(place, fields, cause)));
        }
        (_, "", _) => {
            let line = place.line.strip_suffix('\r').unwrap_or(place.line);
            let cause = format!("Object 'apiVersion' is missing in '{line}'");
            return Err(Box::new(unknown_version(place, fields, &cause)));
        }
        ("", version, _) => version.to_owned(),
        _ => api_version.to_string(),
    };
    let kind = if kind.is_empty() { "Policy" } else { &kind };
    let cause =
        format!("no kind {} is registered for version {} in scheme {SCHEME}", quote(kind), quote(&named));
    Err(Box::new(unknown_version(place, fields, &cause)))
}

/// `apiVersion` or `kind`, which are looked for whatever their capitals.
fn meta<'f>(place: &Place<'_>, fields: &'f [Field<'_>], name: &str) -> Result<Cow<'f, str>, Box<Finding>> {
    let mut found = "";
    for field in fields.iter().filter(|field| folds_to(&field.key, name)) {
        match &field.value {
            Value::Text(text) => found = text,
            Value::Null => {}
            other => {
                let of = Struct { part: Part::Top, name: "", path: "", fields: &[] };
                return Err(Box::new(wrong_type(place, &of, name, other, &field.place, "string")));
            }
        }
    }
    Ok(Cow::Borrowed(found))
}

/// Whether two names are equal to Go's JSON decoder, which folds capitals and two letters that look like others.
fn folds_to(key: &str, name: &str) -> bool {
    let fold = |letter: char| match letter {
        '\u{17f}' => 's',
        '\u{212a}' => 'k',
        other => other.to_ascii_lowercase(),
    };
    key.chars().map(fold).eq(name.chars().map(fold))
}

fn unknown_version(place: &Place<'_>, fields: &[Field<'_>], cause: &str) -> Finding {
    let written = |name| fields.iter().rev().find(|field| folds_to(&field.key, name));
    let at = match (written("apiVersion"), written("kind")) {
        (Some(Field { value: Value::Text(version), .. }), Some(kind))
            if *version == format!("{GROUP}/v1beta1") || *version == format!("{GROUP}/v0") =>
        {
            Some(kind)
        }
        (Some(version), _) => Some(version),
        (None, kind) => kind,
    };
    let span = at.map_or_else(|| place.whole(), |field| place.span(field.place.start, field.place.end));
    let words = |field: &Field<'_>| match &field.value {
        Value::Text(text) => text.to_string(),
        _ => String::new(),
    };
    let message = match (written("apiVersion").map(words), written("kind").map(words)) {
        (Some(version), Some(kind)) => {
            format!("line {} is no policy: there is no `{kind}` of version `{version}`", place.number)
        }
        (Some(version), None) => {
            format!("line {} is no policy: it has the version `{version}` but no kind", place.number)
        }
        (None, kind) => {
            format!("line {} is no policy but a `{}`", place.number, kind.unwrap_or_default())
        }
    };
    Finding::error("unknown-version", message)
        .at(span, "no such policy")
        .field(
            at.map_or("apiVersion", |field| if folds_to(&field.key, "kind") { "kind" } else { "apiVersion" }),
        )
        .help(format!("write `\"apiVersion\": \"{GROUP}/v1beta1\", \"kind\": \"Policy\"` and a `spec`"))
        .kubernetes(place.kubernetes(cause))
}

fn no_object(place: &Place<'_>, value: &Value<'_>) -> Finding {
    let kind = value.kind();
    Finding::error("malformed-policy-line", format!("line {} is no policy but {}", place.number, a(kind)))
        .at(place.whole(), "expected an object")
        .help("a policy is one JSON object on one line")
        .kubernetes(place.kubernetes(&format!(
            "couldn't get version/kind; json parse error: json: cannot unmarshal {kind} into Go value of type struct {{ \
             APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; Kind string \"json:\\\"kind,omitempty\\\"\" }}"
        )))
}

fn wrong_type(
    place: &Place<'_>,
    of: &Struct,
    field: &str,
    value: &Value<'_>,
    at: &Range<usize>,
    expected: &str,
) -> Finding {
    let path = format!("{}{field}", of.path);
    let wanted = match expected {
        "bool" => "a boolean, `true` or `false`",
        "string" => "a string",
        _ => "an object",
    };
    let kind = value.kind();
    let cause =
        format!("json: cannot unmarshal {kind} into Go struct field {}.{path} of type {expected}", of.name);
    // Version and kind are looked for before everything else.
    let cause = if of.name.is_empty() {
        format!("couldn't get version/kind; json parse error: {cause}")
    } else {
        cause
    };
    let finding = Finding::error("wrong-type", format!("`{path}` must be {wanted}, not {}", a(kind)))
        .at(place.span(at.start, at.end), format!("expected {wanted}"))
        .field(path)
        .kubernetes(place.kubernetes(&cause));
    match (expected, value) {
        ("bool", Value::Text(text)) if matches!(&**text, "true" | "false") => {
            finding.help(format!("write {text} without quotes"))
        }
        _ => finding,
    }
}

fn a(kind: &str) -> String {
    match kind {
        "array" => "a list".to_owned(),
        "bool" => "a boolean".to_owned(),
        "object" => "an object".to_owned(),
        kind => format!("a {kind}"),
    }
}

pub(super) const GROUP: &str = "abac.authorization.kubernetes.io";
const SCHEME: &str = "\"k8s.io/kubernetes/pkg/apis/abac/register.go:33\"";
