//! Shapes of policies that hurt people elsewhere.

use rolecall_model::{
    Binding, OwnedRequest, OwnedTarget, PolicySet, Role, RoleRef, Rule, Subject, TooManyObjects,
};

use crate::cluster::{Cluster, Draw, Traffic};

/// A policy in the shape of one that somebody found to be slow, or that others measure themselves with.
///
/// Each says in [`source`](Self::source) where it is from. What was told there are counts and who is bound to what;
/// all else is made up here.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Shape {
    /// More than 50,000 RoleBindings in one namespace; Kubernetes' authorizer lists all of them for a decision.
    OneNamespace,
    /// One user created 500 projects of 2 namespaces each, and is bound about 4,000 times: 4 times in each namespace.
    /// Asked: whether that user may list, and may do what is not granted, in one namespace after the other.
    Projects,
    /// About 40,000 RoleBindings, one for each user that was created automatically, in 500 projects of 2 namespaces.
    /// Asked: whether such a user may read in its own namespace and in the next one.
    ProjectUsers,
    /// Somebody with 70 groups (50 to 70 were told) lists 10,000 applications (as many were told in argo-cd#17128),
    /// and each is a decision by project and name. 200 projects have 2 roles of up to 10 policies, each given to
    /// one group: one reads all of the project's applications, the other ten of them by name. The user is in
    /// 20 groups of the one kind, 20 of the other, and 30 that nothing is given to.
    Applications,
    /// Casbin's "RBAC (large)": 110,000 rules, of which 10,000 let a role read one of 1,000 things, and 100,000
    /// give 10,000 roles to ten users each. Half of the requests are for the thing that the user's role reads,
    /// the other half (as Casbin's only one) for another.
    FlatRules,
    /// SAPL's hospital of 300 departments, 9,905 policies: 33 for each and 5 for all, as the counts of its sizes
    /// (170 policies for 5 departments) say. A department is a namespace here, in which eleven professions are given
    /// one role each for records, orders and schedules.
    Hospital,
}

impl Shape {
    /// All shapes.
    pub const ALL: [Self; 6] = [
        Self::OneNamespace,
        Self::Projects,
        Self::ProjectUsers,
        Self::Applications,
        Self::FlatRules,
        Self::Hospital,
    ];

    /// A short name, in words that fit a file's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::OneNamespace => "one-namespace",
            Self::Projects => "projects",
            Self::ProjectUsers => "project-users",
            Self::Applications => "applications",
            Self::FlatRules => "flat-rules",
            Self::Hospital => "hospital",
        }
    }

    /// Where the shape is described.
    pub fn source(self) -> &'static str {
        match self {
            Self::OneNamespace => "https://github.com/kubernetes/kubernetes/issues/121635",
            Self::Projects => "https://github.com/rancher/rancher/issues/50484",
            Self::ProjectUsers => "https://github.com/rancher/rancher/issues/47785",
            Self::Applications => "https://github.com/argoproj/argo-cd/issues/4296",
            Self::FlatRules => "https://casbin.org/docs/benchmark",
            Self::Hospital => {
                "https://github.com/heutelbeck/sapl-policy-engine, run-latency-bench.sh, hospital-scaling"
            }
        }
    }

    /// The policy. `divisor` makes it smaller by so much, for tests; 1 is the size that hurt.
    ///
    /// # Errors
    ///
    /// As [`PolicySetBuilder::build`](rolecall_model::PolicySetBuilder::build).
    pub fn policies(self, divisor: u32) -> Result<PolicySet, TooManyObjects> {
        let mut builder = PolicySet::builder();
        let (roles, bindings) = match self {
            Self::OneNamespace => return one_namespace(divisor).policies(),
            Self::Projects => (project_roles(), projects(divisor)),
            Self::ProjectUsers => (project_roles(), project_users(divisor)),
            Self::Applications => applications(divisor),
            Self::FlatRules => flat_rules(divisor),
            Self::Hospital => hospital(divisor),
        };
        for role in roles {
            builder.add_role(role);
        }
        for binding in bindings {
            builder.add_binding(binding);
        }
        builder.build()
    }

    /// Requests, each with whether it is allowed, of the policy of the same divisor.
    pub fn requests(self, divisor: u32) -> Vec<(OwnedRequest, bool)> {
        match self {
            Self::OneNamespace => {
                let cluster = one_namespace(divisor);
                let requests = cluster.requests(Traffic::default());
                requests.take(REQUESTS).map(|asked| (asked.request, asked.kind.is_allowed())).collect()
            }
            Self::Projects => ask_projects(divisor),
            Self::ProjectUsers => ask_project_users(divisor),
            Self::Applications => ask_applications(divisor),
            Self::FlatRules => ask_flat_rules(divisor),
            Self::Hospital => ask_hospital(divisor),
        }
    }
}

