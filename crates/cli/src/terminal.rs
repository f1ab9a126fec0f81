//! What is written to whom: answers to standard output, everything else to standard error.

use std::{
    fmt::Write as _,
    io::{self, IsTerminal, Write},
};

use anstyle::{AnsiColor, Style};
use rolecall::{
    diagnostics::{Finding, print},
    source::SourceMap,
};

/// Both output streams.
///
/// What is given to it as text may hold anything; where it is printed, nothing is left in it that a
/// terminal would interpret.
#[derive(Debug)]
pub(crate) struct Terminal {
    answers: io::BufWriter<io::Stdout>,
    styled: bool,
}

impl Terminal {
    pub(crate) fn new(color: anstream::ColorChoice) -> Self {
        color.write_global();
        let styled = anstream::AutoStream::choice(&io::stderr()) != anstream::ColorChoice::Never;
        Self { answers: io::BufWriter::with_capacity(64 * 1024, io::stdout()), styled }
    }

    /// Writes to standard output what is known to be harmless.
    pub(crate) fn answers(&mut self) -> &mut impl Write {
        &mut self.answers
    }

    /// Writes one line of text to standard output.
    pub(crate) fn answer(&mut self, line: &str) -> io::Result<()> {
        writeln!(self.answers, "{}", print::printable(line))
    }

    /// Sends on what was answered so far.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.answers.flush()
    }

    /// Drops answers that were not sent: after a failure to send them, trying again would only fail again.
    pub(crate) fn abandon(self) {
        let (_stdout, _unsent) = self.answers.into_parts();
    }

    /// Why there is no answer.
    pub(crate) fn error(&self, text: &str) {
        let lines: Vec<_> = text.split('\n').map(print::printable).collect();
        self.say(AnsiColor::Red, "error:", &lines.join("\n"));
    }

    /// A warning in kubectl's form.
    pub(crate) fn warning(&self, text: &str) {
        self.say(AnsiColor::Yellow, "Warning:", &print::printable(text));
    }

    /// Something worth knowing.
    pub(crate) fn note(&self, text: &str) {
        self.say(AnsiColor::Cyan, "note:", &print::printable(text));
    }

    /// An empty line, as kubectl puts it behind some warnings.
    pub(crate) fn gap() {
        Self::to_stderr("\n");
    }

    /// The one line that sums up.
    pub(crate) fn summary(text: &str) {
        Self::to_stderr(&format!("{}\n", print::printable(text)));
    }

    /// Findings as the answer.
    pub(crate) fn report(&mut self, findings: &[Finding], sources: &SourceMap) -> io::Result<()> {
        let styled = anstream::AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never;
        self.answers.write_all(print::terminal(findings, sources, styled).as_bytes())
    }

    /// Findings, with the lines that they are about.
    pub(crate) fn findings(&self, findings: &[Finding], sources: &SourceMap) {
        Self::to_stderr(&print::terminal(findings, sources, self.styled));
    }

    /// Whether somebody watches standard error.
    pub(crate) fn is_watched() -> bool {
        io::stderr().is_terminal()
    }

    fn say(&self, color: AnsiColor, prefix: &str, text: &str) {
        let style = if self.styled { Style::new().bold().fg_color(Some(color.into())) } else { Style::new() };
        let mut line = String::new();
        // Writing to a `String` cannot fail.
        let _ = writeln!(line, "{style}{prefix}{style:#} {text}");
        Self::to_stderr(&line);
    }

    fn to_stderr(text: &str) {
        // Where standard error is closed there is nobody to tell.
        let _ = io::stderr().write_all(text.as_bytes());
    }
}
