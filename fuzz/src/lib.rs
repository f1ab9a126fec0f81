//! What the fuzz targets do with their bytes, as functions that panic when something is wrong.
//!
//! The targets themselves are one line each. The project's ordinary tests include this very file
//! (`tests/tests/fuzz_replay.rs`) and replay what is in `seeds/` and `crashes/`.
#![forbid(unsafe_code)]

mod compiled;
mod differential;
mod images;
mod manifests;
mod reviews;

pub use compiled::{compiled_files, compiled_models};
pub use differential::differential;
pub use images::images;
pub use manifests::{abac_lines, manifests_json, manifests_yaml};
pub use reviews::reviews;

/// What a target does with its bytes.
pub type Target = fn(&[u8]);

/// Every target by its name.
pub const TARGETS: [(&str, Target); 8] = [
    ("abac_lines", abac_lines),
    ("compiled_files", compiled_files),
    ("compiled_models", compiled_models),
    ("differential", differential),
    ("images", images),
    ("manifests_json", manifests_json),
    ("manifests_yaml", manifests_yaml),
    ("reviews", reviews),
];
