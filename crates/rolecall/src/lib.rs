//! Fast, exact authorization: Kubernetes RBAC and ABAC as a library.
