//! Names that tenants choose do not slow look-ups down: the hashes are seeded with what nobody knows who makes names.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{collections::BTreeMap, hash::BuildHasher};

use fxhash::FxBuildHasher;
use rapidhash::v3::{DEFAULT_RAPID_SECRETS, rapidhash_v3_nano_inline};
use rolecall_engine::{CompileOptions, Engine};
use rolecall_model::{Binding, PolicySet, Role, RoleRef, Rule, Subject};

/// How many names of each kind.
const COUNT: usize = 1_000;
const SEEDS: u64 = 5;

/// The hash that everybody can compute.
fn published(name: &str) -> u64 {
    rapidhash_v3_nano_inline::<true, false>(name.as_bytes(), &DEFAULT_RAPID_SECRETS)
}

/// Names of which a hash, shifted to the right by so many bits, ends in ten zeros: in a table
/// that went by these, all would begin at one place or its neighbour.
fn crafted(hash: impl Fn(&str) -> u64, shift: u32) -> Vec<String> {
    let names = (0..).map(|number| format!("n{number:08}"));
    names.filter(|name| (hash(name) >> shift).trailing_zeros() >= 10).take(COUNT).collect()
}

/// As many names as they come.
fn ordinary() -> Vec<String> {
    (0..COUNT).map(|number| format!("n{:08}", number * 997)).collect()
}

/// A policy that uses the names for everything: users, groups, namespaces, resources, API groups, objects, paths.
fn policies(names: &[String]) -> PolicySet {
    let mut policies = PolicySet::builder().cluster_role("r", [Rule::resources(["get"], [""], ["pods"])]);
    let pairs = names.iter().map(|name| Rule::resources(["get"], [&**name], [format!("{name}/{name}")]));
    policies.add_role(Role::cluster("pairs", pairs));
    policies.add_role(Role::cluster("paths", names.iter().map(|name| Rule::paths(["get"], [&**name]))));
    let named = Rule::resources(["get"], [""], ["secrets"]).named(names.iter().map(|name| &**name));
    policies.add_role(Role::cluster("named", [named]));
    for name in names {
        let subjects = [Subject::user(&**name), Subject::group(&**name)];
        policies.add_binding(Binding::cluster(&**name, RoleRef::cluster_role("r"), subjects.clone()));
        policies.add_binding(Binding::namespaced(&**name, "there", RoleRef::cluster_role("r"), subjects));
        policies.add_binding(Binding::namespaced(
            &**name,
            "jane",
            RoleRef::cluster_role("named"),
            [Subject::user("jane")],
        ));
    }
    policies.build().unwrap()
}

/// By table, the longest look-up under any of some seeds.
fn longest_probes(names: &[String]) -> BTreeMap<&'static str, usize> {
    let policies = policies(names);
    let mut longest = BTreeMap::new();
    for seed in 0..SEEDS {
        let engine = Engine::compile_with(&policies, &CompileOptions::default().seeded(seed)).unwrap();
        for usage in engine.usage() {
            let known: &mut usize = longest.entry(usage.table).or_default();
            *known = usage.longest_probe.max(*known);
        }
    }
    longest
}

#[test]
fn crafted_names_are_looked_up_as_fast_as_others() {
    let usual = longest_probes(&ordinary());
    let probed: Vec<_> = usual.iter().filter(|&(_, &longest)| longest > 0).map(|(&table, _)| table).collect();
    let expected =
        ["holdings", "holdings of a subject", "names of objects", "numbers of strings", "patterns"];
    assert_eq!(probed, expected);
    for (what, names) in [
        ("the home of a line", crafted(published, 54)),
        ("the slot of a word", crafted(published, 32)),
        ("the tag", crafted(published, 0)),
        ("FxHash's lower bits", crafted(|name| FxBuildHasher.hash_one(name), 0)),
        ("FxHash's upper bits", crafted(|name| FxBuildHasher.hash_one(name), 54)),
    ] {
        for (table, longest) in longest_probes(&names) {
            let limit = usual[table] * 3;
            assert!(longest <= limit, "{what}: {table}: {longest}, usually {}", usual[table]);
        }
    }
}
