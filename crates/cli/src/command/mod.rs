//! The subcommands, one file or folder each.

pub(crate) mod bench;
pub(crate) mod can_i;
pub(crate) mod check;
pub(crate) mod compile;
pub(crate) mod completions;
pub(crate) mod explain;
pub(crate) mod explain_code;
pub(crate) mod inspect;
pub(crate) mod man;
pub(crate) mod matrix;
pub(crate) mod review;
pub(crate) mod rules;
pub(crate) mod verify;
pub(crate) mod what_can;
pub(crate) mod who_can;
