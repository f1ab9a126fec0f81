//! Values that an API server takes and that do not do what their author expects.

use rolecall_diagnostics::Finding;

use super::object::{Body, RbacObject, Text, Texts};

/// Warnings about an object's values: entries that can match nothing (`get,list`, capitals, blanks,
/// invisible characters, curly quotes, a version in an API group), placeholders of templates, a version of
/// the API that servers no longer have.
pub fn suspicious(object: &RbacObject) -> Vec<Finding> {
    let mut found = Findings { object, findings: Vec::new() };
    if object.version != super::object::Version::V1 {
        found.findings.push(
            Finding::warning(
                "old-version",
                format!("`{}` is gone from API servers since Kubernetes 1.22", object.api_version()),
            )
            .at(object.kind_span, "read as an API server of that time would have read it")
            .field("apiVersion")
            .object(object.label())
            .help("write `apiVersion: rbac.authorization.k8s.io/v1`"),
        );
    }
    found.template(&object.metadata.name, || "metadata.name".to_owned());
    found.template(&object.metadata.namespace, || "metadata.namespace".to_owned());
    match &object.body {
        Body::Binding { subjects, role_ref } => {
            for (index, subject) in subjects.value.iter().enumerate() {
                let path = |field: &str| format!("subjects[{index}].{field}");
                found.template(&subject.name, || path("name"));
                found.hidden(&subject.name, || path("name"));
                found.template(&subject.namespace, || path("namespace"));
            }
            if let Some(role_ref) = role_ref {
                found.template(&role_ref.name, || "roleRef.name".to_owned());
                found.hidden(&role_ref.name, || "roleRef.name".to_owned());
            }
        }
        Body::Role { rules, .. } => {
            for (index, rule) in rules.value.iter().enumerate() {
                for (list, field, kind) in [
                    (&rule.verbs, "verbs", Entry::Word),
                    (&rule.api_groups, "apiGroups", Entry::Group),
                    (&rule.resources, "resources", Entry::Word),
                    (&rule.resource_names, "resourceNames", Entry::Name),
                    (&rule.non_resource_urls, "nonResourceURLs", Entry::Path),
                ] {
                    found.entries(list, index, field, kind);
                }
            }
        }
    }
    found.findings
}

/// What the entries of a list are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Entry {
    Group,
    Name,
    Path,
    Word,
}

/// Paths and the object's name are made only where something is to be said: nearly nowhere.
#[derive(Debug)]
struct Findings<'a> {
    object: &'a RbacObject,
    findings: Vec<Finding>,
}

impl Findings<'_> {
    fn entries(&mut self, list: &Texts, rule: usize, field: &str, kind: Entry) {
        for (index, text) in list.value.iter().enumerate() {
            let path = || format!("rules[{rule}].{field}[{index}]");
            if let Some((what, help)) = peculiarity(text.as_str(), kind) {
                let path = path();
                let value = text.as_str();
                self.push(
                    Finding::warning("suspicious-value", format!("`{value}` in `{path}` {what}"))
                        .at(text.span, "legal, but it matches nothing that a client sends")
                        .help(help),
                    &path,
                );
            }
            self.template(text, path);
        }
    }

    fn hidden(&mut self, text: &Text, path: impl Fn() -> String) {
        if let Some((what, help)) = hidden(text.as_str()) {
            let path = path();
            let value = text.as_str();
            self.push(
                Finding::warning("suspicious-value", format!("`{value}` in `{path}` {what}"))
                    .at(text.span, "compared as it stands")
                    .help(help),
                &path,
            );
        }
    }

    fn template(&mut self, text: &Text, path: impl Fn() -> String) {
        if is_template(text.as_str()) {
            let path = path();
            let value = text.as_str();
            self.push(
                Finding::warning(
                    "looks-like-a-template",
                    format!("`{value}` in `{path}` looks like a placeholder that was not filled in"),
                )
                .at(text.span, "taken as it stands")
                .help("render the template first"),
                &path,
            );
        }
    }

    fn push(&mut self, finding: Finding, path: &str) {
        self.findings.push(finding.field(path).object(self.object.label()));
    }
}

fn is_template(text: &str) -> bool {
    if !text.bytes().any(|byte| matches!(byte, b'{' | b'$')) {
        return false;
    }
    let between = |open: &str, close: &str| {
        text.find(open)
            .and_then(|start| text.get(start + open.len()..))
            .is_some_and(|rest| rest.contains(close))
    };
    between("{{", "}}") || between("{%", "%}") || between("${", "}") || between("$(", ")")
}

fn peculiarity(text: &str, kind: Entry) -> Option<(&'static str, &'static str)> {
    if let Some(found) = hidden(text) {
        return Some(found);
    }
    match kind {
        Entry::Group if text.contains('/') => Some((
            "names a version, and API groups are compared without one",
            "write the group alone, without `/` and what follows",
        )),
        Entry::Word | Entry::Group if text.contains(',') => {
            Some(("is one entry with a comma in it", "make it several entries of the list"))
        }
        Entry::Word | Entry::Group if text.chars().any(char::is_uppercase) => {
            Some(("has capitals, and names are compared with regard to them", "write it in lower case"))
        }
        Entry::Word | Entry::Group if text.trim().contains(char::is_whitespace) => {
            Some(("is one entry with a blank in it", "make it several entries of the list"))
        }
        Entry::Path if !text.starts_with('/') && text != "*" => {
            Some(("does not begin with a slash, as every path does", "begin it with `/`"))
        }
        _ => None,
    }
}

/// What the eye does not see, or takes for something else.
fn hidden(text: &str) -> Option<(&'static str, &'static str)> {
    // Nearly all texts are of letters that can be seen.
    if text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return None;
    }
    if text.trim() != text {
        return Some(("has blanks around it, which count", "take the blanks out"));
    }
    if text.chars().any(|letter| matches!(letter, '\u{2018}'..='\u{201f}' | '\u{ab}' | '\u{bb}')) {
        return Some(("has curly quotes in it, which are letters to YAML", "write straight quotes, or none"));
    }
    let invisible = |letter: char| {
        matches!(letter, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
            || letter.is_control()
    };
    if text.chars().any(invisible) {
        return Some(("has an invisible character in it, which counts", "take the character out"));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_entries_are_not_suspicious() {
        for (text, kind) in [
            ("get", Entry::Word),
            ("*", Entry::Word),
            ("pods/log", Entry::Word),
            ("", Entry::Group),
            ("rbac.authorization.k8s.io", Entry::Group),
            ("/api/*", Entry::Path),
            ("*", Entry::Path),
            ("My Name, the 2nd", Entry::Name),
        ] {
            assert_eq!(peculiarity(text, kind), None, "{text}");
        }
    }

    #[test]
    fn entries_that_match_nothing_are() {
        for (text, kind) in [
            ("get,list", Entry::Word),
            (" get", Entry::Word),
            ("Get", Entry::Word),
            ("apps/v1", Entry::Group),
            ("\u{201c}get\u{201d}", Entry::Word),
            ("po\u{200b}ds", Entry::Word),
            ("healthz", Entry::Path),
        ] {
            assert!(peculiarity(text, kind).is_some(), "{text}");
        }
    }

    #[test]
    fn placeholders_of_the_usual_tools_are_recognized() {
        for text in ["${NAME}", "a-{{ .Release.Name }}", "{% if x %}", "$(NAME)-view"] {
            assert!(is_template(text), "{text}");
        }
        for text in ["$NAME", "{a}", "}}{{", "name"] {
            assert!(!is_template(text), "{text}");
        }
    }
}
