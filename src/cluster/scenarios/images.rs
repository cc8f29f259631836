//! What images make of their arguments, their environment and their user.

use super::*;
use crate::network::SocketAddr;

/// A pod of one container `c` with these fields.
fn one(image: &str, more: Value) -> Value {
    let mut container = json!({ "name": "c", "image": image });
    container.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({ "restartPolicy": "Never", "containers": [container] })
}

/// How a container ended, and the last line of its log.
fn ended(cluster: &Cluster, name: &str) -> (i32, String) {
    let ended = status(cluster, name, 0).state.unwrap().terminated;
    let code = ended.unwrap_or_else(|| panic!("{name} runs: {:?}", logs(cluster, name, "c")));
    (code.exit_code, logs(cluster, name, "c").last().cloned().unwrap_or_default())
}

/// Name, image, arguments, exit code, and how the log ends.
fn wrong_arguments() -> [(&'static str, &'static str, Value, i32, &'static str); 10] {
    const URL: &str = "tcp://10.96.3.4:80";
    [
        (
            "echo",
            "hashicorp/http-echo:1.0",
            json!(["-txet=a"]),
            2,
            "    \tdisplay version information",
        ),
        ("who", "traefik/whoami", json!(["--port", URL]), 1, "too many colons in address"),
        (
            "redis",
            "redis:7",
            json!(["redis-server", "--port", URL]),
            1,
            "couldn't be parsed into an integer",
        ),
        (
            "httpd",
            "busybox:1.37",
            json!(["httpd", "-f", "-p", URL]),
            1,
            "httpd: bad address 'tcp://10.96.3.4:80'",
        ),
        (
            "agn",
            "registry.k8s.io/e2e-test-images/agnhost:2.53",
            json!(["netexec", "--htp-port=80"]),
            1,
            "",
        ),
        (
            "py",
            "python:3.13",
            json!(["python", "-m", "http.server", "http"]),
            2,
            "invalid int value: 'http'",
        ),
        ("mysql", "mysql:8.4", json!(["--prot=3307"]), 1, "[ERROR] [MY-010119] [Server] Aborting"),
        (
            "pg",
            "postgres:17",
            json!(["-p", URL]),
            1,
            "invalid value for parameter \"port\": \"tcp://10.96.3.4:80\"",
        ),
        ("nginx", "nginx:1.27", json!(["nginx", "-x"]), 1, "nginx: invalid option: \"x\""),
        ("mem", "memcached:1.6", json!(["-Q"]), 1, "memcached: invalid option -- 'Q'"),
    ]
}

// Each in its program's own words: Go's flag and net packages, pflag, BusyBox' str2sockaddr, redis'
// and the databases' readers of options, Python's argparse, nginx.
#[test]
fn servers_end_on_wrong_arguments_in_their_own_words() {
    let cases = wrong_arguments();
    let mut cluster = cluster();
    for (name, image, args, ..) in &cases {
        let env = json!([
            { "name": "MYSQL_ROOT_PASSWORD", "value": "a" },
            { "name": "POSTGRES_PASSWORD", "value": "a" },
        ]);
        create_pod(&mut cluster, name, one(image, json!({ "args": args, "env": env })));
    }
    advance(&mut cluster, 20);
    for (name, _, _, code, words) in cases {
        let (exit, last) = ended(&cluster, name);
        assert_eq!(exit, code, "{name}: {last}");
        assert!(last.ends_with(words), "{name}: {last}");
    }
    let told = logs(&cluster, "agn", "c");
    assert_eq!(told[0], "Error: unknown flag: --htp-port");
}

// The images' entrypoint scripts.
#[test]
fn databases_refuse_to_start_without_a_password() {
    let mut cluster = cluster();
    for image in ["postgres:17", "mariadb:11", "mysql:8.4"] {
        let name = image.split(':').next().unwrap();
        create_pod(&mut cluster, name, one(image, json!({})));
        let env = json!([{ "name": "POSTGRES_HOST_AUTH_METHOD", "value": "trust" },
            { "name": "MYSQL_ALLOW_EMPTY_PASSWORD", "value": "yes" }]);
        create_pod(&mut cluster, &format!("{name}-open"), one(image, json!({ "env": env })));
    }
    advance(&mut cluster, 20);
    for name in ["postgres", "mariadb", "mysql"] {
        assert_eq!(ended(&cluster, name).0, 1);
        assert_eq!(state(&cluster, &format!("{name}-open"), 0), "Running");
    }
    let told = logs(&cluster, "postgres", "c");
    assert_eq!(
        told[0],
        "Error: Database is uninitialized and superuser password is not specified."
    );
}

#[test]
fn a_security_context_decides_who_processes_are_and_what_they_may_write() {
    let mut cluster = cluster();
    let sleep = json!(["sleep", "infinity"]);
    let mut spec = one(
        "curlimages/curl:8.10.1",
        json!({ "command": sleep, "securityContext": { "runAsUser": 0 } }),
    );
    create_pod(&mut cluster, "root", spec.clone());
    spec["containers"][0]["securityContext"] =
        json!({ "runAsUser": 1000, "readOnlyRootFilesystem": true });
    spec["securityContext"] = json!({ "runAsUser": 5, "runAsGroup": 3000, "fsGroup": 2000, "supplementalGroups": [4000] });
    create_pod(&mut cluster, "plain", spec.clone());
    create_pod(&mut cluster, "own", one("curlimages/curl:8.10.1", json!({ "command": sleep })));
    advance(&mut cluster, 5);
    let identity = |name: &str| cluster.identity(&container(name, "c"));
    assert_eq!(identity("root").user, (0, Some("root".to_owned())));
    assert_eq!(identity("own").user, (100, Some("curl_user".to_owned())));
    let plain = identity("plain");
    assert_eq!((plain.user, plain.group.0, plain.home.as_str()), ((1000, None), 3000, "/"));
    let groups: Vec<u32> = plain.groups.iter().map(|(id, _)| *id).collect();
    assert_eq!(groups, [2000, 3000, 4000]);
    assert_eq!(cluster.write_file(&container("root", "c"), "/etc/x", b""), Ok(()));
    let denied = cluster.write_file(&container("own", "c"), "/etc/x", b"");
    assert_eq!(denied, Err("Permission denied".to_owned()));
    let locked = cluster.write_file(&container("plain", "c"), "/tmp/x", b"");
    assert_eq!(locked, Err("Read-only file system".to_owned()));
}

// kubelet's verifyRunAsNonRoot
#[test]
fn who_must_not_be_root_does_not_start_as_root() {
    let mut cluster = cluster();
    let spec = |image: &str, user: Value| {
        one(image, json!({ "securityContext": { "runAsNonRoot": true, "runAsUser": user } }))
    };
    create_pod(&mut cluster, "image", spec("nginx:1.27", Value::Null));
    create_pod(&mut cluster, "asked", spec("nginx:1.27", json!(0)));
    create_pod(&mut cluster, "named", spec("curlimages/curl:8.10.1", Value::Null));
    create_pod(&mut cluster, "fine", spec("nginxinc/nginx-unprivileged:1.27", Value::Null));
    advance(&mut cluster, 5);
    let why =
        |name: &str| status(&cluster, name, 0).state.unwrap().waiting.unwrap().message.unwrap();
    assert!(
        why("image").starts_with("container has runAsNonRoot and image will run as root (pod: ")
    );
    assert!(why("asked").starts_with("container's runAsUser breaks non-root policy (pod: "));
    assert!(why("named").contains("non-numeric user (curl_user), cannot verify user is non-root"));
    assert_eq!(state(&cluster, "fine", 0), "Running");
}

#[test]
fn nginx_says_what_it_may_not_do() {
    let mut cluster = cluster();
    let context = |context: Value| one("nginx:1.27", json!({ "securityContext": context }));
    create_pod(&mut cluster, "user", context(json!({ "runAsUser": 1000 })));
    create_pod(&mut cluster, "locked", context(json!({ "readOnlyRootFilesystem": true })));
    create_pod(&mut cluster, "bare", context(json!({ "capabilities": { "drop": ["ALL"] } })));
    advance(&mut cluster, 5);
    let last = |name: &str| ended(&cluster, name).1;
    assert!(
        last("user")
            .ends_with("mkdir() \"/var/cache/nginx/client_temp\" failed (13: Permission denied)")
    );
    assert!(last("locked").ends_with("failed (30: Read-only file system)"));
    assert!(last("bare").ends_with(
        "chown(\"/var/cache/nginx/client_temp\", 101) failed (1: Operation not permitted)"
    ));
}

// containerd lets everybody have every port in a pod's own network; on the node's, the kernel's own
// limit is in force.
#[test]
fn ports_below_1024_are_roots_on_the_nodes_network_alone() {
    let mut cluster = cluster();
    let mut spec = one("traefik/whoami", json!({ "securityContext": { "runAsUser": 1000 } }));
    create_pod(&mut cluster, "inside", spec.clone());
    spec["hostNetwork"] = json!(true);
    create_pod(&mut cluster, "outside", spec);
    advance(&mut cluster, 5);
    assert_eq!(state(&cluster, "inside", 0), "Running");
    assert!(ended(&cluster, "outside").1.ends_with("listen tcp :80: bind: permission denied"));
}

// kubernetes pkg/probe/grpc
#[test]
fn a_grpc_probe_asks_for_the_servers_health() {
    let mut cluster = cluster();
    let probe = |port: u16| json!({ "grpc": { "port": port }, "periodSeconds": 1 });
    let shipping = "gcr.io/google-samples/microservices-demo/shippingservice:v0.10.0";
    create_pod(&mut cluster, "well", one(shipping, json!({ "readinessProbe": probe(50051) })));
    create_pod(&mut cluster, "none", one(shipping, json!({ "readinessProbe": probe(50052) })));
    create_pod(&mut cluster, "web", one("nginx:1.27", json!({ "readinessProbe": probe(80) })));
    advance(&mut cluster, 8);
    assert!(
        is_ready(&cluster, "well") && !is_ready(&cluster, "none") && !is_ready(&cluster, "web")
    );
    let told = events(&cluster, "none");
    let why = "Unhealthy: Readiness probe failed: timeout: failed to connect service";
    assert!(told.iter().any(|event| event.starts_with(why)), "{told:#?}");
}

#[test]
fn a_described_server_fails_with_whom_it_calls() {
    let mut cluster = cluster();
    let env = json!([{ "name": "WORDPRESS_DB_HOST", "value": "10.244.9.9:3306" }]);
    create_pod(&mut cluster, "blog", one("wordpress:6.8", json!({ "env": env })));
    create_pod(
        &mut cluster,
        "shop",
        one("gcr.io/google-samples/microservices-demo/frontend:v0.10.0", json!({})),
    );
    create_pod(
        &mut cluster,
        "client",
        one("busybox:1.37", json!({ "command": ["sleep", "infinity"] })),
    );
    advance(&mut cluster, 5);
    let to = SocketAddr::new(address(&cluster, "blog"), 80);
    let (status, page) = get(&mut cluster, &container("client", "c"), to, "/").unwrap();
    assert_eq!(status, 500);
    assert!(page.contains("Error establishing a database connection"));
    assert_eq!(ended(&cluster, "shop").0, 2);
    let first = logs(&cluster, "shop", "c").remove(0);
    assert_eq!(first, "panic: environment variable \"PRODUCT_CATALOG_SERVICE_ADDR\" not set");
}
