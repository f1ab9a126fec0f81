//! What lints say, held to the reference.

use rolecall_model::{
    AggregationRule, Authorizer, Binding, Origin, PolicySet, Request, Role, RoleRef, Rule, Subject, Target,
};
use rolecall_reference::Reference;
use rolecall_source::{SourceId, SourceMap, Span};

use super::{power::*, *};

/// Places of a text, one after the other.
struct Texts {
    sources: SourceMap,
    source: SourceId,
    next: usize,
}

impl Texts {
    fn new() -> Self {
        let mut sources = SourceMap::new();
        let source = sources.add("a.yaml", "x".repeat(10_000));
        Self { sources, source, next: 0 }
    }

    fn place(&mut self) -> Span {
        self.next += 2;
        self.sources.span(self.source, self.next, self.next + 1)
    }

    fn role(&mut self, mut role: Role) -> Role {
        role.origin = Origin::Text(self.place());
        for rule in &mut role.rules {
            rule.origin = Origin::Text(self.place());
        }
        role
    }

    fn binding(&mut self, mut binding: Binding) -> Binding {
        binding.origin = Origin::Text(self.place());
        binding
    }
}

fn all_warned() -> Levels {
    let mut levels = Levels::default();
    levels.set(Levels::LINTS, Level::Warn);
    levels
}

fn names(policies: &PolicySet, facts: &Facts<'_>) -> Vec<&'static str> {
    check(policies, facts, &all_warned()).iter().map(|finding| finding.name).collect()
}

/// A policy that gives a rule to user jane in the whole cluster, or in namespace `n`.
fn given(rule: Rule, everywhere: bool) -> PolicySet {
    let mut texts = Texts::new();
    let role = texts.role(Role::cluster("r", [rule]));
    let (to, jane) = (RoleRef::cluster_role("r"), [Subject::user("jane")]);
    let binding =
        if everywhere { Binding::cluster("b", to, jane) } else { Binding::namespaced("n", "b", to, jane) };
    PolicySet::builder().role(role).binding(texts.binding(binding)).build().unwrap()
}

fn is_allowed(policies: &PolicySet, power: &Power, verb: &str) -> bool {
    let (resource, subresource) = power.resource.split_once('/').unwrap_or((power.resource, ""));
    let namespace = if power.cluster_wide { "" } else { "n" };
    let target = Target::Resource { namespace, api_group: power.group, resource, subresource, name: "any" };
    Reference::new(policies)
        .authorize(&Request { user: "jane", groups: (&[] as &[&str]).into(), verb, target })
        .is_allow()
}

#[test]
fn whoever_is_said_to_have_a_power_is_allowed_it_and_nobody_else() {
    let rules = |power: &Power, verb: &'static str| {
        let any = power.resource.split_once('/').map_or("*".to_owned(), |(_, sub)| format!("*/{sub}"));
        [
            Rule::resources([verb], [power.group], [power.resource]),
            Rule::resources(["*"], [power.group], [power.resource]),
            Rule::resources([verb], ["*"], [any.as_str()]),
            Rule::resources(["delete"], [power.group], [power.resource]),
            Rule::resources([verb], ["other"], [power.resource]),
            Rule::resources([verb], [power.group], ["others"]),
        ]
    };
    let mut held = 0;
    for (lint, powers) in
        [("escalation", ESCALATIONS), ("secret-access", SECRETS), ("workload-access", WORKLOADS)]
    {
        for power in powers {
            for (rule, everywhere) in power
                .verbs
                .iter()
                .flat_map(|verb| rules(power, verb))
                .flat_map(|rule| [(rule.clone(), true), (rule, false)])
            {
                let policies = given(rule.clone(), everywhere);
                let findings = check(&policies, &Facts::new(), &all_warned());
                let said =
                    findings.iter().any(|found| found.name == lint && found.message.contains(power.can));
                if findings.iter().any(|found| found.message.contains("more such things")) {
                    // The sentence names three of them; which, is this test's business elsewhere.
                    continue;
                }
                let allowed = power.verbs.iter().any(|verb| is_allowed(&policies, power, verb));
                // A sentence may be another power's as well: a resource and its cluster-wide twin.
                let twins = powers.iter().filter(|twin| twin.can == power.can);
                let any = allowed
                    || twins
                        .flat_map(|twin| twin.verbs.iter().map(move |verb| (twin, verb)))
                        .any(|(twin, verb)| is_allowed(&policies, twin, verb));
                assert_eq!(said, any, "{power:?} by {rule:?}, everywhere: {everywhere}: {findings:#?}");
                held += usize::from(said);
            }
        }
    }
    assert!(held > 50, "{held}");
}

#[test]
fn a_rule_for_everything_is_one_finding() {
    let findings = check(&given(Rule::resources(["*"], ["*"], ["*"]), false), &Facts::new(), &all_warned());
    let said: Vec<_> = findings.iter().filter(|found| found.name == "escalation").collect();
    assert_eq!(said.len(), 1, "{findings:#?}");
    assert_eq!(said[0].message, "user jane can do everything in namespace n");
}

