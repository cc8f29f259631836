//! Every image that podhop carries, and which of its tags exist.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use include_dir::{Dir, include_dir};

use super::Image;
use super::describe::{Contents, Description, read};
use super::reference::Reference;
use super::tags::{Tags, Which};
use crate::diagnostic::{Diagnostic, nearest};

static DESCRIPTIONS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/src/cluster/image/catalogue");

static BASES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/src/cluster/image/bases");

/// What a reference leads to.
#[derive(Clone, Debug)]
pub enum Lookup {
    /// The image.
    Found(Arc<Image>),
    /// The repository is known, but has no such tag.
    NoSuchTag,
    /// podhop does not carry this repository.
    Unknown,
}

/// One repository.
struct Entry {
    /// Where it is, registry included; the first is its usual name.
    names: Vec<String>,
    tags: Tags,
    image: Arc<Image>,
    variants: Vec<(Which, Arc<Image>)>,
}

static CATALOGUE: LazyLock<Vec<Entry>> = LazyLock::new(|| {
    texts(&DESCRIPTIONS).filter_map(|(file, text)| entry(file, text).ok()).collect()
});

static SYSTEMS: LazyLock<BTreeMap<&'static str, Contents>> = LazyLock::new(|| {
    let all = texts(&BASES).filter_map(|(file, text)| {
        Some((file.strip_suffix(".yaml")?, read::<Contents>(file, text).ok()?))
    });
    all.collect()
});

/// The image that a reference names.
pub fn find(reference: &Reference) -> Lookup {
    let name = of_origin(&reference.name());
    let Some(entry) = CATALOGUE.iter().find(|entry| entry.names.contains(&name)) else {
        return Lookup::Unknown;
    };
    if reference.digest.is_none() && !entry.tags.contain(&reference.tag) {
        return Lookup::NoSuchTag;
    }
    let variant = entry.variants.iter().find(|(which, _)| which.picks(&reference.tag));
    Lookup::Found(variant.map_or(&entry.image, |(_, image)| image).clone())
}

/// Registries that hold what another one holds, and that one.
const MIRRORS: [(&str, &str); 6] = [
    ("gcr.io/google-containers/", "registry.k8s.io/"),
    ("gcr.io/google_containers/", "registry.k8s.io/"),
    ("k8s.gcr.io/", "registry.k8s.io/"),
    ("mirror.gcr.io/", "docker.io/"),
    ("public.ecr.aws/docker/library/", "docker.io/library/"),
    ("registry.istio.io/release/", "docker.io/istio/"),
];

/// A name as the registry has it from which others copy.
fn of_origin(name: &str) -> String {
    let found = MIRRORS
        .iter()
        .find_map(|(mirror, origin)| Some(format!("{origin}{}", name.strip_prefix(mirror)?)));
    found.unwrap_or_else(|| name.to_owned())
}

/// What the player's machine holds.
pub fn laptop() -> &'static Image {
    static LAPTOP: LazyLock<Image> = LazyLock::new(|| machine("laptop"));
    &LAPTOP
}

/// What a node holds.
pub fn node() -> &'static Image {
    static NODE: LazyLock<Image> = LazyLock::new(|| machine("node"));
    &NODE
}

/// The names of everything that podhop carries, as a user writes them.
pub fn carried() -> impl Iterator<Item = &'static str> {
    CATALOGUE.iter().map(|entry| short(&entry.names[0]))
}

/// The image of the catalogue whose name is spelt most like this one: the whole of it, or the part behind the
/// last `/`, since registry and owner are easily forgotten.
pub fn nearest_to(name: &str) -> Option<&'static str> {
    let (path, last) = name.rsplit_once('/').map_or(("", name), |(path, last)| (path, last));
    let last = last.split(['@', ':']).next().unwrap_or(last);
    let whole = if path.is_empty() { last.to_owned() } else { format!("{path}/{last}") };
    let own = |known: &'static str| known.rsplit('/').next().unwrap_or(known);
    carried()
        .find(|known| *known == whole)
        .or_else(|| nearest(&whole, carried()))
        .or_else(|| carried().find(|known| own(known) == last))
        .or_else(|| {
            let near = nearest(last, carried().map(own))?;
            carried().find(|known| own(known) == near)
        })
}

