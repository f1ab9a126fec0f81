//! What a YAML scalar is: Kubernetes' resolution, which is YAML 1.1 with exceptions.
//!
//! Source: sigs.k8s.io/yaml, goyaml.v2 `resolve.go`; held by `spec/authorization` ("YAML `name: y` parses as
//! boolean true") and the typed decoder's answers in `corpus/nasty/expected.json`. Not among the numbers, though
//! YAML 1.1 has them: base 60 (`12:30:45`). Dates are texts to whoever decodes into untyped values.

use std::{borrow::Cow, num::IntErrorKind};

/// What a scalar stands for.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Scalar<'a> {
    Bool(bool),
    Float(Float),
    Integer(Integer),
    Null,
    String(Cow<'a, str>),
}

/// An integer that YAML can write; beyond 64 bits only its text is kept.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Integer {
    Signed(i64),
    Unsigned(u64),
    Wide,
}

/// A number with a point or an exponent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Float {
    Finite(f64),
    /// `.inf`, `.nan`: YAML has them, JSON and so Kubernetes does not.
    Special,
}

/// How a scalar is tagged, as far as it matters.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Tag {
    Binary,
    Bool,
    Float,
    Int,
    /// `!!merge`: only `<<` as a key makes something of it.
    Merge,
    Null,
    /// No tag: a plain scalar is resolved, a quoted one is a text.
    None,
    /// `!!str`, `!`, a tag of another tool: a text.
    Text,
    Timestamp,
}

/// Why a scalar is refused, in a few words for a message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Refusal {
    /// The tag says one thing, the text another.
    Mismatch(&'static str),
    /// `!!binary` whose text is no base64.
    NotBase64,
}

/// Resolves a scalar; `plain` says that it stands without quotes.
pub(super) fn resolve(text: Cow<'_, str>, plain: bool, tag: Tag) -> Result<Scalar<'_>, Refusal> {
    let expected = match tag {
        Tag::None if !plain => return Ok(Scalar::String(text)),
        Tag::None => return Ok(untagged(&text).unwrap_or(Scalar::String(text))),
        Tag::Merge | Tag::Text | Tag::Timestamp => return Ok(Scalar::String(text)),
        Tag::Binary => return base64(&text).map(|text| Scalar::String(Cow::Owned(text))),
        Tag::Bool => "boolean",
        Tag::Float | Tag::Int => "number",
        Tag::Null => "null",
    };
    match (tag, untagged(&text)) {
        (Tag::Bool, Some(value @ Scalar::Bool(_)))
        | (Tag::Null, Some(value @ Scalar::Null))
        | (Tag::Int, Some(value @ Scalar::Integer(_)))
        | (Tag::Float, Some(value @ (Scalar::Float(_) | Scalar::Integer(Integer::Signed(_))))) => Ok(value),
        _ => Err(Refusal::Mismatch(expected)),
    }
}

/// What a text stands for when it is no string.
fn untagged(text: &str) -> Option<Scalar<'static>> {
    // Nearly all texts are words: their first letter says so.
    match text.as_bytes().first() {
        None => Some(Scalar::Null),
        Some(b'+' | b'-' | b'0'..=b'9') => special(text).or_else(|| number(text)),
        Some(b'.') => special(text).or_else(|| {
            let text = without_underscores(text)?;
            finite(&text).map(|value| Scalar::Float(Float::Finite(value)))
        }),
        Some(b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~') => word(text),
        Some(_) => None,
    }
}

fn word(text: &str) -> Option<Scalar<'static>> {
    match text {
        "~" | "null" | "Null" | "NULL" => Some(Scalar::Null),
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            Some(Scalar::Bool(true))
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            Some(Scalar::Bool(false))
        }
        _ => None,
    }
}

fn special(text: &str) -> Option<Scalar<'static>> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let is_special = matches!(unsigned, ".inf" | ".Inf" | ".INF")
        || (unsigned.len() == text.len() && matches!(text, ".nan" | ".NaN" | ".NAN"));
    is_special.then_some(Scalar::Float(Float::Special))
}

