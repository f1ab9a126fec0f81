//! An explanation as text, with the place of everything that it names.

use std::fmt::{self, Write as _};

use rolecall_model::{Grant, Mode, Origin, PolicySet, Rule};
use rolecall_source::SourceMap;

use super::{
    Allowance, Allowing, Considered, ExistingRole, Explanation, Fixes, Miss, MissGroup, Part, Refusal,
    Verdict, role_meant,
    words::{
        asker, attribute_policy, attribute_policy_subject, binding_name, harmless, in_words_about, list,
        reference_name, role_name, sentence, subject,
    },
};

/// How many of a role's rules that cover are shown.
const RULES: usize = 10;

/// The widest that the column before the places becomes, in characters.
const WIDEST: usize = 100;

/// How wide the column is that says what is missing.
const LABEL: usize = 21;

/// An [`Explanation`] that prints itself: the answer in the first line, then what it rests on.
#[derive(Clone, Copy, Debug)]
pub struct ExplanationText<'a> {
    explanation: &'a Explanation,
    policies: &'a PolicySet,
    sources: &'a SourceMap,
}

impl Explanation {
    /// The explanation in words; of the policy set that was explained, and the texts that it was read from.
    pub fn text<'a>(&'a self, policies: &'a PolicySet, sources: &'a SourceMap) -> ExplanationText<'a> {
        ExplanationText { explanation: self, policies, sources }
    }
}

impl fmt::Display for ExplanationText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", sentence(&self.explanation.request, self.explanation.is_allow()))?;
        match &self.explanation.verdict {
            Verdict::Allow(allowance) => self.allowance(allowance, f),
            Verdict::NoOpinion(refusal) => self.refusal(refusal, f),
        }
    }
}

