//! A file that the API server does not take: nothing in it is in the cluster.

use super::{Diagnosis, Facts};
use crate::cluster::Place;
use crate::diagnostic::Location;
use crate::level::apply::{POD_CANNOT_CHANGE, is_manifest, marks, refusals};
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
        // What can't be decoded stands in the file itself: the editor's mark has its line, and the
        // field that was meant.
        let undecodable = ["cannot be handled as a ", "strict decoding"]
            .iter()
            .any(|text| diagnostic.message.contains(text));
        let mark = marks(facts.case.cluster, file, content).into_iter().find(|_| undecodable);
        let position = mark.as_ref().and_then(|mark| mark.position).or(diagnostic.position);
        let at = position.map(|position| Location { file: file.as_str().into(), position });
        let refused = format!("{file} is refused, so the cluster goes on without it");
        Some(
            Diagnosis::new("manifest-refused", refused)
                .fact(diagnostic.message)
                .nearest(diagnostic.help.or(mark.and_then(|mark| mark.help)))
                .at(at),
        )
    })
}
