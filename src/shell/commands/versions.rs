//! What Debian 12's programs say of their version.

/// The programs of one package, and what stands behind their name.
const PACKAGES: &[(&str, &str)] = &[
    (" (GNU findutils) 4.9.0", "find xargs"),
    (" (GNU grep) 3.8", "grep"),
    (" (GNU sed) 4.9", "sed"),
    (" (GNU tar) 1.34", "tar"),
    (" 1.12", "gzip"),
    (" (GNU diffutils) 3.8", "cmp diff"),
    (" 1.07.1", "bc"),
    (" 3.23", "hostname"),
    (" from procps-ng 4.0.2", "free pgrep pkill ps top uptime watch"),
    (" from util-linux 2.38.1", "column getopt hexdump look more rev"),
    (
        " (GNU coreutils) 9.1",
        "[ arch b2sum base32 base64 basename basenc cat chgrp chmod chown cksum comm cp csplit cut date dd df dir \
         dircolors dirname du echo env expand expr factor false fmt fold groups head hostid id install join link ln \
         logname ls md5sum mkdir mkfifo mknod mktemp mv nice nl nohup nproc numfmt od paste pathchk pr printenv \
         printf ptx pwd readlink realpath rm rmdir seq sha1sum sha224sum sha256sum sha384sum sha512sum shred shuf \
         sleep sort split stat stdbuf stty sum sync tac tail tee test timeout touch tr true truncate tsort tty uname \
         unexpand uniq unlink users vdir wc who whoami yes",
    ),
];

/// The first line of `NAME --version`; whom to thank stands behind it, which is not told here.
pub(super) fn first_line(name: &str) -> Option<String> {
    let holds = |names: &str| names.split_whitespace().any(|one| one == name);
    let (version, _) = PACKAGES.iter().find(|(_, names)| holds(names))?;
    Some(format!("{name}{version}"))
}
