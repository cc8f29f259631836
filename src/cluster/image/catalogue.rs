//! Every image that podhop carries, and which of its tags exist.

use std::sync::{Arc, LazyLock};

use super::reference::Reference;
use super::{Flavour, Image, tools};

const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

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
    names: &'static [&'static str],
    tags: Tags,
    /// What it is by default.
    image: Arc<Image>,
    /// What its `alpine` tags are, where it has such.
    alpine: Option<Arc<Image>>,
}

/// Which tags exist: words, and versions up to the newest.
struct Tags {
    words: &'static [&'static str],
    newest: (u32, u32),
}

/// The image that a reference names.
pub fn find(reference: &Reference) -> Lookup {
    let name = reference.name();
    let Some(entry) = CATALOGUE.iter().find(|entry| entry.names.contains(&name.as_str())) else {
        return Lookup::Unknown;
    };
    if reference.digest.is_none() && !entry.tags.contain(&reference.tag) {
        return Lookup::NoSuchTag;
    }
    let alpine = reference.tag.split('-').any(|part| part.starts_with("alpine"));
    match &entry.alpine {
        Some(image) if alpine => Lookup::Found(image.clone()),
        _ => Lookup::Found(entry.image.clone()),
    }
}

/// What the player's machine holds.
pub fn laptop() -> &'static Image {
    static LAPTOP: LazyLock<Image> = LazyLock::new(|| {
        let more = ["kubectl", "minikube", "nano", "ssh", "vi", "vim", "less", "tree", "diff"];
        Image { user: "player", directory: "", ..machine("laptop", &more) }
    });
    &LAPTOP
}

/// What a node holds.
pub fn node() -> &'static Image {
    static NODE: LazyLock<Image> = LazyLock::new(|| {
        machine(
            "node",
            &["crictl", "ctr", "journalctl", "less", "ssh", "sudo", "sysctl", "systemctl", "vi"],
        )
    });
    &NODE
}

/// The names of everything that podhop carries, as a user writes them.
pub fn carried() -> impl Iterator<Item = &'static str> {
    CATALOGUE.iter().map(|entry| {
        let name = entry.names[0];
        name.strip_prefix("docker.io/library/")
            .or_else(|| name.strip_prefix("docker.io/"))
            .unwrap_or(name)
    })
}

impl Tags {
    fn contain(&self, tag: &str) -> bool {
        let first = tag.split('-').next().unwrap_or(tag);
        self.words.contains(&tag) || self.words.contains(&first) || self.has_version(first)
    }

    /// Whether `text` is a version (`1`, `1.27`, `v1.13.1`) that has come out.
    fn has_version(&self, text: &str) -> bool {
        let numbers = text.strip_prefix('v').unwrap_or(text).split('.');
        let parsed: Option<Vec<u32>> = numbers.map(|number| number.parse().ok()).collect();
        match parsed.as_deref() {
            Some([major]) => *major <= self.newest.0,
            Some([major, minor, ..]) => (*major, *minor) <= self.newest,
            _ => false,
        }
    }
}

