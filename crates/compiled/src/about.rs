//! What a compiled file is about, counted.

use rolecall_model::{PolicySet, Role};
use rolecall_source::SourceMap;

use crate::{
    Malformed,
    wire::{Reader, Writer},
};

/// What a compiled file is about. Equal policies compiled by equal versions of rolecall say the same.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct About {
    /// The version of rolecall that compiled it.
    pub version: String,
    /// Which authorizers are asked, in which order.
    pub modes: String,
    /// ClusterRoles.
    pub cluster_roles: u64,
    /// Roles.
    pub roles: u64,
    /// Rules of both.
    pub rules: u64,
    /// ClusterRoleBindings.
    pub cluster_role_bindings: u64,
    /// RoleBindings.
    pub role_bindings: u64,
    /// Subjects of both.
    pub subjects: u64,
    /// ABAC policies.
    pub attribute_policies: u64,
    /// Files that it was made of.
    pub files: u64,
}

impl About {
    /// Counts a policy. Cost: linear in its roles and bindings.
    pub fn of(policies: &PolicySet, sources: &SourceMap, version: impl Into<String>) -> Self {
        let is_cluster = |role: &&Role| role.namespace.is_none();
        let cluster_roles = policies.roles().iter().filter(is_cluster).count();
        let bindings = policies.bindings();
        let cluster_bindings = bindings.iter().filter(|binding| binding.namespace.is_none()).count();
        let modes = policies.modes();
        let modes: Vec<_> = modes.as_slice().iter().map(|mode| mode.as_str()).collect();
        Self {
            version: version.into(),
            modes: modes.join(","),
            cluster_roles: cluster_roles as u64,
            roles: (policies.roles().len() - cluster_roles) as u64,
            rules: policies.roles().iter().map(|role| role.rules.len() as u64).sum(),
            cluster_role_bindings: cluster_bindings as u64,
            role_bindings: (bindings.len() - cluster_bindings) as u64,
            subjects: bindings.iter().map(|binding| binding.subjects.len() as u64).sum(),
            attribute_policies: policies.attribute_policies().len() as u64,
            files: sources.iter().count() as u64,
        }
    }

    /// Roles and ClusterRoles.
    pub fn all_roles(&self) -> u64 {
        self.roles.saturating_add(self.cluster_roles)
    }

    /// RoleBindings and ClusterRoleBindings.
    pub fn all_bindings(&self) -> u64 {
        self.role_bindings.saturating_add(self.cluster_role_bindings)
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.text(&self.version);
        writer.text(&self.modes);
        for count in [
            self.cluster_roles,
            self.roles,
            self.rules,
            self.cluster_role_bindings,
            self.role_bindings,
            self.subjects,
            self.attribute_policies,
            self.files,
        ] {
            writer.number(count);
        }
        writer.into_bytes()
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(bytes);
        let about = Self {
            version: reader.text()?.to_owned(),
            modes: reader.text()?.to_owned(),
            cluster_roles: reader.number()?,
            roles: reader.number()?,
            rules: reader.number()?,
            cluster_role_bindings: reader.number()?,
            role_bindings: reader.number()?,
            subjects: reader.number()?,
            attribute_policies: reader.number()?,
            files: reader.number()?,
        };
        reader.end()?;
        Ok(about)
    }
}
