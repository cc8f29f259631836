//! What the C library of a place says of an error: glibc's `strerror` and `gai_strerror`, or musl's.

use crate::cluster::{DialFailure, Libc, LookupFailure};
use crate::shell::Io;

/// What is said of a real flag that would change what happens, and is not simulated.
pub(in crate::shell) fn left_out(tool: &str, flag: impl std::fmt::Display) -> String {
    format!("podhop: not simulated here: {tool} {flag}")
}

/// Why nobody could be reached.
pub(in crate::shell) fn dial_trouble(io: &Io<'_>, why: DialFailure) -> &'static str {
    let musl = io.cluster.library(io.place) == Libc::Musl;
    match why {
        DialFailure::Refused => "Connection refused",
        DialFailure::Unreachable if musl => "Host is unreachable",
        DialFailure::Unreachable => "No route to host",
        DialFailure::NoNetwork if musl => "Network unreachable",
        DialFailure::NoNetwork => "Network is unreachable",
        DialFailure::Silence if musl => "Operation timed out",
        DialFailure::Silence => "Connection timed out",
    }
}

/// Why a name has no address.
pub(in crate::shell) fn name_trouble(io: &Io<'_>, why: LookupFailure) -> &'static str {
    if io.cluster.library(io.place) == Libc::Musl {
        return match why {
            LookupFailure::NotFound => "Name does not resolve",
            LookupFailure::NoAddress => "Name has no usable address",
            LookupFailure::OtherFamily => "Unrecognized address family or invalid length",
            LookupFailure::ServerFailure | LookupFailure::NoServer => "Try again",
        };
    }
    match why {
        LookupFailure::NotFound => "Name or service not known",
        LookupFailure::NoAddress => "No address associated with hostname",
        LookupFailure::OtherFamily => "Address family for hostname not supported",
        LookupFailure::ServerFailure | LookupFailure::NoServer => {
            "Temporary failure in name resolution"
        }
    }
}
