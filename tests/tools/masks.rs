//! What no two runs of a network tool have in common: dates, times, speeds, numbers drawn by chance.

use std::sync::LazyLock;

use regex::Regex;

/// What is looked for, and what stands in its place.
static MASKS: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    let number = r"[\d.]+[kMG]?";
    let meter = format!(
        r"(?:\r? *\d+ +{number} +\d+ +{number} +\d+ +{number} +{number} +{number} +[-\d:]+ +[-\d:]+ +[-\d:]+ +{number})+"
    );
    let all: Vec<(&str, &str)> = vec![
        (meter.as_str(), "METER"),
        (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "MOMENT"),
        (
            r"(?m)^(<= Recv header), \d+ bytes [^\n]*\n0000: (44 61 74 65|4c 61 73 74)[^\n]*\n(?:00[1-9]0: [^\n]*\n)*",
            "$1 of a date\n",
        ),
        (r"(?m)(Date|Last-Modified|ETag): [^\r\n]*", "$1: *"),
        (r"after \d+ (ms|milliseconds)", "after N $1"),
        (r"\([\d.,]+ [KMG]?[Bb]/s\)", "(SPEED)"),
        (r"(\d+%) +[\d.,]+[KMG]?[= ][^\n]*", "$1 SPEED"),
        (r"\]([ \d.,KM]+)[\d.]+[KMG]?B/s +in \S+", "]$1SPEED"),
        (r"-{20,}[0-9a-f]{16}", "BOUNDARY"),
        (r#""date":\["[^"]*"\]"#, "\"date\":*"),
        (r"host: 0x[0-9a-f]+", "host: 0x*"),
        (r"0x0000[0-9a-f]{12}", "0x*"),
        (r"on (\S+) \d{4,5}\b", "on $1 PORT"),
        (r"(?m)^\[\d+\] \d+", "[JOB]"),
        (r"pid \d+", "pid N"),
        (r"id: \d+", "id: N"),
        (r"COOKIE: [0-9a-f]+", "COOKIE: *"),
        (r"[qQ]uery time: \d+ [mu]sec", "Query time: N"),
        (r"(?m)(WHEN:|Received) [^\n]*", "$1 *"),
        (r"in \d+ ms", "in N ms"),
        (r"\r(#+)", "$1"),
        (r"(Total wall clock time:) [\d.]+s", "$1 N"),
        (r"Query #(\d) completed in \d+ms", "Query #$1 completed"),
        (r"query_time: !!timestamp \S+|response_time: !!timestamp \S+", "TIMESTAMP"),
    ];
    all.into_iter().map(|(look, put)| (Regex::new(look).expect("it is one"), put)).collect()
});

/// The text without it.
pub fn masked(text: &str) -> String {
    let put =
        |text: String, (look, put): &(Regex, &str)| look.replace_all(&text, *put).into_owned();
    MASKS.iter().fold(text.to_owned(), put)
}
