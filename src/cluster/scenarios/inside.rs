//! What containers find inside: environment, files, names, init containers, probes.

use super::*;
use crate::api::Patch;
use crate::network::SocketAddr;

fn sleeper(more: Value) -> Value {
    let mut container = json!({
        "name": "c", "image": "busybox:1.37", "command": ["sleep", "infinity"],
    });
    let fields = container.as_object_mut().unwrap();
    fields.extend(more.as_object().unwrap().clone());
    json!({ "containers": [container] })
}

fn service(cluster: &mut Cluster, name: &str, address: &str) {
    create(
        cluster,
        Kind::Service,
        json!({
            "apiVersion": "v1", "kind": "Service", "metadata": { "name": name },
            "spec": { "clusterIP": address, "ports": [{ "port": 80 }] },
        }),
    );
}

fn variable(cluster: &Cluster, pod: &str, name: &str) -> Option<String> {
    let all = cluster.environment(&container(pod, "c"));
    all.into_iter().find(|(known, _)| known == name).map(|(_, value)| value)
}

// R10.1
#[test]
fn services_are_in_the_environment_of_containers_that_start_after_them() {
    let mut cluster = cluster();
    create_pod(&mut cluster, "early", sleeper(json!({})));
    cluster.settle(Duration::from_secs(30));
    service(&mut cluster, "my-svc", "10.96.0.50");
    create_pod(&mut cluster, "late", sleeper(json!({})));
    cluster.settle(Duration::from_secs(30));
    assert_eq!(variable(&cluster, "early", "MY_SVC_SERVICE_HOST"), None);
    assert_eq!(variable(&cluster, "late", "MY_SVC_SERVICE_HOST").as_deref(), Some("10.96.0.50"));
    assert_eq!(
        variable(&cluster, "early", "KUBERNETES_SERVICE_HOST").as_deref(),
        Some("10.96.0.1")
    );
    assert_eq!(variable(&cluster, "late", "HOSTNAME").as_deref(), Some("late"));
}

// R10.1
#[test]
fn without_service_links_only_the_api_server_is_there_and_explicit_variables_win() {
    let mut cluster = cluster();
    service(&mut cluster, "web", "10.96.0.51");
    let mut spec = sleeper(json!({}));
    spec["enableServiceLinks"] = json!(false);
    create_pod(&mut cluster, "plain", spec);
    create_pod(
        &mut cluster,
        "own",
        sleeper(json!({
            "env": [
                { "name": "WEB_SERVICE_HOST", "value": "mine" },
                { "name": "NODE", "valueFrom": { "fieldRef": { "fieldPath": "spec.nodeName" } } },
                { "name": "IP", "valueFrom": { "fieldRef": { "fieldPath": "status.podIP" } } },
            ],
        })),
    );
    cluster.settle(Duration::from_secs(30));
    assert_eq!(variable(&cluster, "plain", "WEB_SERVICE_HOST"), None);
    assert!(variable(&cluster, "plain", "KUBERNETES_SERVICE_PORT").is_some());
    assert_eq!(variable(&cluster, "own", "WEB_SERVICE_HOST").as_deref(), Some("mine"));
    assert_eq!(variable(&cluster, "own", "IP"), Some(address(&cluster, "own").to_string()));
}

// R1.7
#[test]
fn a_pod_knows_its_own_name() {
    let mut cluster = cluster();
    create_pod(&mut cluster, "web-0", sleeper(json!({})));
    cluster.settle(Duration::from_secs(30));
    let place = container("web-0", "c");
    let hosts = String::from_utf8(cluster.read_file(&place, "/etc/hosts").unwrap()).unwrap();
    let own = format!("{}\tweb-0\n", address(&cluster, "web-0"));
    assert!(hosts.starts_with("# Kubernetes-managed hosts file.\n") && hosts.ends_with(&own));
    assert_eq!(cluster.read_file(&place, "/etc/hostname").unwrap(), b"web-0\n");
    assert_eq!(cluster.resolv_conf(&place).ndots, 5);
}

