//! What the API refuses of a review that is well-formed, word for word.
//!
//! Source: `spec/authorization/reviews.md` section 4, the vectors on request validation and selectors.

use crate::{json_text::quoted, quote::quote, validation::names};

use super::decode::{NonResourceAttributes, Requirement, ResourceAttributes, Selector, Spec};

/// The errors of a specification, in Kubernetes' order. `has_subject` is whether a user or a group is named, or need not be.
pub(super) fn spec_errors(spec: &Spec<'_>, has_subject: bool) -> Vec<String> {
    let mut errors = Vec::new();
    match (&spec.resource, &spec.non_resource) {
        (Some(_), Some(attributes)) => errors.push(invalid_non_resource(
            attributes,
            "cannot be specified in combination with resourceAttributes",
        )),
        (None, None) => errors.push(
            "spec.resourceAttributes: Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must \
             be specified"
                .to_owned(),
        ),
        _ => {}
    }
    if !has_subject {
        errors.push(
            "spec.user: Invalid value: \"\": at least one of user or group must be specified".to_owned(),
        );
    }
    if let Some(attributes) = &spec.resource {
        if let Some(selector) = &attributes.field_selector {
            check_selector(selector, check_field_requirement, &mut errors);
        }
        if let Some(selector) = &attributes.label_selector {
            check_selector(selector, check_label_requirement, &mut errors);
        }
    }
    errors
}

/// What is refused of a LocalSubjectAccessReview besides.
pub(super) fn local_errors(spec: &Spec<'_>, namespace: &str, errors: &mut Vec<String>) {
    if let Some(ResourceAttributes { namespace: asked, .. }) = &spec.resource
        && asked != namespace
    {
        errors.push(format!(
            "spec.resourceAttributes.namespace: Invalid value: {}: must match metadata.namespace",
            quote(asked)
        ));
    }
    if let Some(attributes) = &spec.non_resource {
        errors.push(invalid_non_resource(attributes, "disallowed on this kind of request"));
    }
}

fn invalid_non_resource(attributes: &NonResourceAttributes<'_>, detail: &str) -> String {
    // The names of the fields are Go's, not the API's.
    format!(
        "spec.nonResourceAttributes: Invalid value: {{\"Path\":{},\"Verb\":{}}}: {detail}",
        quoted(&attributes.path),
        quoted(&attributes.verb)
    )
}

fn check_selector<const LABEL: bool>(
    selector: &Selector<'_, LABEL>,
    check: impl Fn(&str, &Requirement<'_, LABEL>, &mut Vec<String>),
    errors: &mut Vec<String>,
) {
    let path =
        if LABEL { "spec.resourceAttributes.labelSelector" } else { "spec.resourceAttributes.fieldSelector" };
    match (selector.raw.is_empty(), selector.requirements.is_empty()) {
        (false, false) => errors.push(format!(
            "{path}.rawSelector: Invalid value: {}: may not specified at the same time as requirements",
            quote(&selector.raw)
        )),
        (true, true) => errors.push(format!(
            "{path}.requirements: Required value: when {path} is specified, requirements or rawSelector is required"
        )),
        _ => {}
    }
    for (index, requirement) in selector.requirements.iter().enumerate() {
        check(&format!("{path}.requirements[{index}]"), requirement, errors);
    }
}

fn check_field_requirement(path: &str, requirement: &Requirement<'_, false>, errors: &mut Vec<String>) {
    if requirement.key.is_empty() {
        errors.push(format!("{path}.key: Required value: must be specified"));
    }
    check_values(path, requirement, errors);
}

fn check_label_requirement(path: &str, requirement: &Requirement<'_, true>, errors: &mut Vec<String>) {
    check_values(path, requirement, errors);
    for error in names::label_key(&requirement.key) {
        errors.push(format!("{path}.key: Invalid value: {}: {error}", quote(&requirement.key)));
    }
    for (index, value) in requirement.values.iter().enumerate() {
        for error in names::label_value(value) {
            errors.push(format!("{path}.values[{index}]: Invalid value: {}: {error}", quote(value)));
        }
    }
}

/// An unknown operator is no error: a newer client may know more of them.
fn check_values<const LABEL: bool>(
    path: &str,
    requirement: &Requirement<'_, LABEL>,
    errors: &mut Vec<String>,
) {
    match &*requirement.operator {
        "In" | "NotIn" if requirement.values.is_empty() => errors.push(format!(
            "{path}.values: Required value: must be specified when `operator` is 'In' or 'NotIn'"
        )),
        "DoesNotExist" | "Exists" if !requirement.values.is_empty() => errors.push(format!(
            "{path}.values: Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
        )),
        _ => {}
    }
}
