//! What httpd's configuration says: the main server, its virtual hosts, and what holds for directories,
//! files and locations.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use regex::Regex;

use super::directives::{Around, Known};
use super::settings::Settings;
use super::tree::{Files, Loader, Node, Spot, words};
use crate::cluster::files::pattern;
use crate::cluster::programs::daemon::Socket;

/// A whole configuration.
#[derive(Clone, Debug, Default)]
pub struct Config {
    pub listens: Vec<Socket>,
    /// `PidFile`
    pub number: Option<String>,
    pub server_root: String,
    /// Modules that are loaded, without `_module`.
    pub modules: BTreeSet<String>,
    /// `TypesConfig`, and what is read from it: types by the endings of files' names.
    pub types_file: Option<String>,
    pub types: BTreeMap<String, String>,
    /// `KeepAlive Off`
    pub closes: bool,
    /// `ServerTokens`, in small letters.
    pub tokens: String,
    /// `LogFormat`, by its name.
    pub formats: BTreeMap<String, String>,
    /// The main server, and then the virtual hosts in their order.
    pub hosts: Vec<Host>,
    /// Whether there is a `ProxyPass`.
    pub passes_on: bool,
    /// What it asks for and what is not simulated here, in sentences.
    pub missed: Vec<String>,
}

/// The main server or a `<VirtualHost>`.
#[derive(Clone, Debug, Default)]
pub struct Host {
    /// Of a virtual host: where it hears; nothing for any address or port.
    pub addresses: Vec<(Option<IpAddr>, Option<u16>)>,
    pub name: Option<String>,
    pub aliases: Vec<String>,
    pub root: Option<String>,
    pub settings: Settings,
    pub sections: Vec<Section>,
    /// `CustomLog` and `TransferLog`: the file, and the format or its name.
    pub logs: Vec<(String, String)>,
    pub error_log: Option<String>,
    pub spot: Spot,
}

/// What holds for a part of the server.
#[derive(Clone, Debug)]
pub struct Section {
    pub scope: Scope,
    pub settings: Settings,
}

/// For what a section is.
#[derive(Clone, Debug)]
pub enum Scope {
    /// `<Directory /srv>`: a folder with all below it; `*` stands for one name.
    Directory(String),
    /// `<Location /status>`: a path with all below it.
    Location(String),
    /// `<Files "*.txt">`, or an expression: the name of a file.
    Files(Regex),
}

/// Reads the configuration: `before` and `after` are what `-C` and `-c` say.
///
/// # Errors
/// What httpd prints, whole.
pub fn load(
    files: &dyn Files,
    (root, file): (&str, &str),
    [before, after]: [&str; 2],
    defines: &[String],
) -> Result<Config, String> {
    let mut loader = Loader::new(files, root, defines);
    let named = |why: String| format!("httpd: {why}");
    let mut nodes = loader.text(before, "-C/-c directives").map_err(named)?;
    let path = loader.path(file);
    let text = files.read(&path).ok_or_else(|| {
        format!("httpd: Could not open configuration file {path}: No such file or directory")
    })?;
    nodes.extend(loader.text(&text, &path).map_err(named)?);
    nodes.extend(loader.text(after, "-C/-c directives").map_err(named)?);
    let mut config = Config {
        server_root: loader.root.clone(),
        modules: loader.modules.clone(),
        hosts: vec![Host::default()],
        ..Config::default()
    };
    for module in &loader.missed {
        config.missed.push(format!("{module} is not simulated here; it has no effect"));
    }
    let mut reader = Walker { loader: &loader, config };
    reader.server(&nodes, 0)?;
    Ok(reader.config)
}

/// Puts a fault behind where it is (`ap_process_config_tree`).
fn placed(spot: &Spot, why: &str) -> String {
    format!("AH00526: Syntax error on line {} of {}:\n{why}", spot.line, spot.file)
}

struct Walker<'a> {
    loader: &'a Loader<'a>,
    config: Config,
}