/// The same image with the tag that the text has, where the image has that tag; else one that can be pulled.
pub fn nearest_reference(text: &str) -> Option<String> {
    let name = nearest_to(text)?;
    let last = text.rsplit('/').next().unwrap_or(text).split('@').next().unwrap_or(text);
    let own = last.split_once(':').map(|(_, tag)| format!("{name}:{tag}"));
    let newest = CATALOGUE.iter().find(|entry| short(&entry.names[0]) == name);
    let newest = newest.map(|entry| format!("{name}:{}", entry.tags.newest()));
    let all = own.into_iter().chain([name.to_owned()]).chain(newest);
    let is_there = |text: &String| {
        Reference::parse(text).is_some_and(|known| matches!(find(&known), Lookup::Found(_)))
    };
    all.into_iter().find(is_there)
}

fn short(name: &str) -> &str {
    name.strip_prefix("docker.io/library/")
        .or_else(|| name.strip_prefix("docker.io/"))
        .unwrap_or(name)
}

/// A machine outside containers.
fn machine(name: &str) -> Image {
    let contents = Contents { base: Some(name.to_owned()), ..Contents::default() };
    whole(contents).image(name)
}

fn texts(folder: &'static Dir<'static>) -> impl Iterator<Item = (&'static str, &'static str)> {
    let texts = folder
        .files()
        .filter_map(|file| Some((file.path().file_name()?.to_str()?, file.contents_utf8()?)));
    texts.filter(|(name, _)| name.ends_with(".yaml"))
}

/// The repository that a file describes.
fn entry(file: &str, text: &str) -> Result<Entry, Diagnostic> {
    let Description { names, tags, image, variants } = read(file, text)?;
    let Some(first) = names.first() else {
        return Err(Diagnostic::error("a repository has a name").in_file(file));
    };
    let name = repository(first);
    let variants = variants.into_iter().map(|variant| {
        let contents = variant.image.over(image.clone());
        (variant.of, Arc::new(whole(contents).image(name)))
    });
    let variants = variants.collect();
    Ok(Entry { image: Arc::new(whole(image).image(name)), names, tags, variants })
}

/// `nginx` of `docker.io/library/nginx`, `curlimages/curl` of `docker.io/curlimages/curl`.
fn repository(name: &str) -> &str {
    let short = short(name);
    match short.split_once('/') {
        Some((host, rest)) if host.contains('.') => rest,
        _ => short,
    }
}

/// Contents with everything that is below them.
fn whole(contents: Contents) -> Contents {
    let mut contents = contents;
    // A system is built on another at most a few times.
    for _ in 0..4 {
        let Some(base) = contents.base.take() else { break };
        let below = SYSTEMS.get(base.as_str()).cloned().unwrap_or_default();
        contents = contents.over(below);
    }
    contents
}

#[cfg(test)]
mod tests {
    use super::super::{Flavour, content};
    use super::*;

    fn lookup(text: &str) -> Lookup {
        find(&Reference::parse(text).unwrap())
    }

    fn image(text: &str) -> Arc<Image> {
        match lookup(text) {
            Lookup::Found(image) => image,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn every_description_can_be_read() {
        for (file, text) in texts(&BASES) {
            let read = read::<Contents>(file, text);
            assert!(read.is_ok(), "{:?}", read.unwrap_err());
        }
        for (file, text) in texts(&DESCRIPTIONS) {
            if let Err(error) = entry(file, text) {
                panic!("{error:?}");
            }
            let description: Description = read(file, text).unwrap();
            let variants = description.variants.iter().map(|variant| &variant.image);
            for contents in variants.chain([&description.image]) {
                let base = contents.base.as_deref();
                assert!(base.is_none_or(|base| SYSTEMS.contains_key(base)), "{file}: {base:?}");
                let missing = contents.copies.values().find(|copy| content::file(copy).is_none());
                assert_eq!(missing, None, "{file}");
            }
        }
    }

    #[test]
    fn every_name_is_a_reference_and_belongs_to_one_description() {
        let mut names: Vec<&String> = CATALOGUE.iter().flat_map(|entry| &entry.names).collect();
        for name in &names {
            let reference = Reference::parse(name).map(|reference| reference.name());
            assert_eq!(reference.as_ref(), Some(*name));
        }
        let count = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), count);
    }

