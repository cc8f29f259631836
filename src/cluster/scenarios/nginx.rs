//! nginx with a configuration of its own, in front of another Service (TOPICS D38 to D43).

use super::*;
use crate::network::SocketAddr;

/// A backend behind a Service, and a front end whose `default.conf` is this text.
fn front_end(cluster: &mut Cluster, conf: &str) {
    create(
        cluster,
        Kind::Service,
        json!({
            "apiVersion": "v1", "kind": "Service", "metadata": { "name": "be-service" },
            "spec": {
                "clusterIP": "10.96.0.60", "selector": { "app": "be" },
                "ports": [{ "port": 8080, "targetPort": 9376 }],
            },
        }),
    );
    create_pod(
        cluster,
        "be",
        json!({ "containers": [{
            "name": "c", "image": "registry.k8s.io/e2e-test-images/agnhost:2.53",
            "args": ["netexec", "--http-port=9376"],
        }]}),
    );
    cluster.settle(Duration::from_secs(30));
    create(
        cluster,
        Kind::ConfigMap,
        json!({
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "conf" },
            "data": { "default.conf": conf },
        }),
    );
    create_pod(
        cluster,
        "fe",
        json!({
            "volumes": [{ "name": "conf", "configMap": { "name": "conf" } }],
            "containers": [{ "name": "nginx", "image": "nginx:1.27", "volumeMounts": [
                { "name": "conf", "mountPath": "/etc/nginx/conf.d" },
            ]}],
        }),
    );
    cluster.settle(Duration::from_secs(30));
}

fn with_dns() -> Cluster {
    Cluster::new(&Config { nodes: 3, seed: 7, dns: true, dual_stack: false }, Arc::new(Tiny))
}

fn ask(cluster: &mut Cluster, path: &str) -> Result<(u16, String), String> {
    let to = SocketAddr::new(address(cluster, "fe"), 80);
    get(cluster, &container("fe", "nginx"), to, path)
}

fn emerg(cluster: &Cluster) -> String {
    let log = logs(cluster, "fe", "nginx");
    log.into_iter()
        .find_map(|line| line.strip_prefix("nginx: [emerg] ").map(str::to_owned))
        .unwrap()
}

// TOPICS D43: mended.
#[test]
fn a_trailing_slash_takes_the_locations_part_away() {
    let mut cluster = with_dns();
    front_end(
        &mut cluster,
        "server {\n  location /my-be/ {\n    proxy_pass http://be-service.default:8080/;\n  }\n}\n",
    );
    assert_eq!(state(&cluster, "fe", 0), "Running");
    assert_eq!(ask(&mut cluster, "/my-be/hostname"), Ok((200, "be".to_owned())));
}

// worker_processes auto, and each worker serves many clients.
#[test]
fn one_of_its_servers_may_pass_on_to_another() {
    let mut cluster = with_dns();
    front_end(
        &mut cluster,
        "server { listen 80; location / { proxy_pass http://127.0.0.1:8081; } }\n\
         server { listen 8081; location / { return 200 \"inner $request_uri\"; } }\n",
    );
    assert_eq!(ask(&mut cluster, "/shop"), Ok((200, "inner /shop".to_owned())));
    let log = logs(&cluster, "fe", "nginx");
    assert_eq!(log.iter().filter(|line| line.contains("GET /shop")).count(), 2, "{log:#?}");
}

// TOPICS D43
#[test]
fn without_it_the_backend_sees_the_whole_path() {
    let mut cluster = with_dns();
    front_end(&mut cluster, "server { location /my-be/ { proxy_pass http://be-service:8080; } }");
    // netexec tells the time at every path that it does not know.
    let (status, text) = ask(&mut cluster, "/my-be/hostname").unwrap();
    assert_eq!((status, text.starts_with("NOW: ")), (200, true), "{text}");
}

