//! Kubernetes' ABAC policy files.
