//! The expressions that ss chooses sockets by (`misc/ssfilter.y`).

use std::net::IpAddr;

use crate::network::{Protocol, within};
use crate::shell::commands::net::services::port_of;

/// Which sockets are shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Filter {
    Everything,
    Not(Box<Filter>),
    Both(Box<Filter>, Box<Filter>),
    Either(Box<Filter>, Box<Filter>),
    /// A socket's own port, or its peer's.
    Port(End, Comparison, u32),
    /// A socket's own address, or its peer's: a prefix and a port, where they are given.
    Host(End, Option<(IpAddr, u8)>, Option<u32>),
    /// Whether the kernel chose the port: it does so for no listener here.
    Autobound,
}

/// Which end of a socket is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Own,
    Peer,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    AtLeast,
    AtMost,
    Above,
    Below,
}

/// More words and signs than a filter may have: they nest, and are read in one go.
const MOST_TOKENS: usize = 1_000;

/// What bison says of anything that it does not expect.
const SYNTAX: &str = "ss: bison bellows (while parsing filter): \"syntax error!\" Sorry.";

impl Filter {
    /// Reads what stands behind ss's options.
    ///
    /// # Errors
    /// iproute2's words: a syntax error begins with `ss: `, a wrong address or port does not.
    pub fn parse(words: &[String]) -> Result<Filter, String> {
        let mut parser = Parser { tokens: tokens(words), at: 0 };
        if parser.tokens.is_empty() {
            return Ok(Filter::Everything);
        }
        if parser.tokens.len() > MOST_TOKENS {
            return Err(format!("podhop: a filter of ss has at most {MOST_TOKENS} words here"));
        }
        let filter = parser.either()?;
        match parser.peek() {
            None => Ok(filter),
            Some(_) => Err(SYNTAX.to_owned()),
        }
    }

    /// Whether a listening socket is shown.
    pub fn admits(&self, address: IpAddr, port: u16) -> bool {
        let unset: IpAddr = match address {
            IpAddr::V4(_) => IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED),
            IpAddr::V6(_) => IpAddr::V6(std::net::Ipv6Addr::UNSPECIFIED),
        };
        let end = |end: End| match end {
            End::Own => (address, u32::from(port)),
            End::Peer => (unset, 0),
        };
        match self {
            Filter::Everything => true,
            Filter::Autobound => false,
            Filter::Not(one) => !one.admits(address, port),
            Filter::Both(one, other) => one.admits(address, port) && other.admits(address, port),
            Filter::Either(one, other) => one.admits(address, port) || other.admits(address, port),
            Filter::Port(of, comparison, wanted) => {
                let (_, port) = end(*of);
                match comparison {
                    Comparison::Equal => port == *wanted,
                    Comparison::NotEqual => port != *wanted,
                    Comparison::AtLeast => port >= *wanted,
                    Comparison::AtMost => port <= *wanted,
                    Comparison::Above => port > *wanted,
                    Comparison::Below => port < *wanted,
                }
            }
            Filter::Host(of, prefix, wanted) => {
                let (address, port) = end(*of);
                prefix.is_none_or(|prefix| within(address, prefix))
                    && wanted.is_none_or(|wanted| wanted == port)
            }
        }
    }
}

/// Words and signs; signs need no blanks around them.
fn tokens(words: &[String]) -> Vec<String> {
    let text = words.join(" ");
    let mut tokens: Vec<String> = Vec::new();
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            ' ' | '\t' | '\n' => {}
            '(' | ')' => tokens.push(letter.to_string()),
            '!' | '=' | '<' | '>' | '&' | '|' => {
                let mut sign = letter.to_string();
                let twice = matches!(letter, '=' | '&' | '|').then_some(letter).unwrap_or('=');
                if letters.peek() == Some(&twice) {
                    letters.next();
                    sign.push(twice);
                }
                tokens.push(sign);
            }
            _ => {
                let mut word = letter.to_string();
                while let Some(next) =
                    letters.next_if(|next| !next.is_whitespace() && !"()!=<>&|".contains(*next))
                {
                    word.push(next);
                }
                tokens.push(word);
            }
        }
    }
    tokens
}

struct Parser {
    tokens: Vec<String>,
    at: usize,
}

impl Parser {
    fn peek(&self) -> Option<&str> {
        self.tokens.get(self.at).map(String::as_str)
    }

