//! The larger files that images bring along.

use include_dir::{Dir, include_dir};

static CONTENT: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/src/cluster/image/content");

/// A file of `content/`.
pub(super) fn file(name: &str) -> Option<&'static str> {
    CONTENT.get_file(name)?.contents_utf8()
}

/// A file of nginx's own.
pub fn nginx_file(path: &str) -> Option<&'static str> {
    file(match path {
        "/etc/nginx/conf.d/default.conf" => "nginx-default.conf",
        "/etc/nginx/mime.types" => "mime.types",
        "/etc/nginx/fastcgi_params" => "fastcgi_params",
        "/etc/nginx/nginx.conf" => "nginx.conf",
        "/usr/share/nginx/html/50x.html" => "nginx-50x.html",
        "/usr/share/nginx/html/index.html" => "nginx-index.html",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    // NETWORKING §15
    #[test]
    fn the_welcome_page_has_its_size_and_title() {
        let page = nginx_file("/usr/share/nginx/html/index.html").unwrap();
        assert_eq!(page.len(), 615);
        assert!(page.contains("<title>Welcome to nginx!</title>"));
        assert!(page.contains("<h1>Welcome to nginx!</h1>"));
    }
}
