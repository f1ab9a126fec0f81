//! What is told to the one whose request was refused.
//!
//! Kubernetes appends the authorizer's reason to this text, and with it the names of roles that are missing;
//! here it is made of the request alone, which the caller knows already. What operators are told is another
//! type (`rolecall_analysis::explain::Explanation`).

use std::fmt;

use rolecall_model::{Request, Target};

use crate::quote::quote;

/// The message of a `403 Forbidden`, without a reason.
///
/// ```
/// use rolecall_kubernetes::forbidden::CallerMessage;
/// use rolecall_model::Request;
///
/// let request = Request::resource("get", "pods").namespace("ns").user("jane");
/// assert_eq!(
///     CallerMessage::of(&request).to_string(),
///     r#"pods is forbidden: User "jane" cannot get resource "pods" in API group "" in the namespace "ns""#,
/// );
/// ```
///
/// Source: `spec/authorization/attributes.md` section 3.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CallerMessage {
    text: String,
}

impl CallerMessage {
    /// The message for a refused request. There is no way to put anything else into it.
    pub fn of(request: &Request<'_>) -> Self {
        let core = escape(&core(request));
        Self { text: format!("{}forbidden: {core}", about(request)) }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for CallerMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn core(request: &Request<'_>) -> String {
    let (user, verb) = (quote(request.user), request.verb);
    match request.target {
        Target::Path(path) => format!("User {user} cannot {verb} path {}", quote(path)),
        Target::Resource { namespace, api_group, resource, subresource, name: _ } => {
            let joined = match subresource {
                "" => resource.to_owned(),
                _ => format!("{resource}/{subresource}"),
            };
            let place = match namespace {
                "" => "at the cluster scope".to_owned(),
                _ => format!("in the namespace {}", quote(namespace)),
            };
            let (joined, group) = (quote(&joined), quote(api_group));
            format!("User {user} cannot {verb} resource {joined} in API group {group} {place}")
        }
    }
}

/// `pods "web-1" is `, or nothing where neither a resource nor a group is named.
fn about(request: &Request<'_>) -> String {
    let Target::Resource { api_group, resource, name, .. } = request.target else { return String::new() };
    let qualified = match (resource, api_group) {
        ("", "") => return String::new(),
        (_, "") => resource.to_owned(),
        _ => format!("{resource}.{api_group}"),
    };
    if name.is_empty() { format!("{qualified} is ") } else { format!("{qualified} {} is ", quote(name)) }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(request: &Request<'_>, expected: &str) {
        assert_eq!(CallerMessage::of(request).as_str(), expected);
    }

    #[test]
    fn it_is_kubernetes_text_without_a_reason() {
        check(
            &Request::path("get", "/<x>&").user("jane"),
            r#"forbidden: User "jane" cannot get path "/&lt;x&gt;&amp;""#,
        );
        let scale = Request::resource("delete", "deployments").api_group("apps").subresource("scale");
        check(
            &scale.name("d").user("jane"),
            "deployments.apps \"d\" is forbidden: User \"jane\" cannot delete resource \"deployments/scale\" in API \
             group \"apps\" at the cluster scope",
        );
        check(
            &Request::resource("get", "").user("a\"b"),
            r#"forbidden: User "a\"b" cannot get resource "" in API group "" at the cluster scope"#,
        );
    }
}
