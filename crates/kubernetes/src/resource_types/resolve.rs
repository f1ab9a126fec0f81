//! From a user's word to a resource type, by kubectl's REST mapping.

use super::{ResourceType, ResourceTypes};

/// See [`ResourceTypes::resolve`].
pub(super) fn resolve<'a>(types: &'a ResourceTypes, word: &str) -> Option<&'a ResourceType> {
    let word = word.to_lowercase();
    let in_version = word.split_once('.').and_then(|(resource, rest)| {
        let (version, group) = rest.split_once('.')?;
        find(types, &Wanted { resource, version, group })
    });
    in_version.or_else(|| {
        let (resource, group) = word.split_once('.').unwrap_or((&word, ""));
        find(types, &Wanted { resource, version: "", group })
    })
}

/// The parts of a word; empty ones say nothing.
#[derive(Debug)]
struct Wanted<'a> {
    resource: &'a str,
    version: &'a str,
    group: &'a str,
}

fn find<'a>(types: &'a ResourceTypes, wanted: &Wanted<'_>) -> Option<&'a ResourceType> {
    if wanted.resource.is_empty() {
        return None;
    }
    let whole = |group: &str| wanted.group.is_empty() || group == wanted.group;
    let beginning = |group: &str| wanted.version.is_empty() && group.starts_with(wanted.group);
    // Where one fails, the next is tried. A short name goes by the beginning of its group also with a version.
    first(types, wanted, whole, has_name)
        .or_else(|| first(types, wanted, whole, has_short_name))
        .or_else(|| first(types, wanted, |group| group.starts_with(wanted.group), has_short_name))
        .or_else(|| first(types, wanted, beginning, has_name))
        .or_else(|| first(types, wanted, whole, has_kind))
}

fn has_name(known: &ResourceType, resource: &str) -> bool {
    known.plural == resource || known.singular == resource
}

fn has_short_name(known: &ResourceType, resource: &str) -> bool {
    known.short_names.iter().any(|short| short == resource)
}

fn has_kind(known: &ResourceType, resource: &str) -> bool {
    known.kind.to_lowercase() == resource
}

