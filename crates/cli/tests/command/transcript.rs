//! Command lines in a text of documentation, with what they print.

/// A command line of a page.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Step {
    /// The line of the page that it begins in, from 1.
    pub(crate) line: usize,
    /// By how much its block is indented.
    pub(crate) indent: usize,
    /// What is typed, without the prompt.
    pub(crate) command: String,
    /// What a terminal shows then; `None` where the page shows nothing, and the command has to succeed.
    pub(crate) shown: Option<String>,
}

/// All command lines of a page: those behind a prompt in blocks marked `console`, with what follows as their
/// output, and each line of blocks marked `sh`. A block may be indented, as it is in a list.
pub(crate) fn steps(page: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut block: Option<Block> = None;
    let mut goes_on = false;
    for (index, line) in page.lines().enumerate() {
        let number = index + 1;
        if let Some(language) = line.trim_start().strip_prefix("```") {
            assert!(!goes_on, "line {number}: the command line does not end in its block");
            let indent = line.len() - line.trim_start().len();
            block = if block.is_some() { None } else { Some(Block { language, indent }) };
            continue;
        }
        let Some(Block { language: language @ ("console" | "sh"), indent }) = block else {
            let words = line.trim_start().trim_start_matches("$ ").strip_prefix("rolecall ");
            let typed = block.is_some() && words.is_some_and(|words| !words.starts_with('='));
            assert!(!typed, "line {number}: command lines stand in blocks marked console or sh");
            continue;
        };
        let line = line.get(indent..).unwrap_or("");
        let typed = match language {
            _ if goes_on => Some(line),
            "console" => line.strip_prefix("$ "),
            _ => Some(line).filter(|line| !line.is_empty() && !line.starts_with('#')),
        };
        if let Some(typed) = typed {
            if goes_on {
                let step = steps.last_mut().unwrap();
                step.command.push('\n');
                step.command.push_str(typed);
            } else {
                let shown = (language == "console").then(String::new);
                steps.push(Step { line: number, indent, command: typed.to_owned(), shown });
            }
            goes_on = typed.ends_with(['\\', '|']);
        } else if language == "console" {
            let shown = steps.last_mut().and_then(|step| step.shown.as_mut());
            let shown = shown.unwrap_or_else(|| panic!("line {number}: output of no command"));
            shown.push_str(line);
            shown.push('\n');
        }
    }
    assert!(block.is_none(), "a block does not end");
    steps
}

/// A block that has begun.
#[derive(Clone, Copy)]
struct Block<'a> {
    language: &'a str,
    indent: usize,
}

/// Command lines within a sentence or a table: what stands between backticks and begins with `rolecall`.
pub(crate) fn mentions(page: &str) -> Vec<&str> {
    let mut mentions = Vec::new();
    let mut in_block = false;
    for line in page.lines() {
        if line.trim_start().starts_with("```") {
            in_block = !in_block;
        } else if !in_block {
            let spans = line.split('`').skip(1).step_by(2);
            mentions.extend(spans.filter_map(|span| span.strip_prefix("rolecall ")));
        }
    }
    mentions
}

/// Whether an output is the one that is shown, in which `…` stands for any text within a line, and on a line
/// of its own for any lines. Blank space at the end of lines does not count.
pub(crate) fn matches(shown: &str, printed: &str) -> bool {
    let shown: Vec<_> = shown.lines().map(str::trim_end).collect();
    let printed: Vec<_> = printed.lines().map(str::trim_end).collect();
    lines_match(&shown, &printed)
}

fn lines_match(shown: &[&str], printed: &[&str]) -> bool {
    match shown {
        [] => printed.is_empty(),
        ["…", rest @ ..] => (0..=printed.len()).any(|skipped| lines_match(rest, &printed[skipped..])),
        [first, rest @ ..] => printed
            .split_first()
            .is_some_and(|(line, more)| line_matches(first, line) && lines_match(rest, more)),
    }
}

fn line_matches(shown: &str, printed: &str) -> bool {
    let Some((start, rest)) = shown.split_once('…') else { return shown == printed };
    let Some(printed) = printed.strip_prefix(start) else { return false };
    let mut ends = printed.char_indices().map(|(at, _)| at).chain([printed.len()]);
    ends.any(|at| printed.get(at..).is_some_and(|end| line_matches(rest, end)))
}

#[test]
fn prompts_blocks_and_continued_lines_are_told_apart() {
    let page = "text\n```console\n$ a |\n    b\nout\n$ c\n```\n$ no\n```sh\n# why\nd \\\n  e\nf\n```\n- x\n\n  ```console\n  $ g\n    h\n  ```\n```yaml\nx: y\n```\n";
    let step = |line, indent, command: &str, shown: Option<&str>| Step {
        line,
        indent,
        command: command.to_owned(),
        shown: shown.map(str::to_owned),
    };
    assert_eq!(
        steps(page),
        [
            step(3, 0, "a |\n    b", Some("out\n")),
            step(6, 0, "c", Some("")),
            step(11, 0, "d \\\n  e", None),
            step(13, 0, "f", None),
            step(18, 2, "g", Some("  h\n")),
        ]
    );
}

#[test]
fn what_a_sentence_mentions_is_found() {
    let page = "Type `rolecall x -q`, not `y`:\n```sh\n`rolecall z`\n```\n| `a` | `rolecall b` |\n";
    assert_eq!(mentions(page), ["x -q", "b"]);
}

#[test]
fn an_ellipsis_stands_for_what_changes_and_for_nothing_else() {
    for (shown, printed) in [
        ("a\nb\n", "a  \nb\n"),
        ("in … s\n", "in 2.3 s\n"),
        ("…\nend\n", "one\ntwo\nend\n"),
        ("a\n…\n", "a\n"),
        ("…a…\n", "bab\n"),
    ] {
        assert!(matches(shown, printed), "{shown} {printed}");
    }
    for (shown, printed) in [
        ("a\n", "a\nb\n"),
        ("a\nb\n", "a\n"),
        ("in … s\n", "in 2.3 ms\n"),
        ("…\nend\n", "end\nmore\n"),
        ("", "error\n"),
    ] {
        assert!(!matches(shown, printed), "{shown} {printed}");
    }
}
