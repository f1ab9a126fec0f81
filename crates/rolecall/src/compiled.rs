//! Compiled policies as files: written by one program, asked by another.
//!
//! ```
//! use rolecall::{PolicySet, Request, Rule, Subject, compiled::*};
//!
//! let policies = PolicySet::builder()
//!     .cluster_role("viewer", [Rule::resources(["get"], [""], ["pods"])])
//!     .cluster_role_binding("jane-views", "viewer", [Subject::user("jane")])
//!     .build()?;
//! # let path = std::env::temp_dir().join(format!("rolecall-doc-{}.rcb", std::process::id()));
//! compile_reproducibly(&policies)?.save(&path, &SaveOptions::default())?;
//!
//! let compiled = CompiledPolicy::open(&path, &OpenOptions::default())?;
//! let request = Request::resource("get", "pods").user("jane");
//! assert!(compiled.authorize(&request).is_allow());
//! // What explains needs the model, which is in the file unless it was left out.
//! assert!(compiled.engine()?.explain(&request).is_allow());
//! # std::fs::remove_file(&path)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Where a file comes from somewhere else, ask for a signature: [`OpenOptions::verify_key`].

use std::{
    io::{self, Read},
    path::Path,
};

use rolecall_compiled::Contents;
pub use rolecall_compiled::{
    About, CompiledFile, Damage, FORMAT_VERSION, FileError, FileImage, KeyError, SectionKind, SigningKey,
    VerifyingKey, is_compiled,
};
use rolecall_engine::{CompileError, CompileOptions, ImageError};
use rolecall_model::{Authorizer, Decision, Determination, Request, RuleListing};

use crate::{Engine, PolicySet, TableUsage};

/// How a compiled policy is written.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct SaveOptions {
    /// Signs it with this key.
    pub sign: Option<SigningKey>,
    /// Leaves out what only explains: roles, bindings and where they stand. The file decides all the same.
    pub strip: bool,
}

impl SaveOptions {
    /// Signs what is written with this key.
    #[must_use]
    pub fn sign(mut self, key: SigningKey) -> Self {
        self.sign = Some(key);
        self
    }

    /// Leaves out what only explains.
    #[must_use]
    pub fn strip(mut self) -> Self {
        self.strip = true;
        self
    }
}

/// How a compiled policy is opened.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct OpenOptions {
    /// Refuses what is not signed with this key.
    pub verify_key: Option<VerifyingKey>,
    /// Maps the file instead of reading it: see [`CompiledFile::map`] for what nobody may do to it meanwhile.
    pub map: bool,
}

impl OpenOptions {
    /// Refuses what is not signed with this key.
    #[must_use]
    pub fn verify_key(mut self, key: VerifyingKey) -> Self {
        self.verify_key = Some(key);
        self
    }

    /// Maps the file instead of reading it.
    #[must_use]
    pub fn map(mut self) -> Self {
        self.map = true;
        self
    }
}

/// Compiles a policy as [`compile`](crate::compile) does, but to the same tables each time: their hashes are seeded
/// from what the policy says, and not at random.
///
/// # Errors
///
/// As [`compile`](crate::compile).
pub fn compile_reproducibly(policies: &PolicySet) -> Result<Engine, CompileError> {
    let options = CompileOptions::default().seeded(rolecall_compiled::seed_of(policies.model()));
    let tables = rolecall_engine::Engine::compile_with(policies.model(), &options)?;
    Ok(Engine::new(tables, policies.clone()))
}

impl Engine {
    /// Writes this policy to a file, whole or not at all: whoever opens the path finds the old file or the new
    /// one. What [`compile_reproducibly`] made gives the same bytes each time.
    ///
    /// # Errors
    ///
    /// When the file cannot be written. What was at the path is then as it was.
    pub fn save(&self, path: impl AsRef<Path>, options: &SaveOptions) -> io::Result<()> {
        self.file_image(options).save(path.as_ref())
    }

    /// What [`save`](Self::save) writes. Cost: encoding the model, and one checksum over everything.
    pub fn file_image(&self, options: &SaveOptions) -> FileImage<'_> {
        let policies = self.policies();
        let contents = Contents {
            about: &self.about(),
            types: &custom_types(policies),
            tables: self.tables().image(),
            model: (!options.strip).then_some((policies.model(), policies.sources())),
        };
        FileImage::new(&contents, options.sign.as_ref())
    }

    /// What a file of this policy would be about: the policy, counted.
    pub fn about(&self) -> About {
        let policies = self.policies();
        About::of(policies.model(), policies.sources(), env!("CARGO_PKG_VERSION"))
    }
}

/// A compiled policy from a file: tables that decide. With the model, if it is in the file, it becomes an
/// [`Engine`] that explains.
#[derive(Clone, Debug)]
pub struct CompiledPolicy {
    file: CompiledFile,
    tables: rolecall_engine::Engine,
}

impl CompiledPolicy {
    /// Opens a file and checks it in full, the model apart. Cost: reading it, and little more than one
    /// checksum over its bytes.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or is refused: see [`FileError`].
    pub fn open(path: impl AsRef<Path>, options: &OpenOptions) -> Result<Self, FileError> {
        let key = options.verify_key.as_ref();
        let path = path.as_ref();
        Self::check(if options.map { CompiledFile::map(path, key) } else { CompiledFile::read(path, key) }?)
    }

