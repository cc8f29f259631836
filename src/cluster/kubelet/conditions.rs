//! The conditions of pods' statuses, shared where they are the same.

use std::collections::VecDeque;
use std::sync::Arc;

use k8s_openapi::api::core::v1::PodCondition;

/// How many lists of conditions are known to be shared.
const CONDITIONS: usize = 16;

/// The conditions that kubelets have written lately: pods that start together have the same ones.
#[derive(Clone, Debug, Default)]
pub struct Conditions(VecDeque<Arc<Vec<PodCondition>>>);

impl Conditions {
    /// These conditions, shared with whoever has the same.
    pub fn share(&mut self, conditions: Vec<PodCondition>) -> Arc<Vec<PodCondition>> {
        if let Some(known) = self.0.iter().find(|known| ***known == conditions) {
            return known.clone();
        }
        self.0.truncate(CONDITIONS - 1);
        let conditions = Arc::new(conditions);
        self.0.push_front(conditions.clone());
        conditions
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ready(status: &str) -> Vec<PodCondition> {
        let (type_, status) = ("Ready".to_owned(), status.to_owned());
        vec![PodCondition { type_, status, ..PodCondition::default() }]
    }

    #[test]
    fn the_same_conditions_are_shared() {
        let mut conditions = Conditions::default();
        let first = conditions.share(ready("True"));
        assert_ne!(first, conditions.share(ready("False")));
        assert!(Arc::ptr_eq(&first, &conditions.share(ready("True"))));
    }

    #[test]
    fn only_the_latest_conditions_are_known() {
        let mut conditions = Conditions::default();
        let first = conditions.share(ready("first"));
        (0..CONDITIONS).for_each(|number| drop(conditions.share(ready(&number.to_string()))));
        assert!(!Arc::ptr_eq(&first, &conditions.share(ready("first"))));
        assert_eq!(conditions.0.len(), CONDITIONS);
    }
}
