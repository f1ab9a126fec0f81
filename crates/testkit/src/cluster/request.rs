//! What is asked of a made-up cluster.

use std::io::{self, Write};

use rolecall_model::{Binding, OwnedRequest, OwnedTarget, RoleRefKind, Rule, Subject};

use super::{
    AUTHENTICATED, Cluster, FIXED, PLATFORM_GROUPS, READERS, REQUEST, Spread, draw::Draw, platform_group,
    vocabulary,
};
use crate::kubectl_yaml::json_text;

/// What kind of requests come.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Traffic {
    /// How namespaces and their bindings, and with them the subjects, are drawn.
    pub spread: Spread,
    /// How many groups a request has, the ones it needs first.
    pub groups: usize,
    /// Only requests of this kind; `None`: half of them hits, the other half all kinds of misses.
    pub only: Option<RequestKind>,
}

impl Default for Traffic {
    /// All kinds, uniformly, with a user and four groups.
    fn default() -> Self {
        Self { spread: Spread::Uniform, groups: 4, only: None }
    }
}

/// A request with what is known about its answer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ClusterRequest {
    /// The request.
    pub request: OwnedRequest,
    /// Why it is allowed, or not.
    pub kind: RequestKind,
}

/// Why a request is allowed, or not.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum RequestKind {
    /// A binding's subject asks for what a rule of its role covers: allowed.
    Granted,
    /// A path that everybody may read: allowed.
    GrantedPath,
    /// An object that is granted to others by name.
    AnotherName,
    /// What is granted to others in another team's namespace.
    AnotherNamespace,
    /// A path that nobody but administrators may read.
    AnotherPath,
    /// A subresource of a granted resource that is granted to others.
    AnotherSubresource,
    /// A verb that is granted to others on the same resource.
    AnotherVerb,
    /// A resource that no policy names.
    UnknownResource,
    /// A user that no policy names, in no group but that of all authenticated users.
    UnknownUser,
}

impl RequestKind {
    /// All kinds, hits first.
    pub const ALL: [Self; 9] = [
        Self::Granted,
        Self::GrantedPath,
        Self::AnotherName,
        Self::AnotherNamespace,
        Self::AnotherPath,
        Self::AnotherSubresource,
        Self::AnotherVerb,
        Self::UnknownResource,
        Self::UnknownUser,
    ];

    /// Whether the request is allowed.
    pub fn is_allowed(self) -> bool {
        matches!(self, Self::Granted | Self::GrantedPath)
    }
}

/// Of 32 requests half are hits, and the misses those of a cluster that is asked about everything.
const MIXED: [(RequestKind, u64); 9] = [
    (RequestKind::Granted, 15),
    (RequestKind::GrantedPath, 1),
    (RequestKind::AnotherName, 3),
    (RequestKind::AnotherNamespace, 4),
    (RequestKind::AnotherPath, 1),
    (RequestKind::AnotherSubresource, 2),
    (RequestKind::AnotherVerb, 3),
    (RequestKind::UnknownResource, 2),
    (RequestKind::UnknownUser, 1),
];

fn mixed(draw: &mut Draw) -> RequestKind {
    let mut place = draw.below(MIXED.iter().map(|(_, parts)| parts).sum());
    for (kind, parts) in MIXED {
        if place < parts {
            return kind;
        }
        place -= parts;
    }
    RequestKind::Granted
}

