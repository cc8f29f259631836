//! What servers answered of late: who, from which image, and with which words.
//!
//! A trace ends where a connection is made; what came over it is remembered here, so that whoever
//! judges a request need not believe what its client printed.

use std::collections::VecDeque;
use std::sync::Arc;

use super::{Cluster, Payload, Place, Reply};
use crate::api::Pod;
use crate::network::{ProcessId, TraceId};

/// How many answers are remembered: as many as traces.
const REMEMBERED: usize = 1_024;

/// How many bytes of an answer are remembered.
const LENGTH: usize = 4 * 1024;

/// An answer over a connection.
#[derive(Clone, Debug, PartialEq)]
pub struct Served {
    /// The connection's trace.
    pub trace: TraceId,
    /// Where the server runs: a container of a pod, on its node's network too; nowhere here for a
    /// machine outside.
    pub place: Option<Place>,
    /// The pod as it was then.
    pub pod: Option<Arc<Pod>>,
    /// The image that the server runs from, without registry and tag: `httpd`; empty for a machine
    /// outside.
    pub image: Arc<str>,
    /// What it was asked, where that was HTTP.
    pub asked: Option<Asked>,
    /// Whether it answered at all. A server that asks others in its turn is remembered also where its
    /// client hung up first.
    pub answered: bool,
    /// The packets that the server sent itself before it answered, oldest first: a proxy's to its
    /// upstreams.
    pub onward: Vec<TraceId>,
    /// The status of an HTTP response.
    pub status: Option<u16>,
    /// The body of an HTTP response, or else the bytes that came; the beginning of long ones.
    pub body: Arc<[u8]>,
}

/// An HTTP request as its server saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// `GET`
    pub method: String,
    /// The `Host` header, or nothing.
    pub host: String,
    /// Path and query.
    pub target: String,
    /// Whether the client spoke TLS, whatever the server speaks.
    pub tls: bool,
}

impl Asked {
    pub(super) fn of(payload: &Payload) -> Option<Asked> {
        let (request, tls) = match payload {
            Payload::Http(request) => (request, false),
            Payload::Tls { request, .. } => (request, true),
            Payload::Nothing | Payload::Bytes(_) => return None,
        };
        let mut headers = request.headers.iter();
        let host = headers.find(|(name, _)| name.eq_ignore_ascii_case("host"));
        Some(Asked {
            method: request.method.clone(),
            host: host.map_or_else(String::new, |(_, host)| host.clone()),
            target: request.target.clone(),
            tls,
        })
    }
}

/// The answers of late, oldest first. Shared between clones of a cluster until one is added.
#[derive(Clone, Debug, Default)]
pub(super) struct Answers {
    recent: Arc<VecDeque<Arc<Served>>>,
}

impl Served {
    /// Whether the server was content with the request and its answer holds `text`.
    pub fn says(&self, text: &str) -> bool {
        self.status.is_none_or(|status| status < 400)
            && String::from_utf8_lossy(&self.body).contains(text)
    }
}

impl Answers {
    fn add(&mut self, served: Served) {
        let recent = Arc::make_mut(&mut self.recent);
        if recent.len() == REMEMBERED {
            recent.pop_front();
        }
        recent.push_back(Arc::new(served));
    }
}

impl Cluster {
    /// The answers that came over a connection, oldest first, as far as they are remembered.
    pub fn served(&self, trace: TraceId) -> impl Iterator<Item = &Served> {
        let recent = self.answers.recent.iter().map(|served| &**served);
        recent.filter(move |served| served.trace == trace)
    }

    /// Remembers what a process has answered to what it was asked; `before` is the first packet that
    /// was sent since.
    pub(super) fn note_answer(
        &mut self,
        trace: TraceId,
        (process, before): (ProcessId, TraceId),
        asked: Option<Asked>,
        reply: &Reply,
    ) {
        let since = self.network.traces().rev().take_while(|trace| trace.id >= before);
        let mut onward: Vec<TraceId> =
            since.filter(|trace| trace.process == Some(process)).map(|trace| trace.id).collect();
        onward.reverse();
        let (status, body) = match reply {
            Reply::Http(response) | Reply::Tls { response, .. } => {
                (Some(response.status), response.body.as_slice())
            }
            Reply::Bytes(bytes) => (None, bytes.as_slice()),
            Reply::Silence if !onward.is_empty() => (None, &[][..]),
            Reply::Closed | Reply::Reset | Reply::Silence => return,
        };
        let place = self.processes.place(process);
        let image = place.and_then(|place| self.image(place));
        if image.is_none() && process != ProcessId::OUTSIDE {
            return;
        }
        let pod = match place {
            Some(Place::Container { namespace, pod, .. }) => {
                self.objects().get::<Pod>(namespace, pod)
            }
            _ => None,
        };
        let served = Served {
            trace,
            place: place.cloned(),
            pod: pod.cloned(),
            asked,
            answered: *reply != Reply::Silence,
            onward,
            image: image.map_or("", |image| image.name.as_str()).into(),
            status,
            body: body[..body.len().min(LENGTH)].into(),
        };
        self.answers.add(served);
    }
}
