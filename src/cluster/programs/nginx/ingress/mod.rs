//! The ingress-nginx controller: nginx, with a configuration that is made of Ingresses (R12.2).
//!
//! It watches the API server as any client does. Each time something has changed it collects the
//! Ingresses of its class (`classes`), sorts them into sites with routes (`routes`), finds the pods
//! behind those (`backends`), and renders a configuration (`render`), by which the very code
//! serves that serves a plain nginx. Then it writes its address into the Ingresses (`status`).
//!
//! Not simulated: the validating webhook, snippets, canaries, authentication, rate limits, sticky
//! cookies; the log names the annotations that have no effect.

mod annotations;
mod backends;
mod certificates;
mod classes;
mod options;
mod render;
mod routes;
mod status;

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv6Addr;
use std::sync::Arc;

use k8s_openapi::api::networking::v1::Ingress;
use serde_json::Value;

use super::Nginx;
use crate::api::{Kind, Pod, Resource};
use crate::cluster::Certificate;
use crate::cluster::controllers::events::{Recorder, Report, Source, reference};
use crate::cluster::programs::http::{self, Incoming};
use crate::cluster::{Answer, Ask, Context, HttpResponse, Payload, Poll, Process, Reply, Signal};
use crate::network::Protocol;
use annotations::Annotations;
pub use backends::port_of;
pub use certificates::secret_certificate;
use options::Options;
use routes::{Site, Tls};

/// Who tells the events.
const COMPONENT: &str = "nginx-ingress-controller";
const RELEASE: &str = "v1.13.3";

/// What the controller watches.
const WATCHED: &[Kind] = &[
    Kind::Ingress,
    Kind::IngressClass,
    Kind::Service,
    Kind::EndpointSlice,
    Kind::Secret,
    Kind::Pod,
];

#[derive(Clone)]
struct Controller {
    options: Options,
    nginx: Nginx,
    recorder: Recorder,
    listening: bool,
    stopping: bool,
    /// The sites that are served, without the addresses behind them.
    sites: Vec<Site>,
    /// The certificate of each host that has one.
    certificates: BTreeMap<String, Certificate>,
    /// The version of each Ingress that was told to be synchronised.
    scheduled: BTreeMap<(String, String), String>,
    /// The Ingresses that the log told to be somebody else's.
    ignored: BTreeSet<options::Name>,
    /// What the log has complained of already.
    complaints: BTreeSet<Complaint>,
}

/// What the log says of something that is wrong: the line of `controller.go` that says it, and the
/// words.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Complaint(u32, String);

/// The program.
pub fn start(arguments: &[String], environment: &[(String, String)]) -> Option<Box<dyn Process>> {
    Some(Box::new(Controller {
        options: Options::read(arguments, environment),
        nginx: Nginx::new(),
        recorder: Recorder::new(),
        listening: false,
        stopping: false,
        sites: Vec::new(),
        certificates: BTreeMap::new(),
        scheduled: BTreeMap::new(),
        ignored: BTreeSet::new(),
        complaints: BTreeSet::new(),
    }))
}

impl Process for Controller {
    fn step(&mut self, context: &mut Context<'_>) -> Poll {
        if self.stopping {
            return self.stop(context);
        }
        if !self.listening {
            if let Err(code) = self.begin(context) {
                return Poll::Exit(code);
            }
            self.listening = true;
        }
        self.synchronise(context);
        Poll::Idle
    }

    fn signal(&mut self, signal: Signal, _: &mut Context<'_>) -> bool {
        self.stopping = matches!(signal, Signal::Term | Signal::Int);
        self.stopping
    }

    fn serve(&mut self, ask: &Ask, context: &mut Context<'_>) -> Answer {
        if ask.local.port() == self.options.health_port {
            return health(ask);
        }
        let mut answer = self.nginx.serve(ask, context);
        match &mut answer.reply {
            Reply::Http(response) => conceal(response),
            Reply::Tls { certificate, response } => {
                conceal(response);
                let age = "max-age=31536000; includeSubDomains";
                response.headers.push(("Strict-Transport-Security".to_owned(), age.to_owned()));
                *certificate = self.certificate(ask);
            }
            _ => {}
        }
        answer
    }
}

