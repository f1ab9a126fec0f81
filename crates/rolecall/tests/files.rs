//! Which files of a directory are read, in which order, and what is said of the others.

#![cfg(all(feature = "kubernetes", unix))]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Command,
    sync::atomic::{AtomicUsize, Ordering},
};

use rolecall::{
    files::{Inputs, UNREADABLE},
    kubernetes::{
        document::Limits,
        load::{Load, LoadOptions},
    },
};

/// A directory that goes away with its test.
struct Directory(PathBuf);

impl Directory {
    fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("files-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// Writes a file that holds a ClusterRole.
    fn role(&self, name: &str) -> PathBuf {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let role = name.replace('/', ".");
        let text = format!(
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata:\n  name: {role}\nrules: []\n"
        );
        fs::write(&path, text).unwrap();
        path
    }

    fn link(&self, target: impl AsRef<Path>, name: &str) {
        symlink(target, self.0.join(name)).unwrap();
    }

    fn pipe(&self, name: &str) -> PathBuf {
        let path = self.0.join(name);
        assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
        path
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

fn load(paths: &[&Path], limits: Limits) -> Load {
    let mut inputs = Inputs::new();
    for path in paths {
        if let Err(error) = inputs.add_path(path) {
            inputs.add_finding(error.to_finding());
        }
    }
    inputs.load(LoadOptions { limits, ..LoadOptions::default() })
}

/// The files that were read and the names of the findings, paths relative to the directory.
fn read(directory: &Directory, paths: &[&Path]) -> (Vec<String>, Vec<(&'static str, String)>) {
    let loaded = load(paths, Limits::default());
    let relative = |path: &str| {
        let path = Path::new(path);
        path.strip_prefix(&directory.0).unwrap_or(path).display().to_string()
    };
    let files = loaded.files.iter().map(|file| relative(&file.file)).collect();
    let findings = loaded.findings.iter();
    let findings =
        findings.map(|finding| (finding.name, relative(finding.file.as_deref().unwrap_or_default())));
    (files, findings.collect())
}

#[test]
fn files_come_in_the_order_of_their_paths_whatever_their_ending() {
    let directory = Directory::new();
    for name in ["b.yml", "a.yaml", "sub/z.json", "sub/deeper/c.jsonl", "sub.yaml", "notes.txt", "README"] {
        directory.role(name);
    }
    let (files, findings) = read(&directory, &[&directory.0]);
    assert_eq!(files, ["a.yaml", "b.yml", "sub/deeper/c.jsonl", "sub/z.json", "sub.yaml"]);
    assert_eq!(findings, []);
}

#[test]
fn a_named_file_is_read_whatever_its_name_and_no_file_is_read_twice() {
    let directory = Directory::new();
    let (txt, yaml) = (directory.role("notes.txt"), directory.role("a.yaml"));
    directory.role("b.yaml");
    directory.link("a.yaml", "0-link.yaml");
    let (files, findings) = read(&directory, &[&txt, &yaml, &directory.0, &yaml]);
    assert_eq!(files, ["notes.txt", "a.yaml", "b.yaml"]);
    assert_eq!(findings, []);
}

#[test]
fn links_to_files_are_read_once_and_links_to_directories_not_followed() {
    let directory = Directory::new();
    let elsewhere = Directory::new();
    elsewhere.role("x.txt");
    directory.role("a.yaml");
    directory.role("sub/b.yaml");
    directory.link(elsewhere.0.join("x.txt"), "x.yaml");
    directory.link(elsewhere.0.join("x.txt"), "y.yaml");
    directory.link("..", "sub/loop");
    directory.link("a.yaml", "sub/no-ending");
    directory.link("missing", "sub/dangling.yaml");
    directory.link("self.yaml", "self.yaml");
    directory.link("missing", "nothing-to-us");
    let (files, findings) = read(&directory, &[&directory.0]);
    assert_eq!(files, ["a.yaml", "sub/b.yaml", "x.yaml"]);
    assert_eq!(
        findings,
        [
            ("dangling-link", "self.yaml".to_owned()),
            ("dangling-link", "sub/dangling.yaml".to_owned()),
            ("linked-directory", "sub/loop".to_owned()),
        ]
    );
}

#[test]
fn a_mounted_config_map_is_read_once_by_its_plain_names() {
    let directory = Directory::new();
    directory.role("..2026_01_01/policy.yaml");
    directory.link("..2026_01_01", "..data");
    directory.link("..data/policy.yaml", "policy.yaml");
    let (files, findings) = read(&directory, &[&directory.0]);
    assert_eq!((files, findings), (vec!["policy.yaml".to_owned()], vec![]));
}

#[test]
fn hidden_files_are_left_out_with_a_note_unless_they_are_named() {
    let directory = Directory::new();
    directory.role("a.yaml");
    let hidden = directory.role(".a.yaml");
    directory.role(".git/b.yaml");
    directory.role(".hidden.txt");
    let (files, findings) = read(&directory, &[&directory.0]);
    assert_eq!(files, ["a.yaml"]);
    assert_eq!(findings, [("hidden-file", String::new())]);
    assert_eq!(read(&directory, &[&hidden]).0, [".a.yaml"]);
}

#[test]
fn a_pipe_is_opened_only_where_it_is_named() {
    let directory = Directory::new();
    directory.role("a.yaml");
    let pipe = directory.pipe("pipe.yaml");
    directory.link("pipe.yaml", "link.yaml");
    let (files, findings) = read(&directory, &[&directory.0]);
    assert_eq!(files, ["a.yaml"]);
    assert_eq!(
        findings,
        [("special-file", "link.yaml".to_owned()), ("special-file", "pipe.yaml".to_owned())]
    );
    let source = directory.role("b.yaml");
    let writer = std::thread::spawn({
        let pipe = pipe.clone();
        move || fs::write(pipe, fs::read(source).unwrap()).unwrap()
    });
    assert_eq!(read(&directory, &[&pipe]), (vec!["pipe.yaml".to_owned()], vec![]));
    writer.join().unwrap();
}

#[test]
fn nothing_to_read_is_an_error() {
    let directory = Directory::new();
    directory.role("notes.txt");
    directory.role(".hidden.yaml");
    let (files, findings) = read(&directory, &[&directory.0]);
    assert_eq!((files, findings), (vec![], vec![("no-policy-files", String::new())]));
    let missing = directory.0.join("notes.tx");
    let loaded = load(&[&missing], Limits::default());
    assert_eq!(loaded.findings.first().map(|finding| finding.name), Some(UNREADABLE));
    let help = loaded.findings.first().and_then(|finding| finding.help.clone()).unwrap();
    assert!(help.ends_with("notes.txt`?"), "{help}");
    assert!(loaded.policies.is_none());
}

#[test]
fn a_file_over_the_limit_is_refused_unread() {
    let directory = Directory::new();
    let large = directory.role("large.yaml");
    fs::OpenOptions::new().write(true).open(&large).unwrap().set_len(1 << 40).unwrap();
    let loaded = load(&[&large], Limits { bytes: 1 << 20, ..Limits::default() });
    assert_eq!(loaded.findings.len(), 1);
    assert!(
        loaded.findings.iter().all(|finding| finding.message.contains("1048576")),
        "{:?}",
        loaded.findings
    );
    assert!(loaded.policies.is_none());
}

#[test]
fn a_stream_over_the_limit_is_refused_after_the_limit() {
    let mut inputs = Inputs::new();
    let limits = Limits { bytes: 1000, ..Limits::default() };
    inputs.add_reader("-", std::io::repeat(b'#'), &limits).unwrap();
    let loaded = inputs.load(LoadOptions { limits, ..LoadOptions::default() });
    assert!(loaded.policies.is_none());
    assert!(loaded.findings.iter().all(|finding| finding.message.contains("1000")), "{:?}", loaded.findings);
}

#[test]
fn what_cannot_be_read_in_a_directory_is_an_error_and_the_rest_is_read() {
    use std::os::unix::fs::PermissionsExt;
    let directory = Directory::new();
    let (secret, _) = (directory.role("secret.yaml"), directory.role("z.yaml"));
    directory.role("closed/a.yaml");
    let close = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    close(&secret, 0o000);
    close(&directory.0.join("closed"), 0o000);
    let (files, findings) = read(&directory, &[&directory.0]);
    close(&directory.0.join("closed"), 0o755);
    // The superuser may read everything.
    if fs::read(&secret).is_ok() {
        assert_eq!((files.len(), findings), (3, vec![]));
        return;
    }
    assert_eq!(files, ["z.yaml"]);
    assert_eq!(findings, [(UNREADABLE, "closed".to_owned()), (UNREADABLE, "secret.yaml".to_owned())]);
}
