//! What somebody can do: verbs on resources and paths, and where.

mod fold;
mod given;

use std::sync::Arc;

use rolecall_model::PolicySet;

pub use self::given::{Access, Given, Source, holders};
use crate::grant_scope::GrantScope;

/// What a list of grants allows, folded: one row for a resource, its verbs joined, the namespaces in which
/// the same holds named together, and nothing that another row says as well.
///
/// A request is allowed by the grants if and only if some row covers it, except that rows leave out what
/// no server asks: the empty resource, and the empty path.
///
/// ```
/// use rolecall_analysis::{access_matrix::{Access, AccessMatrix}, explain::GrantIndex};
/// use rolecall_model::{PolicySet, RoleRef, Rule, Subject};
///
/// let policies = PolicySet::builder()
///     .cluster_role("reader", [Rule::resources(["watch", "get"], [""], ["pods"])])
///     .role_binding("web", "dev-reads", RoleRef::cluster_role("reader"), [Subject::group("dev")])
///     .role_binding("db", "dev-reads", RoleRef::cluster_role("reader"), [Subject::group("dev")])
///     .build()?;
/// let access = Access::of(&policies, &GrantIndex::of(&policies), "jane", &["dev"]);
/// let matrix = AccessMatrix::of(&policies, &access.given, None);
/// let [row] = matrix.rows.as_slice() else { panic!("one row") };
/// assert_eq!((row.target.to_string().as_str(), row.verbs.as_slice()), ("pods", &["get", "watch"][..]));
/// assert_eq!(row.scopes.len(), 2);
/// # Ok::<(), rolecall_model::TooManyObjects>(())
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct AccessMatrix<'p> {
    /// The rows: resources by API group and name, then paths.
    pub rows: Vec<Row<'p>>,
}

/// What is allowed on one resource or path.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Row<'p> {
    /// On what.
    pub target: RowTarget<'p>,
    /// The verbs, in the order of a life: `get`, `list`, `watch`, `create` …; `*` alone is every verb.
    pub verbs: Vec<&'p str>,
    /// Where: everywhere alone, or these namespaces, and cluster scope.
    pub scopes: Vec<GrantScope<'p>>,
    /// What gives it; what is given a second time by a wider row is named there.
    pub sources: Vec<Source>,
}

/// What a row is about.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum RowTarget<'p> {
    /// Resources of the API.
    Resource {
        /// Of which API groups.
        api_group: ApiGroups<'p>,
        /// Which.
        resource: Resources<'p>,
        /// Only the objects of these names, in order; empty: all, and requests without a name.
        names: Arc<[&'p str]>,
    },
    /// The paths that a pattern covers.
    Path(&'p str),
}

/// API groups of a row.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum ApiGroups<'p> {
    /// All of them.
    Every,
    /// This one; empty for the core group.
    Is(&'p str),
}

/// Resources of a row.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Resources<'p> {
    /// All of them, with all subresources.
    Every,
    /// What an entry of a rule's `resources` covers: `pods`, `pods/log`, `*/scale`.
    Entry(&'p str),
    /// The resource with all of its subresources: what ABAC gives.
    WithSubresources(&'p str),
}

impl<'p> AccessMatrix<'p> {
    /// The matrix of these grants, in one namespace or (`None`) in all.
    pub fn of(policies: &'p PolicySet, given: &[Given<'p>], namespace: Option<&str>) -> Self {
        fold::fold(policies, given, namespace)
    }
}

/// As `kubectl auth can-i --list` names it: `deployments.apps/scale`.
impl std::fmt::Display for RowTarget<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Path(pattern) => f.write_str(pattern),
            Self::Resource { api_group, resource, names: _ } => {
                let (entry, rest) = match resource {
                    Resources::Every => ("*", ""),
                    Resources::Entry(entry) => {
                        entry.find('/').and_then(|slash| entry.split_at_checked(slash)).unwrap_or((entry, ""))
                    }
                    Resources::WithSubresources(resource) => (*resource, "[/*]"),
                };
                match api_group {
                    ApiGroups::Every => write!(f, "{entry}.*{rest}"),
                    ApiGroups::Is("") => write!(f, "{entry}{rest}"),
                    ApiGroups::Is(group) => write!(f, "{entry}.{group}{rest}"),
                }
            }
        }
    }
}
