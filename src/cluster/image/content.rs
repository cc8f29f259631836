//! The files that images bring along.

use super::{Flavour, Image};

/// nginx's default page: 615 bytes, as the real one (NETWORKING §15).
pub const NGINX_PAGE: &str = include_str!("content/nginx-index.html");

const NGINX_ERROR_PAGE: &str = include_str!("content/nginx-50x.html");

const NGINX_CONF: &str = include_str!("content/nginx.conf");

const NGINX_DEFAULT: &str = include_str!("content/nginx-default.conf");

const MIME_TYPES: &str = include_str!("content/mime.types");

/// httpd's default page.
pub const HTTPD_PAGE: &str = "<html><body><h1>It works!</h1></body></html>\n";

const DEBIAN_RELEASE: &str = "\
PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"
NAME=\"Debian GNU/Linux\"
VERSION_ID=\"12\"
VERSION=\"12 (bookworm)\"
VERSION_CODENAME=bookworm
ID=debian
";

const UBUNTU_RELEASE: &str = "\
PRETTY_NAME=\"Ubuntu 24.04.3 LTS\"
NAME=\"Ubuntu\"
VERSION_ID=\"24.04\"
VERSION=\"24.04.3 LTS (Noble Numbat)\"
VERSION_CODENAME=noble
ID=ubuntu
ID_LIKE=debian
";

const ALPINE_RELEASE: &str = "\
NAME=\"Alpine Linux\"
ID=alpine
VERSION_ID=3.22.2
PRETTY_NAME=\"Alpine Linux v3.22\"
";

/// A file of the image.
pub fn file(image: &Image, path: &str) -> Option<&'static str> {
    table(image).find(|(name, _)| *name == path).map(|(_, content)| content)
}

/// The paths of the image's files.
pub fn files(image: &Image) -> impl Iterator<Item = &'static str> {
    table(image).map(|(name, _)| name)
}

/// The directories that are there even when empty.
pub fn directories(image: &Image) -> &'static [&'static str] {
    match image.name.as_str() {
        "busybox" => &[
            "/bin", "/dev", "/etc", "/home", "/lib", "/proc", "/root", "/sys", "/tmp", "/usr",
            "/var",
        ],
        _ => &[
            "/bin", "/boot", "/dev", "/etc", "/home", "/lib", "/media", "/mnt", "/opt", "/proc",
            "/root", "/run", "/sbin", "/srv", "/sys", "/tmp", "/usr", "/var",
        ],
    }
}

fn table(image: &Image) -> impl Iterator<Item = (&'static str, &'static str)> {
    let release = match (image.name.as_str(), image.flavour) {
        ("busybox", _) => None,
        ("ubuntu", _) => Some(UBUNTU_RELEASE),
        (_, Flavour::Gnu) => Some(DEBIAN_RELEASE),
        (_, Flavour::BusyBox) => Some(ALPINE_RELEASE),
    };
    let system = release.map(|text| ("/etc/os-release", text));
    system.into_iter().chain(program_files(image).iter().copied())
}

/// A file of nginx's own.
pub fn nginx_file(path: &str) -> Option<&'static str> {
    NGINX_FILES.iter().find(|(name, _)| *name == path).map(|(_, content)| *content)
}

const NGINX_FILES: &[(&str, &str)] = &[
    ("/etc/nginx/conf.d/default.conf", NGINX_DEFAULT),
    ("/etc/nginx/mime.types", MIME_TYPES),
    ("/etc/nginx/nginx.conf", NGINX_CONF),
    ("/usr/share/nginx/html/50x.html", NGINX_ERROR_PAGE),
    ("/usr/share/nginx/html/index.html", NGINX_PAGE),
];

fn program_files(image: &Image) -> &'static [(&'static str, &'static str)] {
    match image.name.as_str() {
        "nginx" | "nginx-slim" => NGINX_FILES,
        "httpd" => &[("/usr/local/apache2/htdocs/index.html", HTTPD_PAGE)],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // NETWORKING §15
    #[test]
    fn the_welcome_page_has_its_size_and_title() {
        assert_eq!(NGINX_PAGE.len(), 615);
        assert!(NGINX_PAGE.contains("<title>Welcome to nginx!</title>"));
        assert!(NGINX_PAGE.contains("<h1>Welcome to nginx!</h1>"));
    }
}
