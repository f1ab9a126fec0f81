//! A compiled file: what goes into it, and what comes out of it.

use std::{
    borrow::Cow,
    io::{self, Read, Write},
    path::Path,
    sync::Arc,
};

use rolecall_model::PolicySet;
use rolecall_source::SourceMap;

use crate::{
    About, CustomType, Damage, FileError, Model, Section, SectionKind, SigningKey, VerifyingKey,
    container::{self, Layout},
    custom_type, decode_model, encode_model,
    file_bytes::{AlignedBytes, FileBytes},
    write_file,
};

/// What a compiled file is made of. The tables, of which there is most, are borrowed until it is written.
#[derive(Clone, Copy, Debug)]
pub struct Contents<'c, 't> {
    /// What it is about.
    pub about: &'c About,
    /// Resource types that are not Kubernetes' own.
    pub types: &'c [CustomType],
    /// The decision tables.
    pub tables: &'t [u8],
    /// The policy and its sources; `None` leaves the model out.
    pub model: Option<(&'c PolicySet, &'c SourceMap)>,
}

/// A compiled file that is not written yet.
#[derive(Debug)]
pub struct FileImage<'t> {
    head: Vec<u8>,
    /// Each with the zeros in front of it.
    sections: Vec<(usize, Cow<'t, [u8]>)>,
}

impl<'t> FileImage<'t> {
    /// Puts a file together; with a key, it is signed. Equal contents give equal bytes. Cost: the model's
    /// encoding, and a checksum over everything.
    pub fn new(contents: &Contents<'_, 't>, key: Option<&SigningKey>) -> Self {
        let mut sections: Vec<(SectionKind, Cow<'t, [u8]>)> = vec![
            (SectionKind::About, contents.about.encode().into()),
            (SectionKind::Types, custom_type::encode(contents.types).into()),
            (SectionKind::Tables, contents.tables.into()),
        ];
        if let Some((policies, sources)) = contents.model {
            sections.push((SectionKind::Model, encode_model(policies, sources).into()));
        }
        let lengths: Vec<_> = sections.iter().map(|(kind, bytes)| (*kind, bytes.len())).collect();
        let (mut head, gaps) = container::head(&lengths);
        let sections: Vec<_> = gaps.into_iter().zip(sections.into_iter().map(|(_, bytes)| bytes)).collect();
        let mut hasher = blake3::Hasher::new();
        for part in container::covered(&head) {
            hasher.update(part);
        }
        for (gap, bytes) in &sections {
            hasher.update(zeros(*gap));
            hasher.update(bytes);
        }
        let checksum = *hasher.finalize().as_bytes();
        let signature = key.map_or(container::NO_SIGNATURE, |key| key.sign(&checksum));
        container::seal(&mut head, &checksum, &signature);
        Self { head, sections }
    }

    /// How many bytes it has.
    pub fn length(&self) -> usize {
        self.sections.iter().map(|(gap, bytes)| gap + bytes.len()).sum::<usize>() + self.head.len()
    }

    /// Writes it.
    ///
    /// # Errors
    ///
    /// When writing fails.
    pub fn write_to(&self, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(&self.head)?;
        for (gap, bytes) in &self.sections {
            out.write_all(zeros(*gap))?;
            out.write_all(bytes)?;
        }
        Ok(())
    }

    /// Writes it to a file, whole or not at all: see [`write_file`].
    ///
    /// # Errors
    ///
    /// When the file cannot be written. What was at the path is then as it was.
    pub fn save(&self, path: &Path) -> io::Result<()> {
        write_file(path, |out| self.write_to(out))
    }

    /// All of its bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.length());
        // Writing to a `Vec` cannot fail.
        let _ = self.write_to(&mut bytes);
        bytes
    }
}

/// Fewer zeros than the alignment.
fn zeros(count: usize) -> &'static [u8] {
    const ZEROS: [u8; container::ALIGNMENT] = [0; container::ALIGNMENT];
    ZEROS.get(..count).unwrap_or_default()
}

/// A compiled file whose container was checked: header, checksum, signature where one is asked for, and what it
/// is about. Its [tables](Self::tables) are bytes that whoever decides with them has to check, and its
/// [model](Self::model) is checked when it is asked for.
///
/// The checksum holds against accidents. Against somebody who writes files of his own only a signature does:
/// give a key wherever a file comes from somewhere else.
#[derive(Clone, Debug)]
pub struct CompiledFile {
    bytes: Arc<FileBytes>,
    layout: Layout,
    about: About,
}

