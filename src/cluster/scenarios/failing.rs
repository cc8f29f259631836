//! Containers that crash, images that are not there, configuration that is missing.

use super::*;

// R1.2, R1.3: the second container cannot have the port.
#[test]
fn two_servers_on_one_port_leave_the_pod_half_ready() {
    let mut cluster = cluster();
    create_pod(
        &mut cluster,
        "multi",
        json!({ "containers": [
            { "name": "nginx", "image": "nginx:1.27" },
            { "name": "httpd", "image": "httpd:2.4" },
        ]}),
    );
    cluster.settle(Duration::from_secs(30));
    assert_eq!(state(&cluster, "multi", 0), "Running");
    assert_eq!(state(&cluster, "multi", 1), "CrashLoopBackOff");
    assert!(!is_ready(&cluster, "multi"));
    assert_eq!(phase(&cluster, "multi"), "Running");
    let log = logs(&cluster, "multi", "httpd");
    assert!(
        log.contains(
            &"(98)Address already in use: AH00072: make_sock: could not bind to address 0.0.0.0:80"
                .to_owned()
        )
    );
    assert_eq!(log.iter().filter(|line| line.contains("no listening sockets")).count(), 1);
    let waiting = status(&cluster, "multi", 1).state.unwrap().waiting.unwrap();
    let uid = pod(&cluster, "multi").metadata.uid.clone().unwrap();
    assert_eq!(
        waiting.message.unwrap(),
        format!("back-off 10s restarting failed container=httpd pod=multi_default({uid})")
    );
}

// R1.3
#[test]
fn nginx_tries_five_times_before_it_gives_up() {
    let mut cluster = cluster();
    create_pod(
        &mut cluster,
        "multi",
        json!({ "containers": [
            { "name": "httpd", "image": "httpd:2.4" },
            { "name": "nginx", "image": "nginx:1.27" },
        ]}),
    );
    advance(&mut cluster, 3);
    let log = logs(&cluster, "multi", "nginx");
    let failed = "nginx: [emerg] bind() to 0.0.0.0:80 failed (98: Address already in use)";
    assert_eq!(log.iter().filter(|line| *line == failed).count(), 5, "{log:#?}");
    assert_eq!(log.last().unwrap(), "nginx: [emerg] still could not bind()");
    assert_eq!(status(&cluster, "multi", 1).last_state.unwrap().terminated, None);
    assert_eq!(state(&cluster, "multi", 1), "Error");
}

// R1.6, R3.6
#[test]
fn a_command_that_ends_is_started_again_and_again_ever_later() {
    let mut cluster = cluster();
    create_pod(
        &mut cluster,
        "shell",
        json!({ "containers": [
            { "name": "c", "image": "ubuntu" },
        ]}),
    );
    cluster.settle(Duration::from_secs(60));
    assert_eq!(state(&cluster, "shell", 0), "CrashLoopBackOff");
    assert_eq!(status(&cluster, "shell", 0).restart_count, 1);
    let ended = status(&cluster, "shell", 0).last_state.unwrap().terminated.unwrap();
    assert_eq!((ended.exit_code, ended.reason.as_deref()), (0, Some("Completed")));
    for (seconds, restarts) in [(12, 2), (22, 3), (42, 4), (82, 5)] {
        advance(&mut cluster, seconds);
        assert_eq!(status(&cluster, "shell", 0).restart_count, restarts, "after {seconds} s");
    }
    assert!(events(&cluster, "shell").iter().any(|event| {
        event.starts_with("BackOff: Back-off restarting failed container c in pod shell_default(")
    }));
}

// R3.6
#[test]
fn restart_policies_decide_what_an_end_means() {
    let mut cluster = cluster();
    let pod = |policy: &str, code: &str| {
        json!({ "restartPolicy": policy, "containers": [
            { "name": "c", "image": "busybox:1.37", "command": ["exit", code] },
        ]})
    };
    create_pod(&mut cluster, "done", pod("Never", "0"));
    create_pod(&mut cluster, "fail", pod("Never", "3"));
    create_pod(&mut cluster, "once", pod("OnFailure", "0"));
    create_pod(&mut cluster, "again", pod("OnFailure", "1"));
    cluster.settle(Duration::from_secs(60));
    assert_eq!(phase(&cluster, "done"), "Succeeded");
    assert_eq!(state(&cluster, "done", 0), "Completed");
    assert_eq!(phase(&cluster, "fail"), "Failed");
    assert_eq!(state(&cluster, "fail", 0), "Error");
    assert_eq!(phase(&cluster, "once"), "Succeeded");
    assert_eq!(phase(&cluster, "again"), "Running");
    assert_eq!(state(&cluster, "again", 0), "CrashLoopBackOff");
}

