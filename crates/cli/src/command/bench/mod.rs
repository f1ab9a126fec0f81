//! `rolecall bench`: what this policy costs on this machine.

mod asked;
mod measured;

use std::{
    io::Write,
    path::PathBuf,
    time::{Duration, Instant},
};

use clap::{Args, ValueEnum};
use rolecall::{Engine, diagnostics::print::printable_json};
use serde_json::{Value, json};

use self::{
    asked::Asked,
    measured::{Latency, Measured, measure},
};
use crate::{
    command::rules::to_json,
    exit::{ExitStatus, Failure},
    policy::{PolicyArguments, count},
    progress,
    terminal::Terminal,
};

/// Measure what a decision on this policy costs on this machine, beside its floors.
///
/// The floors are what a decision cannot cost less than: a hash of every string of the request and one probe of a
/// table as large as the policy; or that probe alone, with numbers for the strings. Take the ratios: they are
/// measured together, and hold on a busy machine too.
#[derive(Args, Debug)]
#[command(after_help = "Exit codes: 0 it was measured; 2 the policy or the requests could not be read.")]
pub(crate) struct Arguments {
    /// A file with SubjectAccessReviews, one a line, the first 100,000 of which are asked; if not given, requests
    /// are drawn from the policy, half of them of what it grants.
    #[arg(value_name = "REQUESTS.jsonl")]
    requests: Option<PathBuf>,

    #[command(flatten)]
    policy: PolicyArguments,

    /// How long each row is measured.
    #[arg(long, value_name = "SECONDS", default_value_t = 1.0, value_parser = seconds)]
    time: f64,

    /// How to print.
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    output: Format,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    Json,
    Table,
}

fn seconds(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(seconds) if (0.001..=3600.0).contains(&seconds) => Ok(seconds),
        _ => Err("it is a number of seconds from 0.001 to 3600".to_owned()),
    }
}

pub(crate) fn run(arguments: &Arguments, terminal: &mut Terminal) -> Result<ExitStatus, Failure> {
    let engine = arguments.policy.open(terminal)?;
    let asked = match &arguments.requests {
        Some(path) => Asked::read(path)?,
        None => Asked::drawn(engine.policies().model()),
    };
    if asked.requests.is_empty() {
        return Err(Failure::message(if arguments.requests.is_some() {
            "there is no request to ask"
        } else {
            "the policy grants nothing to anybody, so no request can be drawn from it: name a file of requests"
        }));
    }
    let time = Duration::from_secs_f64(arguments.time);
    let report = progress::watched("measuring", || Report::new(&engine, &asked, time))?;
    match arguments.output {
        Format::Json => {
            let json = to_json(&report.to_value())?;
            writeln!(terminal.answers(), "{}", printable_json(&json))?;
        }
        Format::Table => report.print(&asked, terminal)?,
    }
    Ok(ExitStatus::Yes)
}

/// All that was measured.
struct Report {
    measured: Measured,
    requests: usize,
    allowed: usize,
    drawn: bool,
    compile: Duration,
    table_bytes: usize,
    roles: usize,
    bindings: usize,
    attribute_policies: usize,
    cores: usize,
}

impl Report {
    fn new(engine: &Engine, asked: &Asked, time: Duration) -> Result<Self, Failure> {
        let compile = compile_time(engine, time)?;
        let model = engine.policies().model();
        let measured = measure(engine, &asked.requests, time);
        Ok(Self {
            requests: asked.requests.len(),
            allowed: measured.allowed,
            drawn: asked.file.is_none(),
            measured,
            compile,
            table_bytes: engine.table_bytes(),
            roles: model.roles().len(),
            bindings: model.bindings().len(),
            attribute_policies: model.attribute_policies().len(),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
        })
    }

    /// The bytes of the tables for each binding or ABAC policy.
    fn bytes_of_one(&self) -> usize {
        self.table_bytes.checked_div(self.bindings + self.attribute_policies).unwrap_or_default()
    }

