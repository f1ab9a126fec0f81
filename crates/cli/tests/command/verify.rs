//! `rolecall verify`.

use crate::surroundings::{Directory, fixture, rolecall};

#[test]
fn engine_and_reference_agree_and_the_scale_is_told() {
    let shop = fixture("shop.yaml");
    let run =
        rolecall(&["verify", "-f", &shop, "--default-roles=none", "--validate=ignore", "--samples", "1000"]);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{}", run.stdout);
    let mut lines = run.stdout.lines();
    let verdict = lines.next().unwrap();
    assert!(verdict.starts_with("engine and reference agree on all "), "{verdict}");
    assert!(verdict.contains(" request classes of this policy ("), "{verdict}");
    let scale = lines.next().unwrap();
    assert!(scale.starts_with("  7 objects · "), "{scale}");
    let parts: Vec<_> = lines.collect();
    assert_eq!(parts.len(), 4, "{parts:?}");
    assert!(parts[1].starts_with("  each user and each group alone: exhaustive, "), "{parts:?}");
    assert!(parts[3].starts_with("  larger sets of groups: sampled, "), "{parts:?}");
}

#[test]
fn what_was_only_sampled_is_not_called_all() {
    let shop = fixture("shop.yaml");
    let run = rolecall(&[
        "verify",
        "-f",
        &shop,
        "--default-roles=none",
        "--validate=ignore",
        "--samples=100",
        "--exhaustive-limit=10",
        "--seed=7",
    ]);
    assert_eq!(run.code, 0, "{}", run.stdout);
    assert!(run.stdout.starts_with("engine and reference agree in all "), "{}", run.stdout);
    assert!(run.stdout.contains("too many to go through all of them"), "{}", run.stdout);
    assert!(!run.stdout.contains("alone: exhaustive"), "{}", run.stdout);
}

#[test]
fn a_policy_that_cannot_be_loaded_is_not_verified() {
    let directory = Directory::new();
    let broken = directory.file("broken.yaml", "kind: [\n");
    let run = rolecall(&["verify", "-f", &broken]);
    assert_eq!((run.code, run.stdout.as_str()), (2, ""));
}
