//! The texts that made-up policies draw from: few, so that they collide; the plainest first, since a failure
//! shrinks to them.

/// The text of a number, which counts round the vocabulary.
pub(crate) fn text(vocabulary: &[&'static str], number: u8) -> &'static str {
    let position = usize::from(number).checked_rem(vocabulary.len()).unwrap_or_default();
    vocabulary.get(position).copied().unwrap_or_default()
}

pub(crate) const VERBS: [&str; 16] = [
    "get",
    "list",
    "*",
    "watch",
    "delete",
    "create",
    "",
    "Get",
    "get*",
    "**",
    "use",
    "head",
    "post",
    "v1",
    "v65",
    "impersonate",
];

pub(crate) const API_GROUPS: [&str; 9] =
    ["", "apps", "*", "batch", "*.k8s.io", "apps/v1", "Apps", "app", "**"];

pub(crate) const RESOURCES: [&str; 22] = [
    "pods",
    "secrets",
    "*",
    "pods/log",
    "*/scale",
    "*/log",
    "deployments",
    "deployments/scale",
    "pods/*",
    "*/*",
    "**",
    "",
    "po*",
    "pods/log/x",
    "*/log/x",
    "*/",
    "pods/",
    "/log",
    "/",
    "*/pods",
    "Pods",
    "scale",
];

pub(crate) const SUBRESOURCES: [&str; 9] = ["", "log", "scale", "*", "log/x", "x", "pods", "/", "Log"];

pub(crate) const RESOURCE_NAMES: [&str; 9] = ["web", "db", "", "*", "token", "web*", "n7", "Web", "**"];

pub(crate) const PATHS: [&str; 17] = [
    "/healthz", "/a", "*", "/a*", "/a/*", "/a/**", "/", "", "/a/b*", "/a/b/c", "/a/*/b", "**", "/ab", "/a/",
    "a*", "/*", "/A",
];

pub(crate) const NAMESPACES: [&str; 6] = ["a", "b", "kube-system", "", "*", "A"];

pub(crate) const USERS: [&str; 13] = [
    "jane",
    "joe",
    "system:serviceaccount:a:robot",
    "system:serviceaccount:b:robot",
    "*",
    "",
    "system:anonymous",
    "dev",
    "system:serviceaccount::robot",
    "system:serviceaccount:a:a:robot",
    "system:serviceaccount:a:",
    "Jane",
    "system:masters",
];

pub(crate) const GROUPS: [&str; 12] = [
    "dev",
    "ops",
    "system:authenticated",
    "system:serviceaccounts",
    "system:serviceaccounts:a",
    "*",
    "",
    "jane",
    "system:unauthenticated",
    "Dev",
    "system:masters",
    "system:master",
];

pub(crate) const SERVICE_ACCOUNTS: [&str; 5] = ["robot", "builder", "", "a:robot", "Robot"];

/// Roles of these names are made; references may name the missing ones too.
pub(crate) const ROLES: [&str; 5] = ["r0", "r1", "r2", "", "view"];

pub(crate) const ROLE_REFERENCES: [&str; 7] = ["r0", "r1", "r2", "", "view", "missing", "gone"];

pub(crate) const BINDINGS: [&str; 6] = ["b0", "b1", "b2", "b3", "b4", ""];

pub(crate) const UNKNOWN_KINDS: [&str; 5] = ["user", "clusterrole", "", "Foo", "role"];