impl Walker<'_> {
    /// Reads what stands in the main server or in a virtual host.
    fn server(&mut self, nodes: &[Node], host: usize) -> Result<(), String> {
        let around = if host == 0 { Around::Main } else { Around::Host };
        for node in nodes {
            let known = self.known(node)?;
            known.check_place(around).map_err(|why| placed(&node.spot, &why))?;
            if let Some(section) = self.section(node)? {
                self.config.hosts[host].sections.push(section);
            } else if node.name.eq_ignore_ascii_case("<virtualhost") {
                self.host(node)?;
            } else if !node.name.starts_with('<') {
                self.line(known, node, host).map_err(|why| placed(&node.spot, &why))?;
            }
        }
        Ok(())
    }

    /// The directive that a node is, which a loaded module has to bring.
    fn known(&mut self, node: &Node) -> Result<&'static Known, String> {
        let known = Known::find(&node.name)
            .filter(|known| self.config.modules.contains(known.module) || known.module == "core");
        let Some(known) = known else {
            return Err(placed(
                &node.spot,
                &format!(
                    "Invalid command '{}', perhaps misspelled or defined by a module not included in \
                     the server configuration",
                    node.name
                ),
            ));
        };
        if known.is_missing() {
            let Spot { file, line } = &node.spot;
            let close = if node.name.starts_with('<') { ">" } else { "" };
            self.config.missed.push(format!(
                "{}{close} in {file}:{line} is not simulated here; it has no effect",
                known.name
            ));
        }
        Ok(known)
    }

    /// The words of a section's opening line.
    fn opening(node: &Node) -> Result<Vec<String>, String> {
        let name = &node.name;
        let Some(rest) = node.rest.strip_suffix('>') else {
            return Err(placed(&node.spot, &format!("{name}> directive missing closing '>'")));
        };
        match words(rest) {
            words if words.is_empty() => {
                Err(placed(&node.spot, &format!("{name}> directive requires additional arguments")))
            }
            words => Ok(words),
        }
    }

    /// A section for a part of the server, with what is in it.
    fn section(&mut self, node: &Node) -> Result<Option<Section>, String> {
        let lower = node.name.to_lowercase();
        if !["<directory", "<location", "<files"].contains(&lower.as_str()) {
            return Ok(None);
        }
        let words = Walker::opening(node)?;
        let last = words.last().map_or("", String::as_str);
        let is_expression = words[0] == "~";
        let scope = match lower.as_str() {
            "<directory" => Scope::Directory(last.trim_end_matches('/').to_owned()),
            "<location" => Scope::Location(last.to_owned()),
            _ => {
                let text = if is_expression { last.to_owned() } else { pattern(last) };
                let compiled = Regex::new(&text);
                Scope::Files(
                    compiled.map_err(|_| placed(&node.spot, "Regex could not be compiled"))?,
                )
            }
        };
        let mut settings = Settings::default();
        for child in &node.children {
            let known = self.known(child)?;
            known
                .check_place(Around::Section(&node.name))
                .map_err(|why| placed(&child.spot, &why))?;
            if child.name.starts_with('<') {
                continue;
            }
            let place = match &scope {
                Scope::Location(path) => Some(path.as_str()),
                _ => None,
            };
            self.directive(known, child, place, &mut settings)
                .map_err(|why| placed(&child.spot, &why))?;
        }
        Ok(Some(Section { scope, settings }))
    }

    fn host(&mut self, node: &Node) -> Result<(), String> {
        let mut host = Host { spot: node.spot.clone(), ..Host::default() };
        for word in Walker::opening(node)? {
            match hears(&word) {
                Some(address) => host.addresses.push(address),
                None => self
                    .config
                    .missed
                    .push(format!("the name in <VirtualHost {word}> is not looked up here")),
            }
        }
        self.config.hosts.push(host);
        self.server(&node.children, self.config.hosts.len() - 1)
    }

    /// A directive of a server or of a part of it.
    fn directive(
        &mut self,
        known: &Known,
        node: &Node,
        location: Option<&str>,
        settings: &mut Settings,
    ) -> Result<(), String> {
        let words = words(&node.rest);
        known.check_count(&words)?;
        self.config.passes_on |= known.name == "ProxyPass";
        if let Some(what) = settings.read(known.name, &words, location)? {
            let Spot { file, line } = &node.spot;
            self.config
                .missed
                .push(format!("{what} in {file}:{line} is not simulated here; it has no effect"));
        }
        Ok(())
    }

    fn line(&mut self, known: &Known, node: &Node, host: usize) -> Result<(), String> {
        let words = words(&node.rest);
        known.check_count(&words)?;
        let first = words.first().cloned().unwrap_or_default();
        let path = |file: &str| self.loader.path(file);
        match known.name {
            "Listen" => {
                let socket = listen(&words)?;
                if self.config.listens.contains(&socket) {
                    return Err("Cannot define multiple Listeners on the same IP:port".to_owned());
                }
                self.config.listens.push(socket);
            }
            "DocumentRoot" => {
                let root = path(&first).trim_end_matches('/').to_owned();
                if !self.loader.files.is_directory(&root) {
                    return Err(format!(
                        "DocumentRoot '{root}' is not a directory, or is not readable"
                    ));
                }
                self.config.hosts[host].root = Some(root);
            }
            "TypesConfig" => self.config.types_file = Some(path(&first)),
            "KeepAlive" => self.config.closes = first.eq_ignore_ascii_case("off"),
            "PidFile" => self.config.number = Some(path(&first)),
            "ServerTokens" => {
                let lower = first.to_lowercase();
                let known =
                    ["prod", "productonly", "major", "minor", "min", "minimal", "os", "full"];
                if words.len() != 1 || !known.contains(&lower.as_str()) {
                    return Err("ServerTokens takes 1 argument: 'Prod(uctOnly)', 'Major', 'Minor', 'Min(imal)', 'OS', or 'Full'".to_owned());
                }
                self.config.tokens = lower;
            }
            "ServerName" => self.config.hosts[host].name = Some(first),
            "ServerAlias" if host == 0 => {
                return Err("ServerAlias only used in <VirtualHost>".to_owned());
            }
            "ServerAlias" => self.config.hosts[host].aliases.extend(words),
            "LogFormat" => {
                let name = words.get(1).cloned().unwrap_or_default();
                self.config.formats.insert(name, first);
            }
            "CustomLog" => self.config.hosts[host].logs.push((path(&first), words[1].clone())),
            "TransferLog" => self.config.hosts[host].logs.push((path(&first), String::new())),
            "ErrorLog" => self.config.hosts[host].error_log = Some(path(&first)),
            _ => {
                let mut settings = std::mem::take(&mut self.config.hosts[host].settings);
                let read = self.directive(known, node, None, &mut settings);
                self.config.hosts[host].settings = settings;
                read?;
            }
        }
        Ok(())
    }
}

