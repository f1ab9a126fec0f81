//! The rules of roles.

use crate::manifest::PolicyRule;

use super::{Checker, Words, json_texts};

impl Checker<'_> {
    pub(super) fn rules(&mut self, rules: &[PolicyRule]) {
        for (index, rule) in rules.iter().enumerate() {
            self.rule(index, rule);
        }
    }

    fn rule(&mut self, index: usize, rule: &PolicyRule) {
        if rule.verbs.value.is_empty() {
            self.required(
                &format!("rules[{index}].verbs"),
                rule.verbs.span,
                "verbs must contain at least one value",
                Words::new("this rule has no verbs, so it grants nothing", "`verbs` is missing or empty")
                    .help("name the verbs: [get, list]; [\"*\"] for all"),
            );
        }
        if !rule.non_resource_urls.value.is_empty() {
            self.urls(index, rule);
            return;
        }
        if rule.api_groups.value.is_empty() {
            self.required(
                &format!("rules[{index}].apiGroups"),
                rule.api_groups.span,
                "resource rules must supply at least one api group",
                Words::new(
                    "this rule names no apiGroups, so it covers no resource",
                    "`apiGroups` is missing or empty",
                )
                .help("[\"\"] is the core group, of pods and secrets"),
            );
        }
        if rule.resources.value.is_empty() {
            self.required(
                &format!("rules[{index}].resources"),
                rule.resources.span,
                "resource rules must supply at least one resource",
                Words::new(
                    "this rule names no resources and no nonResourceURLs, so it grants nothing",
                    "`resources` is missing or empty",
                ),
            );
        }
    }

    fn urls(&mut self, index: usize, rule: &PolicyRule) {
        let field = format!("rules[{index}].nonResourceURLs");
        let urls = &rule.non_resource_urls;
        if self.object.kind.is_namespaced() {
            self.invalid(
                &field,
                urls.span,
                &json_texts(urls),
                "namespaced rules cannot apply to non-resource URLs",
                Words::new(
                    "paths belong to no namespace, so nonResourceURLs of a Role grant nothing",
                    "only a ClusterRole can grant paths",
                )
                .help("move the rule to a ClusterRole, and bind it with a ClusterRoleBinding"),
            );
        }
        let others = [&rule.api_groups, &rule.resources, &rule.resource_names];
        if others.iter().any(|list| !list.value.is_empty()) {
            self.invalid(
                &field,
                urls.span,
                &json_texts(urls),
                "rules cannot apply to both regular resources and non-resource URLs",
                Words::new(
                    "a rule is either on resources or on nonResourceURLs, not on both",
                    "beside the resources of the same rule",
                )
                .help("make two rules of it"),
            );
        }
    }
}
