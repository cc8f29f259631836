//! Image references: `registry.k8s.io/echoserver:1.10` taken apart and written in full.

use std::fmt;

/// A reference to an image, with what was left out filled in as container runtimes do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// `docker.io`
    pub registry: String,
    /// `library/nginx`
    pub repository: String,
    /// `latest`
    pub tag: String,
    /// `sha256:…`, when the reference has one.
    pub digest: Option<String>,
}

impl Reference {
    /// Takes a reference apart; `None` when it is none.
    pub fn parse(text: &str) -> Option<Reference> {
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest.to_owned())),
            None => (text, None),
        };
        let (path, tag) = match rest.rsplit_once(':') {
            Some((path, tag)) if !tag.contains('/') => (path, tag),
            _ => (rest, "latest"),
        };
        let (registry, repository) = match path.split_once('/') {
            Some((host, rest)) if is_host(host) => (host, rest.to_owned()),
            Some(_) => ("docker.io", path.to_owned()),
            None => ("docker.io", format!("library/{path}")),
        };
        let repository = match (registry, repository.contains('/')) {
            ("docker.io", false) => format!("library/{repository}"),
            _ => repository,
        };
        let well_formed = is_tag(tag) && repository.split('/').all(is_component);
        well_formed.then(|| Reference {
            registry: registry.to_owned(),
            repository,
            tag: tag.to_owned(),
            digest,
        })
    }

    /// `docker.io/library/nginx`
    pub fn name(&self) -> String {
        format!("{}/{}", self.registry, self.repository)
    }
}

/// `docker.io/library/nginx:1.27`
impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.digest {
            Some(digest) => write!(f, "{}@{digest}", self.name()),
            None => write!(f, "{}:{}", self.name(), self.tag),
        }
    }
}

/// Why a text is no reference (`ParseNormalizedNamed` of github.com/distribution/reference).
pub fn reference_fault(text: &str) -> String {
    let remainder = match text.split_once('/') {
        Some((host, rest)) if is_host(host) => rest.to_owned(),
        Some(_) => text.to_owned(),
        None => format!("library/{text}"),
    };
    let remote = remainder.split(':').next().unwrap_or_default();
    if remote.chars().any(char::is_uppercase) {
        return format!("invalid reference format: repository name ({remote}) must be lowercase");
    }
    "invalid reference format".to_owned()
}

/// A first part is a host when it could not be a folder: it has a dot, a port or a capital letter,
/// or is localhost.
fn is_host(part: &str) -> bool {
    part.contains(['.', ':']) || part == "localhost" || part.chars().any(char::is_uppercase)
}

fn is_tag(tag: &str) -> bool {
    let rest = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    !tag.is_empty() && tag.len() <= 128 && tag.chars().all(rest) && !tag.starts_with(['.', '-'])
}

fn is_component(part: &str) -> bool {
    let fits =
        |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '.' | '-');
    let edge = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    part.chars().all(fits) && part.starts_with(edge) && part.ends_with(edge)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full(text: &str) -> String {
        Reference::parse(text).map(|reference| reference.to_string()).unwrap_or_default()
    }

    #[test]
    fn what_is_left_out_is_filled_in() {
        assert_eq!(full("nginx"), "docker.io/library/nginx:latest");
        assert_eq!(full("curlimages/curl:8.5.0"), "docker.io/curlimages/curl:8.5.0");
        assert_eq!(full("docker.io/redis:6.0.5"), "docker.io/library/redis:6.0.5");
        assert_eq!(full("registry.k8s.io/echoserver:1.10"), "registry.k8s.io/echoserver:1.10");
        assert_eq!(full("localhost:5000/web"), "localhost:5000/web:latest");
    }

    #[test]
    fn what_is_no_reference_is_refused() {
        assert_eq!(Reference::parse("Nginx"), None);
        assert_eq!(Reference::parse("nginx:"), None);
        assert_eq!(Reference::parse("my image"), None);
    }
}