// TOPICS D43: the name is not known when nginx starts.
#[test]
fn an_upstream_that_has_no_name_stops_nginx() {
    let mut cluster = with_dns();
    front_end(
        &mut cluster,
        "server {\n  location / {\n    proxy_pass http://fe-sevice.namespace1:8080;\n  }\n}\n",
    );
    assert_eq!(state(&cluster, "fe", 0), "CrashLoopBackOff");
    assert_eq!(
        emerg(&cluster),
        "host not found in upstream \"fe-sevice.namespace1\" in /etc/nginx/conf.d/default.conf:3"
    );
}

#[test]
fn an_unknown_directive_stops_nginx() {
    let mut cluster = cluster();
    front_end(&mut cluster, "server {\n  proxy-pass http://x;\n}\n");
    assert_eq!(
        emerg(&cluster),
        "unknown directive \"proxy-pass\" in /etc/nginx/conf.d/default.conf:2"
    );
}

// TOPICS D43: https:// to a server that speaks plain HTTP.
#[test]
fn tls_to_a_plain_backend_is_a_bad_gateway() {
    let mut cluster = cluster();
    front_end(&mut cluster, "server { location / { proxy_pass https://10.96.0.60:8080; } }");
    let (status, body) = ask(&mut cluster, "/").unwrap();
    assert_eq!(status, 502);
    assert!(body.contains("<title>502 Bad Gateway</title>"));
    let log = logs(&cluster, "fe", "nginx").join("\n");
    assert!(
        log.contains("SSL_do_handshake() failed (SSL: error:0A00010B:SSL routines::wrong version")
    );
}

// TOPICS D43: refused is 502, dropped is 504 after a minute.
#[test]
fn a_refusing_upstream_is_502_and_a_silent_one_504() {
    let mut cluster = cluster();
    front_end(
        &mut cluster,
        "server { location / { proxy_pass http://10.96.0.60:8080; }\n\
         location /port { proxy_pass http://10.96.0.60:81; } }",
    );
    delete_pod(&mut cluster, "be");
    cluster.settle(Duration::from_secs(40));
    assert_eq!(ask(&mut cluster, "/").map(|(status, _)| status), Ok(502));
    assert_eq!(ask(&mut cluster, "/port").map(|(status, _)| status), Ok(504));
    // What took a minute is told a minute later.
    assert!(!logs(&cluster, "fe", "nginx").iter().any(|line| line.contains("timed out")));
    advance(&mut cluster, 61);
    let log = logs(&cluster, "fe", "nginx").join("\n");
    assert!(
        log.contains("connect() failed (111: Connection refused) while connecting to upstream")
    );
    assert!(log.contains("upstream timed out (110: Connection timed out) while connecting"));
}

// As nginx 1.22.1 with this configuration, asked by curl -m 2 and -m 3.
#[test]
fn who_hangs_up_before_the_answer_is_logged_with_499() {
    let mut cluster = cluster();
    front_end(
        &mut cluster,
        "log_format m '$status $body_bytes_sent $request_time $upstream_response_time $upstream_status $time_iso8601';\n\
         upstream two { server 10.96.0.60:81; server 10.96.0.60:82; }\n\
         server { access_log /dev/stdout m;\n\
           location / { proxy_pass http://10.96.0.60:81; }\n\
           location /two { proxy_pass http://two; proxy_connect_timeout 2s; } }",
    );
    let began = cluster.now();
    for (path, patience) in [("/", 2), ("/two", 3)] {
        let patience = Duration::from_secs(patience);
        let to = SocketAddr::new(address(&cluster, "fe"), 80);
        let dial = cluster.dial(&container("fe", "nginx"), Protocol::Tcp, to);
        let request = Payload::Http(HttpRequest::get(path, vec![("Host".into(), "test".into())]));
        let answer = cluster.ask_within(&dial.result.unwrap(), request, Some(patience));
        assert_eq!(answer.reply, Reply::Silence);
    }
    advance(&mut cluster, 4);
    let later = |seconds: u64| {
        let moment = began + Duration::from_secs(seconds);
        moment.timestamp().strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string()
    };
    let lines = logs(&cluster, "fe", "nginx");
    let told: Vec<_> = lines.iter().filter(|line| line.starts_with("499")).cloned().collect();
    assert_eq!(
        told,
        [
            format!("499 0 2.000 2.000 - {}", later(2)),
            format!("499 0 3.000 2.000, 1.000 504, - {}", later(3)),
        ]
    );
    assert_eq!(lines.iter().filter(|line| line.contains("upstream timed out")).count(), 1);
}