const REQUESTS: usize = 10_000;

fn one_namespace(divisor: u32) -> Cluster {
    Cluster::in_one_namespace(divided(50_000, divisor))
}

fn divided(count: u32, divisor: u32) -> u32 {
    count.checked_div(divisor).unwrap_or(count).max(1)
}

const PROJECT_ROLES: [&str; 4] = ["admin", "namespaces-edit", "project-owner", "secrets"];

const PROJECT_VERBS: [&str; 4] = ["get", "list", "update", "watch"];

const USERS_OF_NAMESPACE: u32 = 40;

fn project_roles() -> Vec<Role> {
    let on = |api_group: &str, resources: &[&str]| {
        Rule::resources(PROJECT_VERBS, [api_group], resources.iter().copied())
    };
    vec![
        Role::cluster("admin", [on("", &["pods", "services"]), on("apps", &["deployments", "statefulsets"])]),
        Role::cluster("namespaces-edit", [on("", &["namespaces", "resourcequotas"])]),
        Role::cluster(
            "project-owner",
            [on("management.cattle.io", &["projects", "projectroletemplatebindings"])],
        ),
        Role::cluster("secrets", [on("", &["secrets", "configmaps"])]),
    ]
}

/// 2 namespaces for each of 500 projects.
fn project_namespaces(divisor: u32) -> impl Iterator<Item = String> {
    (0..divided(500, divisor)).flat_map(|project| (0..2).map(move |half| format!("p-{project:05x}-{half}")))
}

fn projects(divisor: u32) -> Vec<Binding> {
    project_namespaces(divisor)
        .flat_map(|namespace| {
            PROJECT_ROLES.map(|role| {
                let name = format!("creator-project-owner-{role}");
                Binding::namespaced(
                    namespace.clone(),
                    name,
                    RoleRef::cluster_role(role),
                    [Subject::user("user-n2wq4")],
                )
            })
        })
        .collect()
}

fn ask_projects(divisor: u32) -> Vec<(OwnedRequest, bool)> {
    project_namespaces(divisor)
        .flat_map(|namespace| {
            [("list", true), ("delete", false)].map(|(verb, allowed)| {
                (asked("user-n2wq4", &["system:authenticated"], verb, ["", "pods"], &namespace, ""), allowed)
            })
        })
        .collect()
}

fn project_users(divisor: u32) -> Vec<Binding> {
    project_namespaces(divisor)
        .flat_map(|namespace| {
            (0..USERS_OF_NAMESPACE).map(move |number| {
                let name = format!("r-cluster-view-{number}");
                let user = [Subject::user(format!("u-{namespace}-{number}"))];
                Binding::namespaced(namespace.clone(), name, RoleRef::cluster_role("admin"), user)
            })
        })
        .collect()
}

fn ask_project_users(divisor: u32) -> Vec<(OwnedRequest, bool)> {
    let namespaces: Vec<_> = project_namespaces(divisor).collect();
    let next = namespaces.iter().cycle().skip(1);
    let mut draw = Draw::of(&[1]);
    let rounds = REQUESTS.checked_div(2 * namespaces.len()).unwrap_or_default().max(1);
    namespaces
        .iter()
        .zip(next)
        .cycle()
        .take(rounds * namespaces.len())
        .flat_map(|(own, other)| {
            let user = format!("u-{own}-{}", draw.below(u64::from(USERS_OF_NAMESPACE)));
            let groups = ["system:authenticated"];
            [(own, true), (other, false)].map(|(namespace, allowed)| {
                (asked(&user, &groups, "get", ["apps", "deployments"], namespace, "web"), allowed)
            })
        })
        .collect()
}

const APPLICATIONS_OF_PROJECT: u32 = 50;