// R2.3
#[test]
fn a_restarted_container_keeps_the_pods_address_and_its_old_log() {
    let mut cluster = cluster();
    create_pod(
        &mut cluster,
        "shell",
        json!({ "containers": [
            { "name": "c", "image": "busybox:1.37", "command": ["echo", "one"] },
        ]}),
    );
    advance(&mut cluster, 1);
    let before = address(&cluster, "shell");
    cluster.settle(Duration::from_secs(60));
    assert_eq!(address(&cluster, "shell"), before);
    let previous = cluster.logs("default", "shell", "c", true).unwrap();
    assert_eq!(previous.first().map(|(_, (_, line))| &**line), Some("one"));
}

#[test]
fn an_image_that_is_not_there_is_asked_for_ever_more_rarely() {
    let mut cluster = cluster();
    create_pod(
        &mut cluster,
        "pull",
        json!({ "containers": [{ "name": "c", "image": "nginx:nope" }] }),
    );
    assert_eq!(cluster.settle(Duration::from_secs(60)), Settled::Settled);
    assert_eq!(state(&cluster, "pull", 0), "ImagePullBackOff");
    assert_eq!(phase(&cluster, "pull"), "Pending");
    let why = "rpc error: code = NotFound desc = failed to pull and unpack image \
               \"docker.io/library/nginx:nope\": failed to resolve image: \
               docker.io/library/nginx:nope: not found";
    let told = events(&cluster, "pull");
    assert_eq!(
        told[1..],
        [
            "Pulling: Pulling image \"nginx:nope\"".to_owned(),
            format!("Failed: Failed to pull image \"nginx:nope\": {why}"),
            "Failed: Error: ErrImagePull".to_owned(),
            "BackOff: Back-off pulling image \"nginx:nope\"".to_owned(),
            "Failed: Error: ImagePullBackOff".to_owned(),
        ]
    );
    assert_eq!(
        cluster.logs("default", "pull", "c", false).err(),
        Some(
            "container \"c\" in pod \"pull\" is waiting to start: trying and failing to pull image"
                .to_owned()
        )
    );
}

#[test]
fn an_image_that_podhop_does_not_carry_is_told_as_such() {
    let mut cluster = cluster();
    create_pod(
        &mut cluster,
        "own",
        json!({ "containers": [{ "name": "c", "image": "example/shop:1" }] }),
    );
    cluster.settle(Duration::from_secs(60));
    let waiting = status(&cluster, "own", 0).state.unwrap().waiting.unwrap();
    let message = waiting.message.unwrap();
    assert!(message.contains("podhop does not simulate image \"example/shop:1\""), "{message}");
    assert!(message.len() < 200, "{message}");
}

#[test]
fn a_missing_configmap_holds_the_container_up_until_it_comes() {
    let mut cluster = cluster();
    create_pod(
        &mut cluster,
        "cfg",
        json!({ "containers": [{
            "name": "c", "image": "nginx:1.27",
            "envFrom": [{ "configMapRef": { "name": "x" } }],
        }]}),
    );
    assert_eq!(cluster.settle(Duration::from_secs(60)), Settled::Settled);
    assert_eq!(state(&cluster, "cfg", 0), "CreateContainerConfigError");
    assert!(
        events(&cluster, "cfg").contains(&"Failed: Error: configmap \"x\" not found".to_owned())
    );
    create(
        &mut cluster,
        Kind::ConfigMap,
        json!({
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "x" }, "data": { "A": "1" },
        }),
    );
    cluster.settle(Duration::from_secs(60));
    assert_eq!(state(&cluster, "cfg", 0), "Running");
    let environment = cluster.environment(&container("cfg", "c"));
    assert!(environment.contains(&("A".to_owned(), "1".to_owned())));
}

