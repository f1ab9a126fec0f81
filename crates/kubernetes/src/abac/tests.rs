use rolecall_model::{Origin, Wild};

use super::*;

const V1BETA1: &str = r#""apiVersion":"abac.authorization.kubernetes.io/v1beta1","kind":"Policy""#;
const V0: &str = r#""apiVersion":"abac.authorization.kubernetes.io/v0","kind":"Policy""#;

fn sources(text: &str) -> (SourceMap, SourceId) {
    let mut sources = SourceMap::new();
    let source = sources.add("policy.jsonl", text);
    (sources, source)
}

#[track_caller]
fn good(text: &str) -> PolicyFile {
    let (sources, source) = sources(text);
    read(&sources, source).unwrap()
}

/// The names of the findings of a file that is taken, with the texts that they point to.
#[track_caller]
fn remarks(text: &str) -> Vec<(&'static str, Severity, String)> {
    let (sources, source) = sources(text);
    let file = read(&sources, source).unwrap();
    let text = |finding: &Finding| sources.text_of(finding.span().unwrap()).to_owned();
    file.findings.iter().map(|finding| (finding.name, finding.severity, text(finding))).collect()
}

#[track_caller]
fn refused(text: &str) -> (Finding, usize, String) {
    let (sources, source) = sources(text);
    let mut findings = read(&sources, source).unwrap_err();
    let error = findings.pop().unwrap();
    assert_eq!(error.severity, Severity::Error);
    assert!(findings.iter().all(|finding| finding.severity != Severity::Error));
    let span = error.span().unwrap();
    let (line, text) = (sources.position(span).line, sources.text_of(span).to_owned());
    (error, line, text)
}

fn wild<T: ToString>(value: &Wild<T>) -> String {
    match value {
        Wild::Any => "*".to_owned(),
        Wild::Is(value) => value.to_string(),
    }
}

/// A policy as `user|group|r or rw|api group|resource|namespace|path`.
#[track_caller]
fn internal(line: &str) -> String {
    let file = good(line);
    let [policy] = file.policies.as_slice() else { panic!("{file:?}") };
    format!(
        "{}|{}|{}|{}|{}|{}|{}",
        policy.user.as_ref().map_or("", |user| user.as_str()),
        policy.group.as_ref().map_or("", |group| group.as_str()),
        if policy.read_only { "r" } else { "rw" },
        wild(&policy.api_group),
        wild(&policy.resource),
        wild(&policy.namespace),
        policy.non_resource_path,
    )
}

fn v1beta1(spec: &str) -> String {
    format!("{{{V1BETA1},\"spec\":{{{spec}}}}}")
}

