//! A listing of rules as SelfSubjectRulesReview and `kubectl auth can-i --list` show it.

use std::collections::{HashMap, HashSet};

use rolecall_model::{AttributePolicy, ListedRule, PolicySet, Rule, RuleListing, Wild};
use serde::Serialize;

use crate::reason::{aggregate, unresolved_text};

/// The `status` of a SelfSubjectRulesReview, ready to serialize.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RulesStatus {
    /// Rules on resources.
    pub resource_rules: Vec<ResourceRule>,
    /// Rules on paths.
    pub non_resource_rules: Vec<NonResourceRule>,
    /// Whether an authorizer could not tell its rules.
    pub incomplete: bool,
    /// Role references that lead nowhere.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub evaluation_error: String,
}

/// One rule on resources.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ResourceRule {
    /// Verbs.
    pub verbs: Vec<String>,
    /// API groups.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub api_groups: Vec<String>,
    /// Resources.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<String>,
    /// Names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub resource_names: Vec<String>,
}

/// One rule on paths.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
pub struct NonResourceRule {
    /// Verbs.
    pub verbs: Vec<String>,
    /// Paths.
    #[serde(rename = "nonResourceURLs", skip_serializing_if = "Vec::is_empty")]
    pub non_resource_urls: Vec<String>,
}

/// The status of a SelfSubjectRulesReview: rules with resources and rules with paths apart, each in the order of the
/// listing, nothing merged. A rule with both stands in both lists, one with neither in none.
///
/// Source: `spec/authorization/rbac.md` section 6, `spec/authorization/abac.md` section 5, `conformance/*/*/rules.jsonl`.
pub fn rules_status(policies: &PolicySet, listing: &RuleListing) -> RulesStatus {
    let mut status = RulesStatus::default();
    for &listed in &listing.rules {
        match listed {
            ListedRule::AlwaysAllow => status.add_everything(),
            ListedRule::AttributePolicy(index) => {
                if let Some(policy) = policies.attribute_policy(index) {
                    status.add_policy(policy);
                }
            }
            ListedRule::Role { role, rule } => {
                if let Some(rule) = policies.role(role).and_then(|role| role.rules.get(rule)) {
                    status.add_rule(rule);
                }
            }
        }
    }
    // In a listing, unlike in a decision, missing roles are an error.
    status.evaluation_error = aggregate(listing.unresolved.iter().map(unresolved_text));
    status
}

/// One row of `kubectl auth can-i --list`, cells as kubectl prints them.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ListRow {
    /// `pods.group/subresource`, or empty.
    pub resources: String,
    /// `[/path]`.
    pub non_resource_urls: String,
    /// `[name]`.
    pub resource_names: String,
    /// `[get list]`.
    pub verbs: String,
}

/// The rows in kubectl's order: broken down, compacted, sorted.
///
/// There is one row for each API group, resource and name, with all verbs on it in the order in which they came up, and one
/// for each path and verb, also if it is the same again. Rows are sorted by kubectl's text of a rule, which begins with the
/// verbs. Cost: the product of groups, resources and names of each rule.
///
/// Source: `spec/authorization/kubectl.md`, `--list`.
pub fn list_rows(status: &RulesStatus) -> Vec<ListRow> {
    let mut rows = resource_atoms(&status.resource_rules);
    for rule in &status.non_resource_rules {
        for url in &rule.non_resource_urls {
            rows.extend(rule.verbs.iter().map(|verb| Atom { verbs: vec![verb], on: On::Path(url) }));
        }
    }
    rows.sort_by_cached_key(Atom::sort_text);
    rows.iter().map(Atom::row).collect()
}

impl RulesStatus {
    fn add_everything(&mut self) {
        let star = || vec!["*".to_owned()];
        self.resource_rules.push(ResourceRule {
            verbs: star(),
            api_groups: star(),
            resources: star(),
            resource_names: Vec::new(),
        });
        self.non_resource_rules.push(NonResourceRule { verbs: star(), non_resource_urls: star() });
    }

    fn add_policy(&mut self, policy: &AttributePolicy) {
        let verbs: &[&str] = if policy.read_only { &["get", "list", "watch"] } else { &["*"] };
        let resource = match &policy.resource {
            Wild::Any => "*",
            Wild::Is(resource) => resource,
        };
        if !resource.is_empty() {
            let api_group = match &policy.api_group {
                Wild::Any => "*",
                Wild::Is(group) => group.as_str(),
            };
            self.resource_rules.push(ResourceRule {
                verbs: texts(verbs),
                api_groups: texts(&[api_group]),
                resources: texts(&[resource]),
                resource_names: Vec::new(),
            });
        }
        let path = policy.non_resource_path.as_str();
        if !path.is_empty() {
            self.non_resource_rules
                .push(NonResourceRule { verbs: texts(verbs), non_resource_urls: texts(&[path]) });
        }
    }

