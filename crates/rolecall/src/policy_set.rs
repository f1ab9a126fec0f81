//! Policies: read from files, built in code, or both.

use std::sync::Arc;

use rolecall_model::{AttributePolicy, Binding, BindingName, Modes, Role, RoleName, Rule, Subject};

use crate::BuildError;

/// Roles, bindings and attribute policies that are asked together, with what was found on reading them.
///
/// Cloning is cheap: clones share everything.
#[derive(Clone, Debug, Default)]
pub struct PolicySet {
    model: Arc<rolecall_model::PolicySet>,
    #[cfg(feature = "kubernetes")]
    loaded: Arc<Loaded>,
    #[cfg(not(feature = "kubernetes"))]
    sources: rolecall_source::SourceMap,
}

#[cfg(feature = "kubernetes")]
#[derive(Debug, Default)]
struct Loaded {
    sources: rolecall_source::SourceMap,
    findings: Vec<rolecall_diagnostics::Finding>,
    resource_types: rolecall_kubernetes::resource_types::ResourceTypes,
}

impl PolicySet {
    /// Starts an empty policy set.
    pub fn builder() -> PolicySetBuilder {
        PolicySetBuilder::default()
    }

    /// What a compiled file holds.
    #[cfg(feature = "compiled")]
    #[cfg_attr(
        not(feature = "kubernetes"),
        expect(unused_variables, reason = "without files no types have names")
    )]
    pub(crate) fn decoded(
        model: rolecall_model::PolicySet,
        sources: rolecall_source::SourceMap,
        types: Vec<rolecall_compiled::CustomType>,
    ) -> Self {
        Self {
            model: Arc::new(model),
            #[cfg(feature = "kubernetes")]
            loaded: Arc::new(Loaded {
                sources,
                findings: Vec::new(),
                resource_types: crate::compiled::resource_types(types),
            }),
            #[cfg(not(feature = "kubernetes"))]
            sources,
        }
    }

    /// The roles, bindings and attribute policies.
    pub fn model(&self) -> &rolecall_model::PolicySet {
        &self.model
    }

    /// What was found in the files that is no error: in the order of the files and of the lines in them.
    #[cfg(feature = "kubernetes")]
    pub fn findings(&self) -> &[rolecall_diagnostics::Finding] {
        &self.loaded.findings
    }

    /// The texts into which the origins of roles and bindings, and the findings, point.
    #[cfg(feature = "kubernetes")]
    pub fn sources(&self) -> &rolecall_source::SourceMap {
        &self.loaded.sources
    }

    /// Without files there are none.
    #[cfg(not(feature = "kubernetes"))]
    pub(crate) fn sources(&self) -> &rolecall_source::SourceMap {
        &self.sources
    }

    /// Kubernetes' resource types, with those that CustomResourceDefinitions among the files define.
    #[cfg(feature = "kubernetes")]
    pub fn resource_types(&self) -> &rolecall_kubernetes::resource_types::ResourceTypes {
        &self.loaded.resource_types
    }
}

impl From<rolecall_model::PolicySet> for PolicySet {
    fn from(model: rolecall_model::PolicySet) -> Self {
        Self {
            model: Arc::new(model),
            #[cfg(feature = "kubernetes")]
            loaded: Arc::default(),
            #[cfg(not(feature = "kubernetes"))]
            sources: rolecall_source::SourceMap::new(),
        }
    }
}

#[cfg(feature = "kubernetes")]
impl TryFrom<rolecall_kubernetes::load::Load> for PolicySet {
    type Error = crate::Refused;

    /// What a loader made, if it found no error.
    fn try_from(load: rolecall_kubernetes::load::Load) -> Result<Self, crate::Refused> {
        let rolecall_kubernetes::load::Load { sources, findings, policies, resource_types, .. } = load;
        match policies {
            Some(model) => Ok(Self {
                model: Arc::new(model),
                loaded: Arc::new(Loaded { sources, findings, resource_types }),
            }),
            None => Err(crate::Refused::new(sources, findings)),
        }
    }
}

/// Gathers a policy set.
///
/// Files come first, in the order in which they were named; what is built in code comes behind them, and
/// takes the place of a role or binding of the same namespace and name.
#[derive(Debug, Default)]
pub struct PolicySetBuilder {
    objects: Vec<Object>,
    modes: Option<Modes>,
    #[cfg(feature = "kubernetes")]
    inputs: crate::files::Inputs,
    #[cfg(feature = "kubernetes")]
    has_inputs: bool,
    #[cfg(feature = "kubernetes")]
    options: rolecall_kubernetes::load::LoadOptions,
}

#[derive(Debug)]
enum Object {
    AttributePolicy(AttributePolicy),
    Binding(Binding),
    Role(Role),
}

impl PolicySetBuilder {
    /// Adds a role; one of the same namespace and name is replaced in its place.
    #[must_use]
    pub fn role(mut self, role: Role) -> Self {
        self.objects.push(Object::Role(role));
        self
    }

    /// Adds a ClusterRole.
    #[must_use]
    pub fn cluster_role(self, name: impl Into<RoleName>, rules: impl IntoIterator<Item = Rule>) -> Self {
        self.role(Role::cluster(name, rules))
    }

    /// Adds a binding; one of the same namespace and name is replaced in its place.
    #[must_use]
    pub fn binding(mut self, binding: Binding) -> Self {
        self.objects.push(Object::Binding(binding));
        self
    }

