//! `nginx -s reload` and its kin: how the one that runs hears of it, and what it does.

use std::sync::Arc;

use super::config::ConfigEnv;
use super::upstream::Standings;
use super::{Container, Nginx, reader, select, stamp, tell_missed};
use crate::cluster::{Context, Signal};
use crate::network::Protocol;

/// Signals the nginx that runs in the same container; the exit code.
pub fn pass_on(signal: Signal, context: &mut Context<'_>) -> i32 {
    let own = context.process;
    let running = context.cluster.netns_of(&context.place).and_then(|sender| {
        let netns = context.cluster.network().netns(sender.netns)?;
        let mut listeners = netns.listeners.iter().map(|(_, listener)| listener);
        let found = listeners.find(|listener| {
            &*listener.name == "nginx"
                && listener.process != own
                && listener.container == sender.container
        });
        found.map(|listener| listener.process)
    });
    let stamp = stamp(context.now());
    match running {
        Some(process) => {
            context.say(format!("{stamp} [notice] 45#45: signal process started"));
            let now = context.now();
            context.cluster.processes.signal(now, process, signal);
            0
        }
        None => {
            let told = "invalid PID number \"\" in \"/run/nginx.pid\"";
            context.say(format!("{stamp} [notice] 45#45: signal process started"));
            context.say(format!("{stamp} [error] 45#45: {told}\nnginx: [error] {told}"));
            1
        }
    }
}

/// `-T`: the files of the configuration, each behind its name.
pub fn dump(main: &str, context: &mut Context<'_>) {
    let place = context.place.clone();
    let around = Container { cluster: context.cluster, place };
    let mut text = String::new();
    let mut files = vec![main.to_owned(), "/etc/nginx/mime.types".to_owned()];
    files.extend(around.glob("/etc/nginx/conf.d/*.conf"));
    for file in files {
        if let Some(content) = around.read(&file) {
            text += &format!("# configuration file {file}:\n{content}\n");
        }
    }
    context.output.extend_from_slice(text.as_bytes());
}

impl Nginx {
    /// Reads the configuration again. When there is something wrong with it, the old one stays.
    pub(super) fn reload(&mut self, context: &mut Context<'_>) {
        let stamp = stamp(context.now());
        let note = |context: &mut Context<'_>, level: &str, text: &str| {
            context.say(format!("{stamp} [{level}] 1#1: {text}"));
        };
        note(context, "notice", "signal 1 (SIGHUP) received from 45, reconfiguring");
        note(context, "notice", "reconfiguring");
        let place = context.place.clone();
        let mut around = Container { cluster: context.cluster, place };
        let config = match reader::load(&self.file, &self.globals, &mut around) {
            Ok(config) => Arc::new(config),
            Err(fault) => return note(context, "emerg", &fault.to_string()),
        };
        tell_missed(&config, context);
        if let Some(sender) = context.cluster.netns_of(&context.place) {
            context.cluster.network.close(sender.netns, context.process);
        }
        self.bound.clear();
        for listen in select::sockets(&config) {
            match context.bind(Protocol::Tcp, listen.address, listen.port, "nginx") {
                Ok(()) => self.bound.push(listen),
                Err(why) => {
                    let at = format!("{}:{}", listen.address, listen.port);
                    let told = format!("bind() to {at} failed ({}: {})", why.errno(), why.words());
                    note(context, "emerg", &told);
                }
            }
        }
        self.config = Some(config);
        self.standings = Standings::default();
        for text in [
            "using the \"epoll\" event method",
            "start worker processes",
            "start worker process 46",
            "start worker process 47",
        ] {
            note(context, "notice", text);
        }
    }
}
