//! The aggregation rule of a ClusterRole.

use crate::manifest::{AggregationRule, LabelSelector, SelectorRequirement};

use super::{Checker, Words, json};

impl Checker<'_> {
    pub(super) fn aggregation(&mut self, rule: &AggregationRule) {
        let path = "aggregationRule.clusterRoleSelectors";
        if rule.selectors.value.is_empty() {
            self.required(
                path,
                rule.selectors.span,
                "at least one clusterRoleSelector required if aggregationRule is non-nil",
                Words::new(
                    "an aggregationRule without clusterRoleSelectors selects nothing",
                    "`clusterRoleSelectors` is missing or empty",
                ),
            );
        }
        for (index, selector) in rule.selectors.value.iter().enumerate() {
            self.selector(&format!("{path}[{index}]"), selector);
        }
    }

    fn selector(&mut self, path: &str, selector: &LabelSelector) {
        let before = self.findings.len();
        self.labels(&format!("{path}.matchLabels"), &selector.match_labels);
        for (index, requirement) in selector.match_expressions.iter().enumerate() {
            self.requirement(&format!("{path}.matchExpressions[{index}]"), requirement);
        }
        if self.findings.len() > before {
            self.invalid(
                path,
                selector.span,
                "null",
                "invalid label selector.",
                Words::new("so this selector selects nothing", "the selector as a whole is invalid"),
            );
        }
    }

    fn requirement(&mut self, path: &str, requirement: &SelectorRequirement) {
        let SelectorRequirement { key, operator, values, .. } = requirement;
        match operator.as_str() {
            "In" | "NotIn" if values.value.is_empty() => self.required(
                &format!("{path}.values"),
                values.span,
                "must be specified when `operator` is 'In' or 'NotIn'",
                Words::new(
                    format!("the operator `{}` needs values", operator.value),
                    "`values` is missing or empty",
                ),
            ),
            "Exists" | "DoesNotExist" if !values.value.is_empty() => self.forbidden(
                &format!("{path}.values"),
                values.span,
                "may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
                Words::new(
                    format!("the operator `{}` takes no values", operator.value),
                    "take the values out, or use `In` or `NotIn`",
                ),
            ),
            "In" | "NotIn" | "Exists" | "DoesNotExist" => {}
            unknown => {
                let operators = ["In", "NotIn", "Exists", "DoesNotExist"];
                let label = match rolecall_diagnostics::did_you_mean(unknown, operators) {
                    Some(meant) => format!("did you mean `{meant}`?"),
                    None => "not a valid operator".to_owned(),
                };
                self.invalid(
                    &format!("{path}.operator"),
                    operator.span,
                    &json(unknown),
                    "not a valid selector operator",
                    Words::new(format!("label selectors have no operator `{unknown}`"), label)
                        .help("the operators are In, NotIn, Exists and DoesNotExist"),
                );
            }
        }
        self.label_key(&format!("{path}.key"), key, "label");
        for (index, value) in values.value.iter().enumerate() {
            self.label_value(&format!("{path}.values[{index}]"), value);
        }
    }
}