impl ClusterRequest {
    /// Writes it as one line, a SubjectAccessReview whose name says what kind of request it is.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn write_review(&self, mut output: impl Write) -> io::Result<()> {
        let OwnedRequest { user, groups, verb, target } = &self.request;
        let groups: Vec<_> = groups.iter().map(|group| json_text(group)).collect();
        write!(
            output,
            r#"{{"apiVersion":"authorization.k8s.io/v1","kind":"SubjectAccessReview","metadata":{{"name":"{}"}},"spec":{{"user":{},"groups":[{}],"#,
            format!("{:?}", self.kind).to_lowercase(),
            json_text(user),
            groups.join(","),
        )?;
        match target {
            OwnedTarget::Path(path) => {
                let (path, verb) = (json_text(path), json_text(verb));
                write!(output, r#""nonResourceAttributes":{{"path":{path},"verb":{verb}}}"#)?;
            }
            OwnedTarget::Resource { namespace, api_group, resource, subresource, name } => {
                write!(output, r#""resourceAttributes":{{"verb":{}"#, json_text(verb))?;
                let rest = [
                    ("namespace", namespace),
                    ("group", api_group),
                    ("resource", resource),
                    ("subresource", subresource),
                    ("name", name),
                ];
                for (attribute, value) in rest {
                    if !value.is_empty() {
                        write!(output, r#","{attribute}":{}"#, json_text(value))?;
                    }
                }
                write!(output, "}}")?;
            }
        }
        writeln!(output, "}}}}")
    }
}

/// Who asks.
struct Asker {
    user: String,
    /// The groups that come with the user, most needed first.
    groups: Vec<String>,
    /// The team, unless it is a stranger.
    team: Option<u64>,
}

/// What is asked.
struct Question {
    verb: &'static str,
    target: OwnedTarget,
}

impl Cluster {
    pub(super) fn request(&self, traffic: &Traffic, number: u64) -> ClusterRequest {
        let mut draw = Draw::of(&[self.seed, REQUEST, number]);
        let kind = traffic.only.unwrap_or_else(|| mixed(&mut draw));
        let binding = self.drawn_binding(&mut draw, traffic.spread);
        let asker = self.asker(&mut draw, &binding, kind);
        let question = self.question(&mut draw, &binding, kind, asker.team);
        let request = OwnedRequest {
            user: asker.user.clone(),
            groups: self.groups(&mut draw, asker, traffic.groups),
            verb: question.verb.to_owned(),
            target: question.target,
        };
        ClusterRequest { request, kind }
    }

    fn question(&self, draw: &mut Draw, binding: &Binding, kind: RequestKind, team: Option<u64>) -> Question {
        let here = match &binding.namespace {
            Some(namespace) => namespace.as_str().to_owned(),
            None => self.namespace_name(draw.below(self.namespaces)),
        };
        let rules = self.rules_of(binding);
        match kind {
            RequestKind::Granted => granted(draw, &rules, here),
            RequestKind::GrantedPath => path(draw.text(&vocabulary::DISCOVERED)),
            RequestKind::AnotherName => {
                let secret =
                    |rule: &&Rule| rule.resources.iter().any(|resource| resource.as_str() == "secrets");
                let (api_group, resource) = if rules.iter().any(|rule| secret(&rule)) || draw.one_in(2) {
                    ("", "secrets")
                } else {
                    ("cert-manager.io", "certificates")
                };
                let name = vocabulary::object(2 * draw.below(vocabulary::OBJECTS) + 1);
                about(draw.text(&vocabulary::VERBS), here, (api_group, resource, ""), name)
            }
            RequestKind::AnotherNamespace => {
                let there = self.foreign_namespace(draw, team.unwrap_or_default());
                Question { verb: draw.text(&vocabulary::WRITING), ..granted(draw, &rules, there) }
            }
            RequestKind::AnotherPath => path(draw.text(&vocabulary::UNDISCOVERED)),
            RequestKind::AnotherSubresource => about("create", here, ("", "pods", "attach"), object(draw)),
            RequestKind::AnotherVerb => {
                // Where verbs are wild, this one is granted too.
                let tame = rules.iter().find(|rule| !vocabulary::has_wild_verbs(rule));
                let rules: Vec<_> = tame.cloned().into_iter().collect();
                Question { verb: "deletecollection", ..granted(draw, &rules, here) }
            }
            RequestKind::UnknownResource => {
                let api_group = draw.text(&["", "apps", "none.example.com"]);
                about("get", here, (api_group, "gremlins", ""), object(draw))
            }
            // What is given to everybody of the platform reads.
            RequestKind::UnknownUser => Question { verb: "update", ..granted(draw, &rules, here) },
        }
    }

    /// One in ten is bound in the whole cluster; of the others first the namespace is drawn, then the binding.
    fn drawn_binding(&self, draw: &mut Draw, spread: Spread) -> Binding {
        if draw.one_in(10) || self.role_bindings() == 0 {
            return self.cluster_binding(FIXED + draw.below(self.cluster_bindings - FIXED));
        }
        let namespaces = self.namespaces.min(self.role_bindings());
        let namespace = draw.spread(spread, namespaces);
        let here = (self.role_bindings() - namespace).div_ceil(self.namespaces);
        self.role_binding(namespace + self.namespaces * draw.spread(spread, here))
    }

    fn rules_of(&self, binding: &Binding) -> Vec<Rule> {
        let name = binding.role.name.as_str();
        // Names of roles end with their number.
        let number = name.rsplit('-').next().and_then(|digits| digits.parse().ok()).unwrap_or_default();
        let namespace = binding.namespace.as_ref().map_or("", |namespace| namespace.as_str());
        match binding.role.kind {
            RoleRefKind::Role => self.role(self.namespace_number(namespace), number).rules,
            _ if binding.namespace.is_none() => self.cluster_role(FIXED + number).rules,
            _ => self.cluster_role(FIXED + READERS + number).rules,
        }
    }

    /// The number behind a namespace's name.
    fn namespace_number(&self, name: &str) -> u64 {
        let mut parts = name.splitn(3, '-').skip(1);
        let team: u64 = parts.next().and_then(|digits| digits.parse().ok()).unwrap_or_default();
        let stage = parts.next().unwrap_or_default();
        let (word, round) = stage.split_once('-').unwrap_or((stage, "0"));
        let place = vocabulary::STAGES.iter().position(|known| *known == word).unwrap_or_default() as u64;
        let round: u64 = round.parse().unwrap_or_default();
        team + self.teams * (place + round * vocabulary::STAGES.len() as u64)
    }

    fn asker(&self, draw: &mut Draw, binding: &Binding, kind: RequestKind) -> Asker {
        let mut asker = self.subject(draw, binding);
        match kind {
            RequestKind::GrantedPath => {
                asker.groups.retain(|group| group != AUTHENTICATED);
                asker.groups.insert(0, AUTHENTICATED.to_owned());
                asker
            }
            RequestKind::UnknownUser => Asker {
                user: format!("stranger-{}@elsewhere.example.com", draw.below(10_000)),
                groups: vec![AUTHENTICATED.to_owned()],
                team: None,
            },
            _ => asker,
        }
    }

    /// One of a binding's subjects, or somebody in it.
    fn subject(&self, draw: &mut Draw, binding: &Binding) -> Asker {
        let home = match &binding.namespace {
            Some(namespace) => self.namespace_number(namespace.as_str()),
            None => draw.below(self.namespaces),
        };
        let team = self.team_of(home);
        match draw.pick(&binding.subjects) {
            Some(Subject::ServiceAccount { namespace, name }) => {
                let namespace = match namespace.as_str() {
                    "" => self.namespace_name(home),
                    named => named.to_owned(),
                };
                self.account_asks(&namespace, name.as_str(), false)
            }
            Some(Subject::Group(name)) => match name.as_str().strip_prefix(ACCOUNTS_OF) {
                Some(namespace) => {
                    let account = self.account_name(draw);
                    self.account_asks(namespace, &account, true)
                }
                None => Asker {
                    user: Self::user_name(team, draw.below(self.users_of_team)),
                    groups: vec![name.as_str().to_owned(), AUTHENTICATED.to_owned()],
                    team: Some(team),
                },
            },
            Some(Subject::User(name)) => {
                let user = name.as_str().to_owned();
                let digits = user.split_once("@team-").and_then(|(_, rest)| rest.split('.').next());
                let team = digits.and_then(|digits| digits.parse().ok()).unwrap_or(team);
                Asker { user, groups: vec![AUTHENTICATED.to_owned()], team: Some(team) }
            }
            Some(Subject::Unknown { .. }) | None => {
                Asker { user: String::new(), groups: Vec::new(), team: None }
            }
        }
    }

    fn account_asks(&self, namespace: &str, name: &str, by_group: bool) -> Asker {
        let mut groups =
            vec![AUTHENTICATED.to_owned(), format!("{ACCOUNTS_OF}{namespace}"), ALL_ACCOUNTS.to_owned()];
        if by_group {
            groups.swap(0, 1);
        }
        Asker {
            user: format!("system:serviceaccount:{namespace}:{name}"),
            groups,
            team: Some(self.team_of(self.namespace_number(namespace))),
        }
    }

    /// As many groups as are wanted: those that come with the asker, some of the team, then ones of the whole
    /// organization, then ones that no policy names.
    fn groups(&self, draw: &mut Draw, asker: Asker, wanted: usize) -> Vec<String> {
        let mut groups = asker.groups;
        let first = draw.below(self.groups_of_team);
        let of_team = asker.team.into_iter().flat_map(|team| {
            (0..self.groups_of_team.min(3)).map(move |next| {
                let number = (first + next).checked_rem(self.groups_of_team).unwrap_or_default();
                Self::team_group(team, number)
            })
        });
        let first = draw.below(PLATFORM_GROUPS);
        let of_platform = (0..PLATFORM_GROUPS).map(|next| platform_group((first + next) % PLATFORM_GROUPS));
        let unnamed = (0..).map(|next: u64| format!("oidc:unbound:{next}"));
        for group in of_team.chain(of_platform).chain(unnamed) {
            if groups.len() >= wanted {
                break;
            }
            if !groups.contains(&group) {
                groups.push(group);
            }
        }
        groups.truncate(wanted);
        groups
    }

    /// A namespace of another team.
    fn foreign_namespace(&self, draw: &mut Draw, team: u64) -> String {
        if self.teams == 1 {
            return "elsewhere".to_owned();
        }
        let other = (team + 1 + draw.below(self.teams - 1)) % self.teams;
        let namespace = self.namespace_of(draw, other);
        self.namespace_name(namespace)
    }
}

/// All groups of service accounts of a namespace begin so.
const ACCOUNTS_OF: &str = "system:serviceaccounts:";

const ALL_ACCOUNTS: &str = "system:serviceaccounts";

/// What one of the rules covers.
fn granted(draw: &mut Draw, rules: &[Rule], namespace: String) -> Question {
    let Some(rule) = draw.pick(rules) else { return about("get", namespace, ("", "pods", ""), object(draw)) };
    let verb = draw.pick(&rule.verbs).map_or("get", |verb| word(verb.as_str()));
    let api_group = rule.api_groups.first().map_or("", |group| group.as_str());
    let resource = draw.pick(&rule.resources).map_or("", |resource| resource.as_str());
    let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
    let name = match draw.pick(&rule.resource_names) {
        Some(name) => name.as_str().to_owned(),
        None if matches!(verb, "create" | "list" | "watch") => String::new(),
        None => object(draw),
    };
    about(verb, namespace, (api_group, resource, subresource), name)
}

/// The verb itself, or any verb for all of them.
fn word(verb: &str) -> &'static str {
    vocabulary::VERBS.into_iter().find(|known| *known == verb).unwrap_or("get")
}

fn object(draw: &mut Draw) -> String {
    vocabulary::object(draw.below(1000))
}

fn about(
    verb: &'static str,
    namespace: String,
    (api_group, resource, subresource): (&str, &str, &str),
    name: String,
) -> Question {
    let [api_group, resource, subresource] = [api_group, resource, subresource].map(str::to_owned);
    Question { verb, target: OwnedTarget::Resource { namespace, api_group, resource, subresource, name } }
}

fn path(path: &str) -> Question {
    Question { verb: "get", target: OwnedTarget::Path(path.to_owned()) }
}
