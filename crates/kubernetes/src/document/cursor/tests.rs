//! Cursors against trees: on texts of every kind, and on real ones that were changed at random, a cursor hands out
//! what the tree holds, at the same places, or gives up.

#![allow(
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stderr,
    reason = "a test fails by panicking"
)]

use std::{
    fs,
    path::{Path, PathBuf},
};

use proptest::prelude::*;
use rolecall_source::SourceMap;

use super::*;
use crate::document::{Limits, json, take_in, yaml};

/// Reads the documents of a text both ways; how many documents there are that a cursor read.
#[track_caller]
fn agree(bytes: &[u8]) -> usize {
    let mut sources = SourceMap::new();
    let limits = Limits::default();
    let Ok(id) = take_in(&mut sources, "a.yaml", bytes.to_vec(), &limits) else { return 0 };
    let text = sources.get(id).unwrap().text().to_owned();
    let mut read = 0;

    let mut names = Names::new();
    let mut trees = json::Reader::new(&sources, id, 0, text.len(), limits.depth);
    while trees.skip_blanks() == Some(b'{') {
        let start = trees.position();
        let mut cursor = Json::new(&sources, id, &text, start, limits.depth, Flavour::Json);
        let forwards = Tree.read(&mut cursor, &mut names);
        skips_alike(Json::new(&sources, id, &text, start, limits.depth, Flavour::Json), forwards.is_some());
        let tree = trees.value(&mut names).ok();
        if let Some(forwards) = forwards {
            let tree = tree.as_ref().unwrap_or_else(|| panic!("JSON at {start} is none:\n{text}"));
            assert_eq!(difference(&forwards, tree, &sources), None, "JSON at {start}:\n{text}");
            assert_eq!(cursor.position(), trees.position(), "the end of the JSON at {start}:\n{text}");
            read += 1;
        }
        if tree.is_none() {
            break;
        }
    }

    let mut trees = yaml::Reader::new(&sources, id, 0, limits);
    if crate::document::stream::unreadable_character(&sources, id, 0).is_some() {
        return read;
    }
    loop {
        let mut forwards = trees.clone();
        let start = trees.position();
        let node = forwards.read_forwards(&mut Tree, &mut names);
        let tree = trees.document(&mut names);
        if let Some(node) = node {
            let tree = match &tree {
                Ok(Some(tree)) => tree,
                other => panic!("YAML at {start} is read, but: {other:?}\n{text}"),
            };
            assert_eq!(difference(&node, tree, &sources), None, "YAML at {start}:\n{text}");
            let (mine, other) = (forwards.position(), trees.position());
            let between = &text[mine.min(other)..mine.max(other)];
            let meaningless = |line: &str| line.trim().is_empty() || line.trim().starts_with('#');
            assert!(between.lines().all(meaningless), "{mine} or {other}, from {start}:\n{text}");
            read += 1;
        }
        if !matches!(tree, Ok(Some(_))) {
            return read;
        }
    }
}

/// The first part of two trees that is not the same, in words.
fn difference(one: &Node, other: &Node, sources: &SourceMap) -> Option<String> {
    let differs = |what: String| Some(format!("{} : {what}", sources.location(other.span)));
    match (&one.value, &other.value) {
        (Value::List(ones), Value::List(others)) if ones.len() == others.len() => {
            let inner = ones.iter().zip(others).find_map(|(one, other)| difference(one, other, sources));
            if inner.is_some() {
                return inner;
            }
        }
        (Value::Map(ones), Value::Map(others)) if ones.len() == others.len() => {
            for (one, other) in ones.iter().zip(others) {
                if (&one.key, one.key_span) != (&other.key, other.key_span) {
                    return differs(format!("key {one:?} is not {other:?}"));
                }
                let inner = difference(&one.value, &other.value, sources);
                if inner.is_some() {
                    return inner;
                }
            }
        }
        (one, other) if one == other => {}
        (one, other) => return differs(format!("{one:?} is not {other:?}")),
    }
    if one.span == other.span {
        return None;
    }
    differs(format!(
        "{:?} is not {:?}: {:.40} … {:.40}",
        (one.span.start(), one.span.end()),
        (other.span.start(), other.span.end()),
        sources.text_of(one.span),
        sources.text_of(other.span)
    ))
}

fn skips_alike<'a>(mut cursor: impl Cursor<'a>, is_read: bool) {
    assert_eq!(skip(&mut cursor).is_some(), is_read);
}

#[test]
fn real_texts_are_the_same_either_way() {
    let (mut read, mut files) = (0, 0);
    for bytes in corpus() {
        read += agree(&bytes);
        files += 1;
    }
    assert!(files == 0 || read > files, "{read} documents of {files} files");
}

/// A change to a text: where (out of 65,536 parts), and which.
pub(crate) type Change = (u16, u8, u8);

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases.max(2_000), ..ProptestConfig::default() })]

    #[test]
    fn texts_of_pieces_are_the_same_either_way(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..40)) {
        agree(pieces.concat().as_bytes());
    }

    #[test]
    fn changed_texts_are_the_same_either_way(
        sample in prop::sample::select(SAMPLES),
        changes in prop::collection::vec(any::<Change>(), 1..6),
    ) {
        agree(changed(sample, &changes).as_bytes());
    }
}

