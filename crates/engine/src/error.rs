//! Why a policy cannot be compiled.

/// A policy that does not fit the tables.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CompileError {
    /// More of something than the tables' numbers can count.
    #[error("the policy has too many {what}: the tables hold fewer than {limit}")]
    #[non_exhaustive]
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// How many fit.
        limit: u64,
    },
}

/// The number of something at a position, or the error that names the limit.
///
/// The highest numbers are left free: tables mark empty places and wildcards with them.
pub(crate) fn number(position: usize, what: &'static str) -> Result<u32, CompileError> {
    u32::try_from(position)
        .ok()
        .filter(|&number| number < LIMIT)
        .ok_or(CompileError::TooMany { what, limit: u64::from(LIMIT) })
}

/// Numbers stay below this, so that one bit is free to tell two kinds of number apart.
const LIMIT: u32 = 1 << 31;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_does_not_fit_is_an_error_that_names_what_and_how_many() {
        assert_eq!(number((1 << 31) - 1, "users"), Ok((1 << 31) - 1));
        let error = number(1 << 31, "users").unwrap_err();
        assert_eq!(error.to_string(), "the policy has too many users: the tables hold fewer than 2147483648");
    }
}