/// All applications of the projects whose number is a multiple of ten, and ten of each of those behind them.
fn applications(divisor: u32) -> (Vec<Role>, Vec<Binding>) {
    let mut roles = Vec::new();
    let mut bindings = Vec::new();
    let application = || Rule::resources(["get", "list", "watch"], ["argoproj.io"], ["applications"]);
    for project in 0..divided(200, divisor) {
        let namespace = format!("project-{project:03}");
        let named = (0..10).map(|number| application().named([application_name(5 * number)]));
        roles.push(Role::namespaced(namespace.clone(), "readers", [application()]));
        roles.push(Role::namespaced(namespace.clone(), "operators", named));
        for role in ["readers", "operators"] {
            let group = [Subject::group(format!("oidc:{namespace}:{role}"))];
            bindings.push(Binding::namespaced(namespace.clone(), role, RoleRef::role(role), group));
        }
    }
    (roles, bindings)
}

fn ask_applications(divisor: u32) -> Vec<(OwnedRequest, bool)> {
    let projects = divided(200, divisor);
    let mut groups = vec!["system:authenticated".to_owned()];
    for project in (0..projects).step_by(10) {
        groups.push(format!("oidc:project-{project:03}:readers"));
        groups.push(format!("oidc:project-{:03}:operators", project + 1));
    }
    let missing = 70usize.saturating_sub(groups.len());
    groups.extend((0..missing).map(|number| format!("oidc:elsewhere:{number}")));
    let groups: Vec<&str> = groups.iter().map(String::as_str).collect();
    (0..projects)
        .flat_map(|project| (0..APPLICATIONS_OF_PROJECT).map(move |number| (project, number)))
        .map(|(project, number)| {
            let allowed = match project % 10 {
                0 => true,
                1 => number % 5 == 0,
                _ => false,
            };
            let name = application_name(number);
            let namespace = format!("project-{project:03}");
            let resource = ["argoproj.io", "applications"];
            (asked("jane@example.com", &groups, "get", resource, &namespace, &name), allowed)
        })
        .collect()
}

fn application_name(number: u32) -> String {
    format!("application-{number:02}")
}

fn flat_rules(divisor: u32) -> (Vec<Role>, Vec<Binding>) {
    let count = divided(10_000, divisor);
    let roles = (0..count)
        .map(|number| {
            let rule = Rule::resources(["read"], [""], [format!("data{}", number / 10)]);
            Role::cluster(format!("group{number}"), [rule])
        })
        .collect();
    let bindings = (0..10 * count)
        .map(|number| {
            let role = RoleRef::cluster_role(format!("group{}", number / 10));
            Binding::cluster(format!("binding{number}"), role, [Subject::user(format!("user{number}"))])
        })
        .collect();
    (roles, bindings)
}

fn ask_flat_rules(divisor: u32) -> Vec<(OwnedRequest, bool)> {
    let users = 10 * divided(10_000, divisor);
    let things = u64::from(users).div_ceil(100).max(2);
    let mut draw = Draw::of(&[2]);
    (0..REQUESTS)
        .map(|number| {
            let user = draw.below(u64::from(users));
            let own = user / 100;
            let allowed = number % 2 == 0;
            let thing = if allowed { own } else { (own + 1 + draw.below(things - 1)) % things };
            let resource = format!("data{thing}");
            (asked(&format!("user{user}"), &[], "read", ["", &resource], "", ""), allowed)
        })
        .collect()
}

const PROFESSIONS: [&str; 11] = [
    "anaesthetist",
    "attending",
    "clerk",
    "consultant",
    "dietitian",
    "midwife",
    "nurse",
    "pharmacist",
    "resident",
    "surgeon",
    "therapist",
];

const PAPERS: [&str; 3] = ["records", "orders", "schedules"];

const CLINIC: &str = "hospital.example.com";

/// What a profession does with each kind of paper: of three neighbours in the list each does something else.
fn duties(profession: usize, paper: usize) -> &'static [&'static str] {
    match (profession + paper) % 3 {
        0 => &["get", "list"],
        1 => &["get", "list", "update"],
        _ => &["create", "get"],
    }
}

