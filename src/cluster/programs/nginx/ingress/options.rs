//! The controller's flags.

/// A namespace and a name in it.
pub type Name = (String, String);

/// What the controller was told when it was started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// `--ingress-class`: the value of the old annotation that names this controller.
    pub class: String,
    /// `--controller-class`: what IngressClasses call this controller.
    pub controller: String,
    /// `--watch-ingress-without-class`
    pub without_class: bool,
    /// `--watch-namespace`; all namespaces when left out.
    pub namespace: Option<String>,
    /// `--publish-service`: the Service whose address Ingresses are given.
    pub publish_service: Option<Name>,
    /// `--publish-status-address`: the addresses that Ingresses are given.
    pub publish_addresses: Vec<String>,
    /// `--update-status`
    pub update_status: bool,
    /// `--default-backend-service`: who answers what no rule is for.
    pub default_backend: Option<Name>,
    /// `--default-ssl-certificate`
    pub default_certificate: Option<Name>,
    /// `--http-port`, `--https-port` and `--healthz-port`
    pub http_port: u16,
    pub https_port: u16,
    pub health_port: u16,
    /// `POD_NAMESPACE` and `POD_NAME`, without which it does not start.
    pub pod: Option<Name>,
}

impl Options {
    /// Reads the arguments and the two variables. Flags that change nothing here are passed over.
    pub fn read(arguments: &[String], environment: &[(String, String)]) -> Options {
        let variable = |name: &str| {
            let found = environment.iter().find(|(known, _)| known == name);
            found.map(|(_, value)| value.clone()).filter(|value| !value.is_empty())
        };
        let mut options = Options {
            class: "nginx".to_owned(),
            controller: "k8s.io/ingress-nginx".to_owned(),
            without_class: false,
            namespace: None,
            publish_service: None,
            publish_addresses: Vec::new(),
            update_status: true,
            default_backend: None,
            default_certificate: None,
            http_port: 80,
            https_port: 443,
            health_port: 10_254,
            pod: variable("POD_NAMESPACE").zip(variable("POD_NAME")),
        };
        let mut words = arguments.iter().peekable();
        while let Some(word) = words.next() {
            let flag = word.trim_start_matches('-');
            match flag.split_once('=') {
                Some((flag, value)) => options.set(flag, value),
                None if words.peek().is_some_and(|next| !next.starts_with('-')) => {
                    let value = words.next().map(String::as_str).unwrap_or_default();
                    options.set(flag, value);
                }
                None => options.set(flag, "true"),
            }
        }
        options
    }

    fn set(&mut self, flag: &str, value: &str) {
        let number = |old: u16| value.parse().unwrap_or(old);
        match flag {
            "ingress-class" => self.class = value.to_owned(),
            "controller-class" => self.controller = value.to_owned(),
            "watch-ingress-without-class" => self.without_class = value == "true",
            "watch-namespace" => {
                self.namespace = Some(value.to_owned()).filter(|name| !name.is_empty());
            }
            "publish-service" => self.publish_service = name(value),
            "publish-status-address" => {
                let addresses = value.split(',').map(str::trim).filter(|one| !one.is_empty());
                self.publish_addresses = addresses.map(str::to_owned).collect();
            }
            "update-status" => self.update_status = value == "true",
            "default-backend-service" => self.default_backend = name(value),
            "default-ssl-certificate" => self.default_certificate = name(value),
            "http-port" => self.http_port = number(self.http_port),
            "https-port" => self.https_port = number(self.https_port),
            "healthz-port" => self.health_port = number(self.health_port),
            _ => {}
        }
    }
}

fn name(text: &str) -> Option<Name> {
    let (namespace, name) = text.split_once('/')?;
    Some((namespace.to_owned(), name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_have_values_behind_a_sign_or_a_space() {
        let words =
            ["--publish-service=ns/svc", "--ingress-class", "inner", "--v=2", "--election-id=x"];
        let words: Vec<String> = words.map(str::to_owned).into();
        let options = Options::read(&words, &[]);
        assert_eq!(options.publish_service, Some(("ns".to_owned(), "svc".to_owned())));
        assert_eq!((options.class.as_str(), options.without_class), ("inner", false));
        assert_eq!(options.pod, None);
    }
}
