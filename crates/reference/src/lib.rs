//! The executable specification: a linear interpreter of policies (part of rolecall).
