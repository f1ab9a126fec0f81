//! Names whose hashes collide, and images that somebody changed: neither gives anybody what is not theirs.
//!
//! The tables find by hash and compare strings afterwards. No test would meet by chance the case in which only the
//! comparing decides; so names are searched here that agree in all bits of the hash that small tables look at.

use std::collections::HashMap;

use rolecall_model::{
    AttributePolicy, Authorizer, Mode, Modes, Origin, PolicySet, PolicySetBuilder, Request, RoleRef, Rule,
    Subject, Wild,
};

use crate::{
    CompileOptions, Engine, ImageError,
    hashes::{Hashes, Seed},
};

const SEED: u64 = 7;

/// What small tables keep and look at of a hash: the lower half, and some bits above it.
fn looked_at(hash: u64) -> u64 {
    hash & ((1 << 34) - 1)
}

fn hashes() -> Hashes {
    Hashes::new(Seed(SEED))
}

fn name(number: u32) -> String {
    format!("n{number:07}")
}

/// Two different names, of the same length, with hashes of which small tables see no difference.
fn colliding(left: impl Fn(&str) -> u64, right: impl Fn(&str) -> u64) -> [String; 2] {
    let numbers = 0..600_000;
    let known: HashMap<u64, u32> =
        numbers.clone().map(|number| (looked_at(left(&name(number))), number)).collect();
    numbers
        .filter_map(|number| Some((*known.get(&looked_at(right(&name(number))))?, number)))
        .find(|(first, second)| first != second)
        .map(|(first, second)| [name(first), name(second)])
        .unwrap()
}

/// Two pairs of names, different in both, whose joint hashes small tables cannot tell apart.
fn colliding_pairs(hash: impl Fn(&str, &str) -> u64) -> [[String; 2]; 2] {
    let mut known: HashMap<u64, (u32, u32)> = HashMap::new();
    for first in 0..1_200 {
        for second in 0..1_200 {
            let hash = looked_at(hash(&name(first), &name(second)));
            match known.insert(hash, (first, second)) {
                Some(other) if other.0 != first && other.1 != second => {
                    return [[name(first), name(second)], [name(other.0), name(other.1)]];
                }
                _ => {}
            }
        }
    }
    panic!("no pairs collide")
}

/// A policy set that begins with role `r`: get pods.
fn with_role() -> PolicySetBuilder {
    PolicySet::builder().cluster_role("r", [Rule::resources(["get"], [""], ["pods"])])
}

fn get_pods<'a>() -> Request<'a> {
    Request::resource("get", "pods")
}

fn compile(policies: PolicySetBuilder) -> Engine {
    Engine::compile_with(&policies.build().unwrap(), &CompileOptions::default().seeded(SEED)).unwrap()
}

#[track_caller]
fn check(engine: &Engine, request: &Request<'_>, allowed: bool) {
    assert_eq!(engine.authorize(request).is_allow(), allowed, "{request:?}");
    assert_eq!(engine.determine(request).decision().is_allow(), allowed, "{request:?}");
}

/// The image with one text for another of the same length, which stands in it once.
fn with_text(engine: &Engine, old: &str, new: &str) -> Engine {
    let mut image = engine.image().to_vec();
    let places: Vec<_> = (0..image.len()).filter(|&at| image[at..].starts_with(old.as_bytes())).collect();
    assert_eq!(places.len(), 1, "{old}");
    image[places[0]..places[0] + old.len()].copy_from_slice(new.as_bytes());
    Engine::from_image(image).unwrap()
}

#[test]
fn users_whose_hashes_collide_are_two() {
    let hashes = hashes();
    let [holder, other] = colliding(|name| hashes.users.of(name), |name| hashes.users.of(name));
    let engine =
        compile(with_role().role_binding("web", "b", RoleRef::cluster_role("r"), [Subject::user(&*holder)]));
    check(&engine, &get_pods().namespace("web").user(&holder), true);
    check(&engine, &get_pods().namespace("web").user(&other), false);
    assert!(!engine.rules_for(&holder, &[], "web").rules.is_empty());
    assert!(engine.rules_for(&other, &[], "web").rules.is_empty());
}

