//! The pages that httpd writes itself: errors and redirects (`get_canned_error_string` and `status_lines` of
//! http_protocol.c).

use crate::cluster::programs::http;

/// What `ServerAdmin` is when nobody says one.
const NOBODY: &str = "[no address given]";

/// A status code's words, where httpd has its own.
pub fn reason(status: u16) -> &'static str {
    match status {
        413 => "Request Entity Too Large",
        414 => "Request-URI Too Long",
        416 => "Requested Range Not Satisfiable",
        status => http::reason(status),
    }
}

/// A page around these paragraphs.
pub fn page(status: u16, text: &str, signature: &str) -> String {
    let reason = reason(status);
    format!(
        "<!DOCTYPE HTML PUBLIC \"-//IETF//DTD HTML 2.0//EN\">\n<html><head>\n\
         <title>{status} {reason}</title>\n</head><body>\n<h1>{reason}</h1>\n{text}{signature}</body></html>\n"
    )
}

/// The paragraph of a redirect.
pub fn moved(status: u16, to: &str) -> String {
    let what = match status {
        303 => "answer to your request is located",
        _ => "document has moved",
    };
    format!("<p>The {what} <a href=\"{to}\">here</a>.</p>\n")
}

/// The paragraphs of an error.
pub fn error(status: u16, method: &str, path: &str, admin: Option<&str>) -> String {
    let text = match status {
        405 => {
            return format!("<p>The requested method {method} is not allowed for this URL.</p>\n");
        }
        411 => {
            return format!(
                "<p>A request of the requested method {method} requires a valid Content-length.<br />\n</p>\n"
            );
        }
        501 => return format!("<p>{method} not supported for current URL.<br />\n</p>\n"),
        502 => {
            return format!(
                "<p>The proxy server received an invalid\nresponse from an upstream server.<br />\nThe proxy server could not handle the request<p>Reason: <strong>Error reading from remote server</strong></p> <!-- {path} --></p>\n"
            );
        }
        400 => "Your browser sent a request that this server could not understand.<br />\n",
        401 | 407 => {
            "This server could not verify that you\nare authorized to access the document\nrequested.  Either \
             you supplied the wrong\ncredentials (e.g., bad password), or your\nbrowser doesn't understand \
             how to supply\nthe credentials required."
        }
        403 => "You don't have permission to access this resource.",
        404 => "The requested URL was not found on this server.",
        406 => {
            "An appropriate representation of the requested resource could not be found on this server."
        }
        408 => "Server timeout waiting for the HTTP request from the client.",
        410 => {
            "The requested resource is no longer available on this server and there is no forwarding \
             address.\nPlease remove all references to this resource."
        }
        412 => "The precondition on the request for this URL evaluated to false.",
        414 => "The requested URL's length exceeds the capacity\nlimit for this server.<br />\n",
        415 => {
            "The supplied request data is not in a format\nacceptable for processing by this resource."
        }
        416 => {
            "None of the range-specifier values in the Range\nrequest-header field overlap the current \
             extent\nof the selected resource."
        }
        418 => "The resulting entity body MAY be short and\nstout.",
        422 => {
            "The server understands the media type of the\nrequest entity, but was unable to process \
             the\ncontained instructions."
        }
        429 => "The user has sent too many requests\nin a given amount of time.",
        431 => "The server refused this request because\nthe request header fields are too large.",
        503 => {
            "The server is temporarily unable to service your\nrequest due to maintenance downtime or \
             capacity\nproblems. Please try again later."
        }
        504 => {
            "The gateway did not receive a timely response\nfrom the upstream server or application."
        }
        _ => {
            return format!(
                "<p>The server encountered an internal error or\nmisconfiguration and was unable to \
                 complete\nyour request.</p>\n<p>Please contact the server administrator at \n {} to inform \
                 them of the time this error occurred,\n and the actions you performed just before this \
                 error.</p>\n<p>More information about this error may be available\nin the server error \
                 log.</p>\n",
                admin.unwrap_or(NOBODY)
            );
        }
    };
    format!("<p>{text}</p>\n")
}
