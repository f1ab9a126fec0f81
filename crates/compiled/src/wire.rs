//! Numbers, texts and lists as bytes.
//!
//! A number is written in groups of seven bits, the lowest first; the highest bit of a byte says that another
//! follows. There is one way to write each number: no group of zeros at the end.

use std::fmt;

/// Gathers bytes.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    pub(crate) fn byte(&mut self, byte: u8) {
        self.bytes.push(byte);
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    pub(crate) fn flag(&mut self, flag: bool) {
        self.byte(u8::from(flag));
    }

    pub(crate) fn number(&mut self, mut number: u64) {
        loop {
            let low = (number & 0x7f) as u8;
            number >>= 7;
            if number == 0 {
                return self.byte(low);
            }
            self.byte(low | 0x80);
        }
    }

    pub(crate) fn count(&mut self, count: usize) {
        self.number(count as u64);
    }

    /// A number that may be negative: small ones of both signs are short.
    pub(crate) fn signed(&mut self, number: i64) {
        self.number(((number << 1) ^ (number >> 63)).cast_unsigned());
    }

    /// A text where it stands.
    pub(crate) fn text(&mut self, text: &str) {
        self.count(text.len());
        self.bytes(text.as_bytes());
    }

    /// How many there are, then each.
    pub(crate) fn list<T>(
        &mut self,
        items: impl ExactSizeIterator<Item = T>,
        mut write: impl FnMut(&mut Self, T),
    ) {
        self.count(items.len());
        for item in items {
            write(self, item);
        }
    }
}

/// Takes bytes apart, and never more than there are.
#[derive(Clone, Debug)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
    length: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, length: bytes.len() }
    }

    /// That something is wrong with what was read last.
    pub(crate) fn fault(&self, what: &'static str) -> Malformed {
        Malformed { offset: self.length - self.rest.len(), what }
    }

    pub(crate) fn byte(&mut self) -> Result<u8, Malformed> {
        let Some((&byte, rest)) = self.rest.split_first() else {
            return Err(self.fault("it ends too early"));
        };
        self.rest = rest;
        Ok(byte)
    }

    pub(crate) fn bytes(&mut self, count: usize) -> Result<&'a [u8], Malformed> {
        let Some((bytes, rest)) = self.rest.split_at_checked(count) else {
            return Err(self.fault("it ends too early"));
        };
        self.rest = rest;
        Ok(bytes)
    }

    pub(crate) fn flag(&mut self) -> Result<bool, Malformed> {
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(self.fault("a flag is neither set nor unset")),
        }
    }

    pub(crate) fn number(&mut self) -> Result<u64, Malformed> {
        let mut number = 0;
        for shift in (0..u64::BITS).step_by(7) {
            let byte = self.byte()?;
            let low = u64::from(byte & 0x7f);
            if (low << shift) >> shift != low {
                return Err(self.fault("a number is too large"));
            }
            number |= low << shift;
            if byte & 0x80 == 0 {
                return if low == 0 && shift > 0 {
                    Err(self.fault("a number is longer than it need be"))
                } else {
                    Ok(number)
                };
            }
        }
        Err(self.fault("a number is too large"))
    }

    /// A number of 32 bits.
    pub(crate) fn small(&mut self) -> Result<u32, Malformed> {
        u32::try_from(self.number()?).map_err(|_| self.fault("a number is too large"))
    }

    pub(crate) fn signed(&mut self) -> Result<i64, Malformed> {
        let number = self.number()?;
        Ok((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
    }

    /// How many items follow, each of which takes so many bytes at least: never more than there is room for.
    pub(crate) fn count(&mut self, least: usize) -> Result<usize, Malformed> {
        let count = self.number()?;
        let most = self.rest.len().checked_div(least).unwrap_or(self.rest.len());
        usize::try_from(count)
            .ok()
            .filter(|&count| count <= most)
            .ok_or_else(|| self.fault("a list is longer than what there is"))
    }

    pub(crate) fn text(&mut self) -> Result<&'a str, Malformed> {
        let length = self.count(1)?;
        let bytes = self.bytes(length)?;
        std::str::from_utf8(bytes).map_err(|_| self.fault("a text is no UTF-8"))
    }

    /// A list of items, each of which takes so many bytes at least.
    pub(crate) fn list<T>(
        &mut self,
        least: usize,
        mut item: impl FnMut(&mut Self) -> Result<T, Malformed>,
    ) -> Result<Vec<T>, Malformed> {
        let count = self.count(least)?;
        let mut items = Vec::with_capacity(count);
        for _ in 0..count {
            items.push(item(self)?);
        }
        Ok(items)
    }

    /// That nothing follows.
    pub(crate) fn end(&self) -> Result<(), Malformed> {
        if self.rest.is_empty() { Ok(()) } else { Err(self.fault("something follows its end")) }
    }
}

/// Bytes that mean nothing.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Malformed {
    offset: usize,
    what: &'static str,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (before byte {})", self.what, self.offset)
    }
}

impl std::error::Error for Malformed {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_come_back(number: u64, signed: i64, text: String) {
            let mut writer = Writer::default();
            writer.number(number);
            writer.signed(signed);
            writer.text(&text);
            let bytes = writer.into_bytes();
            let mut reader = Reader::new(&bytes);
            prop_assert_eq!(reader.number(), Ok(number));
            prop_assert_eq!(reader.signed(), Ok(signed));
            prop_assert_eq!(reader.text(), Ok(text.as_str()));
            prop_assert_eq!(reader.end(), Ok(()));
        }

        #[test]
        fn there_is_one_way_to_write_a_number(bytes in proptest::collection::vec(any::<u8>(), 0..12)) {
            let mut reader = Reader::new(&bytes);
            if let Ok(number) = reader.number() {
                let mut writer = Writer::default();
                writer.number(number);
                prop_assert!(bytes.starts_with(&writer.into_bytes()));
            }
        }
    }

    #[test]
    fn a_count_is_held_against_the_bytes_that_are_there() {
        let mut bytes = vec![0xff, 0xff, 0xff, 0xff, 0x0f];
        bytes.extend([0; 100]);
        assert!(Reader::new(&bytes).list(1, Reader::byte).is_err());
        assert_eq!(Reader::new(&[3, 0, 0, 0]).list(1, Reader::byte), Ok(vec![0, 0, 0]));
        assert!(Reader::new(&[2, 0, 0, 0]).list(2, Reader::byte).is_err());
    }
}
