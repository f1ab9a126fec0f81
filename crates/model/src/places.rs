//! Where the parts of roles and bindings stand in their texts, for those who point at them.

use std::collections::HashMap;

use rolecall_source::Span;

use crate::{Binding, Origin, Rule};

/// A list of a [`Rule`].
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum RuleList {
    /// `verbs`.
    Verbs,
    /// `apiGroups`.
    ApiGroups,
    /// `resources`.
    Resources,
    /// `resourceNames`.
    ResourceNames,
    /// `nonResourceURLs`.
    NonResourceUrls,
}

impl RuleList {
    /// All lists, in the order of a rule's fields.
    pub const ALL: [Self; 5] =
        [Self::Verbs, Self::ApiGroups, Self::Resources, Self::ResourceNames, Self::NonResourceUrls];

    /// The field's name in a manifest.
    pub fn field(self) -> &'static str {
        match self {
            Self::ApiGroups => "apiGroups",
            Self::NonResourceUrls => "nonResourceURLs",
            Self::ResourceNames => "resourceNames",
            Self::Resources => "resources",
            Self::Verbs => "verbs",
        }
    }

    /// The entries of this list of a rule.
    pub fn entries(self, rule: &Rule) -> Vec<&str> {
        fn texts<T: AsRef<str>>(list: &[T]) -> Vec<&str> {
            list.iter().map(AsRef::as_ref).collect()
        }
        match self {
            Self::ApiGroups => texts(&rule.api_groups),
            Self::NonResourceUrls => texts(&rule.non_resource_urls),
            Self::ResourceNames => texts(&rule.resource_names),
            Self::Resources => texts(&rule.resources),
            Self::Verbs => texts(&rule.verbs),
        }
    }

    fn len(self, rule: &Rule) -> usize {
        match self {
            Self::ApiGroups => rule.api_groups.len(),
            Self::NonResourceUrls => rule.non_resource_urls.len(),
            Self::ResourceNames => rule.resource_names.len(),
            Self::Resources => rule.resources.len(),
            Self::Verbs => rule.verbs.len(),
        }
    }
}

/// The places of entries of rules, of role references and of subjects, found by the place of the rule or
/// binding that they belong to.
///
/// They stand beside the policy set since no decision needs them, and in one list since there are many.
#[derive(Clone, Debug, Default)]
pub struct Places {
    places: Vec<Span>,
    /// Where in `places` those of a rule or binding begin. INVARIANT: ascending, without repeats.
    starts: Vec<(Span, usize)>,
    /// The same for what was taken in after something that stands behind it: by an alias, for instance.
    stragglers: HashMap<Span, usize>,
}

impl Places {
    /// Takes in the places of a rule's entries, in the order of [`RuleList::ALL`] and of the entries.
    pub fn add_rule(&mut self, rule: Span, entries: impl IntoIterator<Item = Span>) {
        self.begin(rule);
        self.places.extend(entries);
    }

    /// Takes in the places of the name in a binding's role reference and of its subjects' names.
    pub fn add_binding(&mut self, binding: Span, role: Span, subjects: impl IntoIterator<Item = Span>) {
        self.begin(binding);
        self.places.push(role);
        self.places.extend(subjects);
    }

    /// Where an entry of a rule stands; where the rule stands, if the entry's own place is not known.
    pub fn rule_entry(&self, rule: &Rule, list: RuleList, index: usize) -> Option<Span> {
        let whole = rule.origin.span()?;
        let before: usize =
            RuleList::ALL.into_iter().take_while(|&other| other != list).map(|other| other.len(rule)).sum();
        if index >= list.len(rule) {
            return Some(whole);
        }
        let place = self.start(whole).and_then(|start| self.places.get(start + before + index));
        Some(place.copied().unwrap_or(whole))
    }

    /// Where a binding names its role; where the binding stands, if that is not known.
    pub fn role_reference(&self, binding: &Binding) -> Option<Span> {
        self.of_binding(binding.origin, 0)
    }

    /// Where the name of a subject stands, counted from 0; where the binding stands, if that is not known.
    pub fn subject(&self, binding: &Binding, index: usize) -> Option<Span> {
        if index >= binding.subjects.len() {
            return binding.origin.span();
        }
        self.of_binding(binding.origin, index + 1)
    }

    /// Texts are read forwards, so nearly always this is the end of a list, which is cheaper than a table.
    fn begin(&mut self, whole: Span) {
        let start = self.places.len();
        match self.starts.last_mut() {
            Some((last, known)) if *last == whole => *known = start,
            Some((last, _)) if *last > whole => {
                self.stragglers.insert(whole, start);
            }
            _ => self.starts.push((whole, start)),
        }
    }

    fn start(&self, whole: Span) -> Option<usize> {
        // A straggler is later than what it has in common with the list.
        self.stragglers.get(&whole).copied().or_else(|| {
            let found = self.starts.binary_search_by_key(&whole, |&(span, _)| span).ok()?;
            self.starts.get(found).map(|&(_, start)| start)
        })
    }

    fn of_binding(&self, origin: Origin, index: usize) -> Option<Span> {
        let whole = origin.span()?;
        let place = self.start(whole).and_then(|start| self.places.get(start + index));
        Some(place.copied().unwrap_or(whole))
    }
}

#[cfg(test)]
mod tests {
    use rolecall_source::SourceMap;

    use super::*;
    use crate::{RoleRef, Subject};

    #[test]
    fn entries_are_found_by_their_list_and_number() {
        let mut sources = SourceMap::new();
        let id = sources.add("a", "0123456789");
        let at = |place: usize| sources.span(id, place, place + 1);
        let mut places = Places::default();
        let mut rule = Rule::resources(["get", "list"], [""], ["pods"]).named(["a"]);
        rule.origin = Origin::Text(at(0));
        places.add_rule(at(0), [1, 2, 3, 4, 5].map(at));
        assert_eq!(places.rule_entry(&rule, RuleList::Verbs, 1), Some(at(2)));
        assert_eq!(places.rule_entry(&rule, RuleList::Resources, 0), Some(at(4)));
        assert_eq!(places.rule_entry(&rule, RuleList::ResourceNames, 0), Some(at(5)));
        assert_eq!(places.rule_entry(&rule, RuleList::ResourceNames, 1), Some(at(0)));

        let mut binding =
            Binding::cluster("b", RoleRef::cluster_role("r"), [Subject::user("x"), Subject::user("y")]);
        binding.origin = Origin::Text(at(6));
        places.add_binding(at(6), at(7), [8, 9].map(at));
        assert_eq!(places.role_reference(&binding), Some(at(7)));
        assert_eq!(places.subject(&binding, 1), Some(at(9)));
        assert_eq!(places.subject(&binding, 2), Some(at(6)));
        binding.origin = Origin::Code;
        assert_eq!(places.subject(&binding, 0), None);
    }
}
