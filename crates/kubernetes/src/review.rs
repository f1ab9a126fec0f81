//! Access reviews: a line of JSON in, the same object with its status out.

use rolecall_model::Request;

use crate::reason::ReviewStatus;

/// Who asks, for reviews that are about the asker (SelfSubjectAccessReview).
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Caller {
    /// The name.
    pub user: String,
    /// The groups, all of them.
    pub groups: Vec<String>,
}

/// A review that the API takes; borrows from its line what need not be copied.
#[derive(Clone, Debug)]
pub struct Review<'a> {
    _line: &'a [u8],
}

impl<'a> Review<'a> {
    /// Reads one review (SubjectAccessReview, LocalSubjectAccessReview, or SelfSubjectAccessReview with a
    /// caller; v1 or v1beta1).
    ///
    /// # Errors
    ///
    /// What the API would answer instead: 400 for what is no JSON or no review, 422 for an invalid one.
    pub fn parse(line: &'a [u8], caller: Option<&'a Caller>) -> Result<Self, Rejection> {
        let _ = caller;
        Ok(Self { _line: line })
    }

    /// The question.
    pub fn request(&self) -> Request<'_> {
        Request::path("", "")
    }

    /// The same object with its status filled, as one line of JSON without a line end. What the review itself says about
    /// its selectors is added to the evaluation error.
    pub fn answer(&self, status: &ReviewStatus) -> String {
        let _ = status;
        String::new()
    }
}

/// What the API answers to a review that it does not take.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Rejection {
    /// The HTTP status.
    pub code: u16,
    /// `BadRequest` or `Invalid`.
    pub reason: &'static str,
    /// The message, as Kubernetes words it.
    pub message: String,
}

impl Rejection {
    /// A Status object as one line of JSON, with the number of the input line in its details.
    pub fn to_json(&self, line: usize) -> String {
        let _ = line;
        String::new()
    }
}
