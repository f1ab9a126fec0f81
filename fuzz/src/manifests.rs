//! Texts that become policies: YAML and JSON manifests, ABAC policy files.

use rolecall::{
    diagnostics::{
        Severity,
        print::{self, FindingRecord},
    },
    kubernetes::{
        document::{Documents, Limits, Node, Value, take_in},
        load::{DefaultRoles, Load, LoadOptions, Loader, Validate},
    },
    source::SourceMap,
};

use super::differential::agree;

/// Loads a YAML manifest.
///
/// # Panics
///
/// When loading panics, breaks one of its promises, or gives a policy that is answered differently by
/// tables and reference.
pub fn manifests_yaml(data: &[u8]) {
    load_in_every_mode("fuzz.yaml", data);
}

/// Loads a JSON manifest; whatever `serde_json` takes for an object has to be read as the same object.
///
/// # Panics
///
/// As [`manifests_yaml`], and when a JSON object is read differently.
pub fn manifests_json(data: &[u8]) {
    load_in_every_mode("fuzz.json", data);
    if let Ok(expected @ serde_json::Value::Object(_)) = serde_json::from_slice(data) {
        let mut sources = SourceMap::new();
        let limits = Limits::default();
        let Ok(source) = take_in(&mut sources, "fuzz.json", data.to_vec(), &limits) else {
            assert!(data.contains(&0), "JSON that is no text");
            return;
        };
        match Documents::new(&sources, source, &limits).collect::<Result<Vec<_>, _>>() {
            Ok(documents) => {
                let read: Vec<_> = documents.iter().map(|document| json(&document.root)).collect();
                assert_eq!(read, [expected]);
            }
            Err(finding) => assert!(depth(&expected) >= limits.depth, "refused JSON: {finding:?}"),
        }
    }
}

/// Loads an ABAC policy file.
///
/// # Panics
///
/// As [`manifests_yaml`], and when a part of a file is loaded.
pub fn abac_lines(data: &[u8]) {
    load_in_every_mode("fuzz.jsonl", data);
}

fn load_in_every_mode(name: &str, data: &[u8]) {
    let [ignore, warn, strict] =
        [Validate::Ignore, Validate::Warn, Validate::Strict].map(|validate| load(name, data, validate));
    for load in [&ignore, &warn, &strict] {
        keeps_its_promises(load);
    }
    // What is refused as a text is refused in every mode, and stricter modes take nothing that others do not.
    if let Some(policies) = &strict.policies {
        assert_eq!(strict.left_out, [""; 0], "a strict load leaves nothing out");
        assert_eq!(
            warn.policies.as_ref(),
            Some(policies),
            "nothing to complain about, and yet another policy"
        );
    }
    assert!(warn.policies.is_some() || strict.policies.is_none());
    if let Some(policies) = warn.policies {
        agree(&policies);
    }
    if let Some(policies) = ignore.policies {
        agree(&policies);
    }
}

fn load(name: &str, data: &[u8], validate: Validate) -> Load {
    let options = LoadOptions {
        validate,
        default_roles: DefaultRoles::None,
        // Small enough that a fuzzer finds the limits.
        limits: Limits { alias_nodes: 10_000, ..Limits::default() },
        ..LoadOptions::default()
    };
    let mut loader = Loader::new(options);
    loader.add(name, data.to_vec());
    loader.finish()
}

fn keeps_its_promises(load: &Load) {
    let error = load.findings.iter().any(|finding| finding.severity == Severity::Error);
    assert_eq!(load.policies.is_none(), error, "never half a policy, and none without a word");
    for finding in &load.findings {
        assert!(!finding.message.is_empty() && !finding.name.is_empty());
        assert!(!finding.labels.is_empty() || finding.file.is_some(), "no place: {finding:?}");
        let record = serde_json::to_string(&FindingRecord::new(finding, &load.sources)).expect("plain data");
        let safe = print::printable_json(&record);
        let escaped: serde_json::Value = serde_json::from_str(&safe).expect("still JSON");
        assert_eq!(escaped, serde_json::from_str::<serde_json::Value>(&record).expect("JSON"));
    }
    let printed = print::terminal(&load.findings, &load.sources, false);
    let raw = printed.chars().find(|&character| character.is_control() && character != '\n');
    assert_eq!(raw, None, "printed raw: {printed:?}");
}

fn json(node: &Node) -> serde_json::Value {
    match &node.value {
        Value::Null => serde_json::Value::Null,
        Value::Bool(value) => (*value).into(),
        Value::Number(text) => serde_json::from_str(text).expect("a JSON number"),
        Value::String(text) => (**text).into(),
        Value::List(items) => items.iter().map(json).collect(),
        Value::Map(entries) => {
            entries.iter().map(|entry| (entry.key.to_string(), json(&entry.value))).collect()
        }
    }
}

fn depth(value: &serde_json::Value) -> usize {
    match value {
        serde_json::Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        serde_json::Value::Object(entries) => 1 + entries.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}
