//! Roles and bindings as `kubectl get -o yaml` prints them.

use std::{
    fmt,
    io::{self, Write},
};

use rolecall_model::{Binding, Role, Rule, Subject};

use crate::cluster::mix;

/// How several objects stand in one text.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum YamlLayout {
    /// One document an object, as they are kept in files.
    Documents,
    /// One `kind: List`, as `kubectl get` prints several objects.
    List,
}

/// Prints objects one after the other: block style, sorted fields, with the metadata that an API server adds.
///
/// Labels and aggregation are left out: roles that are made up have none.
pub(crate) struct Printer<W: Write> {
    output: io::BufWriter<W>,
    layout: YamlLayout,
    objects: u64,
}

impl<W: Write> Printer<W> {
    pub(crate) fn new(layout: YamlLayout, output: W) -> io::Result<Self> {
        let mut output = io::BufWriter::with_capacity(1 << 16, output);
        if layout == YamlLayout::List {
            writeln!(output, "apiVersion: v1\nitems:")?;
        }
        Ok(Self { output, layout, objects: 0 })
    }

    pub(crate) fn role(&mut self, role: &Role) -> io::Result<()> {
        let namespace = role.namespace.as_ref().map(AsRef::as_ref);
        self.head(role.kind(), role.name.as_str(), namespace)?;
        if role.rules.is_empty() {
            return self.line(0, format_args!("rules: []"));
        }
        self.line(0, format_args!("rules:"))?;
        role.rules.iter().try_for_each(|rule| self.rule(rule))
    }

    pub(crate) fn binding(&mut self, binding: &Binding) -> io::Result<()> {
        let namespace = binding.namespace.as_ref().map(AsRef::as_ref);
        self.head(binding.kind(), binding.name.as_str(), namespace)?;
        self.line(0, format_args!("roleRef:"))?;
        self.line(1, format_args!("apiGroup: {GROUP}"))?;
        self.line(1, format_args!("kind: {}", Scalar(binding.role.kind.as_str())))?;
        self.line(1, format_args!("name: {}", Scalar(binding.role.name.as_str())))?;
        if binding.subjects.is_empty() {
            return Ok(());
        }
        self.line(0, format_args!("subjects:"))?;
        binding.subjects.iter().try_for_each(|subject| self.subject(subject))
    }

    /// Ends the text.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        if self.layout == YamlLayout::List {
            writeln!(self.output, "kind: List\nmetadata:\n  resourceVersion: \"\"")?;
        }
        self.output.flush()
    }

    fn head(&mut self, kind: &str, name: &str, namespace: Option<&str>) -> io::Result<()> {
        self.objects += 1;
        match self.layout {
            YamlLayout::Documents if self.objects == 1 => {}
            YamlLayout::Documents => writeln!(self.output, "---")?,
            YamlLayout::List => write!(self.output, "- ")?,
        }
        // The first line of an item of a list stands behind its dash.
        writeln!(self.output, "apiVersion: {GROUP}/v1")?;
        self.line(0, format_args!("kind: {kind}"))?;
        self.line(0, format_args!("metadata:"))?;
        let number = self.objects;
        let (month, day, minute) = (1 + number % 12, 1 + number % 28, number % 60);
        self.line(1, format_args!("creationTimestamp: \"2026-{month:02}-{day:02}T09:{minute:02}:00Z\""))?;
        self.line(1, format_args!("name: {}", Scalar(name)))?;
        if let Some(namespace) = namespace {
            self.line(1, format_args!("namespace: {}", Scalar(namespace)))?;
        }
        self.line(1, format_args!("resourceVersion: \"{}\"", 1000 + number))?;
        let (left, right) = (mix(number), mix(mix(number)));
        let [first, second, third] = [left >> 32, left >> 16 & 0xFFFF, left & 0xFFF];
        let [fourth, fifth] = [right >> 50, right & 0xFFFF_FFFF_FFFF];
        self.line(
            1,
            format_args!("uid: {first:08x}-{second:04x}-4{third:03x}-{:04x}-{fifth:012x}", 0x8000 | fourth),
        )
    }

    fn rule(&mut self, rule: &Rule) -> io::Result<()> {
        let mut dash = "- ";
        self.list(&mut dash, "apiGroups", &rule.api_groups)?;
        self.list(&mut dash, "nonResourceURLs", &rule.non_resource_urls)?;
        self.list(&mut dash, "resourceNames", &rule.resource_names)?;
        self.list(&mut dash, "resources", &rule.resources)?;
        // Without a verb a rule could not be stored.
        self.line(0, format_args!("{dash}verbs:{}", if rule.verbs.is_empty() { " []" } else { "" }))?;
        rule.verbs.iter().try_for_each(|verb| self.line(1, format_args!("- {}", Scalar(verb.as_str()))))
    }

    /// A list of a rule, unless it is empty; the first of a rule has its dash.
    fn list<T: AsRef<str>>(&mut self, dash: &mut &str, name: &str, list: &[T]) -> io::Result<()> {
        if list.is_empty() {
            return Ok(());
        }
        self.line(0, format_args!("{dash}{name}:"))?;
        *dash = "  ";
        list.iter().try_for_each(|entry| self.line(1, format_args!("- {}", Scalar(entry.as_ref()))))
    }

    fn subject(&mut self, subject: &Subject) -> io::Result<()> {
        match subject {
            Subject::Group(name) => self.named_subject("Group", name.as_str()),
            Subject::User(name) => self.named_subject("User", name.as_str()),
            Subject::Unknown { kind, name } => {
                self.line(0, format_args!("- kind: {}", Scalar(kind)))?;
                self.line(0, format_args!("  name: {}", Scalar(name)))
            }
            Subject::ServiceAccount { namespace, name } => {
                self.line(0, format_args!("- kind: ServiceAccount"))?;
                self.line(0, format_args!("  name: {}", Scalar(name.as_str())))?;
                match namespace.as_str() {
                    "" => Ok(()),
                    namespace => self.line(0, format_args!("  namespace: {}", Scalar(namespace))),
                }
            }
        }
    }

    fn named_subject(&mut self, kind: &str, name: &str) -> io::Result<()> {
        self.line(0, format_args!("- apiGroup: {GROUP}"))?;
        self.line(0, format_args!("  kind: {kind}"))?;
        self.line(0, format_args!("  name: {}", Scalar(name)))
    }

    /// A line of an object, indented: items of a list stand below their dash.
    fn line(&mut self, depth: usize, text: fmt::Arguments<'_>) -> io::Result<()> {
        let indent = 2 * depth + if self.layout == YamlLayout::List { 2 } else { 0 };
        writeln!(self.output, "{:indent$}{text}", "")
    }
}

