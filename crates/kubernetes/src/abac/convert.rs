//! From a policy as it is written to the policy that Kubernetes evaluates, and what is dangerous about the way there.

use std::borrow::Cow;

use rolecall_diagnostics::Finding;
use rolecall_model::{AttributePolicy, Origin, Wild};

use super::{
    Place, Remarks,
    decode::{Decoded, GROUP, Slip, SlipKind, Version},
};

/// Fills in what the version leaves out.
///
/// Source: `spec/authorization/abac.md` section 3.
pub(super) fn convert(place: &Place<'_>, decoded: &Decoded<'_>) -> AttributePolicy {
    let Decoded { user, group, resource, namespace, .. } = decoded;
    let v0 = decoded.version == Version::V0;
    let everybody = user == "*" || group == "*" || (v0 && user.is_empty() && group.is_empty());
    // An absent value is every value in v0, and the empty one in v1beta1.
    let every = |text: &str| text == "*" || (v0 && text.is_empty());
    let non_resource_path = match decoded.version {
        Version::V0 if namespace.is_empty() && resource.is_empty() => "*",
        Version::V0 => "",
        Version::V1Beta1 => &decoded.non_resource_path,
    };
    AttributePolicy {
        user: (!everybody && !user.is_empty()).then(|| (**user).into()),
        group: if everybody {
            Some(AUTHENTICATED.into())
        } else {
            (!group.is_empty()).then(|| (**group).into())
        },
        read_only: decoded.read_only,
        api_group: if v0 || decoded.api_group == "*" {
            Wild::Any
        } else {
            Wild::Is((*decoded.api_group).into())
        },
        resource: if every(resource) { Wild::Any } else { Wild::Is(resource.to_string()) },
        namespace: if every(namespace) { Wild::Any } else { Wild::Is((**namespace).into()) },
        non_resource_path: non_resource_path.into(),
        origin: Origin::Text(place.whole()),
    }
}

/// Says where a line does something else than its author expects.
///
/// Source: `spec/authorization/abac.md`, "Surprises"; `conformance/README.md`, "ABAC".
pub(super) fn remark(
    place: &Place<'_>,
    decoded: &Decoded<'_>,
    policy: &AttributePolicy,
    remarks: &mut Remarks,
) {
    let read_as = format!("Kubernetes reads this line so: {}", meaning(policy));
    for slip in &decoded.slips {
        remarks.push(slip_warning(place, decoded.version, slip).help(&*read_as));
    }
    let warn = |name, message: String, label: &str| {
        Finding::warning(name, message).at(place.whole(), label).help(&*read_as)
    };
    let (user, group) = (&*decoded.user, &*decoded.group);
    match (user, group, decoded.version) {
        ("", "", Version::V0) => remarks.push(warn(
            "policy-for-everybody",
            "a policy without a user and a group is for everybody who is authenticated".to_owned(),
            "no user, no group",
        )),
        ("", "", Version::V1Beta1) => remarks.push(warn(
            "policy-for-nobody",
            "a policy without a user and a group is for nobody".to_owned(),
            "no user, no group",
        )),
        ("", "*", _) | ("*", "" | "*", _) => {}
        ("*", dropped, _) => remarks.push(warn(
            "star-drops-subject",
            format!(
                "`*` as user drops the group `{dropped}`: the policy is for everybody who is authenticated"
            ),
            "not only for this group",
        )),
        (dropped, "*", _) => remarks.push(warn(
            "star-drops-subject",
            format!(
                "`*` as group drops the user `{dropped}`: the policy is for everybody who is authenticated"
            ),
            "not only for this user",
        )),
        _ => {}
    }
    if decoded.version == Version::V0 {
        return;
    }
    match (&*decoded.resource, &*decoded.non_resource_path, &*decoded.namespace) {
        // It opens no door: worth knowing, not dangerous.
        ("", "", _) => remarks.push(
            Finding::note("policy-covers-nothing", "a policy without a resource and a path covers nothing")
                .at(place.whole(), "no resource, no nonResourcePath")
                .help(&*read_as),
        ),
        ("", _, _) => {}
        (_, _, "") => remarks.push(
            Finding::note(
                "policy-outside-of-namespaces",
                "a policy without a namespace covers no namespace, only requests outside of them",
            )
            .at(place.whole(), "no namespace")
            .help("write `\"namespace\": \"*\"` for every namespace"),
        ),
        _ => {}
    }
}