impl Controller {
    /// Opens the sockets.
    ///
    /// # Errors
    /// The exit code, after it has said why it cannot run.
    fn begin(&mut self, context: &mut Context<'_>) -> Result<(), i32> {
        let frame = "-".repeat(79);
        context.say(&frame);
        context.say("NGINX Ingress controller");
        context.say(format!("  Release:       {RELEASE}"));
        context.say("  nginx version: nginx/1.27.1");
        context.say(format!("\n{frame}\n"));
        if self.options.pod.is_none() {
            let what = "\"Unexpected error obtaining ingress-nginx pod\" err=\"unable to get POD information (missing POD_NAME or POD_NAMESPACE environment variable\"";
            say(context, 'F', "main.go:135", what);
            return Err(255);
        }
        let Options { http_port, https_port, health_port, .. } = self.options;
        for port in [http_port, https_port, health_port] {
            if context.bind(Protocol::Tcp, Ipv6Addr::UNSPECIFIED, port, "nginx").is_err() {
                let what =
                    format!("Port {port} is already in use. Please check the flag --http-port");
                say(context, 'F', "main.go:72", &what);
                return Err(255);
            }
        }
        context.watch(WATCHED);
        self.nginx.hostname = context.hostname();
        say(context, 'I', "nginx.go:319", "\"Starting NGINX process\"");
        Ok(())
    }

    /// Makes what is served into what the Ingresses say.
    fn synchronise(&mut self, context: &mut Context<'_>) {
        self.announce(context);
        let ingresses = classes::own(context.cluster.objects(), &self.options);
        let mut complaints = Vec::new();
        let sites = {
            let store = context.cluster.objects();
            let covers = |secret: &options::Name, host: &str| {
                Certificate::of_secret(store, secret).is_ok_and(|found| found.covers(host))
            };
            routes::sites(&ingresses, &covers)
        };
        self.find_certificates(&sites, context, &mut complaints);
        self.render(&sites, context, &mut complaints);
        for ingress in &ingresses {
            complaints.extend(without_effect(ingress));
        }
        self.write_error(complaints, context);
        if self.sites != sites {
            self.reload(context);
            self.sites = sites;
        }
        let store = context.cluster.objects();
        if self.options.update_status && status::is_leader(store, &self.options) {
            let addresses = status::addresses(store, &self.options);
            for told in status::write(context.cluster, &ingresses, &addresses) {
                say(context, 'I', "status.go:309", &told);
            }
        }
    }

    /// Tells of every Ingress that is new or has changed, and whether it is the controller's.
    fn announce(&mut self, context: &mut Context<'_>) {
        let (mut scheduled, mut ignored) = (BTreeMap::new(), BTreeSet::new());
        for ingress in classes::all(context.cluster.objects(), &self.options) {
            let key = name_of(&ingress);
            match classes::class_of(context.cluster.objects(), &ingress, &self.options) {
                Ok(class) => {
                    self.welcome(&key, &class, &ingress, context);
                    let version = ingress.metadata.resource_version.clone().unwrap_or_default();
                    scheduled.insert(key, version);
                }
                Err(why) => {
                    self.ignore(&key, &why, context);
                    ignored.insert(key);
                }
            }
        }
        self.scheduled = scheduled;
        self.ignored = ignored;
    }

    fn welcome(
        &mut self,
        key: &options::Name,
        class: &str,
        ingress: &Arc<Ingress>,
        context: &mut Context<'_>,
    ) {
        let known = self.scheduled.get(key);
        if known.is_some() && known == ingress.metadata.resource_version.as_ref() {
            return;
        }
        let named = format!("ingress=\"{}/{}\" ingressclass=\"{class}\"", key.0, key.1);
        if self.ignored.contains(key) {
            say(context, 'I', "store.go:489", &format!("\"creating ingress\" {named}"));
        } else if known.is_none() {
            say(context, 'I', "store.go:443", &format!("\"Found valid IngressClass\" {named}"));
        }
        self.tell(ingress.as_ref(), (false, "Sync"), "Scheduled for sync", context);
        if let Some(why) = annotations::too_risky(ingress) {
            say(context, 'E', "store.go:941", &why);
        } else if let Some(why) = Annotations::of(ingress).denied {
            let message = format!("Error parsing annotations: {why}");
            self.tell(ingress.as_ref(), (true, "AnnotationParsingFailed"), &message, context);
        }
    }

