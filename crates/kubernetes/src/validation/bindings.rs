//! The role reference and the subjects of bindings.

use rolecall_diagnostics::did_you_mean;

use crate::{
    manifest::{Kind, RBAC_GROUP, RoleRef, Subject, Text},
    quote::quote,
};

use super::{Checker, Words, names};

impl Checker<'_> {
    pub(super) fn role_ref(&mut self, role_ref: Option<&RoleRef>) {
        let supported: &[&str] = match self.object.kind {
            Kind::RoleBinding => &["Role", "ClusterRole"],
            _ => &["ClusterRole"],
        };
        let Some(role_ref) = role_ref else {
            let span = self.object.span;
            let words = || {
                Words::new("this binding has no roleRef, so it gives no role", "`roleRef` is missing").help(
                    "write `roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: …}`",
                )
            };
            self.unsupported("roleRef.kind", span, "", supported, words());
            self.required("roleRef.name", span, "", words());
            return;
        };
        let group = &role_ref.api_group;
        if group.as_str() != RBAC_GROUP {
            let words = Words::new(
                format!("roles are in the apiGroup `{RBAC_GROUP}`, not in `{}`", group.value),
                format!("write `{RBAC_GROUP}`"),
            );
            self.unsupported("roleRef.apiGroup", group.span, group.as_str(), &[RBAC_GROUP], words);
        }
        self.role_ref_kind(&role_ref.kind, supported);
        let name = &role_ref.name;
        if name.value.is_empty() {
            let words = Words::new("this roleRef names no role", "`name` is missing or empty");
            self.required("roleRef.name", name.span, "", words);
        } else {
            self.path_segment("roleRef.name", name);
        }
    }

    fn role_ref_kind(&mut self, kind: &Text, supported: &[&str]) {
        let value = kind.as_str();
        if supported.contains(&value) {
            return;
        }
        let words = if value == "Role" {
            Words::new(
                "a ClusterRoleBinding can only give a ClusterRole, not a Role",
                "must be `ClusterRole`",
            )
            .help("a Role can be given by a RoleBinding in its namespace")
        } else if value.is_empty() {
            Words::new("this roleRef has no kind", "`kind` is missing or empty")
        } else {
            let label = match did_you_mean(value, supported.iter().copied()) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("must be `{}`", supported.join("` or `")),
            };
            Words::new(format!("there is no kind `{value}` of role"), label)
        };
        self.unsupported("roleRef.kind", kind.span, value, supported, words);
    }

    pub(super) fn subjects(&mut self, subjects: &[Subject]) {
        for (index, subject) in subjects.iter().enumerate() {
            self.subject(index, subject);
        }
    }

    fn subject(&mut self, index: usize, subject: &Subject) {
        let Subject { kind, name, .. } = subject;
        if name.value.is_empty() {
            let words = Words::new("this subject has no name, so it is nobody", "`name` is missing or empty");
            self.required(&format!("subjects[{index}].name"), name.span, "", words);
        }
        match kind.as_str() {
            "ServiceAccount" => self.service_account(index, subject),
            "User" | "Group" => self.rbac_group(index, subject),
            unknown => {
                let kinds = ["ServiceAccount", "User", "Group"];
                let words = if unknown.is_empty() {
                    Words::new("this subject has no kind, so it is nobody", "`kind` is missing or empty")
                } else {
                    let label = match did_you_mean(unknown, kinds) {
                        Some(meant) => format!("did you mean `{meant}`?"),
                        None => "must be `ServiceAccount`, `User` or `Group`".to_owned(),
                    };
                    Words::new(format!("there is no kind `{unknown}` of subject, so it is nobody"), label)
                };
                self.unsupported(&format!("subjects[{index}].kind"), kind.span, unknown, &kinds, words);
            }
        }
    }

    fn service_account(&mut self, index: usize, subject: &Subject) {
        let Subject { name, api_group, namespace, .. } = subject;
        if !name.value.is_empty() {
            for detail in names::dns_subdomain(name.as_str()) {
                let words = Words::new(
                    format!("no ServiceAccount can have the name `{}`", name.value),
                    "lower case letters, digits, `-` and `.` only",
                );
                let words = if name.value.starts_with("system:serviceaccount:") {
                    words.help("write the account's own name, and its namespace beside it; or make it a User")
                } else {
                    words
                };
                self.invalid(
                    &format!("subjects[{index}].name"),
                    name.span,
                    &quote(name.as_str()),
                    &detail,
                    words,
                );
            }
        }
        if !api_group.value.is_empty() {
            let words = Words::new(
                format!("ServiceAccounts are in the core group, not in the apiGroup `{}`", api_group.value),
                "take it out, or write \"\"",
            );
            self.unsupported(
                &format!("subjects[{index}].apiGroup"),
                api_group.span,
                api_group.as_str(),
                &[""],
                words,
            );
        }
        if !self.object.kind.is_namespaced() && namespace.value.is_empty() {
            let words = Words::new(
                format!(
                    "the ServiceAccount `{}` has no namespace, and a ClusterRoleBinding has none to give",
                    name.value
                ),
                "`namespace` is missing or empty",
            );
            self.required(&format!("subjects[{index}].namespace"), namespace.span, "", words);
        }
    }

    fn rbac_group(&mut self, index: usize, subject: &Subject) {
        let Subject { kind, api_group, .. } = subject;
        if api_group.as_str() != RBAC_GROUP {
            let words = Words::new(
                format!("{}s are in the apiGroup `{RBAC_GROUP}`, not in `{}`", kind.value, api_group.value),
                format!("write `{RBAC_GROUP}`, or nothing"),
            );
            self.unsupported(
                &format!("subjects[{index}].apiGroup"),
                api_group.span,
                api_group.as_str(),
                &[RBAC_GROUP],
                words,
            );
        }
    }
}
