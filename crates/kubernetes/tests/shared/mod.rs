//! The shared material that tests hold the crate against.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

/// A folder of the shared material; `None`, with a notice, where it is missing and may be.
pub fn shared(part: &str) -> Option<PathBuf> {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared");
    let root = std::env::var_os("ROLECALL_SHARED").map_or_else(|| default.into(), PathBuf::from);
    let folder = root.join(part);
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(std::env::var_os("CI").is_none(), "{} is missing", folder.display());
    eprintln!("skipped: {} is missing", folder.display());
    None
}

pub fn json_file(file: &Path) -> Value {
    serde_json::from_slice(&fs::read(file).unwrap()).unwrap()
}

/// The folders in a folder, by name.
pub fn folders(folder: &Path) -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    assert!(!folders.is_empty(), "no case in {}", folder.display());
    folders
}

/// Whether a pattern of the corpus is found: alternatives by `|`, `x?`, `.`, and escaped characters; capitals
/// do not matter.
pub fn mentioned(text: &str, pattern: &str) -> bool {
    let text: Vec<char> = text.to_lowercase().chars().collect();
    pattern.to_lowercase().split('|').any(|alternative| {
        let mut pieces: Vec<(Option<char>, bool)> = Vec::new();
        let mut characters = alternative.chars();
        while let Some(character) = characters.next() {
            match character {
                '\\' => pieces.push((characters.next(), false)),
                '?' => pieces.last_mut().unwrap().1 = true,
                '.' => pieces.push((None, false)),
                other => pieces.push((Some(other), false)),
            }
        }
        (0..text.len()).any(|start| begins(&text[start..], &pieces))
    })
}

fn begins(text: &[char], pieces: &[(Option<char>, bool)]) -> bool {
    let [(character, optional), rest @ ..] = pieces else { return true };
    let taken = text.first().is_some_and(|first| character.is_none_or(|character| character == *first));
    (taken && begins(&text[1..], rest)) || (*optional && begins(text, rest))
}