fn number(text: &str) -> Option<Scalar<'static>> {
    let plain = if text.contains('_') { Cow::Owned(text.replace('_', "")) } else { Cow::Borrowed(text) };
    if let Some(integer) = integer(&plain) {
        return Some(Scalar::Integer(integer));
    }
    is_float_style(&plain).then(|| finite(&plain)).flatten().map(|value| Scalar::Float(Float::Finite(value)))
}

/// Go's `strconv.ParseInt(text, 0, 64)`, then `ParseUint`: a sign, a base prefix, digits. `012` is octal, and
/// `08` therefore no integer (but a float).
fn integer(text: &str) -> Option<Integer> {
    let (negative, unsigned) = match text.as_bytes().first() {
        Some(b'-') => (true, text.get(1..)?),
        Some(b'+') => (false, text.get(1..)?),
        _ => (false, text),
    };
    let signed = unsigned.len() != text.len();
    let (radix, digits) = match unsigned.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, unsigned.get(2..)?),
        [b'0', b'o' | b'O', ..] => (8, unsigned.get(2..)?),
        [b'0', b'b' | b'B', ..] => (2, unsigned.get(2..)?),
        [b'0', _, ..] => (8, unsigned.get(1..)?),
        _ => (10, unsigned),
    };
    // Rust's parser would take another sign.
    if digits.is_empty() || !digits.chars().all(|digit| digit.is_digit(radix)) {
        return None;
    }
    match u64::from_str_radix(digits, radix) {
        Ok(value) => match i64::try_from(value) {
            Ok(value) => Some(Integer::Signed(if negative { -value } else { value })),
            Err(_) if negative && value == 1 << 63 => Some(Integer::Signed(i64::MIN)),
            Err(_) if !signed => Some(Integer::Unsigned(value)),
            // A decimal number of that size goes on to be a float.
            Err(_) => (radix != 10).then_some(Integer::Wide),
        },
        Err(error) => (radix != 10 && *error.kind() == IntErrorKind::PosOverflow).then_some(Integer::Wide),
    }
}

/// `^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$`
fn is_float_style(text: &str) -> bool {
    fn digits(text: &str) -> (usize, &str) {
        let rest = text.trim_start_matches(|character: char| character.is_ascii_digit());
        (text.len() - rest.len(), rest)
    }
    let (whole, rest) = digits(text.strip_prefix(['-', '+']).unwrap_or(text));
    let (fraction, rest) = match rest.strip_prefix('.') {
        Some(rest) => digits(rest),
        None => (0, rest),
    };
    if whole == 0 && fraction == 0 {
        return false;
    }
    match rest.strip_prefix(['e', 'E']) {
        Some(exponent) => {
            let (length, rest) = digits(exponent.strip_prefix(['-', '+']).unwrap_or(exponent));
            length > 0 && rest.is_empty()
        }
        None => rest.is_empty(),
    }
}

/// Go's `ParseFloat` of a text without sign of infinity: out of range is an error, so no number.
fn finite(text: &str) -> Option<f64> {
    if !text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-')) {
        return None;
    }
    text.parse::<f64>().ok().filter(|value| value.is_finite())
}

/// Go takes `_` between digits out of `.1_0`, and nowhere else.
fn without_underscores(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains('_') {
        return Some(Cow::Borrowed(text));
    }
    let bytes = text.as_bytes();
    let between_digits = bytes.windows(3).all(|window| match window {
        [before, b'_', after] => before.is_ascii_digit() && after.is_ascii_digit(),
        _ => true,
    });
    let inside = bytes.last() != Some(&b'_') && bytes.first() != Some(&b'_');
    (between_digits && inside).then(|| Cow::Owned(text.replace('_', "")))
}