    fn take(&mut self) -> Option<String> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        token
    }

    fn takes(&mut self, any: &[&str]) -> bool {
        let found = self.peek().is_some_and(|token| any.contains(&token));
        self.at += usize::from(found);
        found
    }

    fn either(&mut self) -> Result<Filter, String> {
        let mut filter = self.both()?;
        while self.takes(&["|", "||", "or"]) {
            filter = Filter::Either(Box::new(filter), Box::new(self.both()?));
        }
        Ok(filter)
    }

    /// Conditions one after the other hold together, as with `and`.
    fn both(&mut self) -> Result<Filter, String> {
        let mut filter = self.one()?;
        loop {
            let joined = self.takes(&["&", "&&", "and"]);
            let more = self.peek().is_some_and(|next| !matches!(next, ")" | "|" | "||" | "or"));
            if !joined && !more {
                return Ok(filter);
            }
            filter = Filter::Both(Box::new(filter), Box::new(self.one()?));
        }
    }

    fn one(&mut self) -> Result<Filter, String> {
        let syntax = || SYNTAX.to_owned();
        let token = self.take().ok_or_else(syntax)?;
        Ok(match token.as_str() {
            "!" | "not" => Filter::Not(Box::new(self.one()?)),
            "(" => {
                let filter = self.either()?;
                if !self.takes(&[")"]) {
                    return Err(syntax());
                }
                filter
            }
            "autobound" => Filter::Autobound,
            "sport" | "dport" => {
                let end = if token == "sport" { End::Own } else { End::Peer };
                let comparison = self.comparison().ok_or_else(syntax)?;
                let value = self.take().ok_or_else(syntax)?;
                Filter::Port(end, comparison, port(&value)?)
            }
            "src" | "dst" => {
                let end = if token == "src" { End::Own } else { End::Peer };
                let comparison = self.comparison();
                let value = self.take().ok_or_else(syntax)?;
                let (prefix, port) = host(&value)?;
                let filter = Filter::Host(end, prefix, port);
                match comparison {
                    None | Some(Comparison::Equal) => filter,
                    Some(Comparison::NotEqual) => Filter::Not(Box::new(filter)),
                    Some(_) => return Err(syntax()),
                }
            }
            "dev" | "fwmark" | "cgroup" => {
                return Err(format!("podhop: not simulated here: ss {token}"));
            }
            ")" | "=" | "==" | "!=" | "<" | ">" | "<=" | ">=" | "&" | "&&" | "|" | "||" => {
                return Err(syntax());
            }
            // A word that is none of these is read as an address, which it may not be.
            word => {
                host(word)?;
                return Err(syntax());
            }
        })
    }

    fn comparison(&mut self) -> Option<Comparison> {
        let found = match self.peek()? {
            "=" | "==" | "eq" => Comparison::Equal,
            "!=" | "ne" | "neq" => Comparison::NotEqual,
            ">=" | "ge" | "geq" => Comparison::AtLeast,
            "<=" | "le" | "leq" => Comparison::AtMost,
            ">" | "gt" => Comparison::Above,
            "<" | "lt" => Comparison::Below,
            _ => return None,
        };
        self.at += 1;
        Some(found)
    }
}

/// The words behind which ss gives up on an address.
fn hopeless(why: String) -> String {
    format!("Error: {why}\nCannot parse dst/src address.")
}

/// `:80`, `80`, `:http`
fn port(text: &str) -> Result<u32, String> {
    let name = text.rsplit(':').next().unwrap_or(text);
    let known = || port_of(Protocol::Tcp, name).map(u32::from);
    name.parse()
        .ok()
        .or_else(known)
        .ok_or_else(|| hopeless(format!("\"{name}\" does not look like a port.")))
}

/// `10.0.0.0/8`, `10.0.0.1:80`, `[::1]:80`, `:80`, `*`
fn host(text: &str) -> Result<(Option<(IpAddr, u8)>, Option<u32>), String> {
    let (address, number) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, number)) => (address, number.strip_prefix(':')),
        None => match text.rsplit_once(':') {
            Some((address, number)) if !address.contains(':') => (address, Some(number)),
            _ => (text, None),
        },
    };
    let number = number.filter(|number| !matches!(*number, "" | "*")).map(port).transpose()?;
    if matches!(address, "" | "*") {
        return Ok((None, number));
    }
    let wrong = || hopeless(format!("an inet prefix is expected rather than \"{address}\"."));
    let (base, length) = match address.split_once('/') {
        Some((base, length)) => (base, Some(length.parse::<u8>().map_err(|_| wrong())?)),
        None => (address, None),
    };
    let base: IpAddr = base.parse().map_err(|_| wrong())?;
    let most = if base.is_ipv4() { 32 } else { 128 };
    let length = length.unwrap_or(most);
    if length > most {
        return Err(wrong());
    }
    Ok((Some((base, length)), number))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admits(text: &str, address: &str, port: u16) -> Result<bool, String> {
        let filter = Filter::parse(&[text.to_owned()])?;
        Ok(filter.admits(address.parse().unwrap(), port))
    }

    #[test]
    fn conditions_are_joined() {
        assert_eq!(admits("sport = :80", "0.0.0.0", 80), Ok(true));
        assert_eq!(admits("sport = :80 or sport = :443", "0.0.0.0", 443), Ok(true));
        assert_eq!(admits("( sport gt :1024 ) and not sport = :8080", "::", 8080), Ok(false));
        assert_eq!(admits("src 127.0.0.0/8 sport=:http", "127.0.0.1", 80), Ok(true));
        assert_eq!(admits("dst 10.0.0.1", "10.0.0.1", 80), Ok(false));
    }

    #[test]
    fn a_filter_that_nests_without_end_is_refused() {
        for word in ["(", "! ", "sport = 1 or "] {
            let refused = Filter::parse(&[word.repeat(100_000)]).unwrap_err();
            assert!(refused.contains("at most 1000 words"), "{refused}");
        }
    }

    #[test]
    fn mistakes_are_worded_as_iproute2_does() {
        assert_eq!(Filter::parse(&["sport".to_owned()]), Err(SYNTAX.to_owned()));
        assert_eq!(
            Filter::parse(&["nosuch = 1".to_owned()]).unwrap_err(),
            "Error: an inet prefix is expected rather than \"nosuch\".\nCannot parse dst/src address."
        );
    }
}
