//! Documents through the public door.
