//! The API server that the kubeconfig names: where it listens, and which release it is.

use serde_json::{Value, json};

/// The API server's address.
pub(super) const SERVER: &str = "https://127.0.0.1:8443";
/// The release that podhop simulates.
pub(super) const VERSION: &str = "v1.36.3";

/// A build of Kubernetes, as `version.Info` tells it.
pub(super) fn build(server: bool) -> Value {
    let mut info = json!({
        "major": "1", "minor": "36", "gitVersion": VERSION,
        "gitCommit": "0f29094e5b73085e3802ecc1298ecae13866bfe6", "gitTreeState": "clean",
        "buildDate": "2026-07-22T18:10:35Z", "goVersion": "go1.26.5", "compiler": "gc",
        "platform": "linux/amd64"
    });
    if server {
        for (field, text) in [
            ("emulationMajor", "1"),
            ("emulationMinor", "36"),
            ("minCompatibilityMajor", "1"),
            ("minCompatibilityMinor", "35"),
        ] {
            info[field] = json!(text);
        }
    }
    info
}
