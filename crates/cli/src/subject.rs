//! Whom a question is about: `user/jane`, `group/dev`, `serviceaccount/vault/agent`, or kubectl's flags.

use clap::Args;
use rolecall::kubernetes::identity::{ServiceAccount, impersonated_groups};

use crate::{
    exit::Failure,
    identity::{Identity, IdentityArguments},
};

/// Whom a question is about.
#[derive(Args, Debug)]
pub(crate) struct SubjectArguments {
    /// user/NAME (with the groups that an API server gives such a user), group/NAME (whatever else its members
    /// are in), or serviceaccount/NAMESPACE/NAME; or else --as.
    #[arg(value_name = "SUBJECT", conflicts_with_all = ["user", "groups", "uid"])]
    subject: Option<String>,

    #[command(flatten)]
    identity: IdentityArguments,
}

const FORMS: &str = "user/NAME, group/NAME or serviceaccount/NAMESPACE/NAME";

impl SubjectArguments {
    /// The user and the groups.
    pub(crate) fn required(&self) -> Result<Identity, Failure> {
        match &self.subject {
            Some(subject) => parse(subject),
            None => self.identity.given()?.ok_or_else(|| {
                Failure::message(format!("whom do you mean? name {FORMS}, or a user with --as"))
            }),
        }
    }

    /// Whether a group was named that is not implied by the user.
    pub(crate) fn names_group(&self, group: &str) -> bool {
        match &self.subject {
            Some(subject) => subject.strip_prefix("group/") == Some(group),
            None => self.identity.groups.iter().any(|named| named == group),
        }
    }
}

fn parse(subject: &str) -> Result<Identity, Failure> {
    let (kind, name) = subject.split_once('/').unwrap_or((subject, ""));
    let user = match kind {
        "group" if !name.is_empty() => {
            return Ok(Identity { user: String::new(), groups: vec![name.to_owned()] });
        }
        "user" if !name.is_empty() => name.to_owned(),
        "serviceaccount" | "sa" => match name.split_once('/') {
            Some((namespace, name)) => {
                let user = ServiceAccount { namespace, name }.user();
                if ServiceAccount::of_user(&user).is_none() {
                    return Err(Failure::message(format!("no service account can be called `{subject}`")));
                }
                user
            }
            None => {
                return Err(Failure::message(
                    "a service account has a namespace: serviceaccount/NAMESPACE/NAME",
                ));
            }
        },
        _ => return Err(Failure::message(format!("`{subject}` names nobody: expected {FORMS}"))),
    };
    let groups = impersonated_groups(&user, &[]);
    Ok(Identity { user, groups })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(subject: &str, expected: Option<(&str, &[&str])>) {
        let found = parse(subject).ok();
        let found = found.as_ref().map(|found| (found.user.as_str(), found.group_names()));
        assert_eq!(found, expected.map(|(user, groups)| (user, groups.to_vec())), "{subject}");
    }

    #[test]
    fn subjects_are_named_by_their_kind() {
        check("user/jane", Some(("jane", &["system:authenticated"])));
        check("user/a/b", Some(("a/b", &["system:authenticated"])));
        check("user/system:anonymous", Some(("system:anonymous", &["system:unauthenticated"])));
        check("group/dev", Some(("", &["dev"])));
        let account = "system:serviceaccount:vault:agent";
        let groups = ["system:serviceaccounts", "system:serviceaccounts:vault", "system:authenticated"];
        check("serviceaccount/vault/agent", Some((account, &groups)));
        check("sa/vault/agent", Some((account, &groups)));
    }

    #[test]
    fn whatever_else_names_nobody() {
        for subject in
            ["jane", "", "user/", "group/", "sa/agent", "sa//agent", "sa/vault/", "sa/vault/a/b", "role/x"]
        {
            check(subject, None);
        }
    }
}
