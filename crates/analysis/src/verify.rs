//! An engine held to the reference, on one policy.

use rolecall_model::{Authorizer, PolicySet, Target};
use rolecall_reference::{Reference, ReferenceByNamespace};

use crate::{
    asker::Asker,
    classes::Classes,
    difference::{Difference, compare, compare_listings},
    sample::Sampler,
    target::Targets,
};

/// Compares what two authorizers, made from the same policy, answer: decision, determination and listing.
///
/// Each part is gone through exhaustively while that takes at most [`VerifyOptions::exhaustive_limit`]
/// comparisons, and is sampled beyond. `progress` is called every few thousand comparisons.
///
/// Memory grows with the policy, not with the number of comparisons; time with that number and with what
/// the slower authorizer needs for one.
pub fn verify(
    policies: &PolicySet,
    engine: &dyn Authorizer,
    reference: &Reference<'_>,
    options: &VerifyOptions,
    progress: &mut dyn FnMut(Progress),
) -> Verification {
    let classes = Classes::of(policies);
    let verification = Verification {
        askers: classes.askers().len(),
        scopes: classes.scopes().len(),
        resource_classes: classes.targets().resource_count(),
        path_classes: classes.targets().path_count(),
        classes: classes.count(),
        parts: Vec::new(),
        differences: Vec::new(),
    };
    let reference = &reference.by_namespace();
    let mut comparison = Comparison { engine, reference, options, progress, of: None, verification };
    let mut sampler = Sampler::new(options.seed);
    compare_all_listings(&classes, &mut comparison, &mut sampler);
    compare_alone(&classes, &mut comparison, &mut sampler);
    compare_pairs(&classes, &mut comparison, &mut sampler);
    compare_larger_sets(&classes, &mut comparison, &mut sampler);
    comparison.verification
}

/// How far to go.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct VerifyOptions {
    /// The most comparisons of a part that are made exhaustively.
    pub exhaustive_limit: u64,
    /// How many comparisons are sampled of a part that is larger, and of those that are always sampled.
    pub samples: u64,
    /// Where the samples start from: the same seed gives the same samples.
    pub seed: u64,
    /// How many differences are kept; all are counted.
    pub kept_differences: usize,
}

impl Default for VerifyOptions {
    fn default() -> Self {
        Self { exhaustive_limit: 2_000_000, samples: 100_000, seed: 0, kept_differences: 10 }
    }
}

/// Where a verification stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Progress {
    /// In this part,
    pub part: PartKind,
    /// so many comparisons were made,
    pub comparisons: u64,
    /// of so many, where that is known beforehand.
    pub of: Option<u64>,
}

/// What a verification found.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Verification {
    /// Who was taken for askers: users and groups alone, and strangers.
    pub askers: usize,
    /// Namespaces and cluster scope.
    pub scopes: usize,
    /// Classes of verb, resource and name, in one scope.
    pub resource_classes: u64,
    /// Classes of verb and path.
    pub path_classes: u64,
    /// Classes of requests by one asker: askers × (scopes × resource classes + path classes).
    pub classes: u64,
    /// What was compared.
    pub parts: Vec<Part>,
    /// The first differences.
    pub differences: Vec<Difference>,
}

impl Verification {
    /// Whether no comparison found a difference.
    pub fn agrees(&self) -> bool {
        self.differences() == 0
    }

    /// How many comparisons were made.
    pub fn comparisons(&self) -> u64 {
        self.parts.iter().map(|part| part.comparisons).sum()
    }

    /// How many of them found a difference, kept or not.
    pub fn differences(&self) -> u64 {
        self.parts.iter().map(|part| part.differences).sum()
    }

    /// A part by its kind.
    pub fn part(&self, kind: PartKind) -> Option<&Part> {
        self.parts.iter().find(|part| part.kind == kind)
    }
}

/// One part of a verification.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Part {
    /// Which.
    pub kind: PartKind,
    /// Whether every class of the part was compared.
    pub exhaustive: bool,
    /// How many comparisons were made.
    pub comparisons: u64,
    /// How many of them found a difference.
    pub differences: u64,
}

/// The parts of a verification.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum PartKind {
    /// Each user alone and with the groups that its name implies, and each group alone: in every scope,
    /// about everything that the policy tells apart.
    Alone,
    /// Users with several groups, sampled.
    LargerSets,
    /// The rules of every asker in every scope.
    Listings,
    /// The same askers about what their own grants tell apart, in the scopes where they have any: all that
    /// the policy itself tells apart for them. Only where all of [`PartKind::Alone`] is too much; what is
    /// missing beside it is whether somebody is given what others are given.
    OwnGrants,
    /// All pairs of a user and a group, or of two groups, that are given something in the same scope: about
    /// what their grants tell apart there.
    Pairs,
}

