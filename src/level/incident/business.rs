//! A business that works: which applications it has, who asks whom, and what has to come back.

use std::time::Duration;

use super::manifests;
use super::trade::{TRADES, Trade};
use crate::level::format::{Expect, Goal, Predict, Repeat};
use crate::random::Stream;
use crate::shell::Files;

/// What an application's container runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Server {
    /// `stefanprodan/podinfo`
    Podinfo,
    /// `hashicorp/http-echo`
    HttpEcho,
    /// `traefik/whoami`
    Whoami,
    /// `nginx` with a page of its own.
    Nginx,
}

/// An application: a Deployment, and a Service of the same name.
#[derive(Clone, Debug)]
pub(super) struct App {
    pub name: &'static str,
    pub namespace: &'static str,
    pub says: &'static str,
    pub server: Server,
    /// Where its container listens.
    pub port: u16,
    /// How many pods; `None` where the file does not say.
    pub replicas: Option<u32>,
    /// Whether the Service leads to the port by its name.
    pub by_name: bool,
    /// Whether the Service selects by `tier` besides `app`.
    pub by_tier: bool,
    /// Whether all pods are replaced at once, so that a change for the worse is felt.
    pub recreate: bool,
    /// Whether its pods belong on the node with the fast disk.
    pub pinned: bool,
    /// Whether it takes variables from a ConfigMap.
    pub settings: bool,
    /// The application whose name an init container waits for.
    pub waits: Option<&'static str>,
    /// Whether a readiness probe asks it.
    pub probe: bool,
    /// Whether a new release with the same label is being warmed up, and never ready so far.
    pub next: bool,
}

/// How the world outside comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Entrance {
    NodePort(u16),
    LoadBalancer,
    Ingress,
}

/// A business: everything that is drawn by chance.
#[derive(Clone, Debug)]
pub(super) struct Business {
    pub trade: &'static Trade,
    pub nodes: u32,
    pub apps: Vec<App>,
    /// Pods of the StatefulSet, if there is one.
    pub ledger: Option<u32>,
    /// Whether nginx stands before the applications, and how one comes in.
    pub front: Option<Entrance>,
    /// The application that a NetworkPolicy guards, by its place in `apps`.
    pub walled: Option<usize>,
}

/// The label of the node with the fast disk, and the node.
pub(super) const FAST: (&str, &str, &str) = ("disk", "fast", "node-2");

/// The namespace of most things.
pub(super) const DEFAULT: &str = "default";

impl App {
    /// `prices`, or `prices.bakehouse` from another namespace: what the desk calls it.
    pub fn host(&self) -> String {
        match self.namespace {
            DEFAULT => self.name.to_owned(),
            namespace => format!("{}.{namespace}", self.name),
        }
    }

    /// The variable that holds its address at the desk.
    pub fn variable(&self) -> String {
        format!("{}_URL", self.name.to_uppercase())
    }

    /// Its file.
    pub fn file(&self) -> String {
        format!("{}.yaml", self.name)
    }

    /// How many pods it has.
    pub fn pods(&self) -> u32 {
        self.replicas.unwrap_or(1)
    }

    /// `-n bakehouse `, where kubectl has to be told.
    pub fn flag(&self) -> String {
        match self.namespace {
            DEFAULT => String::new(),
            namespace => format!("-n {namespace} "),
        }
    }
}

impl Business {
    /// Draws a business of this difficulty, from 1 to 5.
    pub fn draw(chance: &mut Stream, difficulty: u8) -> Business {
        let trade = chance.pick(&TRADES).unwrap_or(&TRADES[0]);
        let count = match difficulty {
            0 | 1 => 2,
            2 | 3 => 3,
            _ => 4,
        };
        let mut names = trade.apps;
        chance.shuffle(&mut names);
        let apart = difficulty >= 3 && chance.chance(1, 2);
        let mut apps: Vec<App> = Vec::new();
        for (at, (name, says)) in names.into_iter().take(count).enumerate() {
            let behind = apart && at % 2 == 1;
            let namespace = if behind { trade.back } else { DEFAULT };
            let mut app = draw_app(chance, difficulty, (name, says), namespace);
            let before = apps.first().filter(|first| first.namespace == DEFAULT);
            let waits = difficulty >= 3 && chance.chance(1, 3);
            app.waits = before.filter(|_| waits).map(|first| first.name);
            apps.push(app);
        }
        let entrance = match chance.below(3) {
            0 => Entrance::NodePort(30_000 + chance.below(2_700) as u16),
            1 => Entrance::LoadBalancer,
            _ => Entrance::Ingress,
        };
        let likely = |chance: &mut Stream, from: u8| match difficulty {
            one if one < from => false,
            one if one == from => chance.chance(1, 2),
            _ => true,
        };
        let ledger = likely(chance, 2).then(|| 2 + chance.below(2) as u32);
        let front = likely(chance, 2).then_some(entrance);
        let walled = likely(chance, 3).then(|| chance.below(count as u64) as usize);
        let nodes = if difficulty >= 4 { 3 } else { 2 };
        Business { trade, nodes, apps, ledger, front, walled }
    }

