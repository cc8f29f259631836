//! How large a request may be: its line, its headers, its body.

use crate::cluster::HttpRequest;

/// `client_max_body_size`, where it is left out. In bytes.
pub const LARGEST_BODY: u64 = 1 << 20;

/// What a request's line and headers are read into, in bytes: `client_header_buffer_size`, and then
/// the number and the size of `large_client_header_buffers`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeaderBuffers {
    pub first: u64,
    pub count: u64,
    pub size: u64,
}

impl Default for HeaderBuffers {
    fn default() -> Self {
        HeaderBuffers { first: 1 << 10, count: 4, size: 8 << 10 }
    }
}

/// The status, inside nginx, of a request whose headers do not fit: its client is told 400.
pub const HEADERS_TOO_LARGE: u16 = 494;

impl HeaderBuffers {
    /// The status for a request whose line or headers do not fit. A line is never split: one that does
    /// not fit where the last one ended begins the next buffer
    /// (`ngx_http_alloc_large_header_buffer` of ngx_http_request.c).
    pub fn refusal(&self, request: &HttpRequest) -> Option<u16> {
        let HttpRequest { method, target, version, headers, .. } = request;
        let line = format!("{method} {target} {version}\r\n").len() as u64;
        let headers = headers.iter().map(|(name, value)| (name.len() + value.len() + 4) as u64);
        let (mut free, mut left) = (self.first, self.count);
        for (length, status) in std::iter::once((line, 414))
            .chain(headers.chain([2]).map(|length| (length, HEADERS_TOO_LARGE)))
        {
            if length > free {
                if length > self.size || left == 0 {
                    return Some(status);
                }
                (free, left) = (self.size, left - 1);
            }
            free -= length;
        }
        None
    }
}
