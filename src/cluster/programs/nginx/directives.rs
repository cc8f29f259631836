//! Which directives nginx knows, where each may stand and how many arguments it takes.

/// Where a directive may stand, as bits.
pub type Places = u8;

pub const MAIN: Places = 1;
pub const EVENTS: Places = 2;
pub const HTTP: Places = 4;
pub const SERVER: Places = 8;
pub const LOCATION: Places = 16;
pub const UPSTREAM: Places = 32;
pub const IF: Places = 64;
pub const LIMIT_EXCEPT: Places = 128;

/// Anywhere in `http`.
const WEB: Places = HTTP | SERVER | LOCATION;

/// A directive's row: name, places, fewest and most arguments, whether it opens a block.
#[derive(Debug)]
pub struct Known {
    pub name: &'static str,
    pub places: Places,
    pub arguments: (usize, usize),
    pub block: bool,
}

const MANY: usize = usize::MAX;

const fn line(name: &'static str, places: Places, fewest: usize, most: usize) -> Known {
    Known { name, places, arguments: (fewest, most), block: false }
}

const fn block(name: &'static str, places: Places, fewest: usize, most: usize) -> Known {
    Known { name, places, arguments: (fewest, most), block: true }
}

/// The directive of this name.
pub fn find(name: &str) -> Option<&'static Known> {
    KNOWN.iter().find(|known| known.name == name)
}

