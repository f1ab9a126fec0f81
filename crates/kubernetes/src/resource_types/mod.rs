//! Which resource types there are: Kubernetes' built-in ones, and those that loaded CRDs define.

mod built_in;
mod custom;
mod resolve;

pub use custom::custom_resource_type;

/// One resource type.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ResourceType {
    /// The API group; empty for the core group.
    pub group: String,
    /// Its served versions, the preferred one first.
    pub versions: Vec<String>,
    /// The kind: `Deployment`.
    pub kind: String,
    /// The plural, which requests and rules use.
    pub plural: String,
    /// The singular.
    pub singular: String,
    /// Short names: `deploy`.
    pub short_names: Vec<String>,
    /// Whether its objects live in namespaces.
    pub namespaced: bool,
}

/// A set of resource types.
#[derive(Clone, Debug)]
pub struct ResourceTypes {
    /// The built-in ones in the order in which an API server lists its groups, then the others.
    types: Vec<ResourceType>,
    built_in: usize,
}

impl Default for ResourceTypes {
    fn default() -> Self {
        Self::built_in()
    }
}

impl ResourceTypes {
    /// Kubernetes' own: what an API server of version 1.36 serves by default.
    pub fn built_in() -> Self {
        let types = built_in::types();
        Self { built_in: types.len(), types }
    }

    /// Adds a type (of a CRD); built-in ones win where both have a word.
    pub fn add(&mut self, resource_type: ResourceType) {
        self.types.push(resource_type);
    }

    /// All of them: the built-in ones, then the added ones in the order of addition.
    pub fn iter(&self) -> impl Iterator<Item = &ResourceType> {
        self.types.iter()
    }

    /// The added ones, in the order of addition.
    pub fn custom(&self) -> impl Iterator<Item = &ResourceType> {
        self.types.iter().skip(self.built_in)
    }

    /// What a user means by `deploy`, `deployment`, `Deployment`, `deployments.apps` or `deployments.v1.apps`,
    /// by kubectl's rules: capitals do not count; with two dots or more the word is first taken for
    /// `resource.version.group`, then for `resource.group`; a plural or singular goes before a short name, that
    /// before a kind; the core group goes before the others, and a whole group before the beginning of
    /// one (`storageclass.storage`). `None` for a type that nobody knows. Cost: linear in the types.
    ///
    /// ```
    /// use rolecall_kubernetes::resource_types::ResourceTypes;
    ///
    /// let types = ResourceTypes::built_in();
    /// assert_eq!(types.resolve("deploy").unwrap().plural, "deployments");
    /// assert_eq!(types.resolve("events").unwrap().group, "");
    /// assert_eq!(types.resolve("events.events.k8s.io").unwrap().group, "events.k8s.io");
    /// assert_eq!(types.resolve("deployments.extensions"), None);
    /// ```
    ///
    /// Source: `spec/authorization/kubectl.md` section 2, "Argument handling".
    pub fn resolve(&self, word: &str) -> Option<&ResourceType> {
        resolve::resolve(self, word)
    }
}
