//! The functions that every jq program has: those in [`super::builtins`], and those in jq's language.

/// Functions without arguments.
pub(super) const PLAIN: &[&str] = &[
    "acos",
    "acosh",
    "add",
    "arrays",
    "asin",
    "asinh",
    "atan",
    "atanh",
    "booleans",
    "builtins",
    "cbrt",
    "ceil",
    "cos",
    "cosh",
    "debug",
    "empty",
    "error",
    "exp",
    "exp10",
    "exp2",
    "expm1",
    "explode",
    "fabs",
    "floor",
    "fromjson",
    "gmtime",
    "halt",
    "implode",
    "infinite",
    "input",
    "inputs",
    "input_filename",
    "input_line_number",
    "isinfinite",
    "isnan",
    "isnormal",
    "iterables",
    "keys",
    "keys_unsorted",
    "length",
    "localtime",
    "log",
    "log10",
    "log1p",
    "log2",
    "max",
    "min",
    "mktime",
    "modf",
    "frexp",
    "nan",
    "nearbyint",
    "not",
    "now",
    "nulls",
    "numbers",
    "objects",
    "pow10",
    "recurse",
    "recurse_down",
    "rint",
    "round",
    "scalars",
    "significand",
    "sin",
    "sinh",
    "sort",
    "sqrt",
    "stderr",
    "strings",
    "tan",
    "tanh",
    "tojson",
    "tonumber",
    "tostring",
    "trunc",
    "type",
    "utf8bytelength",
    "values",
    "logb",
    "gamma",
    "lgamma",
    "tgamma",
    "lgamma_r",
    "get_search_list",
];

/// Functions whose arguments are values.
pub(super) const VALUED: &[(&str, usize)] = &[
    ("atan2", 2),
    ("contains", 1),
    ("delpaths", 1),
    ("drem", 2),
    ("endswith", 1),
    ("error", 1),
    ("fma", 3),
    ("fmax", 2),
    ("fmin", 2),
    ("fmod", 2),
    ("getpath", 1),
    ("halt_error", 1),
    ("has", 1),
    ("ldexp", 2),
    ("ltrimstr", 1),
    ("pow", 2),
    ("rtrimstr", 1),
    ("scalb", 2),
    ("scalbln", 2),
    ("setpath", 2),
    ("split", 1),
    ("startswith", 1),
    ("strflocaltime", 1),
    ("strftime", 1),
    ("strptime", 1),
    ("_match", 3),
    ("_sort_by", 1),
    ("_group_by", 1),
    ("_min_by", 1),
    ("_max_by", 1),
    ("_strindices", 1),
    ("hypot", 2),
    ("copysign", 2),
    ("nextafter", 2),
    ("nexttoward", 2),
    ("fdim", 2),
];

/// Functions that run their arguments.
pub(super) const RUNNING: &[(&str, usize)] = &[
    ("all", 2),
    ("any", 2),
    ("first", 1),
    ("limit", 2),
    ("path", 1),
    ("range", 2),
    ("range", 3),
    ("recurse", 1),
    ("recurse", 2),
    ("repeat", 1),
    ("until", 2),
    ("while", 2),
    ("isempty", 1),
];

