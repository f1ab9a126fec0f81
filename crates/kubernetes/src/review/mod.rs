//! Access reviews: a line of JSON in, the same object with its status out.
//!
//! ```
//! use rolecall_kubernetes::{reason::ReviewStatus, review::Review};
//!
//! let line = br#"{"apiVersion":"authorization.k8s.io/v1","kind":"SubjectAccessReview",
//!     "spec":{"user":"jane","resourceAttributes":{"verb":"get","resource":"pods"}}}"#;
//! let review = Review::parse(line, None).unwrap();
//! assert_eq!(review.request().user, "jane");
//! let answer = review.answer(&ReviewStatus { allowed: true, ..ReviewStatus::default() });
//! assert!(answer.ends_with(r#","status":{"allowed":true}}"#));
//! ```
//!
//! Source: `spec/authorization/reviews.md`; `conformance/README.md`, "Requests".

mod check;
mod decode;
mod selector;
mod target;

use std::{borrow::Cow, fmt::Write, ops::Range};

use rolecall_model::{Request, Target};

use crate::{
    json_text::{push_quoted, push_with_whole_escapes},
    quote::quote,
    reason::{ReviewStatus, aggregate},
};

use self::{
    decode::{Groups, NonResourceAttributes, Object, ResourceAttributes, Selector, Spec},
    selector::Understood,
    target::{Mismatch, Of},
};

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
    text: &'a str,
    /// The values of `status` that stand in the text already.
    statuses: Vec<Range<usize>>,
    user: Cow<'a, str>,
    groups: Groups<'a>,
    verb: Cow<'a, str>,
    question: Question<'a>,
    field_selector: Understood,
    label_selector: Understood,
}

/// What is asked about.
#[derive(Clone, Debug)]
enum Question<'a> {
    Path(Cow<'a, str>),
    Resource {
        namespace: Cow<'a, str>,
        api_group: Cow<'a, str>,
        resource: Cow<'a, str>,
        subresource: Cow<'a, str>,
        name: Cow<'a, str>,
    },
}

impl<'a> Review<'a> {
    /// Reads one review (SubjectAccessReview, LocalSubjectAccessReview, or SelfSubjectAccessReview with a
    /// caller; v1 or v1beta1).
    ///
    /// Of the metadata only the namespace of a LocalSubjectAccessReview is looked at. Cost: linear in the line, which is read
    /// once.
    ///
    /// # Errors
    ///
    /// What the API would answer instead: 400 for what is no JSON or no review, 422 for an invalid one.
    pub fn parse(line: &'a [u8], caller: Option<&'a Caller>) -> Result<Self, Rejection> {
        let text = std::str::from_utf8(line).map_err(|_| no_json("invalid UTF-8"))?.trim_matches(BLANK);
        if nests_too_deeply(text) {
            return Err(no_json("exceeded max depth"));
        }
        let (object, mismatches) = decode::decode(text).map_err(|error| no_json(error_text(&error)))?;
        let kind = Kind::of(&object, &mismatches, text)?;
        if let Some(mismatch) = mismatches.iter().find(|mismatch| kind.has(mismatch.place.of)) {
            return Err(kind.mismatch(mismatch));
        }
        let statuses = object.statuses(text);
        let Object { namespace, spec, .. } = object;
        let groups = if kind.v1beta1 { &spec.group } else { &spec.groups };
        let own_subject = kind.about == About::Caller;
        let mut errors =
            check::spec_errors(&spec, own_subject || !spec.user.is_empty() || !groups.is_empty());
        if kind.about == About::Namespace {
            check::local_errors(&spec, &namespace, &mut errors);
        }
        if !errors.is_empty() {
            return Err(Rejection::invalid(errors));
        }
        if kind.about == About::Namespace && namespace.is_empty() {
            return Err(Rejection::bad_request("namespace is required on this type: "));
        }
        let groups = if kind.v1beta1 { spec.group } else { spec.groups };
        let (user, groups) = match (own_subject, caller) {
            (false, _) => (spec.user, groups),
            (true, Some(caller)) => (
                Cow::Borrowed(&*caller.user),
                Groups::Borrowed(caller.groups.iter().map(String::as_str).collect()),
            ),
            (true, None) => return Err(Rejection::bad_request("no user present on request")),
        };
        let review = Self {
            text,
            statuses,
            user,
            groups,
            verb: Cow::default(),
            question: Question::Path(Cow::default()),
            field_selector: Understood::All,
            label_selector: Understood::All,
        };
        Ok(match (spec.resource, spec.non_resource) {
            (Some(attributes), _) => review.about_resource(attributes),
            (None, Some(NonResourceAttributes { path, verb })) => {
                Self { verb, question: Question::Path(path), ..review }
            }
            (None, None) => return Err(Rejection::invalid(check::spec_errors(&Spec::default(), true))),
        })
    }