#[test]
fn groups_whose_hashes_collide_are_two() {
    let hashes = hashes();
    let [holder, other] = colliding(|name| hashes.groups.of(name), |name| hashes.groups.of(name));
    let engine = compile(with_role().cluster_role_binding("b", "r", [Subject::group(&*holder)]));
    check(&engine, &get_pods().groups(&[&holder]), true);
    check(&engine, &get_pods().groups(&[&other]), false);
    assert!(engine.rules_for("", &[&other], "web").rules.is_empty());
}

#[test]
fn namespaces_whose_hashes_collide_are_two() {
    let hashes = hashes();
    let [mine, other] = colliding(|name| hashes.namespaces.of(name), |name| hashes.namespaces.of(name));
    let bind = |policies: PolicySetBuilder, namespace: &str, user: &str| {
        policies.role_binding(namespace, "b", RoleRef::cluster_role("r"), [Subject::user(user)])
    };
    // Both are known to the policy: an unknown one would not come to the comparing.
    let engine = compile(bind(bind(with_role(), &mine, "jane"), &other, "joe"));
    check(&engine, &get_pods().namespace(&mine).user("jane"), true);
    check(&engine, &get_pods().namespace(&other).user("joe"), true);
    check(&engine, &get_pods().namespace(&other).user("jane"), false);
    check(&engine, &get_pods().namespace(&mine).user("joe"), false);
    assert!(engine.rules_for("jane", &[], &other).rules.is_empty());
}

#[test]
fn a_user_in_a_namespace_is_no_other_user_in_another_of_the_same_joint_hash() {
    let hashes = hashes();
    let [[user, namespace], [other, elsewhere]] =
        colliding_pairs(|user, namespace| hashes.users.of(user) ^ hashes.namespaces.of(namespace));
    let engine = compile(
        with_role()
            .role_binding(&*namespace, "b", RoleRef::cluster_role("r"), [Subject::user(&*user)])
            .role_binding(&*elsewhere, "b", RoleRef::cluster_role("r"), [Subject::user("joe")]),
    );
    check(&engine, &get_pods().namespace(&namespace).user(&user), true);
    check(&engine, &get_pods().namespace(&elsewhere).user(&other), false);
}

#[test]
fn a_user_in_a_group_is_no_other_user_in_another_of_the_same_joint_hash() {
    let hashes = hashes();
    let [[user, group], [other, elsewhere]] =
        colliding_pairs(|user, group| Hashes::user_in_group(hashes.users.of(user), hashes.groups.of(group)));
    let line = AttributePolicy {
        user: Some((&*user).into()),
        group: Some((&*group).into()),
        read_only: false,
        api_group: Wild::Any,
        resource: Wild::Any,
        namespace: Wild::Any,
        non_resource_path: "".into(),
        origin: Origin::Code,
    };
    let engine = compile(PolicySet::builder().attribute_policy(line).modes(Modes::new([Mode::Abac])));
    check(&engine, &get_pods().user(&user).groups(&[&group]), true);
    check(&engine, &get_pods().user(&other).groups(&[&elsewhere]), false);
}

#[test]
fn a_group_is_no_user_even_of_the_same_hash_and_name() {
    let hashes = hashes();
    let [user, group] = colliding(|name| hashes.users.of(name), |name| hashes.groups.of(name));
    let engine = compile(with_role().cluster_role_binding("b", "r", [Subject::user(&*user)]));
    check(&engine, &get_pods().user(&user), true);
    check(&engine, &get_pods().groups(&[&group]), false);
    // With the group's name in the user's place even the strings are the same.
    let forged = with_text(&engine, &user, &group);
    check(&forged, &get_pods().groups(&[&group]), false);
    check(&forged, &get_pods().user(&user), false);
}