#[test]
fn containers_of_a_pod_share_an_emptydir_and_nothing_else() {
    let mut cluster = cluster();
    let mount = json!([{ "name": "shared", "mountPath": "/data" }]);
    create_pod(
        &mut cluster,
        "two",
        json!({
            "volumes": [{ "name": "shared", "emptyDir": {} }],
            "containers": [
                { "name": "a", "image": "busybox:1.37", "command": ["sleep", "infinity"], "volumeMounts": mount },
                { "name": "b", "image": "busybox:1.37", "command": ["sleep", "infinity"], "volumeMounts": mount },
            ],
        }),
    );
    cluster.settle(Duration::from_secs(30));
    let (a, b) = (container("two", "a"), container("two", "b"));
    assert!(cluster.is_directory(&a, "/data"), "before anything is in it");
    assert_eq!(cluster.mount_points(&a)[0], "/data");
    cluster.write_file(&a, "/data/x", b"1").unwrap();
    cluster.write_file(&a, "/tmp/y", b"2").unwrap();
    assert_eq!(cluster.read_file(&b, "/data/x").as_deref(), Some(&b"1"[..]));
    assert_eq!(cluster.read_file(&b, "/tmp/y"), None);
    assert_eq!(cluster.list_files(&b, "/data"), ["/data/x"]);
    cluster.remove_file(&b, "/data/x").unwrap();
    assert_eq!(cluster.read_file(&a, "/data/x"), None);
}

#[test]
fn a_configmap_is_mounted_read_only_over_what_the_image_has() {
    let mut cluster = cluster();
    create(
        &mut cluster,
        Kind::ConfigMap,
        json!({
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "page" },
            "data": { "index.html": "hello from a ConfigMap\n" },
        }),
    );
    create_pod(
        &mut cluster,
        "web",
        json!({
            "volumes": [{ "name": "page", "configMap": { "name": "page" } }],
            "containers": [{ "name": "c", "image": "nginx:1.27", "volumeMounts": [
                { "name": "page", "mountPath": "/usr/share/nginx/html" },
            ]}],
        }),
    );
    cluster.settle(Duration::from_secs(30));
    let place = container("web", "c");
    let to = SocketAddr::new(address(&cluster, "web"), 80);
    let answer = get(&mut cluster, &place, to, "/");
    assert_eq!(answer, Ok((200, "hello from a ConfigMap\n".to_owned())));
    assert_eq!(get(&mut cluster, &place, to, "/50x.html").map(|(status, _)| status), Ok(404));
    assert_eq!(
        cluster.write_file(&place, "/usr/share/nginx/html/index.html", b""),
        Err("Read-only file system".to_owned())
    );
}

#[test]
fn init_containers_run_one_by_one_before_the_others() {
    let mut cluster = cluster();
    let mount = json!([{ "name": "html", "mountPath": "/work" }]);
    create_pod(
        &mut cluster,
        "web",
        json!({
            "volumes": [{ "name": "html", "emptyDir": {} }],
            "initContainers": [
                { "name": "first", "image": "busybox:1.37", "command": ["sleep", "5"], "volumeMounts": mount },
                { "name": "second", "image": "busybox:1.37", "command": ["exit", "0"] },
            ],
            "containers": [{ "name": "c", "image": "nginx:1.27" }],
        }),
    );
    advance(&mut cluster, 3);
    assert_eq!(phase(&cluster, "web"), "Pending");
    assert_eq!(state(&cluster, "web", 0), "PodInitializing");
    cluster.settle(Duration::from_secs(30));
    advance(&mut cluster, 5);
    assert_eq!(state(&cluster, "web", 0), "Running");
    assert!(is_ready(&cluster, "web"));
}

#[test]
fn a_failing_init_container_holds_the_pod_up() {
    let mut cluster = cluster();
    create_pod(
        &mut cluster,
        "web",
        json!({
            "initContainers": [{ "name": "first", "image": "busybox:1.37", "command": ["exit", "1"] }],
            "containers": [{ "name": "c", "image": "nginx:1.27" }],
        }),
    );
    cluster.settle(Duration::from_secs(30));
    let pod = pod(&cluster, "web");
    let statuses = pod.status.as_ref().unwrap().init_container_statuses.clone().unwrap();
    let waiting = statuses[0].state.clone().unwrap().waiting.unwrap();
    assert_eq!(waiting.reason.as_deref(), Some("CrashLoopBackOff"));
    assert_eq!(state(&cluster, "web", 0), "PodInitializing");
}

