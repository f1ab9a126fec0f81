//! The built-in roles and bindings are the ones that an API server makes at its start, and stand in for them.

use rolecall_kubernetes::{
    default_roles,
    load::{DefaultRoles, LoadOptions, Loader, Validate},
    review::Review,
};
use rolecall_model::Authorizer;
use rolecall_reference::Reference;
use rolecall_tests::{
    case::{self, Case, Expected, Outcome},
    corpus,
    facts::{self, Facts},
    report::Report,
    shared,
};

#[test]
fn what_is_built_in_is_what_an_api_server_makes() {
    let Some(cases) = case::all("bootstrap") else { return };
    let roles = default_roles::roles();
    let bindings = default_roles::bindings();
    let roles = roles.iter().map(facts::of_role);
    let built_in: Facts = roles.chain(bindings.iter().map(facts::of_binding)).collect();
    let labels: Vec<_> =
        default_roles::roles().into_iter().map(|role| (facts::of_role(&role).0, role.labels)).collect();
    let mut report = Report::default();
    for case in &cases {
        let mut made = Facts::new();
        for path in case.policy_paths() {
            for document in &corpus::documents(&path) {
                for object in corpus::objects(&document.root) {
                    if object.label(MARK.0) != MARK.1 {
                        continue;
                    }
                    let (id, facts) = facts::of_object(&object);
                    let own = labels.iter().filter(|(role, _)| *role == id).flat_map(|(_, labels)| labels);
                    for (label, value) in own {
                        report.check(object.label(label) == value, || {
                            format!("{}: {id}: label {label}={value} is made up", case.name)
                        });
                    }
                    made.insert(id, facts);
                }
            }
        }
        for (id, facts) in &made {
            let found = built_in.get(id);
            report.check(found == Some(facts), || format!("{}: {id}: {found:#?}, not {facts:#?}", case.name));
        }
        for id in built_in.keys() {
            report.check(made.contains_key(id), || format!("{}: {id} is made up", case.name));
        }
    }
    report.finish("default roles", &format!("{} objects, {} cases", built_in.len(), cases.len()));
}

#[test]
fn what_is_built_in_answers_in_place_of_what_an_api_server_makes() {
    let Some(cases) = case::all("bootstrap") else { return };
    let mut report = Report::default();
    let mut requests = 0;
    for case in &cases {
        for default_roles in [DefaultRoles::All, DefaultRoles::Auto] {
            requests += answer_without_marked(case, default_roles, &mut report);
        }
    }
    report.finish("default roles, answering", &format!("{} cases, {requests} requests", cases.len()));
}

/// Answers a case whose files bring no default role. The order of bindings is another one then, and with it
/// the reasons; decisions are the same.
fn answer_without_marked(case: &Case, default_roles: DefaultRoles, report: &mut Report) -> usize {
    let Outcome::Answers(answers) = &case.outcome else { return 0 };
    let options = LoadOptions { validate: Validate::Ignore, default_roles, ..LoadOptions::default() };
    let mut loader = Loader::new(LoadOptions { modes: case.known_modes(), ..options });
    for path in case.policy_paths() {
        let text = shared::text(&path);
        let (label, value) = MARK;
        let kept: Vec<_> =
            text.split("---\n").filter(|document| !document.contains(&format!("{label}: {value}"))).collect();
        loader.add(&path.to_string_lossy(), kept.join("---\n").into_bytes());
    }
    let load = loader.finish();
    let Some(policies) = &load.policies else {
        report.failure(format!("{}: not loaded", case.name));
        return 0;
    };
    report.check(load.added_defaults > 0, || format!("{}: no default role was added", case.name));
    let reference = Reference::new(policies);
    for (index, answer) in answers.iter().enumerate() {
        let Expected::Status(_, status) = &answer.expected else { continue };
        let allowed = Review::parse(answer.request.as_bytes(), None)
            .is_ok_and(|review| reference.authorize(&review.request()).is_allow());
        report.check(allowed == status.allowed, || {
            format!(
                "{}:{} ({default_roles:?}): allowed {allowed}, but Kubernetes says {status:?}",
                case.name,
                index + 1
            )
        });
    }
    answers.len()
}

/// The label by which an API server marks what it makes.
const MARK: (&str, &str) = ("kubernetes.io/bootstrapping", "rbac-defaults");
