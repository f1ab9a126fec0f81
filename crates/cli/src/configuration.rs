//! `rolecall.toml`: what becomes of which findings.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use rolecall::diagnostics::did_you_mean;
use rolecall_analysis::lints::{Level, Levels};

use crate::{codes, exit::Failure};

/// The file's name.
pub(crate) const FILE: &str = "rolecall.toml";

/// The levels that a configuration file sets: the given file, or else the nearest one in the current directory
/// and those above it, if there is one.
pub(crate) fn levels(given: Option<&Path>) -> Result<Levels, Failure> {
    let (path, text) = match given {
        Some(path) => (path.to_owned(), fs::read_to_string(path)),
        None => match nearest() {
            Some(found) => found,
            None => return Ok(Levels::default()),
        },
    };
    let text = text.map_err(|error| Failure::message(format!("cannot read {}: {error}", path.display())))?;
    read(&text).map_err(|(line, fault)| Failure::message(format!("{}:{line}: {fault}", path.display())))
}

fn nearest() -> Option<(PathBuf, io::Result<String>)> {
    let current = std::env::current_dir().ok()?;
    current.ancestors().find_map(|directory| {
        let path = directory.join(FILE);
        match fs::read_to_string(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            read => Some((path, read)),
        }
    })
}

/// Reads the part of TOML that the file needs: comments, one table `[lints]`, and in it `name = "level"`.
fn read(text: &str) -> Result<Levels, (usize, String)> {
    let mut levels = Levels::default();
    let mut set: Vec<&str> = Vec::new();
    let mut in_table = false;
    for (number, line) in (1..).zip(text.trim_start_matches('\u{feff}').lines()) {
        let fault = |text: String| Err((number, text));
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(table) = line.strip_prefix('[') {
            let Some((table, rest)) = table.split_once(']') else {
                return fault("`[` without `]`".to_owned());
            };
            if table.trim() != TABLE {
                return fault(format!("no table is called `{}`: there is `[{TABLE}]`", table.trim()));
            }
            if in_table {
                return fault(format!("`[{TABLE}]` is given twice"));
            }
            if !is_end(rest) {
                return fault("nothing may follow `]` in its line".to_owned());
            }
            in_table = true;
            continue;
        }
        let Some((name, value)) = line.split_once('=') else {
            return fault("expected `name = \"level\"`".to_owned());
        };
        let name = unquoted(name.trim());
        if !in_table {
            return fault(format!("`{name}` stands in no table: write `[{TABLE}]` above it"));
        }
        if name != Levels::LINTS && !codes::ALL.iter().any(|code| code.name == name) {
            return fault(codes::unknown(name, [Levels::LINTS]));
        }
        if set.contains(&name) {
            return fault(format!("`{name}` is given twice"));
        }
        let Some(word) = word(value.trim()) else {
            return fault(format!("`{name}` needs a level in quotes: {LEVELS}"));
        };
        let Some(level) = Level::of(word) else {
            let meant = did_you_mean(word, ["allow", "note", "warn", "deny"]);
            let meant = meant.map_or(String::new(), |meant| format!(", did you mean `{meant}`?"));
            return fault(format!("no level is called `{word}`: there are {LEVELS}{meant}"));
        };
        set.push(name);
        levels.set(name, level);
    }
    Ok(levels)
}

const TABLE: &str = "lints";
const LEVELS: &str = "\"allow\", \"note\", \"warn\" and \"deny\"";

fn unquoted(name: &str) -> &str {
    ['"', '\''].into_iter().find_map(|quote| name.strip_prefix(quote)?.strip_suffix(quote)).unwrap_or(name)
}

/// The text of a quoted value, behind which only a comment may stand.
fn word(value: &str) -> Option<&str> {
    let quote = value.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    let (word, rest) = value.strip_prefix(quote)?.split_once(quote)?;
    is_end(rest).then_some(word)
}

fn is_end(rest: &str) -> bool {
    let rest = rest.trim();
    rest.is_empty() || rest.starts_with('#')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_set_by_name() {
        let text = "# ours\n\n[lints] # here\nwildcard-verbs = \"deny\" # why not\n'unused-role'='note'\nlints = \"warn\"\n";
        let mut expected = Levels::default();
        expected.set("wildcard-verbs", Level::Deny);
        expected.set("unused-role", Level::Note);
        expected.set("lints", Level::Warn);
        assert_eq!(read(text), Ok(expected));
        assert_eq!(read(""), Ok(Levels::default()));
    }

    #[test]
    fn what_is_not_understood_is_an_error_with_its_line() {
        for (text, line, part) in [
            ("[lint]\n", 1, "there is `[lints]`"),
            ("[lints\n", 1, "without"),
            ("[lints] x\n", 1, "nothing may follow"),
            ("[lints]\n[lints]\n", 2, "twice"),
            ("\nwildcard-verbs = \"deny\"\n", 2, "in no table"),
            ("[lints]\nwildcard-verb = \"deny\"\n", 2, "did you mean `wildcard-verbs`?"),
            ("[lints]\nwildcard-verbs = \"denny\"\n", 2, "did you mean `deny`?"),
            ("[lints]\nwildcard-verbs = deny\n", 2, "in quotes"),
            ("[lints]\nwildcard-verbs = \"deny\" x\n", 2, "in quotes"),
            ("[lints]\nwildcard-verbs\n", 2, "expected"),
            ("[lints]\nwildcard-verbs = \"deny\"\nwildcard-verbs = \"warn\"\n", 3, "twice"),
        ] {
            let (found, fault) = read(text).unwrap_err();
            assert!(found == line && fault.contains(part), "{text}: {found}: {fault}");
        }
    }
}
