//! Reads nginx's configuration as nginx does: word by word, each directive checked as it comes.

use std::net::IpAddr;
use std::sync::Arc;

use super::conditions::Condition;
use super::config::{Config, ConfigEnv, Listen, Location, Pattern, Server, ServerName, Settings};
use super::directives::{
    self, EVENTS, HTTP, IF, IF_IN_SERVER, LIMIT_EXCEPT, LOCATION, MAIN, Places, SERVER, UPSTREAM,
};
use super::exception::Exception;
use super::expression;
use super::limits::Zone;
use super::map::Map;
use super::names::{self, Names};
use super::nest::Nest;
use super::template::Template;
use super::tokens::{COMMAND_LINE, Fault, Item, Reader, Spot};
use super::upstream::{Group, Peer};
use super::values::{host_and_port, pattern, plain, proxy};
use crate::cluster::Certificate;
use crate::network::SocketAddr;

/// Reads the configuration that begins with `file`.
///
/// # Errors
/// The first fault, in nginx's words.
pub fn load(file: &str, globals: &str, around: &mut dyn ConfigEnv) -> Result<Config, Fault> {
    let (config, names) = (Config::default(), Names::default());
    let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
    let mut builder = Builder { config, names, folder, around, depth: 0, files: 0 };
    builder.globals(globals)?;
    let text = builder.around.read(file).ok_or_else(|| {
        Fault::anywhere(format!("open() \"{file}\" failed (2: No such file or directory)"))
    })?;
    let mut reader = Reader::new(file, &text);
    let mut settings = Settings::default();
    builder.block(&mut reader, MAIN, &mut settings, &mut Nest::default(), false)?;
    if !builder.config.has_events {
        return Err(Fault::anywhere("no \"events\" section in configuration"));
    }
    builder.config.missed.extend(builder.names.check()?);
    builder.resolve_proxies()?;
    builder.check_certificates()?;
    builder.check_limits()?;
    Ok(builder.config)
}

/// Blocks and included files within one another.
const DEEPEST: u32 = 40;

/// Files that a configuration may include: a process has 1024 descriptors.
const FILES: u32 = 1_000;

struct Builder<'a> {
    config: Config,
    names: Names,
    /// Where the main file is, from where included ones are sought.
    folder: String,
    around: &'a mut dyn ConfigEnv,
    depth: u32,
    files: u32,
}

/// A path of `proxy_pass` takes the place of a location's prefix; where there is none, it may have none.
fn whole_uri(settings: &Settings) -> Result<(), Fault> {
    match settings.proxy.as_ref().filter(|proxy| proxy.replaces_part()) {
        None => Ok(()),
        Some(proxy) => Err(proxy.spot.fault(
            "\"proxy_pass\" cannot have URI part in location given by regular expression, or inside \
             named location, or inside \"if\" statement, or inside \"limit_except\" block",
        )),
    }
}

