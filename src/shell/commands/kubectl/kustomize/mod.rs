//! `kubectl kustomize` and `-k`: manifests built from a kustomization: resources and other
//! kustomizations, generators of config maps and secrets, patches, and what is laid over all of them.
//!
//! The order is that of `kustomize/api/internal/target`: resources, generators, patches, namespace,
//! names, labels, annotations, JSON patches, replicas, images; hashes and references at the very end.

mod decode;
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
        switch("enable-helm", None, "Let Helm make charts; charts are not simulated here."),
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

/// What `--load-restrictor` may say: only the first is simulated.
const RESTRICTORS: [&str; 2] = ["LoadRestrictionsRootOnly", "LoadRestrictionsNone"];

/// The kind of a kustomization that works on what another has gathered.
const COMPONENT: &str = "Component";
/// The kind of every other one.
const KUSTOMIZATION: &str = "Kustomization";

/// How deep kustomizations may stand on each other.
const DEPTH: usize = 20;

/// What podhop does not build of a kustomization.
const BEYOND: &[&str] = &[
    "buildMetadata",
    "configurations",
    "crds",
    "generators",
    "helmChartInflationGenerator",
    "helmCharts",
    "helmGlobals",
    "imageTags",
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
    let restrictor = match arguments.given("load-restrictor") {
        true => arguments.text("load-restrictor"),
        false => RESTRICTORS[0],
    };
    if !RESTRICTORS.contains(&restrictor) {
        let text = format!(
            "illegal flag value --load-restrictor {restrictor}; legal values: [{}]",
            RESTRICTORS.join(" ")
        );
        return Err(Failure::message(text));
    }
    let usual = |flag: &Flag| flag.long == "load-restrictor" && restrictor == RESTRICTORS[0];
    let given = |flag: &&Flag| flag.help == NOT && arguments.given(flag.long) && !usual(flag);
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
    let fields = read(io, &root)?;
    let mut resources = build(io, &root, &fields, &mut Vec::new(), Vec::new())?;
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

/// Builds the kustomization of a folder on what there is already: nothing, or for a component what the
/// kustomization that asks for it has gathered (`accumulateTarget`). `stack` holds the folders whose
/// kustomizations are being built.
fn build(
    io: &mut Io<'_>,
    root: &str,
    fields: &Map<String, Value>,
    stack: &mut Vec<String>,
    mut resources: Vec<Resource>,
) -> Result<Vec<Resource>, Failure> {
    if stack.len() >= DEPTH {
        return Err(Failure::not_simulated("more than 20 kustomizations in a row", "flatten them"));
    }
    stack.push(root.to_owned());
    for field in ["resources", "bases"] {
        for path in texts(fields, field) {
            accumulate(io, root, &path, stack, &mut resources)
                .map_err(|failure| failure.behind("accumulating resources: "))?;
        }
    }
    generate::all(io, root, fields, &mut resources)?;
    for path in texts(fields, "components") {
        resources = component(io, root, &path, stack, resources)
            .map_err(|failure| failure.behind("accumulating components: "))?;
    }
    stack.pop();
    patches::merges(io, root, fields, &mut resources)?;
    overlay::all(fields, &mut resources);
    patches::operations(io, root, fields, &mut resources)?;
    overlay::counts_and_images(fields, &mut resources)?;
    Ok(resources)
}

/// Builds a kustomization that another one asks for, a component or not (`accumulateDirectory`).
fn build_another(
    io: &mut Io<'_>,
    root: &str,
    stack: &mut Vec<String>,
    resources: Vec<Resource>,
    as_component: bool,
) -> Result<Vec<Resource>, Failure> {
    let fields = read(io, root)
        .map_err(|failure| failure.behind(&format!("couldn't make target for path '{root}': ")))?;
    let kind = fields.get("kind").and_then(Value::as_str).unwrap_or(KUSTOMIZATION);
    if as_component != (kind == COMPONENT) {
        return Err(Failure::message(match as_component {
            true => format!("expected kind '{COMPONENT}' for path '{root}' but got '{kind}'"),
            false => format!("expected kind != '{COMPONENT}' for path '{root}'"),
        }));
    }
    build(io, root, &fields, stack, resources)
        .map_err(|failure| failure.behind(&format!("recursed accumulation of path '{root}': ")))
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
    let no_loader = |why: String| Failure::message(format!("loader.New \"{why}\""));
    if io.list(&absolute).is_err() {
        return Err(no_loader(no_root(io, path, &absolute)));
    }
    if stack.contains(&absolute) {
        return Err(no_loader(circle(&absolute)));
    }
    build_another(io, &absolute, stack, resources, true).map_err(|failure| match failure {
        Failure::Message(text) => Failure::message(format!("accumulateDirectory: {text:?}")),
        other => other,
    })
}

/// Why no kustomization can be built at a path that is no folder.
fn no_root(io: &Io<'_>, path: &str, absolute: &str) -> String {
    if path.starts_with('/') {
        return format!("new root '{path}' cannot be absolute");
    }
    match io.read_file(absolute) {
        Ok(_) => format!("must build at directory: '{absolute}': file is not directory"),
        Err(_) => {
            let missing = missing(absolute, absolute);
            format!("must build at directory: not a valid directory: {missing}")
        }
    }
}

/// That a kustomization asks for itself.
fn circle(root: &str) -> String {
    format!("cycle detected: candidate root '{root}' contains visited root '{root}'")
}

/// The file of a folder's kustomization: its name and content.
fn file_of(io: &Io<'_>, root: &str) -> Option<(&'static str, Vec<u8>)> {
    let names = ["kustomization.yaml", "kustomization.yml", "Kustomization"];
    let read = |name: &'static str| io.read_file(&format!("{root}/{name}")).ok();
    names.into_iter().find_map(|name| read(name).map(|bytes| (name, bytes)))
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
        return Err(invalid(&fault.message));
    }
    let value = documents.into_iter().next().map_or(Value::Null, |document| document.value);
    let fields = decode::kustomization(value).map_err(|reason| invalid(&reason))?;
    if let Some(field) = fields.keys().find(|field| BEYOND.contains(&field.as_str())) {
        let instead = "write out what it would make";
        return Err(Failure::not_simulated(&format!("kustomization field {field}"), instead));
    }
    for (old, new) in DEPRECATED.iter().filter(|(old, _)| fields.contains_key(*old)) {
        io.write_error(format!(
            "# Warning: '{old}' is deprecated. Please use '{new}' instead. Run 'kustomize edit fix' to \
             update your Kustomization automatically."
        ));
    }
    let is_set = |(field, value): (&String, &Value)| {
        !["apiVersion", "kind"].contains(&field.as_str()) && !value.is_null() && value != ""
    };
    if !fields.iter().any(is_set) {
        return Err(Failure::message("kustomization.yaml is empty"));
    }
    match wrong_header(&fields).as_str() {
        "" => Ok(fields),
        why => {
            let text = format!("Failed to read kustomization file under {root}:\n{why}");
            Err(Failure::message(text))
        }
    }
}

