//! RBAC objects as Kubernetes' decoder reads them, each field with its place.