impl Builder<'_> {
    /// `-g "daemon off;"`
    fn globals(&mut self, text: &str) -> Result<(), Fault> {
        if text.is_empty() {
            return Ok(());
        }
        let mut reader = Reader::new(COMMAND_LINE, text);
        let mut nest = Nest::default();
        self.block(&mut reader, MAIN, &mut Settings::default(), &mut nest, false)
    }

    /// Everything up to the closing brace, or to the end of the file.
    fn block(
        &mut self,
        reader: &mut Reader<'_>,
        place: Places,
        settings: &mut Settings,
        nest: &mut Nest,
        inner: bool,
    ) -> Result<(), Fault> {
        if self.depth >= DEEPEST {
            return Err(reader.spot().fault(format!(
                "not simulated here: more than {DEEPEST} blocks within one another"
            )));
        }
        self.depth += 1;
        let read = self.items(reader, place, settings, nest, inner);
        self.depth -= 1;
        read
    }

    fn items(
        &mut self,
        reader: &mut Reader<'_>,
        place: Places,
        settings: &mut Settings,
        nest: &mut Nest,
        inner: bool,
    ) -> Result<(), Fault> {
        loop {
            match reader.next()? {
                Item::Simple(words, spot) => {
                    self.check((&words, &spot), place, false, nest)?;
                    self.line(&words, &spot, place, settings, nest)?;
                }
                Item::Open(words, spot) => {
                    self.check((&words, &spot), place, true, nest)?;
                    self.open(reader, (&words, &spot), place, settings, nest)?;
                }
                Item::Close(_) if inner => return Ok(()),
                Item::Close(spot) => return Err(spot.fault("unexpected \"}\"")),
                Item::End(spot) if inner => {
                    return Err(spot.fault("unexpected end of file, expecting \"}\""));
                }
                Item::End(_) => return Ok(()),
            }
        }
    }

    /// Is there such a directive, may it stand here, has it enough to say, and is it simulated?
    fn check(
        &mut self,
        (words, spot): (&[String], &Spot),
        place: Places,
        opens: bool,
        nest: &mut Nest,
    ) -> Result<(), Fault> {
        let known = directives::check(words, spot, place, opens)?;
        if let Some(name) = known.once() {
            nest.take_once(name, spot)?;
        }
        known.check_values(&words[1..], spot)?;
        if known.is_missed(words) {
            self.config.missed.push(format!(
                "{} in {}:{} is not simulated here; it has no effect",
                words[0], spot.file, spot.line
            ));
        }
        self.names.note(words, spot)
    }

    fn open(
        &mut self,
        reader: &mut Reader<'_>,
        (words, spot): (&[String], &Spot),
        place: Places,
        outer: &mut Settings,
        nest: &mut Nest,
    ) -> Result<(), Fault> {
        match words[0].as_str() {
            "events" => {
                self.config.has_events = true;
                self.block(reader, EVENTS, &mut Settings::default(), &mut Nest::default(), true)
            }
            "http" => {
                let mut settings = outer.clone();
                self.block(reader, HTTP, &mut settings, &mut Nest::default(), true)?;
                self.inherit(&settings);
                Ok(())
            }
            "server" => self.server(reader),
            "location" => {
                let pattern = pattern(&words[1..], spot)?;
                nest.check_location(&pattern, spot)?;
                let location = self.location(reader, pattern)?;
                nest.locations.push(location);
                Ok(())
            }
            "upstream" => self.upstream(reader, words, spot),
            "if" => {
                let mut settings = Settings::default();
                let place = if place == SERVER { IF_IN_SERVER } else { IF };
                self.block(reader, place, &mut settings, &mut Nest::default(), true)?;
                whole_uri(&settings)?;
                outer.conditions.push(Condition::read(&words[1..], spot, settings)?);
                Ok(())
            }
            "limit_except" => {
                let mut settings = Settings::default();
                self.block(reader, LIMIT_EXCEPT, &mut settings, &mut Nest::default(), true)?;
                whole_uri(&settings)?;
                outer.exception = Some(Exception::read(&words[1..], spot, settings)?);
                Ok(())
            }
            "types" => table(reader, |words, _| {
                for extension in &words[1..] {
                    Arc::make_mut(&mut outer.types).insert(extension.clone(), words[0].clone());
                }
                Ok(())
            }),
            "map" => self.map(reader, words, spot),
            _ => skip(reader),
        }
    }

    fn upstream(
        &mut self,
        reader: &mut Reader<'_>,
        words: &[String],
        spot: &Spot,
    ) -> Result<(), Fault> {
        let mut inside = Nest::default();
        self.block(reader, UPSTREAM, &mut Settings::default(), &mut inside, true)?;
        if inside.group.peers.is_empty() {
            return Err(spot.fault("no servers are inside upstream"));
        }
        if inside.group.is_backups_alone() {
            return Err(spot.fault(format!("no servers in upstream \"{}\"", words[1])));
        }
        if self.config.upstreams.contains_key(&words[1]) {
            return Err(spot.fault(format!("duplicate upstream \"{}\"", words[1])));
        }
        let group = Group { name: words[1].clone(), ..inside.group };
        self.config.upstreams.insert(words[1].clone(), Arc::new(group));
        Ok(())
    }

    fn map(&mut self, reader: &mut Reader<'_>, words: &[String], spot: &Spot) -> Result<(), Fault> {
        let name = names::target(&words[2], spot)?;
        let mut map = Map::of(&words[1]);
        table(reader, |words, spot| {
            self.names.note_captures(words);
            map.row(words, spot)
        })?;
        map.templates().for_each(|template| self.names.use_all(template, spot));
        self.config.maps.insert(name, map);
        Ok(())
    }

    fn server(&mut self, reader: &mut Reader<'_>) -> Result<(), Fault> {
        let mut settings = Settings::default();
        let mut inside = Nest::default();
        self.block(reader, SERVER, &mut settings, &mut inside, true)?;
        if inside.listens.is_empty() {
            inside.listens.push(Listen::v4(80));
        }
        let Nest { listens, names, locations, tls, once, .. } = inside;
        let tls = tls.filter(|_| !once.contains("ssl_reject_handshake"));
        for listen in listens.iter().filter(|listen| listen.default) {
            let at = SocketAddr::new(listen.address, listen.port);
            let same = |other: &Listen| other.default && other.is_same(listen);
            if self.config.servers.iter().any(|server| server.listens.iter().any(same)) {
                return Err(reader.spot().fault(format!("a duplicate default server for {at}")));
            }
        }
        self.config.servers.push(Server {
            listens,
            names,
            settings,
            locations,
            tls,
            certificate: None,
        });
        Ok(())
    }

    fn location(&mut self, reader: &mut Reader<'_>, pattern: Pattern) -> Result<Location, Fault> {
        let mut settings = Settings::default();
        let mut inside = Nest { within: Some(pattern.clone()), ..Nest::default() };
        self.block(reader, LOCATION, &mut settings, &mut inside, true)?;
        if matches!(pattern, Pattern::Expression(_) | Pattern::Named(_)) {
            whole_uri(&settings)?;
        }
        Ok(Location { pattern, settings, locations: inside.locations })
    }

    fn line(
        &mut self,
        words: &[String],
        spot: &Spot,
        place: Places,
        settings: &mut Settings,
        nest: &mut Nest,
    ) -> Result<(), Fault> {
        let first = words.get(1).map(String::as_str).unwrap_or("");
        let rest = words.get(1..).unwrap_or_default();
        match words[0].as_str() {
            "include" => return self.include(first, place, settings, nest, spot),
            "daemon" => self.config.foreground = first.eq_ignore_ascii_case("off"),
            "log_format" => {
                if first == "combined" || self.config.formats.contains_key(first) {
                    let what = format!("duplicate \"log_format\" name \"{first}\"");
                    return Err(spot.fault(what));
                }
                let text: String = rest[1..].concat();
                self.config.formats.insert(first.to_owned(), Template::new(&text));
            }
            "limit_req_zone" => {
                let (name, zone) = Zone::read(rest, spot)?;
                self.config.zones.insert(name, zone);
            }
            "listen" => nest.listen(rest, spot)?,
            "access_log" => {
                self.check_format(rest, spot)?;
                plain("access_log", rest, spot, settings)?;
            }
            "server_name" => {
                for name in rest {
                    let compile = |text| expression::compile(text, true, spot);
                    let expression = name.strip_prefix('~').map(compile).transpose()?;
                    nest.names.push(ServerName { text: name.to_lowercase(), expression });
                }
            }
            "server" => {
                for address in self.upstream_server(first, spot)? {
                    let backups = !nest.group.by_client;
                    nest.group.peers.push(Peer::new(address).read(&rest[1..], backups, spot)?);
                }
            }
            "ip_hash" => nest.group.by_client = true,
            "proxy_pass" => {
                settings.proxy = Some(proxy(first, spot)?);
                self.config.passes_on = true;
            }
            name => plain(name, rest, spot, settings)?,
        }
        Ok(())
    }

    /// Does an `access_log` name a format that there is?
    fn check_format(&self, words: &[String], spot: &Spot) -> Result<(), Fault> {
        let option = |word: &&String| word.contains('=') || *word == "gzip";
        let Some(name) = words.get(1).filter(|word| !option(word)) else { return Ok(()) };
        match name == "combined" || self.config.formats.contains_key(name) {
            true => Ok(()),
            false => Err(spot.fault(format!("unknown log format \"{name}\""))),
        }
    }

    fn include(
        &mut self,
        path: &str,
        place: Places,
        settings: &mut Settings,
        nest: &mut Nest,
        spot: &Spot,
    ) -> Result<(), Fault> {
        let path = match path.starts_with('/') {
            true => path.to_owned(),
            false => format!("{}/{path}", self.folder),
        };
        let files = if path.contains('*') { self.around.glob(&path) } else { vec![path] };
        for file in files {
            // One that includes itself opens it again and again.
            self.files += 1;
            if self.files > FILES || self.depth >= DEEPEST {
                let problem = format!("open() \"{file}\" failed (24: Too many open files)");
                return Err(spot.fault(problem));
            }
            let Some(text) = self.around.read(&file) else {
                let problem = format!("open() \"{file}\" failed (2: No such file or directory)");
                return Err(spot.fault(problem));
            };
            let mut reader = Reader::new(&file, &text);
            self.block(&mut reader, place, settings, nest, false)?;
        }
        Ok(())
    }

    /// `server HOST[:PORT];` of an upstream: looked up at once.
    fn upstream_server(&mut self, text: &str, spot: &Spot) -> Result<Vec<SocketAddr>, Fault> {
        let (host, port) = host_and_port(text, 80)
            .ok_or_else(|| spot.fault(format!("invalid port in upstream \"{text}\"")))?;
        let found = self.addresses(&host, port);
        if found.is_empty() {
            return Err(spot.fault(format!("host not found in upstream \"{text}\"")));
        }
        Ok(found)
    }

    fn addresses(&mut self, host: &str, port: u16) -> Vec<SocketAddr> {
        let found = match host.parse::<IpAddr>() {
            Ok(address) => vec![address],
            Err(_) => self.around.resolve(host),
        };
        found.into_iter().map(|address| SocketAddr::new(address, port)).collect()
    }

    /// What `http` says holds for all servers that do not say it themselves, and so on inwards.
    fn inherit(&mut self, outer: &Settings) {
        for server in &mut self.config.servers {
            server.settings.inherit(outer);
            let settings = server.settings.clone();
            for location in &mut server.locations {
                location.inherit(&settings);
            }
        }
    }

    /// After everything was read, names in `proxy_pass` are looked up, once and for all (TOPICS D43).
    fn resolve_proxies(&mut self) -> Result<(), Fault> {
        let mut servers = std::mem::take(&mut self.config.servers);
        for server in &mut servers {
            self.resolve_in(&mut server.locations)?;
        }
        self.config.servers = servers;
        Ok(())
    }

    fn resolve_in(&mut self, locations: &mut [Location]) -> Result<(), Fault> {
        for location in locations {
            self.resolve_settings(&mut location.settings)?;
            for condition in &mut location.settings.conditions {
                self.resolve_settings(&mut condition.settings)?;
            }
            if let Some(exception) = &mut location.settings.exception {
                self.resolve_settings(&mut exception.settings)?;
            }
            self.resolve_in(&mut location.locations)?;
        }
        Ok(())
    }

    /// Has every server that needs one a certificate, and can it be read?
    fn check_certificates(&mut self) -> Result<(), Fault> {
        for server in &mut self.config.servers {
            let (certificate, key) =
                (&server.settings.certificate, &server.settings.certificate_key);
            match (certificate, key, &server.tls) {
                (Some(file), Some(key), _) => server.certificate = pair(self.around, file, key)?,
                (Some(file), None, _) => {
                    return Err(Fault::anywhere(format!(
                        "no \"ssl_certificate_key\" is defined for certificate \"{file}\""
                    )));
                }
                (None, _, Some(spot)) => {
                    return Err(spot.fault(
                        "no \"ssl_certificate\" is defined for the \"listen ... ssl\" directive",
                    ));
                }
                (None, _, None) => {}
            }
        }
        Ok(())
    }

    /// Is every zone that is used declared?
    fn check_limits(&self) -> Result<(), Fault> {
        let servers = &self.config.servers;
        let locations = servers.iter().flat_map(|server| &server.locations);
        let used = servers.iter().map(|server| &server.settings);
        let used = used.chain(locations.map(|location| &location.settings));
        match used
            .flat_map(|settings| &settings.limits)
            .find(|limit| !self.config.zones.contains_key(&limit.zone))
        {
            Some(limit) => {
                Err(Fault::anywhere(format!("zero size shared memory zone \"{}\"", limit.zone)))
            }
            None => Ok(()),
        }
    }

    fn resolve_settings(&mut self, settings: &mut Settings) -> Result<(), Fault> {
        if let Some(proxy) = &mut settings.proxy
            && !proxy.authority.has_variables()
        {
            let authority = proxy.authority.fill(|_, _| {});
            proxy.group = self.resolve_proxy(&authority, proxy.tls, &proxy.spot)?;
        }
        Ok(())
    }

    fn resolve_proxy(
        &mut self,
        authority: &str,
        tls: bool,
        spot: &Spot,
    ) -> Result<Arc<Group>, Fault> {
        if let Some(group) = self.config.upstreams.get(authority) {
            return Ok(Arc::clone(group));
        }
        if let Some((name, port)) = authority.rsplit_once(':')
            && self.config.upstreams.contains_key(name)
        {
            return Err(spot.fault(format!("upstream \"{name}\" may not have port {port}")));
        }
        let usual = if tls { 443 } else { 80 };
        let (host, port) = host_and_port(authority, usual)
            .ok_or_else(|| spot.fault(format!("invalid port in upstream \"{authority}\"")))?;
        let found = self.addresses(&host, port);
        if found.is_empty() {
            return Err(spot.fault(format!("host not found in upstream \"{host}\"")));
        }
        Ok(Arc::new(Group::of(authority, found)))
    }
}

