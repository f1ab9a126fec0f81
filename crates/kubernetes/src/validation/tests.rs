use super::*;
use crate::{
    document::{Documents, Limits, take_in},
    load::Validate,
    manifest::{Item, Reader},
};

/// What an API server says of the one object of a text.
fn said(text: &str) -> Vec<String> {
    let mut sources = SourceMap::new();
    let limits = Limits::default();
    let id = take_in(&mut sources, "a.yaml", text.as_bytes().to_vec(), &limits).unwrap();
    let mut reader = Reader::new(&sources, Validate::Ignore);
    let mut said = Vec::new();
    for document in Documents::new(&sources, id, &limits) {
        reader.read(&document.unwrap().root, &mut |item| {
            let Item::Rbac(mut object) = item else { panic!("{item:?}") };
            object.fill_defaults();
            for finding in validate(&object, &sources) {
                assert_eq!(sources.name_of(finding.span().unwrap()), "a.yaml");
                assert!(finding.field.is_some() && finding.object.is_some());
                said.push(finding.kubernetes.unwrap());
            }
        });
    }
    assert_eq!(reader.take_findings(), []);
    said
}

fn with_metadata(metadata: &str) -> Vec<String> {
    said(&format!("apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {metadata}\n"))
}

fn with_selector(selector: &str) -> Vec<String> {
    said(&format!(
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {{name: r}}\naggregationRule:\n  clusterRoleSelectors: [{selector}]\n"
    ))
}

#[test]
fn names_are_segments_of_paths() {
    assert_eq!(with_metadata("{}"), ["metadata.name: Required value: name or generateName is required"]);
    assert_eq!(with_metadata("{name: ..}"), [r#"metadata.name: Invalid value: "..": may not be '..'"#]);
    assert_eq!(
        with_metadata("{name: a/%}"),
        [
            r#"metadata.name: Invalid value: "a/%": may not contain '/'"#,
            r#"metadata.name: Invalid value: "a/%": may not contain '%'"#,
        ]
    );
    assert_eq!(
        with_metadata("{name: a, generateName: .}"),
        [r#"metadata.generateName: Invalid value: ".": may not be '.'"#]
    );
    assert_eq!(
        with_metadata("{name: a, namespace: b}"),
        ["metadata.namespace: Forbidden: not allowed on this type"]
    );
}

#[test]
fn the_rest_of_metadata_is_looked_at_in_kubernetes_order() {
    let said = with_metadata(
        "{name: a, generation: -1, labels: {'a b': c, d: 'e f'}, annotations: {'G/h i': ''}, \
         ownerReferences: [{apiVersion: v1, kind: Event, name: e, controller: true}, \
         {apiVersion: a/b/c, kind: K, name: m, uid: u, controller: true}], \
         finalizers: [orphan, foregroundDeletion]}",
    );
    let heads: Vec<&str> = said.iter().map(|text| text.split(" must ").next().unwrap()).collect();
    assert_eq!(
        heads,
        [
            "metadata.generation: Invalid value: -1:",
            r#"metadata.labels: Invalid value: "a b": name part"#,
            r#"metadata.labels: Invalid value: "e f": a valid label"#,
            r#"metadata.annotations: Invalid value: "G/h i": name part"#,
            r#"metadata.ownerReferences.uid: Invalid value: "":"#,
            r#"metadata.ownerReferences: Invalid value: {"apiVersion":"v1","kind":"Event","name":"e","uid":"","controller":true}: /v1, Kind=Event is disallowed from being an owner"#,
            r#"metadata.ownerReferences.apiVersion: Invalid value: "a/b/c": version"#,
            r#"metadata.ownerReferences: Invalid value: [{"apiVersion":"v1","kind":"Event","name":"e","uid":"","controller":true},{"apiVersion":"a/b/c","kind":"K","name":"m","uid":"u","controller":true}]: Only one reference can have Controller set to true. Found "true" in references for Event/e and K/m"#,
            r#"metadata.finalizers: Invalid value: ["orphan","foregroundDeletion"]: finalizer orphan and foregroundDeletion cannot be both set"#,
        ]
    );
}

#[test]
fn annotations_have_a_weight() {
    let value = "x".repeat(256 * 1024);
    assert_eq!(
        with_metadata(&format!("{{name: a, annotations: {{k: {value}}}}}")),
        ["metadata.annotations: Too long: may not be more than 262144 bytes"]
    );
}

#[test]
fn selectors_are_faulted_part_by_part_and_as_a_whole() {
    let path = "aggregationRule.clusterRoleSelectors[0]";
    let whole = format!("{path}: Invalid value: null: invalid label selector.");
    assert_eq!(with_selector("{}"), Vec::<String>::new());
    assert_eq!(
        with_selector("{matchExpressions: [{key: a, operator: In}]}"),
        [
            format!(
                "{path}.matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'"
            ),
            whole.clone(),
        ]
    );
    assert_eq!(
        with_selector("{matchExpressions: [{key: a, operator: Exists, values: [b]}]}"),
        [
            format!(
                "{path}.matchExpressions[0].values: Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
            ),
            whole.clone(),
        ]
    );
    let said = with_selector(
        "{matchLabels: {a: '-'}, matchExpressions: [{key: '', operator: 'I<n', values: ['b c']}]}",
    );
    let heads: Vec<&str> = said.iter().map(|text| text.split(" must ").next().unwrap()).collect();
    assert_eq!(
        heads,
        [
            &format!(r#"{path}.matchLabels: Invalid value: "-": a valid label"#),
            &format!(
                r#"{path}.matchExpressions[0].operator: Invalid value: "I\u003cn": not a valid selector operator"#
            ),
            &format!(r#"{path}.matchExpressions[0].key: Invalid value: "": name part"#),
            &format!(r#"{path}.matchExpressions[0].key: Invalid value: "": name part"#),
            &format!(r#"{path}.matchExpressions[0].values[0]: Invalid value: "b c": a valid label"#),
            &whole,
        ]
    );
}

#[test]
fn a_binding_without_a_role_reference_says_so() {
    let binding = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: b}\n";
    let expected = [
        r#"roleRef.kind: Unsupported value: "": supported values: "ClusterRole""#,
        "roleRef.name: Required value",
    ];
    assert_eq!(said(binding), expected);
    assert_eq!(said(&format!("{binding}roleRef: null\n")), expected);
}
