//! `rolecall review`: access reviews, a line each.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read, Write},
    path::{Path, PathBuf},
};

use clap::Args;
use rolecall::{
    Engine,
    diagnostics::print::printable_json,
    kubernetes::{
        reason::review_status,
        review::{Caller, Rejection, Review},
    },
};

use crate::{
    defaults_used::DefaultsUsed,
    exit::{ExitStatus, Failure},
    identity::IdentityArguments,
    policy::PolicyArguments,
    terminal::Terminal,
};

/// The size of a request that an API server reads: 3 MiB.
const LINE_LIMIT: usize = 3 * 1024 * 1024;

/// Answer SubjectAccessReviews, one a line.
///
/// Each line of the input is a SubjectAccessReview, LocalSubjectAccessReview, or (with --as)
/// SelfSubjectAccessReview as JSON; each line of the output is the same object with its status filled, in
/// the same order. Groups are taken as they stand in the review. In the place of a review that an API
/// server would not take stands the Status that it would send. Blank lines are skipped.
#[derive(Args, Debug)]
#[command(
    after_help = "Exit codes: 0 every review was decided; 2 one was not taken, or the policy could not be loaded."
)]
pub(crate) struct Arguments {
    /// A file with the reviews; standard input if not given, or -.
    #[arg(value_name = "REQUESTS.jsonl | -")]
    requests: Option<PathBuf>,

    #[command(flatten)]
    policy: PolicyArguments,

    #[command(flatten)]
    identity: IdentityArguments,
}

pub(crate) fn run(arguments: &Arguments, terminal: &mut Terminal) -> Result<ExitStatus, Failure> {
    let path = arguments.requests.as_deref().filter(|path| *path != Path::new("-"));
    if path.is_none() && arguments.policy.reads_stdin() {
        return Err(Failure::message(
            "both the policy and the reviews would come from standard input: name a file for one of them",
        ));
    }
    let caller =
        arguments.identity.given()?.map(|identity| Caller { user: identity.user, groups: identity.groups });
    let engine = arguments.policy.open(terminal)?;
    let input: Box<dyn Read> = match path {
        Some(path) => Box::new(File::open(path).map_err(|error| unreadable(path, &error))?),
        None => Box::new(io::stdin()),
    };
    let mut lines = Lines::new(input);
    let mut status = ExitStatus::Yes;
    let mut defaults = DefaultsUsed::default();
    loop {
        let line = lines.next().map_err(|error| unreadable(path.unwrap_or(Path::new("-")), &error))?;
        let answer = match line {
            None => break,
            Some(Line::Text(line)) if line.iter().all(u8::is_ascii_whitespace) => continue,
            Some(Line::Text(line)) => answer(line, caller.as_ref(), &engine, &mut defaults),
            Some(Line::TooLong) => Err(Rejection {
                code: 413,
                reason: "RequestEntityTooLarge",
                message: format!("Request entity too large: limit is {LINE_LIMIT}"),
            }),
        };
        let answer = answer.unwrap_or_else(|rejection| {
            status = ExitStatus::Unanswered;
            rejection.to_json(lines.number)
        });
        // Equal for whoever parses it, and harmless on a terminal.
        writeln!(terminal.answers(), "{}", printable_json(&answer))?;
        if !lines.has_more_at_hand() {
            terminal.flush()?;
        }
    }
    terminal.flush()?;
    defaults.report(terminal);
    Ok(status)
}

fn answer(
    line: &[u8],
    caller: Option<&Caller>,
    engine: &Engine,
    defaults: &mut DefaultsUsed,
) -> Result<String, Rejection> {
    let review = Review::parse(line, caller)?;
    let determination = engine.determine(&review.request());
    defaults.add(engine.policies(), &determination);
    Ok(review.answer(&review_status(engine.policies().model(), &determination)))
}

fn unreadable(path: &Path, error: &io::Error) -> Failure {
    Failure::message(format!("cannot read `{}`: {error}", path.display()))
}

/// The lines of a stream, one at a time, each up to a limit.
struct Lines {
    input: BufReader<Box<dyn Read>>,
    line: Vec<u8>,
    number: usize,
}

enum Line<'a> {
    Text(&'a [u8]),
    TooLong,
}

impl Lines {
    fn new(input: Box<dyn Read>) -> Self {
        Self { input: BufReader::with_capacity(64 * 1024, input), line: Vec::new(), number: 0 }
    }

    fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        self.line.clear();
        let limit = LINE_LIMIT as u64 + 1;
        let read = self.input.by_ref().take(limit).read_until(b'\n', &mut self.line)?;
        if read == 0 {
            return Ok(None);
        }
        self.number += 1;
        if self.line.last() == Some(&b'\n') {
            self.line.pop();
        } else if self.line.len() > LINE_LIMIT {
            self.input.skip_until(b'\n')?;
            return Ok(Some(Line::TooLong));
        }
        Ok(Some(Line::Text(&self.line)))
    }

    /// Whether the next line can be had without waiting for it.
    fn has_more_at_hand(&self) -> bool {
        self.input.buffer().contains(&b'\n')
    }
}