// As nginx 1.22.1 answers.
#[test]
fn what_an_expression_captures_is_passed_on() {
    let mut cluster = cluster();
    front_end(
        &mut cluster,
        "map $arg_who $greeting { default nobody; ~^(?<first>[a-z]+)-(.)$ \"$2 $first\"; }\n\
         server {\n\
           location ~ ^/api/(.*)$ { proxy_pass http://10.96.0.60:8080/$1; }\n\
           location ~ ^/say/(?<word>[a-z]+) { return 200 $word-$1; }\n\
           location /map { return 200 $greeting; }\n\
           location /if { if ($request_uri ~ ^/if/(.+)$) { return 200 $1; } return 200 none; }\n\
         }",
    );
    assert_eq!(ask(&mut cluster, "/api/hostname"), Ok((200, "be".to_owned())));
    assert_eq!(ask(&mut cluster, "/say/hello/2"), Ok((200, "hello-hello".to_owned())));
    assert_eq!(ask(&mut cluster, "/map?who=ann-x"), Ok((200, "x ann".to_owned())));
    assert_eq!(ask(&mut cluster, "/map?who=7"), Ok((200, "nobody".to_owned())));
    assert_eq!(ask(&mut cluster, "/if/there"), Ok((200, "there".to_owned())));
    assert_eq!(ask(&mut cluster, "/if"), Ok((200, "none".to_owned())));
}

// As nginx 1.22.1 logs.
#[test]
fn a_server_that_failed_is_left_out_until_its_time_is_over() {
    let mut cluster = cluster();
    front_end(
        &mut cluster,
        "log_format m '$upstream_addr $upstream_status $status';\n\
         upstream d { server 127.0.0.1:9; server 127.0.0.1:8; }\n\
         upstream b { server 127.0.0.1:9; server 10.96.0.60:8080 backup; }\n\
         server { access_log /dev/stdout m;\n\
           location / { proxy_pass http://d; }\n\
           location /b/ { proxy_pass http://b/; } }",
    );
    for path in ["/", "/", "/b/hostname", "/b/hostname"] {
        ask(&mut cluster, path).unwrap();
    }
    advance(&mut cluster, 11);
    ask(&mut cluster, "/").unwrap();
    let lines = logs(&cluster, "fe", "nginx");
    let told = lines.iter().filter(|line| line.ends_with(" 502") || line.ends_with(" 200"));
    assert_eq!(
        told.map(String::as_str).collect::<Vec<_>>(),
        [
            "127.0.0.1:9, 127.0.0.1:8 502, 502 502",
            "d 502 502",
            "127.0.0.1:9, 10.96.0.60:8080 502, 200 200",
            "10.96.0.60:8080 200 200",
            "127.0.0.1:8, 127.0.0.1:9 502, 502 502",
        ]
    );
    let disabled = "upstream server temporarily disabled while connecting to upstream";
    assert_eq!(lines.iter().filter(|line| line.contains(disabled)).count(), 5);
}

// As nginx 1.22.1 answers.
#[test]
fn an_upstreams_redirect_is_told_in_the_clients_terms() {
    let mut cluster = cluster();
    front_end(
        &mut cluster,
        "server {\n\
           location / { proxy_pass http://10.96.0.60:8080; }\n\
           location /one/ { proxy_pass http://10.96.0.60:8080/; }\n\
           location /off/ { proxy_pass http://10.96.0.60:8080/; proxy_redirect off; }\n\
           location /own/ { proxy_pass http://10.96.0.60:8080/; proxy_redirect ~^http://[^/]+/(.*)$ /y/$1; } }",
    );
    let to = SocketAddr::new(address(&cluster, "fe"), 80);
    let mut location = |path: &str| {
        let dial = cluster.dial(&container("fe", "nginx"), Protocol::Tcp, to);
        let target = format!("{path}redirect?code=302&location=http://10.96.0.60:8080/z/x");
        let request = HttpRequest::get(target, vec![("Host".into(), "shop".into())]);
        let answer = cluster.ask(&dial.result.unwrap(), Payload::Http(request));
        let Reply::Http(response) = answer.reply else { panic!("{answer:?}") };
        let mut headers = response.headers.into_iter();
        headers.find(|(name, _)| name == "Location").map(|(_, value)| value).unwrap_or_default()
    };
    assert_eq!(location("/"), "http://shop/z/x");
    assert_eq!(location("/one/"), "http://shop/one/z/x");
    assert_eq!(location("/off/"), "http://10.96.0.60:8080/z/x");
    assert_eq!(location("/own/"), "http://shop/y/z/x");
}

