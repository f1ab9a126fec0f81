//! Small values as YAML, in the layout that kubectl prints.

use serde_json::Value;

/// The value as a YAML document.
///
/// Every text that some reader of YAML could take for something else stands in double quotes, with the
/// escapes of JSON, which are YAML's too.
pub(crate) fn to_yaml(value: &Value) -> String {
    let mut out = String::new();
    match value {
        Value::Array(items) if !items.is_empty() => list(items, 0, &mut out),
        Value::Object(fields) if !fields.is_empty() => map(fields, 0, false, &mut out),
        _ => {
            out.push_str(&scalar(value));
            out.push('\n');
        }
    }
    out
}

fn map(fields: &serde_json::Map<String, Value>, indent: usize, in_list: bool, out: &mut String) {
    for (index, (key, value)) in fields.iter().enumerate() {
        if index > 0 || !in_list {
            out.push_str(&" ".repeat(indent));
        }
        out.push_str(&text(key));
        out.push(':');
        match value {
            Value::Array(items) if !items.is_empty() => {
                out.push('\n');
                list(items, indent, out);
            }
            Value::Object(fields) if !fields.is_empty() => {
                out.push('\n');
                map(fields, indent + 2, false, out);
            }
            _ => {
                out.push(' ');
                out.push_str(&scalar(value));
                out.push('\n');
            }
        }
    }
}

fn list(items: &[Value], indent: usize, out: &mut String) {
    for item in items {
        out.push_str(&" ".repeat(indent));
        match item {
            Value::Array(items) if !items.is_empty() => {
                out.push_str("-\n");
                list(items, indent + 2, out);
            }
            Value::Object(fields) if !fields.is_empty() => {
                out.push_str("- ");
                map(fields, indent + 2, true, out);
            }
            _ => {
                out.push_str("- ");
                out.push_str(&scalar(item));
                out.push('\n');
            }
        }
    }
}

fn scalar(value: &Value) -> String {
    match value {
        Value::String(value) => text(value),
        other => other.to_string(),
    }
}

fn text(value: &str) -> String {
    let plain = value.starts_with(|first: char| first.is_ascii_alphabetic())
        && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte))
        // Words that YAML 1.1 takes for booleans or null.
        && !["y", "n", "yes", "no", "on", "off", "true", "false", "null"]
            .contains(&value.to_ascii_lowercase().as_str());
    if plain {
        return value.to_owned();
    }
    rolecall::diagnostics::print::printable_json(&Value::from(value).to_string()).into_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_layout_is_kubectls_and_nothing_can_be_misread() {
        let value = json!({
            "apiVersion": "authorization.k8s.io/v1",
            "metadata": {},
            "status": {
                "incomplete": false,
                "resourceRules": [{"apiGroups": [""], "verbs": ["*", "no", "get"]}, {"verbs": ["1e3"]}],
                "nonResourceRules": [],
                "nested": [["a"], {}],
                "evil": "a\n: \u{1b}#",
            },
        });
        assert_eq!(
            to_yaml(&value),
            "\
apiVersion: authorization.k8s.io/v1
metadata: {}
status:
  evil: \"a\\n: \\u001b#\"
  incomplete: false
  nested:
  -
    - a
  - {}
  nonResourceRules: []
  resourceRules:
  - apiGroups:
    - \"\"
    verbs:
    - \"*\"
    - \"no\"
    - get
  - verbs:
    - \"1e3\"
"
        );
    }
}