/// Reads a certificate and its key; what is wrong with one, nginx tells in OpenSSL's words. What has
/// variables is read for each connection.
fn pair(
    around: &dyn ConfigEnv,
    certificate: &str,
    key: &str,
) -> Result<Option<Certificate>, Fault> {
    let text = |file: &str, what: &str, reads: &str, expects: &str| {
        let fault =
            |why: String| Err(Fault::anywhere(format!("cannot load {what} \"{file}\": {why}")));
        match around.read(file) {
            _ if file.contains('$') => Ok(None),
            None => fault(format!(
                "BIO_new_file() failed (SSL: error:80000002:system library::No such file or directory:\
                 calling fopen({file}, r) error:10000080:BIO routines::no such file)"
            )),
            Some(text) if !text.contains("-----BEGIN ") => fault(format!(
                "{reads}() failed (SSL: error:0480006C:PEM routines::no start line:Expecting: {expects})"
            )),
            Some(text) => Ok(Some(text)),
        }
    };
    let reads = "PEM_read_bio_X509_AUX";
    let shown = text(certificate, "certificate", reads, "TRUSTED CERTIFICATE")?;
    let shown = shown.map(|text| {
        Certificate::read(&text).ok_or_else(|| {
            Fault::anywhere(format!(
                "cannot load certificate \"{certificate}\": {reads}() failed (SSL: \
                 error:0688010A:asn1 encoding routines::nested asn1 error:Type=X509)"
            ))
        })
    });
    let shown = shown.transpose()?;
    text(key, "certificate key", "PEM_read_bio_PrivateKey", "ANY PRIVATE KEY")?;
    Ok(shown)
}