    /// The question.
    pub fn request(&self) -> Request<'_> {
        let target = match &self.question {
            Question::Path(path) => Target::Path(path),
            Question::Resource { namespace, api_group, resource, subresource, name } => {
                Target::Resource { namespace, api_group, resource, subresource, name }
            }
        };
        Request { user: &self.user, groups: self.groups.as_slice(), verb: &self.verb, target }
    }

    /// The same object with its status filled, as one line of JSON without a line end. What the review itself says about
    /// its selectors is added to the evaluation error.
    pub fn answer(&self, status: &ReviewStatus) -> String {
        let mut answer = String::new();
        self.push_answer(&mut answer, status);
        answer
    }

    /// Appends the [`answer`](Self::answer), so that one buffer holds those of many reviews.
    pub fn push_answer(&self, answers: &mut String, status: &ReviewStatus) {
        const AROUND_STATUS: usize = 128;
        answers
            .reserve(self.text.len() + status.reason.len() + status.evaluation_error.len() + AROUND_STATUS);
        let mut kept = 0;
        for range in &self.statuses {
            self.push_text(answers, kept..range.start);
            self.push_status(answers, status);
            kept = range.end;
        }
        if self.statuses.is_empty() {
            // A review ends with the brace of its object.
            kept = self.text.len().saturating_sub(1);
            self.push_text(answers, 0..kept);
            answers.push_str(",\"status\":");
            self.push_status(answers, status);
        }
        self.push_text(answers, kept..self.text.len());
    }

    fn about_resource(self, attributes: ResourceAttributes<'a>) -> Self {
        let field_selector = attributes.field_selector.as_ref().map_or(Understood::All, fields_understood);
        let label_selector = attributes.label_selector.as_ref().map_or(Understood::All, labels_understood);
        let ResourceAttributes { namespace, verb, group, resource, subresource, name, .. } = attributes;
        let question = Question::Resource { namespace, api_group: group, resource, subresource, name };
        Self { verb, question, field_selector, label_selector, ..self }
    }

    /// A part of the line as it stands, but for line ends, which can only be blanks between values, and for escapes that
    /// are no character.
    fn push_text(&self, answer: &mut String, range: Range<usize>) {
        let text = self.text.get(range).unwrap_or_default();
        // Looking at every byte without stopping is faster than stopping at the first, which is hardly ever there.
        if !text.bytes().fold(false, |found, byte| found | matches!(byte, b'\n' | b'\r')) {
            push_with_whole_escapes(answer, text);
            return;
        }
        let mut parts = text.split(['\n', '\r']);
        push_with_whole_escapes(answer, parts.next().unwrap_or_default());
        for part in parts {
            answer.push(' ');
            push_with_whole_escapes(answer, part);
        }
    }

    fn push_status(&self, answer: &mut String, status: &ReviewStatus) {
        answer.push_str("{\"allowed\":");
        answer.push_str(if status.allowed { "true" } else { "false" });
        if status.denied {
            answer.push_str(",\"denied\":true");
        }
        if !status.reason.is_empty() {
            answer.push_str(",\"reason\":");
            push_quoted(answer, &status.reason);
        }
        let notes = [
            selector_note("spec.resourceAttributes.fieldSelector", self.field_selector),
            selector_note("spec.resourceAttributes.labelSelector", self.label_selector),
        ];
        if notes.iter().any(Option::is_some) {
            let mut error = status.evaluation_error.clone();
            for note in notes.iter().flatten() {
                if !error.is_empty() {
                    error.push_str("; ");
                }
                error.push_str(note);
            }
            answer.push_str(",\"evaluationError\":");
            push_quoted(answer, &error);
        } else if !status.evaluation_error.is_empty() {
            answer.push_str(",\"evaluationError\":");
            push_quoted(answer, &status.evaluation_error);
        }
        answer.push('}');
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
        let Self { code, reason, message } = self;
        let mut json = format!(
            "{{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\",\"code\":{code},\
             \"reason\":\"{reason}\",\"message\":"
        );
        push_quoted(&mut json, message);
        // Writing to a text cannot fail.
        let _ = write!(json, ",\"details\":{{\"line\":{line}}}}}");
        json
    }

    fn bad_request(message: impl Into<String>) -> Self {
        Self { code: 400, reason: "BadRequest", message: message.into() }
    }

    fn invalid(errors: Vec<String>) -> Self {
        let message = format!(".authorization.k8s.io \"\" is invalid: {}", aggregate(errors));
        Self { code: 422, reason: "Invalid", message }
    }
}