/// Functions in jq's own language.
pub(super) const DEFINED: &str = r#"
def select(f): if f then . else empty end;
def map(f): [.[] | f];
def map_values(f): .[] |= f;
def range($x): range(0; $x);
def todate: strftime("%Y-%m-%dT%H:%M:%SZ");
def todateiso8601: strftime("%Y-%m-%dT%H:%M:%SZ");
def fromdateiso8601: strptime("%Y-%m-%dT%H:%M:%SZ") | mktime;
def fromdate: fromdateiso8601;
def del(f): delpaths([path(f)]);
def paths: path(..) | select(length > 0);
def paths(f): . as $dot | paths | select(. as $p | $dot | getpath($p) | f);
def leaf_paths: paths(scalars);
def to_entries: [keys_unsorted[] as $k | {key: $k, value: .[$k]}];
def from_entries: map({(.key // .Key // .name // .Name): (if has("value") then .value else .Value end)}) | add + {} // {};
def with_entries(f): to_entries | map(f) | from_entries;
def reverse: [.[length - 1 - range(0; length)]];
def indices($i): if type == "array" and ($i | type) == "array" then .[$i] elif type == "array" then .[[$i]] elif ($i | type) == "string" then _strindices($i) else .[[$i]] end;
def index($i): indices($i) | .[0];
def rindex($i): indices($i) | .[-1:][0];
def join($x): reduce .[] as $i (null; (if . == null then "" else . + $x end) + ($i | if . == null then "" elif type == "boolean" or type == "number" then tojson else . end)) // "";
def _flatten($x): reduce .[] as $i ([]; if ($i | type) == "array" and $x != 0 then . + ($i | _flatten($x - 1)) else . + [$i] end);
def flatten($x): if $x < 0 then error("flatten depth must not be negative") else _flatten($x) end;
def flatten: _flatten(1e9);
def sort_by(f): _sort_by(map([f]));
def group_by(f): _group_by(map([f]));
def unique_by(f): [group_by(f)[] | .[0]];
def unique: unique_by(.);
def max_by(f): _max_by(map([f]));
def min_by(f): _min_by(map([f]));
def any: any(.[]; .);
def all: all(.[]; .);
def any(f): any(.[]; f);
def all(f): all(.[]; f);
def in(xs): . as $x | xs | has($x);
def inside(xs): . as $x | xs | contains($x);
def first: .[0];
def last: .[-1];
def last(f): reduce f as $x (null; $x);
def nth($n): .[$n];
def nth($n; f): if $n < 0 then error("nth doesn't support negative indices") else last(limit($n + 1; f)) end;
def combinations: if length == 0 then [] else .[0][] as $x | (.[1:] | combinations) as $w | [$x] + $w end;
def combinations(n): . as $dot | [range(n)] | map($dot) | combinations;
def walk(f): . as $in | if type == "object" then reduce keys_unsorted[] as $key ({}; . + {($key): ($in[$key] | walk(f))}) | f elif type == "array" then map(walk(f)) | f else f end;
def transpose: if . == [] then [] else . as $in | (map(length) | max) as $max | [range(0; $max) as $j | [range(0; $in | length) as $i | $in[$i][$j]]] end;
def ascii_downcase: explode | map(if 65 <= . and . <= 90 then . + 32 else . end) | implode;
def ascii_upcase: explode | map(if 97 <= . and . <= 122 then . - 32 else . end) | implode;
def tostream: path(def r: (.[]? | r), .; r) as $p | getpath($p) | reduce path(.[]?) as $q ([$p, .]; [$p + $q]);
def fromstream(f): {x: null, e: false} as $init | foreach f as $i ($init; if .e then $init else . end | if $i | length == 2 then setpath(["e"]; $i[0] | length == 0) | setpath(["x"] + $i[0]; $i[1]) else setpath(["e"]; $i[0] | length == 1) end; if .e then .x else empty end);
def truncate_stream(stream): . as $n | null | stream | . as $input | if (.[0] | length) > $n then setpath([0]; .[0][$n:]) else empty end;
def env: $ENV;
def halt_error: halt_error(5);
def INDEX(stream; f): reduce stream as $row ({}; .[$row | f | tostring] |= $row);
def INDEX(f): INDEX(.[]; f);
def IN(s): any(s == .; .);
def IN(src; s): any(src == s; .);
def JOIN($idx; f): [.[] | [., $idx[f]]];
def JOIN($idx; stream; f): stream | [., $idx[f]];
def JOIN($idx; stream; f; join): stream | [., $idx[f]] | join;
def _nwise($n): def n: if length <= $n then . else .[0:$n], (.[$n:] | n) end; n;
def _nwise(a; $n): a | _nwise($n);
def match(re; mode): _match(re; mode; false) | .[];
def match($val): ($val | type) as $vt | if $vt == "string" then match($val; null) elif $vt == "array" and ($val | length) > 1 then match($val[0]; $val[1]) elif $vt == "array" and ($val | length) > 0 then match($val[0]; null) else error($vt + " not a string or array") end;
def test(re; mode): _match(re; mode; true);
def test($val): ($val | type) as $vt | if $vt == "string" then test($val; null) elif $vt == "array" and ($val | length) > 1 then test($val[0]; $val[1]) elif $vt == "array" and ($val | length) > 0 then test($val[0]; null) else error($vt + " not a string or array") end;
def _captured: [.captures | .[] | select(.name != null) | {key: .name, value: .string}] | from_entries;
def capture(re; mods): match(re; mods) | _captured;
def capture($val): ($val | type) as $vt | if $vt == "string" then capture($val; null) elif $vt == "array" and ($val | length) > 1 then capture($val[0]; $val[1]) elif $vt == "array" and ($val | length) > 0 then capture($val[0]; null) else error($vt + " not a string or array") end;
def scan($re): match($re; "g") | if (.captures | length) > 0 then [.captures | .[] | .string] else .string end;
def split($re; flags): . as $s | [foreach ((match($re; flags + "g") | [.offset, .length]), null) as $m ({at: 0, out: null}; if $m == null then {at, out: $s[.at:]} else {at: ($m[0] + $m[1]), out: $s[.at:$m[0]]} end; .out)];
def splits($re): splits($re; null);
def splits($re; flags): split($re; flags) | .[];
def sub($re; str; $flags): . as $in | reduce match($re; $flags) as $m ({at: 0, out: ""}; {at: ($m.offset + $m.length), out: (.out + $in[.at:$m.offset] + ($m | _captured | str))}) | .out + $in[.at:];
def sub($re; str): sub($re; str; "");
def gsub($re; str; $flags): sub($re; str; $flags + "g");
def gsub($re; str): sub($re; str; "g");
def finites: select(isinfinite or isnan | not);
def normals: select(isnormal);
def bsearch($target): if length == 0 then -1 else [range(0; length) as $i | select(.[$i] == $target) | $i] as $found | if ($found | length) > 0 then $found[0] else -1 - ([.[] | select(. < $target)] | length) end end;
"#;

/// Whether there is a function of this name with that many arguments.
pub(super) fn exists(name: &str, count: usize) -> bool {
    PLAIN.contains(&name) && count == 0
        || VALUED.contains(&(name, count))
        || RUNNING.contains(&(name, count))
        || defined().any(|(defined, parameters)| defined == name && parameters == count)
}

/// The functions of [`DEFINED`], by their heads.
fn defined() -> impl Iterator<Item = (&'static str, usize)> {
    DEFINED.lines().filter_map(|line| {
        let head = line.strip_prefix("def ")?.split(": ").next()?;
        match head.split_once('(') {
            Some((name, parameters)) => Some((name, parameters.matches(';').count() + 1)),
            None => Some((head, 0)),
        }
    })
}
