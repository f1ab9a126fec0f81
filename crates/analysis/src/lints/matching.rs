//! What is written in a rule, taken by itself: whether an entry names something.

use rolecall_model::Rule;

/// Whether a list names an entry, by itself or with a `*`.
pub(super) fn names<T: AsRef<str>>(list: &[T], entry: &str) -> bool {
    list.iter().any(|one| matches!(one.as_ref(), "*") || one.as_ref() == entry)
}

/// Which entry of `resources` names a resource, with its subresource if it has one.
///
/// Source: `spec/authorization/rbac.md` section 3.
pub(super) fn entry_for(rule: &Rule, resource: &str) -> Option<usize> {
    let of_any = resource.split_once('/').map(|(_, subresource)| subresource);
    rule.resources.iter().position(|entry| {
        let entry = entry.as_str();
        entry == "*" || entry == resource || (of_any.is_some() && entry.strip_prefix("*/") == of_any)
    })
}
