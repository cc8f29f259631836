//! What the API server refuses, in its order and words: a kind or subject a file.
//!
//! Everything here is a pure function of typed, defaulted objects. What depends on other objects
//! (allocated addresses, quotas, missing namespaces) is not this module's business.

use super::{Cause, Object};

/// What is wrong with a new object, in the server's order.
pub fn create(object: &Object) -> Vec<Cause> {
    let _ = object;
    Vec::new()
}

/// What is wrong with a changed object, in the server's order: what may not change, and what
/// could not have been created so either.
pub fn update(new: &Object, old: &Object) -> Vec<Cause> {
    let _ = (new, old);
    Vec::new()
}
