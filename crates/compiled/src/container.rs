//! The file's layout: header, table of sections, sections.
//!
//! ```text
//! offset  bytes
//!      0      8  magic: 89 r c b 0d 0a 1a 0a, which no text begins with and no conversion of line ends survives
//!      8      4  version of the format
//!     12      4  number of sections
//!     16      8  length of the whole file
//!     24      8  zeros
//!     32     32  checksum: BLAKE3 over bytes 0..32 and everything from byte 128 on
//!     64     64  signature: Ed25519 over the checksum, or zeros
//!    128  24 × n table of sections, in the order of their kinds: kind (4), zeros (4), offset (8), length (8)
//!         …      sections, each behind zeros up to a multiple of 64
//! ```
//!
//! Numbers are little-endian. There is one way to lay given sections out, and only that is read: what stands
//! between sections is zeros, each begins as early as it can, and behind the last one nothing follows.

use std::{fmt, ops::Range};

use crate::{Damage, FileError};

/// The version of the format that is written and read.
pub const FORMAT_VERSION: u32 = 1;

/// What every compiled file begins with.
pub(crate) const MAGIC: [u8; 8] = *b"\x89rcb\r\n\x1a\n";

/// Where sections may begin: what holds for the file's first byte in memory then holds for theirs.
pub(crate) const ALIGNMENT: usize = 64;

pub(crate) const CHECKSUM_BYTES: usize = 32;
pub(crate) const SIGNATURE_BYTES: usize = 64;
const PRELUDE_BYTES: usize = 32;

/// Everything in front of the table of sections.
pub(crate) const HEADER_BYTES: usize = PRELUDE_BYTES + CHECKSUM_BYTES + SIGNATURE_BYTES;

const ENTRY_BYTES: usize = 24;

/// Whether these bytes begin as a compiled file does.
pub fn is_compiled(bytes: &[u8]) -> bool {
    bytes.starts_with(&MAGIC)
}

/// What a section holds.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum SectionKind {
    /// What the file is about, counted.
    About,
    /// Resource types that are not Kubernetes' own.
    Types,
    /// The decision tables.
    Tables,
    /// Roles, bindings, attribute policies, and where they stand.
    Model,
}

impl SectionKind {
    /// All kinds, in the order of their sections.
    pub(crate) const ALL: [Self; 4] = [Self::About, Self::Types, Self::Tables, Self::Model];

    fn number(self) -> u32 {
        self as u32 + 1
    }
}

impl fmt::Display for SectionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::About => "about",
            Self::Types => "types",
            Self::Tables => "tables",
            Self::Model => "model",
        })
    }
}

/// The first part of the header, which says how much there is to read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Prelude {
    sections: usize,
    /// The length of the whole file.
    pub(crate) length: u64,
}

impl Prelude {
    /// Reads the beginning of a file. What is no compiled file at all, or one of another format, is told apart
    /// before anything else of it is looked at.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, FileError> {
        if !is_compiled(bytes) {
            return Err(FileError::Foreign);
        }
        let found = u32_at(bytes, 8).ok_or(too_short(bytes))?;
        if found != FORMAT_VERSION {
            return Err(FileError::OtherFormat { found });
        }
        let sections = u32_at(bytes, 12).ok_or(too_short(bytes))?;
        let length = u64_at(bytes, 16).ok_or(too_short(bytes))?;
        if u64_at(bytes, 24).ok_or(too_short(bytes))? != 0 {
            return Err(Damage::Header("there is something in its header where nothing can be").into());
        }
        let sections = usize::try_from(sections)
            .ok()
            .filter(|&sections| sections <= SectionKind::ALL.len())
            .ok_or(Damage::Header("it has more sections than there can be"))?;
        if length < (HEADER_BYTES + sections * ENTRY_BYTES) as u64 {
            return Err(Damage::Header("it is shorter than its own header").into());
        }
        Ok(Self { sections, length })
    }
}

fn too_short(bytes: &[u8]) -> Damage {
    Damage::Length { written: HEADER_BYTES as u64, found: bytes.len() as u64 }
}

/// What a header says, and where each section is. INVARIANT: the sections lie within the file.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    pub(crate) checksum: [u8; CHECKSUM_BYTES],
    pub(crate) signature: Option<[u8; SIGNATURE_BYTES]>,
    sections: [Option<Range<usize>>; SectionKind::ALL.len()],
}

impl Layout {
    /// Reads the header and table of a whole file, without looking into the sections.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, FileError> {
        let prelude = Prelude::read(bytes)?;
        if prelude.length != bytes.len() as u64 {
            return Err(Damage::Length { written: prelude.length, found: bytes.len() as u64 }.into());
        }
        let checksum = array_at(bytes, PRELUDE_BYTES).ok_or(too_short(bytes))?;
        let signature: [u8; SIGNATURE_BYTES] =
            array_at(bytes, PRELUDE_BYTES + CHECKSUM_BYTES).ok_or(too_short(bytes))?;
        let signature = (signature != NO_SIGNATURE).then_some(signature);
        let sections = read_table(bytes, prelude.sections)?;
        Ok(Self { checksum, signature, sections })
    }

    pub(crate) fn section(&self, kind: SectionKind) -> Option<Range<usize>> {
        self.sections.get(kind as usize).cloned().flatten()
    }
}

