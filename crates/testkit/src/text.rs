//! A policy as text: what a failing test prints.

use std::fmt;

use rolecall_model::{AttributePolicy, Binding, PolicySet, Role, Rule, Subject, Wild};

/// A policy set as manifests and ABAC lines, to be read, or to be put into a file.
///
/// ```
/// use rolecall_model::{PolicySet, Rule, Subject};
/// use rolecall_testkit::PolicyText;
///
/// let policies = PolicySet::builder()
///     .cluster_role("viewer", [Rule::resources(["get"], [""], ["pods"])])
///     .cluster_role_binding("jane-views", "viewer", [Subject::user("jane")])
///     .build()?;
/// let text = PolicyText(&policies).to_string();
/// assert!(text.contains(r#"- {verbs: ["get"], apiGroups: [""], resources: ["pods"]}"#));
/// # Ok::<(), rolecall_model::TooManyObjects>(())
/// ```
#[derive(Clone, Copy)]
pub struct PolicyText<'a>(pub &'a PolicySet);

impl fmt::Display for PolicyText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let modes = self.0.modes();
        let modes: Vec<_> = modes.as_slice().iter().map(|mode| mode.as_str()).collect();
        writeln!(f, "# authorization mode: {}", modes.join(","))?;
        self.0.roles().iter().try_for_each(|role| write_role(f, role))?;
        self.0.bindings().iter().try_for_each(|binding| write_binding(f, binding))?;
        if !self.0.attribute_policies().is_empty() {
            writeln!(f, "# ABAC")?;
        }
        self.0.attribute_policies().iter().try_for_each(|policy| write_attribute_policy(f, policy))
    }
}

impl fmt::Debug for PolicyText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn write_role(f: &mut fmt::Formatter<'_>, role: &Role) -> fmt::Result {
    write_head(f, role.kind(), role.name.as_str(), role.namespace.as_ref().map(AsRef::as_ref))?;
    writeln!(f, "rules:{}", if role.rules.is_empty() { " []" } else { "" })?;
    role.rules.iter().try_for_each(|rule| write_rule(f, rule))
}

fn write_head(f: &mut fmt::Formatter<'_>, kind: &str, name: &str, namespace: Option<&str>) -> fmt::Result {
    writeln!(f, "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: {kind}")?;
    match namespace {
        None => writeln!(f, "metadata: {{name: {name:?}}}"),
        Some(namespace) => writeln!(f, "metadata: {{name: {name:?}, namespace: {namespace:?}}}"),
    }
}

fn write_rule(f: &mut fmt::Formatter<'_>, rule: &Rule) -> fmt::Result {
    write!(f, "- {{verbs: {:?}", rule.verbs)?;
    write_list(f, "apiGroups", &rule.api_groups)?;
    write_list(f, "resources", &rule.resources)?;
    write_list(f, "resourceNames", &rule.resource_names)?;
    write_list(f, "nonResourceURLs", &rule.non_resource_urls)?;
    writeln!(f, "}}")
}

fn write_list<T: fmt::Debug>(f: &mut fmt::Formatter<'_>, name: &str, list: &[T]) -> fmt::Result {
    if list.is_empty() { Ok(()) } else { write!(f, ", {name}: {list:?}") }
}

fn write_binding(f: &mut fmt::Formatter<'_>, binding: &Binding) -> fmt::Result {
    write_head(f, binding.kind(), binding.name.as_str(), binding.namespace.as_ref().map(AsRef::as_ref))?;
    writeln!(f, "roleRef: {{kind: {:?}, name: {:?}}}", binding.role.kind.as_str(), binding.role.name)?;
    writeln!(f, "subjects:{}", if binding.subjects.is_empty() { " []" } else { "" })?;
    binding.subjects.iter().try_for_each(|subject| write_subject(f, subject))
}

fn write_subject(f: &mut fmt::Formatter<'_>, subject: &Subject) -> fmt::Result {
    match subject {
        Subject::Group(name) => writeln!(f, "- {{kind: Group, name: {name:?}}}"),
        Subject::ServiceAccount { namespace, name } if namespace.as_str().is_empty() => {
            writeln!(f, "- {{kind: ServiceAccount, name: {name:?}}}")
        }
        Subject::ServiceAccount { namespace, name } => {
            writeln!(f, "- {{kind: ServiceAccount, name: {name:?}, namespace: {namespace:?}}}")
        }
        Subject::Unknown { kind, name } => writeln!(f, "- {{kind: {kind:?}, name: {name:?}}}"),
        Subject::User(name) => writeln!(f, "- {{kind: User, name: {name:?}}}"),
    }
}

fn write_attribute_policy(f: &mut fmt::Formatter<'_>, policy: &AttributePolicy) -> fmt::Result {
    if has_literal_star(policy) {
        writeln!(f, "# no wildcard but the very text `*`, which only code can say:")?;
    }
    write!(f, r#"{{"apiVersion":"abac.authorization.kubernetes.io/v1beta1","kind":"Policy","spec":{{"#)?;
    if let Some(user) = &policy.user {
        write!(f, r#""user":{user:?},"#)?;
    }
    if let Some(group) = &policy.group {
        write!(f, r#""group":{group:?},"#)?;
    }
    write!(f, r#""namespace":{:?},"#, wild(&policy.namespace))?;
    write!(f, r#""apiGroup":{:?},"#, wild(&policy.api_group))?;
    write!(f, r#""resource":{:?},"#, wild(&policy.resource))?;
    write!(f, r#""nonResourcePath":{:?},"#, policy.non_resource_path)?;
    writeln!(f, r#""readonly":{}}}}}"#, policy.read_only)
}

fn has_literal_star(policy: &AttributePolicy) -> bool {
    policy.namespace == Wild::Is("*".into())
        || policy.api_group == Wild::Is("*".into())
        || policy.resource == Wild::Is("*".to_owned())
}

fn wild<T: AsRef<str>>(pattern: &Wild<T>) -> &str {
    match pattern {
        Wild::Any => "*",
        Wild::Is(value) => value.as_ref(),
    }
}
