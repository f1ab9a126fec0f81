//! The known word that a misspelt one most likely stands for.

/// The candidate nearest to a word, if one is near enough to be what its author meant.
///
/// A candidate that differs in capitals, hyphens or underscores only wins at once; otherwise the number of
/// letters that were added, left out, changed or swapped with a neighbour counts, and may be a third of
/// the word's length. Of equally near ones the first wins.
///
/// ```
/// use rolecall_diagnostics::did_you_mean;
///
/// assert_eq!(did_you_mean("resourcesNames", ["resources", "resourceNames"]), Some("resourceNames"));
/// assert_eq!(did_you_mean("Clusterrole", ["Role", "ClusterRole"]), Some("ClusterRole"));
/// assert_eq!(did_you_mean("annotations", ["rules"]), None);
/// ```
pub fn did_you_mean<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let letters = letters(word);
    if letters.is_empty() || letters.len() > LONGEST {
        return None;
    }
    let limit = (letters.len() / 3).clamp(1, 4);
    let mut nearest = None;
    for candidate in candidates {
        if candidate == word {
            continue;
        }
        let other = self::letters(candidate);
        if other.len().abs_diff(letters.len()) > limit {
            continue;
        }
        let distance = distance(&letters, &other);
        if distance <= limit && nearest.is_none_or(|(best, _)| distance < best) {
            nearest = Some((distance, candidate));
        }
    }
    nearest.map(|(_, candidate)| candidate)
}

/// How many letters have to be added, left out, changed or swapped with a neighbour to make one word of
/// the other, capitals aside.
///
/// ```
/// assert_eq!(rolecall_diagnostics::edit_distance("verbs", "vebrs"), 1);
/// ```
pub fn edit_distance(one: &str, other: &str) -> usize {
    distance(&letters(one), &letters(other))
}

/// Longer words are no misspelling of anything; comparing them would only cost time.
const LONGEST: usize = 100;

fn letters(word: &str) -> Vec<char> {
    word.chars()
        .filter(|letter| !matches!(letter, '-' | '_'))
        .flat_map(char::to_lowercase)
        .take(LONGEST + 1)
        .collect()
}

/// The optimal string alignment distance, three rows at a time.
fn distance(one: &[char], other: &[char]) -> usize {
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=other.len()).collect();
    let mut previous_letter = None;
    for (row, &letter) in one.iter().enumerate() {
        let mut current = vec![row + 1];
        let mut left = row + 1;
        let mut previous_other = None;
        for (column, &candidate) in other.iter().enumerate() {
            let at = |row: &[usize], column: usize| row.get(column).copied().unwrap_or(usize::MAX);
            let mut best = (left + 1)
                .min(at(&last, column + 1).saturating_add(1))
                .min(at(&last, column).saturating_add(usize::from(letter != candidate)));
            if previous_letter == Some(candidate) && previous_other == Some(letter) {
                best = best.min(at(&before_last, column.saturating_sub(1)).saturating_add(1));
            }
            current.push(best);
            left = best;
            previous_other = Some(candidate);
        }
        before_last = std::mem::replace(&mut last, current);
        previous_letter = Some(letter);
    }
    last.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_count_insertions_deletions_changes_and_swaps() {
        for (one, other, expected) in [
            ("", "", 0),
            ("", "abc", 3),
            ("kitten", "sitting", 3),
            ("ab", "ba", 1),
            ("apiGroup", "apiGroups", 1),
            ("abcd", "acbd", 1),
        ] {
            assert_eq!(edit_distance(one, other), expected, "{one} {other}");
            assert_eq!(edit_distance(other, one), expected, "{other} {one}");
        }
    }

    #[test]
    fn the_word_itself_and_far_words_are_no_suggestions() {
        assert_eq!(did_you_mean("get", ["get"]), None);
        assert_eq!(did_you_mean("x", ["verbs"]), None);
        assert_eq!(did_you_mean("", ["a"]), None);
        assert_eq!(did_you_mean("edtor", ["viewer", "editor"]), Some("editor"));
    }

    #[test]
    fn very_long_words_are_not_compared() {
        let long = "a".repeat(100_000);
        assert_eq!(did_you_mean(&long, [long.as_str()]), None);
    }
}