    /// Reads a stream to its end.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn read(stream: impl Read, key: Option<&VerifyingKey>) -> Result<Self, FileError> {
        Self::check(CompiledFile::read_stream(stream, key)?)
    }

    /// Takes a file's bytes, which are copied.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn from_bytes(bytes: &[u8], key: Option<&VerifyingKey>) -> Result<Self, FileError> {
        Self::check(CompiledFile::from_bytes(bytes, key)?)
    }

    fn check(file: CompiledFile) -> Result<Self, FileError> {
        // The types are few, and nobody should have to expect an error of them later.
        file.types()?;
        let tables = rolecall_engine::Engine::from_image(file.tables()).map_err(|error| match error {
            ImageError::ForeignByteOrder | ImageError::OtherLayout { .. } => {
                FileError::OtherTables(error.to_string())
            }
            error => Damage::Tables(error.to_string()).into(),
        })?;
        Ok(Self { file, tables })
    }

    /// The bare answer, as [`Engine::authorize`] gives it.
    #[inline]
    pub fn authorize(&self, request: &Request<'_>) -> Decision {
        self.tables.authorize(request)
    }

    /// The file: what it is about, its sections, its checksum.
    pub fn file(&self) -> &CompiledFile {
        &self.file
    }

    /// The bytes that the tables take.
    pub fn table_bytes(&self) -> usize {
        self.tables.table_bytes()
    }

    /// How these bytes are spread over the tables.
    pub fn usage(&self) -> Vec<TableUsage> {
        self.tables.usage()
    }

    /// The tables with the policy that they were made of. Cost: linear in the model's bytes.
    ///
    /// # Errors
    ///
    /// When the model was left out ([`FileError::Stripped`]) or is damaged.
    pub fn engine(&self) -> Result<Engine, FileError> {
        let model = self.file.model()?;
        let policies = PolicySet::decoded(model.policies, model.sources, self.file.types()?);
        Ok(Engine::new(self.tables.clone(), policies))
    }

    /// Kubernetes' resource types, with those that CustomResourceDefinitions among the compiled files define.
    #[cfg(feature = "kubernetes")]
    pub fn resource_types(&self) -> rolecall_kubernetes::resource_types::ResourceTypes {
        resource_types(self.file.types().unwrap_or_default())
    }
}

impl Authorizer for CompiledPolicy {
    fn authorize(&self, request: &Request<'_>) -> Decision {
        Self::authorize(self, request)
    }

    /// Indexes into the policy that the file was made of.
    fn determine(&self, request: &Request<'_>) -> Determination {
        self.tables.determine(request)
    }

    fn rules_for(&self, user: &str, groups: &[&str], namespace: &str) -> RuleListing {
        self.tables.rules_for(user, groups, namespace)
    }
}

/// Why a compiled file is refused, as a finding among others.
#[cfg(feature = "kubernetes")]
pub fn to_finding(error: &FileError, path: &Path) -> rolecall_diagnostics::Finding {
    if let FileError::Unreadable(error) = error {
        return crate::InputError::unreadable(path, copy_of(error)).to_finding();
    }
    rolecall_diagnostics::Finding::error(error.code(), error.to_string())
        .in_file(path.to_string_lossy(), None)
        .help(error.help())
}

/// The same error in the system's words, where they are the system's.
#[cfg(feature = "kubernetes")]
fn copy_of(error: &io::Error) -> io::Error {
    error.raw_os_error().map_or_else(|| error.kind().into(), io::Error::from_raw_os_error)
}

#[cfg(feature = "kubernetes")]
fn custom_types(policies: &PolicySet) -> Vec<rolecall_compiled::CustomType> {
    let custom = policies.resource_types().custom();
    let types = custom.map(|custom| rolecall_compiled::CustomType {
        group: custom.group.clone(),
        versions: custom.versions.clone(),
        kind: custom.kind.clone(),
        plural: custom.plural.clone(),
        singular: custom.singular.clone(),
        short_names: custom.short_names.clone(),
        namespaced: custom.namespaced,
    });
    types.collect()
}

#[cfg(not(feature = "kubernetes"))]
fn custom_types(_policies: &PolicySet) -> Vec<rolecall_compiled::CustomType> {
    Vec::new()
}

/// Kubernetes' own types and these.
#[cfg(feature = "kubernetes")]
pub(crate) fn resource_types(
    custom: Vec<rolecall_compiled::CustomType>,
) -> rolecall_kubernetes::resource_types::ResourceTypes {
    use rolecall_kubernetes::resource_types::{ResourceType, ResourceTypes};

    let mut types = ResourceTypes::built_in();
    for custom in custom {
        types.add(ResourceType {
            group: custom.group,
            versions: custom.versions,
            kind: custom.kind,
            plural: custom.plural,
            singular: custom.singular,
            short_names: custom.short_names,
            namespaced: custom.namespaced,
        });
    }
    types
}
