//! The real programs, each command in a fresh folder `/home/player`.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use super::{Played, Shell};

const HOME: &str = "/home/player";

/// BusyBox as its image has it: version 1.36.1, built with `make defconfig`. Debian's own is another
/// version with fewer options.
const BUSYBOX: &str = "/opt/busybox/busybox";

/// Names the folder where Debian's iputils-ping, redis-tools, conntrack and iptables lie unpacked (`dpkg -x`)
/// with the libraries that they need, if they are not installed.
const NET_TOOLS: &str = "PODHOP_NET_TOOLS";

/// What root may do in a container of Docker's. Commands are played with no more, so that none can set this
/// machine's clock or its name.
const CAPABILITIES: &str = "-all,+audit_write,+chown,+dac_override,+fowner,+fsetid,+kill,+mknod,\
    +net_bind_service,+net_raw,+setfcap,+setgid,+setpcap,+setuid,+sys_chroot";

/// What network tools need besides, in the network of their own.
const OF_NET: &str = ",+net_admin,+sys_admin";

/// `PATH` and the variables of libraries where network tools are played.
fn of_net() -> Vec<(&'static str, String)> {
    let path = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin";
    let Ok(root) = std::env::var(NET_TOOLS) else { return vec![("PATH", path.to_owned())] };
    let libraries = format!("{root}/usr/lib/x86_64-linux-gnu");
    vec![
        ("PATH", format!("{path}:{root}/bin:{root}/usr/bin:{root}/usr/sbin")),
        ("XTABLES_LIBDIR", format!("{libraries}/xtables")),
        ("LD_LIBRARY_PATH", libraries),
    ]
}

/// Set in the network of its own where network tools are played.
pub const INSIDE: &str = "PODHOP_TOOLS_INSIDE";

/// Records a list of a network tool: in a network of its own, with servers beside it.
pub fn inside(tool: &str) {
    let around = super::folder().join("net/around.sh");
    let done = Command::new("unshare")
        .args(["--net", "--mount", "--uts", "bash"])
        .arg(around)
        .arg(std::env::current_exe().expect("it runs"))
        .args(["record", tool])
        .env(INSIDE, "1")
        .status()
        .expect("a network of its own can be made");
    assert!(done.success(), "{tool} could not be recorded");
}

/// Plays every command; `files` are in the folder each time.
pub fn play(shell: Shell, commands: &[String], files: &Path) -> Vec<Played> {
    commands.iter().map(|command| play_one(shell, command, files)).collect()
}

fn play_one(shell: Shell, command: &str, files: &Path) -> Played {
    let _ = fs::remove_dir_all(HOME);
    fs::create_dir_all(HOME).expect("the home folder can be made");
    for entry in fs::read_dir(files).expect("the files are readable").flatten() {
        fs::copy(entry.path(), Path::new(HOME).join(entry.file_name())).expect("a file is copied");
    }
    let (program, name, path) = match shell {
        Shell::Bash => ("/bin/bash", "bash", "/usr/local/bin:/usr/bin:/bin"),
        Shell::Dash => ("/bin/dash", "sh", "/usr/local/bin:/usr/bin:/bin"),
        Shell::Net => ("/bin/dash", "sh", ""),
        Shell::BusyBox | Shell::NetBusyBox => (BUSYBOX, "sh", "/opt/busybox"),
    };
    if matches!(shell, Shell::BusyBox | Shell::NetBusyBox) && !Path::new("/opt/busybox/ls").exists()
    {
        fs::create_dir_all("/opt/busybox").expect("the applets' folder can be made");
        let arguments = ["--install", "-s", "/opt/busybox"];
        Command::new(program).args(arguments).status().expect("busybox runs");
    }
    // A time limit, and a limit to what is written: some commands never end by themselves.
    let script = "ulimit -f 4096; exec /usr/bin/timeout -s KILL 5 /bin/bash -c 'exec -a \"$0\" \"$1\" -c \"$2\"' \"$@\"";
    let out = Path::new("/tmp/podhop-out");
    let err = Path::new("/tmp/podhop-err");
    let is_net = matches!(shell, Shell::Net | Shell::NetBusyBox);
    let capabilities = format!("{CAPABILITIES}{}", if is_net { OF_NET } else { "" });
    let status = Command::new("/usr/bin/setpriv")
        .args(["--bounding-set", &capabilities, "--inh-caps", "-all", "/bin/bash"])
        .args(["-c", script, "bash", name, program, command])
        .env_clear()
        .env("PATH", path)
        .env("HOME", HOME)
        .env("LC_ALL", "C")
        .env("TZ", "UTC")
        .env("USER", "player")
        .env("LOGNAME", "player")
        .envs(if shell == Shell::Net { of_net() } else { Vec::new() })
        .current_dir(HOME)
        .stdin(Stdio::null())
        .stdout(fs::File::create(out).expect("a file can be made"))
        .stderr(fs::File::create(err).expect("a file can be made"))
        .status()
        .expect("the shell runs");
    let read =
        |path: &Path| String::from_utf8_lossy(&fs::read(path).unwrap_or_default()).into_owned();
    Played {
        command: command.to_owned(),
        stdout: read(out),
        stderr: read(err),
        exit: status.code().unwrap_or(-1),
    }
}
