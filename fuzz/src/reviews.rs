//! Access reviews: one a line.

use rolecall::{
    Authorizer, PolicySet,
    kubernetes::{
        reason,
        review::{Caller, Review},
    },
};
use rolecall_reference::Reference;

/// Reads reviews, one a line, and answers them.
///
/// # Panics
///
/// When reading panics, an answer or rejection is not one line of JSON, an answer is no review any more, or
/// it asks something else than the line did.
pub fn reviews(data: &[u8]) {
    let caller = Caller { user: "jane".to_owned(), groups: vec!["dev".to_owned()] };
    let policies = PolicySet::default();
    let reference = Reference::new(policies.model());
    for (index, line) in data.split(|&byte| byte == b'\n').enumerate() {
        for caller in [None, Some(&caller)] {
            match Review::parse(line, caller) {
                Ok(review) => {
                    let determination = reference.determine(&review.request());
                    let answer = review.answer(&reason::review_status(policies.model(), &determination));
                    let value = one_line(&answer);
                    let allowed = value.pointer("/status/allowed").and_then(serde_json::Value::as_bool);
                    assert_eq!(allowed, Some(determination.decision().is_allow()), "{answer}");
                    let again = Review::parse(answer.as_bytes(), caller).expect("an answer is a review");
                    assert_eq!(again.request(), review.request(), "{answer}");
                }
                Err(rejection) => {
                    let value = one_line(&rejection.to_json(index + 1));
                    assert_eq!(value["kind"], "Status");
                    assert_eq!(value["status"], "Failure");
                    assert_eq!(value["code"], rejection.code);
                    assert!(matches!(rejection.code, 400 | 422), "{value}");
                    assert_eq!(value["message"], rejection.message);
                    assert_eq!(value["details"]["line"], index + 1);
                }
            }
        }
    }
}

fn one_line(json: &str) -> serde_json::Value {
    assert!(!json.contains('\n'), "more than a line: {json}");
    serde_json::from_str(json).unwrap_or_else(|error| panic!("{error}: {json}"))
}