/// A block whose lines are no directives (`types`, `map`).
fn table(
    reader: &mut Reader<'_>,
    mut row: impl FnMut(&[String], &Spot) -> Result<(), Fault>,
) -> Result<(), Fault> {
    loop {
        match reader.next()? {
            Item::Simple(words, spot) => row(&words, &spot)?,
            Item::Close(_) => return Ok(()),
            Item::Open(_, spot) => return Err(spot.fault("unexpected \"{\"")),
            Item::End(spot) => {
                return Err(spot.fault("unexpected end of file, expecting \"}\""));
            }
        }
    }
}

/// A block that is not simulated, with all that is in it.
fn skip(reader: &mut Reader<'_>) -> Result<(), Fault> {
    let mut depth = 1;
    while depth > 0 {
        match reader.next()? {
            Item::Simple(..) => {}
            Item::Close(_) => depth -= 1,
            Item::Open(..) => depth += 1,
            Item::End(spot) => {
                return Err(spot.fault("unexpected end of file, expecting \"}\""));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::net::Ipv4Addr;

    use super::*;

    /// Files by path, and one host that has an address.
    struct Disk(BTreeMap<String, String>);

    impl ConfigEnv for Disk {
        fn read(&self, path: &str) -> Option<String> {
            self.0.get(path).cloned()
        }

        fn glob(&self, pattern: &str) -> Vec<String> {
            let stem = pattern.split('*').next().unwrap_or("").to_owned();
            self.0.keys().filter(|path| path.starts_with(&stem)).cloned().collect()
        }

        fn resolve(&mut self, host: &str) -> Vec<IpAddr> {
            if host == "be.shop" { vec![Ipv4Addr::new(10, 96, 0, 9).into()] } else { Vec::new() }
        }
    }

    const MAIN_FILE: &str = "events {} http { include /etc/nginx/conf.d/*.conf; }";

    fn read(server: &str) -> Result<Config, String> {
        let files =
            [("/etc/nginx/nginx.conf", MAIN_FILE), ("/etc/nginx/conf.d/default.conf", server)];
        let files = files.map(|(path, text)| (path.to_owned(), text.to_owned()));
        let mut disk = Disk(files.into());
        load("/etc/nginx/nginx.conf", "daemon off;", &mut disk).map_err(|fault| fault.to_string())
    }

    // TOPICS D43: the five mistakes, in the order in which a player meets them.
    #[test]
    fn mistakes_are_told_in_the_order_in_which_nginx_meets_them() {
        let file = "in /etc/nginx/conf.d/default.conf";
        let in_server = |line: &str| {
            read(&format!("server {{\n  location /my-be/ {{\n    {line}\n  }}\n}}\n"))
                .err()
                .unwrap_or_default()
        };
        assert_eq!(
            in_server("proxy-pass https://fe-sevice.namespace1:8080"),
            format!("unexpected \"}}\" {file}:4")
        );
        assert_eq!(
            in_server("proxy-pass https://fe-sevice.namespace1:8080;"),
            format!("unknown directive \"proxy-pass\" {file}:3")
        );
        assert_eq!(
            in_server("proxy_pass https://fe-sevice.namespace1:8080;"),
            format!("host not found in upstream \"fe-sevice.namespace1\" {file}:3")
        );
        assert_eq!(in_server("proxy_pass http://be.shop:8080/;"), "");
        assert_eq!(
            read("location / { }").err().unwrap_or_default(),
            format!("\"location\" directive is not allowed here {file}:1")
        );
    }

    #[test]
    fn a_server_says_where_it_listens() {
        let config =
            read("server { listen 127.0.0.1:8080 default_server; listen [::]:80; }").unwrap();
        let listens = &config.servers[0].listens;
        assert_eq!(listens.len(), 2);
        assert_eq!(listens[0].address, Ipv4Addr::LOCALHOST);
        assert_eq!(listens[1], Listen::v6(80));
        assert!(listens[0].default && config.foreground);
        assert_eq!(read("server { }").unwrap().servers[0].listens[0].port, 80);
        assert!(
            read("server { listen 99999; }").unwrap_err().starts_with("invalid port in \"99999\"")
        );
    }

    #[test]
    fn inner_levels_take_over_what_outer_ones_say() {
        let text = "server { root /a; index x.html; location /b { root /b; location /b/c { } } }";
        let config = read(text).unwrap();
        let inner = &config.servers[0].locations[0].locations[0].settings;
        assert_eq!(inner.root.as_deref(), Some("/b"));
        assert_eq!(inner.index.as_deref(), Some(&["x.html".to_owned()][..]));
    }

    // Recorded from nginx 1.22.1 -t.
    #[test]
    fn what_may_be_once_is_told_when_it_comes_again() {
        let told = |text: &str| {
            let told = read(text).err().unwrap_or_default();
            told.split(" in /").next().unwrap_or_default().to_owned()
        };
        let in_location = |line: &str| told(&format!("server {{ location /a {{ {line} }} }}"));
        assert_eq!(in_location("root /x; root /y;"), "\"root\" directive is duplicate");
        assert_eq!(
            in_location("root /x; alias /y;"),
            "\"alias\" directive is duplicate, \"root\" directive was specified earlier"
        );
        assert_eq!(in_location("allow all; allow all; add_header A b; add_header A b;"), "");
        for (text, what) in [
            ("server { location / { } location ^~ / { } }", "duplicate location \"/\""),
            (
                "server { location /a { location /b { } } }",
                "location \"/b\" is outside location \"/a\"",
            ),
            (
                "server { location = /a { location /a/b { } } }",
                "location \"/a/b\" cannot be inside the exact location \"/a\"",
            ),
            (
                "server { location /a { location @b { } } }",
                "named location \"@b\" can be on the server level only",
            ),
            ("server { listen 80; listen 80; }", "a duplicate listen 0.0.0.0:80"),
            (
                "upstream a { server 127.0.0.1; } upstream a { server 127.0.0.1; }",
                "duplicate upstream \"a\"",
            ),
            ("log_format combined x;", "duplicate \"log_format\" name \"combined\""),
            ("map $uri $x { default 1; default 2; }", "duplicate default map parameter"),
            ("map $nosuch $x { default 1; }", "unknown \"nosuch\" variable"),
            ("map $uri x { }", "invalid variable name \"x\""),
            ("server { if ($uri) { root /x; } }", "\"root\" directive is not allowed here"),
            ("server { access_log /dev/stdout other; }", "unknown log format \"other\""),
            ("server { server_tokens maybe; }", "invalid value \"maybe\""),
            ("server { keepalive_timeout a; }", "\"keepalive_timeout\" directive invalid value"),
            (
                "server { listen 443 ssl; }",
                "no \"ssl_certificate\" is defined for the \"listen ... ssl\" directive",
            ),
            (
                "server { ssl_certificate /a; }",
                "no \"ssl_certificate_key\" is defined for certificate \"/a\"",
            ),
            ("server { location = / { } location / { } location ~ / { } }", ""),
        ] {
            assert_eq!(told(text), what, "{text}");
        }
    }

    // Recorded from nginx 1.22.1 -t.
    #[test]
    fn variables_are_known_or_nginx_does_not_start() {
        let told = |line: &str| {
            let told = read(&format!("server {{ location ~ ^/x(?<rest>.*)$ {{ {line} }} }}")).err();
            told.map(|told| told.split(" in /").next().unwrap_or_default().to_owned())
        };
        let unknown = |name: &str| Some(format!("unknown \"{name}\" variable"));
        assert_eq!(told("return 200 $foo;"), unknown("foo"));
        assert_eq!(told("set $a $bar; return 200 $a$foo;"), unknown("bar"));
        assert_eq!(told("if ($foo) { return 404; }"), unknown("foo"));
        assert_eq!(told("try_files $uri $foo;"), unknown("foo"));
        assert_eq!(told("rewrite ^/(.*)$ /$foo/$1;"), unknown("foo"));
        assert_eq!(told("add_header X a$;"), Some("invalid variable name".to_owned()));
        assert_eq!(told("set foo 1;"), Some("invalid variable name \"foo\"".to_owned()));
        let known =
            "return 200 $arg_x$http_y$cookie_z$sent_http_q$upstream_http_a$1$rest$ssl_cipher;";
        for line in [known, "set $b 1; return 200 $b;", "if ($uri ~ ^/(a|b)$) { return 200 $1; }"] {
            assert_eq!(told(line), None, "{line}");
        }
    }

    #[test]
    fn what_is_not_simulated_is_said_and_skipped() {
        let text = "server { gzip on; etag on; location / { return 200 $ssl_cipher; } }\n\
                    geo $near { default 0; 10.0.0.0/8 1; }";
        let config = read(text).expect("a configuration");
        let place = "in /etc/nginx/conf.d/default.conf";
        assert_eq!(
            config.missed,
            [
                format!("gzip {place}:1 is not simulated here; it has no effect"),
                format!("geo {place}:2 is not simulated here; it has no effect"),
                "$ssl_cipher is not simulated here; it is empty".to_owned(),
            ]
        );
    }

    // Recorded from nginx 1.22.1 -t.
    #[test]
    fn an_error_page_is_for_a_status_that_can_have_one() {
        let told = |codes: &str| read(&format!("server {{ error_page {codes} /x; }}")).err();
        let starts = |codes: &str, start: &str| {
            let told = told(codes).unwrap_or_default();
            assert!(told.starts_with(start), "{codes}: {told}");
        };
        starts("200", "value \"200\" must be between 300 and 599 in");
        starts("600", "value \"600\" must be between 300 and 599 in");
        starts("499", "invalid value \"499\" in");
        starts("abc", "invalid value \"abc\" in");
        starts("404 =abc", "invalid value \"=abc\" in");
        for codes in ["404 =", "404 =700", "500 502 504"] {
            assert_eq!(told(codes), None, "{codes}");
        }
    }

    #[test]
    fn wrong_counts_and_blocks_are_told() {
        let told = |text: &str| read(text).unwrap_err();
        assert!(told("server { root; }").starts_with("invalid number of arguments in \"root\""));
        assert!(
            told("server { listen 80 { } }").starts_with("directive \"listen\" is not terminated")
        );
        assert!(told("server;").starts_with("directive \"server\" has no opening \"{\""));
        assert!(told("server {").starts_with("unexpected end of file, expecting \"}\""));
    }
}
