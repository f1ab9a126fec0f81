//! All tables of an engine as one block of bytes.
//!
//! ```text
//! head       magic: 8 bytes | byte order: u32 | layout: u32 | length: u64 | sections: u64 | zeros to 64 bytes
//! contents   [ offset: u64 | length: u64 ] …     one a section, in the order in which they are read
//! sections   each begins at a multiple of 64
//! ```
//!
//! Numbers are in the byte order of the machine that wrote them. Nothing in it is an address, so that it can be
//! written to a file and mapped from one. Sections have no names: writing and reading go through the tables in
//! the same order.

use std::{fmt, mem::size_of, ops::Deref};

use bytemuck::Pod;

use crate::error::ImageError;

const MAGIC: [u8; 8] = *b"rolecall";
const BYTE_ORDER: u32 = 0x0102_0304;
/// Changes with the meaning of any byte of any table.
const LAYOUT: u32 = 1;
const HEAD: usize = 64;
/// A cache line: what is probed as a line begins with one.
pub(crate) const ALIGNMENT: usize = 64;

/// The bytes of an image, wherever they are kept, from a multiple of [`ALIGNMENT`] on.
pub(crate) struct ImageBytes {
    bytes: Box<dyn AsRef<[u8]> + Send + Sync>,
    start: usize,
    end: usize,
}

impl ImageBytes {
    /// Takes bytes that begin at a multiple of [`ALIGNMENT`], or a copy of them that does.
    pub(crate) fn new(bytes: Box<dyn AsRef<[u8]> + Send + Sync>) -> Self {
        let given = (*bytes).as_ref();
        let length = given.len();
        if given.as_ptr().align_offset(ALIGNMENT) == 0 {
            return Self { bytes, start: 0, end: length };
        }
        let mut copy: Vec<u8> = Vec::with_capacity(length + ALIGNMENT);
        let start = copy.as_ptr().align_offset(ALIGNMENT).min(ALIGNMENT);
        copy.resize(start, 0);
        copy.extend_from_slice(given);
        Self { end: copy.len(), bytes: Box::new(copy), start }
    }
}

impl Deref for ImageBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        (*self.bytes).as_ref().get(self.start..self.end).unwrap_or(&[])
    }
}

impl fmt::Debug for ImageBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.len())
    }
}

/// Gathers the sections of an image.
#[derive(Debug, Default)]
pub(crate) struct ImageWriter {
    sections: Vec<Vec<u8>>,
}

impl ImageWriter {
    /// Adds a section.
    pub(crate) fn section<T: Pod>(&mut self, entries: &[T]) {
        self.sections.push(bytemuck::cast_slice(entries).to_vec());
    }

    /// The image.
    pub(crate) fn finish(self) -> ImageBytes {
        let contents = HEAD + self.sections.len() * 16;
        let mut places = Vec::with_capacity(self.sections.len() * 2);
        let mut end = contents;
        for section in &self.sections {
            let offset = end.next_multiple_of(ALIGNMENT);
            places.extend([offset as u64, section.len() as u64]);
            end = offset + section.len();
        }
        let length = end.next_multiple_of(ALIGNMENT);
        let mut bytes: Vec<u8> = Vec::with_capacity(length + ALIGNMENT);
        let start = bytes.as_ptr().align_offset(ALIGNMENT).min(ALIGNMENT);
        bytes.resize(start, 0);
        bytes.extend_from_slice(&MAGIC);
        bytes.extend_from_slice(&BYTE_ORDER.to_ne_bytes());
        bytes.extend_from_slice(&LAYOUT.to_ne_bytes());
        bytes.extend_from_slice(&(length as u64).to_ne_bytes());
        bytes.extend_from_slice(&(self.sections.len() as u64).to_ne_bytes());
        bytes.resize(start + HEAD, 0);
        bytes.extend_from_slice(bytemuck::cast_slice(&places));
        for section in self.sections {
            bytes.resize(start + (bytes.len() - start).next_multiple_of(ALIGNMENT), 0);
            bytes.extend_from_slice(&section);
        }
        bytes.resize(start + length, 0);
        ImageBytes { start, end: bytes.len(), bytes: Box::new(bytes) }
    }
}

/// Hands out the sections of an image in their order.
#[derive(Debug)]
pub(crate) struct ImageReader<'a> {
    bytes: &'a [u8],
    /// Where the contents are still unread, and how many sections are.
    contents: &'a [u8],
}

