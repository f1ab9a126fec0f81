//! One case of the conformance vectors: a folder with a policy, requests and Kubernetes' answers.
//!
//! Source: `conformance/README.md`, "A case".

use std::path::{Path, PathBuf};

use rolecall_model::Modes;
use serde::Deserialize;
use serde_json::Value;

use crate::shared;

/// A case of the vectors.
#[derive(Debug)]
pub struct Case {
    /// `section/name`, by which a failure is found again.
    pub name: String,
    /// Its folder.
    pub folder: PathBuf,
    /// The modes, as `--authorization-mode` takes them.
    pub modes: String,
    /// The policy files, by their names in the folder.
    pub policies: Vec<&'static str>,
    /// What Kubernetes made of it.
    pub outcome: Outcome,
    /// The listings of rules, where the case has some.
    pub listings: Vec<Listing>,
    /// The objects that an API server would refuse, where the case lists them.
    pub refused: Option<Vec<RefusedObject>>,
}

/// What Kubernetes made of a case.
#[derive(Debug)]
pub enum Outcome {
    /// The policy was loaded: each request with its answer.
    Answers(Vec<Answer>),
    /// The policy was refused with this text.
    Refused(String),
}

/// A request and Kubernetes' answer to it.
#[derive(Debug)]
pub struct Answer {
    /// The review, one line of JSON.
    pub request: String,
    /// The same review with the answer in it.
    pub expected: Expected,
}

/// Kubernetes' answer to a review.
#[derive(Debug)]
pub enum Expected {
    /// The review was refused.
    Error(ExpectedError),
    /// The review, and its status apart.
    Status(Value, ExpectedStatus),
}

/// The status of a review; what is absent is false or empty.
#[derive(Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct ExpectedStatus {
    /// Whether the request may go on.
    pub allowed: bool,
    /// Whether it was denied for good.
    pub denied: bool,
    /// Why.
    pub reason: String,
    /// What went wrong on the way.
    pub evaluation_error: String,
}

/// Why a review was refused.
#[derive(Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct ExpectedError {
    /// The HTTP status.
    pub code: u16,
    /// The name of the status.
    pub reason: String,
    /// The message.
    pub message: String,
}

/// A SelfSubjectRulesReview and its answer.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listing {
    /// Who asks.
    #[serde(default)]
    pub user: String,
    /// With which groups.
    #[serde(default)]
    pub groups: Vec<String>,
    /// For which namespace.
    #[serde(default)]
    pub namespace: String,
    /// The answer.
    pub status: Value,
}

/// An object that an API server would refuse to store.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RefusedObject {
    /// The API server's errors, word for word.
    pub errors: Vec<String>,
    /// Which object of the policy, from 0, after lists are unfolded.
    pub index: usize,
    /// Its kind.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its namespace; empty for none.
    pub namespace: String,
}

impl Case {
    /// The modes, if they are all of this project.
    pub fn known_modes(&self) -> Option<Modes> {
        self.modes.parse().ok()
    }

    /// The paths of the policy files.
    pub fn policy_paths(&self) -> Vec<PathBuf> {
        self.policies.iter().map(|name| self.folder.join(name)).collect()
    }
}

/// The cases of a section (a folder of the vectors), all of them; `None` where there is no shared material.
///
/// # Panics
///
/// When the section holds no case, or a folder that is none.
pub fn all(section: &str) -> Option<Vec<Case>> {
    let folder = shared::folder(&format!("conformance/{section}"))?;
    Some(shared::folders_in(&folder).iter().map(|folder| read(section, folder)).collect())
}

/// The cases of a section that need nothing but policy files and modes of this project, and how many were
/// left out; `None` where there is no shared material.
///
/// # Panics
///
/// When the section holds no case at all, or a folder that is none.
pub fn within_reach(section: &str) -> Option<(Vec<Case>, usize)> {
    let folder = shared::folder(&format!("conformance/{section}"))?;
    let folders = shared::folders_in(&folder);
    let plain = |folder: &&PathBuf| {
        let has = |name: &str| folder.join(name).exists();
        assert!(has("modes") || has("config.yaml"), "{} is a folder without a case", folder.display());
        has("modes")
            && shared::text(&folder.join("modes")).trim().parse::<Modes>().is_ok()
            && !OF_OTHER_AUTHORIZERS.into_iter().any(has)
    };
    let cases: Vec<_> = folders.iter().filter(plain).map(|folder| read(section, folder)).collect();
    let left = folders.len() - cases.len();
    Some((cases, left))
}

fn read(section: &str, folder: &Path) -> Case {
    let name = format!("{section}/{}", folder.file_name().unwrap().to_string_lossy());
    let policies: Vec<_> =
        POLICY_FILES.into_iter().filter(|policy_file| folder.join(policy_file).is_file()).collect();
    assert!(!policies.is_empty() && folder.join("modes").is_file(), "{name} is a folder without a case");
    Case {
        modes: shared::text(&folder.join("modes")).trim().to_owned(),
        outcome: read_outcome(&name, folder),
        listings: read_lines(&folder.join("rules.jsonl")).unwrap_or_default(),
        refused: read_lines(&folder.join("validation.jsonl")),
        policies,
        folder: folder.to_owned(),
        name,
    }
}

fn read_outcome(name: &str, folder: &Path) -> Outcome {
    let refused = folder.join("expected-error");
    if refused.is_file() {
        return Outcome::Refused(shared::text(&refused));
    }
    let (requests, expected) =
        (shared::text(&folder.join("requests.jsonl")), shared::text(&folder.join("expected.jsonl")));
    let (requests, expected) = (shared::lines(&requests), shared::lines(&expected));
    assert_eq!(requests.len(), expected.len(), "{name}: as many requests as answers");
    let answer = |(request, expected): (&str, &str)| Answer {
        request: request.to_owned(),
        expected: read_expected(name, expected),
    };
    Outcome::Answers(requests.into_iter().zip(expected).map(answer).collect())
}

fn read_expected(name: &str, line: &str) -> Expected {
    let mut review: Value =
        serde_json::from_str(line).unwrap_or_else(|error| panic!("{name}: {error}: {line}"));
    let fields = review.as_object_mut().unwrap();
    match (fields.remove("status"), fields.remove("error")) {
        (Some(status), None) => Expected::Status(review, serde_json::from_value(status).unwrap()),
        (None, Some(error)) => Expected::Error(serde_json::from_value(error).unwrap()),
        _ => panic!("{name}: neither a status nor an error: {line}"),
    }
}

fn read_lines<T: for<'a> Deserialize<'a>>(path: &Path) -> Option<Vec<T>> {
    let parse = |line: &str| {
        serde_json::from_str(line).unwrap_or_else(|error| panic!("{}: {error}: {line}", path.display()))
    };
    path.is_file().then(|| shared::lines(&shared::text(path)).into_iter().map(parse).collect())
}

const POLICY_FILES: [&str; 2] = ["policy.yaml", "policy.jsonl"];

/// Files of a case that only a node authorizer, a webhook or a configuration file can make sense of.
const OF_OTHER_AUTHORIZERS: [&str; 3] = ["config.yaml", "objects.yaml", "webhook.json"];