impl ExplanationText<'_> {
    fn allowance(&self, allowance: &Allowance, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lines = Lines::default();
        self.allowing(&allowance.decided_by, &mut lines);
        let count = allowance.other_count + 1;
        let all = match count {
            2 => "remove both to take it away".to_owned(),
            _ => format!("remove all {count} to take it away"),
        };
        for (number, other) in allowance.others.iter().enumerate() {
            let (name, place) = self.grant_name(other.grant);
            let all = if number == 0 { format!(" ({all})") } else { String::new() };
            lines.add(format!("  also granted by {name}{all}"), place);
        }
        let more = allowance.other_count.saturating_sub(allowance.others.len());
        if more > 0 {
            lines.add(format!("  and {more} more"), None);
        }
        writeln!(f)?;
        lines.write(f)
    }

    fn allowing(&self, allowing: &Allowing, lines: &mut Lines) {
        match allowing.grant {
            Grant::Superuser => {
                lines.add(
                    "  group system:masters is allowed everything, before any authorizer is asked",
                    None,
                );
            }
            Grant::AlwaysAllow => lines.add("  AlwaysAllow: this mode allows everything", None),
            Grant::AttributePolicy(index) => {
                let Some(policy) = self.policies.attribute_policy(index) else { return };
                let to = attribute_policy_subject(policy);
                lines.add(format!("  ABAC: the line for {to}"), self.place(policy.origin));
                lines.add(format!("        {}", attribute_policy(policy)), None);
            }
            Grant::Role { binding, subject: position, role, rule } => {
                let (Some(binding), Some(role)) = (self.policies.binding(binding), self.policies.role(role))
                else {
                    return;
                };
                let to = binding.subjects.get(position).map_or_else(String::new, |own| subject(own, binding));
                let text = format!("  RBAC: {} of {} to {to}", binding_name(binding), role_name(role));
                lines.add(text, self.place(binding.origin));
                let rules = std::iter::once(rule).chain(allowing.more_rules.iter().copied());
                for number in rules.take(RULES) {
                    if let Some(rule) = role.rules.get(number) {
                        let text = format!("        rule {}: {}", number + 1, self.rule(rule));
                        lines.add(text, self.place(rule.origin));
                    }
                }
            }
        }
    }

    fn refusal(&self, refusal: &Refusal, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n  {}", self.silence(refusal))?;
        if !refusal.misses.is_empty() {
            writeln!(f, "\n  nearest first:")?;
            let mut lines = Lines::default();
            let mut number = 0;
            for group in &refusal.misses {
                self.group(group, &mut number, &mut lines);
            }
            if refusal.left_out > 0 {
                lines.add(format!("  {} farther grants were not looked at", refusal.left_out), None);
            }
            lines.write(f)?;
        }
        writeln!(f)?;
        match &refusal.fixes {
            Ok(fixes) => self.fixes(fixes, f),
            Err(reason) => writeln!(f, "  {reason}"),
        }
    }

    /// Who said nothing, and how many grants are the asker's at all.
    fn silence(&self, refusal: &Refusal) -> String {
        let modes = refusal.silences.iter().map(|silence| silence.mode.as_str());
        let mut text = match modes.collect::<Vec<_>>().as_slice() {
            [] => "no authorizer is asked.".to_owned(),
            [one] => format!("{one} has no opinion, and nothing comes after it."),
            many => format!("{} have no opinion, and nothing comes after them.", many.join(" and ")),
        };
        let asker = &self.explanation.request;
        let groups =
            if asker.user.is_empty() || asker.groups.is_empty() { "" } else { " or one of the groups" };
        let who = super::words::asker(asker);
        for silence in &refusal.silences {
            let (own, all, one, many) = match silence.mode {
                Mode::Rbac => {
                    (refusal.naming_bindings, self.policies.bindings().len(), "binding", "bindings")
                }
                Mode::Abac => (
                    refusal.naming_lines,
                    self.policies.attribute_policies().len(),
                    "ABAC line",
                    "ABAC lines",
                ),
                Mode::AlwaysAllow | Mode::AlwaysDeny => continue,
            };
            let noun = if all == 1 { one } else { many };
            let verb = if own == 1 { "names" } else { "name" };
            // Writing to a `String` cannot fail.
            let _ = write!(text, " {own} of {all} {noun} {verb} {who}{groups}.");
        }
        text
    }

    fn group(&self, group: &MissGroup, number: &mut usize, lines: &mut Lines) {
        // A few are all named; of many, and of what is far away, the nearest is an example.
        let is_few = group.count <= super::SHOWN && group.part.is_some();
        let named = if is_few { super::SHOWN } else { 1 };
        for miss in group.nearest.iter().take(named) {
            *number += 1;
            let label = label(group.part, miss);
            let (name, place) = self.considered_name(miss.considered);
            lines.add(format!("  {number:<3}{label:<LABEL$}{name}"), place);
            let (detail, place) = self.detail(group.part, miss);
            lines.add(format!("     {:LABEL$}{detail}", ""), place);
        }
        let shown = group.nearest.len().min(named);
        if group.count > shown {
            let more = group.count - shown;
            lines.add(format!("     {:LABEL$}and {more} more of which this is true", ""), None);
        }
    }

    fn considered_name(&self, considered: Considered) -> (String, Option<String>) {
        match considered {
            Considered::AttributePolicy(index) => self.grant_name(Grant::AttributePolicy(index)),
            Considered::Binding { binding, .. } => match self.policies.binding(binding) {
                Some(binding) => (
                    format!("{} → {}", binding_name(binding), reference_name(binding)),
                    self.place(binding.origin),
                ),
                None => (String::new(), None),
            },
        }
    }

    /// What a grant that falls short gives, and the place of it.
    fn detail(&self, part: Option<Part>, miss: &Miss) -> (String, Option<String>) {
        let lacks = match part {
            Some(_) => String::new(),
            None => {
                format!("; not met: {}", miss.unmet.iter().filter_map(noun).collect::<Vec<_>>().join(", "))
            }
        };
        match miss.considered {
            Considered::AttributePolicy(index) => {
                let policy = self.policies.attribute_policy(index);
                (format!("allows {}{lacks}", policy.map_or_else(String::new, attribute_policy)), None)
            }
            Considered::Binding { binding, role, rule } => {
                let Some(binding) = self.policies.binding(binding) else { return (String::new(), None) };
                let role = role.and_then(|role| self.policies.role(role));
                let rule = role.zip(rule).and_then(|(role, rule)| role.rules.get(rule));
                match (part, role, rule) {
                    (Some(Part::Subject), _, Some(rule)) => {
                        let subjects = list(binding.subjects.iter().map(|own| subject(own, binding)));
                        (format!("would allow it, to {subjects}"), self.place(rule.origin))
                    }
                    (Some(Part::Namespace), _, Some(rule)) => {
                        let own = binding.namespace.as_ref().map_or_else(String::new, ToString::to_string);
                        let own = super::words::shown(&own);
                        (format!("grants {} in {own}", self.rule(rule)), self.place(rule.origin))
                    }
                    (_, _, Some(rule)) => {
                        (format!("grants {}{lacks}", self.rule(rule)), self.place(rule.origin))
                    }
                    (_, Some(role), None) => {
                        (format!("{} has no rules", role_name(role)), self.place(role.origin))
                    }
                    (_, None, _) => {
                        let missing = format!("there is no {}", reference_name(binding));
                        match role_meant(self.policies, binding) {
                            Some(role) => (
                                format!("{missing}: did you mean {}?", role_name(role)),
                                self.place(role.origin),
                            ),
                            None => (missing, None),
                        }
                    }
                }
            }
        }
    }

    fn fixes(&self, fixes: &Fixes, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let wider = match fixes.wider.as_slice() {
            [] => "exactly this".to_owned(),
            lists => format!("this, and whatever else the wildcard in {} covers,", lists.join(" and ")),
        };
        let everywhere = if fixes.in_every_namespace { ", in every namespace," } else { "" };
        writeln!(f, "  {wider} would be allowed{everywhere} by (--fix prints only the YAML):")?;
        let own = if fixes.cluster_role {
            "a ClusterRole and ClusterRoleBinding"
        } else {
            "a Role and RoleBinding"
        };
        let rule = entries(&fixes.rule);
        match fixes
            .existing
            .as_ref()
            .and_then(|existing| Some((existing, self.policies.role(existing.role)?)))
        {
            Some((existing, role)) => {
                let first = format!("a rule in {}", role_name(role));
                let second = format!("or {own} of its own");
                let width = first.chars().count().max(second.chars().count()) + 3;
                writeln!(f, "    {first:<width$}{rule}")?;
                writeln!(f, "    {:<width$}{}", "", self.gainers(existing))?;
                writeln!(f, "    {second:<width$}--fix=new")
            }
            None => writeln!(f, "    {own} of its own   {rule}"),
        }
    }

    /// Who else would gain by a rule in a role.
    fn gainers(&self, existing: &ExistingRole) -> String {
        let who = asker(&self.explanation.request);
        if existing.other_count == 0 && !existing.others_are_more {
            return format!("nobody but {who} has this role");
        }
        let names: Vec<_> = existing
            .others
            .iter()
            .filter_map(|&(binding, position)| {
                let binding = self.policies.binding(binding)?;
                Some(subject(binding.subjects.get(position)?, binding))
            })
            .collect();
        let more = existing.other_count.saturating_sub(names.len());
        let at_least = if existing.others_are_more { "at least " } else { "" };
        let mut text = format!("whoever has this role gains it too: {}", names.join(", "));
        if more > 0 || existing.others_are_more {
            // Writing to a `String` cannot fail.
            let _ = write!(text, " and {at_least}{more} more");
        }
        text
    }

    fn grant_name(&self, grant: Grant) -> (String, Option<String>) {
        match grant {
            Grant::Superuser => ("group system:masters".to_owned(), None),
            Grant::AlwaysAllow => ("mode AlwaysAllow".to_owned(), None),
            Grant::AttributePolicy(index) => match self.policies.attribute_policy(index) {
                Some(policy) => (
                    format!("the ABAC line for {}", attribute_policy_subject(policy)),
                    self.place(policy.origin),
                ),
                None => (String::new(), None),
            },
            Grant::Role { binding, .. } => match self.policies.binding(binding) {
                Some(binding) => (binding_name(binding), self.place(binding.origin)),
                None => (String::new(), None),
            },
        }
    }

    fn rule(&self, rule: &Rule) -> String {
        in_words_about(rule, &self.explanation.request.as_request())
    }

    fn place(&self, origin: Origin) -> Option<String> {
        match origin {
            Origin::BuiltIn => Some("Kubernetes' own".to_owned()),
            Origin::Code => None,
            Origin::Text(span) => Some(harmless(self.sources.location(span))),
        }
    }
}

