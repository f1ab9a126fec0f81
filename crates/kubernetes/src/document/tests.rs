//! Documents through the public door: a text in, a tree or a finding out.

use std::{fmt::Write as _, time::Instant};

use rolecall_diagnostics::Finding;
use rolecall_source::SourceMap;

use super::*;

fn read_with(text: &str, limits: &Limits) -> Result<(Vec<Node>, SourceMap), Finding> {
    let mut sources = SourceMap::new();
    let id = take_in(&mut sources, "a.yaml", text.as_bytes().to_vec(), limits)?;
    let documents: Result<Vec<Document>, Finding> = Documents::new(&sources, id, limits).collect();
    Ok((documents?.into_iter().map(|document| document.root).collect(), sources))
}

fn read(text: &str) -> Result<(Vec<Node>, SourceMap), Finding> {
    read_with(text, &Limits::default())
}

/// A tree in one line: texts in quotes, so that everything else shows what it is.
fn show(node: &Node) -> String {
    let list = |items: Vec<String>| items.join(" ");
    match &node.value {
        Value::Null => "null".into(),
        Value::Bool(value) => value.to_string(),
        Value::Number(text) => text.to_string(),
        Value::String(text) => format!("{text:?}"),
        Value::List(nodes) => format!("[{}]", list(nodes.iter().map(show).collect())),
        Value::Map(entries) => {
            format!("{{{}}}", list(entries.iter().map(|e| format!("{}={}", e.key, show(&e.value))).collect()))
        }
    }
}

#[track_caller]
fn check(text: &str, expected: &str) {
    let (roots, _) = read(text).unwrap();
    assert_eq!(roots.iter().map(show).collect::<Vec<_>>().join(" | "), expected, "{text}");
}

/// Refused by a finding of this name at this `line:column`, with this in its message, label or help.
#[track_caller]
fn refuse(text: &str, name: &str, place: &str, mention: &str) {
    let mut sources = SourceMap::new();
    let id = take_in(&mut sources, "a.yaml", text.as_bytes().to_vec(), &Limits::default()).unwrap();
    let finding = Documents::new(&sources, id, &Limits::default()).find_map(Result::err).unwrap();
    let labels = finding.labels.iter().map(|label| label.text.as_str()).collect::<Vec<_>>().join("; ");
    let all = format!("{} ({labels}) {}", finding.message, finding.help.as_deref().unwrap_or(""));
    assert_eq!(
        (finding.name, sources.position(finding.span().unwrap()).to_string().as_str()),
        (name, place),
        "{text:?}: {all}"
    );
    assert!(all.contains(mention), "{all}");
}