    fn print(&self, asked: &Asked, terminal: &mut Terminal) -> Result<(), Failure> {
        let Measured { floor_strings, floor_ids, authorize, over_strings, .. } = self.measured;
        terminal.answer(&format!(
            "authorize, from strings   {:>9}   {over_strings:.1} × the floor ({}: hash its strings, one probe)",
            nanoseconds(authorize),
            nanoseconds(floor_strings),
        ))?;
        terminal.answer(&format!(
            "one probe, from numbers   {:>9}   the floor of a request that is numbers already",
            nanoseconds(floor_ids)
        ))?;
        terminal.answer(&latency("alone, in a warm cache", &self.measured.warm))?;
        terminal.answer(&latency("alone, in a cold cache", &self.measured.cold))?;
        terminal.answer(&format!(
            "compile {} · {}, {} bytes a binding · this machine: {}, {}",
            duration(self.compile),
            size(self.table_bytes),
            self.bytes_of_one(),
            count(self.cores, "core", "cores"),
            std::env::consts::ARCH,
        ))?;
        let from = match &asked.file {
            Some(path) => format!("of `{}`", path.display()),
            None => "drawn from the policy".to_owned(),
        };
        let requests = count(self.requests, "request", "requests");
        terminal.answer(&format!("{requests} {from}, {} of them allowed", self.allowed))?;
        Ok(())
    }

    fn to_value(&self) -> Value {
        let Measured { floor_strings, floor_ids, authorize, over_strings, over_ids, .. } = self.measured;
        json!({
            "machine": {
                "cores": self.cores,
                "architecture": std::env::consts::ARCH,
                "operatingSystem": std::env::consts::OS,
            },
            "policy": {
                "roles": self.roles,
                "bindings": self.bindings,
                "attributePolicies": self.attribute_policies,
                "compileSeconds": self.compile.as_secs_f64(),
                "tableBytes": self.table_bytes,
                "bytesPerBinding": self.bytes_of_one(),
            },
            "requests": {
                "from": if self.drawn { "policy" } else { "file" },
                "count": self.requests,
                "allowed": self.allowed,
            },
            "floors": { "stringsNanoseconds": floor_strings, "idsNanoseconds": floor_ids },
            "rows": [{
                "name": "authorize",
                "nanoseconds": authorize,
                "overStrings": over_strings,
                "overIds": over_ids,
            }],
            "alone": {
                "warm": self.measured.warm.to_value(),
                "cold": self.measured.cold.to_value(),
            },
        })
    }
}

impl Latency {
    fn to_value(&self) -> Value {
        json!({
            "samples": self.samples,
            "p50Nanoseconds": self.p50,
            "p99Nanoseconds": self.p99,
            "p999Nanoseconds": self.p999,
        })
    }
}

/// The shortest of some compilations: whatever else happens only adds to it.
fn compile_time(engine: &Engine, time: Duration) -> Result<Duration, Failure> {
    let mut shortest = Duration::MAX;
    let begin = Instant::now();
    while shortest == Duration::MAX || begin.elapsed() < time {
        let start = Instant::now();
        let compiled = rolecall::compile(engine.policies());
        shortest = shortest.min(start.elapsed());
        compiled.map_err(|error| Failure::message(error.to_string()))?;
    }
    Ok(shortest)
}

fn latency(name: &str, latency: &Latency) -> String {
    let last = latency.p999.map_or("–".to_owned(), |time| format!("{time:.0}"));
    format!(
        "{name}    p50 {:.0} ns · p99 {:.0} · p99.9 {last}   of {}",
        latency.p50,
        latency.p99,
        count(latency.samples, "decision", "decisions"),
    )
}

fn nanoseconds(time: f64) -> String {
    if time < 100.0 { format!("{time:.1} ns") } else { format!("{time:.0} ns") }
}

fn duration(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    if seconds < 1.0 { format!("{:.1} ms", seconds * 1e3) } else { format!("{seconds:.1} s") }
}

fn size(bytes: usize) -> String {
    match bytes {
        0..10_240 => format!("{bytes} bytes"),
        10_240..10_485_760 => format!("{} KiB", bytes / 1024),
        _ => format!("{} MiB", bytes / 1_048_576),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_times_have_the_unit_that_is_read_easily() {
        assert_eq!([10, 38 << 10, 38 << 20].map(size), ["10 bytes", "38 KiB", "38 MiB"]);
        assert_eq!([4.44, 443.6].map(nanoseconds), ["4.4 ns", "444 ns"]);
        let times = [0.0008, 1.25].map(|seconds| duration(Duration::from_secs_f64(seconds)));
        assert_eq!(times, ["0.8 ms", "1.2 s"]);
    }

    #[test]
    fn the_time_of_a_row_is_a_reasonable_number_of_seconds() {
        assert_eq!(seconds("0.5"), Ok(0.5));
        for text in ["0", "-1", "inf", "NaN", "soon", "1e9"] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }
}