fn with_sidecar(cluster: &mut Cluster, command: [&str; 2]) {
    let sidecar = json!({
        "name": "s", "image": "busybox:1.37", "command": command, "restartPolicy": "Always",
    });
    let spec = json!({
        "initContainers": [sidecar], "containers": [{ "name": "c", "image": "nginx:1.27" }],
    });
    create_pod(cluster, "web", spec);
}

/// `True`, `False`: whether the pod was initialized.
fn initialized(cluster: &Cluster) -> String {
    let pod = pod(cluster, "web");
    let conditions = &pod.status.as_ref().unwrap().conditions;
    conditions.iter().find(|c| c.type_ == "Initialized").unwrap().status.clone()
}

// kuberuntime's `computeInitContainerActions`: what follows a sidecar starts once that is seen running.
#[test]
fn a_sidecar_that_ends_at_once_holds_the_pod_up() {
    let mut cluster = cluster();
    with_sidecar(&mut cluster, ["exit", "5"]);
    cluster.settle(Duration::from_secs(30));
    assert_eq!(state(&cluster, "web", 0), "PodInitializing");
    assert_eq!((phase(&cluster, "web"), initialized(&cluster)), ("Pending".into(), "False".into()));
}

// `kubelet_pods_test.go`, `TestPodPhaseWithRestartAlwaysInitContainers` and `status/generate_test.go`,
// `TestGeneratePodInitializedCondition`: a container of the pod's own has started.
#[test]
fn a_sidecar_that_ends_later_takes_nothing_back() {
    let mut cluster = cluster();
    with_sidecar(&mut cluster, ["sleep", "5"]);
    advance(&mut cluster, 60);
    let statuses = pod(&cluster, "web").status.as_ref().unwrap().init_container_statuses.clone();
    let waiting = statuses.unwrap()[0].state.clone().unwrap().waiting.unwrap();
    assert_eq!(waiting.reason.as_deref(), Some("CrashLoopBackOff"));
    assert_eq!((phase(&cluster, "web"), initialized(&cluster)), ("Running".into(), "True".into()));
    assert!(!is_ready(&cluster, "web"));
}

// R3.8
#[test]
fn a_pod_is_ready_when_its_probe_says_so() {
    let mut cluster = cluster();
    let probe = |path: &str| {
        json!({ "containers": [{ "name": "c", "image": "nginx:1.27", "readinessProbe": {
            "httpGet": { "path": path, "port": 80 }, "periodSeconds": 2,
        }}]})
    };
    create_pod(&mut cluster, "good", probe("/"));
    create_pod(&mut cluster, "bad", probe("/nope"));
    assert_eq!(cluster.settle(Duration::from_secs(20)), Settled::StillBusy);
    assert!(is_ready(&cluster, "good"));
    assert!(!is_ready(&cluster, "bad"));
    // Failing readiness never restarts anything.
    assert_eq!(status(&cluster, "bad", 0).restart_count, 0);
    assert!(events(&cluster, "bad").contains(
        &"Unhealthy: Readiness probe failed: HTTP probe failed with statuscode: 404".to_owned()
    ));
}

// R1.4
#[test]
fn a_probe_of_a_port_that_nobody_listens_on_is_refused() {
    let mut cluster = cluster();
    create_pod(
        &mut cluster,
        "web",
        json!({ "containers": [{
            "name": "c", "image": "nginx:1.27", "readinessProbe": { "tcpSocket": { "port": 8080 } },
        }]}),
    );
    cluster.settle(Duration::from_secs(5));
    let told = format!(
        "Unhealthy: Readiness probe failed: dial tcp {}:8080: connect: connection refused",
        address(&cluster, "web")
    );
    assert!(events(&cluster, "web").contains(&told));
}

#[test]
fn a_failing_liveness_probe_restarts_the_container() {
    let mut cluster = cluster();
    create_pod(
        &mut cluster,
        "web",
        json!({ "containers": [{
            "name": "c", "image": "nginx:1.27",
            "livenessProbe": { "httpGet": { "path": "/nope", "port": 80 }, "periodSeconds": 1 },
        }]}),
    );
    cluster.settle(Duration::from_secs(30));
    advance(&mut cluster, 6);
    assert_eq!(status(&cluster, "web", 0).restart_count, 1);
    assert!(
        events(&cluster, "web")
            .contains(&"Killing: Container c failed liveness probe, will be restarted".to_owned())
    );
}

