//! Who the client is behind proxies that are trusted (`ngx_http_realip_module.c`).

use std::net::IpAddr;

use crate::cluster::HttpRequest;
use crate::cluster::programs::access::Access;
use crate::cluster::programs::http;

/// `set_real_ip_from`, `real_ip_header` and `real_ip_recursive`.
#[derive(Clone, Debug, Default)]
pub struct RealIp {
    /// Whose word is taken.
    pub from: Vec<Access>,
    pub header: Option<String>,
    pub recursive: Option<bool>,
}

impl RealIp {
    /// Takes over what is not said here.
    pub fn inherit(&mut self, outer: &RealIp) {
        if self.from.is_empty() {
            self.from.clone_from(&outer.from);
        }
        self.header = self.header.take().or_else(|| outer.header.clone());
        self.recursive = self.recursive.or(outer.recursive);
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.from.iter().any(|range| range.fits(address))
    }

    /// The client's address: the last in the header, where its neighbour is trusted; with
    /// `real_ip_recursive`, the last that is not trusted itself.
    pub fn client(&self, peer: IpAddr, request: &HttpRequest) -> IpAddr {
        let header = self.header.as_deref().unwrap_or("X-Real-IP");
        let told = http::header(request, header).unwrap_or("");
        let mut client = peer;
        for word in told.rsplit(',') {
            let Some(before) = address(word.trim()).filter(|_| self.trusts(client)) else { break };
            client = before;
            if !self.recursive.unwrap_or(false) {
                break;
            }
        }
        client
    }
}

/// An address, with or without a port.
fn address(word: &str) -> Option<IpAddr> {
    let socket = || word.parse::<std::net::SocketAddr>().ok().map(|socket| socket.ip());
    word.parse().ok().or_else(socket)
}

#[cfg(test)]
mod tests {
    use super::*;

    // As nginx 1.22.1 answers with `return 200 $remote_addr`.
    #[test]
    fn the_word_of_a_trusted_proxy_is_taken() {
        let range = |text: &str| Access::read(true, text).expect("a range");
        let mut real = RealIp {
            from: vec![range("10.0.0.0/8")],
            header: Some("X-Forwarded-For".to_owned()),
            recursive: None,
        };
        let told = "1.1.1.1, 2.2.2.2, 10.9.9.9";
        let headers = vec![("X-Forwarded-For".to_owned(), told.to_owned())];
        let request = HttpRequest::get("/", headers);
        let client = |real: &RealIp, peer: [u8; 4]| real.client(peer.into(), &request).to_string();
        assert_eq!(client(&real, [10, 1, 1, 1]), "10.9.9.9");
        assert_eq!(client(&real, [9, 1, 1, 1]), "9.1.1.1");
        real.recursive = Some(true);
        assert_eq!(client(&real, [10, 1, 1, 1]), "2.2.2.2");
        real.header = None;
        assert_eq!(client(&real, [10, 1, 1, 1]), "10.1.1.1");
    }
}
