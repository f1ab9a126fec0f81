//! Many requests of one asker: what is given to whom is found once, and each request is then compared with that.
//!
//! Nothing is decided differently: the same functions say what applies and what covers, in the same order.

use rolecall_model::{
    AttributePolicy, AttributePolicyIndex, Authorizer, Determination, Grant, Mode, Request, Silence,
};

use crate::{
    Reference, abac, chain,
    rbac::{self, Given},
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
    bindings: Vec<Given<'a>>,
    attribute_policies: Vec<(usize, &'a AttributePolicy)>,
}

impl<'a> Reference<'a> {
    /// Finds what is given to somebody in a namespace, once for many requests.
    pub fn for_asker(&self, user: &'a str, groups: &'a [&'a str], namespace: &'a str) -> AskerReference<'a> {
        let policies = self.policies;
        AskerReference {
            reference: *self,
            user,
            groups,
            namespace,
            superuser: chain::is_superuser(groups),
            modes: policies.modes().as_slice().to_vec(),
            bindings: rbac::given(policies, user, groups, namespace),
            attribute_policies: abac::given(policies, user, groups),
        }
    }
}

impl AskerReference<'_> {
    /// What [`Reference::determine`](Authorizer::determine) says of the request. One of another asker or namespace is
    /// answered by walking the whole policy, as ever.
    pub fn determine(&self, request: &Request<'_>) -> Determination {
        let own = request.user == self.user
            && *request.groups == *self.groups
            && rbac::namespace_of(request) == self.namespace;
        if !own {
            return self.reference.determine(request);
        }
        if self.superuser {
            return Determination::Allow(Grant::Superuser);
        }
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
            Mode::Rbac => rbac::first_allowing(self.bindings.iter(), request).map_err(silence),
        }
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
        let jane = reference.for_asker("jane", &["dev"], "web");
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
