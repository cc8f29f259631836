//! Texts with gaps, in descriptions of servers: `listening on ${PORT:-8080}`.
//!
//! `${NAME}` is a variable of the program's environment, `${hostname}` (small letters) a [`Fact`].
//! `${…:-text}` is `text` where there is none, or an empty one; gaps may stand in it.

use serde::Deserialize;

/// A text with gaps.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(in crate::cluster) struct Text(Vec<Piece>);

/// A part of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Literal(String),
    Gap { name: Name, otherwise: Text },
}

/// What fills a gap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cluster) enum Name {
    /// A variable of the environment.
    Variable(String),
    /// Something else that the program knows.
    Fact(Fact),
}

/// What a program knows beside its environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cluster) enum Fact {
    /// Its host name.
    Hostname,
    /// Its IPv4 address.
    Address,
    /// The port that the client came in at.
    Port,
    /// The client's address and port, as the server sees it.
    Peer,
    /// The client's address alone.
    PeerAddress,
    /// The request's parts.
    Method,
    Target,
    Path,
    /// The request's `Host`.
    Host,
    /// The other headers, a line each, by name.
    Headers,
    /// What went wrong with a call, in the words of the program's language.
    Problem,
    /// Whom a call was for.
    To,
    /// The variable that a program insists on and does not find.
    Missing,
    /// `2026/01/05 09:00:00`, as Go's log prints it.
    GoDate,
    /// `2026-01-05T09:00:00.000Z`
    IsoDate,
    /// `2026-01-05 09:00:00`
    PlainDate,
    /// `05/Jan/2026:09:00:00 +0000`
    LogDate,
    /// A command-line option's value.
    Flag(String),
    /// A header of the request.
    Header(String),
    /// A parameter of the request's query.
    Query(String),
}

impl Text {
    /// The text, its gaps filled by `fill`.
    pub fn render(&self, fill: &dyn Fn(&Name) -> Option<String>) -> String {
        let piece = |piece: &Piece| match piece {
            Piece::Literal(text) => text.clone(),
            Piece::Gap { name, otherwise } => {
                let found = fill(name).filter(|value| !value.is_empty());
                found.unwrap_or_else(|| otherwise.render(fill))
            }
        };
        self.0.iter().map(piece).collect()
    }
}

impl TryFrom<String> for Text {
    type Error = String;

    fn try_from(text: String) -> Result<Text, String> {
        let mut rest = text.as_str();
        let read = pieces(&mut rest, false)?;
        Ok(read)
    }
}

/// Reads up to the end, or inside a gap up to its brace.
fn pieces(rest: &mut &str, inside: bool) -> Result<Text, String> {
    let mut pieces = Vec::new();
    let mut literal = String::new();
    while let Some(next) = rest.chars().next() {
        if inside && next == '}' {
            break;
        }
        match rest.strip_prefix("${") {
            Some(gap) => {
                if !literal.is_empty() {
                    pieces.push(Piece::Literal(std::mem::take(&mut literal)));
                }
                *rest = gap;
                pieces.push(read_gap(rest)?);
            }
            None => {
                literal.push(next);
                *rest = &rest[next.len_utf8()..];
            }
        }
    }
    if !literal.is_empty() {
        pieces.push(Piece::Literal(literal));
    }
    Ok(Text(pieces))
}

fn read_gap(rest: &mut &str) -> Result<Piece, String> {
    let end = rest.find([':', '}']).ok_or_else(|| format!("\"${{{rest}\" has no end"))?;
    let name = name(&rest[..end])?;
    *rest = &rest[end..];
    let otherwise = match rest.strip_prefix(":-") {
        Some(text) => {
            *rest = text;
            pieces(rest, true)?
        }
        None => Text::default(),
    };
    *rest =
        rest.strip_prefix('}').ok_or_else(|| format!("a gap ends with \"}}\", not \"{rest}\""))?;
    Ok(Piece::Gap { name, otherwise })
}

fn name(text: &str) -> Result<Name, String> {
    let is_variable = text.starts_with(|c: char| c.is_ascii_uppercase() || c == '_');
    if is_variable && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
        return Ok(Name::Variable(text.to_owned()));
    }
    let of = |kind: &str| text.strip_prefix(kind).map(str::to_owned);
    Ok(Name::Fact(match text {
        "hostname" => Fact::Hostname,
        "address" => Fact::Address,
        "port" => Fact::Port,
        "peer" => Fact::Peer,
        "peer-address" => Fact::PeerAddress,
        "method" => Fact::Method,
        "target" => Fact::Target,
        "path" => Fact::Path,
        "host" => Fact::Host,
        "headers" => Fact::Headers,
        "problem" => Fact::Problem,
        "to" => Fact::To,
        "missing" => Fact::Missing,
        "go-date" => Fact::GoDate,
        "iso-date" => Fact::IsoDate,
        "plain-date" => Fact::PlainDate,
        "log-date" => Fact::LogDate,
        _ => match (of("flag."), of("header."), of("query.")) {
            (Some(flag), ..) => Fact::Flag(flag),
            (_, Some(header), _) => Fact::Header(header),
            (.., Some(parameter)) => Fact::Query(parameter),
            _ => return Err(format!("\"${{{text}}}\" stands for nothing")),
        },
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(text: &str) -> String {
        let fill = |name: &Name| match name {
            Name::Variable(name) if name == "PORT" => Some("81".to_owned()),
            Name::Variable(name) if name == "EMPTY" => Some(String::new()),
            Name::Fact(Fact::Hostname) => Some("web-0".to_owned()),
            _ => None,
        };
        Text::try_from(text.to_owned()).unwrap().render(&fill)
    }

    #[test]
    fn gaps_are_filled_and_have_a_default() {
        assert_eq!(rendered("on :${PORT:-80} at ${hostname}"), "on :81 at web-0");
        assert_eq!(rendered("${EMPTY:-a}${NONE}"), "a");
        assert_eq!(rendered("${flag.port:-${PORT:-80}} {json} $x"), "81 {json} $x");
    }

    #[test]
    fn what_stands_for_nothing_is_refused() {
        let refused = |text: &str| Text::try_from(text.to_owned()).unwrap_err();
        assert!(refused("${nobody}").contains("stands for nothing"));
        assert!(refused("${PORT").contains("has no end"));
        assert!(refused("${PORT:=1}").contains("a gap ends"));
    }
}
