//! Reading forwards against reading trees: the same objects, at the same places, and the same findings.

#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test fails by panicking")]

use proptest::prelude::*;
use rolecall_diagnostics::Finding;
use rolecall_source::SourceMap;

use super::super::reader::{Item, Reader};
use crate::{
    document::{
        Documents, Limits,
        cursor::tests::{Change, SAMPLES, changed, corpus},
        take_in,
    },
    load::Validate,
};

/// What a text holds, in words, and what was found.
type Read = (Vec<String>, Vec<Finding>);

fn shown(item: &Item<'_>) -> String {
    format!("{item:?}")
}

fn forwards(sources: &SourceMap, mut documents: Documents<'_>) -> Read {
    let mut reader = Reader::new(sources, Validate::Warn);
    let (mut items, mut findings) = (Vec::new(), Vec::new());
    while let Some(read) = reader.read_next(&mut documents, &mut |item| items.push(shown(&item))) {
        findings.append(&mut reader.take_findings());
        match read {
            Ok(holds_anything) => items.push(format!("holds anything: {holds_anything}")),
            Err(finding) => findings.push(finding),
        }
    }
    (items, findings)
}

fn by_trees(sources: &SourceMap, documents: Documents<'_>) -> Read {
    let mut reader = Reader::new(sources, Validate::Warn);
    let (mut items, mut findings) = (Vec::new(), Vec::new());
    for document in documents {
        match document {
            Ok(document) => {
                reader.read(&document.root, &mut |item| items.push(shown(&item)));
                findings.append(&mut reader.take_findings());
                items.push(format!("holds anything: {}", !document.root.is_null()));
            }
            Err(finding) => findings.push(finding),
        }
    }
    (items, findings)
}

#[track_caller]
fn agree(bytes: &[u8]) {
    let mut sources = SourceMap::new();
    let limits = Limits::default();
    let Ok(id) = take_in(&mut sources, "a.yaml", bytes.to_vec(), &limits) else { return };
    let mine = forwards(&sources, Documents::new(&sources, id, &limits));
    let trees = by_trees(&sources, Documents::new(&sources, id, &limits));
    assert_eq!(mine, trees, "{}", String::from_utf8_lossy(bytes));
}

#[test]
fn real_manifests_are_the_same_either_way() {
    for bytes in corpus() {
        agree(&bytes);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases.max(2_000), ..ProptestConfig::default() })]

    #[test]
    fn changed_manifests_are_the_same_either_way(
        sample in prop::sample::select([SAMPLES, MANIFESTS].concat()),
        changes in prop::collection::vec(any::<Change>(), 0..5),
    ) {
        agree(changed(sample, &changes).as_bytes());
    }

    #[test]
    fn fields_in_any_order_and_repeated_are_the_same_either_way(
        fields in prop::collection::vec(prop::sample::select(FIELDS), 1..8),
        in_list in any::<bool>(),
    ) {
        let object = format!("{{{}}}", fields.join(","));
        let text = if in_list {
            format!("{{\"apiVersion\":\"v1\",\"items\":[{object},{object}],\"kind\":\"List\"}}")
        } else {
            object
        };
        agree(text.as_bytes());
        agree(format!("---\n{text}\n---\n").as_bytes());
    }
}

const MANIFESTS: &[&str] = &[
    "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBindingList\nmetadata: {}\nitems:\n- metadata:\n    name: a\n    namespace: n\n  \
     subjects:\n  - kind: User\n    name: u\n  roleRef:\n    kind: Role\n    name: r\n- kind: Role\n- metadata:\n    name: b\n    generation: 3\n",
    "{\"apiVersion\":\"rbac.authorization.k8s.io/v1beta1\",\"kind\":\"ClusterRole\",\"metadata\":{\"name\":\"r\",\"labels\":{\"a\":\"b\",\"c\":\"\"},\
     \"uid\":\"1-2\"},\"rules\":[{\"verbs\":[\"get\"],\"nonResourceURLs\":[\"/\"]},{\"verbs\":[],\"resources\":[\"pods\"],\"apiGroups\":[\"\"],\
     \"resourceNames\":[\"x\"]}]}\n{\"apiVersion\":\"v1\",\"kind\":\"Namespace\",\"metadata\":{\"name\":\"n\"}}\n",
    "{\"kind\":\"List\",\"apiVersion\":\"v1\",\"metadata\":{},\"items\":[{\"apiVersion\":\"v1\",\"kind\":\"Secret\"},\n\
     {\"apiVersion\":\"v1\",\"kind\":\"List\",\"items\":[{\"apiVersion\":\"rbac.authorization.k8s.io/v1\",\"kind\":\"Role\"}]},null,3]}\n",
];

/// Fields of objects, right ones and wrong ones.
const FIELDS: &[&str] = &[
    r#""apiVersion":"rbac.authorization.k8s.io/v1""#,
    r#""apiVersion":"rbac.authorization.k8s.io/v1""#,
    r#""apiVersion":"rbac.authorization.k8s.io/v1alpha1""#,
    r#""apiVersion":"rbac.authorization.k8s.io/v2""#,
    r#""apiVersion":"v1""#,
    r#""apiVersion":null"#,
    r#""kind":"Role""#,
    r#""kind":"RoleBinding""#,
    r#""kind":"ClusterRoleBinding""#,
    r#""kind":"RoleBindingList""#,
    r#""kind":"List""#,
    r#""kind":"Pod""#,
    r#""kind":7"#,
    r#""metadata":{"name":"a","namespace":"b","creationTimestamp":null,"resourceVersion":"5"}"#,
    r#""metadata":{"name":"a","creationTimestamp":"2024-01-31T10:00:00Z","generateName":"a-"}"#,
    r#""metadata":{"name":"a","creationTimestamp":"yesterday"}"#,
    r#""metadata":{"name":"a","name":"b","labels":{"a":"b","a":"c"}}"#,
    r#""metadata":{"managedFields":[{"manager":"x"}],"finalizers":["a/b"]}"#,
    r#""metadata":{"generation":-1,"labels":null,"annotations":{"a":5}}"#,
    r#""metadata":null"#,
    r#""rules":[{"verbs":["get","list"],"apiGroups":[""],"resources":["pods"]}]"#,
    r#""rules":[{"verbs":"get","verb":[]}]"#,
    r#""rules":[{"verbs":[null]}]"#,
    r#""rules":[]"#,
    r#""rules":null"#,
    r#""subjects":[{"kind":"User","name":"u"},{"kind":"ServiceAccount","namespace":"n","name":"s","apiGroup":""}]"#,
    r#""subjects":[{"kind":"User","apiVersion":"v1"}]"#,
    r#""subjects":{}"#,
    r#""roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"Role","name":"r"}"#,
    r#""roleRef":{"kind":"Role","name":"r","namespace":"n"}"#,
    r#""roleRef":null"#,
    r#""aggregationRule":{"clusterRoleSelectors":[{"matchLabels":{"a":"b"}}]}"#,
    r#""items":[{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"Role","metadata":{"name":"a"}}]"#,
    r#""items":null"#,
    r#""data":{"a":"b"}"#,
];
