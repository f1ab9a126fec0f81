//! Which of Kubernetes' formats a text is in.

use std::{cell::RefCell, fmt, path::Path};

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor};

use crate::manifest::is_rbac_kind;

/// A format of policies.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Format {
    /// An ABAC policy file: one policy a line.
    Abac,
    /// Manifests, YAML or JSON.
    Manifests,
}

/// The format of a text, told from the first thing that stands in it.
///
/// An ABAC policy may do without `apiVersion` and `kind`, and one without any field that it knows allows
/// everything to everybody. So such a line is taken for a policy only where nothing else can be meant:
/// where it has fields of a policy and no others, or, in a file that is named `.jsonl`, where it is empty.
/// Whatever else is unclear is taken for a manifest, which grants nothing without saying what it is.
pub(super) fn detect(name: &str, text: &str) -> Format {
    let lines = Path::new(name).extension().is_some_and(|extension| extension.eq_ignore_ascii_case("jsonl"));
    let text = beginning(text);
    if text.starts_with('{') {
        let first = First::read(text);
        return first.format(lines);
    }
    let line = text.lines().next().unwrap_or("").trim();
    // A block of YAML is a policy line by accident of Kubernetes' decoder; nobody means it but where only
    // lines are expected.
    let policy =
        matches!(line, "null" | "~") || line.split_once(':').is_some_and(|(key, _)| is_policy_field(key));
    if lines && policy { Format::Abac } else { Format::Manifests }
}

/// The text from its first line that is neither blank nor a comment nor a document marker.
fn beginning(text: &str) -> &str {
    let mut text = text.trim_start_matches('\u{feff}').trim_start();
    while text.starts_with('#') || text == "---" || text.starts_with("---\n") || text.starts_with("---\r\n") {
        text = text.split_once('\n').map_or("", |(_, rest)| rest.trim_start());
    }
    text
}

/// The first JSON object of a text, as far as it was looked at.
#[derive(Debug, Default)]
struct First {
    api_version: Option<String>,
    kind: Option<String>,
    /// Whether it has a field that policies have.
    of_policy: bool,
    /// Whether it has a field that neither policies nor manifests have.
    unknown: bool,
    end: End,
}

/// Where the look at an object ended.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum End {
    /// Where it is no JSON any more.
    Broken,
    /// At a field that only manifests have.
    Manifest,
    /// At the object's end.
    #[default]
    Whole,
}

impl First {
    /// Looks at the top of an object until it is clear what it is: a file may be one object of a gigabyte.
    fn read(text: &str) -> Self {
        let first = RefCell::new(Self::default());
        let mut json = serde_json::Deserializer::from_str(text);
        let read = Top { first: &first }.deserialize(&mut json);
        let mut first = first.into_inner();
        if read.is_err() && first.end == End::Whole {
            first.end = End::Broken;
            if text.lines().take(20).any(|line| line.contains(ABAC_GROUP)) {
                first.api_version.get_or_insert_with(|| ABAC_GROUP.to_owned());
            }
            let key =
                text.trim_start_matches('{').trim_start().split([':', ',', '}', '\n']).next().unwrap_or("");
            first.of_policy |= is_policy_field(key.trim().trim_matches(['"', '\'']));
        }
        first
    }

    fn format(&self, lines: bool) -> Format {
        let kind = self.kind.as_deref().unwrap_or("");
        let abac = if self.api_version.as_deref().is_some_and(|version| version.starts_with(ABAC_GROUP)) {
            true
        } else if self.end == End::Manifest || is_rbac_kind(kind) {
            false
        } else if self.api_version.is_some() && self.kind.is_some() {
            // A policy of a group that has none: an error for the ABAC reader to explain.
            kind == "Policy" && self.of_policy
        } else if self.end == End::Broken {
            self.of_policy
        } else {
            // One field that is no policy's is enough: a log line has a user, too.
            !self.unknown && (self.of_policy || lines)
        };
        if abac { Format::Abac } else { Format::Manifests }
    }
}

