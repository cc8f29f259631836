//! `kubectl autoscale`

use serde_json::{Value, json};

use super::super::super::tool::Io;
use super::command::{self, Command};
use super::create::finish_as;
use super::dry_run::{DryRun, Report};
use super::flags::{Arguments, Flag, Takes, text, typed};
use super::target::{Rules, Target};
use super::words::NO_RESOURCES;
use super::{Call, DONE, Failure, Outcome};
use crate::api::{Kind, Object, Status, quantity};
use crate::manifest::quantity as amount;

pub(super) static COMMAND: Command = Command {
    name: "autoscale",
    short: "Auto-scale a deployment, replica set, stateful set, or replication controller",
    usage: "(-f FILENAME | TYPE NAME | TYPE/NAME) [--min=MINPODS] --max=MAXPODS [--cpu=CPU] \
            [--memory=MEMORY]",
    flags: &[FLAGS, command::FILENAME, command::WRITE],
    required: &["max"],
    run,
    ..command::PLAIN
};

const FLAGS: &[Flag] = &[
    typed("min", Takes::Small, "-1", "The fewest pods."),
    typed("max", Takes::Small, "-1", "The most pods."),
    text("cpu", None, "The processor time that is aimed at: 50% or 500m."),
    text("memory", None, "The memory that is aimed at: 50% or 200Mi."),
    typed("cpu-percent", Takes::Small, "-1", "Deprecated: --cpu in percent."),
    text("name", None, "The autoscaler's name; that of the object by default."),
    typed("save-config", Takes::Switch, "false", "Keep the manifest in an annotation."),
];

/// The checks are those of `AutoscaleOptions.Validate`.
fn run(mut call: Call, io: &mut Io<'_>) -> Outcome {
    let report = Report::of(&call, io)?;
    let arguments = &call.arguments;
    if arguments.given("cpu-percent") {
        io.write_error(
            "Flag --cpu-percent has been deprecated, Use --cpu with percentage or resource \
             quantity format (e.g., '70%' for utilization or '500m' for milliCPU).",
        );
    }
    let bounds = bounds(arguments)?;
    let metrics = metrics(arguments)?;
    let without_older = why_not_older(arguments);
    let words = arguments.positional.clone();
    if words.is_empty() && arguments.all("filename").is_empty() {
        return Err(Failure::message(NO_RESOURCES));
    }
    let target = Target::of(&call, io, &words, Rules { names_required: true })?;
    let found = target.find(&mut call, io)?;
    let failures = found.each(|object| {
        let info = object.kind().info();
        if !["Deployment", "ReplicaSet", "StatefulSet", "ReplicationController"]
            .contains(&info.name)
        {
            return Err(Failure::message(format!(
                "cannot autoscale a {}: could not find scale subresource for {}/{}, \
                 Resource={} in discovery information",
                info.name, info.group, info.version, info.plural
            )));
        }
        let name = match call.arguments.text("name") {
            "" => object.name(),
            name => name,
        };
        let spec = spec(bounds, &metrics, &object);
        let value = json!({
            "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": name},
            "spec": spec, "status": {"currentMetrics": null, "desiredReplicas": 0}
        });
        let kind = Kind::HorizontalPodAutoscaler;
        // A dry run of kubectl's own tells of the object alone (`AutoscaleOptions.Run`).
        let done = if report.dry_run == DryRun::Client { "created" } else { "autoscaled" };
        let failed = |status: Status| match &without_older {
            None => Failure::from(status),
            Some(why) => Failure::message(format!(
                "failed to create autoscaling/v2 HPA and the configuration is incompatible with \
                 autoscaling/v1: {why}"
            )),
        };
        finish_as(&mut call, io, &report, (kind, done), value, failed).map(|_| ())
    });
    Failure::of(failures).map_or(DONE, Err)
}

/// How few and how many pods there may be; the fewest is -1 if nobody says.
#[derive(Clone, Copy)]
struct Bounds {
    min: i64,
    max: i64,
}

