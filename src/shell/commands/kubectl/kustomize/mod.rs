//! `kubectl kustomize` and `-k`: manifests built from a kustomization: resources and other
//! kustomizations, generators of config maps and secrets, patches, and what is laid over all of them.
//!
//! The order is that of `kustomize/api/internal/target`: resources, generators, patches, namespace,
//! names, labels, annotations, JSON patches, replicas, images; hashes and references at the very end.

mod generate;
mod overlay;
mod patches;

use serde_json::{Map, Value};

use super::super::super::tool::Io;
use super::command::{self, Command};
use super::flags::{Flag, Takes, switch, text, typed};
use super::{Call, DONE, Failure, Outcome};
use crate::api::Kind;
use crate::manifest;

pub(super) static COMMAND: Command = Command {
    name: "kustomize",
    short: "Build a kustomization target from a directory or URL",
    examples: "  # Print what a kustomization comes to\n  kubectl kustomize overlays/production",
    usage: "DIR",
    flags: &[&[
        switch("as-current-user", None, NOT),
        switch("enable-alpha-plugins", None, NOT),
        switch("enable-helm", None, NOT),
        Flag { short: Some('e'), ..typed("env", Takes::Texts, "[]", NOT) },
        typed("helm-api-versions", Takes::Texts, "[]", NOT),
        typed("helm-command", Takes::Text, "'helm'", NOT),
        switch("helm-debug", None, NOT),
        text("helm-kube-version", None, NOT),
        typed("load-restrictor", Takes::Text, "'LoadRestrictionsRootOnly'", NOT),
        typed("mount", Takes::Texts, "[]", NOT),
        switch("network", None, NOT),
        typed("network-name", Takes::Text, "'bridge'", NOT),
        text("output", Some('o'), "The file to write to."),
    ]],
    run,
    ..command::PLAIN
};

/// What help says of flags that are not heeded.
const NOT: &str = "Not simulated here.";

/// The kind of a kustomization that works on what another has gathered.
const COMPONENT: &str = "Component";

/// How deep kustomizations may stand on each other.
const DEPTH: usize = 20;

/// What podhop builds of a kustomization.
const KNOWN: &[&str] = &[
    "apiVersion",
    "bases",
    "commonAnnotations",
    "commonLabels",
    "components",
    "configMapGenerator",
    "generatorOptions",
    "images",
    "kind",
    "labels",
    "metadata",
    "namePrefix",
    "nameSuffix",
    "namespace",
    "patches",
    "patchesJson6902",
    "patchesStrategicMerge",
    "replicas",
    "resources",
    "secretGenerator",
];

/// What Kustomize knows besides.
const BEYOND: &[&str] = &[
    "buildMetadata",
    "configurations",
    "crds",
    "generators",
    "helmChartInflationGenerator",
    "helmCharts",
    "helmGlobals",
    "openapi",
    "replacements",
    "sortOptions",
    "transformers",
    "validators",
    "vars",
];

/// Old names of fields, and their successors.
const DEPRECATED: &[(&str, &str)] = &[
    ("bases", "resources"),
    ("commonLabels", "labels"),
    ("patchesJson6902", "patches"),
    ("patchesStrategicMerge", "patches"),
];

/// An object on its way.
#[derive(Clone, Debug, PartialEq)]
struct Resource {
    value: Value,
    /// The name that its file gives it, by which others refer to it.
    original: String,
    /// The namespace that its file gives it; empty for none.
    home: String,
    /// What has been put around its name: which others of that name it belongs to.
    around: Vec<(String, String)>,
    /// Whether a hash of its content goes behind its name.
    hashed: bool,
}

impl Resource {
    fn of(value: Value) -> Resource {
        let original = value["metadata"]["name"].as_str().unwrap_or("").to_owned();
        let home = value["metadata"]["namespace"].as_str().unwrap_or("").to_owned();
        Resource { value, original, home, around: Vec::new(), hashed: false }
    }

    fn kind(&self) -> &str {
        self.value["kind"].as_str().unwrap_or("")
    }

    fn name(&self) -> &str {
        self.value["metadata"]["name"].as_str().unwrap_or("")
    }

