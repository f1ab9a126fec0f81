//! RBAC objects as Kubernetes' decoder reads them, each field with its place.
//!
//! A [`Reader`] takes the tree of a document apart: lists are unfolded, objects of other kinds handed
//! through, RBAC objects decoded with Kubernetes' types. Nothing is defaulted and nothing validated on the
//! way ([`RbacObject::fill_defaults`] and [`validation`](crate::validation) do that): what a file says can
//! be counted and quoted as it stands.

mod classify;
mod decode;
mod defaults;
mod field_path;
mod forwards;
mod metadata;
mod object;
mod reader;
mod suspicious;
mod unknown_field;

pub(crate) use classify::is_rbac_kind;
pub(crate) use decode::head;
pub(crate) use object::RBAC_GROUP;
pub use object::{
    AggregationRule, Body, Kind, LabelSelector, Metadata, OwnerReference, PolicyRule, RbacObject, RoleRef,
    SelectorRequirement, Spanned, Subject, Text, Texts, Version,
};
pub use reader::{Item, Reader};
pub use suspicious::suspicious;