    #[test]
    fn what_an_image_starts_is_a_tool_that_it_holds() {
        for entry in CATALOGUE.iter() {
            let variants = entry.variants.iter().map(|(_, image)| image);
            for image in variants.chain([&entry.image]) {
                let first = image.entrypoint.first().or(image.command.first());
                let held = first.is_none_or(|program| image.holds(program));
                assert!(held, "{}: {first:?}", entry.names[0]);
                let served = image.servers.iter().find(|server| !image.holds(&server.program));
                assert!(served.is_none(), "{}: {served:?}", entry.names[0]);
            }
        }
    }

    #[test]
    fn a_tag_that_never_came_out_is_not_found() {
        assert!(matches!(lookup("nginx:1.27"), Lookup::Found(_)));
        assert!(matches!(lookup("nginx:1.27.5-alpine"), Lookup::Found(_)));
        assert!(matches!(lookup("nginx:nope"), Lookup::NoSuchTag));
        assert!(matches!(lookup("nginx:9.9"), Lookup::NoSuchTag));
        assert!(matches!(lookup("example/shop:1"), Lookup::Unknown));
    }

    // TOPICS C19
    #[test]
    fn both_names_of_the_kubernetes_registry_are_known() {
        assert!(matches!(lookup("k8s.gcr.io/echoserver:1.10"), Lookup::Found(_)));
        assert!(matches!(lookup("registry.k8s.io/echoserver:1.10"), Lookup::Found(_)));
    }

    #[test]
    fn a_mirror_holds_what_its_origin_holds() {
        for name in [
            "k8s.gcr.io/busybox:1.24",
            "registry.istio.io/release/examples-bookinfo-details-v1:1.20.3",
            "public.ecr.aws/docker/library/nginx:1.27",
            "gcr.io/google_containers/pause:3.1",
        ] {
            assert!(matches!(lookup(name), Lookup::Found(_)), "{name}");
        }
        assert!(matches!(lookup("k8s.gcr.io/nosuch"), Lookup::Unknown));
    }

    // TOPICS A13, NETWORKING §15
    #[test]
    fn images_hold_the_tools_that_they_really_hold() {
        let holds = |name: &str, tool: &str| image(name).holds(tool);
        assert!(holds("nginx", "curl") && !holds("nginx", "wget"));
        assert!(!holds("httpd", "curl") && !holds("httpd", "wget"));
        assert!(holds("busybox", "wget") && !holds("busybox", "curl"));
        assert!(holds("ubuntu", "bash") && !holds("ubuntu", "curl"));
        assert!(!holds("hashicorp/http-echo", "sh"));
    }

    #[test]
    fn tags_decide_what_an_image_holds() {
        assert_eq!(image("nginx:alpine").flavour, Flavour::BusyBox);
        assert_eq!(image("busybox:1.28").version("busybox"), Some("1.28.4"));
        assert_eq!(image("busybox:1.35").version("busybox"), Some("1.35.0"));
        assert_eq!(image("busybox").version("busybox"), Some("1.37.0"));
        assert_eq!(image("alpine:3.18").release("VERSION_ID"), Some("3.18.12"));
        let alpine = image("alpine:3.18");
        assert_eq!(alpine.file("/etc/alpine-release").map(AsRef::as_ref), Some("3.18.12\n"));
        let codename = |name: &str| image(name).release("VERSION_CODENAME").map(str::to_owned);
        assert_eq!(codename("debian:12").as_deref(), Some("bookworm"));
        assert_eq!(codename("debian").as_deref(), Some("trixie"));
        assert_eq!(codename("ubuntu:22.04").as_deref(), Some("jammy"));
    }
}