/// `80`, `127.0.0.1:8080`, `[::]:80`, with a protocol behind (`ap_set_listener` of server/listen.c).
fn listen(words: &[String]) -> Result<Socket, String> {
    let [value] = words else {
        return match words {
            [value, protocol] if !protocol.starts_with(char::is_numeric) => {
                listen(std::slice::from_ref(value))
            }
            _ => Err("Listen requires 1 or 2 arguments.".to_owned()),
        };
    };
    let (host, port) = value.rsplit_once(':').unwrap_or(("", value));
    let address = match host.trim_matches(['[', ']']) {
        "" | "*" => Some(Socket::tcp(0).address),
        host => host.parse().ok(),
    };
    match (address, port.parse::<u64>()) {
        (_, Err(_)) => Err("Port must be specified".to_owned()),
        (Some(address), Ok(port)) if (1..=65_535).contains(&port) => {
            Ok(Socket { address, ..Socket::tcp(port as u16) })
        }
        _ => Err("Invalid address or port".to_owned()),
    }
}

/// `*:80`, `10.244.1.7`, `_default_:443`, `[::1]:80`; nothing where it is a name.
fn hears(word: &str) -> Option<(Option<IpAddr>, Option<u16>)> {
    let (host, port) = match word.rsplit_once(':') {
        Some((host, port)) if !word.ends_with(']') => (host, port),
        _ => (word, "*"),
    };
    let port = if port == "*" { None } else { Some(port.parse().ok()?) };
    let address = match host.trim_matches(['[', ']']) {
        "*" | "_default_" => None,
        host => Some(host.parse().ok()?),
    };
    Some((address, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A container with one file.
    struct One(&'static str);

    impl Files for One {
        fn read(&self, path: &str) -> Option<String> {
            (path == "/r/httpd.conf").then(|| self.0.to_owned())
        }

        fn glob(&self, _: &str) -> Vec<String> {
            Vec::new()
        }

        fn is_directory(&self, path: &str) -> bool {
            path == "/r/htdocs"
        }

        fn variable(&self, name: &str) -> Option<String> {
            (name == "PORT").then(|| "8080".to_owned())
        }
    }

    fn read(text: &'static str) -> Result<Config, String> {
        load(&One(text), ("/r", "httpd.conf"), ["", ""], &[])
    }

    // Recorded from apache2 2.4.71 -t.
    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        let told = |text| read(text).unwrap_err();
        let at = |line: u32, why: &str| {
            format!("AH00526: Syntax error on line {line} of /r/httpd.conf:\n{why}")
        };
        assert_eq!(
            told("Listen 80\nLisen 8080\n"),
            at(
                2,
                "Invalid command 'Lisen', perhaps misspelled or defined by a module not included in the server configuration"
            )
        );
        assert_eq!(told("Listen 70000"), at(1, "Invalid address or port"));
        assert_eq!(told("Listen tcp://10.96.3.4:80/"), at(1, "Port must be specified"));
        let twice = "Cannot define multiple Listeners on the same IP:port";
        assert_eq!(told("Listen 80\nListen 80\n"), at(2, twice));
        assert_eq!(
            told("<VirtualHost *:80>\nServerName a\n"),
            "httpd: Syntax error on line 1 of /r/httpd.conf: /r/httpd.conf:1: <VirtualHost> was not closed."
        );
        assert_eq!(
            told("<Directory /x>\n</Location>\n"),
            "httpd: Syntax error on line 2 of /r/httpd.conf: Expected </Directory> but saw </Location>"
        );
    }

    #[test]
    fn conditions_and_variables_decide_what_counts() {
        let text = "<IfModule dir_module>\nBar\n</IfModule>\nDefine SITE b\nListen ${PORT}\n\
                    <IfDefine SITE>\nListen 81\n</IfDefine>\n<VirtualHost *:81>\nServerName ${SITE}.test\n\
                    </VirtualHost>\n";
        let config = read(text).unwrap();
        let ports: Vec<u16> = config.listens.iter().map(|socket| socket.port).collect();
        assert_eq!(ports, [8080, 81]);
        assert_eq!(config.hosts[1].name.as_deref(), Some("b.test"));
    }
}
