//! Container images: what each starts, listens on, answers and holds (NETWORKING §15).

/// What podhop knows of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// The reference's repository without registry and tag: `nginx`, `curlimages/curl`.
    pub name: String,
    /// ENTRYPOINT
    pub entrypoint: Vec<String>,
    /// CMD
    pub command: Vec<String>,
    /// The tools that can be executed in it, by the name that a user types.
    pub tools: Vec<&'static str>,
    /// Which family the tools are of: it decides their messages.
    pub flavour: Flavour,
    /// ENV of the image.
    pub environment: Vec<(&'static str, &'static str)>,
    /// WORKDIR
    pub directory: &'static str,
    /// The user that its processes run as.
    pub user: &'static str,
}

/// Where an image's command-line tools come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flavour {
    /// BusyBox applets: busybox, alpine and what is built on it.
    BusyBox,
    /// GNU tools of Debian or Ubuntu.
    Gnu,
}