impl CompiledFile {
    /// Reads a file into memory. Cost: reading it, and one checksum over its bytes.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or is refused: see [`FileError`].
    pub fn read(path: &Path, key: Option<&VerifyingKey>) -> Result<Self, FileError> {
        Self::check(FileBytes::read(path)?, key)
    }

    /// Reads a stream to its end.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    pub fn read_stream(stream: impl Read, key: Option<&VerifyingKey>) -> Result<Self, FileError> {
        Self::check(FileBytes::read_stream(stream)?, key)
    }

    /// Maps a file into memory instead of reading it: processes that map the same file share its pages.
    ///
    /// While it is mapped nobody may write into the file or truncate it. Truncating it ends this process, and
    /// writing into it changes answers. To put another file in its place, by renaming as [`write_file`] does it,
    /// is fine. Read files that others can write to.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    pub fn map(path: &Path, key: Option<&VerifyingKey>) -> Result<Self, FileError> {
        Self::check(FileBytes::map(path)?, key)
    }

    /// Takes a file's bytes, which are copied.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    pub fn from_bytes(bytes: &[u8], key: Option<&VerifyingKey>) -> Result<Self, FileError> {
        Self::check(FileBytes::Read(AlignedBytes::copy_of(bytes)), key)
    }

    fn check(bytes: FileBytes, key: Option<&VerifyingKey>) -> Result<Self, FileError> {
        let whole = bytes.as_ref();
        let layout = Layout::read(whole)?;
        if container::checksum(whole) != layout.checksum {
            return Err(Damage::Checksum.into());
        }
        if let Some(key) = key {
            let signature = layout.signature.as_ref().ok_or(FileError::Unsigned)?;
            if !key.fits(&layout.checksum, signature) {
                return Err(FileError::WrongSignature);
            }
        }
        for kind in [SectionKind::About, SectionKind::Types, SectionKind::Tables] {
            if layout.section(kind).is_none() {
                return Err(Damage::Header("a section is missing").into());
            }
        }
        let about = layout.section(SectionKind::About).and_then(|range| whole.get(range));
        let about = About::decode(about.unwrap_or_default())
            .map_err(|malformed| Damage::Section(SectionKind::About, malformed))?;
        Ok(Self { bytes: Arc::new(bytes), layout, about })
    }

    /// What it is about.
    pub fn about(&self) -> &About {
        &self.about
    }

    /// How many bytes it has.
    pub fn length(&self) -> usize {
        (*self.bytes).as_ref().len()
    }

    /// Whether it has a signature, of whoever it is.
    pub fn is_signed(&self) -> bool {
        self.layout.signature.is_some()
    }

    /// The checksum over everything in it, which names its content.
    pub fn checksum(&self) -> [u8; 32] {
        self.layout.checksum
    }

    /// Its sections in the order in which they stand, each with how many bytes it has.
    pub fn sections(&self) -> impl Iterator<Item = (SectionKind, usize)> {
        let length = |kind| self.layout.section(kind).map(|range| (kind, range.len()));
        SectionKind::ALL.into_iter().filter_map(length)
    }

    /// The decision tables; the first byte lies at a multiple of 64.
    pub fn tables(&self) -> Section {
        self.section(SectionKind::Tables).unwrap_or_else(|| Section::new(&self.bytes, 0..0))
    }

    /// Whether the model is in it.
    pub fn has_model(&self) -> bool {
        self.layout.section(SectionKind::Model).is_some()
    }

    /// The resource types in it that are not Kubernetes' own.
    ///
    /// # Errors
    ///
    /// When they are not what they have to be, which the checksum alone does not rule out.
    pub fn types(&self) -> Result<Vec<CustomType>, FileError> {
        let section = self.section(SectionKind::Types).ok_or(FileError::Stripped)?;
        custom_type::decode(section.as_ref())
            .map_err(|malformed| Damage::Section(SectionKind::Types, malformed).into())
    }

    /// The policy and its sources, decoded and checked. Cost: linear in the section's bytes.
    ///
    /// # Errors
    ///
    /// When the model was left out, is not what it has to be, or is another than the file says it is about.
    pub fn model(&self) -> Result<Model, FileError> {
        let section = self.section(SectionKind::Model).ok_or(FileError::Stripped)?;
        let damaged = |malformed| Damage::Section(SectionKind::Model, malformed);
        let model = decode_model(section.as_ref()).map_err(damaged)?;
        if About::of(&model.policies, &model.sources, self.about.version.as_str()) != self.about {
            return Err(Damage::Header("its counts are not those of its model").into());
        }
        Ok(model)
    }

    fn section(&self, kind: SectionKind) -> Option<Section> {
        self.layout.section(kind).map(|range| Section::new(&self.bytes, range))
    }
}