/// A machine outside containers.
fn machine(name: &str, more: &[&'static str]) -> Image {
    let mut all = tools::NETWORK.to_vec();
    all.extend_from_slice(more);
    Image { directory: "/root", ..gnu(name, &[], &all) }
}

fn gnu(name: &str, command: &[&str], more: &[&'static str]) -> Image {
    Image {
        name: name.to_owned(),
        entrypoint: Vec::new(),
        command: owned(command),
        tools: tools::debian(more),
        flavour: Flavour::Gnu,
        environment: vec![("PATH", PATH)],
        directory: "/",
        user: "root",
    }
}

fn alpine(name: &str, command: &[&str], more: &[&'static str]) -> Image {
    Image { tools: tools::alpine(more), flavour: Flavour::BusyBox, ..gnu(name, command, &[]) }
}

/// An image that holds one program and nothing else.
fn bare(name: &str, entrypoint: &[&str], command: &[&str], tools: &[&'static str]) -> Image {
    Image {
        entrypoint: owned(entrypoint),
        tools: tools.to_vec(),
        flavour: Flavour::BusyBox,
        ..gnu(name, command, &[])
    }
}

fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn entry(
    names: &'static [&'static str],
    words: &'static [&'static str],
    newest: (u32, u32),
    image: Image,
) -> Entry {
    Entry { names, tags: Tags { words, newest }, image: Arc::new(image), alpine: None }
}

impl Entry {
    fn with_alpine(mut self, image: Image) -> Entry {
        self.alpine = Some(Arc::new(image));
        self
    }
}

const DEBIANS: &[&str] = &["latest", "stable", "bookworm", "bullseye", "trixie", "sid", "testing"];

const UBUNTUS: &[&str] = &["latest", "noble", "jammy", "focal", "rolling", "plucky"];

static CATALOGUE: LazyLock<Vec<Entry>> = LazyLock::new(|| {
    let mut all = web_servers();
    all.extend(bases());
    all.extend(test_servers());
    all.extend(databases());
    all.extend(system());
    all
});

fn web_servers() -> Vec<Entry> {
    let nginx_entry = |image: Image| Image {
        entrypoint: owned(&["/docker-entrypoint.sh"]),
        environment: vec![
            ("PATH", PATH),
            ("NGINX_VERSION", "1.27.5"),
            ("NJS_VERSION", "0.8.10"),
            ("NJS_RELEASE", "1~bookworm"),
            ("PKG_RELEASE", "1~bookworm"),
            ("DYNPKG_RELEASE", "1~bookworm"),
        ],
        ..image
    };
    let nginx_words = &["latest", "stable", "mainline", "alpine", "perl", "bookworm"];
    let daemon = ["nginx", "-g", "daemon off;"];
    let more = ["curl", "docker-entrypoint.sh", "envsubst", "nginx", "openssl"];
    let slim = ["nginx", "-g", "daemon off;"];
    let httpd_env = vec![
        (
            "PATH",
            "/usr/local/apache2/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        ),
        ("HTTPD_PREFIX", "/usr/local/apache2"),
        ("HTTPD_VERSION", "2.4.63"),
    ];
    let httpd = Image {
        environment: httpd_env.clone(),
        directory: "/usr/local/apache2",
        ..gnu(
            "httpd",
            &["httpd-foreground"],
            &["apachectl", "httpd", "httpd-foreground", "openssl"],
        )
    };
    let httpd_alpine = Image {
        environment: httpd_env,
        directory: "/usr/local/apache2",
        ..alpine("httpd", &["httpd-foreground"], &["apachectl", "httpd", "httpd-foreground"])
    };
    vec![
        entry(
            &["docker.io/library/nginx"],
            nginx_words,
            (1, 29),
            nginx_entry(gnu("nginx", &daemon, &more)),
        )
        .with_alpine(nginx_entry(alpine("nginx", &daemon, &more))),
        entry(
            &["registry.k8s.io/nginx-slim", "k8s.gcr.io/nginx-slim"],
            &[],
            (0, 27),
            gnu("nginx-slim", &slim, &["curl", "nginx"]),
        ),
        entry(
            &["docker.io/library/httpd"],
            &["latest", "bookworm", "alpine", "trixie"],
            (2, 4),
            httpd,
        )
        .with_alpine(httpd_alpine),
    ]
}

fn bases() -> Vec<Entry> {
    let curl = Image {
        entrypoint: owned(&["/entrypoint.sh"]),
        directory: "/home/curl_user",
        user: "curl_user",
        environment: vec![("PATH", PATH), ("CURL_CA_BUNDLE", "/cacert.pem")],
        ..alpine("curlimages/curl", &["curl"], &["curl", "entrypoint.sh"])
    };
    let shoot = ["bash", "zsh", "socat", "iperf3", "nmap", "drill", "tshark", "vim"];
    let mut shoot_tools = tools::NETWORK.to_vec();
    shoot_tools.extend_from_slice(&shoot);
    let python = ["pip", "pip3", "python", "python3"];
    let node_js = ["docker-entrypoint.sh", "node", "npm", "npx", "yarn"];
    let entry_script =
        |image: Image| Image { entrypoint: owned(&["docker-entrypoint.sh"]), ..image };
    let busybox = Image { tools: tools::busybox(&[]), ..alpine("busybox", &["sh"], &[]) };
    vec![
        entry(
            &[
                "docker.io/library/busybox",
                "registry.k8s.io/busybox",
                "gcr.io/google-containers/busybox",
            ],
            &["latest", "stable", "musl", "glibc", "uclibc", "unstable"],
            (1, 37),
            busybox,
        ),
        entry(
            &["docker.io/library/alpine"],
            &["latest", "edge"],
            (3, 22),
            alpine("alpine", &["/bin/sh"], &[]),
        ),
        entry(&["docker.io/library/ubuntu"], UBUNTUS, (25, 10), gnu("ubuntu", &["/bin/bash"], &[])),
        entry(&["docker.io/library/debian"], DEBIANS, (13, 9), gnu("debian", &["bash"], &[])),
        entry(&["docker.io/curlimages/curl", "quay.io/curl/curl"], &["latest"], (8, 17), curl),
        entry(
            &["docker.io/nicolaka/netshoot"],
            &["latest"],
            (0, 14),
            alpine("nicolaka/netshoot", &["zsh"], &shoot_tools),
        ),
        entry(
            &["docker.io/library/python"],
            &["latest", "slim", "alpine", "bookworm"],
            (3, 14),
            gnu("python", &["python3"], &[&python[..], &["curl", "wget", "openssl"]].concat()),
        )
        .with_alpine(alpine("python", &["python3"], &python)),
        entry(
            &["docker.io/library/node"],
            &["latest", "lts", "slim", "alpine", "current", "bookworm"],
            (25, 9),
            entry_script(gnu(
                "node",
                &["node"],
                &[&node_js[..], &["curl", "wget", "openssl"]].concat(),
            )),
        )
        .with_alpine(entry_script(alpine("node", &["node"], &node_js))),
    ]
}

fn test_servers() -> Vec<Entry> {
    let agnhost_tools = ["agnhost", "bash", "curl", "dig", "host", "iperf", "openssl"];
    let agnhost =
        Image { entrypoint: owned(&["/agnhost"]), ..alpine("agnhost", &["pause"], &agnhost_tools) };
    let serve_hostname = bare("serve_hostname", &["/agnhost"], &["serve-hostname"], &["agnhost"]);
    vec![
        entry(
            &[
                "registry.k8s.io/echoserver",
                "k8s.gcr.io/echoserver",
                "gcr.io/google_containers/echoserver",
            ],
            &[],
            (1, 10),
            gnu("echoserver", &["/usr/local/bin/run.sh"], &["curl", "nginx", "openssl", "run.sh"]),
        ),
        entry(
            &["registry.k8s.io/e2e-test-images/agnhost", "k8s.gcr.io/e2e-test-images/agnhost"],
            &[],
            (2, 59),
            agnhost,
        ),
        entry(
            &["registry.k8s.io/serve_hostname", "k8s.gcr.io/serve_hostname"],
            &["latest"],
            (1, 4),
            serve_hostname,
        ),
        entry(
            &[
                "registry.k8s.io/e2e-test-images/jessie-dnsutils",
                "k8s.gcr.io/e2e-test-images/jessie-dnsutils",
                "registry.k8s.io/e2e-test-images/dnsutils",
            ],
            &["latest"],
            (1, 7),
            gnu("jessie-dnsutils", &["sleep", "infinity"], &["dig", "host", "nslookup"]),
        ),
        entry(
            &["docker.io/radial/busyboxplus"],
            &["latest", "base", "curl", "git"],
            (1, 0),
            Image {
                tools: tools::busybox(&["curl"]),
                ..alpine("radial/busyboxplus", &["/bin/sh"], &[])
            },
        ),
        entry(
            &["docker.io/hashicorp/http-echo"],
            &["latest", "alpine"],
            (1, 0),
            bare("hashicorp/http-echo", &["/http-echo"], &[], &["http-echo"]),
        ),
        entry(
            &["docker.io/traefik/whoami", "docker.io/containous/whoami"],
            &["latest"],
            (1, 11),
            bare("traefik/whoami", &["/whoami"], &[], &["whoami"]),
        ),
    ]
}

fn databases() -> Vec<Entry> {
    let script = |image: Image| Image { entrypoint: owned(&["docker-entrypoint.sh"]), ..image };
    let redis = ["docker-entrypoint.sh", "redis-cli", "redis-server"];
    let mysql = ["docker-entrypoint.sh", "mysql", "mysqladmin", "mysqld"];
    let postgres = ["docker-entrypoint.sh", "pg_isready", "postgres", "psql"];
    let memcached = ["docker-entrypoint.sh", "memcached"];
    let redis_env = vec![("PATH", PATH), ("REDIS_VERSION", "7.4.2")];
    let in_data =
        |image: Image| Image { directory: "/data", environment: redis_env.clone(), ..image };
    vec![
        entry(
            &["docker.io/library/redis"],
            &["latest", "alpine", "bookworm"],
            (8, 4),
            script(in_data(gnu("redis", &["redis-server"], &redis))),
        )
        .with_alpine(script(in_data(alpine("redis", &["redis-server"], &redis)))),
        entry(
            &["docker.io/library/mysql"],
            &["latest", "lts", "oracle", "debian"],
            (9, 5),
            script(gnu("mysql", &["mysqld"], &mysql)),
        ),
        entry(
            &["docker.io/library/mariadb"],
            &["latest", "lts", "noble"],
            (12, 1),
            script(gnu("mariadb", &["mariadbd"], &["docker-entrypoint.sh", "mariadb", "mariadbd"])),
        ),
        entry(
            &["docker.io/library/postgres"],
            &["latest", "alpine", "bookworm"],
            (18, 9),
            script(gnu("postgres", &["postgres"], &postgres)),
        )
        .with_alpine(script(alpine("postgres", &["postgres"], &postgres))),
        entry(
            &["docker.io/library/memcached"],
            &["latest", "alpine", "bookworm"],
            (1, 6),
            script(gnu("memcached", &["memcached"], &memcached)),
        )
        .with_alpine(script(alpine("memcached", &["memcached"], &memcached))),
    ]
}

fn system() -> Vec<Entry> {
    vec![
        entry(
            &["registry.k8s.io/pause", "k8s.gcr.io/pause"],
            &["latest"],
            (3, 10),
            bare("pause", &["/pause"], &[], &["pause"]),
        ),
        entry(
            &["registry.k8s.io/ingress-nginx/controller", "k8s.gcr.io/ingress-nginx/controller"],
            &[],
            (1, 14),
            Image {
                entrypoint: owned(&["/usr/bin/dumb-init", "--"]),
                user: "www-data",
                ..alpine(
                    "ingress-nginx/controller",
                    &["/nginx-ingress-controller"],
                    &["bash", "curl", "dumb-init", "nginx", "nginx-ingress-controller"],
                )
            },
        ),
        entry(
            &["registry.k8s.io/coredns/coredns", "docker.io/coredns/coredns"],
            &["latest"],
            (1, 13),
            bare("coredns/coredns", &["/coredns"], &[], &["coredns"]),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lookup(text: &str) -> Lookup {
        find(&Reference::parse(text).unwrap())
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

    // TOPICS A13, NETWORKING §15
    #[test]
    fn images_hold_the_tools_that_they_really_hold() {
        let holds = |image: &str, tool: &str| match lookup(image) {
            Lookup::Found(image) => image.holds(tool),
            _ => false,
        };
        assert!(holds("nginx", "curl") && !holds("nginx", "wget"));
        assert!(!holds("httpd", "curl") && !holds("httpd", "wget"));
        assert!(holds("busybox", "wget") && !holds("busybox", "curl"));
        assert!(holds("ubuntu", "bash") && !holds("ubuntu", "curl"));
        assert!(!holds("hashicorp/http-echo", "sh"));
    }

    #[test]
    fn alpine_tags_are_built_on_busybox() {
        let Lookup::Found(image) = lookup("nginx:alpine") else { panic!("no image") };
        assert_eq!(image.flavour, Flavour::BusyBox);
    }
}
