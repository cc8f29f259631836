//! `proxy_redirect`: where an upstream sends a client to, in the client's own terms
//! (`ngx_http_proxy_rewrite_redirect`).

use regex::Regex;

use super::expression;
use super::template::Template;
use super::tokens::{Fault, Spot};

/// A `proxy_redirect`.
#[derive(Clone, Debug)]
pub enum Redirect {
    /// `default`: what `proxy_pass` puts in place of the location, taken back.
    Default,
    /// What begins so begins otherwise.
    Prefix(Template, Template),
    /// Whatever fits becomes something else.
    Expression(Regex, Template),
}

impl Redirect {
    /// Reads the words behind `proxy_redirect`; `None` for `off`.
    ///
    /// # Errors
    /// In nginx's words.
    pub fn read(words: &[String], spot: &Spot) -> Result<Option<Redirect>, Fault> {
        let (from, to) = match words {
            [word] if word == "off" => return Ok(None),
            [word] if word == "default" => return Ok(Some(Redirect::Default)),
            [from, to] => (from, Template::new(to)),
            [word, ..] => return Err(spot.fault(format!("invalid parameter \"{word}\""))),
            [] => return Ok(None),
        };
        let Some(text) = from.strip_prefix('~') else {
            return Ok(Some(Redirect::Prefix(Template::new(from), to)));
        };
        let (folds, text) = text.strip_prefix('*').map_or((false, text), |text| (true, text));
        let expression = expression::compile(text, folds, spot)?;
        Ok(Some(Redirect::Expression(expression, to)))
    }

    /// Where `target` leads in the client's terms; `None` where this one does not fit. `usual` is what
    /// `proxy_pass` put in place of what, and `fill` puts in the values of variables.
    pub fn apply(
        &self,
        target: &str,
        usual: Option<&(String, String)>,
        fill: impl Fn(&Template) -> String,
    ) -> Option<String> {
        match self {
            Redirect::Default => {
                let (there, here) = usual?;
                Some(format!("{here}{}", target.strip_prefix(there)?))
            }
            Redirect::Prefix(from, to) => {
                Some(format!("{}{}", fill(to), target.strip_prefix(&fill(from))?))
            }
            Redirect::Expression(expression, to) => {
                let found = expression.captures(target)?;
                let whole = found.get(0)?;
                let filled = to.fill(|name, out| {
                    let index = name.parse().ok().and_then(|index| found.get(index));
                    match index.or_else(|| found.name(name)) {
                        Some(group) => out.push_str(group.as_str()),
                        None => out.push_str(&fill(&Template::new(&format!("${{{name}}}")))),
                    }
                });
                Some(format!("{}{filled}{}", &target[..whole.start()], &target[whole.end()..]))
            }
        }
    }
}
