//! Decision tables: a policy compiled for fast authorization (part of rolecall).
