use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn v1(kind: &str, spec: Value) -> String {
    let mut object = json!({"apiVersion": "authorization.k8s.io/v1", "kind": kind});
    object["spec"] = spec;
    object.to_string()
}

fn caller() -> Caller {
    Caller { user: "me".to_owned(), groups: vec!["g".to_owned(), "h".to_owned()] }
}

#[track_caller]
fn rejection(line: &str) -> Rejection {
    Review::parse(line.as_bytes(), None).unwrap_err()
}

#[track_caller]
fn invalid(line: &str) -> String {
    let rejection = rejection(line);
    assert_eq!((rejection.code, rejection.reason), (422, "Invalid"), "{rejection:?}");
    let message = rejection.message.strip_prefix(".authorization.k8s.io \"\" is invalid: ").unwrap();
    message.to_owned()
}

#[track_caller]
fn bad_request(line: &str) -> String {
    let rejection = rejection(line);
    assert_eq!((rejection.code, rejection.reason), (400, "BadRequest"), "{rejection:?}");
    rejection.message
}

#[track_caller]
fn note(attributes: Value) -> String {
    let mut spec = json!({"user": "u"});
    spec["resourceAttributes"] = attributes;
    let line = v1("SubjectAccessReview", spec);
    let review = Review::parse(line.as_bytes(), None).unwrap();
    let status = ReviewStatus { evaluation_error: "e".to_owned(), ..ReviewStatus::default() };
    let answer: Value = serde_json::from_str(&review.answer(&status)).unwrap();
    answer["status"]["evaluationError"].as_str().unwrap().to_owned()
}

#[test]
fn a_resource_question_is_read_as_it_stands() {
    let line = v1(
        "SubjectAccessReview",
        json!({"user": "jane\n", "groups": ["a", "b\"c"], "uid": "1", "extra": {"k": ["v"]}, "resourceAttributes": {
            "namespace": "n", "verb": "get", "group": "apps", "version": "v1", "resource": "deployments",
            "subresource": "scale", "name": "d"}}),
    );
    let review = Review::parse(line.as_bytes(), None).unwrap();
    let groups = ["a", "b\"c"];
    let expected = Request::resource("get", "deployments")
        .namespace("n")
        .api_group("apps")
        .subresource("scale")
        .name("d")
        .user("jane\n")
        .groups(&groups);
    assert_eq!(review.request(), expected);
}

#[test]
fn groups_without_escapes_are_borrowed() {
    let line =
        v1("SubjectAccessReview", json!({"groups": ["a", "b"], "nonResourceAttributes": {"path": "/"}}));
    let review = Review::parse(line.as_bytes(), None).unwrap();
    assert!(matches!(review.request().groups, Cow::Borrowed(["a", "b"])));
    assert_eq!(review.request().target, Target::Path("/"));
}

#[test]
fn the_first_version_spells_groups_in_the_plural_and_v1beta1_does_not() {
    for (version, field) in [("v1", "groups"), ("v1beta1", "group")] {
        let line = format!(
            r#"{{"kind":"SubjectAccessReview","apiVersion":"authorization.k8s.io/{version}","spec":{{"groups":["groups"],"group":["group"],"resourceAttributes":{{}}}}}}"#
        );
        let review = Review::parse(line.as_bytes(), None).unwrap();
        assert_eq!(*review.request().groups, [field]);
    }
    let other = r#"{"kind":"SubjectAccessReview","apiVersion":"authorization.k8s.io/v1beta1","spec":{"groups":["a"],"resourceAttributes":{}}}"#;
    assert_eq!(
        invalid(other),
        "spec.user: Invalid value: \"\": at least one of user or group must be specified"
    );
}

#[test]
fn a_review_about_the_caller_takes_nothing_but_the_caller() {
    let line = v1(
        "SelfSubjectAccessReview",
        json!({"user": 5, "groups": ["system:masters"], "resourceAttributes": {}}),
    );
    let caller = caller();
    let review = Review::parse(line.as_bytes(), Some(&caller)).unwrap();
    assert_eq!((review.request().user, &*review.request().groups), ("me", &["g", "h"][..]));
    assert_eq!(bad_request(&line), "no user present on request");
    // What is invalid is said first.
    assert_eq!(
        invalid(&v1("SelfSubjectAccessReview", json!({}))),
        "spec.resourceAttributes: Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified"
    );
    // A caller is of no concern to a review that names its subject.
    let line = v1("SubjectAccessReview", json!({"user": "u", "resourceAttributes": {}}));
    assert_eq!(Review::parse(line.as_bytes(), Some(&caller)).unwrap().request().user, "u");
}

