//! Kubernetes' formats: manifests, ABAC policy files and access reviews, with positions; and what an API
//! server does to them before it decides: defaults, validation, aggregation, its built-in roles.
//!
//! Nothing here decides a request.

pub mod abac;
pub mod aggregation;
pub mod default_roles;
pub mod document;
pub mod forbidden;
pub mod identity;
mod json_text;
pub mod label_selector;
pub mod load;
pub mod manifest;
pub mod quote;
pub mod reason;
pub mod resource_types;
pub mod review;
pub mod rules_review;
pub mod validation;
