//! What `nginx.ingress.kubernetes.io/…` annotations ask for.

use std::time::Duration;

use k8s_openapi::api::networking::v1::Ingress;

use crate::cluster::programs::access::Access;
use crate::cluster::programs::nginx::slot;

const PREFIX: &str = "nginx.ingress.kubernetes.io/";

/// Annotations that change nothing that is simulated: sizes, buffers, and the like.
const WITHOUT_EFFECT: &[&str] = &[
    "client-body-buffer-size",
    "enable-access-log",
    "proxy-buffer-size",
    "proxy-buffering",
    "proxy-buffers-number",
    "proxy-http-version",
    "proxy-next-upstream",
    "proxy-request-buffering",
    "proxy-send-timeout",
    "proxy-ssl-verify",
];

/// What the controller speaks with the pods behind it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BackendProtocol {
    /// HTTP
    #[default]
    Plain,
    /// HTTP within TLS: `HTTPS`
    Tls,
    /// Whichever of the two its client speaks: `AUTO_HTTP`
    AsTheClient,
}

impl BackendProtocol {
    /// Whether it is TLS, for a client that speaks TLS (`secure`) or does not.
    pub fn is_tls(self, secure: bool) -> bool {
        match self {
            BackendProtocol::Plain => false,
            BackendProtocol::Tls => true,
            BackendProtocol::AsTheClient => secure,
        }
    }
}

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
    /// `backend-protocol`
    pub backend: BackendProtocol,
    /// `service-upstream`: the Service's cluster IP is asked, not its pods.
    pub service_upstream: bool,
    /// `upstream-vhost`: the Host that the backend sees.
    pub upstream_vhost: Option<String>,
    /// `temporal-redirect`, or else `permanent-redirect`: where everything is sent, with which
    /// status.
    pub redirect: Option<(u16, String)>,
    /// `denylist-source-range` and `allowlist-source-range`: who may ask.
    pub access: Vec<Access>,
    /// An annotation of those that cannot be read: nobody gets anything here.
    pub denied: Option<String>,
    /// `canary: "true"`: no routes of its own.
    pub canary: bool,
    /// `app-root`: where `/` is sent.
    pub app_root: Option<String>,
    /// `proxy-connect-timeout` and `proxy-read-timeout`
    pub connect_timeout: Option<Duration>,
    pub read_timeout: Option<Duration>,
    /// `proxy-body-size`, in bytes: 0 is no limit.
    pub largest_body: Option<u64>,
    /// Names of those that ask for something that is not simulated.
    pub unknown: Vec<String>,
}

impl Annotations {
    /// Reads an Ingress's annotations.
    pub fn of(ingress: &Ingress) -> Annotations {
        let mut read = Annotations { ssl_redirect: true, ..Annotations::default() };
        let all = ingress.metadata.annotations.iter().flatten();
        let own =
            || all.clone().filter_map(|(name, value)| Some((name.strip_prefix(PREFIX)?, value)));
        for (name, value) in own() {
            read.set(name, value);
        }
        let code = |wanted: &str| {
            let (_, value) = own().find(|(name, _)| *name == wanted)?;
            value.parse().ok().filter(|code| (300..=308).contains(code))
        };
        if let Some((status, _)) = &mut read.redirect {
            let name = if *status == 302 { "temporal" } else { "permanent" };
            *status = code(&format!("{name}-redirect-code")).unwrap_or(*status);
        }
        // The controller denies some before it allows others.
        read.access.sort_by_key(Access::allows);
        if read.access.iter().any(Access::allows) {
            read.access.extend(Access::read(false, "all"));
        }
        read
    }

    /// What is left for a catch-all Ingress, which has no rules: nothing that sends clients
    /// elsewhere.
    pub fn without_redirects(&self) -> Annotations {
        Annotations {
            redirect: None,
            app_root: None,
            rewrite_target: None,
            use_regex: false,
            ssl_redirect: false,
            force_ssl_redirect: false,
            ..self.clone()
        }
    }

    fn set(&mut self, name: &str, value: &str) {
        let text = || Some(value.to_owned()).filter(|value| !value.is_empty());
        let yes = truth(value) == Some(true);
        let seconds = || value.trim_end_matches('s').parse().ok().map(Duration::from_secs);
        match name {
            "rewrite-target" => self.rewrite_target = text(),
            "use-regex" => self.use_regex = yes,
            "ssl-redirect" => self.ssl_redirect = truth(value).unwrap_or(true),
            "force-ssl-redirect" => self.force_ssl_redirect = yes,
            "backend-protocol" => self.backend_protocol(name, value),
            "service-upstream" => self.service_upstream = yes,
            "upstream-vhost" => self.upstream_vhost = text(),
            "canary" => {
                self.canary = yes;
                self.unknown.push(name.to_owned());
            }
            "denylist-source-range" => self.ranges(name, false, value),
            "allowlist-source-range" | "whitelist-source-range" => self.ranges(name, true, value),
            "permanent-redirect" => self.redirect = text().map(|target| (301, target)),
            // Its name comes later, so that it has precedence; but it wants a whole URL.
            "temporal-redirect" if !value.is_empty() => {
                let url = text().filter(|value| value.starts_with("http"));
                self.redirect = url.map(|target| (302, target));
            }
            "temporal-redirect" | "temporal-redirect-code" | "permanent-redirect-code" => {}
            "app-root" => self.app_root = text().filter(|path| path.starts_with('/')),
            "proxy-connect-timeout" => self.connect_timeout = seconds(),
            "proxy-read-timeout" => self.read_timeout = seconds(),
            "proxy-body-size" => self.largest_body = slot::bytes(value, "kmg"),
            _ if WITHOUT_EFFECT.contains(&name) => {}
            _ => self.unknown.push(name.to_owned()),
        }
    }