    fn add_rule(&mut self, rule: &Rule) {
        if !rule.resources.is_empty() {
            self.resource_rules.push(ResourceRule {
                verbs: texts(&rule.verbs),
                api_groups: texts(&rule.api_groups),
                resources: texts(&rule.resources),
                resource_names: texts(&rule.resource_names),
            });
        }
        if !rule.non_resource_urls.is_empty() {
            self.non_resource_rules.push(NonResourceRule {
                verbs: texts(&rule.verbs),
                non_resource_urls: texts(&rule.non_resource_urls),
            });
        }
    }
}

fn texts<T: AsRef<str>>(names: &[T]) -> Vec<String> {
    names.iter().map(|name| name.as_ref().to_owned()).collect()
}

/// What is left of rules when they are broken down and like is put to like.
struct Atom<'a> {
    verbs: Vec<&'a str>,
    on: On<'a>,
}

#[derive(Clone, Copy, Eq, Hash, PartialEq)]
enum On<'a> {
    Path(&'a str),
    /// A rule for the name `""` is another than one for all names.
    Resource {
        api_group: &'a str,
        resource: &'a str,
        name: Option<&'a str>,
    },
}

fn resource_atoms(rules: &[ResourceRule]) -> Vec<Atom<'_>> {
    let mut atoms: Vec<Atom<'_>> = Vec::new();
    let mut places = HashMap::new();
    let mut seen = HashSet::new();
    for rule in rules.iter().filter(|rule| !rule.verbs.is_empty()) {
        for on in combinations(rule) {
            let place = *places.entry(on).or_insert_with(|| {
                atoms.push(Atom { verbs: Vec::new(), on });
                atoms.len() - 1
            });
            if let Some(atom) = atoms.get_mut(place) {
                let new = rule.verbs.iter().map(String::as_str).filter(|verb| seen.insert((place, *verb)));
                atom.verbs.extend(new);
            }
        }
    }
    atoms
}

fn combinations(rule: &ResourceRule) -> Vec<On<'_>> {
    let mut names: Vec<_> = rule.resource_names.iter().map(|name| Some(name.as_str())).collect();
    if names.is_empty() {
        names.push(None);
    }
    let mut combinations = Vec::new();
    for api_group in &rule.api_groups {
        for resource in &rule.resources {
            combinations.extend(names.iter().map(|&name| On::Resource { api_group, resource, name }));
        }
    }
    combinations
}

impl Atom<'_> {
    /// The text by which kubectl sorts.
    fn sort_text(&self) -> String {
        let verbs = self.verbs.join(" ");
        let (api_group, resource, name, path) = match self.on {
            On::Path(path) => ("", "", "", path),
            On::Resource { api_group, resource, name } => (api_group, resource, name.unwrap_or_default(), ""),
        };
        format!(
            "&PolicyRule{{Verbs:[{verbs}],APIGroups:[{api_group}],Resources:[{resource}],ResourceNames:[{name}],\
             NonResourceURLs:[{path}],}}"
        )
    }

    fn row(&self) -> ListRow {
        let verbs = format!("[{}]", self.verbs.join(" "));
        match self.on {
            On::Path(path) => ListRow {
                resources: String::new(),
                non_resource_urls: format!("[{path}]"),
                resource_names: "[]".to_owned(),
                verbs,
            },
            On::Resource { api_group, resource, name } => ListRow {
                resources: with_group(resource, api_group),
                non_resource_urls: "[]".to_owned(),
                resource_names: format!("[{}]", name.unwrap_or_default()),
                verbs,
            },
        }
    }
}

/// `resource.group/subresource`; the group stands between.
fn with_group(resource: &str, api_group: &str) -> String {
    match (resource.split_once('/'), api_group) {
        (_, "") => resource.to_owned(),
        (None, _) => format!("{resource}.{api_group}"),
        (Some((resource, subresource)), _) => format!("{resource}.{api_group}/{subresource}"),
    }
}

#[cfg(test)]
mod tests {
    use rolecall_model::{AttributePolicyIndex, Origin, Role, RoleIndex, Unresolved};

    use super::*;

    fn policies() -> PolicySet {
        let both = Rule { non_resource_urls: vec!["/b".into()], ..Rule::resources(["get"], [""], ["pods"]) };
        let policy = |read_only: bool, resource: Wild<String>, path: &str| AttributePolicy {
            user: Some("u".into()),
            group: None,
            read_only,
            api_group: Wild::Is("".into()),
            resource,
            namespace: Wild::Any,
            non_resource_path: path.into(),
            origin: Origin::Code,
        };
        let rules = [
            Rule::resources(["get", "list"], ["", "apps"], ["pods/log"]).named(["n"]),
            Rule::paths(["get"], ["/a", "/b"]),
            both,
            Rule { verbs: vec!["get".into()], ..Rule::default() },
        ];
        PolicySet::builder()
            .role(Role::cluster("r", rules))
            .attribute_policy(policy(true, Wild::Any, "/x/*"))
            .attribute_policy(policy(false, Wild::Is("pods".to_owned()), ""))
            .attribute_policy(policy(false, Wild::Is(String::new()), ""))
            .build()
            .unwrap()
    }

