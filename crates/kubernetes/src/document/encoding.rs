//! From bytes to a text of the source map, or to a finding that says what the bytes are instead.

use rolecall_diagnostics::Finding;
use rolecall_source::{SourceId, SourceMap};

use super::Limits;

/// Decodes bytes to a text of the source map (byte order marks are taken off, UTF-16 with a mark is read)
/// and says under which id.
///
/// Line ends that are a lone carriage return are made line feeds, so that positions are counted in lines.
/// Cost: linear in the bytes.
///
/// # Errors
///
/// One finding when the bytes are no text: invalid UTF-8 (with its line), UTF-16 without a mark, UTF-32,
/// compressed, an image, a control character (with its line), larger than the limit.
pub fn take_in(
    sources: &mut SourceMap,
    name: &str,
    bytes: Vec<u8>,
    limits: &Limits,
) -> Result<SourceId, Finding> {
    if bytes.len() > limits.bytes {
        return Err(Finding::error(
            "too-large",
            format!("this file has {} bytes, more than the limit of {}", bytes.len(), limits.bytes),
        )
        .in_file(name, None)
        .help("split it into several files"));
    }
    let text = decode(bytes).map_err(|fault| fault.finding(name))?;
    let text = control_characters(&text).map_or(Ok(text), Err).map_err(|fault| fault.finding(name))?;
    Ok(sources.add(name, marks_of_documents(lone_carriage_returns(text))))
}

/// Why bytes are no text.
struct Fault {
    name: &'static str,
    message: String,
    line: Option<usize>,
    help: &'static str,
}

impl Fault {
    fn new(message: impl Into<String>, help: &'static str) -> Self {
        Self { name: "invalid-encoding", message: message.into(), line: None, help }
    }

    fn at(self, line: usize) -> Self {
        Self { line: Some(line), ..self }
    }

    fn finding(self, file: &str) -> Finding {
        Finding::error(self.name, self.message).in_file(file, self.line).help(self.help)
    }
}