impl<'a> ImageReader<'a> {
    /// Reads the head.
    pub(crate) fn open(bytes: &'a [u8]) -> Result<Self, ImageError> {
        let (head, rest) = bytes.split_at_checked(HEAD).ok_or(ImageError::NotAnImage)?;
        if head.get(..8) != Some(&MAGIC) {
            return Err(ImageError::NotAnImage);
        }
        match word(head, 8) {
            Some(BYTE_ORDER) => {}
            Some(other) if other == BYTE_ORDER.swap_bytes() => return Err(ImageError::ForeignByteOrder),
            _ => return Err(ImageError::NotAnImage),
        }
        let found = word(head, 12).ok_or(ImageError::NotAnImage)?;
        if found != LAYOUT {
            return Err(ImageError::OtherLayout { found, known: LAYOUT });
        }
        let expected = long(head, 16).ok_or(ImageError::NotAnImage)?;
        if expected != bytes.len() as u64 {
            return Err(ImageError::WrongLength { found: bytes.len() as u64, expected });
        }
        let contents = long(head, 24)
            .and_then(|sections| usize::try_from(sections).ok()?.checked_mul(16))
            .and_then(|length| rest.get(..length))
            .ok_or(ImageError::Damaged { what: "its contents do not fit it" })?;
        Ok(Self { bytes, contents })
    }

    /// The next section.
    pub(crate) fn section<T: Pod>(&mut self) -> Result<&'a [T], ImageError> {
        let damaged = ImageError::Damaged { what: "a section does not fit it" };
        let (place, rest) = self.contents.split_at_checked(16).ok_or_else(|| damaged.clone())?;
        self.contents = rest;
        let start = long(place, 0).and_then(|offset| usize::try_from(offset).ok());
        let length = long(place, 8).and_then(|length| usize::try_from(length).ok());
        let (Some(start), Some(length)) = (start, length) else { return Err(damaged) };
        let section = start
            .checked_add(length)
            .filter(|_| start.is_multiple_of(ALIGNMENT) && length.is_multiple_of(size_of::<T>()))
            .and_then(|end| self.bytes.get(start..end))
            .ok_or_else(|| damaged.clone())?;
        bytemuck::try_cast_slice(section).map_err(|_| damaged)
    }

    /// That all sections were read.
    pub(crate) fn finish(self) -> Result<(), ImageError> {
        if self.contents.is_empty() {
            Ok(())
        } else {
            Err(ImageError::Damaged { what: "it has more sections than there are tables" })
        }
    }
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn long(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_ne_bytes(bytes.get(at..at + 8)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image() -> ImageBytes {
        let mut writer = ImageWriter::default();
        writer.section(&[1u32, 2, 3]);
        writer.section::<u64>(&[]);
        writer.section(&[[7u32; 16]]);
        writer.finish()
    }

    #[test]
    fn sections_come_back_aligned_and_in_order() {
        let image = image();
        let mut reader = ImageReader::open(&image).unwrap();
        assert_eq!(reader.section::<u32>().unwrap(), [1, 2, 3]);
        assert_eq!(reader.section::<u64>().unwrap(), [0u64; 0]);
        let lines = reader.section::<[u32; 16]>().unwrap();
        assert_eq!(lines, [[7u32; 16]]);
        assert_eq!(lines.as_ptr().align_offset(ALIGNMENT), 0);
        reader.finish().unwrap();
        // Wherever the bytes stand, they are read alike.
        for shift in 0..ALIGNMENT {
            let mut moved = vec![0; shift];
            moved.extend_from_slice(&image);
            let copy = ImageBytes::new(Box::new(moved.split_off(shift)));
            assert_eq!(*copy, *image);
            assert!(ImageReader::open(&copy).unwrap().section::<[u32; 3]>().is_ok());
        }
    }

    #[test]
    fn damaged_heads_and_contents_are_refused() {
        let image = image();
        assert_eq!(ImageReader::open(b"").unwrap_err(), ImageError::NotAnImage);
        let refuse = |change: &dyn Fn(&mut Vec<u8>)| {
            let mut bytes = image.to_vec();
            change(&mut bytes);
            let bytes = ImageBytes::new(Box::new(bytes));
            let mut reader = ImageReader::open(&bytes)?;
            reader.section::<u32>()?;
            reader.section::<u64>()?;
            reader.section::<[u32; 16]>()?;
            reader.finish()
        };
        assert_eq!(refuse(&|_| {}), Ok(()));
        assert_eq!(refuse(&|bytes| bytes[0] = 0), Err(ImageError::NotAnImage));
        assert_eq!(refuse(&|bytes| bytes[8..12].reverse()), Err(ImageError::ForeignByteOrder));
        assert_eq!(refuse(&|bytes| bytes[12] = 9), Err(ImageError::OtherLayout { found: 9, known: LAYOUT }));
        assert!(matches!(refuse(&|bytes| bytes.push(0)), Err(ImageError::WrongLength { .. })));
        assert!(matches!(refuse(&|bytes| bytes[24] = 2), Err(ImageError::Damaged { .. })));
        assert!(matches!(refuse(&|bytes| bytes[24] = 4), Err(ImageError::Damaged { .. })));
        assert!(matches!(refuse(&|bytes| bytes[31] = 255), Err(ImageError::Damaged { .. })));
        assert!(matches!(refuse(&|bytes| bytes[64] = 1), Err(ImageError::Damaged { .. })));
        assert!(matches!(refuse(&|bytes| bytes[71] = 255), Err(ImageError::Damaged { .. })));
        assert!(matches!(refuse(&|bytes| bytes[72] = 13), Err(ImageError::Damaged { .. })));
    }
}
