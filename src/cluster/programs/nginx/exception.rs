//! `limit_except`: other settings for all but some methods.

use super::config::Settings;
use super::tokens::{Fault, Spot};

/// Every method that nginx knows.
const METHODS: &[&str] = &[
    "GET",
    "HEAD",
    "POST",
    "PUT",
    "DELETE",
    "MKCOL",
    "COPY",
    "MOVE",
    "OPTIONS",
    "PROPFIND",
    "PROPPATCH",
    "LOCK",
    "UNLOCK",
    "PATCH",
    "TRACE",
];

/// A `limit_except`: what holds for all methods but those that it names.
#[derive(Clone, Debug)]
pub struct Exception {
    methods: Vec<String>,
    pub settings: Box<Settings>,
}

impl Exception {
    /// Reads the methods behind `limit_except`.
    ///
    /// # Errors
    /// In nginx's words.
    pub fn read(words: &[String], spot: &Spot, settings: Settings) -> Result<Exception, Fault> {
        let known = |word: &&String| METHODS.contains(&word.to_uppercase().as_str());
        match words.iter().find(|word| !known(word)) {
            Some(word) => Err(spot.fault(format!("invalid method \"{word}\""))),
            None => {
                let methods = words.iter().map(|word| word.to_uppercase()).collect();
                Ok(Exception { methods, settings: Box::new(settings) })
            }
        }
    }

    /// Whether it holds for a method. Who may GET may ask for the head alone.
    pub fn holds(&self, method: &str) -> bool {
        let named = |name: &str| self.methods.iter().any(|known| known == name);
        !(named(method) || method == "HEAD" && named("GET"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exception_holds_for_other_methods() {
        let spot = Spot { file: "nginx.conf".into(), line: 1 };
        let read = |word: &str| Exception::read(&[word.to_owned()], &spot, Settings::default());
        let exception = read("GET").unwrap();
        assert!(exception.holds("POST") && !exception.holds("GET") && !exception.holds("HEAD"));
        assert!(read("FETCH").is_err());
    }
}
