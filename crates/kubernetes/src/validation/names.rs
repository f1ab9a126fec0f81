//! What names, labels and the like may look like, in Kubernetes' words.
//!
//! The texts are those of Kubernetes v1.36's validation of names (`conformance/rbac/*/validation.jsonl` has some of
//! them). Each function returns what is wrong; nothing if all is well.

use crate::{
    identity::is_dns_subdomain,
    label_selector::{is_label_key, is_label_value},
};

const LABEL: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start \
                     and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is \
                     '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and \
                         must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is \
                         '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const KEY: &str = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric \
                   character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is \
                   '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const VALUE: &str = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must \
                     start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used \
                     for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

/// The name of an RBAC object, or the beginning of one: a segment of a path.
pub(super) fn path_segment(name: &str) -> Vec<String> {
    if name == "." || name == ".." {
        return vec![format!("may not be '{name}'")];
    }
    ['/', '%']
        .into_iter()
        .filter(|&letter| name.contains(letter))
        .map(|letter| format!("may not contain '{letter}'"))
        .collect()
}

/// The name of a namespace.
pub(super) fn dns_label(name: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    if name.len() > 63 {
        wrong.push(no_more_than(63));
    }
    if !is_dns_label(name) {
        let dots = name.split('.').all(is_dns_label);
        wrong.push(if dots { "must not contain dots".to_owned() } else { LABEL.to_owned() });
    }
    wrong
}

/// The name of a service account.
pub(super) fn dns_subdomain(name: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    if name.len() > 253 {
        wrong.push(no_more_than(253));
    }
    if !name.split('.').all(is_dns_label) {
        wrong.push(SUBDOMAIN.to_owned());
    }
    wrong
}

/// The key of a label or an annotation, or a finalizer.
pub(crate) fn label_key(key: &str) -> Vec<String> {
    if is_label_key(key) {
        return Vec::new();
    }
    let mut wrong = Vec::new();
    let parts: Vec<&str> = key.split('/').collect();
    let name = match parts.as_slice() {
        [name] => name,
        [prefix, name] => {
            if prefix.is_empty() {
                wrong.push("prefix part must be non-empty".to_owned());
            } else if !is_dns_subdomain(prefix) {
                wrong.extend(dns_subdomain(prefix).into_iter().map(|text| format!("prefix part {text}")));
            }
            name
        }
        _ => {
            return vec![format!(
                "a valid label key {KEY} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
            )];
        }
    };
    if name.is_empty() {
        wrong.push("name part must be non-empty".to_owned());
    } else if name.len() > 63 {
        wrong.push(format!("name part {}", no_more_than(63)));
    }
    if name.is_empty() || !has_label_shape(name) {
        wrong.push(format!("name part {KEY}"));
    }
    wrong
}

/// The value of a label.
pub(crate) fn label_value(value: &str) -> Vec<String> {
    if is_label_value(value) {
        return Vec::new();
    }
    let mut wrong = Vec::new();
    if value.len() > 63 {
        wrong.push(no_more_than(63));
    }
    if !has_label_shape(value) {
        wrong.push(VALUE.to_owned());
    }
    wrong
}

/// A label of the domain name system, whatever its length.
fn is_dns_label(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    text.bytes().all(|byte| inner(byte) || byte == b'-')
        && text.bytes().next().is_some_and(inner)
        && text.bytes().next_back().is_some_and(inner)
}

/// The letters that a label's value may have, whatever its length.
fn has_label_shape(text: &str) -> bool {
    let outer = |byte: Option<u8>| byte.is_none_or(|byte| byte.is_ascii_alphanumeric());
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
        && outer(text.bytes().next())
        && outer(text.bytes().next_back())
}

fn no_more_than(bytes: usize) -> String {
    format!("must be no more than {bytes} bytes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn path_segments_may_be_nearly_anything() {
        for good in ["a", "system:foo bar", "...", "A_b", "é"] {
            assert!(path_segment(good).is_empty(), "{good}");
        }
        assert_eq!(path_segment(".."), ["may not be '..'"]);
        assert_eq!(path_segment("a%/b"), ["may not contain '/'", "may not contain '%'"]);
    }

    #[test]
    fn namespaces_are_labels() {
        assert!(dns_label("kube-system").is_empty());
        assert_eq!(dns_label("*"), [LABEL]);
        assert_eq!(dns_label("a.b"), ["must not contain dots"]);
        assert_eq!(dns_label(&"a".repeat(64)), ["must be no more than 63 bytes"]);
        assert_eq!(dns_label(""), [LABEL]);
    }

    #[test]
    fn service_accounts_are_subdomains() {
        assert!(dns_subdomain("a.b-c").is_empty());
        for bad in ["a:b", "A", "a..b", ".a", "-a"] {
            assert_eq!(dns_subdomain(bad), [SUBDOMAIN], "{bad}");
        }
    }

    #[test]
    fn every_fault_of_a_key_is_said() {
        assert!(label_key("a.b/C_d").is_empty());
        assert_eq!(label_key("/a"), ["prefix part must be non-empty"]);
        assert_eq!(
            label_key("A/"),
            [
                format!("prefix part {SUBDOMAIN}"),
                "name part must be non-empty".to_owned(),
                format!("name part {KEY}")
            ]
        );
        assert_eq!(label_key(&"a".repeat(64)), ["name part must be no more than 63 bytes"]);
        assert_eq!(label_key("a/b/c").len(), 1);
        assert_eq!(label_value("a b"), [VALUE]);
        assert_eq!(label_value(&"-".repeat(64)), ["must be no more than 63 bytes", VALUE]);
    }
}
