//! Where a part of a policy came from.

use rolecall_source::Span;

/// Where a role, rule, binding or policy line came from.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum Origin {
    /// One of Kubernetes' own default roles or bindings, built in.
    BuiltIn,
    /// Made by a program.
    #[default]
    Code,
    /// Read from a text.
    Text(Span),
}

impl Origin {
    /// The place in a text, if there is one.
    pub fn span(self) -> Option<Span> {
        match self {
            Self::Text(span) => Some(span),
            Self::BuiltIn | Self::Code => None,
        }
    }
}
