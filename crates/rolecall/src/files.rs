//! Which files are read, and in which order.
//!
//! A path that is named is read whatever it is called, also when it is a pipe (`<(kubectl get … -o yaml)`).
//! In a directory that is named, and in its subdirectories, these are read: regular files that end in
//! `.yaml`, `.yml`, `.json` or `.jsonl`, in the order of their paths, which is the order in which
//! `kubectl apply -R` takes them. Beyond that:
//!
//! | found in a directory | what happens |
//! | --- | --- |
//! | a hidden file or directory (its name begins with a dot) | left out, with a note for files: editors, version control and mounts of a `ConfigMap` put copies there |
//! | a link to a file | read, unless the file itself is read anyway |
//! | a link to a directory | not followed, with a note, as kubectl does not: no loop can hang |
//! | a link to nothing | left out, with a warning |
//! | a pipe, a socket, a device | never opened, with a warning |
//! | a file or directory that cannot be read | an error |
//!
//! A file that is named twice, or named and found, is read once, in the first place.

use std::{
    collections::HashSet,
    ffi::OsStr,
    fmt, fs,
    io::{self, Read},
    path::{Path, PathBuf},
};

use rolecall_diagnostics::{Finding, did_you_mean};
use rolecall_kubernetes::{
    document::Limits,
    load::{Load, LoadOptions, Loader},
};

/// Endings of the files that are read in a directory.
pub const EXTENSIONS: [&str; 4] = ["yaml", "yml", "json", "jsonl"];

/// The name of the finding that says that a path cannot be read.
pub const UNREADABLE: &str = "unreadable";

/// The name of the finding that says that a compiled policy stands where it cannot be read.
#[cfg(feature = "compiled")]
const COMPILED: &str = "compiled-policy";

/// Files and texts in the order in which they are read.
#[derive(Debug, Default)]
pub struct Inputs {
    inputs: Vec<Input>,
    /// The true paths of all regular files in `inputs`.
    seen: HashSet<PathBuf>,
}

#[derive(Debug)]
enum Input {
    File(PathBuf),
    Finding(Finding),
    Text { name: String, bytes: Vec<u8> },
}

impl Inputs {
    /// No input yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a file, or a directory with the files in it. Nothing is opened before
    /// [`load`](Self::load), directories apart.
    ///
    /// # Errors
    ///
    /// When there is nothing at the path, or it cannot be looked at, or no file is found in it. Trouble
    /// further down in a directory is a finding of the load.
    pub fn add_path(&mut self, path: &Path) -> Result<(), InputError> {
        let metadata = fs::metadata(path).map_err(|error| InputError::unreadable(path, error))?;
        if metadata.is_dir() {
            return self.add_directory(path);
        }
        if metadata.is_file() {
            let true_path = fs::canonicalize(path).map_err(|error| InputError::unreadable(path, error))?;
            if !self.seen.insert(true_path) {
                return Ok(());
            }
        }
        self.inputs.push(Input::File(path.to_owned()));
        Ok(())
    }

    /// Reads a stream to its end, or to just past the limit, which is then a finding of the load.
    ///
    /// # Errors
    ///
    /// When reading fails.
    pub fn add_reader(&mut self, name: &str, reader: impl Read, limits: &Limits) -> Result<(), InputError> {
        let bytes =
            read_to_limit(reader, limits).map_err(|error| InputError::unreadable(Path::new(name), error))?;
        self.add_text(name, bytes);
        Ok(())
    }

    /// Adds a text.
    pub fn add_text(&mut self, name: impl Into<String>, bytes: impl Into<Vec<u8>>) {
        self.inputs.push(Input::Text { name: name.into(), bytes: bytes.into() });
    }

    /// Takes in what somebody else found.
    pub fn add_finding(&mut self, finding: Finding) {
        self.inputs.push(Input::Finding(finding));
    }

    /// Reads everything and makes one policy set of it.
    pub fn load(self, options: LoadOptions) -> Load {
        let limits = options.limits;
        let mut loader = Loader::new(options);
        for input in self.inputs {
            match input {
                Input::File(path) => match read_file(&path, &limits) {
                    Ok(bytes) => add(&mut loader, &path.to_string_lossy(), bytes),
                    Err(finding) => loader.add_finding(*finding),
                },
                Input::Finding(finding) => loader.add_finding(finding),
                Input::Text { name, bytes } => add(&mut loader, &name, bytes),
            }
        }
        loader.finish()
    }