    /// Adds a ClusterRoleBinding to a ClusterRole.
    #[must_use]
    pub fn cluster_role_binding(
        self,
        name: impl Into<BindingName>,
        role: impl Into<RoleName>,
        subjects: impl IntoIterator<Item = Subject>,
    ) -> Self {
        self.binding(Binding::cluster(name, rolecall_model::RoleRef::cluster_role(role), subjects))
    }

    /// Adds a RoleBinding; the role reference says whether to a Role or a ClusterRole.
    #[must_use]
    pub fn role_binding(
        self,
        namespace: impl Into<rolecall_model::Namespace>,
        name: impl Into<BindingName>,
        role: rolecall_model::RoleRef,
        subjects: impl IntoIterator<Item = Subject>,
    ) -> Self {
        self.binding(Binding::namespaced(namespace, name, role, subjects))
    }

    /// Adds an attribute policy (a line of an ABAC policy file).
    #[must_use]
    pub fn attribute_policy(mut self, policy: AttributePolicy) -> Self {
        self.objects.push(Object::AttributePolicy(policy));
        self
    }

    /// Sets which authorizers are asked, and in which order. Otherwise: whatever there is, RBAC before
    /// ABAC.
    #[must_use]
    pub fn modes(mut self, modes: Modes) -> Self {
        self.modes = Some(modes);
        self
    }

    /// The finished policy set.
    ///
    /// # Errors
    ///
    /// When a file has an error (all findings of all files are in it), or there are 2³² objects of a kind.
    pub fn build(self) -> Result<PolicySet, BuildError> {
        #[cfg(feature = "kubernetes")]
        if self.has_inputs {
            return self.build_from_files();
        }
        let mut model = rolecall_model::PolicySet::builder();
        add_objects(&mut model, self.objects);
        if let Some(modes) = self.modes {
            model = model.modes(modes);
        }
        Ok(PolicySet::from(model.build()?))
    }
}

#[cfg(feature = "kubernetes")]
impl PolicySetBuilder {
    /// Reads a directory of Kubernetes manifests and ABAC policy files; [`files`](crate::files) says which.
    ///
    /// # Errors
    ///
    /// When there is no such directory, it cannot be read, or there is no file in it.
    pub fn kubernetes_dir(self, path: impl AsRef<std::path::Path>) -> Result<Self, crate::InputError> {
        self.kubernetes_file(path)
    }

    /// Reads one file: a Kubernetes manifest (YAML or JSON) or an ABAC policy file, as its content says.
    ///
    /// # Errors
    ///
    /// When there is no such file.
    pub fn kubernetes_file(mut self, path: impl AsRef<std::path::Path>) -> Result<Self, crate::InputError> {
        self.has_inputs = true;
        self.inputs.add_path(path.as_ref())?;
        Ok(self)
    }

    /// Reads a text as [`kubernetes_file`](Self::kubernetes_file) reads a file's; findings call it by the
    /// name.
    #[must_use]
    pub fn kubernetes_text(mut self, name: impl Into<String>, text: impl Into<Vec<u8>>) -> Self {
        self.has_inputs = true;
        self.inputs.add_text(name, text);
        self
    }

    /// Sets what happens to objects that an API server would refuse. Otherwise: they are left out.
    #[must_use]
    pub fn validate(mut self, validate: rolecall_kubernetes::load::Validate) -> Self {
        self.options.validate = validate;
        self
    }

    /// Sets whether Kubernetes' own roles and bindings are added. Otherwise: none.
    #[must_use]
    pub fn default_roles(mut self, default_roles: rolecall_kubernetes::load::DefaultRoles) -> Self {
        self.has_inputs = true;
        self.options.default_roles = default_roles;
        self
    }

    /// Sets the namespace of namespaced objects that name none. Otherwise: `default`.
    #[must_use]
    pub fn manifest_namespace(mut self, namespace: impl Into<String>) -> Self {
        self.options.manifest_namespace = Some(namespace.into());
        self
    }

    /// Sets what a file may cost.
    #[must_use]
    pub fn limits(mut self, limits: rolecall_kubernetes::document::Limits) -> Self {
        self.options.limits = limits;
        self
    }

    fn build_from_files(mut self) -> Result<PolicySet, BuildError> {
        self.options.modes.clone_from(&self.modes);
        let loaded = PolicySet::try_from(self.inputs.load(self.options))?;
        if self.objects.is_empty() {
            return Ok(loaded);
        }
        let mut model = rolecall_model::PolicySet::builder();
        let files = loaded.model();
        for role in files.roles() {
            model.add_role(role.clone());
        }
        for binding in files.bindings() {
            model.add_binding(binding.clone());
        }
        for policy in files.attribute_policies() {
            model.add_attribute_policy(policy.clone());
        }
        add_objects(&mut model, self.objects);
        // A role of the code may be selected by one of the files, and the other way round.
        for (role, rules) in rolecall_kubernetes::aggregation::aggregate(model.roles())? {
            model.replace_rules(role, rules);
        }
        if let Some(modes) = self.modes {
            model = model.modes(modes);
        }
        Ok(PolicySet { model: Arc::new(model.build()?), loaded: loaded.loaded })
    }
}

fn add_objects(model: &mut rolecall_model::PolicySetBuilder, objects: Vec<Object>) {
    for object in objects {
        match object {
            Object::AttributePolicy(policy) => model.add_attribute_policy(policy),
            Object::Binding(binding) => {
                model.add_binding(binding);
            }
            Object::Role(role) => {
                model.add_role(role);
            }
        }
    }
}
