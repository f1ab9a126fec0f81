//! The names of all findings, each with its page.

use rolecall::diagnostics::{did_you_mean, print::NameDescription};

use crate::invocation;

/// A name that findings have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Code {
    /// The stable name.
    pub(crate) name: &'static str,
    /// What it means, in Markdown: the name as title, one line, the default, the rest.
    pub(crate) page: &'static str,
}

impl Code {
    /// What it means, in one line.
    pub(crate) fn summary(&self) -> &'static str {
        self.page.lines().skip(1).find(|line| !line.is_empty()).unwrap_or("")
    }
}

impl From<&Code> for NameDescription<'static> {
    fn from(code: &Code) -> Self {
        Self { name: code.name, summary: code.summary(), page: code.page }
    }
}

/// The code of a name; if there is none, what to say about it.
pub(crate) fn find(name: &str) -> Result<&'static Code, String> {
    ALL.iter().find(|code| code.name == name).ok_or_else(|| unknown(name, []))
}

/// That a name is unknown, with the nearest one of those that findings have and of others.
pub(crate) fn unknown<const N: usize>(name: &str, others: [&'static str; N]) -> String {
    let known = ALL.iter().map(|code| code.name).chain(others);
    match did_you_mean(name, known) {
        Some(meant) => format!("no finding is called `{name}`: did you mean `{meant}`?"),
        None => {
            format!("no finding is called `{name}` ({} lists them)", invocation::line("explain-code"))
        }
    }
}

// `pages/` leads to the book's own, so that a package of this crate alone has them.
macro_rules! codes {
    ($($folder:literal: $($name:literal)*;)*) => {
        /// All of them: lints, then what else is found, each in the order of their names.
        pub(crate) const ALL: &[Code] = &[$($(Code {
            name: $name,
            page: include_str!(concat!("../pages/", $folder, "/", $name, ".md")),
        },)*)*];
    };
}

codes! {
    "lints":
        "broad-subject"
        "covered-grant"
        "duplicate"
        "escalation"
        "literal-star"
        "names-on-list"
        "prefix-in-word"
        "secret-access"
        "unknown-resource"
        "unknown-subject"
        "unknown-verb"
        "unmatchable-names"
        "unused-role"
        "useless-verb"
        "wildcard-resources"
        "wildcard-verbs"
        "workload-access"
    ;
    "findings":
        "alias-bomb"
        "alias-of-itself"
        "compiled-damaged"
        "compiled-foreign"
        "compiled-format"
        "compiled-key"
        "compiled-policy"
        "compiled-signature"
        "compiled-stripped"
        "compiled-unsigned"
        "control-character"
        "dangling-link"
        "dangling-role"
        "default-namespace"
        "duplicate-field"
        "forbidden-field"
        "generated-name"
        "heavy-annotations"
        "hidden-file"
        "invalid-encoding"
        "invalid-key"
        "invalid-merge"
        "invalid-tag"
        "invalid-value"
        "json-syntax"
        "line-separator"
        "line-too-long"
        "linked-directory"
        "looks-like-a-template"
        "malformed-policy-line"
        "missing-api-version"
        "missing-field"
        "missing-kind"
        "mixed-formats"
        "more-findings"
        "namespace-ignored"
        "no-policy-files"
        "not-an-object"
        "null-entry"
        "old-version"
        "policy-covers-nothing"
        "policy-for-everybody"
        "policy-for-nobody"
        "policy-outside-of-namespaces"
        "repeated-object"
        "special-file"
        "star-drops-subject"
        "suppression-without-reason"
        "suspicious-value"
        "too-deep"
        "too-large"
        "too-many-objects"
        "too-many-rules"
        "undefined-alias"
        "unknown-field"
        "unknown-kind"
        "unknown-suppression"
        "unknown-version"
        "unreadable"
        "unsupported-number"
        "unsupported-value"
        "unused-suppression"
        "unversioned-policy"
        "wrong-list-item"
        "wrong-type"
        "yaml-policy-line"
        "yaml-syntax"
    ;
}