    fn add_directory(&mut self, root: &Path) -> Result<(), InputError> {
        let mut tree = Tree::default();
        tree.walk(root)?;
        let mut files = Vec::new();
        for (path, true_path) in tree.files {
            if self.seen.insert(true_path) {
                files.push(path);
            }
        }
        // Links come after all files: a file is named by its own path where that is read.
        for link in tree.links {
            if let Some(true_path) = tree.findings.follow(&link)
                && self.seen.insert(true_path)
            {
                files.push(link);
            }
        }
        files.sort();
        let findings = tree.findings.finish(root);
        if tree.count == 0 && !findings.iter().any(is_error) {
            return Err(InputError { path: root.to_owned(), kind: InputErrorKind::NoFiles });
        }
        self.inputs.extend(findings.into_iter().map(Input::Finding));
        self.inputs.extend(files.into_iter().map(Input::File));
        Ok(())
    }
}

/// A path that cannot be read, or a directory with nothing to read.
#[derive(Debug)]
pub struct InputError {
    path: PathBuf,
    kind: InputErrorKind,
}

#[derive(Debug)]
enum InputErrorKind {
    NoFiles,
    Unreadable(io::Error),
}

impl InputError {
    pub(crate) fn unreadable(path: &Path, error: io::Error) -> Self {
        Self { path: path.to_owned(), kind: InputErrorKind::Unreadable(error) }
    }

    /// The path, as it was named.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The error as a finding among others.
    pub fn to_finding(&self) -> Finding {
        let path = self.path.to_string_lossy();
        match &self.kind {
            InputErrorKind::NoFiles => Finding::error("no-policy-files", "there is nothing to read in this directory")
                .in_file(path, None)
                .help("files in a directory are read if they end in .yaml, .yml, .json or .jsonl and do not begin with a dot"),
            InputErrorKind::Unreadable(error) => {
                let finding =
                    Finding::error(UNREADABLE, format!("cannot read this: {}", plain(error))).in_file(path, None);
                match similar_name(&self.path).filter(|_| error.kind() == io::ErrorKind::NotFound) {
                    Some(similar) => finding.help(format!("did you mean `{}`?", similar.to_string_lossy())),
                    None => finding.help("expected a file or directory of Kubernetes manifests or ABAC policies"),
                }
            }
        }
    }
}

impl fmt::Display for InputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.to_string_lossy();
        match &self.kind {
            InputErrorKind::NoFiles => {
                write!(f, "no file in `{path}` ends in .yaml, .yml, .json or .jsonl")
            }
            InputErrorKind::Unreadable(_) => write!(f, "cannot read `{path}`"),
        }
    }
}

impl std::error::Error for InputError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.kind {
            InputErrorKind::NoFiles => None,
            InputErrorKind::Unreadable(error) => Some(error),
        }
    }
}

/// What stands in a directory and in those below it.
#[derive(Debug, Default)]
struct Tree {
    /// Regular files with their true paths, in the order of their paths.
    files: Vec<(PathBuf, PathBuf)>,
    /// Links, likewise.
    links: Vec<PathBuf>,
    /// Files and links that have an ending to be read.
    count: usize,
    findings: TreeFindings,
}

impl Tree {
    fn walk(&mut self, root: &Path) -> Result<(), InputError> {
        let true_root = fs::canonicalize(root).map_err(|error| InputError::unreadable(root, error))?;
        // Opened here so that a root that cannot be read is the caller's error and not a finding.
        let entries = fs::read_dir(root).map_err(|error| InputError::unreadable(root, error))?;
        let mut directories = Vec::new();
        self.take_entries(root, &true_root, entries, &mut directories);
        while let Some((path, true_path)) = directories.pop() {
            match fs::read_dir(&path) {
                Ok(entries) => self.take_entries(&path, &true_path, entries, &mut directories),
                Err(error) => self.findings.unreadable(&path, error),
            }
        }
        self.files.sort();
        self.links.sort();
        Ok(())
    }

    fn take_entries(
        &mut self,
        directory: &Path,
        true_directory: &Path,
        entries: fs::ReadDir,
        directories: &mut Vec<(PathBuf, PathBuf)>,
    ) {
        for entry in entries {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    self.findings.unreadable(directory, error);
                    continue;
                }
            };
            let name = entry.file_name();
            let path = directory.join(&name);
            let kind = match entry.file_type() {
                Ok(kind) => kind,
                Err(error) => {
                    self.findings.unreadable(&path, error);
                    continue;
                }
            };
            if name.as_encoded_bytes().starts_with(b".") {
                self.findings.hidden += usize::from(!kind.is_dir() && is_policy_file(&path));
            } else if kind.is_dir() {
                let true_path = true_directory.join(&name);
                directories.push((path, true_path));
            } else if kind.is_symlink() {
                self.count += usize::from(is_policy_file(&path));
                self.links.push(path);
            } else if is_policy_file(&path) {
                if kind.is_file() {
                    self.count += 1;
                    self.files.push((path, true_directory.join(&name)));
                } else {
                    self.findings.special(&path);
                }
            }
        }
    }
}