#[test]
fn a_local_review_keeps_to_its_namespace() {
    let local = |namespace: &str, spec: Value| {
        json!({"apiVersion": "authorization.k8s.io/v1", "kind": "LocalSubjectAccessReview",
            "metadata": {"namespace": namespace, "labels": {"any": "thing"}}, "spec": spec})
        .to_string()
    };
    let in_namespace = |namespace: &str| json!({"user": "u", "resourceAttributes": {"namespace": namespace}});
    let good = local("n", in_namespace("n"));
    let review = Review::parse(good.as_bytes(), None).unwrap();
    assert!(matches!(review.request().target, Target::Resource { namespace: "n", .. }));
    assert_eq!(
        invalid(&local("n", in_namespace("m"))),
        "spec.resourceAttributes.namespace: Invalid value: \"m\": must match metadata.namespace"
    );
    assert_eq!(bad_request(&local("", in_namespace(""))), "namespace is required on this type: ");
    assert_eq!(
        invalid(&local("n", json!({"user": "u", "nonResourceAttributes": {"path": "/<", "verb": "get"}}))),
        r#"spec.nonResourceAttributes: Invalid value: {"Path":"/\u003c","Verb":"get"}: disallowed on this kind of request"#
    );
    // In other reviews the metadata is nobody's business.
    let other = local("n", in_namespace("m")).replace("Local", "");
    assert!(Review::parse(other.as_bytes(), None).is_ok());
}

#[test]
fn errors_come_in_order_and_equal_ones_once() {
    let both = json!({"resourceAttributes": {"fieldSelector": {}, "labelSelector": {"rawSelector": "a", "requirements": [{}, {}]}},
        "nonResourceAttributes": {"path": "/", "verb": "get"}});
    let name = errors_of_an_empty_key();
    assert_eq!(
        invalid(&v1("SubjectAccessReview", both)),
        format!(
            concat!(
                "[spec.nonResourceAttributes: Invalid value: {{\"Path\":\"/\",\"Verb\":\"get\"}}: cannot be specified in ",
                "combination with resourceAttributes, spec.user: Invalid value: \"\": at least one of user or group must be ",
                "specified, spec.resourceAttributes.fieldSelector.requirements: Required value: when ",
                "spec.resourceAttributes.fieldSelector is specified, requirements or rawSelector is required, ",
                "spec.resourceAttributes.labelSelector.rawSelector: Invalid value: \"a\": may not specified at the same time as ",
                "requirements, {}, {}]"
            ),
            name.replace('#', "0"),
            name.replace('#', "1"),
        )
    );
}

fn errors_of_an_empty_key() -> String {
    let texts = crate::validation::names::label_key("").into_iter();
    let path = "spec.resourceAttributes.labelSelector.requirements[#].key: Invalid value: \"\": ";
    texts.map(|text| format!("{path}{text}")).collect::<Vec<_>>().join(", ")
}

#[test]
fn requirements_are_checked() {
    let of = |kind: &str, requirement: Value| {
        let selector = json!({kind: {"requirements": [requirement]}});
        invalid(&v1("SubjectAccessReview", json!({"user": "u", "resourceAttributes": selector})))
    };
    for kind in ["fieldSelector", "labelSelector"] {
        let path = format!("spec.resourceAttributes.{kind}.requirements[0]");
        assert_eq!(
            of(kind, json!({"key": "a", "operator": "NotIn"})),
            format!("{path}.values: Required value: must be specified when `operator` is 'In' or 'NotIn'")
        );
        assert_eq!(
            of(kind, json!({"key": "a", "operator": "DoesNotExist", "values": [""]})),
            format!(
                "{path}.values: Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
            )
        );
    }
    assert_eq!(
        of("fieldSelector", json!({"operator": "Exists"})),
        "spec.resourceAttributes.fieldSelector.requirements[0].key: Required value: must be specified"
    );
    assert!(
        of("labelSelector", json!({"key": "a", "operator": "In", "values": ["ok", "-"]})).starts_with(
            "spec.resourceAttributes.labelSelector.requirements[0].values[1]: Invalid value: \"-\": a valid label must"
        )
    );
}