#[test]
fn blocks_and_brackets_are_the_same_tree() {
    check("a: 1\nb:\n- x\n-\n  c: z\n", r#"{a=1 b=["x" {c="z"}]}"#);
    check("{a: 1, b: [x, {c: z}]}", r#"{a=1 b=["x" {c="z"}]}"#);
    check("[a: 1, b, c: ]", r#"[{a=1} "b" {c=null}]"#);
    check(
        "a: |\n  x\n   y\nb: >-\n  x\n  y\nc: 'it''s'\nd: \"\\u00e9\\/\"",
        r#"{a="x\n y\n" b="x y" c="it's" d="é/"}"#,
    );
    check("? a\n: 1\n? b\n", "{a=1 b=null}");
    check("- |\n  get", r#"["get"]"#);
    check("- |+\n  get\n  ", r#"["get\n"]"#);
    check("- |-\n  get\n\n", r#"["get"]"#);
    check("a: x\n  y # z\n", r#"{a="x y"}"#);
}

#[test]
fn documents_are_counted_as_yaml_does() {
    check("", "");
    check("\n  \n# only a comment\n", "");
    check("---\n---\n# c\n", "null | null");
    check("a\n---\n", r#""a" | null"#);
    check("a\n...\n", r#""a""#);
    check("a\n...\n...\n---\nb\n", r#""a" | "b""#);
    check("%YAML 1.1\n---\na\n...\n%YAML 1.1\n---\nb", r#""a" | "b""#);
    check("--- a\n--- {b: c}\n--- # d\n", r#""a" | {b="c"} | null"#);
    check("a: |\n  ---\n  b\n---\nnull", r#"{a="---\nb\n"} | null"#);
    check("---a: b", r#"{---a="b"}"#);
}

#[test]
fn json_is_read_as_json() {
    check("{\"a\":\t\"\\/\\ud83d\\ude00\"}", r#"{a="/😀"}"#);
    check("{\"a\":1}{\"a\":2}\n{\"a\":3}\n", "{a=1} | {a=2} | {a=3}");
    check("\t{\n\t\"a\": [\n\t\ttrue, null]}", "{a=[true null]}");
    check("{\"a\":1}\n---\n{\"a\":2}\n---\nb: yes\n", "{a=1} | {a=2} | {b=true}");
    check("{\"a\":1} # not JSON\n---\nb", r#"{a=1} | "b""#);
    check("{\"a\":[1,],}", "{a=[1]}");
    check("[\"y\", 012, y]", r#"["y" 012 true]"#);
}

#[test]
fn spans_are_what_was_written() {
    let (roots, sources) =
        read("é: &a !!str yes # c\nl: &b\n- {x: 'y' }\n- |\n  !t é\n\n- [ ]\nn:\no: *a\np: ~\n").unwrap();
    let entries = roots[0].as_map().unwrap();
    let text = |node: &Node| sources.text_of(node.span).to_owned();
    let values: Vec<String> = entries.iter().map(|entry| text(&entry.value)).collect();
    assert_eq!(values, ["yes", "- {x: 'y' }\n- |\n  !t é\n\n- [ ]", "", "*a", "~"]);
    let keys: Vec<&str> = entries.iter().map(|entry| sources.text_of(entry.key_span)).collect();
    assert_eq!(keys, ["é", "l", "n", "o", "p"]);
    let items: Vec<String> = entries[1].value.as_list().unwrap().iter().map(text).collect();
    assert_eq!(items, ["{x: 'y' }", "!t é", "[ ]"]);
    assert_eq!(sources.position(entries[2].value.span).to_string(), "8:2");
    assert_eq!(sources.text_of(roots[0].span).lines().count(), 10);
}

#[test]
fn tags_say_what_a_scalar_is() {
    check(
        "[!!str yes, ! 12, !t 12, !!int '5', !!binary cg==, !!null '', !!bool 'on', !!float 1]",
        r#"["yes" "12" "12" 5 "r" null true 1]"#,
    );
    check("a: !!python/object:x [b]\nc: !Ref d\n", r#"{a=["b"] c="d"}"#);
    check("!<tag:yaml.org,2002:str> 12", r#""12""#);
    refuse("a: !!int x", "invalid-tag", "1:10", "no number");
    refuse("a: !!binary ;", "invalid-tag", "1:13", "base64");
}

#[test]
fn keys_are_texts() {
    check("{yes: 1, 012: 2, 1.50: 3, '': 4, \"<<\": 5}", "{true=1 10=2 1.5=3 =4 <<=5}");
    check("a: 1\na: 2\n", "{a=1 a=2}");
    check("{&k yes: *k}", "{true=true}");
    check("- &k 012\n- {*k : 1}\n", "[012 {10=1}]");
    refuse("{a: 1, ? [b] : 2}", "invalid-key", "1:10", "a list");
    refuse("? {a: b}\n: c", "invalid-key", "1:3", "a map");
    refuse("~: 1", "invalid-key", "1:1", "null");
    refuse(": 1", "invalid-key", "1:1", "null");
    refuse(".inf: 1", "invalid-key", "1:1", "number");
}

#[test]
fn numbers_that_json_has_not_are_refused() {
    refuse("a: [1, -.inf]", "unsupported-number", "1:8", "-.inf");
    check("a: '.inf'", r#"{a=".inf"}"#);
}

#[test]
fn aliases_stand_for_values_of_their_document() {
    check("a: &x [1, 2]\nb: *x\nc: &x z\nd: *x\n", r#"{a=[1 2] b=[1 2] c="z" d="z"}"#);
    check("&r {a: &s {b: 1}, c: *s}", "{a={b=1} c={b=1}}");
    check("&a a: &b b\n*b : *a", r#"{a="b" b="a"}"#);
    refuse("a: &x 1\n---\nb: *x\n", "undefined-alias", "3:4", "another document");
    refuse("a: *x\nb: &x 1\n", "undefined-alias", "1:4", "`*x`");
    refuse("a: */scale\n", "undefined-alias", "1:4", "\"*/scale\"");
    refuse("a: &x [1, *x]\n", "alias-of-itself", "1:11", "itself");
    refuse("a: &x\n  b: [*x]\n", "alias-of-itself", "2:7", "`*x`");
}

#[test]
fn merge_keys_put_entries_in() {
    check("- &a {x: 1, p: 2}\n- {<<: *a, p: 3, z: 4}\n", "[{x=1 p=2} {x=1 p=3 z=4}]");
    check("- &a {x: 1}\n- &b {x: 2, p: 3}\n- {<<: [*a, *b, {z: 4}]}\n", "[{x=1} {x=2 p=3} {z=4 x=1 p=3}]");
    // What is written last stands: Kubernetes' reader goes by the order of the text.
    check("- &a {x: 1}\n- {x: 2, <<: *a}\n", "[{x=1} {x=1}]");
    check("- &a {x: 1}\n- {x: 2, <<: *a, x: 3, x: 4}\n", "[{x=1} {x=3 x=4}]");
    check("- &a {x: 1}\n- &b {<<: *a, p: 2}\n- <<: *b\n  <<: {p: 3}\n", "[{x=1} {x=1 p=2} {x=1 p=3}]");
    check("{'<<': {x: 1}}", "{<<={x=1}}");
    check("{!!merge <<: {x: 1}}", "{x=1}");
    refuse("{<<: x}", "invalid-merge", "1:6", "a string");
    refuse("{<<: [{x: 1}, p]}", "invalid-merge", "1:15", "a string");
    refuse("- &a [{x: 1}]\n- {<<: *a}\n", "invalid-merge", "2:8", "a list");
    refuse("a:\n  <<:\n", "invalid-merge", "2:5", "null");
}

#[test]
fn white_space_that_means_nothing_is_no_fault() {
    let expected = r#"{a=["x" {b="it's" c="d e"}] f="g h" i="j"}"#;
    check("a: [x, {b: it's, c: \"d e\"}]\nf: 'g h'\ni: j\n", expected);
    check("a: [\nx,\n{\nb: it's,\nc: \"d\ne\" # ]\n}\n]\nf: 'g\nh'\ni: j\n", expected);
    check("a:\t[\tx, {b:\tit's, c:\t\"d\n\te\"}]\t# ]\nf:\tg h\ni:\tj\n", expected);
    check("a: [b]#c\nd: ''#e\n\"f\": [g]# h", r#"{a=["b"] d="" f=["g"]}"#);
    check("- - k: [\n1,\n  2]\n  - é: [\n3]\n---\n- [\n4\n]", "[[{k=[1 2]} {é=[3]}]] | [[4]]");
    check("a:\n  b: {c: d\ne, f: g}", r#"{a={b={c="d e" f="g"}}}"#);
    let (roots, sources) = read("é:\té\nk: [\né,\n\"b\"\n]\nz: y\n").unwrap();
    let list = roots[0].get("k").unwrap().value.as_list().unwrap();
    assert_eq!(list.iter().map(|node| sources.text_of(node.span)).collect::<Vec<_>>(), ["é", "\"b\""]);
    assert_eq!(sources.text_of(roots[0].get("z").unwrap().value.span), "y");
    assert_eq!(sources.text_of(roots[0].get("é").unwrap().value.span), "é");
    refuse("a: [\nx\n---\ny: ]\n", "yaml-syntax", "3:1", "`]`");
}

#[test]
fn faults_are_named_in_words_with_a_way_out() {
    refuse("verbs: [*]", "yaml-syntax", "1:9", "\"*\"");
    refuse("verbs:\n- *\n", "yaml-syntax", "2:3", "quotes");
    refuse("a:\n\tb: c", "yaml-syntax", "2:1", "tab");
    refuse("-\ta: b", "yaml-syntax", "1:2", "tab");
    refuse("a:\n\t- b", "yaml-syntax", "2:1", "tab");
    refuse("a: b: c", "yaml-syntax", "1:5", "`:`");
    refuse("a: \"b\\q\"", "yaml-syntax", "1:4", "escape");
    refuse("a: [b\nc: d", "yaml-syntax", "2:2", "`]`");
    refuse("a: {b: c", "yaml-syntax", "1:9", "`}`");
    refuse("a: 'b", "yaml-syntax", "1:4", "quote");
    refuse("a: ]", "yaml-syntax", "1:4", "closes nothing");
    refuse("a: @b", "yaml-syntax", "1:4", "`@`");
    refuse("a: b\nc\nd: e", "yaml-syntax", "3:1", "key");
    refuse("a: b\n c: d", "yaml-syntax", "2:3", "indent");
    refuse("a:\n<<<<<<< HEAD\n  b: c\n=======\n", "yaml-syntax", "2:1", "conflict");
    refuse("{\"a\": 1", "json-syntax", "1:8", "ends too early");
    refuse("{\"a\": 1}\n}", "json-syntax", "2:1", "`}`");
    refuse("{\"a\": 1}\n{\"a\": nope}", "json-syntax", "2:7", "`nope`");
    refuse("{\"a\": 1, // b\n\"c\": d: e}", "json-syntax", "1:10", "key");
    refuse("a: b\u{85}", "line-separator", "1:5", "U+0085");
    refuse("# a\u{2028}b: c", "line-separator", "1:4", "U+2028");
    refuse("a: \u{7f}", "control-character", "1:4", "U+007F");
}

#[test]
fn templates_are_known_for_what_they_are() {
    refuse("{{- if .Values.x }}\na: b\n", "looks-like-a-template", "1:1", "template");
    refuse("{% set x = 1 %}\na: b\n", "looks-like-a-template", "1:1", "{%");
    refuse("a: {{ .Release.Name }}\n", "looks-like-a-template", "1:4", "helm");
    refuse("a: b\n{{ if x }}\nc: *d\n", "looks-like-a-template", "2:1", "`{{`");
    // Braces in quotes are no template, and no reason for another fault.
    refuse("a: '{{ x }}'\nb: *c\n", "undefined-alias", "2:4", "`*c`");
    check("a: '{{ x }}'", r#"{a="{{ x }}"}"#);
}

#[test]
fn nesting_is_limited_quickly() {
    let started = Instant::now();
    let deep = 100_000;
    let mut block = String::from("a:\n");
    for level in 0..300 {
        writeln!(block, "{}a:", " ".repeat(level)).unwrap();
    }
    let aliases = (1..200).fold(String::from("- &a0 [x]\n"), |mut text, level| {
        writeln!(text, "- &a{level} [*a{}]", level - 1).unwrap();
        text
    });
    for text in [
        format!("a: {}", "[".repeat(deep)),
        format!("a: {}{}", "[".repeat(deep), "]".repeat(deep)),
        format!("a: {}", "{b: ".repeat(deep)),
        format!("a:\n{}x\n", "- ".repeat(deep)),
        format!("? {}x\n", "? ".repeat(deep)),
        "{\"a\":".repeat(deep),
        "[".repeat(deep),
        format!("a: {}{}", "[".repeat(101), "]".repeat(101)),
        block,
        aliases,
    ] {
        let finding = read(&text).unwrap_err();
        assert_eq!(finding.name, "too-deep", "{finding:?}");
        assert!(finding.message.contains("100"));
    }
    read(&format!("{}x{}", "[ ".repeat(100), "]".repeat(100))).unwrap();
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
}

#[test]
fn what_aliases_add_is_limited() {
    let mut bomb = String::from("a0: &a0 [x]\n");
    for level in 1..=40 {
        writeln!(bomb, "a{level}: &a{level} [{}]", vec![format!("*a{}", level - 1); 10].join(", ")).unwrap();
    }
    let mut merges = String::from("a0: &a0 {k: v}\n");
    for level in 1..=40 {
        writeln!(merges, "a{level}: &a{level} [{}]", vec![format!("{{<<: *a{}}}", level - 1); 2].join(", "))
            .unwrap();
    }
    let mut nested = String::from("a: ");
    for level in 0..90 {
        write!(nested, "&n{level} [y, ").unwrap();
    }
    writeln!(nested, "x{}\nb: *n0", "]".repeat(90)).unwrap();
    let limits = Limits { alias_nodes: 1000, ..Limits::default() };
    assert_eq!(read_with(&bomb, &limits).unwrap_err().name, "alias-bomb");
    assert_eq!(read_with(&nested, &limits).unwrap_err().name, "alias-bomb");
    assert_eq!(read(&bomb).unwrap_err().name, "alias-bomb");
    assert!(read(&merges).is_err());
    assert!(read(&nested).is_ok());
    let mut many = String::new();
    for number in 0..1000 {
        writeln!(many, "- &a{number} {{v: [x]}}\n- *a{number}").unwrap();
    }
    assert_eq!(read(&many).unwrap().0[0].as_list().unwrap().len(), 2000);
}

#[test]
fn one_value_of_json_is_read_out_of_a_text() {
    let mut sources = SourceMap::new();
    let id = sources.add("a.jsonl", "# c\n{\"a\": 1}\n{\"b\": 2} x\n");
    let limits = Limits::default();
    let node = json_value(&sources, id, 4..12, &limits).unwrap();
    assert_eq!((show(&node), sources.position(node.span).to_string()), ("{a=1}".into(), "2:1".into()));
    let finding = json_value(&sources, id, 13..23, &limits).unwrap_err();
    assert_eq!(sources.position(finding.span().unwrap()).to_string(), "3:10");
    assert!(json_value(&sources, id, 0..3, &limits).is_err());
    assert!(json_value(&sources, id, 90..95, &limits).is_err());
}

#[test]
fn the_last_of_repeated_keys_counts() {
    let (roots, _) = read("a: 1\nb: 2\na: x\n").unwrap();
    assert_eq!(roots[0].get("a").unwrap().value.as_str(), Some("x"));
    assert!(roots[0].get("c").is_none());
    assert_eq!(roots[0].kind_name(), "map");
}