#[test]
fn what_programs_print_is_read_without_trees() {
    for sample in SAMPLES {
        let documents = if sample.contains("---") { 2 } else { 1 };
        assert!(agree(sample.as_bytes()) >= documents, "{sample}");
    }
}

pub(crate) fn changed(text: &str, changes: &[Change]) -> String {
    let mut text = text.to_owned();
    for &(place, kind, what) in changes {
        let mut at = text.len() * usize::from(place) / (1 << 16);
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        let line_start = text[..at].rfind('\n').map_or(0, |end| end + 1);
        let line_end = text[at..].find('\n').map_or(text.len(), |end| at + end + 1);
        let piece = PIECES[usize::from(what) % PIECES.len()];
        match kind % 8 {
            0 => text.insert_str(at, piece),
            1 => text.insert_str(line_start, piece),
            2 => text.insert_str(line_start, &" ".repeat(1 + usize::from(what % 4))),
            3 => text.replace_range(line_start..line_end, ""),
            4 => {
                let line = text[line_start..line_end].to_owned();
                text.insert_str(line_start, &line);
            }
            5 => {
                let blanks = text[line_start..].len() - text[line_start..].trim_start_matches(' ').len();
                text.replace_range(line_start..line_start + blanks.min(1 + usize::from(what % 4)), "");
            }
            6 => text.truncate(at),
            _ => {
                let end = text[at..].chars().next().map_or(at, |next| at + next.len_utf8());
                text.replace_range(at..end, piece);
            }
        }
    }
    text
}

/// What YAML and JSON are made of, with what is seldom among it.
const PIECES: &[&str] = &[
    " ",
    "  ",
    "\n",
    "\n  ",
    "\n    ",
    "\n- ",
    "\n  - ",
    "- ",
    ": ",
    ":",
    "a: ",
    "b:\n",
    "a",
    "b c",
    "key: value\n",
    "\"",
    "'",
    "''",
    "\\",
    "\"x\"",
    "'y'",
    "\\n",
    "\\u0041",
    "[",
    "]",
    "{",
    "}",
    "[]",
    "{}",
    ",",
    "[a, \"b\"]",
    "{\"a\":1}",
    "#",
    " # comment\n",
    "\n# comment\n",
    "\n---\n",
    "---",
    "...",
    "\n...\n",
    "|",
    "|\n  text\n",
    " |-\n    text\n\n  ",
    ">",
    "|+",
    "&a",
    "*a",
    "!!str ",
    "~",
    "null",
    "yes",
    "on",
    "012",
    "1e3",
    ".5",
    "-1",
    "0",
    "<<: ",
    "? ",
    "%",
    "@",
    "`",
    "=",
    "\t",
    "\r\n",
    "\u{e9}",
    "\u{a0}",
    "\u{feff}",
    "\u{2028}",
    "true",
    "1.0",
    "\"a\": ",
    "\"\"",
    "apiVersion: v1\n",
    "items:\n",
];

/// Texts as programs print them and people write them.
pub(crate) const SAMPLES: &[&str] = &[
    "apiVersion: v1\nitems:\n- apiVersion: rbac.authorization.k8s.io/v1\n  kind: Role\n  metadata:\n    annotations:\n      \
     a.b/c: |\n        {\"a\": 1}\n\n          more\n      description: words that go on\n        in a second line\n    \
     creationTimestamp: \"2024-01-31T10:00:00Z\"\n    labels: {}\n    name: r\n    namespace: n\n  rules:\n  - apiGroups:\n    - \"\"\n    \
     resources:\n    - pods\n    - '*'\n    verbs:\n    - get\nkind: List\nmetadata:\n  resourceVersion: \"\"\n",
    "# A role.\n---\nkind: Role\nmetadata:\n  name: it's\n  x: null\n  creationTimestamp: null\nrules:\n  # The rule.\n  - apiGroups: [\"\", apps]\n    \
     resources: [ 'pods' ] # All.\n\n    verbs: []\n---\nkind: y\nsubjects:\n  - kind: User\n    name: \"a \\\"b\\\"\"\nroleRef:\n",
    "---\n{\"kind\":\"Role\",\"rules\":[{\"verbs\":[\"get\", \"list\"],\"n\":12}],\"x\":{},\"y\":[]}\n---\n{\"a\":null,\"b\":true}\n",
    "{\"kind\":\"Role\",\n  \"a\": [1, 2, {\"b\": \"\\u003ca\\n\"}],\n\"c\": false}\n{\"d\": [[]]}\n",
];

/// The files of the shared corpus, where there is one.
pub(crate) fn corpus() -> Vec<Vec<u8>> {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared");
    let root = std::env::var_os("ROLECALL_SHARED").map_or_else(|| default.into(), PathBuf::from);
    let mut files = Vec::new();
    walk(&root.join("corpus"), &mut files);
    files.sort();
    assert!(std::env::var_os("CI").is_none() || !files.is_empty(), "{} has no corpus", root.display());
    if files.is_empty() {
        eprintln!("skipped: {} has no corpus", root.display());
    }
    files.iter().map(|file| fs::read(file).unwrap()).collect()
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, files);
        } else {
            files.push(path);
        }
    }
}
