//! Path patterns, which RBAC and ABAC read alike.

use rolecall_model::PathPattern;

/// Whether a pattern covers a path: it is `*`, or equal, or ends in `*` and the path begins with what
/// stands before all of its trailing stars.
///
/// A star elsewhere is literal, and nothing is normalised: `/healthz/*` does not cover `/healthz`, and
/// `/a/**` is `/a/*`.
///
/// Source: `spec/authorization/rbac.md` section 3, row "nonResourceURL"; `spec/authorization/abac.md`
/// section 4, "Non-resource".
pub fn covers(pattern: &PathPattern, path: &str) -> bool {
    let pattern = pattern.as_str();
    pattern == "*" || pattern == path || (pattern.ends_with('*') && path.starts_with(before_stars(pattern)))
}

/// The pattern without all of its trailing stars.
fn before_stars(pattern: &str) -> &str {
    pattern.trim_end_matches('*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: &str, path: &str, expected: bool) {
        assert_eq!(covers(&pattern.into(), path), expected, "{pattern:?} on {path:?}");
    }

    #[test]
    fn a_star_alone_covers_every_path() {
        check("*", "", true);
        check("*", "/", true);
        check("**", "anything", true);
    }

    #[test]
    fn trailing_stars_make_a_prefix() {
        check("/a*", "/a", true);
        check("/a*", "/ab", true);
        check("/a*", "/", false);
        check("/a/**", "/a/", true);
        check("/a/**", "/a", false);
        check("/a/*", "/a/*", true);
    }

    #[test]
    fn other_patterns_are_literal() {
        check("/a", "/a", true);
        check("/a", "/a/", false);
        check("/a*b", "/a*b", true);
        check("/a*b", "/axb", false);
        check("", "", true);
        check("", "/", false);
    }
}
