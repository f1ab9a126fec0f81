//! Every file of the shared corpus as documents: what must be read is read, with as many documents as an
//! independent reader counts; what is no YAML, JSON or text is refused where and as the corpus says.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    clippy::print_stderr,
    dead_code,
    unreachable_pub,
    missing_docs,
    reason = "a test fails by panicking"
)]

mod shared;

use std::{
    fs,
    path::{Path, PathBuf},
};

use rolecall_diagnostics::Finding;
use rolecall_kubernetes::document::{Documents, Limits, Node, Value, take_in};
use rolecall_source::SourceMap;
use serde_json::Value as Json;

use shared::{json_file, mentioned, shared};

#[test]
fn corpus_files_have_the_documents_that_were_counted() {
    let Some(corpus) = shared("corpus") else { return };
    let expected = json_file(&corpus.join("expected.json"));
    let files = expected["files"].as_object().unwrap();
    assert!(!files.is_empty(), "no case in {}", corpus.display());
    let mut wrong = Vec::new();
    for (file, expected) in files {
        match read(&corpus.join(file)) {
            Ok((documents, sources)) => {
                let empty = documents.iter().filter(|root| root.is_null()).count();
                let counts = (Some((documents.len() - empty) as u64), Some(empty as u64));
                let expected = (expected["documents"].as_u64(), expected["empty_docs"].as_u64());
                if counts != expected {
                    wrong.push(format!("{file}: {counts:?}, not {expected:?}"));
                }
                for root in &documents {
                    spans_fit(root, &sources);
                }
            }
            Err((finding, sources)) => wrong.push(format!("{file}: {}", shown(&finding, &sources))),
        }
    }
    assert!(wrong.is_empty(), "{} of {} files:\n{}", wrong.len(), files.len(), wrong.join("\n"));
}

#[test]
fn manifests_that_were_not_counted_are_read_as_well() {
    let Some(corpus) = shared("corpus") else { return };
    let expected = json_file(&corpus.join("expected.json"));
    let counted = expected["files"].as_object().unwrap();
    let nasty = corpus.join("nasty");
    let mut files = Vec::new();
    walk(&corpus, &mut files);
    files.retain(|file| {
        let name = file.strip_prefix(&corpus).unwrap().display().to_string();
        !file.starts_with(&nasty) && !counted.contains_key(&name)
    });
    assert!(!files.is_empty(), "no manifest in {}", corpus.display());
    let wrong: Vec<String> = files
        .iter()
        .filter_map(|file| read(file).err().map(|(finding, sources)| (file, finding, sources)))
        .map(|(file, finding, sources)| format!("{}: {}", file.display(), shown(&finding, &sources)))
        .collect();
    assert!(wrong.is_empty(), "{} of {} files:\n{}", wrong.len(), files.len(), wrong.join("\n"));
}

#[test]
fn nasty_files_are_read_or_refused_as_expected() {
    let Some(nasty) = shared("corpus/nasty") else { return };
    let expected = json_file(&nasty.join("expected.json"));
    let mut refused = 0;
    let mut wrong = Vec::new();
    // An ABAC file is read by lines, not as documents.
    let is_abac = |name: &str, case: &Json| {
        let bytes = fs::read(nasty.join(name)).unwrap();
        case.get("policies").is_some() || String::from_utf8_lossy(&bytes).contains("abac.authorization.")
    };
    let cases = expected
        .as_object()
        .unwrap()
        .iter()
        .filter(|(name, case)| !name.starts_with('_') && !is_abac(name, case));
    for (file, case) in cases {
        let Err((finding, sources)) = read(&nasty.join(file)) else { continue };
        refused += 1;
        let shown = shown(&finding, &sources);
        let mentions: Vec<&str> = case["mention"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|pattern| pattern.as_str().unwrap())
            .collect();
        if case["expect"] == "ok" {
            wrong.push(format!("{file} must be read: {shown}"));
        } else if let Some(missing) = mentions.iter().find(|pattern| !mentioned(&shown, pattern)) {
            wrong.push(format!("{file} must mention {missing}: {shown}"));
        }
        if let Some(lines) = case["line"].as_array() {
            let line = line_of(&finding, &sources);
            let [first, last] = [lines[0].as_u64().unwrap(), lines[1].as_u64().unwrap()];
            // The line that the independent reader names of the same fault is as good.
            let other = case["pyyaml"]["message"].as_str().unwrap_or("");
            let fits = |line: usize| {
                (first..=last).contains(&(line as u64)) || other.contains(&format!(", line {line},"))
            };
            if !line.is_some_and(fits) {
                wrong.push(format!("{file} must name line {first} to {last}: {shown}"));
            }
        }
        assert!(finding.help.is_some() || finding.name == "json-syntax", "{shown}");
        assert!(!shown.chars().any(char::is_control), "{file}: {shown:?}");
    }
    assert!(refused > 0, "no case in {}", nasty.display());
    assert!(wrong.is_empty(), "{} files:\n{}", wrong.len(), wrong.join("\n"));
}

