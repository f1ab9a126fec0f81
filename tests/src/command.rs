//! A command run as a user runs it: its output, and what it costs.

use std::{
    ffi::OsStr,
    fs,
    io::Read,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// What came of running a command.
#[derive(Debug)]
pub struct Run {
    /// The exit code; `None` when it was ended by a signal, or by us after [`DEADLINE`].
    pub code: Option<i32>,
    /// What it wrote to standard output.
    pub stdout: String,
    /// What it wrote to standard error.
    pub stderr: String,
    /// How long it took.
    pub elapsed: Duration,
    /// The most memory it held, in MiB, where the system tells.
    pub peak_mib: Option<f64>,
}

/// After this time a command is taken to hang.
pub const DEADLINE: Duration = Duration::from_secs(300);

impl Run {
    /// Both outputs.
    pub fn output(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }

    /// Whether it ended by itself with a code that a command gives on purpose.
    pub fn ended_well(&self) -> bool {
        matches!(self.code, Some(0..=2))
    }
}

/// Runs a command in a folder, without standard input.
///
/// # Panics
///
/// When it cannot be started.
pub fn run<A: AsRef<OsStr>>(program: &Path, folder: &Path, arguments: impl IntoIterator<Item = A>) -> Run {
    let start = Instant::now();
    let mut child = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .env("NO_COLOR", "1")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{}: {error}", program.display()));
    // Both pipes are drained beside each other, so that a full one never stops the command.
    let stdout = drain(child.stdout.take().unwrap());
    let stderr = drain(child.stderr.take().unwrap());
    let mut peak_mib = None;
    let code = loop {
        peak_mib = peak_memory(child.id()).or(peak_mib);
        if let Some(status) = child.try_wait().unwrap() {
            break status.code();
        }
        if start.elapsed() > DEADLINE {
            // It may have ended in this very moment.
            let _ = child.kill();
            child.wait().unwrap();
            break None;
        }
        thread::sleep(POLL);
    };
    let elapsed = start.elapsed();
    Run { code, stdout: stdout.join().unwrap(), stderr: stderr.join().unwrap(), elapsed, peak_mib }
}

fn drain(mut pipe: impl Read + Send + 'static) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        pipe.read_to_end(&mut bytes).unwrap();
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// The high-water mark of a running process's memory, which Linux keeps; read until it ends.
fn peak_memory(process: u32) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib / 1024.0)
}

const POLL: Duration = Duration::from_millis(2);
