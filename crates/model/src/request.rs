//! Questions.

use std::borrow::Cow;

/// One request: who wants to do what.
///
/// Everything is borrowed, nothing is interpreted: texts are compared byte for byte, and no group is added
/// (`system:authenticated` has to be there if it is meant).
///
/// ```
/// use rolecall_model::Request;
///
/// let request = Request::resource("delete", "pods").name("web-1").namespace("payments").user("jane").group("dev");
/// assert_eq!(request.user, "jane");
/// ```
///
/// Source: `spec/authorization/attributes.md` section 1.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[must_use]
pub struct Request<'a> {
    /// The user's name; empty when only groups are asked about.
    pub user: &'a str,
    /// The user's groups.
    pub groups: Cow<'a, [&'a str]>,
    /// The verb: an API verb for resources, the HTTP method in lower case for paths.
    pub verb: &'a str,
    /// On what.
    pub target: Target<'a>,
}

/// What a request is about.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Target<'a> {
    /// A URL path that is no resource.
    Path(&'a str),
    /// A resource of the API.
    Resource {
        /// The namespace; empty for cluster scope and for all namespaces.
        namespace: &'a str,
        /// The API group; empty for the core group.
        api_group: &'a str,
        /// The resource, in the plural.
        resource: &'a str,
        /// The subresource; empty for none.
        subresource: &'a str,
        /// The object's name; empty for none.
        name: &'a str,
    },
}

impl<'a> Request<'a> {
    /// A request for a resource of the core group, without namespace, name and user.
    pub fn resource(verb: &'a str, resource: &'a str) -> Self {
        let target = Target::Resource { namespace: "", api_group: "", resource, subresource: "", name: "" };
        Self { user: "", groups: Cow::Borrowed(&[]), verb, target }
    }

    /// A request for a path that is no resource.
    pub fn path(verb: &'a str, path: &'a str) -> Self {
        Self { user: "", groups: Cow::Borrowed(&[]), verb, target: Target::Path(path) }
    }

    /// The same request by this user.
    pub fn user(mut self, user: &'a str) -> Self {
        self.user = user;
        self
    }

    /// The same request with one more group (allocates; see [`groups`](Self::groups)).
    pub fn group(mut self, group: &'a str) -> Self {
        self.groups.to_mut().push(group);
        self
    }

    /// The same request with these groups, which are borrowed.
    pub fn groups(mut self, groups: &'a [&'a str]) -> Self {
        self.groups = Cow::Borrowed(groups);
        self
    }

    /// The same request in a namespace; of no effect on a path.
    pub fn namespace(mut self, value: &'a str) -> Self {
        if let Target::Resource { namespace, .. } = &mut self.target {
            *namespace = value;
        }
        self
    }

    /// The same request in an API group; of no effect on a path.
    pub fn api_group(mut self, value: &'a str) -> Self {
        if let Target::Resource { api_group, .. } = &mut self.target {
            *api_group = value;
        }
        self
    }

    /// The same request for a subresource; of no effect on a path.
    pub fn subresource(mut self, value: &'a str) -> Self {
        if let Target::Resource { subresource, .. } = &mut self.target {
            *subresource = value;
        }
        self
    }

    /// The same request for one object; of no effect on a path.
    pub fn name(mut self, value: &'a str) -> Self {
        if let Target::Resource { name, .. } = &mut self.target {
            *name = value;
        }
        self
    }
}

/// A request that owns its texts: what is kept, generated or read from a file.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct OwnedRequest {
    /// See [`Request::user`](struct@Request).
    pub user: String,
    /// The user's groups.
    pub groups: Vec<String>,
    /// The verb.
    pub verb: String,
    /// On what.
    pub target: OwnedTarget,
}

/// What an owned request is about; the fields of [`Target`].
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum OwnedTarget {
    /// A URL path that is no resource.
    Path(String),
    /// A resource of the API.
    Resource {
        /// The namespace; empty for none.
        namespace: String,
        /// The API group; empty for the core group.
        api_group: String,
        /// The resource.
        resource: String,
        /// The subresource; empty for none.
        subresource: String,
        /// The object's name; empty for none.
        name: String,
    },
}

impl OwnedRequest {
    /// The same request, borrowed. Allocates one list, of the groups.
    pub fn as_request(&self) -> Request<'_> {
        Request {
            user: &self.user,
            groups: Cow::Owned(self.groups.iter().map(String::as_str).collect()),
            verb: &self.verb,
            target: self.target.as_target(),
        }
    }
}

impl OwnedTarget {
    /// The same target, borrowed.
    pub fn as_target(&self) -> Target<'_> {
        match self {
            Self::Path(path) => Target::Path(path),
            Self::Resource { namespace, api_group, resource, subresource, name } => {
                Target::Resource { namespace, api_group, resource, subresource, name }
            }
        }
    }
}

impl From<&Request<'_>> for OwnedRequest {
    fn from(request: &Request<'_>) -> Self {
        Self {
            user: request.user.to_owned(),
            groups: request.groups.iter().map(|&group| group.to_owned()).collect(),
            verb: request.verb.to_owned(),
            target: match request.target {
                Target::Path(path) => OwnedTarget::Path(path.to_owned()),
                Target::Resource { namespace, api_group, resource, subresource, name } => {
                    OwnedTarget::Resource {
                        namespace: namespace.to_owned(),
                        api_group: api_group.to_owned(),
                        resource: resource.to_owned(),
                        subresource: subresource.to_owned(),
                        name: name.to_owned(),
                    }
                }
            },
        }
    }
}