#[test]
fn a_volume_that_cannot_be_mounted_keeps_the_pod_from_starting() {
    let mut cluster = cluster();
    create_pod(
        &mut cluster,
        "vol",
        json!({
            "volumes": [{ "name": "config", "configMap": { "name": "x" } }],
            "containers": [{ "name": "c", "image": "nginx:1.27",
                "volumeMounts": [{ "name": "config", "mountPath": "/config" }] }],
        }),
    );
    assert_eq!(cluster.settle(Duration::from_secs(60)), Settled::Settled);
    assert_eq!(state(&cluster, "vol", 0), "ContainerCreating");
    assert!(events(&cluster, "vol").contains(
        &"FailedMount: MountVolume.SetUp failed for volume \"config\" : configmap \"x\" not found"
            .to_owned()
    ));
}

#[test]
fn an_executable_that_is_not_in_the_image_is_a_start_error() {
    let mut cluster = cluster();
    create_pod(
        &mut cluster,
        "nocurl",
        json!({ "restartPolicy": "Never", "containers": [
            { "name": "c", "image": "busybox:1.37", "command": ["curl", "localhost"] },
        ]}),
    );
    cluster.settle(Duration::from_secs(60));
    let ended = status(&cluster, "nocurl", 0).state.unwrap().terminated.unwrap();
    assert_eq!(ended.exit_code, 128);
    assert_eq!(ended.reason.as_deref(), Some("StartError"));
    let message = ended.message.unwrap();
    assert!(
        message.ends_with("exec: \"curl\": executable file not found in $PATH: unknown"),
        "{message}"
    );
}

#[test]
fn a_name_that_is_no_image_name_is_never_pulled() {
    let mut cluster = cluster();
    create_pod(&mut cluster, "bad", json!({ "containers": [{ "name": "c", "image": "Nginx" }] }));
    cluster.settle(Duration::from_secs(60));
    assert_eq!(state(&cluster, "bad", 0), "InvalidImageName");
}

// NETWORKING §15
#[test]
fn mysql_without_a_password_refuses_to_start() {
    let mut cluster = cluster();
    create_pod(
        &mut cluster,
        "db",
        json!({ "containers": [{ "name": "c", "image": "mysql:8.0" }] }),
    );
    cluster.settle(Duration::from_secs(60));
    assert_eq!(state(&cluster, "db", 0), "CrashLoopBackOff");
    assert_eq!(status(&cluster, "db", 0).last_state.unwrap().terminated.unwrap().exit_code, 1);
}

// containerd's CRI plugin: whatever keeps a program from starting, the exit code is 128.
#[test]
fn a_program_by_its_path_that_is_not_there_is_the_same_start_error() {
    for path in ["/usr/bin/nosuch", "/opt/nosuch"] {
        let mut cluster = cluster();
        create_pod(
            &mut cluster,
            "nobin",
            json!({ "restartPolicy": "Never", "containers": [
                { "name": "c", "image": "nginx:1.27", "command": [path] },
            ]}),
        );
        cluster.settle(Duration::from_secs(60));
        let ended = status(&cluster, "nobin", 0).state.unwrap().terminated.unwrap();
        assert_eq!((ended.exit_code, ended.reason.as_deref()), (128, Some("StartError")));
        let message = ended.message.unwrap();
        let end = format!("exec: {path:?}: stat {path}: no such file or directory: unknown");
        assert!(message.ends_with(&end), "{message}");
        let start = "failed to create containerd task: failed to create shim task: ";
        assert!(message.starts_with(start));
    }
}

// kubelet's EnsureImageExists: the registry is asked before every start.
#[test]
fn with_the_policy_always_every_start_pulls() {
    let mut cluster = cluster();
    let spec = |policy: &str| {
        json!({ "containers": [
            { "name": "c", "image": "busybox:1.37", "command": ["exit", "1"],
              "imagePullPolicy": policy },
        ]})
    };
    create_pod(&mut cluster, "always", spec("Always"));
    create_pod(&mut cluster, "present", spec("IfNotPresent"));
    advance(&mut cluster, 60);
    let starts = |name: &str| status(&cluster, name, 0).restart_count as u32 + 1;
    let pulls = |name: &str| {
        let pulling = cluster.objects().list::<Event>(Some("default")).filter(|event| {
            event.origin.involved_object.name.as_deref() == Some(name)
                && event.message.reason.as_deref() == Some("Pulling")
        });
        pulling.map(|event| event.count.unwrap_or(1) as u32).sum::<u32>()
    };
    assert!(starts("always") >= 3);
    assert_eq!(pulls("always"), starts("always"));
    assert_eq!(pulls("present"), 0);
}
