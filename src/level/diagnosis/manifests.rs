//! A file that the API server does not take: nothing in it is in the cluster.

use super::{Diagnosis, Facts};
use crate::cluster::Place;
use crate::diagnostic::Location;
use crate::level::apply::{POD_CANNOT_CHANGE, is_manifest, refusals};
use crate::shell;

/// Applies each of the player's manifests to a clone of the cluster, and takes the first refusal.
pub(super) fn diagnose(facts: &Facts<'_>) -> Option<Diagnosis> {
    let files = facts.case.files;
    files.iter().filter(|(file, _)| is_manifest(file)).find_map(|(file, content)| {
        let mut trial = facts.case.cluster.clone();
        let script = format!("kubectl apply --dry-run=server -f '{file}'");
        let limit = std::time::Duration::from_secs(10);
        let finished = shell::run_at(&mut trial, &Place::Laptop, files, &script, limit);
        let stderr = String::from_utf8_lossy(&finished.stderr).into_owned();
        let stuck_pod = stderr.contains(POD_CANNOT_CHANGE);
        if finished.exit == 0 || stuck_pod || stderr.contains("no objects passed to apply") {
            return None;
        }
        let diagnostic = refusals(&stderr, file, content).into_iter().next()?;
        let at =
            diagnostic.position.map(|position| Location { file: file.as_str().into(), position });
        let refused = format!("{file} is refused, so the cluster goes on without it");
        Some(
            Diagnosis::new("manifest-refused", refused)
                .fact(diagnostic.message)
                .nearest(diagnostic.help)
                .at(at),
        )
    })
}
