//! Questions about a policy: request classes, verify (part of rolecall).