/// How many requests are drawn for each larger set of subjects.
const REQUESTS_PER_SET: u64 = 32;

/// How many groups a larger set has at most.
const MOST_GROUPS: u64 = 6;

/// How many comparisons lie between two reports of progress.
const REPORT_EVERY: u64 = 1 << 12;

fn compare_all_listings(classes: &Classes<'_>, comparison: &mut Comparison<'_>, sampler: &mut Sampler) {
    let count = (classes.askers().len() as u64).saturating_mul(classes.scopes().len() as u64);
    comparison.begin(PartKind::Listings, Some(count));
    if count <= comparison.options.exhaustive_limit {
        for asker in classes.askers() {
            let groups = asker.groups();
            for namespace in classes.scopes() {
                comparison.listing(asker, &groups, namespace);
            }
        }
        return;
    }
    comparison.sample_instead();
    for _ in 0..comparison.options.samples {
        let (Some(asker), Some(namespace)) = (sampler.pick(classes.askers()), sampler.pick(classes.scopes()))
        else {
            return;
        };
        comparison.listing(asker, &asker.groups(), namespace);
    }
}

fn compare_alone(classes: &Classes<'_>, comparison: &mut Comparison<'_>, sampler: &mut Sampler) {
    comparison.begin(PartKind::Alone, Some(classes.count().min(comparison.options.exhaustive_limit)));
    if classes.count() <= comparison.options.exhaustive_limit {
        for asker in classes.askers() {
            let groups = asker.groups();
            for namespace in classes.scopes() {
                comparison.requests(asker, &groups, namespace, classes.targets().in_namespace(namespace));
            }
            comparison.requests(asker, &groups, "", classes.targets().on_paths());
        }
        return;
    }
    comparison.sample_instead();
    let mut left = comparison.options.samples;
    while left > 0 {
        let (Some(asker), Some(namespace)) = (sampler.pick(classes.askers()), sampler.pick(classes.scopes()))
        else {
            break;
        };
        let count = left.min(REQUESTS_PER_SET);
        left -= count;
        compare_samples(count, (asker, namespace), &[classes.targets()], comparison, sampler);
    }
    compare_own_grants(classes, comparison);
}

fn compare_own_grants(classes: &Classes<'_>, comparison: &mut Comparison<'_>) {
    comparison.begin(PartKind::OwnGrants, None);
    for asker in classes.askers() {
        let groups = asker.groups();
        for namespace in classes.own_scopes(asker) {
            if comparison.is_over_the_limit() {
                comparison.sample_instead();
                return;
            }
            let targets = classes.own_targets(asker, &namespace);
            comparison.requests(asker, &groups, &namespace, targets.in_namespace(&namespace));
            if namespace.is_empty() {
                comparison.requests(asker, &groups, "", targets.on_paths());
            }
        }
    }
}

fn compare_pairs(classes: &Classes<'_>, comparison: &mut Comparison<'_>, sampler: &mut Sampler) {
    comparison.begin(PartKind::Pairs, None);
    for namespace in classes.scopes() {
        for pair in classes.principals().pairs(namespace) {
            if comparison.is_over_the_limit() {
                comparison.sample_instead();
                let sets = comparison.options.samples / REQUESTS_PER_SET;
                (0..sets).for_each(|_| compare_set(classes, 2, comparison, sampler));
                return;
            }
            let groups = pair.groups();
            let targets = classes.own_targets(&pair, namespace);
            comparison.requests(&pair, &groups, namespace, targets.in_namespace(namespace));
            if namespace.is_empty() {
                comparison.requests(&pair, &groups, "", targets.on_paths());
            }
        }
    }
}

fn compare_larger_sets(classes: &Classes<'_>, comparison: &mut Comparison<'_>, sampler: &mut Sampler) {
    let sets = comparison.options.samples / REQUESTS_PER_SET;
    comparison.begin(PartKind::LargerSets, Some(sets * REQUESTS_PER_SET));
    comparison.sample_instead();
    for _ in 0..sets {
        let size = 3 + sampler.below(MOST_GROUPS - 1);
        compare_set(classes, size, comparison, sampler);
    }
}

