//! The built command, run on hand-written fixtures.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[cfg(unix)]
mod action;
mod bench;
mod can_i;
mod check;
mod compile;
#[cfg(unix)]
mod documentation;
mod explain;
mod formats;
mod goldens;
mod inspect;
mod lints;
#[cfg(unix)]
mod packaging;
#[cfg(unix)]
mod plugin;
mod review;
mod rules;
mod surroundings;
#[cfg(unix)]
mod transcript;
mod usage;
mod verify;
mod what_can;
mod who_can;