    /// The manifests that make it work, in the order in which they are applied.
    pub fn files(&self) -> Vec<(String, String)> {
        let mut files: Vec<(String, String)> =
            self.apps.iter().map(|app| (app.file(), manifests::app(app))).collect();
        if let Some(pods) = self.ledger {
            files.push((self.ledger_file(), manifests::ledger(self.trade.ledger, pods)));
        }
        if let Some(entrance) = self.front {
            files.push(("front.yaml".to_owned(), manifests::front(&self.apps, entrance)));
            if entrance == Entrance::Ingress {
                files.push(("door.yaml".to_owned(), manifests::door(&self.host())));
            }
        }
        files.push((self.desk_file(), manifests::desk(self.trade.desk, &self.apps)));
        if let Some(app) = self.walled() {
            let wall = manifests::wall(app, self.trade.desk, self.front.is_some());
            files.push(("wall.yaml".to_owned(), wall));
        }
        files
    }

    /// What is there besides, and is not the player's.
    pub fn ground(&self) -> Files {
        let mut files = Files::new();
        let mut text = String::new();
        if self.apps.iter().any(|app| app.namespace != DEFAULT) {
            text.push_str(&manifests::namespace(self.trade.back));
        }
        if self.walled.is_some() {
            text.push_str(&manifests::guest(self.trade.guest));
        }
        if !text.is_empty() {
            files.insert("0-ground.yaml".to_owned(), text.into_bytes());
        }
        for app in self.apps.iter().filter(|app| app.next) {
            let name = format!("9-{}-next.yaml", app.name);
            files.insert(name, manifests::next_release(app).into_bytes());
        }
        if self.apps.iter().any(|app| app.pinned) {
            let (key, value, node) = FAST;
            let script = format!("kubectl label node {node} {key}={value}\n");
            files.insert("disks.sh".to_owned(), script.into_bytes());
        }
        files
    }

    /// The desk's file.
    pub fn desk_file(&self) -> String {
        format!("{}.yaml", self.trade.desk)
    }

    /// The StatefulSet's file.
    pub fn ledger_file(&self) -> String {
        format!("{}.yaml", self.trade.ledger)
    }

    /// The name by which the world outside knows it: `bakery.example`.
    pub fn host(&self) -> String {
        format!("{}.example", self.trade.name.replace(' ', "-"))
    }

    /// The application behind the wall.
    pub fn walled(&self) -> Option<&App> {
        self.walled.and_then(|at| self.apps.get(at))
    }

    /// What has to work.
    pub fn goals(&self) -> Vec<Goal> {
        let desk = self.trade.desk;
        let mut goals: Vec<Goal> = self.apps.iter().map(|app| self.asked_at_desk(app)).collect();
        for number in 0..self.ledger.unwrap_or(0) {
            let ledger = self.trade.ledger;
            let page = format!("Hostname: {ledger}-{number}");
            goals.push(Goal {
                say: format!("the {desk} reaches {ledger}-{number} by its own name"),
                from: format!("deploy/{desk}"),
                run: format!("curl -sS -m 3 http://{ledger}-{number}.{ledger}"),
                expect: Expect { page: Some(page.clone()), ..prints(&page) },
                ..goal(2)
            });
        }
        if let Some(entrance) = self.front {
            let inside = self.apps.iter().filter(|app| self.is_shown(app));
            goals.extend(inside.take(2).flat_map(|app| self.asked_outside(app, entrance)));
        }
        if let Some(app) = self.walled() {
            let guest = self.trade.guest;
            goals.push(Goal {
                say: format!("the {guest} still gets nothing from {}", app.name),
                from: format!("pod/{guest}"),
                run: format!("if curl -s -m 2 http://{}; then exit 1; fi", app.host()),
                expect: Expect { exit: Some(0), ..Expect::default() },
                predict: Predict::Nothing,
                ..goal(1)
            });
        }
        goals
    }

