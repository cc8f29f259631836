//! `compgen`: the words that could complete one.

use super::super::{Io, Machine, files_view};
use crate::shell::commands;
use crate::shell::files;

/// Bash's builtins, as `compgen -b` lists them.
const BUILTINS: &str = ". : [ alias bg bind break builtin caller cd command compgen complete compopt continue \
    declare dirs disown echo enable eval exec exit export false fc fg getopts hash help history jobs kill let local \
    logout mapfile popd printf pushd pwd read readarray readonly return set shift shopt source suspend test times \
    trap true type typeset ulimit umask unalias unset wait";

/// Its reserved words, as `compgen -k` lists them.
const KEYWORDS: &str = "if then else elif fi case esac for select while until do done in function time { } ! [[ ]] coproc";

/// What an action of `-A` is as a letter.
fn letter(action: &str) -> Option<char> {
    Some(match action {
        "alias" => 'a',
        "builtin" => 'b',
        "command" => 'c',
        "directory" => 'd',
        "export" => 'e',
        "file" => 'f',
        "function" => 'F',
        "keyword" => 'k',
        "user" => 'u',
        "variable" => 'v',
        _ => return None,
    })
}

impl Machine {
    /// `compgen [-abcdefkuv] [-A ACTION] [-W WORDS] [-P PREFIX] [-S SUFFIX] [WORD]`
    pub(super) fn complete_word(&mut self, io: &mut Io<'_>, arguments: &[String]) -> i32 {
        let mut all: Vec<String> = Vec::new();
        let (mut word, mut before, mut behind) = ("", "", "");
        let mut rest = arguments.iter().map(String::as_str);
        while let Some(argument) = rest.next() {
            let told = match argument {
                "--" => {
                    word = rest.next().unwrap_or("");
                    break;
                }
                "-W" => {
                    all.extend(rest.next().unwrap_or("").split_whitespace().map(str::to_owned));
                    continue;
                }
                "-P" => {
                    before = rest.next().unwrap_or("");
                    continue;
                }
                "-S" => {
                    behind = rest.next().unwrap_or("");
                    continue;
                }
                "-A" => rest.next().unwrap_or(""),
                text if text.len() > 1 && text.starts_with('-') => text,
                text => {
                    word = text;
                    continue;
                }
            };
            let letters: Vec<char> = match told.strip_prefix('-') {
                Some(letters) => letters.chars().collect(),
                None => letter(told).into_iter().collect(),
            };
            if letters.is_empty() {
                let told = format!("{}{told}: invalid action name", self.state.builtin("compgen"));
                self.write_error(io, &told);
                return 2;
            }
            for letter in letters {
                match self.candidates(io, letter, word) {
                    Some(more) => all.extend(more),
                    None => {
                        self.write_error(
                            io,
                            &format!("podhop: not simulated here: compgen -{letter}"),
                        );
                        return 1;
                    }
                }
            }
        }
        let mut found = false;
        for one in all.iter().filter(|one| one.starts_with(word)) {
            self.say(io, &format!("{before}{one}{behind}"));
            found = true;
        }
        i32::from(!found)
    }

    /// What a letter stands for; `None` where podhop does not know.
    fn candidates(&self, io: &Io<'_>, letter: char, word: &str) -> Option<Vec<String>> {
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        let functions = || self.state.functions.keys().cloned().collect::<Vec<_>>();
        let variables = |exported: bool| {
            let all = self.state.variables.iter();
            let all = all.filter(|(_, variable)| variable.exported || !exported);
            all.map(|(name, _)| name.to_owned()).collect::<Vec<_>>()
        };
        Some(match letter {
            'a' => self.state.aliases.keys().cloned().collect(),
            'b' => words(BUILTINS),
            'c' => {
                let tools = commands::installed(io.cluster, &self.state.place);
                let tools = tools.into_iter().map(str::to_owned).collect();
                [words(KEYWORDS), functions(), words(BUILTINS), tools].concat()
            }
            'd' | 'f' => {
                let (folder, _) = word.rsplit_once('/').unwrap_or(("", word));
                let full = files::absolute(&self.state.place, &self.state.directory, folder);
                let names = files_view(io, &self.state.place).list(&full).unwrap_or_default();
                let names = names.into_iter().filter(|name| letter == 'f' || name.ends_with('/'));
                let slash = if folder.is_empty() { "" } else { "/" };
                names.map(|name| format!("{folder}{slash}{}", name.trim_end_matches('/'))).collect()
            }
            'e' => variables(true),
            'F' => functions(),
            'k' => words(KEYWORDS),
            'v' => variables(false),
            _ => return None,
        })
    }
}