/// What is wrong with a kustomization's kind and version, a line each (`EnforceFields`).
fn wrong_header(fields: &Map<String, Value>) -> String {
    let text = |field: &str| fields.get(field).and_then(Value::as_str).filter(|t| !t.is_empty());
    let kind = text("kind").unwrap_or(KUSTOMIZATION);
    let version = match kind {
        COMPONENT => "kustomize.config.k8s.io/v1alpha1",
        _ => "kustomize.config.k8s.io/v1beta1",
    };
    let mut wrong = Vec::new();
    if ![KUSTOMIZATION, COMPONENT].contains(&kind) {
        wrong.push(format!("kind should be {KUSTOMIZATION} or {COMPONENT}"));
    }
    if text("apiVersion").is_some_and(|given| given != version) {
        wrong.push(format!("apiVersion for {kind} should be {version}"));
    }
    wrong.join("\n")
}

/// A field that is a list of texts.
fn texts(fields: &Map<String, Value>, field: &str) -> Vec<String> {
    let items = fields.get(field).and_then(Value::as_array).into_iter().flatten();
    items.map(|item| item.as_str().unwrap_or("").to_owned()).collect()
}

/// Adds a resource of a kustomization, which is a file of manifests or another kustomization
/// (`accumulateResources`).
fn accumulate(
    io: &mut Io<'_>,
    root: &str,
    path: &str,
    stack: &mut Vec<String>,
    resources: &mut Vec<Resource>,
) -> Result<(), Failure> {
    if path.contains("://") {
        return Err(Failure::not_simulated("resources from the web", "save the file"));
    }
    let absolute = crate::shell::files::absolute(io.place, root, path);
    if io.list(&absolute).is_err() {
        let Err(why) = add_file(io, root, path, resources) else { return Ok(()) };
        return Err(Failure::message(match why.contains("MalformedYAMLError: ") {
            true => why,
            false => format!("accumulation err='{why}': {}", no_root(io, path, &absolute)),
        }));
    }
    let another = match stack.contains(&absolute) {
        true => Err(Failure::message(circle(&absolute))),
        false => build_another(io, &absolute, stack, Vec::new(), false),
    };
    let merged = another.and_then(|more| {
        add(resources, more).map_err(|fault| {
            Failure::message(format!("recursed merging from path '{absolute}': {fault}"))
        })
    });
    merged.map_err(|failure| {
        failure.behind(&format!(
            "accumulation err='accumulating resources from '{path}': '{absolute}' must resolve to a \
             file': "
        ))
    })
}

/// Adds the objects of a file of manifests (`accumulateFile`).
fn add_file(
    io: &Io<'_>,
    root: &str,
    path: &str,
    resources: &mut Vec<Resource>,
) -> Result<(), String> {
    let bytes = generate::read(io, root, path);
    let found = bytes.and_then(|bytes| objects(path, &String::from_utf8_lossy(&bytes)));
    let found = found.map_err(|why| format!("accumulating resources from '{path}': {why}"))?;
    add(resources, found).map_err(|why| format!("merging resources from '{path}': {why}"))
}

