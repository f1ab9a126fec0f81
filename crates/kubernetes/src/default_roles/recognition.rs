//! Whether what a file brings is Kubernetes' own: a dump of a live cluster brings all of it.

use std::{collections::HashMap, sync::LazyLock};

use rolecall_model::{Binding, BindingName, Namespace, Origin, Role, RoleName, Rule};

/// Whether a binding is one of Kubernetes' own: it was added as such, or has the name of one and says the same, with
/// the same subjects in the same order.
pub fn is_default_binding(binding: &Binding) -> bool {
    binding.origin == Origin::BuiltIn
        || DEFAULTS
            .bindings
            .get(&(binding.namespace.clone(), binding.name.clone()))
            .is_some_and(|own| own.role == binding.role && own.subjects == binding.subjects)
}

/// Whether a rule of a role is Kubernetes' own: both were added as such, or the role has the name of one that has a
/// rule which says the same.
///
/// What a file's role aggregates is not recognised; no default binding gives such a role.
pub fn is_default_rule(role: &Role, rule: &Rule) -> bool {
    if role.origin == Origin::BuiltIn {
        return rule.origin == Origin::BuiltIn;
    }
    DEFAULTS
        .roles
        .get(&(role.namespace.clone(), role.name.clone()))
        .is_some_and(|own| own.rules.iter().any(|one| one.says_the_same(rule)))
}

/// The default objects by namespace and name.
struct Defaults {
    roles: HashMap<(Option<Namespace>, RoleName), Role>,
    bindings: HashMap<(Option<Namespace>, BindingName), Binding>,
}

static DEFAULTS: LazyLock<Defaults> = LazyLock::new(|| Defaults {
    roles: super::roles()
        .into_iter()
        .map(|role| ((role.namespace.clone(), role.name.clone()), role))
        .collect(),
    bindings: super::bindings()
        .into_iter()
        .map(|binding| ((binding.namespace.clone(), binding.name.clone()), binding))
        .collect(),
});

#[cfg(test)]
mod tests {
    use rolecall_model::Subject;

    use super::*;

    #[test]
    fn default_objects_of_a_file_are_recognised() {
        for mut binding in super::super::bindings() {
            binding.origin = Origin::Code;
            assert!(is_default_binding(&binding), "{}", binding.name);
        }
        for mut role in super::super::roles() {
            role.origin = Origin::Code;
            for mut rule in role.rules.clone() {
                rule.origin = Origin::Code;
                assert!(is_default_rule(&role, &rule), "{}", role.name);
            }
        }
    }

    #[test]
    fn what_somebody_changed_is_not_kubernetes_own() {
        let mut binding =
            super::super::bindings().into_iter().find(|one| one.name.as_str() == "system:kube-dns").unwrap();
        binding.origin = Origin::Code;
        let own = binding.clone();
        binding.subjects.push(Subject::user("mallory"));
        assert!(!is_default_binding(&binding));
        binding.subjects = vec![Subject::user("mallory")];
        assert!(!is_default_binding(&binding));
        let mut binding = own.clone();
        binding.role.name = "cluster-admin".into();
        assert!(!is_default_binding(&binding));
        let mut binding = own;
        binding.namespace = Some("kube-system".into());
        assert!(!is_default_binding(&binding));

        let more = Rule::resources(["list", "watch"], [""], ["endpoints", "secrets", "services"]);
        let role = Role::cluster("system:kube-dns", [more.clone()]);
        assert!(!is_default_rule(&role, &more));
    }

    /// What aggregation adds to a built-in role from a file is the file's.
    #[test]
    fn a_rule_that_a_built_in_role_aggregates_from_a_file_is_the_file_s() {
        let mut view = super::super::roles().into_iter().find(|one| one.name.as_str() == "view").unwrap();
        let rule = Rule::resources(["get"], [""], ["widgets"]);
        view.rules = vec![rule.clone()];
        assert!(!is_default_rule(&view, &rule));
    }
}
