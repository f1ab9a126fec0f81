//! Why a policy cannot be compiled, or an image of tables not opened.

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
    /// The tables that were made cannot be read: a fault of rolecall.
    #[error("the tables cannot be read back, which is a fault of rolecall: {0}")]
    Unreadable(#[from] ImageError),
}

/// Bytes that are no image of decision tables.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ImageError {
    /// The bytes do not begin as an image does.
    #[error("these bytes are no image of decision tables")]
    NotAnImage,
    /// The image was written on a machine with the other byte order.
    #[error("the image of decision tables was written on a machine with another byte order")]
    ForeignByteOrder,
    /// The image has a layout that this version does not know.
    #[error("the image of decision tables has layout {found}, and this version reads layout {known}")]
    #[non_exhaustive]
    OtherLayout {
        /// The layout's number in the image.
        found: u32,
        /// The one that can be read.
        known: u32,
    },
    /// The bytes are fewer or more than the image says.
    #[error("the image of decision tables is {found} bytes long, and says that it is {expected}")]
    #[non_exhaustive]
    WrongLength {
        /// How many there are.
        found: u64,
        /// How many there should be.
        expected: u64,
    },
    /// A table refers to something that is not there.
    #[error("the image of decision tables is damaged: {what}")]
    #[non_exhaustive]
    Damaged {
        /// Which table, and what is wrong with it.
        what: &'static str,
    },
}

/// The number of something at a position, or the error that names the limit.
///
/// The highest numbers are left free: tables mark empty places and wildcards with them.
pub(crate) fn number(position: usize, what: &'static str) -> Result<u32, CompileError> {
    number_below(position, LIMIT, what)
}

/// As [`number`], with a limit of its own.
pub(crate) fn number_below(position: usize, limit: u32, what: &'static str) -> Result<u32, CompileError> {
    u32::try_from(position)
        .ok()
        .filter(|&number| number < limit)
        .ok_or(CompileError::TooMany { what, limit: u64::from(limit) })
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
