//! Generators of a few words: namespaces, service accounts, disruption budgets, quotas and priority
//! classes. podhop has no objects of the last kind: they are written, not sent.

use serde_json::{Value, json};

use super::super::super::super::tool::Io;
use super::super::catalog::{self, Command};
use super::super::flags::{Takes, switch, text, typed};
use super::super::{Call, Failure, Outcome, words};
use super::{Shape, finish, finish_unknown, named, start};
use crate::api::selector::Operator;
use crate::api::{Kind, LabelSelector};

pub(super) static NAMESPACE: Command = Command {
    name: "namespace",
    aliases: &["ns"],
    short: "Create a namespace with the specified name",
    usage: "NAME [--dry-run=server|client|none]",
    flags: &[super::GENERATOR, catalog::WRITE, catalog::VALIDATE],
    run: namespace,
    ..catalog::PLAIN
};

pub(super) static SERVICE_ACCOUNT: Command = Command {
    name: "serviceaccount",
    aliases: &["sa"],
    short: "Create a service account with the specified name",
    usage: "NAME [--dry-run=server|client|none]",
    flags: &[super::GENERATOR, catalog::WRITE, catalog::VALIDATE],
    run: service_account,
    ..catalog::PLAIN
};

pub(super) static POD_DISRUPTION_BUDGET: Command = Command {
    name: "poddisruptionbudget",
    aliases: &["pdb"],
    short: "Create a pod disruption budget with the specified name",
    usage: "NAME --selector=SELECTOR --min-available=N [--dry-run=server|client|none]",
    flags: &[
        &[
            text("selector", None, "The pods that it protects."),
            text("min-available", None, "How many must stay."),
            text("max-unavailable", None, "How many may go."),
        ],
        super::GENERATOR,
        catalog::WRITE,
        catalog::VALIDATE,
    ],
    run: pod_disruption_budget,
    ..catalog::PLAIN
};

pub(super) static QUOTA: Command = Command {
    name: "quota",
    aliases: &["resourcequota"],
    short: "Create a quota with the specified name",
    usage: "NAME [--hard=key1=value1,key2=value2] [--scopes=Scope1,Scope2]",
    flags: &[
        &[
            text("hard", None, "The most that there may be: pods=3,cpu=2."),
            text("scopes", None, "What is counted."),
        ],
        super::GENERATOR,
        catalog::WRITE,
        catalog::VALIDATE,
    ],
    run: quota,
    ..catalog::PLAIN
};

pub(super) static PRIORITY_CLASS: Command = Command {
    name: "priorityclass",
    aliases: &["pc"],
    short: "Create a priority class with the specified name",
    usage: "NAME --value=VALUE --global-default=BOOL [--dry-run=server|client|none]",
    flags: &[
        &[
            typed("value", Takes::Small, "0", "The priority."),
            switch("global-default", None, "The class of pods that name none."),
            text("description", None, "What it is for."),
            typed(
                "preemption-policy",
                Takes::Text,
                "'PreemptLowerPriority'",
                "PreemptLowerPriority or Never.",
            ),
        ],
        super::GENERATOR,
        catalog::WRITE,
        catalog::VALIDATE,
    ],
    run: priority_class,
    ..catalog::PLAIN
};

fn namespace(mut call: Call, io: &mut Io<'_>) -> Outcome {
    let start = start(&call, io)?;
    named(&start)?;
    let value = json!({
        "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": start.name}, "spec": {},
        "status": {}
    });
    finish(&mut call, io, &start.report, Kind::Namespace, value, Failure::from)
}

fn service_account(mut call: Call, io: &mut Io<'_>) -> Outcome {
    let start = start(&call, io)?;
    named(&start)?;
    let value =
        json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": start.name}});
    finish(&mut call, io, &start.report, Kind::ServiceAccount, value, |status| {
        Failure::message(format!("failed to create serviceaccount: {}", status.message))
    })
}