#[test]
fn a_name_that_was_changed_in_an_image_holds_nothing() {
    let engine = compile(
        with_role()
            .cluster_role_binding("b", "r", [Subject::user("jane"), Subject::group("devs")])
            .role_binding("prod", "c", RoleRef::cluster_role("r"), [Subject::user("jules")]),
    );
    let forged = with_text(&engine, "jane", "joan");
    check(&forged, &get_pods().user("jane"), false);
    check(&forged, &get_pods().user("joan"), false);
    let forged = with_text(&engine, "devs", "boss");
    check(&forged, &get_pods().groups(&["devs"]), false);
    check(&forged, &get_pods().groups(&["boss"]), false);
    let forged = with_text(&engine, "prod", "test");
    check(&forged, &get_pods().namespace("prod").user("jules"), false);
    check(&forged, &get_pods().namespace("test").user("jules"), false);
}

#[test]
fn words_whose_hashes_collide_are_two() {
    let hashes = hashes();
    let [word, other] = colliding(|name| hashes.words.of(name), |name| hashes.words.of(name));
    let (word, other) = (&*word, &*other);
    let cases = [
        (Rule::resources([word], [""], ["pods"]), [word, other].map(|verb| Request::resource(verb, "pods"))),
        (Rule::resources(["get"], [word], ["pods"]), [word, other].map(|group| get_pods().api_group(group))),
        (Rule::resources(["get"], [""], [word]), [word, other].map(|text| Request::resource("get", text))),
        (
            Rule::resources(["get"], [""], [format!("*/{word}")]),
            [word, other].map(|text| get_pods().subresource(text)),
        ),
        (
            Rule::resources(["get"], [""], ["pods"]).named([word]),
            [word, other].map(|name| get_pods().name(name)),
        ),
        (Rule::paths(["get"], [word]), [word, other].map(|path| Request::path("get", path))),
    ];
    for (rule, [covered, not]) in cases {
        let policies = PolicySet::builder().cluster_role("r", [rule]).cluster_role_binding(
            "b",
            "r",
            [Subject::user("jane")],
        );
        let engine = compile(policies);
        check(&engine, &covered.user("jane"), true);
        check(&engine, &not.user("jane"), false);
    }
}

#[test]
fn an_access_that_is_no_permission_set_is_refused() {
    let rules = ["pods", "nodes", "events"].map(|resource| Rule::resources(["get"], [""], [resource]));
    let named = Rule::resources(["get"], [""], ["secrets"]).named(["a", "b"]);
    let engine = compile(
        PolicySet::builder()
            .cluster_role("some", rules)
            .cluster_role("named", [named])
            .role_binding("web", "b", RoleRef::cluster_role("some"), [Subject::user("jane")])
            .cluster_role_binding("c", "named", [Subject::group("dev")]),
    );
    // Where jane's access in this namespace stands: eight words behind the lower half of the joint hash.
    let hashes = hashes();
    let tag = (hashes.users.of("jane") ^ hashes.namespaces.of("web")).to_le_bytes();
    let tag = u32::from_le_bytes(*tag.first_chunk().unwrap());
    let mut words = bytemuck::cast_slice::<u8, u32>(engine.image()).to_vec();
    let places: Vec<_> = (0..words.len()).filter(|&at| words[at] == tag).collect();
    assert_eq!(places.len(), 1);
    let access = places[0] + 8;
    let accepted = (0..2_000u32)
        .chain((11..31).map(|bit| 1 << bit))
        .filter(|&value| {
            words[access] = value;
            let image: Vec<u8> = bytemuck::cast_slice(&words).to_vec();
            match Engine::from_image(image) {
                Ok(_) => true,
                Err(error) => {
                    assert!(matches!(error, ImageError::Damaged { .. }), "{error}");
                    false
                }
            }
        })
        .count();
    // The two sets begin somewhere; one of them at zero, and the range goes through it once.
    assert_eq!(accepted, 2);
}
