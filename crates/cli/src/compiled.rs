//! Compiled policies on the command line: recognized, opened, and refused with a name and a way out.

use std::{
    fs::{self, File},
    io::{self, BufRead, BufReader, Read},
    path::{Path, PathBuf},
};

use clap::Args;
use rolecall::{
    compiled::{
        CompiledPolicy, FileError, KeyError, OpenOptions, SigningKey, VerifyingKey, is_compiled, to_finding,
    },
    diagnostics::Finding,
    source::SourceMap,
};

use crate::{exit::Failure, terminal::Terminal};

/// The ending of compiled policies.
const EXTENSION: &str = "rcb";

/// How a compiled policy is opened.
#[derive(Args, Clone, Debug)]
pub(crate) struct OpenArguments {
    /// Take only a compiled policy that is signed with this key: a public Ed25519 key in PEM, as openssl writes
    /// it.
    #[arg(long, value_name = "PUB.pem")]
    verify_key: Option<PathBuf>,

    /// Map a compiled policy into memory instead of reading it. While the command runs nobody may write into
    /// the file or truncate it; putting another in its place is fine.
    #[arg(long)]
    map: bool,
}

/// What is at a path.
pub(crate) enum Found {
    /// A compiled policy in a file.
    File(PathBuf),
    /// A compiled policy that comes in through a pipe.
    Stream(PathBuf, Box<dyn Read + Send>),
    /// Something else. What comes in through a pipe and was looked at cannot be opened again.
    Other(Option<Stream>),
}

/// A pipe or device that was opened, and where.
pub(crate) type Stream = (PathBuf, Box<dyn Read + Send>);

/// Whether these paths are one compiled policy.
pub(crate) fn find(paths: &[PathBuf]) -> Found {
    let [path] = paths else { return Found::Other(None) };
    // What cannot be opened is reported by whoever reads it.
    let look = || -> io::Result<Found> {
        if path == Path::new("-") {
            // Nothing is taken from standard input: the others read on where it stands.
            let is_one = is_compiled(io::stdin().lock().fill_buf()?);
            return Ok(if is_one {
                Found::Stream(path.clone(), Box::new(io::stdin()))
            } else {
                Found::Other(None)
            });
        }
        let metadata = fs::metadata(path)?;
        if metadata.is_dir() {
            return Ok(Found::Other(None));
        }
        let mut file = BufReader::new(File::open(path)?);
        let is_one = is_compiled(file.fill_buf()?);
        Ok(match (metadata.is_file(), is_one) {
            (true, true) => Found::File(path.clone()),
            (true, false) => Found::Other(None),
            (false, true) => Found::Stream(path.clone(), Box::new(file)),
            (false, false) => Found::Other(Some((path.clone(), Box::new(file)))),
        })
    };
    look().unwrap_or(Found::Other(None))
}

impl OpenArguments {
    /// Opens a compiled policy in a file.
    pub(crate) fn open(&self, path: &Path, terminal: &Terminal) -> Result<CompiledPolicy, Failure> {
        let mut options = OpenOptions::default();
        options.map = self.map;
        options.verify_key = self.key(terminal)?;
        CompiledPolicy::open(path, &options).map_err(|error| refused(&error, path, terminal))
    }

    /// Reads a compiled policy from a pipe.
    pub(crate) fn read(
        &self,
        path: &Path,
        stream: Box<dyn Read + Send>,
        terminal: &Terminal,
    ) -> Result<CompiledPolicy, Failure> {
        let key = self.key(terminal)?;
        CompiledPolicy::read(stream, key.as_ref()).map_err(|error| refused(&error, path, terminal))
    }

    /// Refuses files that are no compiled policy where only that will do: a signature is asked for, or the name
    /// promises it.
    pub(crate) fn check_others(&self, paths: &[PathBuf], terminal: &Terminal) -> Result<(), Failure> {
        let promised = |path: &&PathBuf| path.extension().is_some_and(|extension| extension == EXTENSION);
        let foreign = |path: &Path| to_finding(&FileError::Foreign, path);
        if let [path] = paths
            && promised(&path)
            && path.is_file()
        {
            return Err(report(foreign(path), terminal));
        }
        if self.verify_key.is_some()
            && let Some(path) = paths.first()
        {
            let help =
                "a signature is asked for (--verify-key), and only one compiled policy alone can have one";
            return Err(report(foreign(path).help(help), terminal));
        }
        Ok(())
    }

    /// Whether the signature of what was opened was compared.
    pub(crate) fn verifies(&self) -> bool {
        self.verify_key.is_some()
    }

    fn key(&self, terminal: &Terminal) -> Result<Option<VerifyingKey>, Failure> {
        let read = |path: &PathBuf| read_key(path, VerifyingKey::from_pem, terminal);
        self.verify_key.as_ref().map(read).transpose()
    }
}

/// The key with which a policy is signed.
pub(crate) fn signing_key(path: &Path, terminal: &Terminal) -> Result<SigningKey, Failure> {
    read_key(path, SigningKey::from_pem, terminal)
}

/// Says why a compiled policy is not taken.
pub(crate) fn refused(error: &FileError, path: &Path, terminal: &Terminal) -> Failure {
    report(to_finding(error, path), terminal)
}

fn read_key<K>(
    path: &Path,
    from_pem: impl Fn(&str) -> Result<K, KeyError>,
    terminal: &Terminal,
) -> Result<K, Failure> {
    // Larger than any key: a device or a disk image named by mistake is not read to its end.
    const LIMIT: u64 = 64 * 1024;
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(LIMIT).read_to_end(&mut bytes));
    if let Err(error) = read {
        let help = "expected a key in PEM, as openssl writes it";
        return Err(report(to_finding(&error.into(), path).help(help), terminal));
    }
    from_pem(&String::from_utf8_lossy(&bytes)).map_err(|error| {
        let finding = Finding::error("compiled-key", format!("this key cannot be used: {error}"));
        report(finding.in_file(path.to_string_lossy(), None).help(error.help()), terminal)
    })
}

fn report(finding: Finding, terminal: &Terminal) -> Failure {
    terminal.findings(&[finding], &SourceMap::new());
    Failure::Reported
}
