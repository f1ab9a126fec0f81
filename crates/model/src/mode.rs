//! Which authorizers are asked, in which order.

use std::{fmt, str::FromStr};

/// An authorizer of a policy set, as `--authorization-mode` names it.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Mode {
    /// Kubernetes' attribute-based policies.
    Abac,
    /// Allows everything.
    AlwaysAllow,
    /// Has no opinion on anything (it does not deny, in spite of its name).
    AlwaysDeny,
    /// Roles and bindings.
    Rbac,
}

impl Mode {
    /// The name as `--authorization-mode` has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Abac => "ABAC",
            Self::AlwaysAllow => "AlwaysAllow",
            Self::AlwaysDeny => "AlwaysDeny",
            Self::Rbac => "RBAC",
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The authorizers in the order in which they are asked; the first that has an opinion decides.
///
/// Before all of them stands group `system:masters`, which is allowed everything.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Modes(Vec<Mode>);

impl Modes {
    /// These modes in this order.
    pub fn new(modes: impl IntoIterator<Item = Mode>) -> Self {
        Self(modes.into_iter().collect())
    }

    /// The modes in order.
    pub fn as_slice(&self) -> &[Mode] {
        &self.0
    }
}

/// Parses `ABAC,RBAC`; names mind capitals, as Kubernetes' do.
impl FromStr for Modes {
    type Err = UnknownMode;

    fn from_str(text: &str) -> Result<Self, UnknownMode> {
        let all = [Mode::Abac, Mode::AlwaysAllow, Mode::AlwaysDeny, Mode::Rbac];
        let mut modes = Vec::new();
        for name in text.split(',') {
            let mode = all
                .into_iter()
                .find(|mode| mode.as_str() == name)
                .ok_or_else(|| UnknownMode { name: name.to_owned(), repeated: false })?;
            if modes.contains(&mode) {
                return Err(UnknownMode { name: name.to_owned(), repeated: true });
            }
            modes.push(mode);
        }
        Ok(Self(modes))
    }
}

/// A list of authorization modes that names an unknown one, or one twice.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct UnknownMode {
    name: String,
    repeated: bool,
}

impl fmt::Display for UnknownMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.repeated {
            write!(f, "authorization mode `{}` is named twice", self.name)
        } else {
            write!(
                f,
                "unknown authorization mode `{}`: expected RBAC, ABAC, AlwaysAllow or AlwaysDeny",
                self.name
            )
        }
    }
}

impl std::error::Error for UnknownMode {}
