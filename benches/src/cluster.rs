//! A generated cluster: its policy, and requests of which half are allowed.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{self, Command},
    time::{Duration, Instant},
};

use rolecall::{OwnedRequest, OwnedTarget, PolicySet};

/// How many requests are made for a cluster: enough that they do not all stay in the caches.
const REQUESTS: usize = 20_000;

/// A cluster with requests.
#[derive(Debug)]
pub struct Cluster {
    /// How many RoleBindings and ClusterRoleBindings there are.
    pub bindings: usize,
    /// The policy.
    pub policies: PolicySet,
    /// The requests, each with whether the generator made it to be allowed.
    pub requests: Vec<(OwnedRequest, bool)>,
    /// How long it took to read the policy's file.
    pub load: Duration,
    /// The size of the policy's file.
    pub file_bytes: u64,
}

impl Cluster {
    /// Generates a cluster with this many bindings; the same for the same number, anywhere.
    ///
    /// # Panics
    ///
    /// When the generator is not to be found or fails, or its files are refused.
    pub fn generate(bindings: usize) -> Self {
        let folder = env::temp_dir().join(format!("rolecall-bench-{}-{bindings}", process::id()));
        let status = Command::new("python3")
            .arg(generator())
            .args(["--bindings", &bindings.to_string(), "--requests", &REQUESTS.to_string()])
            .arg("--out")
            .arg(&folder)
            .status()
            .expect("python3 makes the clusters");
        assert!(status.success(), "the generator failed: {status}");
        let cluster = Self::read(bindings, &folder);
        fs::remove_dir_all(&folder).expect("the folder is ours");
        cluster
    }

    fn read(bindings: usize, folder: &Path) -> Self {
        let file = folder.join("policy.jsonl");
        let file_bytes = fs::metadata(&file).expect("the generator wrote it").len();
        let begin = Instant::now();
        let policies = PolicySet::builder()
            .kubernetes_file(&file)
            .expect("the generator wrote it")
            .build()
            .unwrap_or_else(|error| panic!("{error}"));
        let load = begin.elapsed();
        assert_eq!(policies.model().bindings().len(), bindings, "bindings that were read");
        let lines = fs::read_to_string(folder.join("requests.jsonl")).expect("the generator wrote it");
        let requests: Vec<_> = lines.lines().map(request).collect();
        assert_eq!(requests.len(), REQUESTS);
        Self { bindings, policies, requests, load, file_bytes }
    }
}

fn generator() -> PathBuf {
    let default = || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared"));
    let shared = env::var_os("ROLECALL_SHARED").map_or_else(default, PathBuf::from);
    let generator = shared.join("bench-data").join("gen_cluster.py");
    assert!(generator.is_file(), "ROLECALL_SHARED leads to no generator: {}", generator.display());
    generator
}

fn request(line: &str) -> (OwnedRequest, bool) {
    let review: serde_json::Value = serde_json::from_str(line).expect("a review a line");
    let text =
        |pointer: &str| review.pointer(pointer).and_then(|value| value.as_str()).unwrap_or("").to_owned();
    let groups = review.pointer("/spec/groups").and_then(|value| value.as_array());
    let attribute = |name: &str| text(&format!("/spec/resourceAttributes/{name}"));
    let request = OwnedRequest {
        user: text("/spec/user"),
        groups: groups.into_iter().flatten().filter_map(|group| group.as_str().map(str::to_owned)).collect(),
        verb: attribute("verb"),
        target: OwnedTarget::Resource {
            namespace: attribute("namespace"),
            api_group: attribute("group"),
            resource: attribute("resource"),
            subresource: attribute("subresource"),
            name: attribute("name"),
        },
    };
    let name = text("/metadata/name");
    let allowed = name.starts_with("hit-");
    assert!(allowed || name.starts_with("miss-"), "neither hit nor miss: {name}");
    (request, allowed)
}