    fn json(listed: Vec<ListedRule>, unresolved: Vec<Unresolved>) -> String {
        let status = rules_status(&policies(), &RuleListing { rules: listed, unresolved });
        serde_json::to_string(&status).unwrap()
    }

    fn of_role(rule: usize) -> ListedRule {
        ListedRule::Role { role: RoleIndex::new(0).unwrap(), rule }
    }

    fn of_policy(index: usize) -> ListedRule {
        ListedRule::AttributePolicy(AttributePolicyIndex::new(index).unwrap())
    }

    #[test]
    fn rules_stand_in_the_lists_of_their_halves() {
        assert_eq!(
            json((0..4).map(of_role).collect(), vec![]),
            concat!(
                r#"{"resourceRules":[{"verbs":["get","list"],"apiGroups":["","apps"],"resources":["pods/log"],"#,
                r#""resourceNames":["n"]},{"verbs":["get"],"apiGroups":[""],"resources":["pods"]}],"#,
                r#""nonResourceRules":[{"verbs":["get"],"nonResourceURLs":["/a","/b"]},"#,
                r#"{"verbs":["get"],"nonResourceURLs":["/b"]}],"incomplete":false}"#
            )
        );
    }

    #[test]
    fn policies_and_always_allow_are_listed_as_rules() {
        assert_eq!(
            json((0..3).map(of_policy).collect(), vec![]),
            concat!(
                r#"{"resourceRules":[{"verbs":["get","list","watch"],"apiGroups":[""],"resources":["*"]},"#,
                r#"{"verbs":["*"],"apiGroups":[""],"resources":["pods"]}],"#,
                r#""nonResourceRules":[{"verbs":["get","list","watch"],"nonResourceURLs":["/x/*"]}],"incomplete":false}"#
            )
        );
        assert_eq!(
            json(vec![ListedRule::AlwaysAllow], vec![]),
            concat!(
                r#"{"resourceRules":[{"verbs":["*"],"apiGroups":["*"],"resources":["*"]}],"#,
                r#""nonResourceRules":[{"verbs":["*"],"nonResourceURLs":["*"]}],"incomplete":false}"#
            )
        );
    }

    #[test]
    fn missing_roles_are_an_evaluation_error() {
        let gone = Unresolved::Role("gone".into());
        assert_eq!(
            json(vec![], vec![gone]),
            concat!(
                r#"{"resourceRules":[],"nonResourceRules":[],"incomplete":false,"#,
                r#""evaluationError":"role.rbac.authorization.k8s.io \"gone\" not found"}"#
            )
        );
        // What is not of this policy set is not listed.
        assert_eq!(
            json(vec![of_role(9), of_policy(9)], vec![]),
            r#"{"resourceRules":[],"nonResourceRules":[],"incomplete":false}"#
        );
    }

    fn rows(resource_rules: Vec<ResourceRule>, non_resource_rules: Vec<NonResourceRule>) -> Vec<String> {
        let status = RulesStatus { resource_rules, non_resource_rules, ..RulesStatus::default() };
        list_rows(&status)
            .into_iter()
            .map(|row| [row.resources, row.non_resource_urls, row.resource_names, row.verbs].join("|"))
            .collect()
    }

    fn rule(verbs: &[&str], api_groups: &[&str], resources: &[&str], names: &[&str]) -> ResourceRule {
        ResourceRule {
            verbs: texts(verbs),
            api_groups: texts(api_groups),
            resources: texts(resources),
            resource_names: texts(names),
        }
    }

    /// The example of `spec/authorization/kubectl.md`.
    #[test]
    fn rows_are_ordered_by_their_verbs() {
        let resources = vec![rule(&["get", "list"], &["*"], &["pod", "job"], &["test-resource"])];
        let urls = |url: &str| NonResourceRule { verbs: texts(&["get"]), non_resource_urls: texts(&[url]) };
        assert_eq!(
            rows(resources, vec![urls("/version"), urls("/apis/*"), urls("/version")]),
            [
                "job.*|[]|[test-resource]|[get list]",
                "pod.*|[]|[test-resource]|[get list]",
                "|[/apis/*]|[]|[get]",
                "|[/version]|[]|[get]",
                "|[/version]|[]|[get]",
            ]
        );
    }

    #[test]
    fn verbs_on_the_same_resource_are_put_together() {
        let resources = vec![
            rule(&["get", "get"], &["", "apps"], &["pods/log", "pods"], &[]),
            rule(&["list", "get"], &[""], &["pods"], &[]),
            rule(&["watch"], &[""], &["pods"], &["", "a"]),
            rule(&[], &[""], &["secrets"], &[]),
            rule(&["get"], &[], &["secrets"], &[]),
        ];
        assert_eq!(
            rows(resources, vec![]),
            [
                "pods|[]|[]|[get list]",
                "pods/log|[]|[]|[get]",
                // In the text by which kubectl sorts, a slash comes before a bracket.
                "pods.apps/log|[]|[]|[get]",
                "pods.apps|[]|[]|[get]",
                "pods|[]|[]|[watch]",
                "pods|[]|[a]|[watch]",
            ]
        );
    }
}
