//! How bad a finding is to its reader.

use std::collections::BTreeMap;

use rolecall_diagnostics::{Finding, Severity};

/// What becomes of the findings of a name.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Level {
    /// Nothing is said.
    Allow,
    /// They are notes.
    Note,
    /// They are warnings.
    Warn,
    /// They are errors.
    Deny,
}

impl Level {
    /// The level of this word in a configuration.
    pub fn of(word: &str) -> Option<Self> {
        [Self::Allow, Self::Note, Self::Warn, Self::Deny].into_iter().find(|level| level.as_str() == word)
    }

    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
            Self::Note => "note",
            Self::Warn => "warn",
        }
    }

    fn severity(self) -> Option<Severity> {
        match self {
            Self::Allow => None,
            Self::Deny => Some(Severity::Error),
            Self::Note => Some(Severity::Note),
            Self::Warn => Some(Severity::Warning),
        }
    }
}

/// The levels that a user chose, by name.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Levels {
    by_name: BTreeMap<String, Level>,
    lints: Option<Level>,
}

impl Levels {
    /// The word that stands for every lint.
    pub const LINTS: &'static str = "lints";

    /// Sets the level of findings of a name, or, for `lints`, of all lints that are not named themselves.
    pub fn set(&mut self, name: &str, level: Level) {
        if name == Self::LINTS {
            self.lints = Some(level);
        } else {
            self.by_name.insert(name.to_owned(), level);
        }
    }

    /// The severity of a lint's findings; `None` if it is off.
    pub(super) fn severity(&self, lint: &str, default: Option<Severity>) -> Option<Severity> {
        match self.by_name.get(lint).copied().or(self.lints) {
            Some(level) => level.severity(),
            None => default,
        }
    }

    /// Gives findings that somebody else made the severity that was chosen for their names.
    ///
    /// An error stays one: what could not be taken as it stands is not taken because of a level.
    pub fn settle(&self, findings: &mut Vec<Finding>) {
        findings.retain_mut(|finding| {
            if finding.severity == Severity::Error {
                return true;
            }
            let Some(level) = self.by_name.get(finding.name) else { return true };
            let Some(severity) = level.severity() else { return false };
            finding.severity = severity;
            true
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_goes_before_the_word_for_all_and_that_before_the_default() {
        let mut levels = Levels::default();
        assert_eq!(levels.severity("a", None), None);
        levels.set(Levels::LINTS, Level::Warn);
        levels.set("b", Level::Allow);
        assert_eq!(levels.severity("a", None), Some(Severity::Warning));
        assert_eq!(levels.severity("b", Some(Severity::Error)), None);
    }

    #[test]
    fn errors_of_others_stay_errors() {
        let mut levels = Levels::default();
        levels.set("a", Level::Allow);
        levels.set("b", Level::Deny);
        let mut findings = vec![Finding::error("a", ""), Finding::warning("a", ""), Finding::note("b", "")];
        levels.settle(&mut findings);
        assert_eq!(findings, [Finding::error("a", ""), Finding::error("b", "")]);
    }
}
