//! Redirects, and requests that are sent again.

use super::super::report;
use super::{Desk, MAX_REDIRECTS, Progress, Transfer, Trouble};
use crate::cluster::HttpResponse;
use crate::shell::Io;
use crate::shell::commands::net::url::Url;
impl Transfer {
    pub(super) fn follow(
        &mut self,
        desk: &mut Desk<'_>,
        io: &mut Io<'_>,
        location: &str,
        response: &HttpResponse,
    ) -> Result<Option<Progress>, Trouble> {
        let operation = desk.operation;
        self.leave(desk, io, response);
        // If it is not followed, the meter's line of the answer is the last one.
        let meter = std::mem::take(&mut self.job.meter);
        let limit = operation.max_redirects.unwrap_or(MAX_REDIRECTS);
        if limit >= 0 && i64::from(self.redirects) >= limit {
            return Err((47, format!("Maximum ({limit}) redirects followed"), false));
        }
        let target = location.replace(' ', "%20");
        let Ok(url) = self.url.join(&target) else {
            let told = "URL using bad/illegal format or missing URL".to_owned();
            return Err((3, told, false));
        };
        let allowed = match &operation.redirect_protocols {
            Some(list) => list.contains(&url.scheme),
            None => matches!(url.scheme.as_str(), "http" | "https" | "ftp" | "ftps"),
        };
        if !allowed {
            let told = format!("Protocol \"{}\" not supported or disabled in libcurl", url.scheme);
            return Err((1, told, false));
        }
        self.job.meter = meter;
        let before = std::mem::replace(&mut self.url, url);
        self.clear_auth(desk, io, &before);
        if operation.auto_referer {
            self.referer = Some(Url { user: None, ..before }.text());
        }
        self.redirects += 1;
        self.redirected = Some(io.now());
        self.set_out_anew(desk, io, response)?;
        Ok(None)
    }

    /// The body of a response that another request follows is not looked at.
    pub(super) fn leave(&mut self, desk: &mut Desk<'_>, io: &mut Io<'_>, response: &HttpResponse) {
        let closes = response.closes();
        if !closes && !response.body.is_empty() && !desk.operation.head {
            desk.words().note(io, "Ignoring the response-body");
            desk.words().bytes(io, '{', &response.body, io.terminal);
        }
        if self.job.meter && !desk.global.bar {
            desk.words().tell(io, &report::meter_line(response.body.len()));
        }
        self.keep(desk, io, closes);
    }

    /// The next request after a response: a redirect's, or one that says who is there.
    pub(super) fn set_out_anew(
        &mut self,
        desk: &mut Desk<'_>,
        io: &mut Io<'_>,
        response: &HttpResponse,
    ) -> Result<(), Trouble> {
        desk.words().note(io, &format!("Issue another request to this URL: '{}'", self.url.text()));
        if (300..400).contains(&response.status) {
            self.switch(desk, io, response.status);
        }
        self.connection = None;
        self.set_out_again(desk, io)
    }

    pub(super) fn set_out_again(
        &mut self,
        desk: &mut Desk<'_>,
        io: &mut Io<'_>,
    ) -> Result<(), Trouble> {
        let meter = std::mem::take(&mut self.job.meter);
        let result = self.set_out(desk, io);
        self.job.meter = meter;
        result
    }

    /// What is secret does not go to another port or over another scheme.
    pub(super) fn clear_auth(&self, desk: &Desk<'_>, io: &mut Io<'_>, before: &Url) {
        if desk.operation.trusted {
            return;
        }
        let dialled = self.fetch.dialled().map_or(before.port, |to| to.port());
        if self.url.port != dialled {
            let told = format!("Clear auth, redirects to port from {dialled} to {}", self.url.port);
            desk.words().note(io, &told);
        } else if self.url.scheme != before.scheme {
            let (from, to) = (&before.scheme, &self.url.scheme);
            desk.words().note(io, &format!("Clear auth, redirects scheme from {from} to {to}"));
        }
    }

    /// After some redirects a POST becomes a GET.
    pub(super) fn switch(&mut self, desk: &Desk<'_>, io: &mut Io<'_>, status: u16) {
        let operation = desk.operation;
        let put = self.job.upload.is_some();
        let posts =
            !put && (operation.data.is_some() && !operation.get || !operation.form.is_empty());
        if self.bodiless || operation.head && status != 303 {
            return;
        }
        let keeps = |at: usize| operation.keep_post[at];
        match status {
            301 if posts && !keeps(0) => desk.words().note(io, "Switch from POST to GET"),
            302 if posts && !keeps(1) => desk.words().note(io, "Switch from POST to GET"),
            303 if posts && !keeps(2) || put || operation.head => {
                let to = if operation.head { "HEAD" } else { "GET" };
                desk.words().note(io, &format!("Switch to {to}"));
            }
            _ => return,
        }
        self.bodiless = true;
    }
}