    fn ignore(&self, key: &options::Name, why: &str, context: &mut Context<'_>) {
        let named = format!("ingress=\"{}/{}\"", key.0, key.1);
        if self.scheduled.contains_key(key) {
            let what = format!("\"removing ingress because of unknown ingressclass\" {named}");
            say(context, 'I', "store.go:492", &what);
        } else if !self.ignored.contains(key) {
            let what = format!(
                "\"Ignoring ingress because of error while validating ingress class\" {named} error={why:?}"
            );
            say(context, 'I', "store.go:439", &what);
        }
    }

    fn render(
        &mut self,
        sites: &[Site],
        context: &mut Context<'_>,
        complaints: &mut Vec<Complaint>,
    ) {
        let Options { http_port, https_port, default_backend, .. } = &self.options;
        let default = default_backend.as_ref();
        let fallback =
            default.and_then(|name| backends::first_port(context.cluster.objects(), name));
        let shared = render::Shared { ports: [*http_port, *https_port], fallback };
        let mut known = BTreeMap::new();
        let (cluster, place) = (&mut *context.cluster, &context.place);
        let mut find = |service: &routes::Service, by_service: bool| {
            let key = (service.clone(), by_service);
            let found = known
                .entry(key)
                .or_insert_with(|| backends::find(cluster, place, service, by_service));
            found.clone()
        };
        let config = render::config(sites, &shared, &mut find, complaints);
        self.nginx.config = Some(Arc::new(config));
    }

    /// A certificate for each host that has one. What is not for its host is not shown to it.
    fn find_certificates(
        &mut self,
        sites: &[Site],
        context: &mut Context<'_>,
        complaints: &mut Vec<Complaint>,
    ) {
        self.certificates.clear();
        let store = context.cluster.objects();
        for site in sites {
            let Some(Tls::Secret(secret)) = &site.tls else { continue };
            match Certificate::of_secret(store, secret) {
                Ok(found) if site.host.is_empty() || found.covers(&site.host) => {
                    self.certificates.insert(site.host.clone(), found);
                }
                Ok(_) => {
                    let what = format!(
                        "SSL certificate \"{}/{}\" does not contain a Common Name or Subject Alternative Name for server \"{}\": x509: certificate is not valid for any names, but wanted to match {2}",
                        secret.0, secret.1, site.host
                    );
                    complaints.push(Complaint(1475, what));
                    complaints.push(Complaint(1476, "Using default certificate".to_owned()));
                }
                Err(problem) => complaints.push(Complaint(1455, problem)),
            }
        }
        if let Some(secret) = &self.options.default_certificate
            && let Ok(found) = Certificate::of_secret(store, secret)
        {
            self.certificates.entry(String::new()).or_insert(found);
        }
    }

    /// The certificate that a client is shown, by the name it asks for.
    fn certificate(&self, ask: &Ask) -> Certificate {
        let Payload::Tls { server_name, .. } = &ask.payload else { return Certificate::fake() };
        let name = server_name.to_lowercase();
        let wild = || name.split_once('.').map(|(_, rest)| format!("*.{rest}"));
        let found = self.certificates.get(&name).or_else(|| self.certificates.get(&wild()?));
        let has_site = self.sites.iter().any(|site| site.host == name);
        let default = || self.certificates.get("").filter(|_| !has_site);
        found.or_else(default).cloned().unwrap_or_else(Certificate::fake)
    }

    /// What is wrong now and was not before goes to the log.
    fn write_error(&mut self, complaints: Vec<Complaint>, context: &mut Context<'_>) {
        let complaints: BTreeSet<Complaint> = complaints.into_iter().collect();
        for Complaint(line, what) in complaints.difference(&self.complaints) {
            say(context, 'W', &format!("controller.go:{line}"), what);
        }
        self.complaints = complaints;
    }

