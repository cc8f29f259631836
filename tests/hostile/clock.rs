//! The clock goes on: simulated time reaches any moment within a bound of steps.

use std::fmt::Write;
use std::time::Duration;

use podhop::cluster::{Cluster, Config};
use podhop::shell::{self, Files, Progress, Session};
use proptest::prelude::*;

/// More steps than a second of a handful of pods can have use for.
const STEPS_A_SECOND: usize = 3_000;

/// What one container does, as YAML fields.
#[derive(Clone, Debug)]
struct Container {
    image: &'static str,
    /// It sleeps so long, in milliseconds, and ends with this code; `None` runs on.
    ends: Option<(u32, u8)>,
    probe: Option<&'static str>,
    hook: Option<&'static str>,
}

fn container() -> impl Strategy<Value = Container> {
    let image =
        prop_oneof![6 => Just("busybox:1.36"), 1 => Just("busibox:1.36"), 1 => Just("Bad//")];
    let ends = prop_oneof![
        3 => (0..4_000_u32, prop_oneof![Just(0), Just(1)]).prop_map(Some),
        // Ends that fall together, and on the round moments that kubelets use.
        2 => (prop::sample::select(vec![0, 150, 350, 850, 1_000, 1_150, 10_000]), 0..2_u8).prop_map(Some),
        1 => Just(None),
    ];
    let probe = prop::option::weighted(
        0.4,
        prop::sample::select(vec![
            "livenessProbe: {exec: {command: [\"true\"]}, periodSeconds: 1}",
            "readinessProbe: {exec: {command: [sleep, \"2\"]}, periodSeconds: 1, timeoutSeconds: 1}",
            "startupProbe: {httpGet: {port: 80}, periodSeconds: 1, failureThreshold: 2}",
            "livenessProbe: {tcpSocket: {port: 81}, initialDelaySeconds: 1, failureThreshold: 1}",
        ]),
    );
    let hook = prop::option::weighted(
        0.3,
        prop::sample::select(vec![
            "lifecycle: {postStart: {exec: {command: [\"false\"]}}}",
            "lifecycle: {postStart: {exec: {command: [sleep, \"1\"]}}}",
            "lifecycle: {preStop: {sleep: {seconds: 2}}}",
            "lifecycle: {preStop: {exec: {command: [sleep, \"60\"]}}}",
        ]),
    );
    (image, ends, probe, hook).prop_map(|(image, ends, probe, hook)| Container {
        image,
        ends,
        probe,
        hook,
    })
}

#[derive(Clone, Debug)]
struct Pod {
    policy: &'static str,
    init: Vec<Container>,
    main: Vec<Container>,
    deadline: Option<u32>,
    missing_volume: bool,
}

fn pod() -> impl Strategy<Value = Pod> {
    (
        prop::sample::select(vec!["Always", "OnFailure", "Never"]),
        prop::collection::vec(container(), 0..3),
        prop::collection::vec(container(), 1..18),
        prop::option::weighted(0.3, 1..8_u32),
        prop::bool::weighted(0.1),
    )
        .prop_map(|(policy, init, main, deadline, missing_volume)| Pod {
            policy,
            init,
            main,
            deadline,
            missing_volume,
        })
}

impl Pod {
    fn yaml(&self, name: &str) -> String {
        let mut text = format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}}}\nspec:\n  \
             terminationGracePeriodSeconds: 3\n  restartPolicy: {}\n",
            self.policy
        );
        if let Some(seconds) = self.deadline {
            let _ = writeln!(text, "  activeDeadlineSeconds: {seconds}");
        }
        if self.missing_volume {
            text += "  volumes: [{name: gone, configMap: {name: gone}}]\n";
        }
        for (list, containers) in [("initContainers", &self.init), ("containers", &self.main)] {
            if containers.is_empty() {
                continue;
            }
            let _ = writeln!(text, "  {list}:");
            for (index, container) in containers.iter().enumerate() {
                let main = list == "containers";
                let command = match container.ends {
                    Some((millis, code)) => {
                        format!("sleep {}.{:03}; exit {code}", millis / 1000, millis % 1000)
                    }
                    None => "sleep 99999".to_owned(),
                };
                let _ = writeln!(
                    text,
                    "  - {{name: {}{index}, image: {}, command: [sh, -c, {command:?}]",
                    if main { "c" } else { "i" },
                    container.image
                );
                for field in [container.probe, container.hook].into_iter().flatten() {
                    if main {
                        let _ = writeln!(text, "    , {field}");
                    }
                }
                text += "    }\n";
            }
        }
        text
    }
}

