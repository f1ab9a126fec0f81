//! The bytes of a file in memory, read or mapped.

use std::{
    fs,
    io::{self, Read},
    ops::Range,
    path::Path,
    sync::Arc,
};

use crate::{
    Damage, FileError,
    container::{ALIGNMENT, HEADER_BYTES, Prelude},
    mapping::Mapping,
};

/// The bytes of a file, of which the first lies at a multiple of [`ALIGNMENT`].
#[derive(Debug)]
pub(crate) enum FileBytes {
    Mapped(Mapping),
    Read(AlignedBytes),
}

impl FileBytes {
    /// Reads a file, or whatever else is at the path. Nothing is reserved before header and file agree about
    /// the length.
    pub(crate) fn read(path: &Path) -> Result<Self, FileError> {
        let file = fs::File::open(path)?;
        let metadata = file.metadata()?;
        if metadata.is_dir() {
            return Err(io::Error::from(io::ErrorKind::IsADirectory).into());
        }
        Self::take(file, metadata.is_file().then_some(metadata.len()))
    }

    /// Reads a stream to its end.
    pub(crate) fn read_stream(stream: impl Read) -> Result<Self, FileError> {
        Self::take(stream, None)
    }

    /// Maps a file; see [`Mapping`].
    pub(crate) fn map(path: &Path) -> Result<Self, FileError> {
        let mut file = fs::File::open(path)?;
        let length = file.metadata()?.len();
        let mut header = Vec::with_capacity(HEADER_BYTES);
        file.by_ref().take(HEADER_BYTES as u64).read_to_end(&mut header)?;
        check_length(Prelude::read(&header)?.length, length)?;
        Ok(Self::Mapped(Mapping::of(&file)?))
    }

    /// Reads what is to be of this length, if it is known.
    fn take(mut stream: impl Read, length: Option<u64>) -> Result<Self, FileError> {
        let mut header = Vec::with_capacity(HEADER_BYTES);
        stream.by_ref().take(HEADER_BYTES as u64).read_to_end(&mut header)?;
        let written = Prelude::read(&header)?.length;
        if let Some(length) = length {
            check_length(written, length)?;
        }
        let rest = written.saturating_sub(header.len() as u64);
        let bytes = AlignedBytes::read(&header, stream.by_ref().take(rest), length)?;
        // A byte behind the last one is enough to know that there is one.
        let behind = stream.take(1).read_to_end(&mut Vec::new())?;
        check_length(written, (bytes.as_ref().len() + behind) as u64)?;
        Ok(Self::Read(bytes))
    }
}

impl AsRef<[u8]> for FileBytes {
    fn as_ref(&self) -> &[u8] {
        match self {
            Self::Mapped(mapping) => mapping.as_ref(),
            Self::Read(bytes) => bytes.as_ref(),
        }
    }
}

fn check_length(written: u64, found: u64) -> Result<(), FileError> {
    if written == found { Ok(()) } else { Err(Damage::Length { written, found }.into()) }
}

/// Bytes of which the first lies at a multiple of [`ALIGNMENT`]: behind some that are not used.
#[derive(Debug)]
pub(crate) struct AlignedBytes {
    bytes: Vec<u8>,
    unused: usize,
}

impl AlignedBytes {
    /// These bytes.
    pub(crate) fn copy_of(bytes: &[u8]) -> Self {
        let mut aligned = Self { bytes: Vec::with_capacity(bytes.len() + ALIGNMENT), unused: 0 };
        aligned.skip_unused();
        aligned.bytes.extend_from_slice(bytes);
        aligned
    }

    /// A beginning and what a stream gives, up to its end.
    fn read(beginning: &[u8], mut stream: impl Read, length: Option<u64>) -> io::Result<Self> {
        let mut aligned = Self { bytes: Vec::new(), unused: 0 };
        if let Some(length) = length {
            let room = usize::try_from(length).ok().and_then(|length| length.checked_add(ALIGNMENT));
            aligned
                .bytes
                .try_reserve_exact(room.unwrap_or(usize::MAX))
                .map_err(|_| io::ErrorKind::OutOfMemory)?;
        }
        aligned.skip_unused();
        aligned.bytes.extend_from_slice(beginning);
        stream.read_to_end(&mut aligned.bytes)?;
        // What had to grow has moved.
        Ok(if aligned.is_aligned() { aligned } else { Self::copy_of(aligned.as_ref()) })
    }

    fn skip_unused(&mut self) {
        self.unused = misalignment(&self.bytes);
        self.bytes.resize(self.unused, 0);
    }

    fn is_aligned(&self) -> bool {
        misalignment(self.as_ref()) == 0
    }
}

impl AsRef<[u8]> for AlignedBytes {
    fn as_ref(&self) -> &[u8] {
        self.bytes.get(self.unused..).unwrap_or_default()
    }
}

/// How many bytes behind the first one a multiple of the alignment comes.
fn misalignment(bytes: &[u8]) -> usize {
    bytes.as_ptr().addr().wrapping_neg() % ALIGNMENT
}

/// A part of a file, which keeps the file's bytes alive.
#[derive(Clone, Debug)]
pub struct Section {
    file: Arc<FileBytes>,
    range: Range<usize>,
}

impl Section {
    pub(crate) fn new(file: &Arc<FileBytes>, range: Range<usize>) -> Self {
        Self { file: Arc::clone(file), range }
    }
}

impl AsRef<[u8]> for Section {
    fn as_ref(&self) -> &[u8] {
        (*self.file).as_ref().get(self.range.clone()).unwrap_or_default()
    }
}
