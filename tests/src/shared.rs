//! Where the shared material is.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use crate::report;

/// A folder of the shared material; `None` (with a notice) when there is no shared material here.
///
/// It stands in the folder that the environment variable `ROLECALL_SHARED` names, or else in `../shared`
/// beside the project.
///
/// # Panics
///
/// Where the environment variable `CI` is set, when it is missing; and always when only the folder is.
pub fn folder(path: &str) -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    let root = env::var_os("ROLECALL_SHARED").map_or_else(beside, PathBuf::from);
    if root.is_dir() {
        let folder = root.join(path);
        assert!(folder.is_dir(), "{} is missing from the shared material", folder.display());
        return Some(folder.canonicalize().unwrap());
    }
    assert!(env::var_os("CI").is_none(), "the shared material is required in CI: {}", root.display());
    report::line(&format!(
        "SKIPPED: there is no shared material at {}, so {path} is not tested",
        root.display()
    ));
    None
}

/// The folders in a folder, in the order of their names.
///
/// # Panics
///
/// When there is none.
pub fn folders_in(folder: &Path) -> Vec<PathBuf> {
    let mut folders: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    assert!(!folders.is_empty(), "{} holds no case", folder.display());
    folders
}

/// The text of a file.
///
/// # Panics
///
/// When it cannot be read.
pub fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The lines of a text: line feeds end them and nothing else does.
pub fn lines(text: &str) -> Vec<&str> {
    text.strip_suffix('\n').unwrap_or(text).split('\n').collect()
}