/// The objects of a text; lists are taken apart.
fn objects(file: &str, text: &str) -> Result<Vec<Resource>, String> {
    let (documents, faults) = manifest::parse(file, text);
    if let Some(fault) = faults.first() {
        return Err(format!("MalformedYAMLError: {} in File: {file}", fault.message));
    }
    let mut found = Vec::new();
    for document in documents {
        let is_list = document.value["kind"].as_str().is_some_and(|kind| kind.ends_with("List"));
        match document.value {
            Value::Null => {}
            Value::Object(fields) if fields.is_empty() => {}
            Value::Object(mut fields) if is_list => {
                let items = fields.remove("items").unwrap_or(Value::Null);
                found.extend(items.as_array().cloned().unwrap_or_default());
            }
            value => found.push(value),
        }
    }
    found.iter().try_for_each(complete)?;
    Ok(found.into_iter().map(Resource::of).collect())
}

/// Refuses a value that is no object of a kind and a name.
fn complete(value: &Value) -> Result<(), String> {
    let metadata = &value["metadata"];
    if value["apiVersion"].is_null() && value["kind"].is_null() && metadata.is_null() {
        return Err("missing Resource metadata".to_owned());
    }
    let text = |value: &Value| match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let (kind, name) = (text(&value["kind"]), text(&metadata["name"]));
    let what = match (kind.as_str(), name.as_str()) {
        ("", _) => "kind",
        (_, "") => "metadata.name",
        _ => return Ok(()),
    };
    let map = |field: &str| match &metadata[field] {
        Value::Null => "map[]".to_owned(),
        map => super::output::go_value(map),
    };
    Err(format!(
        "missing {what} in object {{{{{} {kind}}} {{{{{name} {}}} {} {}}}}}",
        text(&value["apiVersion"]),
        text(&metadata["namespace"]),
        map("labels"),
        map("annotations")
    ))
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

    // Each by kubectl 1.36.3.
    #[test]
    fn a_kustomization_reads_only_what_lies_beside_it() {
        let mut shop = shop();
        shop.file("over/kustomization.yaml", "resources: [../base/deploy.yaml]\n");
        let outside = "file '/home/player/base/deploy.yaml'";
        assert_eq!(
            shop.run("kubectl kustomize over").1,
            format!(
                "error: accumulating resources: accumulation err='accumulating resources from \
                 '../base/deploy.yaml': security; {outside} is not in or below '/home/player/over'': \
                 must build at directory: '/home/player/base/deploy.yaml': file is not directory\n"
            )
        );
        shop.file(
            "over/kustomization.yaml",
            "configMapGenerator: [{name: a, files: [../base/deploy.yaml]}]\n",
        );
        assert_eq!(
            shop.run("kubectl kustomize over").1,
            format!(
                "error: loading KV pairs: file sources: [../base/deploy.yaml]: security; {outside} is \
                 not in or below '/home/player/over'\n"
            )
        );
    }

    #[test]
    fn references_follow_only_names_of_their_own_namespace() {
        let mut shop = shop();
        shop.file(
            "over/kustomization.yaml",
            "resources: [../base]\nconfigMapGenerator: [{name: conf, namespace: far, literals: \
             [b=1]}]\n",
        );
        let built = shop.run("kubectl kustomize over").0;
        assert_eq!(built.matches("conf-fb2gmg6t69").count(), 2, "{built}");
    }

    #[test]
    fn a_patch_is_a_list_of_operations_or_objects_with_kind_and_name() {
        let mut shop = shop();
        let mut refused = |patch: &str| {
            let text = format!("resources: [../base]\npatches: [{patch}]\n");
            shop.file("over/kustomization.yaml", &text);
            shop.run("kubectl kustomize over").1
        };
        let config = "error: trouble configuring builtin PatchTransformer with config: `\n";
        assert_eq!(
            refused("{patch: 'spec: {paused: true}', target: {kind: Deployment}}"),
            format!(
                "{config}patch: 'spec: {{paused: true}}'\ntarget:\n  kind: Deployment\n`: unable to \
                 parse SM or JSON patch from [patch: \"spec: {{paused: true}}\"]\n"
            )
        );
        assert_eq!(refused("{patch: '[]'}"), "");
        assert_eq!(
            refused("{patch: '[{\"op\":\"remove\",\"path\":\"/spec\"}]'}"),
            "error: must specify a target for JSON patch [patch: \"[{\\\"op\\\":\\\"remove\\\",\
             \\\"path\\\":\\\"/spec\\\"}]\"]\n"
        );
        assert_eq!(
            refused("{}"),
            format!("{config}{{}}\n`: must specify one of patch and path in\n{{}}\n")
        );
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
