//! A text that a policy does not name.

use rolecall_model::{PolicySet, Subject, Wild};

/// A text that stands in no text of the policy: as a verb, a resource, a name, a namespace, a group, a user
/// or the rest of a path it is one that nobody named.
pub(crate) fn fresh(policies: &PolicySet) -> String {
    let mut longest = 0;
    each_text(policies, &mut |text| {
        longest = longest.max(longest_ending(text));
    });
    format!("{STEM}{}", ENDING.repeat(longest + 1))
}

/// `other`, or with more `r` at its end than follow `othe` anywhere in the policy.
const STEM: &str = "othe";
const ENDING: &str = "r";

fn longest_ending(text: &str) -> usize {
    text.split(STEM).skip(1).map(|rest| rest.len() - rest.trim_start_matches(ENDING).len()).max().unwrap_or(0)
}

/// Shows every text of the policy that a request's text could be compared with.
fn each_text<'p>(policies: &'p PolicySet, see: &mut impl FnMut(&'p str)) {
    for role in policies.roles() {
        for rule in &role.rules {
            rule.verbs.iter().for_each(|text| see(text.as_str()));
            rule.api_groups.iter().for_each(|text| see(text.as_str()));
            rule.resources.iter().for_each(|text| see(text.as_str()));
            rule.resource_names.iter().for_each(|text| see(text.as_str()));
            rule.non_resource_urls.iter().for_each(|text| see(text.as_str()));
        }
    }
    for binding in policies.bindings() {
        binding.namespace.iter().for_each(|text| see(text.as_str()));
        for subject in &binding.subjects {
            match subject {
                Subject::Group(name) => see(name.as_str()),
                Subject::ServiceAccount { namespace, name } => {
                    see(namespace.as_str());
                    see(name.as_str());
                }
                Subject::Unknown { kind: _, name } => see(name),
                Subject::User(name) => see(name.as_str()),
            }
        }
    }
    for policy in policies.attribute_policies() {
        policy.user.iter().for_each(|text| see(text.as_str()));
        policy.group.iter().for_each(|text| see(text.as_str()));
        for text in [named(&policy.api_group), named(&policy.resource), named(&policy.namespace)] {
            text.into_iter().for_each(&mut *see);
        }
        see(policy.non_resource_path.as_str());
    }
}

/// The value that a pattern names, unless it is the wildcard.
pub(crate) fn named<T: AsRef<str>>(pattern: &Wild<T>) -> Option<&str> {
    match pattern {
        Wild::Any => None,
        Wild::Is(value) => Some(value.as_ref()),
    }
}

#[cfg(test)]
mod tests {
    use rolecall_model::Rule;

    use super::*;

    #[test]
    fn a_fresh_text_stands_nowhere_in_the_policy() {
        assert_eq!(fresh(&PolicySet::default()), "other");
        let policies = PolicySet::builder()
            .cluster_role("r", [Rule::resources(["other"], ["another"], ["x-otherrr/otherr"])])
            .build()
            .unwrap();
        assert_eq!(fresh(&policies), "otherrrr");
    }
}