    /// The kind, where podhop has it.
    fn known(&self) -> Option<Kind> {
        Kind::from_manifest(self.value["apiVersion"].as_str().unwrap_or(""), self.kind())
    }

    /// `Deployment.v1.apps/web.[noNs]`
    fn id(&self) -> String {
        let version = self.value["apiVersion"].as_str().unwrap_or("");
        let (group, version) = match version.split_once('/') {
            Some((group, version)) => (group, version),
            None => ("[noGrp]", version),
        };
        let namespace = self.value["metadata"]["namespace"].as_str().unwrap_or("[noNs]");
        format!("{}.{version}.{group}/{}.{namespace}", self.kind(), self.name())
    }
}

fn run(call: Call, io: &mut Io<'_>) -> Outcome {
    let arguments = &call.arguments;
    if arguments.positional.len() > 1 {
        return Err(Failure::message("specify one path to kustomization.yaml"));
    }
    let given = |flag: &&Flag| flag.help == NOT && arguments.given(flag.long);
    if let Some(flag) = call.command.flags.iter().flat_map(|group| group.iter()).find(given) {
        let what = format!("kubectl kustomize --{}", flag.long);
        return Err(Failure::not_simulated(&what, "leave it out"));
    }
    let folder = arguments.positional.first().map_or(".", String::as_str);
    let text = built(io, folder)?;
    match arguments.text("output") {
        "" => io.stdout.extend_from_slice(text.as_bytes()),
        file => io.write_file(file, text.as_bytes()).map_err(|reason| {
            Failure::message(format!("open {file}: {}", reason.to_lowercase()))
        })?,
    }
    DONE
}

/// What the kustomization of a folder comes to, as YAML.
///
/// # Errors
/// When there is none, when it is wrong, or asks for what is not simulated.
pub(super) fn built(io: &mut Io<'_>, folder: &str) -> Result<String, Failure> {
    if folder.contains("://") {
        return Err(Failure::not_simulated("kustomizations from the web", "write the files down"));
    }
    let root = io.absolute(folder);
    if let Some(fault) = no_folder(io, folder, &root) {
        return Err(Failure::message(format!("must build at directory: {fault}")));
    }
    let mut resources = build(io, &root, &mut Vec::new())?;
    overlay::settle_names(&mut resources);
    resources.sort_by_key(overlay::place);
    let texts: Vec<String> = resources.iter().map(|one| manifest::to_yaml(&one.value)).collect();
    Ok(texts.join("---\n"))
}

/// Why a path is no folder, if it is none.
fn no_folder(io: &Io<'_>, named: &str, path: &str) -> Option<String> {
    if io.list(path).is_ok() {
        return None;
    }
    Some(match io.read_file(path) {
        Ok(_) => format!("'{named}': file is not directory"),
        Err(_) => format!("not a valid directory: {}", missing(named, path)),
    })
}

/// That there is no such path.
fn missing(named: &str, path: &str) -> String {
    format!("evalsymlink failure on '{named}' : lstat {path}: no such file or directory")
}

/// Builds the kustomization of a folder; `stack` holds those that are being built.
fn build(io: &mut Io<'_>, root: &str, stack: &mut Vec<String>) -> Result<Vec<Resource>, Failure> {
    build_on(io, root, stack, Vec::new(), false)
}

/// Builds the kustomization of a folder on what there is already: nothing, or for a component what the
/// kustomization that asks for it has gathered (`accumulateTarget`).
fn build_on(
    io: &mut Io<'_>,
    root: &str,
    stack: &mut Vec<String>,
    mut resources: Vec<Resource>,
    as_component: bool,
) -> Result<Vec<Resource>, Failure> {
    if stack.len() >= DEPTH {
        return Err(Failure::not_simulated("more than 20 kustomizations in a row", "flatten them"));
    }
    let fields = read(io, root)?;
    let kind = fields.get("kind").and_then(Value::as_str).unwrap_or("Kustomization");
    if as_component && kind != COMPONENT {
        let text = format!("expected kind '{COMPONENT}' for path '{root}' but got '{kind}'");
        return Err(Failure::message(text));
    }
    stack.push(root.to_owned());
    for field in ["resources", "bases"] {
        for path in texts(&fields, field)? {
            let more = accumulate(io, root, &path, stack)?;
            add(&mut resources, more)
                .map_err(|fault| Failure::message(format!("accumulating resources: {fault}")))?;
        }
    }
    generate::all(io, root, &fields, &mut resources)?;
    for path in texts(&fields, "components")? {
        resources = component(io, root, &path, stack, resources)?;
    }
    stack.pop();
    patches::merges(io, root, &fields, &mut resources)?;
    overlay::all(&fields, &mut resources);
    patches::operations(io, root, &fields, &mut resources)?;
    overlay::counts_and_images(&fields, &mut resources)?;
    Ok(resources)
}