fn hospital(divisor: u32) -> (Vec<Role>, Vec<Binding>) {
    let mut roles = Vec::new();
    for (profession, title) in PROFESSIONS.iter().enumerate() {
        for (paper, kind) in PAPERS.iter().enumerate() {
            let rule = Rule::resources(duties(profession, paper).iter().copied(), [CLINIC], [*kind]);
            roles.push(Role::cluster(format!("{title}-{kind}"), [rule]));
        }
    }
    let mut bindings = Vec::new();
    for department in (0..divided(300, divisor)).map(department) {
        for title in PROFESSIONS {
            for kind in PAPERS {
                let role = RoleRef::cluster_role(format!("{title}-{kind}"));
                let group = [Subject::group(format!("{department}:{title}"))];
                let name = format!("{title}-{kind}");
                bindings.push(Binding::namespaced(department.clone(), name, role, group));
            }
        }
    }
    for number in 0..5 {
        let name = format!("hospital-{number}");
        let rule = Rule::resources(["audit"], [CLINIC], PAPERS);
        roles.push(Role::cluster(name.clone(), [rule]));
        let group = [Subject::group(format!("hospital:auditors-{number}"))];
        bindings.push(Binding::cluster(name.clone(), RoleRef::cluster_role(name), group));
    }
    (roles, bindings)
}

fn department(number: u32) -> String {
    format!("department-{number:03}")
}

fn ask_hospital(divisor: u32) -> Vec<(OwnedRequest, bool)> {
    let departments = divided(300, divisor);
    let mut draw = Draw::of(&[3]);
    (0..REQUESTS)
        .filter_map(|number| {
            let own = department(u32::try_from(draw.below(u64::from(departments))).ok()?);
            let profession = usize::try_from(draw.below(PROFESSIONS.len() as u64)).ok()?;
            let paper = usize::try_from(draw.below(PAPERS.len() as u64)).ok()?;
            let (title, kind) = (PROFESSIONS.get(profession)?, PAPERS.get(paper)?);
            let granted = duties(profession, paper);
            let (verb, place, allowed) = match number % 4 {
                0 | 1 => (draw.text(granted), own.clone(), true),
                // Nobody but auditors audits, and nobody but its staff works in a department.
                2 => ("audit", own.clone(), false),
                _ => (draw.text(granted), "department-of-others".to_owned(), false),
            };
            let groups = [format!("{own}:{title}"), "hospital:staff".to_owned()];
            let groups = groups.each_ref().map(String::as_str);
            let name = format!("paper-{}", draw.below(1000));
            Some((asked("somebody", &groups, verb, [CLINIC, kind], &place, &name), allowed))
        })
        .collect()
}

fn asked(
    user: &str,
    groups: &[&str],
    verb: &str,
    [api_group, resource]: [&str; 2],
    namespace: &str,
    name: &str,
) -> OwnedRequest {
    OwnedRequest {
        user: user.to_owned(),
        groups: groups.iter().map(|&group| group.to_owned()).collect(),
        verb: verb.to_owned(),
        target: OwnedTarget::Resource {
            namespace: namespace.to_owned(),
            api_group: api_group.to_owned(),
            resource: resource.to_owned(),
            subresource: String::new(),
            name: name.to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use rolecall_model::Authorizer;
    use rolecall_reference::Reference;

    use super::*;

    #[test]
    fn every_answer_that_is_known_is_the_reference_s() {
        for shape in Shape::ALL {
            let policies = shape.policies(100).unwrap();
            let reference = Reference::new(&policies);
            let requests = shape.requests(100);
            for (request, allowed) in requests.iter().take(1000) {
                let decision = reference.authorize(&request.as_request());
                assert_eq!(decision.is_allow(), *allowed, "{}: {request:?}", shape.name());
            }
            for answer in [true, false] {
                assert!(requests.iter().any(|(_, allowed)| *allowed == answer), "{}", shape.name());
            }
        }
    }

    #[test]
    fn shapes_are_as_large_as_what_hurt() {
        let counts = Shape::ALL.map(|shape| {
            let policies = shape.policies(1).unwrap();
            (shape.name(), policies.roles().len(), policies.bindings().len())
        });
        assert_eq!(
            counts,
            [
                ("one-namespace", 162, 50_000),
                ("projects", 4, 4000),
                ("project-users", 4, 40_000),
                ("applications", 400, 400),
                ("flat-rules", 10_000, 100_000),
                ("hospital", 38, 9905),
            ]
        );
        assert_eq!(Shape::Applications.requests(1).len(), 10_000);
        assert!(Shape::Applications.requests(1).iter().all(|(request, _)| request.groups.len() == 70));
    }
}