fn bounds(arguments: &Arguments) -> Result<Bounds, Failure> {
    let (max, min) = (arguments.number("max").unwrap_or(-1), arguments.number("min").unwrap_or(-1));
    if max < 1 {
        let text = format!("--max=MAXPODS is required and must be at least 1, max: {max}");
        return Err(Failure::message(text));
    }
    if max < min {
        return Err(Failure::message(format!(
            "--max=MAXPODS must be larger or equal to --min=MINPODS, max: {max}, min: {min}"
        )));
    }
    Ok(Bounds { min, max })
}

/// What the flags aim at, in the order of kubectl's own list.
fn metrics(arguments: &Arguments) -> Result<Vec<Value>, Failure> {
    let percent = arguments.number("cpu-percent").filter(|percent| *percent > 0);
    if percent.is_some() && !arguments.text("cpu").is_empty() {
        return Err(Failure::message("--cpu-percent and --cpu are mutually exclusive"));
    }
    let metric = |name: &str, target: Value| json!({"type": "Resource", "resource": {"name": name, "target": target}});
    let mut metrics: Vec<Value> = Vec::new();
    if let Some(percent) = percent {
        let target = json!({"type": "Utilization", "averageUtilization": percent});
        metrics.push(metric("cpu", target));
    }
    for name in ["cpu", "memory"] {
        let text = arguments.text(name).trim();
        if !text.is_empty() {
            metrics.push(metric(name, aim(name, text)?));
        }
    }
    Ok(metrics)
}

/// Why kubectl does not try `autoscaling/v1` when the server refuses; it tells that in place of the server's
/// reason (`canCreateHPAV1`; an error that is none is printed as Go prints one).
fn why_not_older(arguments: &Arguments) -> Option<&'static str> {
    let cpu = arguments.text("cpu").trim();
    match (cpu.is_empty(), cpu.ends_with('%') && arguments.text("memory").is_empty()) {
        (true, _) => Some("empty input"),
        (false, true) => None,
        (false, false) => Some("%!w(<nil>)"),
    }
}

fn spec(Bounds { min, max }: Bounds, metrics: &[Value], object: &Object) -> Value {
    let info = object.kind().info();
    let mut spec = json!({
        "maxReplicas": max,
        "scaleTargetRef": {
            "apiVersion": info.api_version(), "kind": info.name, "name": object.name()
        }
    });
    if min > 0 {
        spec["minReplicas"] = json!(min);
    }
    if !metrics.is_empty() {
        spec["metrics"] = json!(metrics);
    }
    spec
}

/// What is aimed at: a share of what is asked for, or an amount (`parseResourceInput`).
fn aim(name: &str, text: &str) -> Result<Value, Failure> {
    if let Some(digits) = text.strip_suffix('%') {
        let percent: i32 = digits
            .parse()
            .map_err(|_| Failure::message(format!("invalid percentage value: {text}")))?;
        return Ok(json!({"type": "Utilization", "averageUtilization": percent}));
    }
    let plain = text.parse::<f64>().is_ok();
    let unit = if !plain {
        ""
    } else if name == "cpu" {
        "m"
    } else {
        "Mi"
    };
    let text = format!("{text}{unit}");
    if amount::parse(&text).is_err() {
        return Err(Failure::message(format!("invalid resource {name} value: {text}")));
    }
    Ok(json!({"type": "AverageValue", "averageValue": quantity::canonical(&text)}))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_aimed_at_is_a_share_or_an_amount() {
        assert_eq!(aim("cpu", "70%").expect("an aim")["averageUtilization"], 70);
        assert_eq!(aim("cpu", "500").expect("an aim")["averageValue"], "500m");
        assert_eq!(aim("memory", "1Gi").expect("an aim")["averageValue"], "1Gi");
        assert!(aim("cpu", "x").is_err());
    }
}
