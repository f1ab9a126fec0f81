//! Clusters that `testkit` makes up are read from their YAML as what they are.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{collections::BTreeMap, fs};

use rolecall::{
    OwnedRequest, PolicySet,
    kubernetes::review::Review,
    model::{Binding, Origin, Role},
};
use rolecall_testkit::{Cluster, Traffic, YamlLayout};

#[test]
fn the_yaml_of_a_cluster_is_its_policy_set() {
    let folder = std::env::temp_dir().join(format!("rolecall-generated-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    for cluster in [Cluster::new(300), Cluster::in_one_namespace(100).seed(3)] {
        let made = cluster.policies().unwrap();
        for layout in [YamlLayout::Documents, YamlLayout::List] {
            let file = folder.join("policy.yaml");
            cluster.write_yaml(layout, fs::File::create(&file).unwrap()).unwrap();
            let read = PolicySet::builder().kubernetes_file(&file).unwrap().build().unwrap();
            assert_eq!(placeless_roles(read.model().roles()), placeless_roles(made.roles()));
            assert_eq!(placeless_bindings(read.model().bindings()), placeless_bindings(made.bindings()));
        }
    }
    fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn the_review_of_a_request_is_the_request() {
    for asked in Cluster::new(300).requests(Traffic::default()).take(500) {
        let mut line = Vec::new();
        asked.write_review(&mut line).unwrap();
        let review = Review::parse(&line, None).unwrap();
        assert_eq!(OwnedRequest::from(&review.request()), asked.request);
    }
}

fn placeless_roles(roles: &[Role]) -> Vec<Role> {
    let placeless = |role: &Role| {
        let mut role = role.clone();
        role.origin = Origin::default();
        role.labels = BTreeMap::new();
        for rule in &mut role.rules {
            rule.origin = Origin::default();
        }
        role
    };
    roles.iter().map(placeless).collect()
}

fn placeless_bindings(bindings: &[Binding]) -> Vec<Binding> {
    bindings.iter().map(|binding| Binding { origin: Origin::default(), ..binding.clone() }).collect()
}
