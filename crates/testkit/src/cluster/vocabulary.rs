//! The words of a made-up cluster.

use rolecall_model::Rule;

use super::draw::Draw;

/// Resources of an API group that are granted in the same way.
pub(super) struct Kind {
    pub(super) api_group: &'static str,
    pub(super) resources: &'static [&'static str],
    /// Whether they are only ever granted by name.
    pub(super) by_name_only: bool,
    /// Whether all verbs may be granted at once.
    pub(super) wild_verbs: bool,
}

const fn kind_of(api_group: &'static str, resources: &'static [&'static str]) -> Kind {
    Kind { api_group, resources, by_name_only: false, wild_verbs: false }
}

const KINDS: [Kind; 9] = [
    kind_of(
        "",
        &[
            "pods",
            "pods/log",
            "pods/exec",
            "services",
            "configmaps",
            "endpoints",
            "persistentvolumeclaims",
            "serviceaccounts",
            "events",
        ],
    ),
    kind_of(
        "apps",
        &[
            "deployments",
            "deployments/scale",
            "statefulsets",
            "statefulsets/scale",
            "daemonsets",
            "replicasets",
        ],
    ),
    kind_of("batch", &["jobs", "cronjobs"]),
    kind_of("networking.k8s.io", &["ingresses", "networkpolicies"]),
    kind_of("autoscaling", &["horizontalpodautoscalers"]),
    kind_of("policy", &["poddisruptionbudgets"]),
    Kind {
        api_group: "example.com",
        resources: &["widgets", "gadgets", "gizmos", "widgets/status"],
        by_name_only: false,
        wild_verbs: true,
    },
    Kind { api_group: "", resources: &["secrets"], by_name_only: true, wild_verbs: false },
    Kind {
        api_group: "cert-manager.io",
        resources: &["certificates"],
        by_name_only: true,
        wild_verbs: false,
    },
];

/// A kind at random; the first, which is ordinary, in place of one that does not suit.
pub(super) fn kind(draw: &mut Draw, suits: impl Fn(&Kind) -> bool) -> &'static Kind {
    let [first, ..] = &KINDS;
    draw.pick(&KINDS).filter(|kind| suits(kind)).unwrap_or(first)
}

pub(super) fn has_wild_verbs(rule: &Rule) -> bool {
    rule.api_groups
        .iter()
        .any(|api_group| KINDS.iter().any(|kind| kind.wild_verbs && kind.api_group == api_group.as_str()))
}

pub(super) const READING: [&str; 3] = ["get", "list", "watch"];

pub(super) const WRITING: [&str; 4] = ["create", "delete", "patch", "update"];

pub(super) const VERBS: [&str; 7] = ["create", "delete", "get", "list", "patch", "update", "watch"];

const VERB_SETS: [&[&str]; 6] =
    [&READING, &READING, &["get"], &VERBS, &["create", "delete"], &["get", "patch", "update"]];

pub(super) fn verbs(draw: &mut Draw) -> &'static [&'static str] {
    draw.pick(&VERB_SETS).copied().unwrap_or_default()
}

/// What everybody who is authenticated may read.
pub(super) const DISCOVERY: [&str; 6] = ["/api", "/api/*", "/apis", "/apis/*", "/healthz", "/version"];

pub(super) const DISCOVERED: [&str; 4] = ["/api/v1", "/apis/apps/v1", "/healthz", "/version"];

pub(super) const UNDISCOVERED: [&str; 3] = ["/metrics", "/healthz/etcd", "/logs/kube-apiserver.log"];

/// How many names of objects are granted, and as many again to those who never ask.
pub(super) const OBJECTS: u64 = 25;

pub(super) fn object(number: u64) -> String {
    format!("object-{number:03}")
}

pub(super) const STAGES: [&str; 8] =
    ["production", "staging", "development", "preview", "batch", "monitoring", "sandbox", "archive"];

pub(super) const PEOPLE: [&str; 10] =
    ["ada", "boris", "chen", "dana", "emeka", "fatima", "goran", "hana", "ines", "jane"];

pub(super) const DUTIES: [&str; 6] =
    ["developers", "operators", "on-call", "testers", "managers", "auditors"];

pub(super) const ACCOUNTS: [&str; 4] = ["default", "deployer", "metrics", "runner"];

/// The word for a number; beyond the last word they begin again, with a number.
pub(super) fn numbered(words: &[&str], number: u64) -> String {
    let count = (words.len() as u64).max(1);
    let word = usize::try_from(number % count).ok().and_then(|place| words.get(place)).copied();
    let word = word.unwrap_or_default();
    match number / count {
        0 => word.to_owned(),
        round => format!("{word}-{round}"),
    }
}
