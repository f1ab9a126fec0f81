//! What a label's key and value may look like, in Kubernetes' words.
//!
//! Source: `spec/authorization/reviews.md` section 4, `spec/authorization/rbac.md` section 2 and the vectors.

const LONGEST_NAME: usize = 63;
const LONGEST_SUBDOMAIN: usize = 253;

/// Everything that is wrong with a label's key, in the order in which Kubernetes says it.
pub(crate) fn key_errors(key: &str) -> Vec<String> {
    let mut errors = Vec::new();
    let name = match key.split_once('/') {
        None => key,
        Some((_, rest)) if rest.contains('/') => {
            return vec![format!(
                "a valid label key {NAME_RULE} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
            )];
        }
        Some((prefix, name)) => {
            if prefix.is_empty() {
                errors.push("prefix part must be non-empty".to_owned());
            }
            if prefix.len() > LONGEST_SUBDOMAIN {
                errors.push(format!("prefix part must be no more than {LONGEST_SUBDOMAIN} bytes"));
            }
            if !prefix.is_empty() && !is_subdomain(prefix) {
                errors.push(format!("prefix part {SUBDOMAIN_RULE}"));
            }
            name
        }
    };
    if name.is_empty() {
        errors.push("name part must be non-empty".to_owned());
    } else if name.len() > LONGEST_NAME {
        errors.push(format!("name part must be no more than {LONGEST_NAME} bytes"));
    }
    if !is_name(name) {
        errors.push(format!("name part {NAME_RULE}"));
    }
    errors
}

/// Everything that is wrong with a label's value, in the order in which Kubernetes says it.
pub(crate) fn value_errors(value: &str) -> Vec<String> {
    let mut errors = Vec::new();
    if value.len() > LONGEST_NAME {
        errors.push(format!("must be no more than {LONGEST_NAME} bytes"));
    }
    if !value.is_empty() && !is_name(value) {
        errors.push(VALUE_RULE.to_owned());
    }
    errors
}

fn is_name(text: &str) -> bool {
    let (Some(&first), Some(&last)) = (text.as_bytes().first(), text.as_bytes().last()) else { return false };
    first.is_ascii_alphanumeric()
        && last.is_ascii_alphanumeric()
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

fn is_subdomain(text: &str) -> bool {
    text.split('.').all(|label| {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        label.bytes().next().is_some_and(allowed)
            && label.bytes().last().is_some_and(allowed)
            && label.bytes().all(|byte| allowed(byte) || byte == b'-')
    })
}

const NAME_RULE: &str = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an \
    alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is \
    '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

const VALUE_RULE: &str = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', \
    and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for \
    validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

const SUBDOMAIN_RULE: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or \
    '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is \
    '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_names_with_an_optional_subdomain() {
        for key in ["a", "A.b-c_d", "example.com/a", "1.2/3", &"a".repeat(63)] {
            assert_eq!(key_errors(key), Vec::<String>::new(), "{key}");
        }
        let cases = [
            ("", 2),
            ("-a", 1),
            ("a-", 1),
            ("a b", 1),
            ("é", 1),
            ("/a", 1),
            ("Example.com/a", 1),
            ("a..b/c", 1),
            ("a/", 2),
            ("/", 3),
            ("a/b/c", 1),
        ];
        for (key, count) in cases {
            assert_eq!(key_errors(key).len(), count, "{key}: {:?}", key_errors(key));
        }
        assert_eq!(key_errors(&"a".repeat(64)), ["name part must be no more than 63 bytes"]);
        assert_eq!(
            key_errors(&format!("{}/a", "a".repeat(254))),
            ["prefix part must be no more than 253 bytes"]
        );
    }

    #[test]
    fn values_may_be_empty() {
        for value in ["", "a", "my_value", "12345", &"a".repeat(63)] {
            assert_eq!(value_errors(value), Vec::<String>::new(), "{value}");
        }
        for (value, count) in [("-", 1), ("a/b", 1), (" ", 1), (&*"a".repeat(64), 1), (&*"-".repeat(64), 2)] {
            assert_eq!(value_errors(value).len(), count, "{value}");
        }
    }
}