/// A kind and version of review.
#[derive(Clone, Copy, Debug)]
struct Kind {
    about: About,
    v1beta1: bool,
}

/// Whose rights a review asks about.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum About {
    Anybody,
    Caller,
    Namespace,
}

impl Kind {
    fn of(object: &Object<'_>, mismatches: &[Mismatch], text: &str) -> Result<Self, Rejection> {
        if let Some(Mismatch { found, place }) =
            mismatches.iter().find(|mismatch| mismatch.place.of == Of::Meta)
        {
            let place = if place.path.is_empty() {
                "value of type struct { APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; Kind string \
                 \"json:\\\"kind,omitempty\\\"\" }"
                    .to_owned()
            } else {
                format!("struct field .{} of type {}", place.path, place.expected)
            };
            return Err(no_json(format!("json: cannot unmarshal {found} into Go {place}")));
        }
        for (field, value) in [("Kind", &object.kind), ("apiVersion", &object.api_version)] {
            if value.is_empty() {
                let message = format!("Object '{field}' is missing in '{}'", beginning(text));
                return Err(Rejection::bad_request(message));
            }
        }
        let about = match &*object.kind {
            "LocalSubjectAccessReview" => Some(About::Namespace),
            "SelfSubjectAccessReview" => Some(About::Caller),
            "SubjectAccessReview" => Some(About::Anybody),
            _ => None,
        };
        let v1beta1 = match &*object.api_version {
            "authorization.k8s.io/v1" => Some(false),
            "authorization.k8s.io/v1beta1" => Some(true),
            _ => None,
        };
        let (Some(about), Some(v1beta1)) = (about, v1beta1) else {
            return Err(Rejection::bad_request(format!(
                "no kind {} is registered for version {}: expected SubjectAccessReview, LocalSubjectAccessReview or \
                 SelfSubjectAccessReview of authorization.k8s.io/v1 or v1beta1",
                quote(beginning(&object.kind)),
                quote(beginning(&object.api_version)),
            )));
        };
        Ok(Self { about, v1beta1 })
    }

