//! Texts quoted as Go's `%q` does it, which is how Kubernetes' messages name things.

/// The text between double quotes, with Go's escapes.
pub fn quote(text: &str) -> String {
    format!("{text:?}")
}
