//! `rolecall review`: access reviews, a line each.

use std::{
    borrow::Cow,
    fs::File,
    io::{self, BufRead, BufReader, Read, Write},
    num::NonZeroUsize,
    ops::Range,
    panic,
    path::{Path, PathBuf},
    thread::{self, Builder},
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

/// How much is read at once, and so, with one line more, how much is answered at once.
const READ_AT_ONCE: usize = 1024 * 1024;

/// How many lines are worth a thread: to start one takes as long as some ten answers.
const LINES_WORTH_A_THREAD: usize = 64;

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

    /// How many threads answer; as many as the machine runs at once if not given. The output is the same.
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,
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
    let threads = arguments.threads.or_else(|| thread::available_parallelism().ok());
    let threads = threads.map_or(1, NonZeroUsize::get);
    let mut lines = Lines::new(input);
    let mut batch = Batch::default();
    let mut status = ExitStatus::Yes;
    let mut defaults = DefaultsUsed::default();
    while lines.fill(&mut batch).map_err(|error| unreadable(path.unwrap_or(Path::new("-")), &error))? {
        for answers in batch.answers(threads, caller.as_ref(), &engine) {
            terminal.answers().write_all(answers.text.as_bytes())?;
            if answers.some_refused {
                status = ExitStatus::Unanswered;
            }
            defaults.add_all(answers.defaults);
        }
        terminal.flush()?;
    }
    defaults.report(terminal);
    Ok(status)
}

/// The lines that were at hand together.
#[derive(Default)]
struct Batch {
    bytes: Vec<u8>,
    lines: Vec<Line>,
}

/// A line of the input, by its number from 1; of one that is too long nothing is kept.
struct Line {
    number: usize,
    bytes: Option<Range<usize>>,
}

/// What some lines that stand together are answered with.
#[derive(Default)]
struct Answers {
    text: String,
    some_refused: bool,
    defaults: DefaultsUsed,
}

impl Batch {
    /// The answers of all lines, in the order of the lines.
    fn answers(&self, threads: usize, caller: Option<&Caller>, engine: &Engine) -> Vec<Answers> {
        let share = self.lines.len().div_ceil(threads).max(LINES_WORTH_A_THREAD);
        let mut shares = self.lines.chunks(share);
        let own = shares.next().unwrap_or_default();
        thread::scope(|scope| {
            let others: Vec<_> = shares
                .map(|lines| {
                    let answers = move || self.answers_of(lines, caller, engine);
                    (lines, Builder::new().spawn_scoped(scope, answers))
                })
                .collect();
            let own = self.answers_of(own, caller, engine);
            let others = others.into_iter().map(|(lines, thread)| match thread {
                Ok(thread) => thread.join().unwrap_or_else(|cause| panic::resume_unwind(cause)),
                // A machine that starts no thread gets its answers all the same.
                Err(_) => self.answers_of(lines, caller, engine),
            });
            std::iter::once(own).chain(others).collect()
        })
    }

    fn answers_of(&self, lines: &[Line], caller: Option<&Caller>, engine: &Engine) -> Answers {
        let mut answers = Answers::default();
        for line in lines {
            let start = answers.text.len();
            let taken = match &line.bytes {
                Some(range) => answers.add(self.bytes.get(range.clone()).unwrap_or_default(), caller, engine),
                None => Err(Rejection {
                    code: 413,
                    reason: "RequestEntityTooLarge",
                    message: format!("Request entity too large: limit is {LINE_LIMIT}"),
                }),
            };
            if let Err(rejection) = taken {
                answers.some_refused = true;
                answers.text.push_str(&rejection.to_json(line.number));
            }
            answers.make_printable(start);
            answers.text.push('\n');
        }
        answers
    }
}

impl Answers {
    /// Answers one line; of one that is not taken nothing is written.
    fn add(&mut self, line: &[u8], caller: Option<&Caller>, engine: &Engine) -> Result<(), Rejection> {
        let review = Review::parse(line, caller)?;
        let determination = engine.determine(&review.request());
        self.defaults.add(engine.policies(), &determination);
        review.push_answer(&mut self.text, &review_status(engine.policies().model(), &determination));
        Ok(())
    }

    /// Makes the text from here on equal for whoever parses it, and harmless on a terminal.
    fn make_printable(&mut self, start: usize) {
        let answer = self.text.get(start..).unwrap_or_default();
        if let Cow::Owned(printable) = printable_json(answer) {
            self.text.truncate(start);
            self.text.push_str(&printable);
        }
    }
}

fn unreadable(path: &Path, error: &io::Error) -> Failure {
    Failure::message(format!("cannot read `{}`: {error}", path.display()))
}

/// The lines of a stream, each up to a limit.
struct Lines {
    input: BufReader<Box<dyn Read>>,
    number: usize,
}

impl Lines {
    fn new(input: Box<dyn Read>) -> Self {
        Self { input: BufReader::with_capacity(READ_AT_ONCE, input), number: 0 }
    }

    /// Waits for a line, and takes with it those that need no waiting; says whether there was any, blank ones among them.
    ///
    /// Only the first can fail to be read, so that none that was read goes without its answer.
    fn fill(&mut self, batch: &mut Batch) -> io::Result<bool> {
        batch.bytes.clear();
        batch.lines.clear();
        let mut any = false;
        while (!any || self.has_more_at_hand()) && self.next(batch)? {
            any = true;
        }
        Ok(any)
    }

    /// Appends one line, unless it is blank; says whether there was one.
    fn next(&mut self, batch: &mut Batch) -> io::Result<bool> {
        let start = batch.bytes.len();
        let limit = LINE_LIMIT as u64 + 1;
        let read = self.input.by_ref().take(limit).read_until(b'\n', &mut batch.bytes)?;
        if read == 0 {
            return Ok(false);
        }
        self.number += 1;
        let number = self.number;
        if batch.bytes.last() == Some(&b'\n') {
            batch.bytes.pop();
        } else if read > LINE_LIMIT {
            self.input.skip_until(b'\n')?;
            batch.bytes.truncate(start);
            batch.lines.push(Line { number, bytes: None });
            return Ok(true);
        }
        let range = start..batch.bytes.len();
        if batch.bytes.get(range.clone()).is_some_and(|line| !line.iter().all(u8::is_ascii_whitespace)) {
            batch.lines.push(Line { number, bytes: Some(range) });
        }
        Ok(true)
    }

    /// Whether the next line can be had without waiting for it.
    fn has_more_at_hand(&self) -> bool {
        self.input.buffer().contains(&b'\n')
    }
}