/// What is noteworthy in a directory, in no order yet.
#[derive(Debug, Default)]
struct TreeFindings {
    findings: Vec<(PathBuf, Finding)>,
    hidden: usize,
}

impl TreeFindings {
    /// The true path of the file that a link leads to, if it is to be read.
    fn follow(&mut self, link: &Path) -> Option<PathBuf> {
        let readable = is_policy_file(link);
        let metadata = match fs::metadata(link) {
            Ok(metadata) => metadata,
            Err(error) => {
                if readable {
                    let message = format!("this link leads nowhere: {}", plain(&error));
                    self.push(link, Finding::warning("dangling-link", message));
                }
                return None;
            }
        };
        if metadata.is_dir() {
            let finding = Finding::note("linked-directory", "this link to a directory is not followed")
                .help("name the directory itself if it is meant");
            self.push(link, finding);
            return None;
        }
        if !readable {
            return None;
        }
        if !metadata.is_file() {
            self.special(link);
            return None;
        }
        match fs::canonicalize(link) {
            Ok(true_path) => Some(true_path),
            Err(error) => {
                self.unreadable(link, error);
                None
            }
        }
    }

    fn special(&mut self, path: &Path) {
        let finding = Finding::warning("special-file", "this is no regular file and is not opened")
            .help("a pipe or device is read only where it is named itself");
        self.push(path, finding);
    }

    fn unreadable(&mut self, path: &Path, error: io::Error) {
        let error = InputError::unreadable(path, error);
        self.findings.push((path.to_owned(), error.to_finding()));
    }

    fn push(&mut self, path: &Path, finding: Finding) {
        self.findings.push((path.to_owned(), finding.in_file(path.to_string_lossy(), None)));
    }

    fn finish(mut self, root: &Path) -> Vec<Finding> {
        self.findings.sort_by(|(left, _), (right, _)| left.cmp(right));
        let mut findings: Vec<_> = self.findings.into_iter().map(|(_, finding)| finding).collect();
        if self.hidden > 0 {
            let message = if self.hidden == 1 {
                "one hidden file in this directory is left out".to_owned()
            } else {
                format!("{} hidden files in this directory are left out", self.hidden)
            };
            findings.push(
                Finding::note("hidden-file", message)
                    .in_file(root.to_string_lossy(), None)
                    .help("name a file whose name begins with a dot if it is meant"),
            );
        }
        findings
    }
}

fn is_error(finding: &Finding) -> bool {
    finding.severity == rolecall_diagnostics::Severity::Error
}

fn is_policy_file(path: &Path) -> bool {
    path.extension().and_then(OsStr::to_str).is_some_and(|extension| EXTENSIONS.contains(&extension))
}

fn read_file(path: &Path, limits: &Limits) -> Result<Vec<u8>, Box<Finding>> {
    let unreadable = |error| Box::new(InputError::unreadable(path, error).to_finding());
    let file = fs::File::open(path).map_err(unreadable)?;
    let size = file.metadata().map_err(unreadable)?.len();
    if size > limits.bytes as u64 {
        let message = format!("this file has {size} bytes, more than the limit of {}", limits.bytes);
        return Err(Box::new(Finding::error("too-large", message).in_file(path.to_string_lossy(), None)));
    }
    read_to_limit(file, limits).map_err(unreadable)
}

/// Adds a text; a compiled policy is none.
fn add(loader: &mut Loader, name: &str, bytes: Vec<u8>) {
    #[cfg(feature = "compiled")]
    if rolecall_compiled::is_compiled(&bytes) {
        let finding = Finding::error(COMPILED, "this is a compiled policy, where a manifest is expected");
        return loader.add_finding(finding.in_file(name, None).help(
            "a compiled policy is read alone (-f FILE.rcb); to join it with others, compile them together from \
             the files that it was made of",
        ));
    }
    loader.add(name, bytes);
}

/// Reads one byte more than the limit at most: enough for the loader to see that it is too much.
fn read_to_limit(reader: impl Read, limits: &Limits) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.take((limits.bytes as u64).saturating_add(1)).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The error in words, without the number that the standard library adds.
fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    match text.split_once(" (os error ") {
        Some((words, _)) => words.to_lowercase(),
        None => text,
    }
}

/// A neighbour whose name is nearly the same.
fn similar_name(path: &Path) -> Option<PathBuf> {
    let wanted = path.file_name()?.to_str()?;
    let directory = match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    let mut names: Vec<_> = fs::read_dir(directory)
        .ok()?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    names.sort();
    did_you_mean(wanted, names.iter().map(String::as_str)).map(|name| path.with_file_name(name))
}
