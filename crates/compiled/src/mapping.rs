//! Files mapped into memory: the only `unsafe` of this crate.

use std::{fs::File, io};

use memmap2::Mmap;

/// A file mapped into memory, read-only.
///
/// Opening it costs no copy, and processes that map the same file share its pages. In return the bytes are the
/// file's: see the safety comment for what nobody may do to it meanwhile.
#[derive(Debug)]
pub(crate) struct Mapping(Mmap);

impl Mapping {
    /// Maps a whole file.
    pub(crate) fn of(file: &File) -> io::Result<Self> {
        // SAFETY: `Mmap::map` asks that the file is not changed while it is mapped, by this process or another.
        // No code can hold others to that. So it is asked of the caller: `CompiledFile::map` says that nobody
        // may write into such a file or truncate it, and it is never done unless asked for. What this project
        // writes does not: it puts a new file in the old one's place (`write_file`), and the mapping keeps the
        // old file's bytes for as long as it lives. Somebody who truncates the file all the same ends this
        // process (SIGBUS), and somebody who writes into it changes answers, unnoticed by the checksum, which
        // was compared on opening; neither can make it read outside of the mapping, since all that reads
        // these bytes is safe code that checks what it reads against the slice's length.
        #[allow(unsafe_code, reason = "mapping a file is unsafe whoever does it; see the comment above")]
        let mapping = unsafe { Mmap::map(file) }?;
        Ok(Self(mapping))
    }
}

impl AsRef<[u8]> for Mapping {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}