/// The first of the matching types in the order in which an API server lists them: its own in the order of
/// their groups, then those of CRDs, whose groups stand in order of their names. Of two CRDs for one type the
/// later counts, as with `kubectl apply`.
fn first<'a>(
    types: &'a ResourceTypes,
    wanted: &Wanted<'_>,
    in_group: impl Fn(&str) -> bool,
    is_called: impl Fn(&ResourceType, &str) -> bool,
) -> Option<&'a ResourceType> {
    let matches = |known: &&ResourceType| {
        in_group(&known.group)
            && is_called(known, wanted.resource)
            && (wanted.version.is_empty() || known.versions.iter().any(|version| version == wanted.version))
    };
    let (own, custom) = types.types.split_at_checked(types.built_in)?;
    own.iter()
        .find(matches)
        .or_else(|| custom.iter().rev().filter(matches).min_by(|one, other| one.group.cmp(&other.group)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn custom(group: &str, plural: &str, singular: &str, kind: &str, short: &[&str]) -> ResourceType {
        ResourceType {
            group: group.to_owned(),
            versions: vec!["v1".to_owned(), "v1beta1".to_owned()],
            kind: kind.to_owned(),
            plural: plural.to_owned(),
            singular: singular.to_owned(),
            short_names: short.iter().map(|&short| short.to_owned()).collect(),
            namespaced: true,
        }
    }

    #[track_caller]
    fn check(types: &ResourceTypes, cases: &[(&str, Option<(&str, &str)>)]) {
        for &(word, expected) in cases {
            let found = types.resolve(word).map(|found| (found.plural.as_str(), found.group.as_str()));
            assert_eq!(found, expected, "{word}");
        }
    }

    #[test]
    fn plurals_singulars_kinds_and_short_names_are_known_without_regard_to_capitals() {
        let pods = Some(("pods", ""));
        let deployments = Some(("deployments", "apps"));
        check(
            &ResourceTypes::built_in(),
            &[
                ("pods", pods),
                ("pod", pods),
                ("po", pods),
                ("Pod", pods),
                ("PODS", pods),
                ("deploy", deployments),
                ("Deployment", deployments),
                ("deployments", deployments),
                ("ns", Some(("namespaces", ""))),
                ("crds", Some(("customresourcedefinitions", "apiextensions.k8s.io"))),
                ("endpoints", Some(("endpoints", ""))),
                ("podsecuritypolicies", None),
                ("users", None),
                ("pods/log", None),
                ("podz", None),
                ("", None),
                (".", None),
                ("..", None),
                (".apps", None),
                ("*", None),
            ],
        );
    }

    #[test]
    fn a_group_narrows_and_its_beginning_will_do() {
        let core = Some(("events", ""));
        let events = Some(("events", "events.k8s.io"));
        check(
            &ResourceTypes::built_in(),
            &[
                ("events", core),
                ("ev", core),
                ("events.", core),
                ("events.events.k8s.io", events),
                ("ev.events.k8s.io", events),
                ("events.events", events),
                ("ev.events", events),
                ("events.v1.events.k8s.io", events),
                ("events.v1.", core),
                ("deployments.apps", Some(("deployments", "apps"))),
                ("storageclass.storage", Some(("storageclasses", "storage.k8s.io"))),
                ("sc.storage", Some(("storageclasses", "storage.k8s.io"))),
                ("storageclass.k8s.io", None),
                ("deployments.extensions", None),
                ("pods.apps", None),
            ],
        );
    }

    #[test]
    fn two_dots_are_a_version_first_and_a_group_with_a_dot_then() {
        let mut types = ResourceTypes::built_in();
        types.add(custom("v1.apps", "deployments", "deployment", "Deployment", &[]));
        types.add(custom("example.com", "widgets", "widget", "Widget", &["wd"]));
        let widgets = Some(("widgets", "example.com"));
        check(
            &types,
            &[
                ("deployments.v1.apps", Some(("deployments", "apps"))),
                ("deployments.v1beta1.apps", None),
                ("widgets.example.com", widgets),
                ("wd.example.com", widgets),
                ("widgets.v1beta1.example.com", widgets),
                ("wd.v1.example.com", widgets),
                ("widgets.v2.example.com", None),
                (
                    "horizontalpodautoscalers.v1.autoscaling",
                    Some(("horizontalpodautoscalers", "autoscaling")),
                ),
                ("hpa.v2.autoscaling", Some(("horizontalpodautoscalers", "autoscaling"))),
                ("hpa.v2beta2.autoscaling", None),
            ],
        );
    }

    #[test]
    fn the_core_group_goes_first_then_kubernetes_own_then_others_by_name() {
        let mut types = ResourceTypes::built_in();
        types.add(custom("z.example.com", "pods", "pod", "Pod", &["po"]));
        types.add(custom("z.example.com", "things", "thing", "Thing", &["th"]));
        types.add(custom("a.example.com", "things", "thing", "Thing", &["th"]));
        types.add(custom("a.example.com", "roles", "role", "Role", &[]));
        types.add(custom("a.example.com", "gears", "gear", "Cogwheel", &["deploy"]));
        check(
            &types,
            &[
                ("pods", Some(("pods", ""))),
                ("po", Some(("pods", ""))),
                ("pods.z.example.com", Some(("pods", "z.example.com"))),
                ("pods.z", Some(("pods", "z.example.com"))),
                ("things", Some(("things", "a.example.com"))),
                ("th", Some(("things", "a.example.com"))),
                ("role", Some(("roles", "rbac.authorization.k8s.io"))),
                ("deploy", Some(("deployments", "apps"))),
                ("deploy.a.example.com", Some(("gears", "a.example.com"))),
                ("cogwheel", Some(("gears", "a.example.com"))),
            ],
        );
    }

    #[test]
    fn a_later_definition_takes_the_place_of_an_earlier() {
        let mut types = ResourceTypes::built_in();
        types.add(custom("example.com", "widgets", "widget", "Widget", &[]));
        types.add(ResourceType {
            namespaced: false,
            ..custom("example.com", "widgets", "widget", "Widget", &[])
        });
        assert!(!types.resolve("widgets").unwrap().namespaced);
    }

    #[test]
    fn a_whole_name_goes_before_a_short_one_even_of_kubernetes_own() {
        let mut types = ResourceTypes::built_in();
        types.add(custom("example.com", "po", "poe", "Poe", &[]));
        check(&types, &[("po", Some(("po", "example.com"))), ("po.", Some(("po", "example.com")))]);
    }
}
