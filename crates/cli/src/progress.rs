//! Progress on a terminal, for what takes longer than a second.

use std::{
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressStyle};

use crate::terminal::Terminal;

/// Does the work; where somebody watches and it takes longer than a second, standard error says so until it
/// is done.
///
/// Nothing of that is left when this returns, so that whatever is printed next stands where it belongs. The
/// cursor is never hidden and the terminal's modes stay as they are: an interrupt has nothing to tidy up.
pub(crate) fn watched<T>(what: &str, work: impl FnOnce() -> T) -> T {
    if !Terminal::is_watched() {
        return work();
    }
    thread::scope(|scope| {
        let (working, ended) = mpsc::channel::<()>();
        scope.spawn(move || show(what, &ended));
        let outcome = work();
        // The other end wakes up at once, and the scope waits until it has cleared its line.
        drop(working);
        outcome
    })
}

/// Shows a line once the work has taken its second, until it ends.
fn show(what: &str, ended: &mpsc::Receiver<()>) {
    let start = Instant::now();
    let mut line: Option<ProgressBar> = None;
    let mut pause = PATIENCE;
    while ended.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
        pause = FRAME;
        let line = line.get_or_insert_with(|| {
            let line = ProgressBar::new_spinner();
            if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
                line.set_style(style);
            }
            line
        });
        line.set_message(format!("{what}: {} s", start.elapsed().as_secs()));
        line.tick();
    }
    if let Some(line) = line {
        line.finish_and_clear();
    }
}

const PATIENCE: Duration = Duration::from_secs(1);
const FRAME: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_work_is_done_once_and_its_outcome_handed_on() {
        let mut runs = 0;
        let outcome = watched("counting", || {
            runs += 1;
            7
        });
        assert_eq!((outcome, runs), (7, 1));
    }

    #[test]
    fn the_line_goes_away_as_soon_as_the_work_ends() {
        let start = Instant::now();
        let (working, ended) = mpsc::channel::<()>();
        let line = thread::spawn(move || show("waiting", &ended));
        drop(working);
        line.join().unwrap();
        assert!(start.elapsed() < PATIENCE, "{:?}", start.elapsed());
    }
}
