//! The path of a field, made into text only when a finding needs it.

use std::fmt;

/// A path such as `rules[0].verbs[1]`, as a chain from the field outwards.
#[derive(Clone, Copy, Debug)]
pub(super) enum FieldPath<'a> {
    /// The object itself.
    Object,
    /// A field of a struct, or a key of a map.
    Field(&'a Self, &'a str),
    /// An entry of a list.
    Index(&'a Self, usize),
}

impl<'a> FieldPath<'a> {
    pub(super) fn field(&'a self, name: &'a str) -> Self {
        Self::Field(self, name)
    }

    pub(super) fn index(&'a self, index: usize) -> Self {
        Self::Index(self, index)
    }
}

/// Keys that are no plain words stand in quotes: `metadata.labels."a.b/c"`.
impl fmt::Display for FieldPath<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Object => Ok(()),
            Self::Field(parent, name) => {
                parent.fmt(f)?;
                if !matches!(parent, Self::Object) {
                    f.write_str(".")?;
                }
                let plain = !name.is_empty()
                    && name.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_$".contains(letter));
                if plain { f.write_str(name) } else { write!(f, "{name:?}") }
            }
            Self::Index(parent, index) => write!(f, "{parent}[{index}]"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_read_as_kubernetes_writes_them() {
        let rules = FieldPath::Object.field("rules");
        let rule = rules.index(3);
        assert_eq!(rule.field("verbs").index(0).to_string(), "rules[3].verbs[0]");
        assert_eq!(rule.field("<<").to_string(), "rules[3].\"<<\"");
    }
}