    fn name(self) -> &'static str {
        match self.about {
            About::Anybody => "SubjectAccessReview",
            About::Caller => "SelfSubjectAccessReview",
            About::Namespace => "LocalSubjectAccessReview",
        }
    }

    fn has(self, of: Of) -> bool {
        let names_subject = self.about != About::Caller;
        match of {
            Of::All => true,
            Of::Meta => false,
            Of::Subject => names_subject,
            Of::SubjectV1 => names_subject && !self.v1beta1,
            Of::SubjectV1Beta1 => names_subject && self.v1beta1,
        }
    }

    fn mismatch(self, mismatch: &Mismatch) -> Rejection {
        let Mismatch { found, place } = mismatch;
        let name = self.name();
        let version = if self.v1beta1 { "v1beta1" } else { "v1" };
        let own = |text: &str| match (self.about, text) {
            // The type of the object and, in reviews about the caller, that of its specification have names of their own.
            (_, "SubjectAccessReview") => name.to_owned(),
            (About::Caller, "SubjectAccessReviewSpec") => "SelfSubjectAccessReviewSpec".to_owned(),
            _ => text.to_owned(),
        };
        let expected = match place.expected.strip_prefix("v1.") {
            Some(of_metadata @ ("FieldSelectorOperator" | "LabelSelectorOperator" | "ObjectMeta")) => {
                format!("v1.{of_metadata}")
            }
            Some(own_type) => format!("{version}.{}", own(own_type)),
            None => place.expected.replace("map[string]v1.", &format!("map[string]{version}.")),
        };
        Rejection::bad_request(format!(
            "{name} in version \"{version}\" cannot be handled as a {name}: json: cannot unmarshal {found} into Go struct \
             field {}.{} of type {expected}",
            own(place.owner),
            place.path,
        ))
    }
}

fn fields_understood(selector: &Selector<'_, false>) -> Understood {
    if selector.raw.is_empty() {
        let understood = selector.requirements.iter().map(|requirement| {
            selector::understands_field_requirement(&requirement.operator, requirement.values.len())
        });
        return Understood::of(understood);
    }
    Understood::whole(selector::is_field_selector(&selector.raw))
}

fn labels_understood(selector: &Selector<'_, true>) -> Understood {
    if selector.raw.is_empty() {
        let operators = selector.requirements.iter().map(|requirement| &*requirement.operator);
        return Understood::of(operators.map(selector::understands_label_requirement));
    }
    Understood::whole(selector::is_label_selector(&selector.raw))
}

fn selector_note(path: &str, understood: Understood) -> Option<String> {
    match understood {
        Understood::All => None,
        Understood::Nothing => Some(format!("{path} ignored due to parse error")),
        Understood::Some => Some(format!("{path} partially ignored due to parse error")),
    }
}

fn no_json(cause: impl std::fmt::Display) -> Rejection {
    Rejection::bad_request(format!("couldn't get version/kind; json parse error: {cause}"))
}

/// A JSON error without the line in which it stands, which is always the first.
fn error_text(error: &serde_json::Error) -> String {
    if error.is_eof() {
        return "unexpected end of JSON input".to_owned();
    }
    let text = error.to_string();
    match text.split_once(" at line ") {
        Some((cause, _)) => format!("{cause} at column {}", error.column()),
        None => text,
    }
}

/// Whether lists and objects are nested deeper than Go's decoder allows. The parser itself does not mind.
fn nests_too_deeply(text: &str) -> bool {
    const LIMIT: usize = 10_000;
    if text.len() <= LIMIT {
        return false;
    }
    let (mut depth, mut deepest) = (0_usize, 0);
    let (mut in_text, mut escaped) = (false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            _ if in_text => {}
            b'[' | b'{' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest > LIMIT
}

/// The beginning of a text that is quoted in a message.
fn beginning(text: &str) -> &str {
    const ENOUGH: usize = 200;
    text.char_indices().nth(ENOUGH).and_then(|(end, _)| text.get(..end)).unwrap_or(text)
}

/// What JSON takes for blank.
const BLANK: [char; 4] = [' ', '\t', '\n', '\r'];

#[cfg(test)]
mod tests;