/// Draws so many subjects of a scope, and requests about what is given to them there or to anybody.
fn compare_set(classes: &Classes<'_>, size: u64, comparison: &mut Comparison<'_>, sampler: &mut Sampler) {
    let Some(namespace) = sampler.pick(classes.scopes()) else { return };
    let sharing = classes.principals().sharing(namespace);
    let mut asker = Asker::user(classes.fresh());
    for _ in 0..size {
        // Now and then somebody who is given nothing here.
        let drawn = match sampler.below(4) {
            0 => sampler.pick(classes.askers()),
            _ => sampler.pick(&sharing).map(|principal| &principal.alone),
        };
        let Some(drawn) = drawn else { continue };
        if drawn.groups.is_empty() {
            asker.user = drawn.user.clone();
        }
        asker.groups.extend(drawn.groups.iter().cloned());
    }
    let (all, own) = (classes.targets(), &classes.own_targets(&asker, namespace));
    compare_samples(REQUESTS_PER_SET, (&asker, namespace), &[all, own, own, own], comparison, sampler);
}

/// Draws so many verbs and targets, each from one of these, and compares what is said of them to the asker in the
/// namespace: several at once, since the reference finds what is given to the asker once for all of them.
fn compare_samples(
    count: u64,
    (asker, namespace): (&Asker<'_>, &str),
    targets: &[&Targets<'_>],
    comparison: &mut Comparison<'_>,
    sampler: &mut Sampler,
) {
    let groups = asker.groups();
    let (mut on_paths, mut in_namespace) = (Vec::new(), Vec::new());
    for _ in 0..count {
        let Some(targets) = sampler.pick(targets) else { return };
        if sampler.below(4) == 0 {
            let Some(class) = sampler.pick(targets.paths()) else { continue };
            let Some(verb) = sampler.pick(&class.verbs) else { continue };
            on_paths.push((&**verb, Target::Path(&class.path)));
        } else {
            let Some(class) = sampler.pick(targets.resources()) else { continue };
            let (Some(verb), Some(name)) = (sampler.pick(&class.verbs), sampler.pick(&class.names)) else {
                continue;
            };
            in_namespace.push((&**verb, class.target(namespace, name)));
        }
    }
    comparison.requests(asker, &groups, "", on_paths);
    comparison.requests(asker, &groups, namespace, in_namespace);
}

/// Both authorizers, and the count of what they were asked.
struct Comparison<'r> {
    engine: &'r dyn Authorizer,
    reference: &'r ReferenceByNamespace<'r>,
    options: &'r VerifyOptions,
    progress: &'r mut dyn FnMut(Progress),
    /// How many comparisons the current part will make, where that is known.
    of: Option<u64>,
    verification: Verification,
}

impl Comparison<'_> {
    /// Begins a part; it is exhaustive unless something says otherwise.
    fn begin(&mut self, kind: PartKind, of: Option<u64>) {
        self.of = of;
        self.verification.parts.push(Part { kind, exhaustive: true, comparisons: 0, differences: 0 });
    }

    /// From here on the part is sampled.
    fn sample_instead(&mut self) {
        if let Some(part) = self.verification.parts.last_mut() {
            part.exhaustive = false;
        }
    }

    fn is_over_the_limit(&self) -> bool {
        let comparisons = self.verification.parts.last().map_or(0, |part| part.comparisons);
        comparisons >= self.options.exhaustive_limit
    }

    fn requests<'a>(
        &mut self,
        asker: &'a Asker<'_>,
        groups: &'a [&'a str],
        namespace: &'a str,
        targets: impl IntoIterator<Item = (&'a str, Target<'a>)>,
    ) {
        let mut reference = self.reference.for_asker(&asker.user, groups, namespace);
        for (verb, target) in targets {
            let request = asker.request(groups, verb, target);
            // The reference is the slow one: it is asked a second time only to tell of a difference.
            let expected = reference.determine(&request);
            let agrees = self.engine.authorize(&request) == expected.decision()
                && self.engine.determine(&request) == expected;
            let difference =
                if agrees { None } else { compare(self.engine, &self.reference.reference(), &request) };
            self.count(difference);
        }
    }

    fn listing(&mut self, asker: &Asker<'_>, groups: &[&str], namespace: &str) {
        let agrees = self.engine.rules_for(&asker.user, groups, namespace)
            == self.reference.rules_for(&asker.user, groups, namespace);
        let difference = if agrees {
            None
        } else {
            compare_listings(self.engine, &self.reference.reference(), &asker.user, groups, namespace)
        };
        self.count(difference);
    }

    fn count(&mut self, difference: Option<Difference>) {
        let Some(part) = self.verification.parts.last_mut() else { return };
        part.comparisons += 1;
        if part.comparisons.is_multiple_of(REPORT_EVERY) {
            (self.progress)(Progress { part: part.kind, comparisons: part.comparisons, of: self.of });
        }
        if let Some(difference) = difference {
            part.differences += 1;
            if self.verification.differences.len() < self.options.kept_differences {
                self.verification.differences.push(difference);
            }
        }
    }
}
