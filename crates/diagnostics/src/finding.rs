//! One finding.

use rolecall_source::Span;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Severity {
    /// Worth knowing; nothing has to be done.
    Note,
    /// Something does not do what its author expects.
    Warning,
    /// Something cannot be taken as it stands.
    Error,
}

impl Severity {
    /// The word that is printed.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Note => "note",
            Self::Warning => "warning",
        }
    }
}

/// Something that was found in a text.
///
/// Messages are lower case, without a full stop, in one line; the user's words stand in backticks.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Finding {
    /// The one stable name: `unknown-field`.
    pub name: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What was found, in one line.
    pub message: String,
    /// The file it is about when there is no text to point into (unreadable, no UTF-8).
    pub file: Option<String>,
    /// The line that is meant when there is no text to point into.
    pub line: Option<usize>,
    /// Where, with what is written under it; then further places.
    pub labels: Vec<Label>,
    /// The field's path: `rules[0].verbs`.
    pub field: Option<String>,
    /// The object it is in, as kubectl names it: `Role ci/deployer`.
    pub object: Option<String>,
    /// The way out.
    pub help: Option<String>,
    /// What an API server says of the same fault, word for word, where it says anything.
    pub kubernetes: Option<String>,
}

/// A place with a remark.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// The remark; may be empty for the first label.
    pub text: String,
}

impl Finding {
    /// A finding without a place yet.
    pub fn new(name: &'static str, severity: Severity, message: impl Into<String>) -> Self {
        Self {
            name,
            severity,
            message: message.into(),
            file: None,
            line: None,
            labels: Vec::new(),
            field: None,
            object: None,
            help: None,
            kubernetes: None,
        }
    }

    /// An error.
    pub fn error(name: &'static str, message: impl Into<String>) -> Self {
        Self::new(name, Severity::Error, message)
    }

    /// A warning.
    pub fn warning(name: &'static str, message: impl Into<String>) -> Self {
        Self::new(name, Severity::Warning, message)
    }

    /// A note.
    pub fn note(name: &'static str, message: impl Into<String>) -> Self {
        Self::new(name, Severity::Note, message)
    }

    /// Adds a place; the first is the one that is meant.
    #[must_use]
    pub fn at(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label { span, text: text.into() });
        self
    }

    /// Says which file is meant, when there is no text to point into.
    #[must_use]
    pub fn in_file(mut self, file: impl Into<String>, line: Option<usize>) -> Self {
        self.file = Some(file.into());
        self.line = line;
        self
    }

    /// Names the field.
    #[must_use]
    pub fn field(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }

    /// Names the object.
    #[must_use]
    pub fn object(mut self, object: impl Into<String>) -> Self {
        self.object = Some(object.into());
        self
    }

    /// Says what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Quotes the API server.
    #[must_use]
    pub fn kubernetes(mut self, text: impl Into<String>) -> Self {
        self.kubernetes = Some(text.into());
        self
    }

    /// The place that is meant.
    pub fn span(&self) -> Option<Span> {
        self.labels.first().map(|label| label.span)
    }
}
