//! `nc -l`: a listener that takes one client, prints what it says and answers with what is on standard
//! input (recording 31, "a listener in one Pod, a client in another").

use std::net::IpAddr;
use std::time::Duration;

use super::reverse::name_of;
use crate::cluster::{
    Answer, Ask, Cluster, Context, Flavour, HttpRequest, HttpResponse, Payload, Place, Poll,
    Process, Reply, Signal,
};
use crate::network::{Protocol, SocketAddr};
use crate::shell::{Budget, Files, Io, Order, Stdin, Step, programs};

/// How long it takes to hand bytes on.
const PROMPTLY: Duration = Duration::from_micros(50);

/// How many steps a program of `-e` may take; it answers at once or not at all.
const STEPS: usize = 256;

/// What a listener was asked for.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    pub flavour: Flavour,
    pub protocol: Protocol,
    pub address: IpAddr,
    pub port: u16,
    /// `-k`: the next client after the last one.
    pub keeps: bool,
    pub verbose: bool,
    /// `-n`: who comes is told by the address.
    pub numeric: bool,
    /// `-e`: a program that talks to the client.
    pub program: Vec<String>,
}

/// A listening nc.
#[derive(Clone, Debug)]
struct Listener {
    wanted: Wanted,
    /// What is sent to the client.
    outgoing: Vec<u8>,
    /// Whether standard input goes on: BusyBox stays for it when the client has gone.
    open: bool,
    listening: bool,
    client: Option<SocketAddr>,
    /// Its exit code, once it has one.
    over: Option<i32>,
}

/// The listener as a process; `stdin` is what it will send.
pub(super) fn listener(wanted: Wanted, stdin: &mut Stdin) -> Box<dyn Process> {
    let outgoing = stdin.rest().to_vec();
    stdin.read = stdin.bytes.len();
    let open = !stdin.ended();
    Box::new(Listener { wanted, outgoing, open, listening: false, client: None, over: None })
}

impl Process for Listener {
    fn step(&mut self, context: &mut Context<'_>) -> Poll {
        if !self.listening {
            self.listening = true;
            self.listen(context);
        }
        self.over.map_or(Poll::Idle, Poll::Exit)
    }

    fn signal(&mut self, _: Signal, context: &mut Context<'_>) -> bool {
        if self.wanted.flavour == Flavour::BusyBox {
            context.write_error("punt!");
        }
        self.over = Some(1);
        true
    }

    fn serve(&mut self, ask: &Ask, context: &mut Context<'_>) -> Answer {
        if self.client.is_none() {
            self.accept(ask, context);
        }
        if self.client != Some(ask.peer) && self.wanted.protocol == Protocol::Tcp {
            // It waits in the kernel's queue until this client has gone.
            return answer(Reply::Silence);
        }
        let (bytes, http) = match &ask.payload {
            Payload::Nothing => (Vec::new(), false),
            Payload::Http(request) => (written(request), true),
            Payload::Bytes(bytes) => (bytes.clone(), false),
            Payload::Tls { .. } => (b"\x16\x03\x01".to_vec(), false),
        };
        let said = match self.wanted.program.is_empty() {
            true => {
                context.output.extend_from_slice(&bytes);
                std::mem::take(&mut self.outgoing)
            }
            // The program hears the client instead. One that asks for nothing speaks at once.
            false if bytes.is_empty() => {
                let waiting = Stdin { piped: true, ..Stdin::default() };
                run(&self.wanted.program, waiting, context).unwrap_or_default()
            }
            false => run(&self.wanted.program, Stdin::of(bytes), context).unwrap_or_default(),
        };
        answer(match said.is_empty() {
            true if http && self.ends_output() => Reply::Closed,
            true => Reply::Silence,
            false if http => HttpResponse::parse(&said).map_or(Reply::Bytes(said), Reply::Http),
            false => Reply::Bytes(said),
        })
    }

    fn hung_up(&mut self, peer: SocketAddr, context: &mut Context<'_>) {
        if self.wanted.protocol != Protocol::Tcp || self.client.is_some_and(|known| known != peer) {
            return;
        }
        if self.client.take().is_none() && self.wanted.verbose {
            self.greet(peer, context);
        }
        if !self.wanted.keeps && !self.open {
            self.over = Some(0);
        }
    }
}