#[test]
fn selectors_that_are_not_understood_are_named() {
    let ignored = "e; spec.resourceAttributes.fieldSelector ignored due to parse error";
    let partially = "spec.resourceAttributes.labelSelector partially ignored due to parse error";
    assert_eq!(
        note(json!({"fieldSelector": {"rawSelector": "a=b"}, "labelSelector": {"rawSelector": "a in (b)"}})),
        "e"
    );
    assert_eq!(note(json!({"fieldSelector": {"rawSelector": "a"}})), ignored);
    assert_eq!(
        note(
            json!({"fieldSelector": {"requirements": [{"key": "a", "operator": "In", "values": ["1", "2"]}]}})
        ),
        ignored
    );
    let some = json!([{"key": "a", "operator": "Gt", "values": ["1"]}, {"key": "b", "operator": "Exists"}]);
    assert_eq!(note(json!({"labelSelector": {"requirements": some}})), format!("e; {partially}"));
    assert_eq!(
        note(json!({"fieldSelector": {"rawSelector": "a"}, "labelSelector": {"requirements": some}})),
        format!("{ignored}; {partially}")
    );
}

#[test]
fn decoding_is_gos() {
    let parse = |spec: &str| {
        let line = format!(
            r#"{{"apiVersion":"authorization.k8s.io/v1","kind":"SubjectAccessReview","spec":{spec}}}"#
        );
        Review::parse(line.as_bytes(), None).map(|review| {
            let request = review.request();
            format!("{} {:?} {} {:?}", request.user, request.groups, request.verb, request.target)
        })
    };
    let path = |text: &str| format!("{text} Path(\"/\")");
    let rest = r#""nonResourceAttributes":{"path":"/","verb":"get"}"#;
    let good = [
        // Names mind capitals; what is unknown is skipped.
        (r#""User":"x","USER":5,"more":{"deep":[{}]},"user":"a","#, path("a [] get")),
        // The last of several keys counts, but null leaves what was there.
        (r#""user":"a","user":"b","user":null,"#, path("b [] get")),
        (r#""user":"a","groups":["x"],"groups":["y"],"#, path(r#"a ["y"] get"#)),
        (r#""user":"a","groups":["x"],"groups":null,"#, path("a [] get")),
        (r#""groups":[null,"x"],"#, path(r#" ["", "x"] get"#)),
        (r#""user":"a","resourceAttributes":{"verb":"x"},"resourceAttributes":null,"#, path("a [] get")),
        // Objects are merged.
        (r#""user":"a","nonResourceAttributes":{"path":"/x","verb":"list"},"#, path("a [] get")),
        (r#""user":"\u0061\t","#, path("a\t [] get")),
    ];
    for (text, expected) in good {
        assert_eq!(parse(&format!("{{{text}{rest}}}")).unwrap(), expected, "{text}");
    }
}

#[test]
fn values_of_the_wrong_type_are_named_as_go_does() {
    let cannot = |kind: &str, version: &str, rest: &str| {
        format!(
            "{kind} in version \"{version}\" cannot be handled as a {kind}: json: cannot unmarshal {rest}"
        )
    };
    let cases = [
        (json!({"user": 5}), "number into Go struct field SubjectAccessReviewSpec.spec.user of type string"),
        (
            json!({"user": {"a": [1]}}),
            "object into Go struct field SubjectAccessReviewSpec.spec.user of type string",
        ),
        (
            json!({"groups": "a"}),
            "string into Go struct field SubjectAccessReviewSpec.spec.groups of type []string",
        ),
        (
            json!({"groups": ["a", true]}),
            "bool into Go struct field SubjectAccessReviewSpec.spec.groups of type string",
        ),
        (json!({"uid": []}), "array into Go struct field SubjectAccessReviewSpec.spec.uid of type string"),
        (
            json!({"extra": {"a": "b"}}),
            "string into Go struct field SubjectAccessReviewSpec.spec.extra of type v1.ExtraValue",
        ),
        (
            json!({"extra": []}),
            "array into Go struct field SubjectAccessReviewSpec.spec.extra of type map[string]v1.ExtraValue",
        ),
        (
            json!({"resourceAttributes": []}),
            "array into Go struct field SubjectAccessReviewSpec.spec.resourceAttributes of type v1.ResourceAttributes",
        ),
        (
            json!({"resourceAttributes": {"verb": false}}),
            "bool into Go struct field ResourceAttributes.spec.resourceAttributes.verb of type string",
        ),
        (
            json!({"resourceAttributes": {"labelSelector": {"requirements": [5]}}}),
            concat!(
                "number into Go struct field LabelSelectorAttributes.spec.resourceAttributes.labelSelector.requirements of ",
                "type v1.LabelSelectorRequirement"
            ),
        ),
    ];
    for (spec, rest) in cases {
        assert_eq!(
            bad_request(&v1("SubjectAccessReview", spec.clone())),
            cannot("SubjectAccessReview", "v1", rest),
            "{spec}"
        );
    }
    let line = v1("SelfSubjectAccessReview", json!([])).replace("/v1", "/v1beta1");
    let rest =
        "array into Go struct field SelfSubjectAccessReview.spec of type v1beta1.SelfSubjectAccessReviewSpec";
    assert_eq!(bad_request(&line), cannot("SelfSubjectAccessReview", "v1beta1", rest));
}

#[test]
fn what_is_no_json_is_a_bad_request() {
    let prefix = "couldn't get version/kind; json parse error: ";
    for line in
        ["", " ", "{", "not json", "{}x", "{'a':1}", "[1", "{\"a\":1,}", "\u{feff}{}", "{\"kind\":\"\u{1}\"}"]
    {
        assert!(bad_request(line).starts_with(prefix), "{line}: {}", bad_request(line));
    }
    assert_eq!(bad_request("{"), format!("{prefix}unexpected end of JSON input"));
    assert_eq!(Review::parse(b"{\"kind\":\"\xff\"}", None).unwrap_err().code, 400);
    assert!(bad_request("[]").contains("cannot unmarshal array into Go value of type struct"));
    assert_eq!(
        bad_request(r#"{"kind":5}"#),
        format!("{prefix}json: cannot unmarshal number into Go struct field .kind of type string")
    );
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(bad_request(&deep), format!("{prefix}exceeded max depth"));
    let unclosed = "[".repeat(9_999);
    assert!(bad_request(&unclosed).starts_with(prefix));
}

#[test]
fn what_is_no_review_is_a_bad_request() {
    assert_eq!(bad_request("null"), "Object 'Kind' is missing in 'null'");
    assert_eq!(bad_request("{}"), "Object 'Kind' is missing in '{}'");
    let no_version = r#"{"kind":"SubjectAccessReview"}"#;
    assert_eq!(bad_request(no_version), format!("Object 'apiVersion' is missing in '{no_version}'"));
    for (kind, version) in [
        ("Pod", "v1"),
        ("subjectaccessreview", "authorization.k8s.io/v1"),
        ("SubjectAccessReview", "authorization.k8s.io/v2"),
        ("SelfSubjectRulesReview", "authorization.k8s.io/v1"),
    ] {
        let line =
            json!({"kind": kind, "apiVersion": version, "spec": {"user": "u", "resourceAttributes": {}}})
                .to_string();
        let start = format!("no kind \"{kind}\" is registered for version \"{version}\"");
        assert!(bad_request(&line).starts_with(&start));
    }
}

#[test]
fn the_answer_is_the_same_object_with_its_status() {
    let status = ReviewStatus {
        allowed: false,
        denied: true,
        reason: "no \"<way>\"\n".to_owned(),
        evaluation_error: "oops".to_owned(),
    };
    let filled =
        r#"{"allowed":false,"denied":true,"reason":"no \"\u003cway\u003e\"\n","evaluationError":"oops"}"#;
    let parts = (
        r#"{ "metadata":{"z":1,"a":2} ,"kind":"SubjectAccessReview", "#,
        r#""spec":{"resourceAttributes":{},"x":[1.50],"user":"é\u0061"},"apiVersion":"authorization.k8s.io/v1" }"#,
    );
    let (start, end) = parts;
    let line = format!("{start}{end}");
    let answer = Review::parse(line.as_bytes(), None).unwrap().answer(&status);
    assert_eq!(answer, format!("{},\"status\":{filled}}}", line.strip_suffix('}').unwrap()));
    // A status that was there is replaced in its place, whatever it was.
    for old in [r#"{"allowed":true,"reason":"}"}"#, "null", "[]", "\"\""] {
        let line = format!("  {start}\"status\": {old} ,{end}\r\n");
        let answer = Review::parse(line.as_bytes(), None).unwrap().answer(&status);
        assert_eq!(answer, format!("{start}\"status\": {filled} ,{end}"));
        let twice = format!("{start}\"status\":{old},\"status\":{old},{end}");
        let answer = Review::parse(twice.as_bytes(), None).unwrap().answer(&status);
        assert_eq!(answer, format!("{start}\"status\":{filled},\"status\":{filled},{end}"));
    }
    // An answer is one line, however the question was laid out.
    let tall = format!("{start}\n\r\n{end}");
    let answer = Review::parse(tall.as_bytes(), None).unwrap().answer(&ReviewStatus::default());
    assert!(!answer.contains(['\n', '\r']) && answer.ends_with(r#""status":{"allowed":false}}"#), "{answer}");
}

#[test]
fn a_rejection_is_a_status_object() {
    let rejection = Rejection { code: 422, reason: "Invalid", message: "a \"b\"".to_owned() };
    assert_eq!(
        rejection.to_json(7),
        concat!(
            r#"{"kind":"Status","apiVersion":"v1","status":"Failure","code":422,"reason":"Invalid","message":"a \"b\"","#,
            r#""details":{"line":7}}"#
        )
    );
}

/// Texts that are close to reviews.
fn nearly_a_review() -> impl Strategy<Value = Vec<u8>> {
    let part = prop::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "null",
        "true",
        "1e999",
        "\"",
        "\\",
        "\\u0000",
        "\\ud800",
        "\"kind\"",
        "\"apiVersion\"",
        "\"spec\"",
        "\"status\"",
        "\"metadata\"",
        "\"user\"",
        "\"groups\"",
        "\"resourceAttributes\"",
        "\"fieldSelector\"",
        "\"rawSelector\"",
        "\"a in (b\\u0000,\"",
        "\"SubjectAccessReview\"",
        "\"authorization.k8s.io/v1\"",
        " ",
        "\n",
        "é",
        r#"{"kind":"SubjectAccessReview","apiVersion":"authorization.k8s.io/v1","spec":{"user":"u","resourceAttributes":{"verb":"#,
    ]);
    prop::collection::vec(part, 0..40).prop_map(|parts| parts.concat().into_bytes())
}

proptest! {
    #[test]
    fn parsing_never_panics(line in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Review::parse(&line, None);
    }

    #[test]
    fn parsing_what_is_nearly_a_review_never_panics(line in nearly_a_review()) {
        let caller = caller();
        if let Ok(review) = Review::parse(&line, Some(&caller)) {
            let answer = review.answer(&ReviewStatus::default());
            prop_assert!(serde_json::from_str::<Value>(&answer).is_ok(), "{}", answer);
        }
    }

    #[test]
    fn selectors_never_panic(text in "[a=!,()<> \\\\\u{0}é-]{0,20}|(a| |in|notin|\\(|\\)|,|=|!|>|1){0,12}") {
        let _ = (selector::is_field_selector(&text), selector::is_label_selector(&text));
    }

    #[test]
    fn an_answer_is_the_review_with_the_status(user in ".{1,9}", reason in ".{0,9}", extra in ".{0,9}", path in ".{0,9}") {
        let spec = json!({"user": user, "nonResourceAttributes": {"path": path, "verb": "get"}});
        let object = json!({"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": spec, (format!("x{extra}")): extra});
        let line = object.to_string();
        let review = Review::parse(line.as_bytes(), None).unwrap();
        prop_assert_eq!(review.request().user, &*user);
        prop_assert_eq!(review.request().target, Target::Path(&path));
        let status = ReviewStatus { allowed: true, reason: reason.clone(), ..ReviewStatus::default() };
        let mut expected = object;
        expected["status"] = if reason.is_empty() { json!({"allowed": true}) } else { json!({"allowed": true, "reason": reason}) };
        prop_assert_eq!(serde_json::from_str::<Value>(&review.answer(&status)).unwrap(), expected);
    }
}