const GROUP: &str = "rbac.authorization.k8s.io";

/// A text as a scalar: plain where nobody could take it for anything else, in quotes otherwise.
struct Scalar<'a>(&'a str);

impl fmt::Display for Scalar<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(text) = *self;
        if is_plain(text) { f.write_str(text) } else { f.write_str(&json_text(text)) }
    }
}

/// Whether a text is a string without quotes in YAML 1.1 and 1.2. Short words may be `y`, `on` or `null`, and what
/// begins with a digit a number: in quotes they are never wrong.
fn is_plain(text: &str) -> bool {
    const WORDS: [&str; 6] = ["false", "no", "null", "off", "true", "yes"];
    text.len() > 2
        && text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '/')
        && text.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_./:@".contains(letter))
        && !text.ends_with(':')
        && !WORDS.iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// A text in JSON's quotes, which YAML reads likewise.
pub(crate) fn json_text(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for letter in text.chars() {
        match letter {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            _ if letter < ' ' || ('\u{7F}'..'\u{A0}').contains(&letter) => {
                // Writing to a `String` cannot fail.
                let _ = fmt::Write::write_fmt(&mut quoted, format_args!("\\u{:04x}", u32::from(letter)));
            }
            _ => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use rolecall_model::RoleRef;

    use super::*;

    fn printed(layout: YamlLayout) -> String {
        let mut bytes = Vec::new();
        let mut printer = Printer::new(layout, &mut bytes).unwrap();
        let rules = [
            Rule::resources(["get", "*"], ["", "apps"], ["pods/log"]).named(["007"]),
            Rule::paths(["get"], ["/healthz"]),
        ];
        printer.role(&Role::namespaced("red", "reader", rules)).unwrap();
        let subjects = [Subject::user("no"), Subject::service_account("", "ci"), Subject::group("a:b")];
        printer.binding(&Binding::cluster("all", RoleRef::cluster_role("view"), subjects)).unwrap();
        printer.finish().unwrap();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn documents_look_as_kubectl_prints_them() {
        assert_eq!(
            printed(YamlLayout::Documents),
            r#"apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  creationTimestamp: "2026-02-02T09:01:00Z"
  name: reader
  namespace: red
  resourceVersion: "1001"
  uid: 910a2dec-8902-4cc1-9790-ab087439611e
rules:
- apiGroups:
  - ""
  - apps
  resourceNames:
  - "007"
  resources:
  - pods/log
  verbs:
  - get
  - "*"
- nonResourceURLs:
  - /healthz
  verbs:
  - get
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  creationTimestamp: "2026-03-03T09:02:00Z"
  name: all
  resourceVersion: "1002"
  uid: 975835de-1c97-46ce-991a-4c4f0fd784b4
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ClusterRole
  name: view
subjects:
- apiGroup: rbac.authorization.k8s.io
  kind: User
  name: "no"
- kind: ServiceAccount
  name: "ci"
- apiGroup: rbac.authorization.k8s.io
  kind: Group
  name: a:b
"#
        );
    }

    #[test]
    fn a_list_has_its_items_one_step_deeper() {
        let documents = printed(YamlLayout::Documents);
        let mut items = String::new();
        for (number, line) in documents.split("---\n").flat_map(|document| document.lines().enumerate()) {
            items.push_str(if number == 0 { "- " } else { "  " });
            items.push_str(line);
            items.push('\n');
        }
        let list = format!("apiVersion: v1\nitems:\n{items}kind: List\nmetadata:\n  resourceVersion: \"\"\n");
        assert_eq!(printed(YamlLayout::List), list);
    }

    #[test]
    fn what_could_be_taken_for_something_else_stands_in_quotes() {
        let quoted = ["", "*", "1e3", "no", "Off", "null", "a: b", "a:", "-x", "~", "#x", "it's", "a b", "y"];
        for text in quoted {
            assert_eq!(Scalar(text).to_string(), format!("{text:?}"));
        }
        for text in ["pods", "/api", "system:masters", "jane@example.com", "a.b-c_d"] {
            assert_eq!(Scalar(text).to_string(), text);
        }
        assert_eq!(Scalar("a\n\"\\\u{85}").to_string(), r#""a\u000a\"\\\u0085""#);
    }
}