/// What a component makes of the objects that were gathered (`accumulateComponents`).
fn component(
    io: &mut Io<'_>,
    root: &str,
    path: &str,
    stack: &mut Vec<String>,
    resources: Vec<Resource>,
) -> Result<Vec<Resource>, Failure> {
    if path.contains("://") {
        return Err(Failure::not_simulated("components from the web", "save the files"));
    }
    let absolute = crate::shell::files::absolute(io.place, root, path);
    let failed = |reason: String| Failure::message(format!("accumulating components: {reason}"));
    if io.list(&absolute).is_err() {
        let reason = match io.read_file(&absolute) {
            Ok(_) => format!("'{absolute}': file is not directory"),
            Err(_) => format!("not a valid directory: {}", missing(&absolute, &absolute)),
        };
        return Err(failed(format!("loader.New \"must build at directory: {reason}\"")));
    }
    if stack.contains(&absolute) {
        return Err(failed(format!(
            "loader.New \"cycle detected: candidate root '{absolute}' contains visited root \
             '{absolute}'\""
        )));
    }
    build_on(io, &absolute, stack, resources, true).map_err(|failure| match failure {
        Failure::Message(text) => failed(format!("accumulateDirectory: \"{text}\"")),
        other => other,
    })
}

/// The file of a folder's kustomization: its name and content.
fn file_of(io: &Io<'_>, root: &str) -> Option<(&'static str, Vec<u8>)> {
    let names = ["kustomization.yaml", "kustomization.yml", "Kustomization"];
    let read = |name: &'static str| io.read_file(&format!("{root}/{name}")).ok();
    names.into_iter().find_map(|name| read(name).map(|bytes| (name, bytes)))
}

/// Whether a folder's kustomization is a component.
fn is_component(io: &Io<'_>, root: &str) -> bool {
    let Some((name, bytes)) = file_of(io, root) else { return false };
    let (documents, _) = manifest::parse(name, &String::from_utf8_lossy(&bytes));
    documents.first().is_some_and(|document| document.value["kind"] == COMPONENT)
}

/// The fields of a folder's kustomization.
fn read(io: &mut Io<'_>, root: &str) -> Result<Map<String, Value>, Failure> {
    let Some((name, bytes)) = file_of(io, root) else {
        return Err(Failure::message(format!(
            "unable to find one of 'kustomization.yaml', 'kustomization.yml' or 'Kustomization' in \
             directory '{root}'"
        )));
    };
    let text = String::from_utf8_lossy(&bytes);
    let (documents, faults) = manifest::parse(name, &text);
    let invalid = |reason: &str| Failure::message(format!("invalid Kustomization: {reason}"));
    if let Some(fault) = faults.first() {
        return Err(invalid(&format!("error converting YAML to JSON: {}", fault.message)));
    }
    let value = documents.into_iter().next().map_or(Value::Null, |document| document.value);
    let fields = match value {
        Value::Null => return Err(Failure::message("kustomization.yaml is empty")),
        Value::Object(fields) => fields,
        _ => {
            let reason = "json: cannot unmarshal string into Go value of type types.Kustomization";
            return Err(invalid(reason));
        }
    };
    for field in fields.keys() {
        if BEYOND.contains(&field.as_str()) {
            let instead = "write out what it would make";
            return Err(Failure::not_simulated(&format!("kustomization field {field}"), instead));
        }
        if !KNOWN.contains(&field.as_str()) {
            return Err(invalid(&format!("json: unknown field \"{field}\"")));
        }
    }
    if fields.keys().all(|field| ["apiVersion", "kind", "metadata"].contains(&field.as_str())) {
        return Err(Failure::message("kustomization.yaml is empty"));
    }
    for (old, new) in DEPRECATED.iter().filter(|(old, _)| fields.contains_key(*old)) {
        io.write_error(format!(
            "# Warning: '{old}' is deprecated. Please use '{new}' instead. Run 'kustomize edit fix' to \
             update your Kustomization automatically."
        ));
    }
    Ok(fields)
}

