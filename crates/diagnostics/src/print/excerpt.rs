//! One line of a text, cut to what a reader can take in.

use std::ops::Range;

use super::escape::visible;

/// How many characters of a line are shown at most, in front of a place, and behind its beginning.
const BEFORE: usize = 48;
const BEHIND: usize = 112;

/// A line, or the part of it around some places, with one visible character for each of its own.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Excerpt {
    /// What is shown.
    pub(super) text: String,
    /// The places in what is shown, as many as were asked for. INVARIANT: on character borders of `text`.
    pub(super) spans: Vec<Range<usize>>,
}

/// The part of a line that shows these places (byte ranges of the line).
///
/// Cost: of what is shown, not of the line. Lines of many megabytes are ordinary in JSON files.
pub(super) fn excerpt(line: &str, places: &[Range<usize>]) -> Excerpt {
    let first = places.iter().map(|place| place.start).min().unwrap_or(0);
    let (from, to) = if line.len() <= BEFORE + BEHIND {
        (0, line.len())
    } else {
        (back(line, first, BEFORE), forth(line, floor(line, first), BEHIND))
    };
    let mut text = String::new();
    if from > 0 {
        text.push('…');
    }
    let mut borders = vec![(from, text.len())];
    for character in line.get(from..to).unwrap_or("").chars() {
        text.push(visible(character));
        let (offset, _) = borders.last().copied().unwrap_or_default();
        borders.push((offset + character.len_utf8(), text.len()));
    }
    if to < line.len() {
        text.push('…');
    }
    let shown = |offset: usize| {
        let behind = borders.partition_point(|&(original, _)| original <= offset).max(1);
        borders.get(behind - 1).map_or(0, |&(_, shown)| shown)
    };
    let spans = places.iter().map(|place| shown(place.start)..shown(place.end.max(place.start))).collect();
    Excerpt { text, spans }
}

/// Whether one excerpt can show both places.
pub(super) fn fit_together(line: &str, one: &Range<usize>, other: &Range<usize>) -> bool {
    let first = one.start.min(other.start);
    one.start.max(other.start) <= forth(line, floor(line, first), BEHIND)
}

fn back(line: &str, offset: usize, count: usize) -> usize {
    let before = line.get(..floor(line, offset)).unwrap_or("");
    before.char_indices().rev().take(count).last().map_or(before.len(), |(start, _)| start)
}

fn forth(line: &str, offset: usize, count: usize) -> usize {
    let behind = line.get(offset..).unwrap_or("");
    behind.char_indices().nth(count).map_or(line.len(), |(start, _)| offset + start)
}

fn floor(line: &str, offset: usize) -> usize {
    let mut offset = offset.min(line.len());
    while !line.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    #[test]
    fn a_short_line_is_shown_whole() {
        let shown = excerpt("  name: é\u{1b}x", &[8..10, 2..6]);
        assert_eq!(shown, Excerpt { text: "  name: é␛x".into(), spans: vec![8..10, 2..6] });
    }

    #[test]
    fn a_long_line_is_cut_on_both_sides() {
        let line = format!("{}needle{}", "a".repeat(10_000_000), "b".repeat(10_000_000));
        let shown = excerpt(&line, &[10_000_000..10_000_006, 10_000_001..10_000_003]);
        let places: Vec<_> = shown.spans.iter().map(|span| shown.text.get(span.clone())).collect();
        assert_eq!(places, [Some("needle"), Some("ee")]);
        assert!(shown.text.starts_with("…a") && shown.text.ends_with("b…"));
        assert!(shown.text.chars().count() <= BEFORE + BEHIND + 2);
    }

    proptest! {
        #[test]
        fn places_stay_in_the_excerpt(
            line in "[a-zé名\u{1b}\u{202e}\t ]{0,400}",
            places in vec((0usize..900, 0usize..900), 0..4),
        ) {
            let places: Vec<_> = places.into_iter().map(|(start, end)| start..end).collect();
            let shown = excerpt(&line, &places);
            prop_assert_eq!(shown.spans.len(), places.len());
            for span in shown.spans {
                prop_assert!(shown.text.get(span).is_some());
            }
        }
    }
}