impl Listener {
    fn listen(&mut self, context: &mut Context<'_>) {
        let Wanted { flavour, protocol, address, port, verbose, .. } = self.wanted;
        if let Err(why) = context.bind(protocol, address, port, "nc") {
            context.write_error(match flavour {
                Flavour::BusyBox => format!("nc: bind: {}", why.words()),
                Flavour::Gnu => format!("nc: {}", why.words()),
            });
            self.over = Some(1);
        } else if verbose {
            let name = self.name(address, context);
            context.write_error(match flavour {
                Flavour::BusyBox => format!("listening on {address}:{port} ..."),
                Flavour::Gnu => {
                    let how = if protocol == Protocol::Udp { "Bound" } else { "Listening" };
                    format!("{how} on {name} {port}")
                }
            });
        }
    }

    fn accept(&mut self, ask: &Ask, context: &mut Context<'_>) {
        self.client = Some(ask.peer);
        if self.wanted.verbose {
            self.greet(ask.peer, context);
        }
    }

    fn greet(&self, peer: SocketAddr, context: &mut Context<'_>) {
        let own = SocketAddr::new(context.address(), self.wanted.port);
        let name = self.name(peer.ip(), context);
        context.write_error(match self.wanted.flavour {
            Flavour::BusyBox => format!("connect to {own} from {peer} ({peer})"),
            Flavour::Gnu => format!("Connection received on {name} {}", peer.port()),
        });
    }

    /// How OpenBSD's nc tells an address: by its name, if it has one and may be looked up.
    fn name(&self, address: IpAddr, context: &mut Context<'_>) -> String {
        let place = context.place.clone();
        let asks = self.wanted.flavour == Flavour::Gnu && !self.wanted.numeric;
        let name = match asks && !address.is_unspecified() {
            true => name_of(context.cluster, &place, address).0,
            false => None,
        };
        name.unwrap_or_else(|| address.to_string())
    }

    /// Whether it has closed its side: BusyBox does so at the end of its input.
    fn ends_output(&self) -> bool {
        self.wanted.flavour == Flavour::BusyBox && !self.open
    }
}

fn answer(reply: Reply) -> Answer {
    Answer { reply, took: PROMPTLY }
}

/// A request as it goes over the wire.
fn written(request: &HttpRequest) -> Vec<u8> {
    let mut text = format!("{} {} HTTP/1.1\r\n", request.method, request.target);
    for (name, value) in &request.headers {
        text += &format!("{name}: {value}\r\n");
    }
    text += "\r\n";
    [text.into_bytes(), request.body.clone()].concat()
}

/// What a program answers that has the client as its standard input and output; `None` while it
/// waits for the client.
fn run(words: &[String], mut stdin: Stdin, context: &mut Context<'_>) -> Option<Vec<u8>> {
    let place: Place = context.place.clone();
    let mut machine = programs::fresh(context.cluster, &place);
    machine.run_words(words);
    let (mut output, mut errors, mut order) = (Vec::new(), Vec::new(), Order::default());
    let (mut files, mut ui_requests, mut prompt) = (Files::new(), Vec::new(), String::new());
    let waits = stdin.piped;
    let (mut budget, mut ended) = (Budget::of_process(), false);
    let cluster: &mut Cluster = context.cluster;
    let umask = machine.umask();
    let mut io = Io {
        cluster,
        place: &place,
        stdin: &mut stdin,
        stdout: &mut output,
        stderr: &mut errors,
        terminal: false,
        environment: &Default::default(),
        directory: "/",
        umask,
        files: &mut files,
        ui_requests: &mut ui_requests,
        prompt: &mut prompt,
        order: &mut order,
        budget: &mut budget,
    };
    for _ in 0..STEPS {
        match machine.step(&mut io) {
            Step::Exit(_) => {
                ended = true;
                break;
            }
            Step::Input => break,
            Step::Until(at) if at > io.now() => break,
            Step::Until(_) => {}
        }
    }
    if waits && !ended {
        return None;
    }
    context.output.extend(errors);
    Some(output)
}