/// What stands where no signature is.
pub(crate) const NO_SIGNATURE: [u8; SIGNATURE_BYTES] = [0; SIGNATURE_BYTES];

/// The checksum of a whole file.
pub(crate) fn checksum(bytes: &[u8]) -> [u8; CHECKSUM_BYTES] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(bytes.get(..PRELUDE_BYTES).unwrap_or_default());
    hasher.update(bytes.get(HEADER_BYTES..).unwrap_or_default());
    *hasher.finalize().as_bytes()
}

type Sections = [Option<Range<usize>>; SectionKind::ALL.len()];

fn read_table(bytes: &[u8], count: usize) -> Result<Sections, Damage> {
    let mut sections = Sections::default();
    let mut end = HEADER_BYTES + count * ENTRY_BYTES;
    let mut before = None;
    for number in 0..count {
        let entry = HEADER_BYTES + number * ENTRY_BYTES;
        let kind = u32_at(bytes, entry)
            .and_then(|kind| SectionKind::ALL.into_iter().find(|known| known.number() == kind));
        let kind = kind.ok_or(Damage::Header("it has a section of an unknown kind"))?;
        if before.is_some_and(|before| before >= kind) || u32_at(bytes, entry + 4) != Some(0) {
            return Err(Damage::Header("its sections are not in order"));
        }
        before = Some(kind);
        let start = end.checked_next_multiple_of(ALIGNMENT);
        let length = u64_at(bytes, entry + 16).and_then(|length| usize::try_from(length).ok());
        let (Some(start), Some(length)) = (start, length) else { return Err(OUTSIDE) };
        if u64_at(bytes, entry + 8) != Some(start as u64) {
            return Err(Damage::Header("its sections do not follow each other"));
        }
        let gap = bytes.get(end..start).ok_or(OUTSIDE)?;
        if gap.iter().any(|&byte| byte != 0) {
            return Err(Damage::Header("there is something between its sections"));
        }
        end = start.checked_add(length).filter(|&end| end <= bytes.len()).ok_or(OUTSIDE)?;
        if let Some(section) = sections.get_mut(kind as usize) {
            *section = Some(start..end);
        }
    }
    if end != bytes.len() {
        return Err(Damage::Header("something follows its last section"));
    }
    Ok(sections)
}

const OUTSIDE: Damage = Damage::Header("a section lies outside of it");

/// The bytes in front of the first section, for sections of these kinds and lengths, in the order of their
/// kinds; the checksum and the signature are zeros still. And how many zeros stand in front of each section.
pub(crate) fn head(sections: &[(SectionKind, usize)]) -> (Vec<u8>, Vec<usize>) {
    let mut table = Vec::new();
    let mut gaps = Vec::new();
    let mut end = HEADER_BYTES + sections.len() * ENTRY_BYTES;
    for &(kind, length) in sections {
        let start = end.next_multiple_of(ALIGNMENT);
        table.extend(kind.number().to_le_bytes());
        table.extend([0; 4]);
        table.extend((start as u64).to_le_bytes());
        table.extend((length as u64).to_le_bytes());
        gaps.push(start - end);
        end = start + length;
    }
    let mut head = Vec::with_capacity(HEADER_BYTES + table.len());
    head.extend(MAGIC);
    head.extend(FORMAT_VERSION.to_le_bytes());
    // Fewer than there are kinds.
    head.extend(u32::try_from(sections.len()).unwrap_or_default().to_le_bytes());
    head.extend((end as u64).to_le_bytes());
    head.resize(HEADER_BYTES, 0);
    head.extend(table);
    (head, gaps)
}

/// Puts checksum and signature into the bytes that [`head`] made.
pub(crate) fn seal(head: &mut [u8], checksum: &[u8; CHECKSUM_BYTES], signature: &[u8; SIGNATURE_BYTES]) {
    let seal = head.iter_mut().skip(PRELUDE_BYTES);
    for (place, &byte) in seal.zip(checksum.iter().chain(signature)) {
        *place = byte;
    }
}

/// What of the head the checksum covers.
pub(crate) fn covered(head: &[u8]) -> [&[u8]; 2] {
    [head.get(..PRELUDE_BYTES).unwrap_or_default(), head.get(HEADER_BYTES..).unwrap_or_default()]
}

fn array_at<const N: usize>(bytes: &[u8], offset: usize) -> Option<[u8; N]> {
    bytes.get(offset..)?.first_chunk().copied()
}

fn u32_at(bytes: &[u8], offset: usize) -> Option<u32> {
    array_at(bytes, offset).map(u32::from_le_bytes)
}

fn u64_at(bytes: &[u8], offset: usize) -> Option<u64> {
    array_at(bytes, offset).map(u64::from_le_bytes)
}