/// The core, http, proxy, upstream, rewrite, headers, ssl and gzip modules' directives, as far as
/// people use them. Those that change nothing in a simulation are accepted and have no effect.
static KNOWN: &[Known] = &[
    block("events", MAIN, 0, 0),
    block("http", MAIN, 0, 0),
    block("server", HTTP, 0, 0),
    block("location", SERVER | LOCATION, 1, 2),
    block("upstream", HTTP, 1, 1),
    block("types", WEB, 0, 0),
    block("map", HTTP, 2, 2),
    block("geo", HTTP, 1, 2),
    block("if", SERVER | LOCATION, 1, MANY),
    block("limit_except", LOCATION, 1, MANY),
    line("include", MAIN | EVENTS | WEB | UPSTREAM | IF, 1, 1),
    line("user", MAIN, 1, 2),
    line("worker_processes", MAIN, 1, 1),
    line("worker_rlimit_nofile", MAIN, 1, 1),
    line("worker_connections", EVENTS, 1, 1),
    line("multi_accept", EVENTS, 1, 1),
    line("use", EVENTS, 1, 1),
    line("pid", MAIN, 1, 1),
    line("daemon", MAIN, 1, 1),
    line("master_process", MAIN, 1, 1),
    line("load_module", MAIN, 1, 1),
    line("env", MAIN, 1, 1),
    line("error_log", MAIN | WEB, 1, MANY),
    line("access_log", WEB | IF | LIMIT_EXCEPT, 1, MANY),
    line("log_format", HTTP, 2, MANY),
    line("listen", SERVER, 1, MANY),
    line("server_name", SERVER, 1, MANY),
    line("server_names_hash_bucket_size", HTTP, 1, 1),
    line("server_names_hash_max_size", HTTP, 1, 1),
    line("types_hash_max_size", WEB, 1, 1),
    line("root", WEB | IF, 1, 1),
    line("alias", LOCATION, 1, 1),
    line("index", WEB, 1, MANY),
    line("try_files", SERVER | LOCATION, 2, MANY),
    line("autoindex", WEB, 1, 1),
    line("default_type", WEB, 1, 1),
    line("charset", WEB | IF, 1, 1),
    line("error_page", WEB | IF, 2, MANY),
    line("return", SERVER | LOCATION | IF, 1, 2),
    line("rewrite", SERVER | LOCATION | IF, 2, 3),
    line("set", SERVER | LOCATION | IF, 2, 2),
    line("break", SERVER | LOCATION | IF, 0, 0),
    line("internal", LOCATION, 0, 0),
    line("allow", WEB | LIMIT_EXCEPT, 1, 1),
    line("deny", WEB | LIMIT_EXCEPT, 1, 1),
    line("auth_basic", WEB | LIMIT_EXCEPT, 1, 1),
    line("auth_basic_user_file", WEB | LIMIT_EXCEPT, 1, 1),
    line("add_header", WEB | IF, 2, 3),
    line("expires", WEB | IF, 1, 2),
    line("etag", WEB, 1, 1),
    line("sendfile", WEB | IF, 1, 1),
    line("tcp_nopush", WEB, 1, 1),
    line("tcp_nodelay", WEB, 1, 1),
    line("keepalive_timeout", WEB, 1, 2),
    line("keepalive_requests", WEB | UPSTREAM, 1, 1),
    line("send_timeout", WEB, 1, 1),
    line("client_max_body_size", WEB, 1, 1),
    line("client_body_buffer_size", WEB, 1, 1),
    line("client_body_temp_path", WEB, 1, 4),
    line("client_body_timeout", WEB, 1, 1),
    line("client_header_timeout", HTTP | SERVER, 1, 1),
    line("client_header_buffer_size", HTTP | SERVER, 1, 1),
    line("large_client_header_buffers", HTTP | SERVER, 2, 2),
    line("reset_timedout_connection", WEB, 1, 1),
    line("server_tokens", WEB, 1, 1),
    line("absolute_redirect", WEB, 1, 1),
    line("port_in_redirect", WEB, 1, 1),
    line("server_name_in_redirect", WEB, 1, 1),
    line("merge_slashes", HTTP | SERVER, 1, 1),
    line("underscores_in_headers", HTTP | SERVER, 1, 1),
    line("resolver", WEB | UPSTREAM, 1, MANY),
    line("resolver_timeout", WEB | UPSTREAM, 1, 1),
    line("open_file_cache", WEB, 1, 2),
    line("gzip", WEB | IF, 1, 1),
    line("gzip_types", WEB, 1, MANY),
    line("gzip_vary", WEB, 1, 1),
    line("gzip_proxied", WEB, 1, MANY),
    line("gzip_comp_level", WEB, 1, 1),
    line("gzip_min_length", WEB, 1, 1),
    line("gzip_buffers", WEB, 2, 2),
    line("gzip_http_version", WEB, 1, 1),
    line("gzip_disable", WEB, 1, MANY),
    line("proxy_pass", LOCATION | IF | LIMIT_EXCEPT, 1, 1),
    line("proxy_temp_path", WEB, 1, 4),
    line("fastcgi_temp_path", WEB, 1, 4),
    line("uwsgi_temp_path", WEB, 1, 4),
    line("scgi_temp_path", WEB, 1, 4),
    line("proxy_set_header", WEB, 2, 2),
    line("proxy_hide_header", WEB, 1, 1),
    line("proxy_pass_header", WEB, 1, 1),
    line("proxy_http_version", WEB, 1, 1),
    line("proxy_redirect", WEB, 1, 2),
    line("proxy_connect_timeout", WEB, 1, 1),
    line("proxy_read_timeout", WEB, 1, 1),
    line("proxy_send_timeout", WEB, 1, 1),
    line("proxy_buffering", WEB, 1, 1),
    line("proxy_buffers", WEB, 2, 2),
    line("proxy_buffer_size", WEB, 1, 1),
    line("proxy_request_buffering", WEB, 1, 1),
    line("proxy_next_upstream", WEB, 1, MANY),
    line("proxy_next_upstream_tries", WEB, 1, 1),
    line("proxy_intercept_errors", WEB, 1, 1),
    line("proxy_cache_bypass", WEB, 1, MANY),
    line("proxy_ssl_verify", WEB, 1, 1),
    line("proxy_ssl_name", WEB, 1, 1),
    line("proxy_ssl_server_name", WEB, 1, 1),
    line("server", UPSTREAM, 1, MANY),
    line("keepalive", UPSTREAM, 1, 1),
    line("least_conn", UPSTREAM, 0, 0),
    line("ip_hash", UPSTREAM, 0, 0),
    line("random", UPSTREAM, 0, 2),
    line("hash", UPSTREAM, 1, 2),
    line("zone", UPSTREAM, 1, 2),
    line("ssl_certificate", HTTP | SERVER, 1, 1),
    line("ssl_certificate_key", HTTP | SERVER, 1, 1),
    line("ssl_protocols", HTTP | SERVER, 1, MANY),
    line("ssl_ciphers", HTTP | SERVER, 1, 1),
    line("ssl_session_cache", HTTP | SERVER, 1, 2),
    line("ssl_session_timeout", HTTP | SERVER, 1, 1),
    line("ssl_prefer_server_ciphers", HTTP | SERVER, 1, 1),
    line("http2", HTTP | SERVER, 1, 1),
    line("stub_status", SERVER | LOCATION, 0, 1),
    line("limit_req_zone", HTTP, 3, 4),
    line("limit_req", WEB, 1, 3),
    line("limit_req_status", WEB, 1, 1),
    line("limit_req_log_level", WEB, 1, 1),
    line("real_ip_header", WEB, 1, 1),
    line("set_real_ip_from", WEB, 1, 1),
    line("map_hash_bucket_size", HTTP, 1, 1),
    line("fastcgi_pass", LOCATION | IF, 1, 1),
    line("fastcgi_param", WEB, 2, 3),
    line("fastcgi_index", WEB, 1, 1),
    line("fastcgi_split_path_info", LOCATION, 1, 1),
];

/// Rows of one name that differ by place: `server` is a block in `http` and a line in `upstream`.
pub fn find_at(name: &str, place: Places) -> Option<&'static Known> {
    KNOWN
        .iter()
        .find(|known| known.name == name && known.places & place != 0)
        .or_else(|| find(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn server_is_two_directives() {
        assert!(find_at("server", HTTP).is_some_and(|known| known.block));
        assert!(find_at("server", UPSTREAM).is_some_and(|known| !known.block));
        assert!(find("proxy-pass").is_none());
    }
}
