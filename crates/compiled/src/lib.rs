//! Compiled policies as files.
//!
//! A policy that was compiled once is written to a file, sent to where it is needed, and decides there without
//! the manifests that it was made of. [`FileImage`] puts such a file together, [`write_file`] writes it whole
//! or not at all, and [`CompiledFile`] reads it, checking everything on the way.
//!
//! ```text
//! header     magic, version, length, checksum, signature     container, signature
//! sections   about    what it is about, counted              about
//!            types    resource types of the policy's own     custom_type
//!            tables   the engine's, opaque in here
//!            model    roles, bindings, places; may be left out  model
//! ```
//!
//! # What is trusted
//!
//! Nothing is. A length is held against the bytes that are there before anything is reserved for it; a number is
//! held against the list that it points into; what is unknown is refused. A file that was damaged on its way is
//! found out by the checksum, and one that somebody made up, checksum and all, gives an error or a policy like
//! any other: never a panic, a hang, or more memory than a small multiple of its own size. *Whose* policy it
//! is, only the signature says.
//!
//! ```
//! use rolecall_compiled::{About, CompiledFile, Contents, FileImage};
//! use rolecall_model::PolicySet;
//! use rolecall_source::SourceMap;
//!
//! let (policies, sources) = (PolicySet::builder().cluster_role("viewer", []).build().unwrap(), SourceMap::new());
//! let about = About::of(&policies, &sources, "0.1.0");
//! let contents = Contents { about: &about, types: &[], tables: b"tables", model: Some((&policies, &sources)) };
//! let mut bytes = FileImage::new(&contents, None).to_bytes();
//!
//! let file = CompiledFile::from_bytes(&bytes, None).unwrap();
//! assert_eq!(file.model().unwrap().policies, policies);
//!
//! *bytes.last_mut().unwrap() ^= 1;
//! assert_eq!(CompiledFile::from_bytes(&bytes, None).unwrap_err().code(), "compiled-damaged");
//! ```

mod about;
mod container;
mod custom_type;
mod error;
mod file;
mod file_bytes;
mod mapping;
mod model;
mod signature;
mod wire;
mod write_file;

pub use crate::{
    about::About,
    container::{FORMAT_VERSION, SectionKind, is_compiled},
    custom_type::CustomType,
    error::{Damage, FileError},
    file::{CompiledFile, Contents, FileImage},
    file_bytes::Section,
    model::{Model, decode_model, encode_model, seed_of},
    signature::{KeyError, SigningKey, VerifyingKey},
    wire::Malformed,
    write_file::write_file,
};