fn pod_disruption_budget(mut call: Call, io: &mut Io<'_>) -> Outcome {
    let start = start(&call, io)?;
    named(&start)?;
    let arguments = &call.arguments;
    let [selector, least, most] =
        ["selector", "min-available", "max-unavailable"].map(|flag| arguments.text(flag));
    let refuse = |text: &str| Err(Failure::message(text));
    if selector.is_empty() {
        return refuse("a selector must be specified");
    }
    let (flag, field, amount) = match (least, most) {
        ("", "") => return refuse("one of min-available or max-unavailable must be specified"),
        (least, "") => ("min-available", "minAvailable", least),
        ("", most) => ("max-unavailable", "maxUnavailable", most),
        _ => return refuse("min-available and max-unavailable cannot be both specified"),
    };
    let digits = amount.strip_suffix('%').unwrap_or(amount);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Failure::message(format!("invalid format specified for {flag}")));
    }
    let amount = amount.parse::<i32>().map_or_else(|_| json!(amount), |number| json!(number));
    let parsed = LabelSelector::parse(selector).map_err(|reason| {
        let text = format!("couldn't parse the selector string \"{selector}\": {reason}");
        Failure::message(text)
    })?;
    let selector = label_selector(selector, parsed).map_err(Failure::message)?;
    let value = json!({
        "apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": start.name},
        "spec": {field: amount, "selector": selector},
        "status": {"currentHealthy": 0, "desiredHealthy": 0, "disruptionsAllowed": 0,
        "expectedPods": 0}
    });
    finish(&mut call, io, &start.report, Kind::PodDisruptionBudget, value, |status| {
        Failure::message(format!("failed to create poddisruptionbudgets: {}", status.message))
    })
}

/// A selector's text as the object of an API (`metav1.ParseToLabelSelector`).
fn label_selector(text: &str, parsed: LabelSelector) -> Result<Value, String> {
    let set_based = text.contains(" in ") || text.contains(" in(");
    let mut selector = json!({});
    let mut expressions = Vec::new();
    for requirement in parsed.requirements {
        let key = requirement.key;
        let (operator, values) = match requirement.operator {
            Operator::In(mut values) if values.len() == 1 && !set_based => {
                selector["matchLabels"][key] = json!(values.remove(0));
                continue;
            }
            Operator::In(values) => ("In", values),
            Operator::NotIn(values) if values.len() == 1 && text.contains("!=") => {
                return Err("\"!=\" is not a valid label selector operator".to_owned());
            }
            Operator::NotIn(values) => ("NotIn", values),
            Operator::Exists => ("Exists", Vec::new()),
            Operator::DoesNotExist => ("DoesNotExist", Vec::new()),
            Operator::GreaterThan(_) => {
                return Err("\"gt\" is not a valid label selector operator".to_owned());
            }
            Operator::LessThan(_) => {
                return Err("\"lt\" is not a valid label selector operator".to_owned());
            }
        };
        let mut expression = json!({"key": key, "operator": operator});
        if !values.is_empty() {
            expression["values"] = json!(values);
        }
        expressions.push(expression);
    }
    if !expressions.is_empty() {
        selector["matchExpressions"] = Value::Array(expressions);
    }
    Ok(selector)
}

fn quota(mut call: Call, io: &mut Io<'_>) -> Outcome {
    let start = start(&call, io)?;
    named(&start)?;
    let (hard, scopes) = (call.arguments.text("hard"), call.arguments.text("scopes"));
    let mut spec = json!({});
    if !hard.is_empty() {
        spec["hard"] = Value::Object(words::amounts(hard)?);
    }
    if !scopes.is_empty() {
        let scopes: Vec<&str> = scopes.split(',').collect();
        if scopes.contains(&"") {
            return Err(Failure::message("invalid resource quota scope \"\""));
        }
        spec["scopes"] = json!(scopes);
    }
    let value = json!({
        "apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": start.name},
        "spec": spec, "status": {}
    });
    finish(&mut call, io, &start.report, Kind::ResourceQuota, value, |status| {
        Failure::message(format!("failed to create quota: {}", status.message))
    })
}

fn priority_class(call: Call, io: &mut Io<'_>) -> Outcome {
    let start = start(&call, io)?;
    let arguments = &call.arguments;
    let policy = arguments.get("preemption-policy").unwrap_or("PreemptLowerPriority");
    let mut value = json!({
        "apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass",
        "metadata": {"name": start.name}, "preemptionPolicy": policy,
        "value": arguments.number("value").unwrap_or(0)
    });
    if arguments.on("global-default") {
        value["globalDefault"] = json!(true);
    }
    if !arguments.text("description").is_empty() {
        value["description"] = json!(arguments.text("description"));
    }
    let shape = Shape {
        type_name: "PriorityClass",
        prefix: "priorityclass.scheduling.k8s.io",
        namespaced: false,
    };
    finish_unknown(&call, io, &start.report, shape, value)
}