    /// Whether the front leads to it.
    pub fn is_shown(&self, app: &App) -> bool {
        self.front.is_some() && self.apps.iter().take(2).any(|shown| shown.name == app.name)
    }

    fn asked_at_desk(&self, app: &App) -> Goal {
        let desk = self.trade.desk;
        Goal {
            say: format!("the {desk} gets \"{}\" from {}", app.says, app.name),
            from: format!("deploy/{desk}"),
            run: format!("curl -sS -m 3 ${}", app.variable()),
            expect: Expect {
                page: Some(app.says.to_owned()),
                served_by: [("app".to_owned(), app.name.to_owned())].into(),
                ..prints(app.says)
            },
            ..goal(if app.pods() > 1 || app.next { 6 } else { 3 })
        }
    }

    fn asked_outside(&self, app: &App, entrance: Entrance) -> Vec<Goal> {
        let ask = |how: &str, run: String| Goal {
            say: format!("from outside, /{} shows \"{}\"{how}", app.name, app.says),
            from: "laptop".to_owned(),
            run,
            expect: prints(app.says),
            ..goal(3)
        };
        match entrance {
            Entrance::NodePort(port) => (1..=2)
                .map(|node| {
                    let address = format!("192.168.49.{}", node + 1);
                    let run = format!("curl -sS -m 3 http://{address}:{port}/{}", app.name);
                    ask(&format!(" at node-{node}"), run)
                })
                .collect(),
            Entrance::LoadBalancer => {
                let field = "{.status.loadBalancer.ingress[0].ip}";
                let address = format!("$(kubectl get service front -o jsonpath='{field}')");
                vec![ask("", format!("curl -sS -m 3 http://{address}/{}", app.name))]
            }
            Entrance::Ingress => {
                let host = self.host();
                let resolve = format!("--resolve {host}:80:192.168.49.2");
                vec![ask("", format!("curl -sS -m 3 {resolve} http://{host}/{}", app.name))]
            }
        }
    }
}

/// A request that ends well, and prints this.
fn prints(text: &str) -> Expect {
    Expect { exit: Some(0), stdout: Some(text.to_owned()), ..Expect::default() }
}

/// A goal of so many requests that says nothing yet.
fn goal(times: u32) -> Goal {
    let every = Duration::from_millis(200);
    Goal {
        say: String::new(),
        from: String::new(),
        run: String::new(),
        expect: Expect::default(),
        repeat: Repeat { times, every, succeed: times, spread: 0, at_most: times },
        after: Duration::ZERO,
        holds: false,
        traffic: None,
        predict: Predict::Usual,
    }
}

fn draw_app(
    chance: &mut Stream,
    difficulty: u8,
    (name, says): (&'static str, &'static str),
    namespace: &'static str,
) -> App {
    let servers = [Server::Podinfo, Server::HttpEcho, Server::Whoami, Server::Nginx];
    let server = *chance.pick(&servers).unwrap_or(&Server::Podinfo);
    let ports: &[u16] = match server {
        Server::Podinfo => &[9898, 8080, 3000],
        Server::HttpEcho => &[5678, 5000, 8081],
        Server::Whoami => &[8000, 8090, 7000],
        Server::Nginx => &[80, 8080],
    };
    let harder = |chance: &mut Stream, from: u8, of: u64| {
        let draw = chance.chance(1, of);
        draw && difficulty >= from
    };
    App {
        name,
        namespace,
        says,
        server,
        port: *chance.pick(ports).unwrap_or(&8080),
        replicas: (!chance.chance(1, 3)).then(|| 1 + chance.below(3) as u32),
        by_name: chance.chance(1, 2),
        by_tier: chance.chance(1, 3),
        recreate: chance.chance(2, 3),
        pinned: harder(chance, 2, 4),
        settings: harder(chance, 1, 3),
        waits: None,
        probe: chance.chance(3, 4),
        next: harder(chance, 3, 4),
    }
}