#[test]
fn policies_are_converted_and_defaults_filled_in() {
    let cases = [
        (r#"{"user":"bob"}"#.to_owned(), "bob||rw|*|*|*|*"),
        (r#"{"spec":{"user":"bob"}}"#.to_owned(), "|system:authenticated|rw|*|*|*|*"),
        (format!(r#"{{{V0},"user":"x","namespace":"n"}}"#), "x||rw|*|*|n|"),
        (r#"{"user":"x","resource":"pods"}"#.to_owned(), "x||rw|*|pods|*|"),
        (r#"{"user":"x","resource":"*"}"#.to_owned(), "x||rw|*|*|*|"),
        (r#"{"user":"x","group":"g","readonly":true}"#.to_owned(), "x|g|r|*|*|*|*"),
        (r#"{"user":"x","group":"*"}"#.to_owned(), "|system:authenticated|rw|*|*|*|*"),
        (r#"{"group":"g","apiGroup":"a","nonResourcePath":"/x"}"#.to_owned(), "|g|rw|*|*|*|*"),
        ("{}".to_owned(), "|system:authenticated|rw|*|*|*|*"),
        (v1beta1(r#""user":"*","resource":"pods""#), "|system:authenticated|rw||pods||"),
        (v1beta1(r#""user":"*","group":"g""#), "|system:authenticated|rw||||"),
        (v1beta1(r#""user":"x""#), "x||rw||||"),
        (v1beta1(""), "||rw||||"),
        (format!("{{{V1BETA1}}}"), "||rw||||"),
        (
            v1beta1(r#""group":"g","apiGroup":"*","resource":"*","namespace":"*","nonResourcePath":"*""#),
            "|g|rw|*|*|*|*",
        ),
        (
            v1beta1(r#""group":"g","apiGroup":"apps","nonResourcePath":"/a/*","readonly":true"#),
            "|g|r|apps|||/a/*",
        ),
    ];
    for (line, expected) in cases {
        assert_eq!(internal(&line), expected, "{line}");
    }
}

#[test]
fn fields_are_read_as_go_reads_them() {
    let cases = [
        // The last of equal keys; null leaves what was there; objects are merged.
        (r#"{"user":"a","user":"b","user":null}"#.to_owned(), "b||rw|*|*|*|*"),
        (
            format!(r#"{{{V1BETA1},"spec":{{"user":"a","resource":"x"}},"spec":null,"spec":{{"user":"b"}}}}"#),
            "b||rw||x||",
        ),
        (r#"{"readonly":true,"readonly":null,"user":"a"}"#.to_owned(), "a||r|*|*|*|*"),
        // Capitals count, but for the version and the kind.
        (r#"{"User":"a","readOnly":true}"#.to_owned(), "|system:authenticated|rw|*|*|*|*"),
        (
            r#"{"ApiVerſion":"abac.authorization.kubernetes.io/v1beta1","KIND":"Policy","spec":{"user":"a"}}"#.to_owned(),
            "a||rw||||",
        ),
        (r#"{"\u0075ser":"\u0061"}"#.to_owned(), "a||rw|*|*|*|*"),
        (r#"{"user":"a","deep":{"er":[[{"user":"b"}]]}}"#.to_owned(), "a||rw|*|*|*|*"),
        (" \t{\"user\" : \"a\"}\r".to_owned(), "a||rw|*|*|*|*"),
    ];
    for (line, expected) in cases {
        assert_eq!(internal(&line), expected, "{line}");
    }
}

#[test]
fn versions_are_told_as_kubernetes_tells_them() {
    for (line, version) in [
        (r#"{"user":"a"}"#.to_owned(), "v0"),
        (r#"{"kind":"Policy","user":"a"}"#.to_owned(), "v0"),
        (r#"{"apiVersion":"abac.authorization.kubernetes.io/v0","user":"a"}"#.to_owned(), "v0"),
        (r#"{"apiVersion":"abac.authorization.kubernetes.io/","kind":"Policy","user":"a"}"#.to_owned(), "v0"),
        (r#"{"apiVersion":"/","user":"a"}"#.to_owned(), "v0"),
        (format!("{{{V0}}}"), "v0"),
        (format!("{{{V1BETA1}}}"), "v1beta1"),
    ] {
        assert_eq!(good(&line).versions, BTreeMap::from([(version, 1)]), "{line}");
    }
    let scheme = r#" in scheme "k8s.io/kubernetes/pkg/apis/abac/register.go:33""#;
    let group = "abac.authorization.kubernetes.io";
    for (line, cause, pointed_to) in [
        (
            r#"{"kind":"Foo"}"#.to_owned(),
            format!(r#"no kind "Foo" is registered for version "{group}/v0"{scheme}"#),
            r#""Foo""#.to_owned(),
        ),
        (
            r#"{"apiVersion":"zzz/v1"}"#.to_owned(),
            format!(r#"no kind "Policy" is registered for version "zzz/v1"{scheme}"#),
            r#""zzz/v1""#.to_owned(),
        ),
        (
            r#"{"apiVersion":"v0","kind":"Policy"}"#.to_owned(),
            format!(r#"no kind "Policy" is registered for version "v0"{scheme}"#),
            r#""v0""#.to_owned(),
        ),
        (
            format!(r#"{{"apiVersion":"{group}/v9","kind":"Policy"}}"#),
            format!(r#"no kind "Policy" is registered for version "{group}/v9"{scheme}"#),
            format!(r#""{group}/v9""#),
        ),
        (
            format!(r#"{{"apiVersion":"{group}/v1beta1","kind":"PolicyList"}}"#),
            format!(r#"no kind "PolicyList" is registered for version "{group}/v1beta1"{scheme}"#),
            r#""PolicyList""#.to_owned(),
        ),
        (
            format!(r#"{{"apiVersion":"{group}/v1beta1"}}"#),
            "converting (v1beta1.Policy) to (v0.Policy): unknown conversion".to_owned(),
            format!(r#""{group}/v1beta1""#),
        ),
        (
            r#"{"apiVersion":"a/b/c"}"#.to_owned(),
            "unexpected GroupVersion string: a/b/c".to_owned(),
            r#""a/b/c""#.to_owned(),
        ),
        (
            r#"{"apiVersion":"a/","kind":"Policy"}"#.to_owned(),
            r#"Object 'apiVersion' is missing in '{"apiVersion":"a/","kind":"Policy"}'"#.to_owned(),
            r#""a/""#.to_owned(),
        ),
        (
            r#"{"apiVersion":5}"#.to_owned(),
            concat!(
                "couldn't get version/kind; json parse error: json: cannot unmarshal number into Go struct field .apiVersion ",
                "of type string"
            )
            .to_owned(),
            "5".to_owned(),
        ),
    ] {
        let (error, number, text) = refused(&format!("# first\n{line}\n{{}}"));
        let frame = format!("error reading policy file policy.jsonl, line 2: {line}: {cause}");
        assert_eq!((error.kubernetes.as_deref(), number), (Some(&*frame), 2), "{line}");
        assert_eq!(text, pointed_to, "{line}");
    }
}

#[test]
fn values_of_the_wrong_type_fail_the_file() {
    for (line, cause, field, text) in [
        (
            r#"{"user":5}"#.to_owned(),
            "json: cannot unmarshal number into Go struct field Policy.user of type string",
            "user",
            "5",
        ),
        (
            format!(r#"{{{V1BETA1},"spec":[]}}"#),
            "json: cannot unmarshal array into Go struct field Policy.spec of type v1beta1.PolicySpec",
            "spec",
            "[]",
        ),
        (
            v1beta1(r#""readonly": "true""#),
            "json: cannot unmarshal string into Go struct field PolicySpec.spec.readonly of type bool",
            "spec.readonly",
            "\"true\"",
        ),
        (
            v1beta1(r#""apiGroup":["*"]"#),
            "json: cannot unmarshal array into Go struct field PolicySpec.spec.apiGroup of type string",
            "spec.apiGroup",
            "[\"*\"]",
        ),
        (
            "user: {}".to_owned(),
            "json: cannot unmarshal object into Go struct field Policy.user of type string",
            "user",
            "{}",
        ),
        (
            "readonly: 1".to_owned(),
            "json: cannot unmarshal number into Go struct field Policy.readonly of type bool",
            "readonly",
            "1",
        ),
    ] {
        let (error, number, pointed_to) = refused(&line);
        let frame = format!("error reading policy file policy.jsonl, line 1: {line}: {cause}");
        assert_eq!((error.kubernetes.as_deref(), number), (Some(&*frame), 1), "{line}");
        assert_eq!(
            (error.name, error.field.as_deref(), &*pointed_to),
            ("wrong-type", Some(field), text),
            "{line}"
        );
    }
}

#[test]
fn lines_that_are_no_policies_fail_the_file() {
    let prefix = "couldn't get version/kind; json parse error: ";
    for line in [
        "{bad",
        "[]",
        "[{\"user\":\"a\"}]",
        "12",
        "\"a\"",
        "alice",
        "true",
        "{\"user\":\"a\"}{\"user\":\"b\"}",
        "{\"user\":\"a\",}",
        "{'user':'a'}",
        "{user: a}",
        "{",
        "{% set a = b -%}",
        "user: [",
        "\u{a0}{}",
        "{\"user\":\"\\ud800\"}",
    ] {
        let (error, number, _) = refused(&format!("{{}}\n\n{line}\n{{}}\n"));
        assert_eq!((error.name, number), ("malformed-policy-line", 3), "{line}: {error:?}");
        if let Some(text) = &error.kubernetes {
            let frame = format!("error reading policy file policy.jsonl, line 3: {line}: {prefix}");
            assert!(text.starts_with(&frame), "{text}");
        }
    }
    let (error, _, _) = refused("{\"user\":\"a\"");
    assert!(error.kubernetes.unwrap().ends_with(": unexpected end of JSON input"));
    let (error, _, _) = refused("\"a\"");
    assert!(
        error.kubernetes.unwrap().contains(": json: cannot unmarshal string into Go value of type struct {")
    );
}

#[test]
fn blanks_and_comments_are_skipped_and_counted() {
    let text = "\n  \u{3000}\t\r\n# {\"user\"\n  # x\n{\"user\":\"a\"}\r\n\n{\"user\":\"b\"}";
    let (sources, source) = sources(text);
    let file = read(&sources, source).unwrap();
    let places: Vec<_> = file
        .policies
        .iter()
        .map(|policy| match policy.origin {
            Origin::Text(span) => (sources.position(span).to_string(), sources.text_of(span)),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(places, [("5:1".to_owned(), r#"{"user":"a"}"#), ("7:1".to_owned(), r#"{"user":"b"}"#)]);
    assert_eq!(good("").policies, []);
}

#[test]
fn a_line_of_64_kib_is_too_long_whatever_it_is() {
    let comment = format!("#{}", "a".repeat(65_534));
    assert_eq!(good(&format!("{{\"user\":\"a\"}}\n{comment}\n{comment}")).policies.len(), 1);
    for text in [format!("{{}}\n{comment}a\n"), format!("{{}}\n{comment}a"), format!("{{}}\n{comment}\r\n")] {
        let (error, number, _) = refused(&text);
        assert_eq!((error.name, number), ("line-too-long", 2));
        assert_eq!(
            error.kubernetes.as_deref(),
            Some("error reading policy file policy.jsonl: bufio.Scanner: token too long")
        );
    }
}

#[test]
fn yaml_lines_are_taken_one_by_one_and_warned_about() {
    assert_eq!(internal("user: alice"), "alice||rw|*|*|*|*");
    assert_eq!(internal("  resource: pods"), "|system:authenticated|rw|*|pods|*|");
    assert_eq!(internal("readonly: yes"), "|system:authenticated|r|*|*|*|*");
    for line in ["null", "~", "---"] {
        assert_eq!(internal(line), "|system:authenticated|rw|*|*|*|*", "{line}");
        let names: Vec<_> = remarks(line).into_iter().map(|(name, ..)| name).collect();
        assert_eq!(names, ["yaml-policy-line", "policy-for-everybody", "unversioned-policy"], "{line}");
    }
    // What stands behind a byte order mark is YAML, whose last key takes the place of the others.
    assert_eq!(
        internal("\u{feff}{\"user\":\"a\",\"user\":\"b\",\"user\":null}"),
        "|system:authenticated|rw|*|*|*|*"
    );
    assert_eq!(good("user: alice\n  resource: pods\n").policies.len(), 2);
}

#[test]
fn dangerous_lines_are_warned_about() {
    use Severity::{Note, Warning};

    let whole = |spec: &str| v1beta1(spec);
    let rest = r#""namespace":"*","resource":"*""#;
    let cases = [
        (
            whole(&format!(r#""user":"a",{rest},"readOnly":true"#)),
            vec![("unknown-field", Warning, r#""readOnly""#.to_owned())],
        ),
        (
            whole(&format!(r#""user":"a","user":"b",{rest}"#)),
            vec![("duplicate-field", Warning, r#""user""#.to_owned())],
        ),
        (
            format!(r#"{{{V1BETA1},"user":"a","spec":{{"group":"g",{rest}}}}}"#),
            vec![("unknown-field", Warning, r#""user""#.to_owned())],
        ),
        (format!(r#"{{{V0},"resource":"pods"}}"#), vec![("policy-for-everybody", Warning, "{".to_owned())]),
        (
            format!(r#"{{{V0},"spec":{{"user":"a"}}}}"#),
            vec![
                ("unknown-field", Warning, r#""spec""#.to_owned()),
                ("policy-for-everybody", Warning, "{".to_owned()),
            ],
        ),
        (whole(rest), vec![("policy-for-nobody", Warning, "{".to_owned())]),
        (whole(r#""user":"a""#), vec![("policy-covers-nothing", Note, "{".to_owned())]),
        (
            whole(&format!(r#""user":"*","group":"g",{rest}"#)),
            vec![("star-drops-subject", Warning, "{".to_owned())],
        ),
        (
            format!(r#"{{{V0},"user":"a","group":"*"}}"#),
            vec![("star-drops-subject", Warning, "{".to_owned())],
        ),
        (
            whole(r#""user":"a","resource":"nodes""#),
            vec![("policy-outside-of-namespaces", Note, "{".to_owned())],
        ),
        (r#"{"user":"a"}"#.to_owned(), vec![("unversioned-policy", Note, "{".to_owned())]),
        (whole(&format!(r#""user":"a",{rest}"#)), vec![]),
        (whole(&format!(r#""user":"*",{rest}"#)), vec![]),
        (whole(r#""group":"a","nonResourcePath":"/x""#), vec![]),
        (format!(r#"{{{V0},"user":"a"}}"#), vec![]),
    ];
    for (line, expected) in cases {
        let found: Vec<_> = remarks(&line)
            .into_iter()
            .map(|(name, severity, text)| (name, severity, if text == line { "{".to_owned() } else { text }))
            .collect();
        assert_eq!(found, expected, "{line}");
    }
    assert_eq!(remarks("{\"user\":\"a\"}\n{\"user\":\"b\"}\n").len(), 1);
}

#[test]
fn warnings_say_what_kubernetes_makes_of_the_line() {
    let file = good(&v1beta1(r#""user":"carol","namespace":"*","resource":"pods","Readonly":true"#));
    let [finding] = file.findings.as_slice() else { panic!("{file:?}") };
    assert_eq!(finding.labels[0].text, "did you mean `readonly`?");
    assert_eq!(finding.field.as_deref(), Some("spec.Readonly"));
    assert_eq!(
        finding.help.as_deref(),
        Some(
            "Kubernetes reads this line so: user `carol` may use every verb on `pods` of the core group in every namespace"
        )
    );
    let meaning_of = |line: &str| convert::meaning(&good(line).policies[0]);
    assert_eq!(
        meaning_of("{}"),
        "everybody who is authenticated may use every verb on every resource in every namespace, and every path"
    );
    assert_eq!(
        meaning_of(&v1beta1(r#""user":"a","group":"g","apiGroup":"apps","resource":"x","readonly":true"#)),
        "user `a` as a member of group `g` may get, list and watch `x` of API group `apps` outside of namespaces"
    );
    assert_eq!(meaning_of(&v1beta1(r#""nonResourcePath":"/a""#)), "nobody may use every verb on path `/a`");
    assert_eq!(meaning_of(&v1beta1(r#""group":"g""#)), "group `g` may use every verb on nothing");
}

#[test]
fn a_file_of_mistakes_gives_a_bounded_number_of_findings() {
    let line = format!("{{\"user\":\"a\"{}}}\n", ",\"x\":1".repeat(9_000));
    let file = good(&line.repeat(3));
    assert_eq!((file.policies.len(), file.findings.len()), (3, MOST_REMARKS + 1));
    let last = file.findings.last().unwrap();
    assert_eq!((last.name, last.severity), ("more-findings", Severity::Warning));
    // An error is never among those that are left out.
    let (error, number, _) = refused(&format!("{line}{line}{{"));
    assert_eq!((error.name, number), ("malformed-policy-line", 3));
}

proptest::proptest! {
    #[test]
    fn reading_never_panics(text in ".{0,80}|([{}\\[\\]:,\"\\\\~&*! \n-]|user|spec|null|apiVersion|kind|\"user\":|\"a\"){0,40}") {
        let (sources, source) = sources(&text);
        let _ = read(&sources, source);
    }
}
