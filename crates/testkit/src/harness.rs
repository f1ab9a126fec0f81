//! One question to several authorizers.

use std::fmt;

use rolecall_analysis::{Difference, compare, compare_listings};
use rolecall_model::{Authorizer, Request};

/// Authorizers that are meant to answer alike: each is compared with the first.
///
/// ```
/// use rolecall_model::{PolicySet, Request};
/// use rolecall_reference::Reference;
/// use rolecall_testkit::Harness;
///
/// let policies = PolicySet::default();
/// let (first, second) = (Reference::new(&policies), Reference::new(&policies));
/// let harness = Harness::new("reference", &first).and("another", &second);
/// assert_eq!(harness.check(&Request::resource("get", "pods").user("jane")), Ok(()));
/// ```
pub struct Harness<'a> {
    first: (&'a str, &'a dyn Authorizer),
    others: Vec<(&'a str, &'a dyn Authorizer)>,
}

/// Two authorizers that answer differently.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Disagreement {
    /// The name of the first, on the left of the difference.
    pub left: String,
    /// The name of the other, on the right.
    pub right: String,
    /// What they say.
    pub difference: Difference,
}

impl<'a> Harness<'a> {
    /// Begins with the authorizer with which all others are compared.
    pub fn new(name: &'a str, authorizer: &'a dyn Authorizer) -> Self {
        Self { first: (name, authorizer), others: Vec::new() }
    }

    /// Adds another authorizer.
    #[must_use]
    pub fn and(mut self, name: &'a str, authorizer: &'a dyn Authorizer) -> Self {
        self.others.push((name, authorizer));
        self
    }

    /// Asks all of them about a request, for the bare decision and for what it rests on.
    ///
    /// # Errors
    ///
    /// The first disagreement. A bare decision that contradicts the same authorizer's determination is one.
    pub fn check(&self, request: &Request<'_>) -> Result<(), Box<Disagreement>> {
        self.first_disagreement(|left, right| compare(left, right, request))
    }

    /// Asks all of them for the rules of a user with these groups in a namespace.
    ///
    /// # Errors
    ///
    /// The first disagreement.
    pub fn check_listing(
        &self,
        user: &str,
        groups: &[&str],
        namespace: &str,
    ) -> Result<(), Box<Disagreement>> {
        self.first_disagreement(|left, right| compare_listings(left, right, user, groups, namespace))
    }

    fn first_disagreement(
        &self,
        compare: impl Fn(&dyn Authorizer, &dyn Authorizer) -> Option<Difference>,
    ) -> Result<(), Box<Disagreement>> {
        let (left, first) = self.first;
        for &(right, other) in &self.others {
            if let Some(difference) = compare(first, other) {
                let (left, right) = (left.to_owned(), right.to_owned());
                return Err(Box::new(Disagreement { left, right, difference }));
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Harness<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = std::iter::once(&self.first).chain(&self.others).map(|(name, _)| name);
        f.debug_list().entries(names).finish()
    }
}

impl fmt::Display for Disagreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} and {} disagree: {}", self.left, self.right, self.difference)
    }
}

impl std::error::Error for Disagreement {}
