//! What an API server would refuse, and in which words.

use rolecall_diagnostics::Finding;
use rolecall_source::SourceMap;

use crate::manifest::RbacObject;

/// Everything for which an API server would refuse to create the object, in its order.
pub fn validate(object: &RbacObject, sources: &SourceMap) -> Vec<Finding> {
    let _ = (object, sources);
    Vec::new()
}