/// What a policy allows, in one sentence.
pub(super) fn meaning(policy: &AttributePolicy) -> String {
    let who = match (&policy.user, &policy.group) {
        (None, None) => Cow::Borrowed("nobody"),
        (None, Some(group)) if group.as_str() == AUTHENTICATED => {
            Cow::Borrowed("everybody who is authenticated")
        }
        (None, Some(group)) => format!("group `{group}`").into(),
        (Some(user), None) => format!("user `{user}`").into(),
        (Some(user), Some(group)) => format!("user `{user}` as a member of group `{group}`").into(),
    };
    let verbs = if policy.read_only { "get, list and watch" } else { "use every verb on" };
    let resources = match &policy.resource {
        Wild::Any => Some("every resource".to_owned()),
        Wild::Is(resource) if resource.is_empty() => None,
        Wild::Is(resource) => Some(format!("`{resource}`")),
    };
    let resources = resources.map(|resources| {
        let api_group = match &policy.api_group {
            Wild::Any => String::new(),
            Wild::Is(group) if group.as_str().is_empty() => " of the core group".to_owned(),
            Wild::Is(group) => format!(" of API group `{group}`"),
        };
        let namespace = match &policy.namespace {
            Wild::Any => "in every namespace".to_owned(),
            Wild::Is(namespace) if namespace.as_str().is_empty() => "outside of namespaces".to_owned(),
            Wild::Is(namespace) => format!("in namespace `{namespace}`"),
        };
        format!("{resources}{api_group} {namespace}")
    });
    let paths = match policy.non_resource_path.as_str() {
        "" => None,
        "*" => Some("every path".to_owned()),
        path => Some(format!("path `{path}`")),
    };
    let what = match (resources, paths) {
        (None, None) => "nothing".to_owned(),
        (Some(what), None) | (None, Some(what)) => what,
        (Some(resources), Some(paths)) => format!("{resources}, and {paths}"),
    };
    format!("{who} may {verbs} {what}")
}

fn slip_warning(place: &Place<'_>, version: Version, slip: &Slip<'_>) -> Finding {
    let Slip { key, place: at, kind } = slip;
    let span = place.span(at.start, at.end);
    match kind {
        SlipKind::OutsideSpec => {
            Finding::warning("unknown-field", format!("Kubernetes ignores the field `{key}` beside `spec`"))
                .at(span, "belongs into `spec`")
                .field(&**key)
        }
        SlipKind::Repeated(first) => Finding::warning(
            "duplicate-field",
            format!("`{key}` is given more than once; of its values Kubernetes takes the last"),
        )
        .at(span, "given again")
        .at(place.span(first.start, first.end), "given before")
        .field(&**key),
        SlipKind::SpecWithoutVersion => Finding::warning(
            "unknown-field",
            format!("Kubernetes ignores the `spec` of a policy that is not of version {GROUP}/v1beta1"),
        )
        .at(span, "version v0 has no `spec`")
        .field("spec"),
        SlipKind::Unknown { within_spec, meant } => {
            let label = meant.map_or_else(
                || format!("a policy of version {} has no such field", version.name()),
                |meant| format!("did you mean `{meant}`?"),
            );
            let path = if *within_spec { format!("spec.{key}") } else { key.to_string() };
            Finding::warning("unknown-field", format!("Kubernetes ignores the unknown field `{key}`"))
                .at(span, label)
                .field(path)
        }
    }
}

const AUTHENTICATED: &str = "system:authenticated";
