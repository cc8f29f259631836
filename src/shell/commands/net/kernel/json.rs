//! JSON as iproute2 writes it (`lib/json_writer.c`).

/// A value; an object keeps its members in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Json {
    Number(u64),
    Text(String),
    List(Vec<Json>),
    Object(Vec<(&'static str, Json)>),
}

impl Json {
    /// A text's value.
    pub fn of(text: impl ToString) -> Json {
        Json::Text(text.to_string())
    }

    /// On one line, or with `-p` on many.
    pub fn text(&self, pretty: bool) -> String {
        let mut text = String::new();
        self.write(pretty.then_some(0), &mut text);
        text
    }

    /// `depth` is how deep it stands, where it is written on many lines.
    fn write(&self, depth: Option<usize>, to: &mut String) {
        let (blank, inner) = (if depth.is_some() { " " } else { "" }, depth.map(|it| it + 1));
        match self {
            Json::Number(number) => *to += &number.to_string(),
            Json::Text(text) => *to += &format!("\"{text}\""),
            Json::List(all) => {
                *to += "[";
                *to += blank;
                for (index, one) in all.iter().enumerate() {
                    *to += if index > 0 { "," } else { "" };
                    // What is in a list stands as deep as the list itself.
                    one.write(depth, to);
                }
                *to += if all.is_empty() { "" } else { blank };
                *to += "]";
            }
            Json::Object(members) => {
                *to += "{";
                for (index, (name, value)) in members.iter().enumerate() {
                    *to += if index > 0 { "," } else { "" };
                    if let Some(inner) = inner {
                        *to += &format!("\n{}", "    ".repeat(inner + 1));
                    }
                    *to += &format!("\"{name}\":{blank}");
                    value.write(inner.map(|it| it + 1), to);
                }
                if let Some(depth) = depth {
                    *to += &format!("\n{}", "    ".repeat(depth + 1));
                }
                *to += "}";
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_stand_in_lines_of_their_own() {
        let inner = Json::Object(vec![("family", Json::of("inet"))]);
        let all = Json::List(vec![Json::Object(vec![
            ("ifindex", Json::Number(1)),
            ("flags", Json::List(vec![Json::of("UP"), Json::of("LOOPBACK")])),
            ("addr_info", Json::List(vec![inner.clone(), inner])),
        ])]);
        assert_eq!(
            all.text(false),
            r#"[{"ifindex":1,"flags":["UP","LOOPBACK"],"addr_info":[{"family":"inet"},{"family":"inet"}]}]"#
        );
        assert_eq!(
            all.text(true),
            "[ {\n        \"ifindex\": 1,\n        \"flags\": [ \"UP\",\"LOOPBACK\" ],\n        \"addr_info\": [ {\n                \"family\": \"inet\"\n            },{\n                \"family\": \"inet\"\n            } ]\n    } ]"
        );
    }
}
