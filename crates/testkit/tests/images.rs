//! Engines opened from images: they answer like the engine that was compiled, and a changed image is refused or
//! answers something, without panicking or hanging.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use proptest::{prelude::*, test_runner::FileFailurePersistence};
use rolecall_engine::{CompileOptions, Engine};
use rolecall_model::{
    AttributePolicy, Authorizer, Mode, Modes, Origin, OwnedRequest, OwnedTarget, PolicySet, Role, RoleRef,
    Rule, Subject, Wild,
};
use rolecall_testkit::{Harness, policies, policies_and_requests, requests_for};

/// Every way of laying tables out.
fn layouts(seed: u64) -> [CompileOptions; 3] {
    let mut spacious = CompileOptions::default();
    spacious.wide_cells = true;
    [CompileOptions::default(), spacious, CompileOptions::frugal()].map(|options| options.seeded(seed))
}

fn compile(policies: &PolicySet, options: &CompileOptions) -> Engine {
    Engine::compile_with(policies, options).unwrap()
}

fn namespace(request: &OwnedRequest) -> &str {
    match &request.target {
        OwnedTarget::Path(_) => "",
        OwnedTarget::Resource { namespace, .. } => namespace,
    }
}

/// Asks everything that can be asked; that it comes to an end is all that is wanted.
fn ask(engine: &Engine, requests: &[OwnedRequest]) {
    let _ = (engine.usage(), engine.widest_permission_set());
    for request in requests {
        let _ = (engine.authorize(&request.as_request()), engine.determine(&request.as_request()));
        let groups: Vec<_> = request.groups.iter().map(String::as_str).collect();
        let _ = engine.rules_for(&request.user, &groups, namespace(request));
    }
}

/// What failed once is kept and tried first.
fn config() -> ProptestConfig {
    let kept = concat!(env!("CARGO_MANIFEST_DIR"), "/proptest-regressions/images.txt");
    ProptestConfig {
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(kept))),
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn an_opened_image_answers_like_the_engine(
        (policies, requests) in policies_and_requests(12),
        seed in any::<u64>(),
    ) {
        for options in layouts(seed) {
            let engine = compile(&policies, &options);
            let opened = Engine::from_image(engine.image().to_vec()).unwrap();
            prop_assert_eq!(opened.image(), engine.image());
            let harness = Harness::new("compiled", &engine).and("opened", &opened);
            for request in &requests {
                harness.check(&request.as_request()).map_err(|error| TestCaseError::fail(error.to_string()))?;
                let groups: Vec<_> = request.groups.iter().map(String::as_str).collect();
                harness
                    .check_listing(&request.user, &groups, namespace(request))
                    .map_err(|error| TestCaseError::fail(error.to_string()))?;
            }
        }
    }

    #[test]
    fn equal_policies_and_seeds_have_equal_images(policies in policies(), seed in any::<u64>()) {
        for options in layouts(seed) {
            let [once, again] = [&policies, &policies.clone()].map(|policies| compile(policies, &options));
            prop_assert_eq!(once.image(), again.image());
        }
    }

    #[test]
    fn an_image_with_one_word_changed_is_refused_or_answers(
        (policies, requests) in policies_and_requests(6),
        layout in 0..3_usize,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u32>()), 32),
    ) {
        let engine = compile(&policies, &layouts(7)[layout]);
        let words = engine.image().len() / 4;
        for (word, value) in changes {
            if let Some(changed) = with_word(&engine, word.index(words), |_| value) {
                ask(&changed, &requests);
            }
        }
    }
}

fn with_word(engine: &Engine, word: usize, change: impl Fn(u32) -> u32) -> Option<Engine> {
    let mut image = engine.image().to_vec();
    let bytes = &mut image[word * 4..word * 4 + 4];
    let value = change(u32::from_ne_bytes(bytes.try_into().unwrap()));
    bytes.copy_from_slice(&value.to_ne_bytes());
    Engine::from_image(image).ok()
}

/// A policy with something in every table.
fn everything() -> PolicySet {
    let verbs = (0..70).map(|number| format!("v{number}"));
    let get = |resource: &str| Rule::resources(["get"], [""], [resource]);
    let jane = [Subject::user("jane"), Subject::group("dev"), Subject::user("jane")];
    PolicySet::builder()
        .cluster_role("r", [get("pods"), get("secrets").named(["a", "b"]), get("*/log"), get("a/b/c")])
        .cluster_role("s", [Rule::resources(["*"], ["*"], ["events", "*/scale"]), get("*")])
        .cluster_role("t", [Rule::resources(verbs, ["apps"], ["*"]), get("secrets").named(["b", "c"])])
        .cluster_role("u", [Rule::paths(["get"], ["/healthz", "/a/*", "/a/b*", "*"])])
        .role(Role::namespaced("web", "r", [get("pods/exec"), Rule::default()]))
        .cluster_role_binding("1", "r", jane.clone())
        .cluster_role_binding("2", "s", jane.clone())
        .role_binding("web", "3", RoleRef::role("r"), [Subject::service_account("web", "robot")])
        .role_binding("web", "4", RoleRef::cluster_role("t"), jane.clone())
        .cluster_role_binding("5", "gone", jane)
        .role_binding("db", "6", RoleRef::role("gone"), [Subject::group("dev")])
        .cluster_role_binding("7", "u", [Subject::group("dev")])
        .attribute_policy(AttributePolicy {
            user: Some("jane".into()),
            group: Some("dev".into()),
            read_only: true,
            api_group: Wild::Any,
            resource: Wild::Is("nodes".to_owned()),
            namespace: Wild::Is("web".into()),
            non_resource_path: "/logs/*".into(),
            origin: Origin::Code,
        })
        .modes(Modes::new([Mode::Abac, Mode::Rbac]))
        .build()
        .unwrap()
}

#[test]
fn every_word_of_an_image_may_be_wrong() {
    use proptest::{strategy::ValueTree, test_runner::TestRunner};

    let policies = everything();
    let mut runner = TestRunner::deterministic();
    let requests: Vec<_> =
        (0..6).map(|_| requests_for(&policies).new_tree(&mut runner).unwrap().current()).collect();
    for options in layouts(7) {
        let engine = compile(&policies, &options);
        let mut opened = 0;
        for word in 0..engine.image().len() / 4 {
            let changes: [fn(u32) -> u32; 6] = [
                |_| 0,
                |_| u32::MAX,
                |word| word.wrapping_add(1),
                |word| word.wrapping_sub(1),
                |word| word ^ 1 << 31,
                |word| word ^ 1 << 15,
            ];
            for change in changes {
                if let Some(changed) = with_word(&engine, word, change) {
                    opened += 1;
                    ask(&changed, &requests);
                }
            }
        }
        // Zeros that fill lines up, hashes, verbs: there is much that may be otherwise.
        assert!(opened > 1_000, "{opened}");
    }
}
