//! What `nginx.ingress.kubernetes.io/…` annotations ask for.

use std::time::Duration;

use k8s_openapi::api::networking::v1::Ingress;

const PREFIX: &str = "nginx.ingress.kubernetes.io/";

/// Annotations that change nothing that is simulated: sizes, buffers, and the like.
const WITHOUT_EFFECT: &[&str] = &[
    "client-body-buffer-size",
    "enable-access-log",
    "proxy-body-size",
    "proxy-buffer-size",
    "proxy-buffering",
    "proxy-buffers-number",
    "proxy-http-version",
    "proxy-next-upstream",
    "proxy-request-buffering",
    "proxy-send-timeout",
    "proxy-ssl-verify",
];

/// An Ingress's annotations, as far as they matter here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Annotations {
    /// `rewrite-target`: what the backend is asked for instead.
    pub rewrite_target: Option<String>,
    /// `use-regex`: paths are regular expressions.
    pub use_regex: bool,
    /// `ssl-redirect`: with TLS, plain requests are sent to `https://`; so it is when left out.
    pub ssl_redirect: bool,
    /// `force-ssl-redirect`: also without TLS of the Ingress's own.
    pub force_ssl_redirect: bool,
    /// `backend-protocol: HTTPS`
    pub tls_backend: bool,
    /// `service-upstream`: the Service's cluster IP is asked, not its pods.
    pub service_upstream: bool,
    /// `upstream-vhost`: the Host that the backend sees.
    pub upstream_vhost: Option<String>,
    /// `permanent-redirect` and `temporal-redirect`: where everything is sent, with which status.
    pub redirect: Option<(u16, String)>,
    /// `app-root`: where `/` is sent.
    pub app_root: Option<String>,
    /// `proxy-connect-timeout` and `proxy-read-timeout`
    pub connect_timeout: Option<Duration>,
    pub read_timeout: Option<Duration>,
    /// Names of those that ask for something that is not simulated.
    pub unknown: Vec<String>,
}

impl Annotations {
    /// Reads an Ingress's annotations.
    pub fn of(ingress: &Ingress) -> Annotations {
        let mut read = Annotations { ssl_redirect: true, ..Annotations::default() };
        for (name, value) in ingress.metadata.annotations.iter().flatten() {
            if let Some(name) = name.strip_prefix(PREFIX) {
                read.set(name, value);
            }
        }
        read
    }

    fn set(&mut self, name: &str, value: &str) {
        let text = || Some(value.to_owned()).filter(|value| !value.is_empty());
        let yes = value == "true";
        let seconds = || value.trim_end_matches('s').parse().ok().map(Duration::from_secs);
        match name {
            "rewrite-target" => self.rewrite_target = text(),
            "use-regex" => self.use_regex = yes,
            "ssl-redirect" => self.ssl_redirect = yes,
            "force-ssl-redirect" => self.force_ssl_redirect = yes,
            "backend-protocol" => self.tls_backend = value == "HTTPS",
            "service-upstream" => self.service_upstream = yes,
            "upstream-vhost" => self.upstream_vhost = text(),
            "permanent-redirect" => self.redirect = text().map(|target| (301, target)),
            "temporal-redirect" => self.redirect = text().map(|target| (302, target)),
            "app-root" => self.app_root = text().filter(|path| path.starts_with('/')),
            "proxy-connect-timeout" => self.connect_timeout = seconds(),
            "proxy-read-timeout" => self.read_timeout = seconds(),
            _ if WITHOUT_EFFECT.contains(&name) => {}
            _ => self.unknown.push(name.to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_not_simulated_is_known_by_name() {
        let ingress: Ingress = serde_json::from_value(json!({ "metadata": { "annotations": {
            "nginx.ingress.kubernetes.io/canary": "true",
            "nginx.ingress.kubernetes.io/proxy-body-size": "8m",
            "nginx.ingress.kubernetes.io/proxy-read-timeout": "5",
            "example.com/else": "x",
        }}}))
        .unwrap();
        let read = Annotations::of(&ingress);
        assert_eq!(read.unknown, ["canary"]);
        assert_eq!(read.read_timeout, Some(Duration::from_secs(5)));
        assert!(read.ssl_redirect && !read.force_ssl_redirect);
    }
}