#[test]
fn an_exec_probe_runs_in_the_container() {
    let mut cluster = cluster();
    let probe = |path: &str| {
        sleeper(
            json!({ "readinessProbe": { "exec": { "command": ["cat", path] }, "periodSeconds": 1 } }),
        )
    };
    create_pod(&mut cluster, "good", probe("/etc/hostname"));
    create_pod(&mut cluster, "bad", probe("/tmp/healthy"));
    cluster.settle(Duration::from_secs(5));
    assert!(is_ready(&cluster, "good"));
    assert!(!is_ready(&cluster, "bad"));
    let told = "Unhealthy: Readiness probe failed: cat: /tmp/healthy: No such file or directory\n";
    assert!(events(&cluster, "bad").contains(&told.to_owned()));
    cluster.write_file(&container("bad", "c"), "/tmp/healthy", b"").unwrap();
    cluster.settle(Duration::from_secs(5));
    assert!(is_ready(&cluster, "bad"));
}

#[test]
fn a_startup_probe_holds_the_others_back() {
    let mut cluster = cluster();
    create_pod(
        &mut cluster,
        "slow",
        sleeper(json!({
            "startupProbe": { "exec": { "command": ["cat", "/tmp/up"] }, "periodSeconds": 1, "failureThreshold": 30 },
            "livenessProbe": { "exec": { "command": ["cat", "/tmp/alive"] }, "periodSeconds": 1 },
        })),
    );
    cluster.settle(Duration::from_secs(10));
    assert!(!is_ready(&cluster, "slow"));
    assert_eq!(status(&cluster, "slow", 0).restart_count, 0);
    cluster.write_file(&container("slow", "c"), "/tmp/alive", b"").unwrap();
    cluster.write_file(&container("slow", "c"), "/tmp/up", b"").unwrap();
    cluster.settle(Duration::from_secs(10));
    assert!(is_ready(&cluster, "slow"));
}

#[test]
fn a_changed_configmap_shows_in_its_volume_after_a_minute() {
    let mut cluster = cluster();
    let page = |text: &str| {
        json!({
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": { "name": "page", "namespace": "default" },
            "data": { "index.html": text },
        })
    };
    create(&mut cluster, Kind::ConfigMap, page("old"));
    let mut spec = sleeper(json!({ "volumeMounts": [{ "name": "v", "mountPath": "/v" }] }));
    spec["volumes"] = json!([{ "name": "v", "configMap": { "name": "page" } }]);
    create_pod(&mut cluster, "web", spec);
    cluster.settle(Duration::from_secs(30));
    let request = Request::Update {
        kind: Kind::ConfigMap,
        namespace: "default".to_owned(),
        name: "page".to_owned(),
        object: page("new"),
        options: WriteOptions::default(),
    };
    cluster.handle(request).unwrap();
    advance(&mut cluster, 30);
    let place = container("web", "c");
    assert_eq!(cluster.read_file(&place, "/v/index.html").as_deref(), Some(&b"old"[..]));
    advance(&mut cluster, 40);
    assert_eq!(cluster.read_file(&place, "/v/index.html").as_deref(), Some(&b"new"[..]));
}

#[test]
fn an_exec_probe_that_takes_too_long_fails() {
    let mut cluster = cluster();
    create_pod(
        &mut cluster,
        "slow",
        sleeper(json!({ "readinessProbe": {
        "exec": { "command": ["sleep", "100"] }, "periodSeconds": 5, "timeoutSeconds": 2,
    } })),
    );
    cluster.settle(Duration::from_secs(5));
    let told =
        "Unhealthy: Readiness probe failed: command timed out: \"sleep 100\" timed out after 2s";
    assert!(events(&cluster, "slow").contains(&told.to_owned()));
}

#[test]
fn what_a_container_leaves_in_its_termination_file_is_told() {
    let mut cluster = cluster();
    let mut spec = sleeper(json!({ "command": ["sleep", "8"] }));
    spec["restartPolicy"] = json!("Never");
    create_pod(&mut cluster, "job", spec);
    cluster.settle(Duration::from_secs(5));
    cluster.write_file(&container("job", "c"), "/dev/termination-log", b"disk full").unwrap();
    advance(&mut cluster, 10);
    let ended = status(&cluster, "job", 0).state.unwrap().terminated.unwrap();
    assert_eq!(ended.message.as_deref(), Some("disk full"));
}

