//! Conformance suites over the shared material.