/// A number as the key of a map: Kubernetes makes a text of its value (`012` is the key `10`), and refuses
/// what its own types do not hold. Source: sigs.k8s.io/yaml `convertToJSONableObject`.
pub(super) fn key_text(scalar: Scalar<'_>) -> Option<Cow<'_, str>> {
    match scalar {
        Scalar::Bool(true) => Some(Cow::Borrowed("true")),
        Scalar::Bool(false) => Some(Cow::Borrowed("false")),
        Scalar::Integer(Integer::Signed(value)) => Some(Cow::Owned(value.to_string())),
        Scalar::Float(Float::Finite(value)) => Some(Cow::Owned(shortest_float(value))),
        Scalar::String(text) => Some(text),
        Scalar::Float(Float::Special) | Scalar::Integer(_) | Scalar::Null => None,
    }
}

/// Go's `strconv.FormatFloat(value, 'g', -1, 32)`.
#[expect(clippy::cast_possible_truncation, reason = "Kubernetes writes keys with the precision of 32 bits")]
fn shortest_float(value: f64) -> String {
    let scientific = format!("{:e}", value as f32);
    let Some((digits, exponent)) = scientific.split_once('e') else {
        // Larger than 32 bits hold.
        return if value < 0.0 { "-.inf".into() } else { ".inf".into() };
    };
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..6).contains(&exponent) {
        return (value as f32).to_string();
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}

/// Standard base64 with padding, line ends left out; bytes that are no UTF-8 become U+FFFD, as in Go's JSON.
fn base64(text: &str) -> Result<String, Refusal> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let mut quad = 0u32;
    let mut filled = 0;
    let mut padding = 0;
    for byte in text.bytes().filter(|byte| !matches!(byte, b'\n' | b'\r')) {
        let six = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'=' if filled >= 2 => {
                padding += 1;
                0
            }
            _ => return Err(Refusal::NotBase64),
        };
        if padding > 0 && byte != b'=' {
            return Err(Refusal::NotBase64);
        }
        quad = quad << 6 | u32::from(six);
        filled += 1;
        if filled == 4 {
            let [_, decoded @ ..] = quad.to_be_bytes();
            bytes.extend(decoded.iter().take(3 - padding));
            (quad, filled) = (0, if padding > 0 { 5 } else { 0 });
        } else if filled > 4 {
            return Err(Refusal::NotBase64);
        }
    }
    if !matches!(filled, 0 | 5) {
        return Err(Refusal::NotBase64);
    }
    let mut decoded = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        decoded.push_str(chunk.valid());
        decoded.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    Ok(decoded)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> Scalar<'_> {
        resolve(text.into(), true, Tag::None).unwrap()
    }

    #[test]
    fn words_of_yaml_1_1_are_booleans_and_null() {
        for text in ["y", "Y", "yes", "Yes", "YES", "on", "On", "ON", "true", "True", "TRUE"] {
            assert_eq!(plain(text), Scalar::Bool(true), "{text}");
        }
        for text in ["n", "N", "no", "No", "NO", "off", "Off", "OFF", "false", "False", "FALSE"] {
            assert_eq!(plain(text), Scalar::Bool(false), "{text}");
        }
        for text in ["", "~", "null", "Null", "NULL"] {
            assert_eq!(plain(text), Scalar::Null, "{text}");
        }
    }

    #[test]
    fn everything_else_is_a_text() {
        for text in [
            "yEs",
            "oN",
            "nULL",
            "tRUE",
            "none",
            "2024-01-31",
            "2024-01-31T00:00:00Z",
            "1.2.3",
            "12:30:45",
            "1e",
            "e3",
            "0x",
            "0b2",
            "0o8",
            "-",
            "+",
            ".",
            "..",
            "--1",
            "+-1",
            "1 2",
            "0xg",
            "*",
            "<<",
            "=",
            "_1",
            ".e3",
            ".nanx",
            "+.nan",
            "inf",
            "NaN",
            "._5",
            ".5_",
            "1e400",
            "٣",
            "0x1p-2",
        ] {
            assert_eq!(plain(text), Scalar::String(text.into()), "{text}");
        }
    }

    #[test]
    fn integers_are_read_in_every_base() {
        for (text, value) in [
            ("0", 0),
            ("12", 12),
            ("-12", -12),
            ("+12", 12),
            ("012", 10),
            ("0o17", 15),
            ("0x1F", 31),
            ("0X1f", 31),
            ("0b101", 5),
            ("-0b101", -5),
            ("-012", -10),
            ("1_000", 1000),
            ("1__0_", 10),
            ("00", 0),
            ("9223372036854775807", i64::MAX),
            ("-9223372036854775808", i64::MIN),
        ] {
            assert_eq!(plain(text), Scalar::Integer(Integer::Signed(value)), "{text}");
        }
        assert_eq!(plain("18446744073709551615"), Scalar::Integer(Integer::Unsigned(u64::MAX)));
        assert_eq!(plain("0x1ffffffffffffffff"), Scalar::Integer(Integer::Wide));
    }

    #[test]
    fn floats_are_read_as_go_does() {
        for (text, value) in [
            ("1.10", 1.1),
            ("1e3", 1000.0),
            ("1.", 1.0),
            (".5", 0.5),
            ("-.5", -0.5),
            ("08", 8.0),
            ("0_8", 8.0),
            ("+1.5E-1", 0.15),
            (".5_0", 0.5),
            ("1_0.5", 10.5),
            ("99999999999999999999", 1e20),
        ] {
            assert_eq!(plain(text), Scalar::Float(Float::Finite(value)), "{text}");
        }
        for text in [".inf", "-.Inf", "+.INF", ".nan", ".NaN"] {
            assert_eq!(plain(text), Scalar::Float(Float::Special), "{text}");
        }
    }

    #[test]
    fn quotes_and_tags_make_texts() {
        assert_eq!(resolve("yes".into(), false, Tag::None).unwrap(), Scalar::String("yes".into()));
        assert_eq!(resolve("yes".into(), true, Tag::Text).unwrap(), Scalar::String("yes".into()));
        assert_eq!(resolve("5".into(), false, Tag::Int).unwrap(), Scalar::Integer(Integer::Signed(5)));
        assert_eq!(resolve("x".into(), true, Tag::Int), Err(Refusal::Mismatch("number")));
        assert_eq!(resolve("x".into(), true, Tag::Null), Err(Refusal::Mismatch("null")));
        assert_eq!(resolve("1.5".into(), true, Tag::Int), Err(Refusal::Mismatch("number")));
        assert_eq!(resolve("no".into(), true, Tag::Bool).unwrap(), Scalar::Bool(false));
    }

    #[test]
    fn binary_is_decoded() {
        let decode = |text: &'static str| resolve(text.into(), true, Tag::Binary);
        assert_eq!(decode("cg==").unwrap(), Scalar::String("r".into()));
        assert_eq!(decode("cm9s\nZXM=").unwrap(), Scalar::String("roles".into()));
        assert_eq!(decode("").unwrap(), Scalar::String("".into()));
        assert_eq!(decode("//4=").unwrap(), Scalar::String("\u{FFFD}\u{FFFD}".into()));
        for text in ["c", "cg", "cg=", "cg==cg==", "c===", "c g=", "cg=a", "===="] {
            assert_eq!(decode(text), Err(Refusal::NotBase64), "{text}");
        }
    }

    #[test]
    fn keys_are_texts_of_values() {
        for (text, key) in [
            ("012", "10"),
            ("true", "true"),
            ("off", "false"),
            ("1.10", "1.1"),
            ("1e3", "1000"),
            ("1e6", "1e+06"),
            ("1e30", "1e+30"),
            ("0.00001", "1e-05"),
            ("a", "a"),
            ("1e300", ".inf"),
        ] {
            assert_eq!(key_text(plain(text)).as_deref(), Some(key), "{text}");
        }
        for text in ["~", ".inf", "18446744073709551615"] {
            assert_eq!(key_text(plain(text)), None, "{text}");
        }
    }
}
