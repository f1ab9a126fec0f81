//! Who asks: kubectl's impersonation flags.

use clap::Args;
use rolecall::kubernetes::identity::impersonated_groups;

use crate::exit::Failure;

/// Who asks.
#[derive(Args, Debug)]
pub(crate) struct IdentityArguments {
    /// The user who asks; a service account is system:serviceaccount:NAMESPACE:NAME.
    #[arg(long = "as", value_name = "USER")]
    pub(crate) user: Option<String>,

    /// A group of the user; repeatable. As in impersonation, system:authenticated comes by itself, and a
    /// service account without this flag gets its own groups.
    #[arg(long = "as-group", value_name = "GROUP")]
    pub(crate) groups: Vec<String>,

    /// The user's UID; no authorizer here looks at it.
    #[arg(long = "as-uid", value_name = "UID")]
    pub(crate) uid: Option<String>,
}

/// A user with all groups.
#[derive(Debug)]
pub(crate) struct Identity {
    pub(crate) user: String,
    pub(crate) groups: Vec<String>,
}

impl Identity {
    pub(crate) fn group_names(&self) -> Vec<&str> {
        self.groups.iter().map(String::as_str).collect()
    }
}

impl IdentityArguments {
    /// The user with the groups that an API server gives to an impersonated one.
    pub(crate) fn required(&self) -> Result<Identity, Failure> {
        self.given()?.ok_or_else(|| {
            Failure::message(
                "who asks? there is no cluster that knows: name the user with --as (and groups with --as-group)",
            )
        })
    }

    /// The same, if any flag of these was given.
    pub(crate) fn given(&self) -> Result<Option<Identity>, Failure> {
        match self.user.as_deref() {
            None | Some("") if self.groups.is_empty() && self.uid.is_none() => Ok(None),
            None | Some("") => Err(Failure::message(
                "requesting uid or groups without impersonating a user: name the user with --as",
            )),
            Some(user) => {
                Ok(Some(Identity { user: user.to_owned(), groups: impersonated_groups(user, &self.groups) }))
            }
        }
    }
}
