//! Requests as numbers, aimed at a policy: what one of its grants allows, mostly with one part changed.

use rolecall_model::{AttributePolicy, Binding, Namespace, OwnedRequest, OwnedTarget, Rule, Subject};

use crate::aim::{Aim, Pool, named, pick, service_account};

/// A request as numbers: which grant it is aimed at, which of its entries it takes, and which one part of
/// it is then changed into what.
///
/// With nothing changed the request is mostly one that the grant covers; the smaller the numbers, the
/// earlier in the policy are the texts.
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct RequestPlan {
    /// The binding or attribute policy.
    pub grant: u16,
    /// Which of the binding's subjects.
    pub subject: u16,
    /// Which of the role's rules.
    pub rule: u16,
    /// Which entry of each of the rule's lists.
    pub entry: u16,
    /// What stands in for wildcards and for what the grant leaves open.
    pub open: u16,
    /// Which part is changed, if any.
    pub change: u8,
    /// Into what.
    pub into: u16,
    /// Groups that the asker is in as well.
    pub groups: Vec<u8>,
}

impl RequestPlan {
    /// The request that is planned.
    pub fn request(&self, aim: &Aim) -> OwnedRequest {
        let bindings = aim.policies().bindings();
        let attribute_policies = aim.policies().attribute_policies();
        let grants = bindings.len() + attribute_policies.len();
        let grant = usize::from(self.grant).checked_rem(grants).unwrap_or_default();
        let mut request = if let Some(binding) = bindings.get(grant) {
            self.bound(aim, binding)
        } else if let Some(policy) = attribute_policies.get(grant - bindings.len()) {
            self.by_attributes(aim, policy)
        } else {
            self.unaimed(aim)
        };
        request.groups.extend(self.groups.iter().map(|&group| aim.groups.text(group.into()).to_owned()));
        self.change(aim, &mut request);
        request
    }

    /// A request by a subject of a binding, for what a rule of its role is about.
    fn bound(&self, aim: &Aim, binding: &Binding) -> OwnedRequest {
        let mut request = self.unaimed(aim);
        match pick(&binding.subjects, self.subject) {
            None => {}
            Some(Subject::Group(name)) => request.groups.push(name.to_string()),
            Some(Subject::ServiceAccount { namespace, name }) => {
                request.user = service_account(namespace, name, binding);
            }
            Some(Subject::Unknown { kind: _, name }) => request.user.clone_from(name),
            Some(Subject::User(name)) => request.user = name.to_string(),
        }
        let Some(rule) = aim.role(binding).and_then(|role| pick(&role.rules, self.rule)) else {
            return request;
        };
        request.verb = self.entry_or_open(&rule.verbs, request.verb);
        let on_path = rule.resources.is_empty() || self.entry % 5 == 4;
        request.target = match pick(&rule.non_resource_urls, self.entry) {
            Some(pattern) if on_path => self.path(pattern.as_str()),
            _ => self.resource(aim, rule, binding.namespace.as_ref()),
        };
        request
    }

    /// A request that an attribute policy is about.
    fn by_attributes(&self, aim: &Aim, policy: &AttributePolicy) -> OwnedRequest {
        let mut request = self.unaimed(aim);
        if let Some(user) = &policy.user {
            request.user = user.to_string();
        }
        request.groups.extend(policy.group.as_ref().map(ToString::to_string));
        if self.entry % 3 == 2 {
            request.target = self.path(policy.non_resource_path.as_str());
        } else if let OwnedTarget::Resource { namespace, api_group, resource, .. } = &mut request.target {
            named(&policy.namespace).unwrap_or(aim.namespaces.text(self.open)).clone_into(namespace);
            named(&policy.api_group).unwrap_or(aim.api_groups.text(self.open)).clone_into(api_group);
            named(&policy.resource).unwrap_or(aim.resources.text(self.open)).clone_into(resource);
        }
        request
    }

    /// A request for which nothing is settled yet.
    fn unaimed(&self, aim: &Aim) -> OwnedRequest {
        OwnedRequest {
            user: aim.users.text(self.open).to_owned(),
            groups: Vec::new(),
            verb: aim.verbs.text(self.open).to_owned(),
            target: OwnedTarget::Resource {
                namespace: aim.namespaces.text(self.open).to_owned(),
                api_group: aim.api_groups.text(self.open).to_owned(),
                resource: aim.resources.text(self.open).to_owned(),
                subresource: String::new(),
                name: String::new(),
            },
        }
    }

    fn resource(&self, aim: &Aim, rule: &Rule, namespace: Option<&Namespace>) -> OwnedTarget {
        let entry = pick(&rule.resources, self.entry).map_or("*", AsRef::as_ref);
        let (resource, subresource) = match entry.split_once('/') {
            // Also as one text, as a review may have it.
            Some(_) if self.open % 7 == 6 => (entry, ""),
            Some(("*", subresource)) => (aim.resources.text(self.open), subresource),
            Some(halves) => halves,
            None if entry == "*" => (aim.resources.text(self.open), aim.subresources.text(self.open)),
            None => (entry, ""),
        };
        let name = pick(&rule.resource_names, self.entry);
        OwnedTarget::Resource {
            namespace: namespace.map_or(aim.namespaces.text(self.open), Namespace::as_str).to_owned(),
            api_group: self.entry_or_open(&rule.api_groups, aim.api_groups.text(self.open).to_owned()),
            resource: resource.to_owned(),
            subresource: subresource.to_owned(),
            name: name.map_or(aim.names.text(self.open), AsRef::as_ref).to_owned(),
        }
    }

