//! Texts with variables: `$remote_addr - [$time_local] "$request"`.

/// A text with variables, taken apart once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Template(Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Variable(String),
}

impl Template {
    /// Takes a text apart.
    pub fn new(text: &str) -> Template {
        let mut pieces = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(at) = rest.find('$') {
            plain.push_str(&rest[..at]);
            let after = &rest[at + 1..];
            let (name, tail) = match after.strip_prefix('{').and_then(|body| body.split_once('}')) {
                Some((name, tail)) => (name, tail),
                None => {
                    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
                    let end = after.find(|c| !word(c)).unwrap_or(after.len());
                    after.split_at(end)
                }
            };
            if name.is_empty() {
                plain.push('$');
            } else {
                if !plain.is_empty() {
                    pieces.push(Piece::Text(std::mem::take(&mut plain)));
                }
                pieces.push(Piece::Variable(name.to_owned()));
            }
            rest = tail;
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            pieces.push(Piece::Text(plain));
        }
        Template(pieces)
    }

    /// Whether there is a variable in it.
    pub fn has_variables(&self) -> bool {
        self.0.iter().any(|piece| matches!(piece, Piece::Variable(_)))
    }

    /// The names of its variables.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Variable(name) => Some(name.as_str()),
            Piece::Text(_) => None,
        })
    }

    /// The text, with what `value` says for each variable put in.
    pub fn fill(&self, mut value: impl FnMut(&str, &mut String)) -> String {
        let mut text = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(plain) => text.push_str(plain),
                Piece::Variable(name) => value(name, &mut text),
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_end_where_their_name_ends() {
        let template = Template::new("http://$host:80${uri}x $ 5");
        assert!(template.has_variables());
        let filled = template.fill(|name, out| out.push_str(&name.to_uppercase()));
        assert_eq!(filled, "http://HOST:80URIx $ 5");
    }
}
