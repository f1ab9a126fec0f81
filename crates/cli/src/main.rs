//! The rolecall command: who can do what, and why.
fn main() {}