type Refused = (Box<Finding>, Box<SourceMap>);

fn read(file: &Path) -> Result<(Vec<Node>, Box<SourceMap>), Refused> {
    let mut sources = Box::new(SourceMap::new());
    let limits = Limits::default();
    let bytes = fs::read(file).unwrap();
    let id = match take_in(&mut sources, &file.display().to_string(), bytes, &limits) {
        Ok(id) => id,
        Err(finding) => return Err((Box::new(finding), sources)),
    };
    let documents: Result<Vec<_>, _> = Documents::new(&sources, id, &limits).collect();
    match documents {
        Ok(documents) => Ok((documents.into_iter().map(|document| document.root).collect(), sources)),
        Err(finding) => Err((Box::new(finding), sources)),
    }
}

/// Scalars that are written as they are read stand where their span says.
fn spans_fit(node: &Node, sources: &SourceMap) {
    let written = sources.text_of(node.span);
    match &node.value {
        Value::String(text) => {
            let one_line = !written.contains(['\n', '\\', '\'', '"', '*']) && !text.ends_with('\n');
            assert!(!one_line || written == &**text || written.contains("  "), "{written:?} is not {text:?}");
            assert_eq!(written, written.trim());
        }
        Value::Number(text) => assert!(written == &**text || written.starts_with('*'), "{written:?}"),
        Value::Bool(_) => assert!(!written.is_empty()),
        Value::Null => {
            assert!(matches!(written, "" | "~" | "null" | "Null" | "NULL") || written.starts_with('*'));
        }
        Value::List(nodes) => {
            if written.starts_with('[') {
                assert!(written.ends_with(']'), "{written:?}");
            }
            for node in nodes {
                spans_fit(node, sources);
            }
        }
        Value::Map(entries) => {
            if written.starts_with('{') {
                assert!(written.ends_with('}'), "{written:?}");
            }
            for entry in entries {
                let key = sources.text_of(entry.key_span);
                let plain = !key.contains(['\\', '\'', '"', '*'])
                    && !key.starts_with(|first: char| first.is_ascii_digit());
                assert!(!plain || key == &*entry.key || key.len() < 6, "{key:?} is not {:?}", entry.key);
                spans_fit(&entry.value, sources);
            }
        }
    }
}

fn line_of(finding: &Finding, sources: &SourceMap) -> Option<usize> {
    finding.line.or_else(|| finding.span().map(|span| sources.position(span).line))
}

fn shown(finding: &Finding, sources: &SourceMap) -> String {
    let line = line_of(finding, sources).map_or("-".into(), |line| line.to_string());
    let labels: Vec<&str> = finding.labels.iter().map(|label| label.text.as_str()).collect();
    let help = finding.help.as_deref().unwrap_or("");
    format!("line {line}: {}: {} ({}) help: {help}", finding.name, finding.message, labels.join("; "))
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, files);
        } else if path
            .extension()
            .is_some_and(|extension| ["yaml", "yml", "json"].iter().any(|known| extension == *known))
        {
            files.push(path);
        }
    }
}