#[test]
fn answers_redirects_and_files_come_from_the_configuration() {
    let mut cluster = cluster();
    front_end(
        &mut cluster,
        "server {\n\
        root /usr/share/nginx/html;\n\
        location = /hello { return 200 \"hi $host from $hostname\\n\"; default_type text/plain; }\n\
        location /old { return 301 /new; }\n\
        location /busy { return 503; }\n\
    }",
    );
    assert_eq!(ask(&mut cluster, "/hello"), Ok((200, "hi test from fe\n".to_owned())));
    assert_eq!(ask(&mut cluster, "/old").map(|(status, _)| status), Ok(301));
    let (status, body) = ask(&mut cluster, "/busy").unwrap();
    assert_eq!(status, 503);
    assert!(body.contains("<h1>503 Service Temporarily Unavailable</h1>"));
    assert!(ask(&mut cluster, "/").unwrap().1.contains("Welcome to nginx!"));
    let (status, body) = ask(&mut cluster, "/nope").unwrap();
    assert_eq!((status, body.len()), (404, 153));
}

#[test]
fn a_condition_decides_what_its_location_does() {
    let mut cluster = cluster();
    front_end(
        &mut cluster,
        "server {
           if ($arg_debug = yes) { return 418; }
           location /files/ { if (!-f /etc/hosts) { return 500; } return 200 fine; }
           location / {
             if ($http_user_agent ~* \"^LYNX\") { return 200 lynx; }
             if ($request_uri !~ ^/v2) { proxy_pass http://10.96.0.60:8080; }
             try_files /nothing =410;
           }
         }",
    );
    assert_eq!(ask(&mut cluster, "/?debug=yes").map(|(status, _)| status), Ok(418));
    assert_eq!(ask(&mut cluster, "/files/x"), Ok((200, "fine".to_owned())));
    assert_eq!(ask(&mut cluster, "/v2").map(|(status, _)| status), Ok(410));
    assert_eq!(ask(&mut cluster, "/hostname"), Ok((200, "be".to_owned())));
    let mut broken = self::cluster();
    front_end(&mut broken, "server { location / { if (x = y) { return 200; } } }");
    assert_eq!(emerg(&broken), "invalid condition \"x\" in /etc/nginx/conf.d/default.conf:1");
}

#[test]
fn a_server_fails_under_more_load_than_it_allows() {
    let mut cluster = cluster();
    front_end(
        &mut cluster,
        "limit_req_zone $binary_remote_addr zone=one:1m rate=2r/s;
         server { root /usr/share/nginx/html;
           limit_req zone=one burst=1 nodelay; limit_req_status 500; }",
    );
    let mut burst = || -> Vec<u16> {
        (0..3).filter_map(|_| ask(&mut cluster, "/").ok()).map(|(status, _)| status).collect()
    };
    assert_eq!(burst(), [200, 200, 500]);
    cluster.advance_to(cluster.now() + Duration::from_secs(2));
    assert_eq!(ask(&mut cluster, "/").map(|(status, _)| status), Ok(200));
    let log = logs(&cluster, "fe", "nginx").join("\n");
    assert!(log.contains("limiting requests, excess: 2.000 by zone \"one\", client: "), "{log}");
    let mut unknown = self::cluster();
    front_end(&mut unknown, "server { limit_req zone=two; }");
    assert_eq!(emerg(&unknown), "zero size shared memory zone \"two\"");
}
