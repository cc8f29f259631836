//! The only texts that some fields may hold, sorted: for the server that refuses others, and for the
//! schema that names them.

/// When an image is pulled (`PullPolicy`).
pub const PULL_POLICIES: &[&str] = &["Always", "IfNotPresent", "Never"];

/// Where a container's last words come from (`TerminationMessagePolicy`).
pub const LAST_WORDS: &[&str] = &["FallbackToLogsOnError", "File"];

/// Kinds of seccomp and AppArmor profiles.
pub const PROFILES: &[&str] = &["Localhost", "RuntimeDefault", "Unconfined"];

/// What has to be at a path of the node (`HostPathType`); the empty text asks for nothing.
pub const HOST_PATH_TYPES: &[&str] = &[
    "",
    "BlockDevice",
    "CharDevice",
    "Directory",
    "DirectoryOrCreate",
    "File",
    "FileOrCreate",
    "Socket",
];

/// Which objects a quota counts (`ResourceQuotaScope`).
pub const QUOTA_SCOPES: &[&str] = &[
    "BestEffort",
    "CrossNamespacePodAffinity",
    "NotBestEffort",
    "NotTerminating",
    "PriorityClass",
    "Terminating",
    "VolumeAttributesClass",
];