    /// A path that a pattern covers: with something in place of its trailing stars.
    fn path(&self, pattern: &str) -> OwnedTarget {
        let prefix = pattern.trim_end_matches('*');
        let rest = if prefix == pattern { "" } else { pick(&["", "x", "/", "*"], self.open).unwrap_or(&"") };
        OwnedTarget::Path(format!("{prefix}{rest}"))
    }

    /// The entry of a list, and something else in place of a wildcard.
    fn entry_or_open<T: AsRef<str>>(&self, list: &[T], open: String) -> String {
        match pick(list, self.entry).map(AsRef::as_ref) {
            None | Some("*") => open,
            Some(entry) => entry.to_owned(),
        }
    }

    /// Changes one part, or none.
    fn change(&self, aim: &Aim, request: &mut OwnedRequest) {
        let into = self.into;
        let text = |pool: &Pool| pool.text(into).to_owned();
        match self.change % 20 {
            1 => request.verb = text(&aim.verbs),
            2 => request.user = text(&aim.users),
            3 => request.groups.clear(),
            4 => request.groups.push(text(&aim.groups)),
            5 => request.verb = near(&request.verb, into),
            6 => request.user = near(&request.user, into),
            7 => request.groups.iter_mut().for_each(|group| *group = near(group, into)),
            8 => self.change_kind(aim, request),
            change => match &mut request.target {
                OwnedTarget::Path(path) if change < 14 => *path = near(path, into),
                OwnedTarget::Path(path) if change < 16 => *path = text(&aim.paths),
                OwnedTarget::Path(_) => {}
                OwnedTarget::Resource { namespace, api_group, resource, subresource, name } => match change {
                    9 => *namespace = text(&aim.namespaces),
                    10 => *api_group = text(&aim.api_groups),
                    11 => *resource = text(&aim.resources),
                    12 => *subresource = text(&aim.subresources),
                    13 => *name = text(&aim.names),
                    14 => *resource = near(resource, into),
                    15 => *subresource = near(subresource, into),
                    16 => *name = near(name, into),
                    17 => *namespace = near(namespace, into),
                    _ => {}
                },
            },
        }
    }

    /// Asks for a path in place of a resource, or the other way round.
    fn change_kind(&self, aim: &Aim, request: &mut OwnedRequest) {
        request.target = match request.target {
            OwnedTarget::Path(_) => self.unaimed(aim).target,
            OwnedTarget::Resource { .. } => OwnedTarget::Path(aim.paths.text(self.into).to_owned()),
        };
    }
}

/// A text that a careless comparison would take for the other.
fn near(text: &str, into: u16) -> String {
    match into % 7 {
        0 => String::new(),
        1 => format!("{text}x"),
        2 => {
            let mut shorter = text.chars();
            shorter.next_back();
            shorter.as_str().to_owned()
        }
        3 => text.to_uppercase(),
        4 => "*".to_owned(),
        5 => format!("{text}/"),
        _ => format!(" {text}"),
    }
}

#[cfg(test)]
mod tests {
    use rolecall_model::{PolicySet, Request};

    use super::*;

    fn aim() -> Aim {
        let policies = PolicySet::builder()
            .cluster_role("r", [Rule::resources(["get"], ["apps"], ["deployments"]).named(["web"])])
            .cluster_role_binding("b", "r", [Subject::user("jane")])
            .build()
            .unwrap();
        Aim::at(&policies)
    }

    #[test]
    fn an_unchanged_request_is_what_the_grant_covers() {
        let request = RequestPlan::default().request(&aim());
        let expected = Request::resource("get", "deployments").api_group("apps").name("web").user("jane");
        let OwnedTarget::Resource { namespace, .. } = &request.target else { panic!("{request:?}") };
        assert_eq!(request.as_request(), expected.namespace(namespace));
    }

    #[test]
    fn a_change_changes_one_part() {
        let unchanged = RequestPlan::default().request(&aim());
        for change in 1..20 {
            let changed = RequestPlan { change, into: 1, ..RequestPlan::default() }.request(&aim());
            let parts = [
                changed.user != unchanged.user,
                changed.groups != unchanged.groups,
                changed.verb != unchanged.verb,
                changed.target != unchanged.target,
            ];
            assert!(parts.iter().filter(|&&part| part).count() <= 1, "{change}: {changed:?}");
        }
    }

    #[test]
    fn an_empty_policy_can_be_aimed_at() {
        let request = RequestPlan::default().request(&Aim::at(&PolicySet::default()));
        assert_eq!(request.verb, "get");
    }
}
