//! Many requests of one asker: what is given to whom is found once, and each request is then compared with that.
//!
//! Nothing is decided differently: the same functions say what applies and what covers, in the same order.

use rolecall_model::{
    AttributePolicy, AttributePolicyIndex, Authorizer, Determination, Grant, Mode, Request, Rule, Silence,
    Target, Unresolved,
};

use crate::{
    Reference, abac, chain,
    rbac::{self, Given},
    rule,
};

/// The reference for one user with groups, in one namespace (empty: none, as for paths).
#[derive(Clone, Debug)]
pub struct AskerReference<'a> {
    reference: Reference<'a>,
    user: &'a str,
    groups: &'a [&'a str],
    namespace: &'a str,
    superuser: bool,
    modes: Vec<Mode>,
    /// The rules of all bindings that apply, in the order of evaluation, with what each would grant by.
    rules: Vec<(Grant, &'a Rule)>,
    /// The references that lead nowhere.
    nowhere: Vec<Unresolved>,
    attribute_policies: Vec<(usize, &'a AttributePolicy)>,
    on_resource: OnResource<'a>,
}

/// Those of the rules that cover the resource asked about last: what follows is often another verb or name of it.
#[derive(Clone, Debug, Default)]
struct OnResource<'a> {
    /// Whether there was one.
    known: bool,
    api_group: String,
    resource: String,
    subresource: String,
    rules: Vec<(Grant, &'a Rule)>,
}

impl<'a> Reference<'a> {
    /// Finds what is given to somebody in a namespace, once for many requests.
    pub fn for_asker(&self, user: &'a str, groups: &'a [&'a str], namespace: &'a str) -> AskerReference<'a> {
        AskerReference::new(
            *self,
            user,
            groups,
            namespace,
            rbac::given(self.policies, user, groups, namespace),
        )
    }
}

impl<'a> AskerReference<'a> {
    /// With the bindings that apply.
    pub(crate) fn new<'p: 'a>(
        reference: Reference<'p>,
        user: &'a str,
        groups: &'a [&'a str],
        namespace: &'a str,
        given: impl Iterator<Item = Given<'p>>,
    ) -> Self {
        let (mut rules, mut nowhere) = (Vec::new(), Vec::new());
        for (applying, resolved) in given {
            match resolved {
                Ok((role, found)) => {
                    let of_role = found.rules.iter().enumerate();
                    rules.extend(of_role.map(|(position, rule)| (applying.grant(role, position), rule)));
                }
                Err(unresolved) => rbac::record(&mut nowhere, unresolved),
            }
        }
        Self {
            reference,
            user,
            groups,
            namespace,
            superuser: chain::is_superuser(groups),
            modes: reference.policies.modes().as_slice().to_vec(),
            rules,
            nowhere,
            attribute_policies: abac::given(reference.policies, user, groups),
            on_resource: OnResource::default(),
        }
    }

    /// What [`Reference::determine`](Authorizer::determine) says of the request. One of another asker or namespace is
    /// answered by walking the whole policy, as ever.
    pub fn determine(&mut self, request: &Request<'_>) -> Determination {
        let own = request.user == self.user
            && *request.groups == *self.groups
            && rbac::namespace_of(request) == self.namespace;
        if !own {
            return self.reference.determine(request);
        }
        if self.superuser {
            return Determination::Allow(Grant::Superuser);
        }
        self.on_resource.turn_to(request, &self.rules);
        chain::first_opinion(&self.modes, |mode| self.ask(mode, request))
    }

    /// What one mode says.
    ///
    /// Source: `spec/authorization/chain.md` section 1.
    fn ask(&self, mode: Mode, request: &Request<'_>) -> Result<Grant, Silence> {
        let silence = |unresolved| Silence { mode, unresolved };
        match mode {
            Mode::Abac => self
                .attribute_policies
                .iter()
                .find(|(_, policy)| abac::matches(policy, request))
                .and_then(|&(position, _)| AttributePolicyIndex::new(position))
                .map(Grant::AttributePolicy)
                .ok_or_else(|| silence(Vec::new())),
            Mode::AlwaysAllow => Ok(Grant::AlwaysAllow),
            Mode::AlwaysDeny => Err(silence(Vec::new())),
            Mode::Rbac => self.first_allowing(request).ok_or_else(|| silence(self.nowhere.clone())),
        }
    }

    /// The first grant that covers the request.
    fn first_allowing(&self, request: &Request<'_>) -> Option<Grant> {
        let first = match request.target {
            Target::Path(_) => self.rules.iter().find(|(_, rule)| rule::covers(rule, request)),
            Target::Resource { name, .. } => self
                .on_resource
                .rules
                .iter()
                .find(|(_, rule)| rule::covers_verb(rule, request.verb) && rule::covers_name(rule, name)),
        };
        first.map(|&(grant, _)| grant)
    }
}

impl<'a> OnResource<'a> {
    /// Finds the rules that cover the resource of the request, unless it is the same as before.
    fn turn_to(&mut self, request: &Request<'_>, rules: &[(Grant, &'a Rule)]) {
        let Target::Resource { api_group, resource, subresource, .. } = request.target else { return };
        let same = self.known
            && self.resource == resource
            && self.subresource == subresource
            && self.api_group == api_group;
        if same {
            return;
        }
        self.known = true;
        for (own, text) in [
            (&mut self.api_group, api_group),
            (&mut self.resource, resource),
            (&mut self.subresource, subresource),
        ] {
            own.clear();
            own.push_str(text);
        }
        let covering = rules.iter().filter(|(_, rule)| {
            rule::covers_api_group(rule, api_group) && rule::covers_resource(rule, resource, subresource)
        });
        self.rules.clear();
        self.rules.extend(covering);
    }
}

#[cfg(test)]
mod tests {
    use rolecall_model::{Modes, PolicySet, Rule, Subject};

    use super::*;

    #[test]
    fn answers_what_the_whole_walk_answers_also_for_others() {
        let policies = PolicySet::builder()
            .cluster_role("viewer", [Rule::resources(["get"], [""], ["pods"])])
            .cluster_role_binding("a", "missing", [Subject::user("jane")])
            .cluster_role_binding("b", "viewer", [Subject::group("dev")])
            .modes(Modes::new([Mode::Rbac, Mode::Abac]))
            .build()
            .unwrap();
        let reference = Reference::new(&policies);
        let mut jane = reference.for_asker("jane", &["dev"], "web");
        for user in ["jane", "joe"] {
            for groups in [&["dev"][..], &[], &["system:masters"]] {
                for namespace in ["web", "", "other"] {
                    for verb in ["get", "list"] {
                        let request =
                            Request::resource(verb, "pods").namespace(namespace).user(user).groups(groups);
                        assert_eq!(jane.determine(&request), reference.determine(&request), "{request:?}");
                    }
                }
            }
        }
    }
}