fn cluster() -> Cluster {
    let config = Config { nodes: 1, seed: 1, dns: false, dual_stack: false };
    Cluster::new(&config, shell::programs())
}

/// Runs a command line on the laptop to its end, and returns what it printed.
fn run(cluster: &mut Cluster, session: &mut Session, line: &str) -> String {
    session.type_line(line);
    while session.is_running() {
        match session.step(cluster) {
            Progress::Done(_) => break,
            Progress::Until(at) => reach(cluster, at.since(cluster.now())),
            Progress::Input => session.end_input(),
        }
    }
    let bytes: Vec<u8> = session.take_output().into_iter().flat_map(|chunk| chunk.bytes).collect();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Lets `time` pass, and counts steps.
fn reach(cluster: &mut Cluster, time: Duration) {
    let until = cluster.now() + time;
    let bound = (time.as_secs() as usize + 2) * STEPS_A_SECOND;
    let mut steps = 0;
    while cluster.next_due().is_some_and(|due| due <= until) {
        cluster.step();
        steps += 1;
        assert!(steps < bound, "{steps} steps, and {:?} of {until:?} is reached", cluster.now());
    }
    cluster.advance_to(until);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever containers do and whenever they end, time passes; and so it does while the pods are deleted.
    #[test]
    fn pods_whose_containers_end_at_any_time_never_stop_the_clock(pods in prop::collection::vec(pod(), 1..3)) {
        let text: Vec<String> =
            pods.iter().enumerate().map(|(index, pod)| pod.yaml(&format!("pod-{index}"))).collect();
        let mut cluster = cluster();
        let mut session = Session::new(Files::from([("pods.yaml".to_owned(), text.join("---\n").into_bytes())]));
        let applied = run(&mut cluster, &mut session, "kubectl apply -f pods.yaml");
        prop_assert!(applied.contains("pod/pod-0 created"), "{applied}");
        reach(&mut cluster, Duration::from_secs(45));
        run(&mut cluster, &mut session, "kubectl delete pods --all --wait=false");
        reach(&mut cluster, Duration::from_secs(15));
        let left = run(&mut cluster, &mut session, "kubectl get pods -o name");
        prop_assert!(!left.contains("pod/"), "{left}");
    }
}

/// Controllers that can do nothing about what they want remind themselves, and time passes.
#[test]
fn workloads_that_never_get_there_never_stop_the_clock() {
    for manifest in [
        "apiVersion: batch/v1\nkind: Job\nmetadata: {name: w}\nspec:\n  backoffLimit: 2\n  \
         activeDeadlineSeconds: 1\n  ttlSecondsAfterFinished: 0\n  completions: 5\n  parallelism: 3\n  \
         template: {spec: {restartPolicy: Never, containers: [{name: c, image: busybox, command: [\"false\"]}]}}",
        "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: w}\nspec:\n  schedule: \"* * * * *\"\n  \
         startingDeadlineSeconds: 1\n  concurrencyPolicy: Forbid\n  jobTemplate:\n    spec:\n      \
         template: {spec: {restartPolicy: OnFailure, containers: [{name: c, image: busybox, command: [sleep, \"90\"]}]}}",
        "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: w}\nspec:\n  replicas: 3\n  serviceName: w\n  \
         selector: {matchLabels: {app: w}}\n  template: {metadata: {labels: {app: w}}, spec: \
         {containers: [{name: c, image: nosuch}, {name: d, image: busybox, command: [sleep, \"1\"]}]}}",
        "apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: w}\nspec:\n  selector: {matchLabels: {app: w}}\n  \
         template: {metadata: {labels: {app: w}}, spec: {nodeSelector: {no: where}, \
         containers: [{name: c, image: busybox, command: [\"true\"]}]}}",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: w}\nspec:\n  replicas: 4\n  \
         progressDeadlineSeconds: 1\n  minReadySeconds: 0\n  selector: {matchLabels: {app: w}}\n  template: \
         {metadata: {labels: {app: w}}, spec: {containers: [{name: c, image: busybox, command: [\"false\"]}]}}",
    ] {
        let mut cluster = cluster();
        let mut session =
            Session::new(Files::from([("w.yaml".to_owned(), manifest.as_bytes().to_vec())]));
        let applied = run(&mut cluster, &mut session, "kubectl apply -f w.yaml");
        assert!(applied.contains("created"), "{applied}");
        reach(&mut cluster, Duration::from_secs(400));
        run(&mut cluster, &mut session, "kubectl delete -f w.yaml --wait=false");
        reach(&mut cluster, Duration::from_secs(60));
    }
}
