//! kubeconfig: which cluster, which user, which namespace. It lies in the working folder's hidden
//! file, so that a cloned session has its own.

use serde_json::{Value, json};

use super::super::super::Files;
use super::super::super::tool::Io;
use super::{Failure, Next, Outcome};
use crate::manifest;

/// Where the configuration lies.
pub(super) const FILE: &str = ".kube/config";
/// The API server's address.
pub(super) const SERVER: &str = "https://127.0.0.1:8443";

/// The configuration.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Config {
    /// The file's content.
    pub value: Value,
}

/// A context.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Context {
    /// Its name.
    pub name: String,
    /// Its cluster's name.
    pub cluster: String,
    /// Its user's name.
    pub user: String,
    /// Its namespace.
    pub namespace: String,
}

impl Config {
    /// Reads the configuration; the default one when there is no file.
    ///
    /// # Errors
    /// When the file cannot be read as YAML.
    pub fn load(io: &Io<'_>) -> Result<Config, Failure> {
        Config::read(io.files)
    }

    fn read(files: &Files) -> Result<Config, Failure> {
        let Some(bytes) = files.get(FILE) else { return Ok(Config::default()) };
        let text = String::from_utf8_lossy(bytes);
        let (documents, diagnostics) = manifest::parse(FILE, &text);
        match (documents.into_iter().next(), diagnostics.first()) {
            (Some(document), None) => Ok(Config { value: document.value }),
            (None, None) => Ok(Config::default()),
            (_, Some(fault)) => Err(Failure::message(format!(
                "error loading config file \"{FILE}\": {}",
                fault.message
            ))),
        }
    }

    /// Whether an entry of a list (`clusters`, `users`) has this name.
    pub fn has(&self, list: &str, name: &str) -> bool {
        self.value[list].as_array().into_iter().flatten().any(|entry| entry["name"] == name)
    }

    /// Writes the configuration back.
    pub fn save(&self, io: &mut Io<'_>) {
        io.files.insert(FILE.to_owned(), manifest::to_yaml(&self.value).into_bytes());
    }

    /// The current context's name.
    pub fn current(&self) -> &str {
        self.value["current-context"].as_str().unwrap_or("")
    }

    /// Every context, in the file's order.
    pub fn contexts(&self) -> Vec<Context> {
        let list = self.value["contexts"].as_array().map(Vec::as_slice).unwrap_or_default();
        list.iter()
            .map(|entry| {
                let text = |field: &str| entry["context"][field].as_str().unwrap_or("").to_owned();
                Context {
                    name: entry["name"].as_str().unwrap_or("").to_owned(),
                    cluster: text("cluster"),
                    user: text("user"),
                    namespace: text("namespace"),
                }
            })
            .collect()
    }

    /// The context called `name`, or the current one when the name is empty; its namespace is
    /// filled in.
    ///
    /// # Errors
    /// When there is no such context.
    pub fn context(&self, name: &str) -> Result<Context, Failure> {
        let wanted = if name.is_empty() { self.current() } else { name };
        let found = self.contexts().into_iter().find(|context| context.name == wanted);
        let mut context = found.ok_or_else(|| {
            Failure::Verbatim(format!(
                "Error in configuration: context was not found for specified context: {wanted}"
            ))
        })?;
        if context.namespace.is_empty() {
            "default".clone_into(&mut context.namespace);
        }
        Ok(context)
    }
}

impl Default for Config {
    fn default() -> Config {
        let value = json!({
            "apiVersion": "v1",
            "clusters": [{
                "cluster": {"certificate-authority-data": "DATA+OMITTED", "server": SERVER},
                "name": "podhop"
            }],
            "contexts": [{
                "context": {"cluster": "podhop", "namespace": "default", "user": "admin"},
                "name": "podhop"
            }],
            "current-context": "podhop",
            "kind": "Config",
            "users": [{
                "name": "admin",
                "user": {
                    "client-certificate-data": "DATA+OMITTED", "client-key-data": "DATA+OMITTED"
                }
            }]
        });
        Config { value }
    }
}

/// The namespace that kubectl works in when none is asked for.
pub fn current_namespace(files: &Files) -> String {
    let context = Config::read(files).and_then(|config| config.context(""));
    context.map_or_else(|_| "default".to_owned(), |context| context.namespace)
}

/// What kubectl says when nobody listens at `--server`.
pub(super) fn refused_server(server: &str, io: &mut Io<'_>) -> Outcome {
    let base = if server.contains("://") { server.to_owned() } else { format!("http://{server}") };
    let base = base.trim_end_matches('/');
    let address = base.split("://").nth(1).unwrap_or(base).to_owned();
    let now = io.now().timestamp().strftime("%m%d %H:%M:%S%.6f").to_string();
    for _ in 0..5 {
        io.complain(crate::diagnostic::printable(&format!(
            "E{now}       1 memcache.go:265] \"Unhandled Error\" err=\"couldn't get current server \
             API group list: Get \\\"{base}/api?timeout=32s\\\": dial tcp {address}: connect: \
             connection refused\""
        )));
    }
    io.complain(crate::diagnostic::printable(&format!(
        "The connection to the server {address} was refused - did you specify the right host or \
         port?"
    )));
    Ok(Next::Exit(1))
}