/// A field that is a list of texts.
fn texts(fields: &Map<String, Value>, field: &str) -> Result<Vec<String>, Failure> {
    let wrong = |what: &str, of: &str| {
        Failure::message(format!(
            "invalid Kustomization: json: cannot unmarshal {what} into Go struct field \
             Kustomization.{field} of type {of}"
        ))
    };
    match fields.get(field) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(items)) => items
            .iter()
            .map(|item| match item {
                Value::String(text) => Ok(text.clone()),
                other => Err(wrong(super::go_types::go_kind(other), "string")),
            })
            .collect(),
        Some(Value::Object(_)) => Err(wrong("object", "[]string")),
        Some(other) => Err(wrong(super::go_types::go_kind(other), "[]string")),
    }
}

/// A resource of a kustomization: a file of manifests, or another kustomization.
fn accumulate(
    io: &mut Io<'_>,
    root: &str,
    path: &str,
    stack: &mut Vec<String>,
) -> Result<Vec<Resource>, Failure> {
    if path.contains("://") {
        return Err(Failure::not_simulated("resources from the web", "save the file"));
    }
    let absolute = crate::shell::files::absolute(io.place, root, path);
    let failed = |reason: String| {
        Failure::message(format!(
            "accumulating resources: accumulation err='accumulating resources from '{path}': {reason}"
        ))
    };
    if io.list(&absolute).is_ok() {
        let must = format!("'{absolute}' must resolve to a file'");
        if stack.contains(&absolute) {
            return Err(failed(format!(
                "{must}: cycle detected: candidate root '{absolute}' contains visited root '{absolute}'"
            )));
        }
        if is_component(io, &absolute) {
            let wrong = format!("expected kind != '{COMPONENT}' for path '{absolute}'");
            return Err(failed(format!("{must}: {wrong}")));
        }
        return build(io, &absolute, stack).map_err(|failure| match failure {
            Failure::Message(text) => {
                failed(format!("{must}: recursed accumulation of path '{absolute}': {text}"))
            }
            other => other,
        });
    }
    let Ok(bytes) = io.read_file(&absolute) else {
        let missing = missing(&absolute, &absolute);
        return Err(failed(format!(
            "{missing}': must build at directory: not a valid directory: {missing}"
        )));
    };
    let text = String::from_utf8_lossy(&bytes);
    objects(path, &text).map_err(|fault| failed(format!("{fault}'")))
}

/// The objects of a text; lists are taken apart.
fn objects(file: &str, text: &str) -> Result<Vec<Resource>, String> {
    let (documents, faults) = manifest::parse(file, text);
    if let Some(fault) = faults.first() {
        return Err(format!("MalformedYAMLError: {} in File: {file}", fault.message));
    }
    let mut found = Vec::new();
    for document in documents {
        match document.value {
            Value::Null => {}
            Value::Object(mut fields) if fields.get("kind").is_some_and(|kind| kind == "List") => {
                let items = fields.remove("items").unwrap_or(Value::Null);
                found.extend(items.as_array().cloned().unwrap_or_default());
            }
            value => found.push(value),
        }
    }
    for value in &found {
        for (field, kind) in [("kind", "kind"), ("metadata", "metadata.name")] {
            let text = if field == "kind" { &value["kind"] } else { &value["metadata"]["name"] };
            if text.as_str().unwrap_or("").is_empty() {
                return Err(format!("missing {kind} in object {value}"));
            }
        }
    }
    Ok(found.into_iter().map(Resource::of).collect())
}