fn decode(mut bytes: Vec<u8>) -> Result<String, Fault> {
    if let Some((_, what, help)) = SIGNATURES.iter().find(|(magic, ..)| bytes.starts_with(magic)) {
        return Err(Fault::new(format!("this is {what}, no text"), help));
    }
    match bytes.as_slice() {
        [0xFF, 0xFE, 0, 0, ..] | [0, 0, 0xFE, 0xFF, ..] => return Err(utf32()),
        [0xFF, 0xFE, rest @ ..] => return utf16(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => return utf16(rest, u16::from_be_bytes),
        [0xEF, 0xBB, 0xBF, ..] => drop(bytes.drain(..3)),
        _ => {}
    }
    // A text without a mark whose first characters are ASCII shows its width by where the zeros stand.
    match bytes.as_slice() {
        [1..=255, 0, 0, 0, ..] | [0, 0, 0, 1..=255, ..] => return Err(utf32()),
        [1..=255, 0, 1..=255, 0, ..] | [0, 1..=255, 0, 1..=255, ..] => {
            return Err(Fault::new(
                "this is UTF-16 without a byte order mark (every second byte is NUL)",
                "save it as UTF-8",
            ));
        }
        _ => {}
    }
    String::from_utf8(bytes).map_err(|error| {
        let start = error.utf8_error().valid_up_to();
        let bytes = error.as_bytes();
        let line = line_of(bytes.get(..start).unwrap_or(bytes));
        let wrong = bytes.get(start..).and_then(<[u8]>::first).copied().unwrap_or(0);
        Fault::new(
            format!("invalid UTF-8: the byte 0x{wrong:02x} cannot stand here"),
            "save the file as UTF-8",
        )
        .at(line)
    })
}

fn utf32() -> Fault {
    Fault::new("this is UTF-32, an encoding that YAML 1.1 does not know", "save it as UTF-8")
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, Fault> {
    let help = "save it as UTF-8";
    if !bytes.len().is_multiple_of(2) {
        return Err(Fault::new("invalid UTF-16: the last character is cut", help));
    }
    let units = bytes.chunks_exact(2).filter_map(|pair| <[u8; 2]>::try_from(pair).ok()).map(unit);
    let mut text = String::with_capacity(bytes.len() / 2);
    for character in char::decode_utf16(units) {
        match character {
            Ok(character) => text.push(character),
            Err(_) => {
                let line = line_of(text.as_bytes());
                return Err(Fault::new("invalid UTF-16: half a surrogate pair", help).at(line));
            }
        }
    }
    Ok(text)
}

/// The control characters below the blank, but for tab and line ends: neither YAML nor JSON has them
/// (source: YAML 1.1, 4.1 "printable"; RFC 8259, 2 and 7).
fn control_characters(text: &str) -> Option<Fault> {
    let is_control = |byte: &u8| *byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r');
    // The whole text is looked at without a branch first: a position is only needed when there is one.
    if !text.as_bytes().iter().fold(false, |found, byte| found | is_control(byte)) {
        return None;
    }
    let at = text.as_bytes().iter().position(is_control)?;
    let byte = *text.as_bytes().get(at)?;
    let before = text.get(..at)?;
    let column = before.rsplit('\n').next().map_or(0, |line| line.chars().count()) + 1;
    let what = match byte {
        0 => "NUL",
        0x07 => "BEL",
        0x08 => "BS",
        0x1B => "ESC",
        _ => "a control character",
    };
    Some(
        Fault {
            name: "control-character",
            message: format!("the control character U+{byte:04X} ({what}) stands in column {column}"),
            line: None,
            help: "take it out, or write it as an escape in double quotes",
        }
        .at(line_of(before.as_bytes())),
    )
}

/// Makes carriage returns that no line feed follows line feeds. To YAML and JSON they are the same.
fn lone_carriage_returns(text: String) -> String {
    let bytes = text.as_bytes();
    let lone = |at: usize| bytes.get(at) == Some(&b'\r') && bytes.get(at + 1) != Some(&b'\n');
    if !bytes.contains(&b'\r') || !(0..bytes.len()).any(lone) {
        return text;
    }
    let mut result = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        let lone = character == '\r' && characters.peek() != Some(&'\n');
        result.push(if lone { '\n' } else { character });
    }
    result
}

/// Takes byte order marks off the beginnings of documents, where files that are joined bring them: Kubernetes
/// splits a text at its separators before it reads the parts.
fn marks_of_documents(text: String) -> String {
    if text.is_ascii() || !text.contains("\n\u{FEFF}") {
        return text;
    }
    let mut result = String::with_capacity(text.len());
    let mut after_separator = false;
    for line in text.split_inclusive('\n') {
        let marked = line.strip_prefix('\u{FEFF}').filter(|_| after_separator);
        result.push_str(marked.unwrap_or(line));
        after_separator = line.strip_prefix("---").is_some_and(|rest| rest.trim().is_empty());
    }
    result
}

/// The number of the line that comes after these bytes, from 1.
fn line_of(before: &[u8]) -> usize {
    let mut previous = 0;
    let mut line = 1;
    for &byte in before {
        line += usize::from(byte == b'\n') + usize::from(previous == b'\r' && byte != b'\n');
        previous = byte;
    }
    line
}

/// How files begin that people take for texts.
const SIGNATURES: &[(&[u8], &str, &str)] = &[
    (b"\x1f\x8b", "compressed (gzip)", "decompress it first: `gzip -dc FILE | … -f -`"),
    (b"\x28\xb5\x2f\xfd", "compressed (zstd)", "decompress it first"),
    (b"\xfd7zXZ\0", "compressed (xz)", "decompress it first"),
    (b"BZh", "compressed (bzip2)", "decompress it first"),
    (b"PK\x03\x04", "compressed (a zip archive)", "unpack it first"),
    (b"\x89PNG", "binary (a PNG image)", "leave the file out"),
    (b"\xff\xd8\xff", "binary (a JPEG image)", "leave the file out"),
    (b"GIF8", "binary (a GIF image)", "leave the file out"),
    (b"%PDF-", "binary (a PDF)", "leave the file out"),
    (b"\x7fELF", "binary (a program)", "leave the file out"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn reads(bytes: &[u8], expected: &str) {
        let mut sources = SourceMap::new();
        let id = take_in(&mut sources, "a.yaml", bytes.to_vec(), &Limits::default()).unwrap();
        assert_eq!(sources.get(id).unwrap().text(), expected);
    }

    #[track_caller]
    fn refuses(bytes: &[u8], name: &str, message: &str, line: Option<usize>) {
        let finding =
            take_in(&mut SourceMap::new(), "a.yaml", bytes.to_vec(), &Limits::default()).unwrap_err();
        assert_eq!((finding.name, finding.line), (name, line), "{finding:?}");
        assert!(finding.message.contains(message), "{finding:?}");
        assert!(finding.message.chars().all(|character| !character.is_control()));
        assert!(finding.help.is_some());
    }

    #[test]
    fn marks_are_taken_off_and_utf16_is_read() {
        reads(b"", "");
        reads(b"\xef\xbb\xbfa", "a");
        reads(b"\xef\xbb\xbfa\n--- \n\xef\xbb\xbfb\n\xef\xbb\xbf", "a\n--- \nb\n\u{FEFF}");
        reads(b"\xff\xfea\0\xe9\0", "aé");
        reads(b"\xfe\xff\0a\xd8\x3d\xde\0", "a😀");
    }

    #[test]
    fn lone_carriage_returns_end_lines() {
        reads(b"a\rb\r\nc\r\r\n", "a\nb\r\nc\n\r\n");
    }

    #[test]
    fn what_is_no_text_is_named() {
        refuses(b"\x1f\x8b\x08", "invalid-encoding", "gzip", None);
        refuses(b"\x89PNG\r\n", "invalid-encoding", "PNG", None);
        refuses(b"a\0b\0", "invalid-encoding", "UTF-16", None);
        refuses(b"\0a\0b", "invalid-encoding", "UTF-16", None);
        refuses(b"\xff\xfe\0\0a\0\0\0", "invalid-encoding", "UTF-32", None);
        refuses(b"a\0\0\0", "invalid-encoding", "UTF-32", None);
        refuses(b"\xff\xfea", "invalid-encoding", "UTF-16", None);
        refuses(b"\xff\xfea\0\n\0\x3d\xd8", "invalid-encoding", "surrogate", Some(2));
    }

    #[test]
    fn invalid_utf8_is_refused_with_its_line() {
        refuses(b"a\nb\xff\n", "invalid-encoding", "UTF-8", Some(2));
        refuses(b"a\n\xc0\xaf", "invalid-encoding", "UTF-8", Some(2)); // An overlong slash.
        refuses(b"a\r\n\r\n\xed\xa0\x80", "invalid-encoding", "UTF-8", Some(3)); // A surrogate.
    }

    #[test]
    fn control_characters_are_refused_with_their_line() {
        refuses(b"a\nbc\x07", "control-character", "U+0007", Some(2));
        refuses(b"a\rb\x1b[0m", "control-character", "U+001B", Some(2));
        refuses(b"a: b\n\0\0\0", "control-character", "NUL", Some(2));
    }

    #[test]
    fn a_text_over_the_limit_is_refused_with_the_limit() {
        let limits = Limits { bytes: 3, ..Limits::default() };
        let finding = take_in(&mut SourceMap::new(), "a", b"abcd".to_vec(), &limits).unwrap_err();
        assert_eq!(finding.name, "too-large");
        assert!(finding.message.contains('3'));
        assert!(take_in(&mut SourceMap::new(), "a", b"abc".to_vec(), &limits).is_ok());
    }
}
