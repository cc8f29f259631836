//! The variables that a configuration uses: nginx starts only when it knows them all
//! (`ngx_http_variables_init_vars`).

use std::collections::BTreeSet;

use regex::Regex;

use super::template::Template;
use super::tokens::{Fault, Spot};

/// Variables that have their values here (`variables.rs`).
const HERE: &str = "args binary_remote_addr body_bytes_sent bytes_sent connection content_length \
    content_type document_uri host hostname is_args msec nginx_version pid proxy_add_x_forwarded_for \
    proxy_host query_string realip_remote_addr realip_remote_port remote_addr remote_port remote_user request \
    request_id request_length request_method request_time request_uri scheme server_addr server_name \
    server_port server_protocol status time_iso8601 time_local upstream_addr upstream_response_length \
    upstream_response_time upstream_status uri";

/// Variables that nginx has and that are empty here.
const MISSING: &str = "ancient_browser connection_requests connection_time connections_active \
    connections_reading connections_waiting connections_writing date_gmt date_local document_root \
    fastcgi_path_info fastcgi_script_name http2 http3 https invalid_referer limit_conn_status limit_rate \
    limit_req_status modern_browser msie pipe proxy_port proxy_protocol_addr proxy_protocol_port \
    proxy_protocol_server_addr proxy_protocol_server_port realpath_root request_body \
    request_body_file request_completion request_filename secure_link secure_link_expires slice_range \
    ssl_alpn_protocol ssl_cipher ssl_ciphers ssl_client_cert ssl_client_escaped_cert \
    ssl_client_fingerprint ssl_client_i_dn ssl_client_i_dn_legacy ssl_client_raw_cert ssl_client_s_dn \
    ssl_client_s_dn_legacy ssl_client_serial ssl_client_v_end ssl_client_v_remain ssl_client_v_start \
    ssl_client_verify ssl_curve ssl_curves ssl_early_data ssl_protocol ssl_server_name ssl_session_id \
    ssl_session_reused tcpinfo_rcv_space tcpinfo_rtt tcpinfo_rttvar tcpinfo_snd_cwnd \
    upstream_bytes_received upstream_bytes_sent upstream_cache_status upstream_connect_time \
    upstream_header_time";

/// What a name may begin with that is known by its rest.
const PREFIXES_HERE: &[&str] = &["http_", "arg_", "cookie_"];
const PREFIXES_MISSING: &[&str] = &[
    "sent_http_",
    "sent_trailer_",
    "upstream_http_",
    "upstream_cookie_",
    "upstream_trailer_",
    "proxy_protocol_tlv_",
];

/// The variables that are used, in the order in which they come up, and those that the configuration makes.
#[derive(Default)]
pub struct Names {
    used: Vec<(String, Spot)>,
    made: BTreeSet<String>,
}

impl Names {
    /// Takes note of what a directive uses and makes.
    ///
    /// # Errors
    /// In nginx's words.
    pub fn note(&mut self, words: &[String], spot: &Spot) -> Result<(), Fault> {
        let texts = match words[0].as_str() {
            "return" | "add_header" | "proxy_set_header" | "proxy_pass" | "try_files" | "root"
            | "alias" | "limit_rate" | "limit_rate_after" | "expires" => &words[1..],
            "rewrite" | "set" => &words[2..3],
            "error_page" => &words[words.len() - 1..],
            "log_format" => {
                let all = Template::new(&words[2..].concat());
                self.use_all(&all, spot);
                &[]
            }
            "limit_req_zone" => &words[1..2],
            "if" => match words.iter().position(|word| word.contains('~')) {
                Some(expression) => &words[1..expression],
                None => &words[1..],
            },
            _ => &[],
        };
        for text in texts {
            let mut rest = text.as_str();
            while let Some((_, after)) = rest.split_once('$') {
                let name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '{';
                if let Some(name) = after.strip_prefix('{').filter(|name| !name.contains('}')) {
                    let end = name.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
                    let name = &name[..end.unwrap_or(name.len())];
                    let what = format!("the closing bracket in \"{name}\" variable is missing");
                    return Err(spot.fault(what));
                }
                if !after.starts_with(name) && words[0] != "if" {
                    return Err(spot.fault("invalid variable name"));
                }
                rest = after;
            }
            self.use_all(&Template::new(text), spot);
        }
        let made = match words[0].as_str() {
            "set" | "auth_request_set" => words.get(1),
            "map" | "geo" | "split_clients" => words.last(),
            _ => None,
        };
        if let Some(word) = made {
            self.made.insert(target(word, spot)?);
        }
        self.note_captures(words);
        Ok(())
    }

    /// Takes note of the names that expressions give to what they capture.
    pub fn note_captures(&mut self, words: &[String]) {
        for word in words.iter().filter(|word| word.contains("(?")) {
            let text = word.trim_start_matches(['~', '*']);
            // The last word of an `if` ends with the parenthesis that its first one opens.
            let expression =
                Regex::new(text).or_else(|_| Regex::new(text.strip_suffix(')').unwrap_or(text)));
            let named = expression.iter().flat_map(|one| one.capture_names().flatten());
            self.made.extend(named.map(str::to_owned));
        }
    }

    /// Takes note of what a text uses.
    pub fn use_all(&mut self, text: &Template, spot: &Spot) {
        self.used.extend(text.variables().map(|name| (name.to_owned(), spot.clone())));
    }

    /// Whether all that are used are known: sentences about those that are not simulated.
    ///
    /// # Errors
    /// The first that nobody knows, in nginx's words.
    pub fn check(&self) -> Result<Vec<String>, Fault> {
        let mut missed = BTreeSet::new();
        for (name, spot) in &self.used {
            let listed = |list: &str| list.split(' ').any(|known| known == name);
            let begins = |list: &[&str]| list.iter().any(|prefix| name.starts_with(prefix));
            let is_group = name.bytes().all(|byte| byte.is_ascii_digit());
            if is_group || self.made.contains(name) || listed(HERE) || begins(PREFIXES_HERE) {
                continue;
            }
            if !listed(MISSING) && !begins(PREFIXES_MISSING) {
                return Err(spot.untold_fault(format!("unknown \"{name}\" variable")));
            }
            missed.insert(format!("${name} is not simulated here; it is empty"));
        }
        Ok(missed.into_iter().collect())
    }
}

/// The name of a variable that is made: `$name`.
///
/// # Errors
/// In nginx's words.
pub fn target(word: &str, spot: &Spot) -> Result<String, Fault> {
    let name = word.strip_prefix('$').filter(|name| !name.is_empty());
    let invalid = || spot.fault(format!("invalid variable name \"{word}\""));
    Ok(name.ok_or_else(invalid)?.to_owned())
}
