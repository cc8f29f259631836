//! Directives, tags, and the names of anchors.

use super::Fault;
use super::cursor::{is_blank, is_space_or_end, is_word};
use super::scanner::Scanner;
use super::token::Kind;

impl Scanner {
    /// The name behind `&` or `*`.
    pub(super) fn scan_name(&mut self) -> Result<String, Fault> {
        self.cursor.skip(1);
        let name = self.cursor.read_while(is_word);
        let here = self.cursor.here();
        let ends = is_space_or_end(here) || "?:,]}%@`".contains(here);
        if name.is_empty() || !ends {
            return Err(self.fault("did not find expected alphabetic or numeric character"));
        }
        Ok(name)
    }

    /// A tag: its handle, and what follows.
    pub(super) fn scan_tag(&mut self) -> Result<(String, String), Fault> {
        let tag = if self.cursor.peek(1) == '<' {
            self.cursor.skip(2);
            let suffix = self.scan_tag_uri("")?;
            if self.cursor.here() != '>' {
                return Err(self.fault("did not find the expected '>'"));
            }
            self.cursor.skip(1);
            (String::new(), suffix)
        } else {
            let handle = self.scan_tag_handle(false)?;
            if handle.len() > 1 && handle.ends_with('!') {
                let suffix = self.scan_tag_uri("")?;
                (handle, suffix)
            } else {
                match self.scan_tag_uri(&handle)? {
                    suffix if suffix.is_empty() => (String::new(), "!".to_owned()),
                    suffix => ("!".to_owned(), suffix),
                }
            }
        };
        if !is_space_or_end(self.cursor.here()) {
            return Err(self.fault("did not find expected whitespace or line break"));
        }
        Ok(tag)
    }

    fn scan_tag_handle(&mut self, directive: bool) -> Result<String, Fault> {
        if self.cursor.here() != '!' {
            return Err(self.fault("did not find expected '!'"));
        }
        let mut handle = self.cursor.read().to_string();
        handle += &self.cursor.read_while(is_word);
        if self.cursor.here() == '!' {
            handle.push(self.cursor.read());
        } else if directive && handle != "!" {
            return Err(self.fault("did not find expected '!'"));
        }
        Ok(handle)
    }

    /// The rest of a tag behind what was taken for its handle.
    fn scan_tag_uri(&mut self, head: &str) -> Result<String, Fault> {
        let mut uri: String = head.chars().skip(1).collect();
        let of_uri = |c: char| is_word(c) || ";/?:@&=+$,.!~*'()[]%".contains(c);
        let more = self.cursor.read_while(of_uri);
        if head.is_empty() && more.is_empty() {
            return Err(self.fault("did not find expected tag URI"));
        }
        uri += &more;
        Ok(uri)
    }

    pub(super) fn scan_directive(&mut self) -> Result<Kind, Fault> {
        self.cursor.skip(1);
        let name = self.cursor.read_while(is_word);
        if name.is_empty() {
            return Err(self.fault("could not find expected directive name"));
        }
        if !is_space_or_end(self.cursor.here()) {
            return Err(self.fault("found unexpected non-alphabetical character"));
        }
        let kind = match name.as_str() {
            "YAML" => self.scan_version()?,
            "TAG" => self.scan_tag_directive()?,
            _ => return Err(self.fault("found unknown directive name")),
        };
        self.end_line()?;
        Ok(kind)
    }

    fn scan_version(&mut self) -> Result<Kind, Fault> {
        self.cursor.skip_while(is_blank);
        let major = self.scan_version_number()?;
        if self.cursor.here() != '.' {
            return Err(self.fault("did not find expected digit or '.' character"));
        }
        self.cursor.skip(1);
        Ok(Kind::VersionDirective(major, self.scan_version_number()?))
    }

    fn scan_version_number(&mut self) -> Result<i32, Fault> {
        let mut digits = String::new();
        while self.cursor.here().is_ascii_digit() {
            if digits.len() == 2 {
                return Err(self.fault("found extremely long version number"));
            }
            digits.push(self.cursor.read());
        }
        digits.parse().map_err(|_| self.fault("did not find expected version number"))
    }

    fn scan_tag_directive(&mut self) -> Result<Kind, Fault> {
        self.cursor.skip_while(is_blank);
        let handle = self.scan_tag_handle(true)?;
        if !is_blank(self.cursor.here()) {
            return Err(self.fault("did not find expected whitespace"));
        }
        self.cursor.skip_while(is_blank);
        let prefix = self.scan_tag_uri("")?;
        if !is_space_or_end(self.cursor.here()) {
            return Err(self.fault("did not find expected whitespace or line break"));
        }
        Ok(Kind::TagDirective(handle, prefix))
    }
}