/// Adds objects to others; each may be there once.
fn add(resources: &mut Vec<Resource>, more: Vec<Resource>) -> Result<(), String> {
    for one in more {
        let id = one.id();
        if resources.iter().any(|known| known.id() == id) {
            return Err(format!("may not add resource with an already registered id: {id}"));
        }
        resources.push(one);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::cluster::{Cluster, Config};
    use crate::shell::{self, Files, Finished, Session};

    /// Files, and commands that are run among them.
    struct Shop(Files);

    impl Shop {
        fn file(&mut self, path: &str, content: &str) {
            self.0.insert(path.to_owned(), content.as_bytes().to_vec());
        }

        fn run(&self, script: &str) -> (String, String) {
            let config = Config { nodes: 1, seed: 1, dns: false, dual_stack: false };
            let mut cluster = Cluster::new(&config, shell::programs());
            let done: Finished =
                Session::new(self.0.clone()).run(&mut cluster, script, Duration::from_secs(60));
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            (text(&done.stdout), text(&done.stderr))
        }
    }

    const DEPLOYMENT: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  \
        selector: {matchLabels: {app: web}}\n  template:\n    metadata: {labels: {app: web}}\n    \
        spec:\n      containers:\n      - {name: nginx, image: \"nginx:1.26\", envFrom: [{configMapRef: \
        {name: conf}}]}\n";

    fn shop() -> Shop {
        let mut shop = Shop(Files::new());
        shop.file("base/deploy.yaml", DEPLOYMENT);
        shop.file("base/app.txt", "hello\n");
        shop.file(
            "base/kustomization.yaml",
            "resources: [deploy.yaml]\nconfigMapGenerator:\n- name: conf\n  literals: [a=1, b=two]\n  \
             files: [app.txt]\n",
        );
        shop
    }

    // By kubectl 1.36.3: the hash of the same content.
    #[test]
    fn a_generated_config_map_has_a_hash_that_references_follow() {
        let built = shop().run("kubectl kustomize base").0;
        assert!(built.contains("name: conf-fb2gmg6t69\n---\n"), "{built}");
        assert_eq!(built.matches("conf-fb2gmg6t69").count(), 2, "{built}");
    }

    #[test]
    fn an_overlay_changes_names_labels_images_and_counts() {
        let mut shop = shop();
        shop.file(
            "over/kustomization.yaml",
            "resources: [../base]\nnamePrefix: dev-\nnamespace: shop\nlabels: [{pairs: {t: x}, \
             includeSelectors: true}]\nimages: [{name: nginx, newTag: \"1.27\"}]\nreplicas: [{name: web, \
             count: 4}]\npatches:\n- patch: '[{\"op\": \"add\", \"path\": \"/spec/paused\", \"value\": \
             true}]'\n  target: {kind: Deployment}\n",
        );
        let built = shop.run("kubectl kustomize over").0;
        for line in [
            "  name: dev-web\n",
            "  namespace: shop\n",
            "      app: web\n      t: x\n",
            "image: nginx:1.27\n",
            "  replicas: 4\n",
            "  paused: true\n",
            "name: dev-conf-fb2gmg6t69\n",
        ] {
            assert!(built.contains(line), "{line} in {built}");
        }
    }

    #[test]
    fn what_is_wrong_is_told_in_kustomizes_words() {
        let mut shop = shop();
        let nope = shop.run("kubectl apply -k nope").1;
        assert_eq!(
            nope,
            "error: must build at directory: not a valid directory: evalsymlink failure on 'nope' : \
             lstat /home/player/nope: no such file or directory\n"
        );
        shop.file("bad/kustomization.yaml", "bogus: 1\n");
        let bad = shop.run("kubectl kustomize bad").1;
        assert_eq!(bad, "error: invalid Kustomization: json: unknown field \"bogus\"\n");
        shop.file("bad/kustomization.yaml", "helmCharts: []\n");
        let beyond = shop.run("kubectl kustomize bad").1;
        assert!(beyond.contains("not simulated here: kustomization field helmCharts"), "{beyond}");
    }
}