fn label(part: Option<Part>, miss: &Miss) -> &'static str {
    match part {
        Some(Part::Role) => "the role is missing",
        Some(Part::Rules) => "an empty role",
        Some(Part::Verb) => match miss.considered {
            Considered::AttributePolicy(_) => "it only reads",
            Considered::Binding { .. } => "the verb is missing",
        },
        Some(Part::ApiGroup) => "another API group",
        Some(Part::Resource) => "another resource",
        Some(Part::Name) => "another name",
        Some(Part::Path) => "another path",
        Some(Part::Namespace) => "another namespace",
        Some(Part::Subject) => "another subject",
        Some(Part::TargetKind) | None => "farther away",
    }
}

/// What a part is called; what a rule is about at all shows in what it grants.
fn noun(part: Part) -> Option<&'static str> {
    match part {
        Part::Role => Some("role"),
        Part::Rules => Some("rules"),
        Part::Verb => Some("verb"),
        Part::ApiGroup => Some("API group"),
        Part::Resource => Some("resource"),
        Part::Name => Some("name"),
        Part::Path => Some("path"),
        Part::Namespace => Some("namespace"),
        Part::Subject => Some("subject"),
        Part::TargetKind => None,
    }
}

/// A rule as its lists: `verbs [delete], resources [pods]`.
fn entries(rule: &Rule) -> String {
    let mut lists = Vec::new();
    let mut add = |key: &str, entries: Vec<String>| {
        if !entries.is_empty() {
            lists.push(format!("{key} [{}]", entries.join(", ")));
        }
    };
    let shown = super::words::shown;
    add("verbs", rule.verbs.iter().map(|entry| shown(entry.as_str())).collect());
    if !matches!(rule.api_groups.as_slice(), [core] if core.as_str().is_empty()) {
        add("apiGroups", rule.api_groups.iter().map(|entry| shown(entry.as_str())).collect());
    }
    add("resources", rule.resources.iter().map(|entry| shown(entry.as_str())).collect());
    add("resourceNames", rule.resource_names.iter().map(|entry| shown(entry.as_str())).collect());
    add("nonResourceURLs", rule.non_resource_urls.iter().map(|entry| shown(entry.as_str())).collect());
    lists.join(", ")
}

/// Lines with places in a column behind them.
#[derive(Debug, Default)]
struct Lines(Vec<(String, Option<String>)>);

impl Lines {
    fn add(&mut self, text: impl Into<String>, place: Option<String>) {
        self.0.push((text.into(), place));
    }

    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let with_place = self.0.iter().filter(|(_, place)| place.is_some());
        let width = with_place.map(|(text, _)| text.chars().count()).filter(|width| *width <= WIDEST).max();
        let width = width.unwrap_or_default();
        for (text, place) in &self.0 {
            match place {
                Some(place) => writeln!(f, "{text:<width$}   {place}")?,
                None => writeln!(f, "{}", text.trim_end())?,
            }
        }
        Ok(())
    }
}
