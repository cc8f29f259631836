//! kubeconfig: which cluster, which user, which namespace. It lies in the working folder's hidden
//! file, so that a cloned session has its own.

use serde_json::{Value, json};

use super::super::super::Files;
use super::super::super::files::HOME;
use super::super::super::tool::Io;
use super::flags::Arguments;
use super::server::SERVER;
use super::{Failure, Next, Outcome};
use crate::cluster::Place;
use crate::manifest;

/// Where the configuration lies.
pub(super) const FILE: &str = ".kube/config";

/// The configuration.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Config {
    /// The file's content.
    pub value: Value,
    /// Where it is written to, as messages name it.
    pub path: String,
    /// Whether there is such a file.
    pub is_there: bool,
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
    /// Reads the configuration that a command works with: the file of `--kubeconfig`, the files of
    /// `KUBECONFIG`, or the usual one, which need not be there
    /// (`client-go/tools/clientcmd/loader.go`).
    ///
    /// # Errors
    /// When a file cannot be read as a kubeconfig.
    pub fn load(arguments: &Arguments, io: &Io<'_>) -> Result<Config, Failure> {
        let explicit = arguments.text("kubeconfig");
        if !explicit.is_empty() {
            return Ok(Config::of_file(io, explicit)?.unwrap_or_else(|| Config::empty(explicit)));
        }
        let listed = io.environment.get("KUBECONFIG").map_or("", String::as_str);
        let paths: Vec<&str> = listed.split(':').filter(|path| !path.is_empty()).collect();
        let Some(last) = paths.last() else {
            // Somebody else's home, as `sudo` sets it, has a file of its own or none.
            let home = io.environment.get("HOME").filter(|home| *home != HOME);
            let other = home.filter(|_| *io.place == Place::Laptop);
            let Some(home) = other else { return Config::read(io.files) };
            let path = format!("{home}/{FILE}");
            return Ok(Config::of_file(io, &path)?.unwrap_or_else(|| Config::empty(&path)));
        };
        let mut found = Vec::new();
        for path in &paths {
            found.extend(Config::of_file(io, path)?);
        }
        Ok(Config::merged(found).unwrap_or_else(|| Config::empty(last)))
    }

    /// The configuration of the usual file.
    fn read(files: &Files) -> Result<Config, Failure> {
        match files.get(FILE) {
            Some(bytes) => Config::parse(&format!("/home/player/{FILE}"), bytes),
            None => Ok(Config::default()),
        }
    }

    /// What a file holds; nothing if there is none.
    fn of_file(io: &Io<'_>, path: &str) -> Result<Option<Config>, Failure> {
        match io.read_file(path) {
            Ok(bytes) => Config::parse(path, &bytes).map(Some),
            Err(reason) if reason == "No such file or directory" => Ok(None),
            Err(reason) => Err(Failure::message(format!(
                "error loading config file \"{path}\": read {path}: {}",
                reason.to_lowercase()
            ))),
        }
    }

    fn parse(path: &str, bytes: &[u8]) -> Result<Config, Failure> {
        let refuse = |reason: &str| {
            Err(Failure::message(format!("error loading config file \"{path}\": {reason}")))
        };
        let text = String::from_utf8_lossy(bytes);
        let (documents, diagnostics) = manifest::parse(path, &text);
        if let Some(fault) = diagnostics.first() {
            return refuse(&fault.message);
        }
        let value = documents.into_iter().next().map_or(Value::Null, |document| document.value);
        let (version, kind) = (&value["apiVersion"], &value["kind"]);
        match &value {
            Value::Null => Ok(Config::empty(path)),
            Value::Object(_) if version == "v1" && kind == "Config" => {
                Ok(Config { value, path: path.to_owned(), is_there: true })
            }
            Value::Object(_) if kind.is_null() => refuse("Object 'Kind' is missing in '{}'"),
            Value::Object(_) => refuse(&format!(
                "no kind \"{}\" is registered for version \"{}\" in scheme \
                 \"k8s.io/client-go/tools/clientcmd/api/latest/latest.go:50\"",
                kind.as_str().unwrap_or(""),
                version.as_str().unwrap_or("")
            )),
            other => refuse(&super::local::not_an_object(other)),
        }
    }

    /// Several files as one: what an earlier one says holds. What is changed is written to the first.
    fn merged(files: Vec<Config>) -> Option<Config> {
        files.into_iter().reduce(|mut all, more| {
            if all.current().is_empty() {
                all.value["current-context"] = more.value["current-context"].clone();
            }
            for list in ["clusters", "contexts", "users"] {
                for entry in more.value[list].as_array().into_iter().flatten() {
                    if !all.has(list, entry["name"].as_str().unwrap_or("")) {
                        if !all.value[list].is_array() {
                            all.value[list] = json!([]);
                        }
                        all.value[list]
                            .as_array_mut()
                            .into_iter()
                            .for_each(|l| l.push(entry.clone()));
                    }
                }
            }
            all
        })
    }

    /// A configuration without anything, to be written to `path`.
    fn empty(path: &str) -> Config {
        let value = json!({
            "apiVersion": "v1", "clusters": null, "contexts": null, "current-context": "",
            "kind": "Config", "users": null
        });
        Config { value, path: path.to_owned(), is_there: false }
    }

    /// Whether an entry of a list (`clusters`, `users`) has this name.
    pub fn has(&self, list: &str, name: &str) -> bool {
        self.value[list].as_array().into_iter().flatten().any(|entry| entry["name"] == name)
    }

    /// Writes the configuration back, with sorted entries.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn save(&mut self, io: &mut Io<'_>) -> Result<(), Failure> {
        for list in ["clusters", "contexts", "users"] {
            if let Some(entries) = self.value[list].as_array_mut() {
                entries.sort_by_key(|entry| entry["name"].as_str().unwrap_or("").to_owned());
            }
            if self.value[list].as_array().is_some_and(Vec::is_empty) {
                self.value[list] = Value::Null;
            }
        }
        let text = manifest::to_yaml(&self.value);
        make_way(io, &self.path);
        io.write_file(&self.path, text.as_bytes()).map_err(|reason| {
            Failure::message(format!("open {}: {}", self.path, reason.to_lowercase()))
        })
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
        let mut context = found.ok_or_else(|| match name {
            "" => Failure::Verbatim(format!(
                "Error in configuration: context was not found for specified context: {wanted}"
            )),
            name => Failure::message(format!("context \"{name}\" does not exist")),
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
        Config { value, path: format!("/home/player/{FILE}"), is_there: true }
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
        io.write_error(crate::diagnostic::printable(&format!(
            "E{now}       1 memcache.go:265] \"Unhandled Error\" err=\"couldn't get current server \
             API group list: Get \\\"{base}/api?timeout=32s\\\": dial tcp {address}: connect: \
             connection refused\""
        )));
    }
    io.write_error(crate::diagnostic::printable(&format!(
        "The connection to the server {address} was refused - did you specify the right host or \
         port?"
    )));
    Ok(Next::Exit(1))
}

/// Makes the folders that a configuration's file is in, as kubectl does before it locks the file. What
/// stands against it is seen when the file is written.
fn make_way(io: &mut Io<'_>, path: &str) {
    for (at, _) in path.match_indices('/').filter(|(at, _)| *at > 0) {
        if !io.is_directory(&path[..at]) {
            let _ = io.make_directory(&path[..at]);
        }
    }
}