#[test]
fn hooks_may_be_http_requests() {
    let mut cluster = cluster();
    create_pod(
        &mut cluster,
        "web",
        json!({ "containers": [{
            "name": "nginx", "image": "nginx:1.27",
            "lifecycle": { "preStop": { "httpGet": { "path": "/bye", "port": 80 } } },
        }]}),
    );
    cluster.settle(Duration::from_secs(30));
    delete_pod(&mut cluster, "web");
    cluster.step();
    cluster.step();
    let log = logs(&cluster, "web", "nginx");
    assert!(log.iter().any(|line| line.contains("\"GET /bye HTTP/1.1\" 404")), "{log:#?}");
    assert_eq!(cluster.settle(Duration::from_secs(30)), Settled::Settled);
    assert!(cluster.objects().get::<Pod>("default", "web").is_none());
}

// kubelet's makeHostsMount: one file on the node, mounted into every container of the pod.
#[test]
fn the_containers_of_a_pod_share_their_hosts_file_until_one_of_them_starts_again() {
    let mut cluster = cluster();
    create_pod(
        &mut cluster,
        "two",
        json!({ "containers": [
            { "name": "a", "image": "busybox:1.37", "command": ["sleep", "infinity"] },
            { "name": "b", "image": "busybox:1.37", "command": ["sleep", "infinity"] },
        ]}),
    );
    cluster.settle(Duration::from_secs(30));
    let (a, b) = (container("two", "a"), container("two", "b"));
    cluster.write_file(&a, "/etc/hosts", b"10.1.2.3 other\n").unwrap();
    assert_eq!(cluster.read_file(&b, "/etc/hosts").unwrap(), b"10.1.2.3 other\n");
    assert_eq!(cluster.lookup(&b, "other").result, Ok(vec![[10, 1, 2, 3].into()]));
    assert_eq!(cluster.remove_file(&b, "/etc/hosts"), Err("Device or resource busy".to_owned()));
    cluster.write_file(&a, "/etc/resolv.conf", b"nameserver 10.9.9.9\n").unwrap();
    assert_eq!(cluster.resolv_conf(&b).nameservers, [std::net::IpAddr::from([10, 9, 9, 9])]);
}

// kubelet: a pod that a finalizer holds has ended, and its object stays until the finalizer goes.
#[test]
fn a_finalizer_keeps_a_pods_object_and_not_its_containers() {
    let mut cluster = cluster();
    let object = json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": { "name": "held", "finalizers": ["example.com/hold"] },
        "spec": sleeper(json!({})),
    });
    create(&mut cluster, Kind::Pod, object);
    cluster.settle(Duration::from_secs(30));
    delete_pod(&mut cluster, "held");
    advance(&mut cluster, 60);
    let held = pod(&cluster, "held");
    assert!(held.metadata.deletion_timestamp.is_some());
    assert_eq!(held.metadata.deletion_grace_period_seconds, Some(0));
    assert_eq!(phase(&cluster, "held"), "Failed");
    assert!(cluster.netns_of(&container("held", "c")).is_none());
    let patch = Patch::Merge(json!({ "metadata": { "finalizers": null } }));
    let (namespace, name) = ("default".to_owned(), "held".to_owned());
    let options = WriteOptions::default();
    let kind = Kind::Pod;
    cluster.handle(Request::Patch { kind, namespace, name, patch, options }).unwrap();
    assert!(cluster.objects().get::<Pod>("default", "held").is_none());
}

// A socket belongs to its process, whatever network it is opened on.
#[test]
fn a_pod_on_its_nodes_network_answers_as_itself() {
    let mut cluster = cluster();
    let spec = json!({
        "hostNetwork": true, "nodeName": "node-2",
        "containers": [{ "name": "c", "image": "nginx:1.27" }],
    });
    create_pod(&mut cluster, "edge", spec);
    create_pod(&mut cluster, "client", sleeper(json!({})));
    cluster.settle(Duration::from_secs(30));
    let to = SocketAddr::new(address(&cluster, "edge"), 80);
    let dial = cluster.dial(&container("client", "c"), Protocol::Tcp, to);
    assert_eq!(dial.result.unwrap().server.to_string(), "default/edge");
    let last = cluster.trace(dial.trace).unwrap().last().unwrap().place.clone();
    assert_eq!(last.to_string(), "node-2");
}
