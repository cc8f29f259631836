//! `kube-webhook-certgen`, by which the manifests of ingress-nginx make a certificate for its webhook
//! (`images/kube-webhook-certgen` of ingress-nginx).

use k8s_openapi::ByteString;
use serde_json::json;

use crate::api::{Kind, ROOT_CERTIFICATE, Request, WriteOptions};
use crate::cluster::{Answer, Ask, Context, Poll, Process, Reply, Signal};

/// One run: what it is to do, and its flags.
#[derive(Clone)]
struct Certgen {
    arguments: Vec<String>,
}

/// The program.
pub(super) fn start(arguments: &[String]) -> Box<dyn Process> {
    Box::new(Certgen { arguments: arguments.to_vec() })
}

impl Certgen {
    fn flag(&self, name: &str) -> &str {
        let mut values = self.arguments.iter();
        let found =
            values.find_map(|word| word.strip_prefix("--")?.strip_prefix(name)?.strip_prefix('='));
        found.unwrap_or_default()
    }

    fn say(context: &mut Context<'_>, source: &str, message: &str) {
        let time = context.now().timestamp().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let line = json!({"level": "info", "msg": message, "source": source, "time": time});
        context.say(line);
    }

    /// Makes the Secret, unless it is there.
    fn create(&self, context: &mut Context<'_>) -> i32 {
        let (namespace, name) = (self.flag("namespace").to_owned(), self.flag("secret-name"));
        let there = context.cluster.objects().object(Kind::Secret, &namespace, name).is_some();
        if there {
            Self::say(context, "cmd/create.go:36", "secret already exists");
            return 0;
        }
        Self::say(context, "cmd/create.go:28", "creating new secret");
        let named = |flag: &str, usual: &str| match self.flag(flag) {
            "" => usual.to_owned(),
            name => name.to_owned(),
        };
        let [certificate, key] = [named("cert-name", "cert"), named("key-name", "key")];
        let secret = json!({
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": name, "namespace": namespace},
            "stringData": {"ca": ROOT_CERTIFICATE, certificate: ROOT_CERTIFICATE, key: KEY},
        });
        let request = Request::Create {
            kind: Kind::Secret,
            namespace,
            object: secret,
            options: WriteOptions::default(),
        };
        i32::from(context.cluster.handle(request).is_err())
    }

    /// Tells the webhooks' configuration which authority has signed the certificate.
    fn patch(&self, context: &mut Context<'_>) -> i32 {
        let name = self.flag("webhook-name").to_owned();
        let [mutating, validating] =
            ["patch-mutating", "patch-validating"].map(|flag| self.flag(flag) != "false");
        let policy = self.flag("patch-failure-policy");
        let told = format!(
            "patching webhook configurations '{name}' mutating={mutating}, validating={validating}, \
             failurePolicy={policy}"
        );
        Self::say(context, "k8s/k8s.go:118", &told);
        let authority = json!(ByteString(ROOT_CERTIFICATE.into()));
        for (wanted, kind) in [
            (mutating, Kind::MutatingWebhookConfiguration),
            (validating, Kind::ValidatingWebhookConfiguration),
        ] {
            let found = context.cluster.objects().object(kind, "", &name);
            let Some(mut object) = found.filter(|_| wanted).map(|found| found.to_value()) else {
                continue;
            };
            for webhook in object["webhooks"].as_array_mut().into_iter().flatten() {
                webhook["clientConfig"]["caBundle"] = authority.clone();
                if !policy.is_empty() {
                    webhook["failurePolicy"] = policy.into();
                }
            }
            let options = WriteOptions::default();
            let request = Request::Update {
                kind,
                namespace: String::new(),
                name: name.clone(),
                object,
                options,
            };
            // A configuration that is gone by now needs no certificate.
            let _ = context.cluster.handle(request);
        }
        Self::say(context, "k8s/k8s.go:194", "Patched hook(s)");
        0
    }
}

/// What a key looks like, for nothing here speaks TLS with it.
const KEY: &str = "-----BEGIN EC PRIVATE KEY-----\n-----END EC PRIVATE KEY-----\n";

impl Process for Certgen {
    fn step(&mut self, context: &mut Context<'_>) -> Poll {
        Poll::Exit(match self.arguments.first().map(String::as_str) {
            Some("create") => self.create(context),
            Some("patch") => self.patch(context),
            _ => 1,
        })
    }

    fn signal(&mut self, _: Signal, _: &mut Context<'_>) -> bool {
        false
    }

    fn serve(&mut self, _: &Ask, _: &mut Context<'_>) -> Answer {
        super::http::other(Reply::Reset)
    }
}
