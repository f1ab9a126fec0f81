//! What the benchmarks are made of: clusters of any size, and the floors under a decision.

pub mod cluster;
pub mod floor;
pub mod report;