    /// New sites or paths are a new configuration file.
    fn reload(&mut self, context: &mut Context<'_>) {
        let changed = "\"Configuration changes detected, backend reload required\"";
        say(context, 'I', "controller.go:214", changed);
        say(context, 'I', "controller.go:228", "\"Backend successfully reloaded\"");
        let own = self.options.pod.as_ref().and_then(|(namespace, name)| {
            context.cluster.objects().get::<Pod>(namespace, name).cloned()
        });
        if let Some(pod) = own {
            let message = "NGINX reload triggered due to a change in configuration";
            self.tell(pod.as_ref(), (false, "RELOAD"), message, context);
        }
    }

    /// An event, which the log has as well: whether it is a warning, its reason, its message.
    fn tell<T: Resource>(
        &mut self,
        about: &T,
        (warning, reason): (bool, &str),
        message: &str,
        context: &mut Context<'_>,
    ) {
        let source = Source::Classic { component: COMPONENT, host: None };
        let (about, message) = (reference(about), message.to_owned());
        let text = |field: &Option<String>| field.clone().unwrap_or_default();
        let what = format!(
            "Event(v1.ObjectReference{{Kind:{:?}, Namespace:{:?}, Name:{:?}, UID:{:?}, APIVersion:{:?}, ResourceVersion:{:?}, FieldPath:\"\"}}): type: '{}' reason: '{reason}' {message}",
            text(&about.kind),
            text(&about.namespace),
            text(&about.name),
            text(&about.uid),
            text(&about.api_version),
            text(&about.resource_version),
            if warning { "Warning" } else { "Normal" },
        );
        say(context, 'I', "event.go:377", &what);
        let report = Report { about, warning, reason, message, source };
        self.recorder.tell(context.now(), &mut context.cluster.api, report);
    }

    /// The last one takes its address back.
    fn stop(&mut self, context: &mut Context<'_>) -> Poll {
        say(context, 'I', "sigterm.go:36", "\"Received SIGTERM, shutting down\"");
        say(context, 'I', "nginx.go:395", "\"Shutting down controller queues\"");
        let store = context.cluster.objects();
        if self.options.update_status && status::is_last(store, &self.options) {
            let ingresses = classes::own(store, &self.options);
            let addresses = Value::from(status::addresses(store, &self.options));
            let what = format!("\"removing value from ingress status\" address={addresses}");
            say(context, 'I', "status.go:140", &what);
            for told in status::write(context.cluster, &ingresses, &[]) {
                say(context, 'I', "status.go:309", &told);
            }
        }
        say(context, 'I', "nginx.go:411", "\"Stopping NGINX process\"");
        say(context, 'I', "sigterm.go:47", "\"Exiting\" code=0");
        Poll::Exit(0)
    }
}

fn name_of(ingress: &Ingress) -> options::Name {
    let text = |field: &Option<String>| field.clone().unwrap_or_default();
    (text(&ingress.metadata.namespace), text(&ingress.metadata.name))
}

/// Annotations of an Ingress that podhop has nothing for.
fn without_effect(ingress: &Ingress) -> Vec<Complaint> {
    let (namespace, name) = name_of(ingress);
    let told = |annotation: &String| {
        let what = format!(
            "podhop: {annotation} of ingress {namespace}/{name} is not simulated here; it has no effect"
        );
        Complaint(1104, what)
    };
    Annotations::of(ingress).unknown.iter().map(told).collect()
}

/// The controller does not say which server it is.
fn conceal(response: &mut HttpResponse) {
    response.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("server"));
}

/// The page that kubelets look at.
fn health(ask: &Ask) -> Answer {
    match http::incoming(ask) {
        Incoming::Request(request) => {
            let path = http::split_target(&request.target).0;
            let (status, body) =
                if path == "/healthz" { (200, "ok") } else { (404, "404 page not found\n") };
            let plain = [("Content-Type", "text/plain; charset=utf-8")];
            http::reply(ask, http::response(&request, status, &plain, body))
        }
        Incoming::Nothing => http::other(Reply::Silence),
        Incoming::Handshake | Incoming::Garbage => http::bad_request(),
    }
}

/// A line as klog writes it: `I0105 09:00:00.000000       7 controller.go:196] …`.
fn say(context: &mut Context<'_>, level: char, place: &str, what: &str) {
    let stamp = context.now().timestamp().strftime("%m%d %H:%M:%S%.6f").to_string();
    context.say(format!("{level}{stamp}       7 {place}] {what}"));
}