const ABAC_GROUP: &str = "abac.authorization.kubernetes.io";

/// Whether a field may be one of a policy, capitals aside.
fn is_policy_field(name: &str) -> bool {
    ["user", "group", "readonly", "apiGroup", "resource", "namespace", "nonResourcePath"]
        .into_iter()
        .any(|field| field.eq_ignore_ascii_case(name))
}

/// Reads the fields of the first object.
struct Top<'a> {
    first: &'a RefCell<First>,
}

impl<'de> DeserializeSeed<'de> for Top<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Top<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<(), M::Error> {
        while let Some(key) = map.next_key::<String>()? {
            let mut first = self.first.borrow_mut();
            match key.as_str() {
                "apiVersion" => first.api_version = map.next_value::<Word>()?.0,
                "kind" => first.kind = map.next_value::<Word>()?.0,
                "items" | "metadata" | "roleRef" | "rules" | "subjects" => {
                    first.end = End::Manifest;
                    return Err(M::Error::custom("enough"));
                }
                _ => {
                    let policy = is_policy_field(&key);
                    first.of_policy |= policy;
                    // What `spec` holds is a policy's own or another object's: it tells nothing.
                    first.unknown |= !policy && key != "spec";
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

/// A text, or nothing if it is something else.
struct Word(Option<String>);

impl<'de> serde::Deserialize<'de> for Word {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = serde_json::Value::deserialize(deserializer)?;
        Ok(Self(value.as_str().map(str::to_owned)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies_are_known_by_their_fields_whatever_the_file_is_called() {
        for text in [
            r#"{"user":"bob"}"#,
            "# comment\n\n  {\"group\":\"dev\",\"readonly\":true}\n",
            r#"{"apiVersion":"abac.authorization.kubernetes.io/v1beta1","kind":"Policy","spec":{}}"#,
            r#"{"apiVersion":"abac.authorization.kubernetes.io/v9","kind":"Policy"}"#,
            "{\n \"user\":\"alice\"\n}\n",
            r#"{"user":"a"}{"user":"b"}"#,
            r#"{"user":"alice",}"#,
            "{'user':'alice'}",
            r#"{"apiVersion":"v0","kind":"Policy","user":"alice"}"#,
            r#"{"kind":"Whatever","user":"alice"}"#,
            r#"{"apiVersion":"abac.authorization.kubernetes.io/v1beta1","kind":"Pol"#,
        ] {
            assert_eq!(detect("policy", text), Format::Abac, "{text}");
        }
    }

    #[test]
    fn what_allows_everything_is_a_policy_only_where_lines_are_expected() {
        for text in
            ["{}", "{ } ", "null", "~", "user: alice", "---\nuser: alice\n", r#"{"spec":{"user":"bob"}}"#]
        {
            assert_eq!(detect("a/policy.jsonl", text), Format::Abac, "{text}");
            for name in ["values.yaml", "package.json", "-"] {
                assert_eq!(detect(name, text), Format::Manifests, "{name}: {text}");
            }
        }
        let log = r#"{"level":"info","user":"bob","msg":"hello"}"#;
        assert_eq!(detect("log.jsonl", log), Format::Manifests);
    }

    #[test]
    fn manifests_are_manifests_also_one_a_line() {
        for text in [
            "",
            "apiVersion: v1\nkind: List\n",
            r#"{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"Role","metadata":{"name":"r"}}"#,
            r#"{"kind":"Role","user":"x"}"#,
            r#"{"kind":"List","apiVersion":"v1","items":[]}"#,
            r#"{"metadata":{"name":"x"},"user":"y"}"#,
            "{apiVersion: v1, kind: Namespace}",
            "[1]",
        ] {
            assert_eq!(detect("objects.jsonl", text), Format::Manifests, "{text}");
        }
    }
}