#[test]
fn names_of_one_object_are_no_power() {
    for power in ESCALATIONS.iter().chain(SECRETS).chain(WORKLOADS) {
        let rule =
            Rule::resources(power.verbs.iter().copied(), [power.group], [power.resource]).named(["one"]);
        let found = names(&given(rule, true), &Facts::new());
        assert!(!found.iter().any(|name| ["escalation", "secret-access", "workload-access"].contains(name)));
    }
}

#[test]
fn what_is_built_in_or_made_in_code_has_no_findings() {
    let policies = PolicySet::builder()
        .cluster_role("r", [Rule::resources(["*", "*"], ["*"], ["*", "pods/*"])])
        .cluster_role_binding("b", "r", [Subject::group("system:authenticated")])
        .build()
        .unwrap();
    assert_eq!(check(&policies, &Facts::new(), &all_warned()), []);
}

#[test]
fn a_cluster_s_own_objects_may_be_broad() {
    let mut texts = Texts::new();
    let binding = Binding::cluster(
        "system:basic-user",
        RoleRef::cluster_role("r"),
        [Subject::group("system:authenticated")],
    );
    let policies = PolicySet::builder().binding(texts.binding(binding)).build().unwrap();
    assert_eq!(names(&policies, &Facts::new()), ["broad-subject"]);
    let own = ("ClusterRoleBinding", String::new(), "system:basic-user".to_owned());
    assert_eq!(names(&policies, &Facts::new().defaults([own])), Vec::<&str>::new());
}

#[test]
fn an_entry_that_is_said_to_match_nothing_matches_nothing() {
    let facts = Facts::new();
    for (rule, odd) in [
        (Rule::resources(["get"], [""], ["pods/*"]), true),
        (Rule::resources(["get"], [""], ["*/*"]), true),
        (Rule::resources(["get"], [""], ["po*"]), true),
        (Rule::resources(["g*"], [""], ["pods"]), true),
        (Rule::resources(["get"], ["*s"], ["pods"]), true),
        (Rule::resources(["get"], [""], ["pods"]).named(["*"]), true),
        (Rule::paths(["get"], ["/a/*/b"]), true),
        (Rule::resources(["get"], [""], ["*/log"]), false),
        (Rule::resources(["*"], ["*"], ["*"]), false),
        (Rule::resources(["*"], ["*"], ["*", "*/*"]), false),
        (Rule::paths(["get"], ["/a/*", "*", "/b/**"]), false),
    ] {
        let policies = given(rule.clone(), true);
        assert_eq!(names(&policies, &facts).contains(&"literal-star"), odd, "{rule:?}");
        let reference = Reference::new(&policies);
        let resource = |resource, subresource| Target::Resource {
            namespace: "n",
            api_group: "",
            resource,
            subresource,
            name: "x",
        };
        let allowed = [resource("pods", ""), resource("pods", "log"), Target::Path("/a/x/b")]
            .into_iter()
            .any(|target| {
                let request = Request { user: "jane", groups: (&[] as &[&str]).into(), verb: "get", target };
                reference.authorize(&request).is_allow()
            });
        assert_eq!(allowed, !odd, "{rule:?}");
    }
}

#[test]
fn names_and_verbs_stand_once_and_in_order() {
    let names: Vec<_> = all().iter().map(|lint| lint.name).collect();
    let mut sorted = names.clone();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(names.len(), sorted.len());
}

/// Where something could not be read, it may be what seems to be missing.
#[test]
fn of_an_incomplete_policy_nothing_is_said_to_be_missing() {
    let mut texts = Texts::new();
    let known = |group, plural| KnownType { group, plural, singular: "", built_in: group == "apps" };
    let facts = Facts::new()
        .types([known("apps", "deployments"), known("example.com", "widgets")])
        .service_accounts([("n", "api")]);
    let gathers = |mut role: Role| {
        role.aggregation = Some(AggregationRule::default());
        role
    };
    let pods = || Rule::resources(["get"], ["*"], ["pods"]);
    let policies = PolicySet::builder()
        .role(texts.role(Role::cluster(
            "r",
            [
                Rule::resources(["get"], ["apps"], ["deploymentz"]),
                Rule::resources(["get"], ["example.com"], ["widgetz"]),
                Rule::resources(["*"], ["*"], ["*"]),
            ],
        )))
        .role(texts.role(Role::cluster("unused", [pods()])))
        .role(texts.role(gathers(Role::cluster("gathers", [pods()]))))
        .binding(texts.binding(Binding::cluster(
            "all",
            RoleRef::cluster_role("r"),
            [Subject::user("jane"), Subject::service_account("n", "apj")],
        )))
        .binding(texts.binding(Binding::cluster(
            "more",
            RoleRef::cluster_role("gathers"),
            [Subject::user("jane")],
        )))
        .build()
        .unwrap();
    let count = |findings: &[Finding]| {
        [
            "covered-grant",
            "escalation",
            "unknown-resource",
            "unknown-subject",
            "unused-role",
            "wildcard-verbs",
        ]
        .map(|name| findings.iter().filter(|found| found.name == name).count())
    };
    assert_eq!(count(&check(&policies, &facts, &all_warned())), [1, 1, 2, 1, 1, 1]);
    let part = IncompletePolicies::from(policies);
    assert_eq!(count(&check_incomplete(&part, &facts, &all_warned())), [0, 1, 1, 0, 0, 1]);
}