    /// Any other word than the controller's own, in whatever letters, is plain HTTP.
    fn backend_protocol(&mut self, name: &str, value: &str) {
        let word = value.trim().to_ascii_uppercase();
        self.backend = match word.as_str() {
            "HTTPS" | "GRPCS" => BackendProtocol::Tls,
            "AUTO_HTTP" => BackendProtocol::AsTheClient,
            _ => BackendProtocol::Plain,
        };
        if matches!(word.as_str(), "GRPC" | "FCGI") {
            self.unknown.push(name.to_owned());
        }
    }

    /// `10.0.0.0/8,192.168.49.1`
    fn ranges(&mut self, name: &str, allows: bool, value: &str) {
        let ranges: Option<Vec<Access>> = value
            .split(',')
            .map(|text| Access::read(allows, text.trim()).filter(|_| text.trim() != "all"))
            .collect();
        match ranges {
            Some(ranges) => self.access.extend(ranges),
            None => self.denied = Some(format!("annotation {PREFIX}{name} contains invalid value")),
        }
    }
}

/// Why the controller leaves an Ingress out altogether: snippets are nginx's own configuration, which
/// an administrator has to allow first.
pub fn too_risky(ingress: &Ingress) -> Option<String> {
    let names = ingress.metadata.annotations.iter().flatten().map(|(name, _)| name);
    let group = names.filter_map(|name| name.strip_prefix(PREFIX)).find_map(|name| match name {
        "configuration-snippet" => Some("ConfigurationSnippet"),
        "server-snippet" => Some("ServerSnippet"),
        "stream-snippet" => Some("StreamSnippet"),
        "modsecurity-snippet" => Some("ModSecurity"),
        "auth-snippet" => Some("ExternalAuth"),
        _ => None,
    })?;
    Some(format!(
        "annotation group {group} contains risky annotation based on ingress configuration"
    ))
}

/// A truth value, as Go reads it.
fn truth(value: &str) -> Option<bool> {
    match value {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(annotations: serde_json::Value) -> Annotations {
        let named = annotations.as_object().unwrap().iter();
        let named: serde_json::Map<_, _> =
            named.map(|(name, value)| (format!("{PREFIX}{name}"), value.clone())).collect();
        let ingress = json!({ "metadata": { "annotations": named } });
        Annotations::of(&serde_json::from_value(ingress).unwrap())
    }

    #[test]
    fn a_redirect_is_one_to_a_url_and_has_a_status() {
        let redirect = |annotations| read(annotations).redirect;
        let both = |temporal| json!({ "permanent-redirect": "/a", "temporal-redirect": temporal });
        assert_eq!(redirect(both("")), Some((301, "/a".to_owned())));
        assert_eq!(redirect(both("http://b")), Some((302, "http://b".to_owned())));
        assert_eq!(redirect(both("/b")), None);
        let code = json!({ "temporal-redirect": "http://b.test", "temporal-redirect-code": "307" });
        assert_eq!(redirect(code), Some((307, "http://b.test".to_owned())));
    }

    #[test]
    fn who_is_denied_comes_before_who_is_allowed() {
        let lists = json!({
            "allowlist-source-range": "10.0.0.0/8, 192.168.49.1",
            "denylist-source-range": "10.244.1.7",
        });
        let access = read(lists).access;
        assert_eq!(
            access.iter().map(Access::allows).collect::<Vec<_>>(),
            [false, true, true, false]
        );
        let denied = read(json!({ "whitelist-source-range": "10.0.0.0/33" })).denied;
        assert!(denied.is_some_and(|why| why.ends_with("range contains invalid value")));
    }

    #[test]
    fn what_is_no_truth_value_changes_nothing() {
        assert!(read(json!({ "ssl-redirect": "no" })).ssl_redirect);
        assert!(!read(json!({ "ssl-redirect": "False" })).ssl_redirect);
    }

    #[test]
    fn what_is_not_simulated_is_known_by_name() {
        let ingress: Ingress = serde_json::from_value(json!({ "metadata": { "annotations": {
            "nginx.ingress.kubernetes.io/canary": "true",
            "nginx.ingress.kubernetes.io/proxy-body-size": "8m",
            "nginx.ingress.kubernetes.io/proxy-buffering": "on",
            "nginx.ingress.kubernetes.io/proxy-read-timeout": "5",
            "example.com/else": "x",
        }}}))
        .unwrap();
        let read = Annotations::of(&ingress);
        assert_eq!(read.unknown, ["canary"]);
        assert_eq!(read.read_timeout, Some(Duration::from_secs(5)));
        assert_eq!(read.largest_body, Some(8 << 20));
        assert!(read.ssl_redirect && !read.force_ssl_redirect);
    }
}
