//! The manifests of a business, as its people wrote them.

use super::business::{App, DEFAULT, Entrance, FAST, Server};

/// The image of each server, with the tag that the business runs.
pub(super) fn image(server: Server) -> &'static str {
    match server {
        Server::Podinfo => "stefanprodan/podinfo:6.9.0",
        Server::HttpEcho => "hashicorp/http-echo:1.0",
        Server::Whoami => "traefik/whoami:v1.10",
        Server::Nginx => "nginx:1.27",
    }
}

/// The line that starts its container, where the image alone would not do.
pub(super) fn start(app: &App) -> String {
    let App { port, says, .. } = app;
    match app.server {
        Server::Podinfo => {
            format!("        command: [./podinfo, --port={port}, \"--ui-message={says}\"]\n")
        }
        Server::HttpEcho => format!("        args: [\"-listen=:{port}\", \"-text={says}\"]\n"),
        Server::Whoami => format!("        args: [--port, \"{port}\", --name, \"{says}\"]\n"),
        Server::Nginx => String::new(),
    }
}

/// The path that tells whether it is ready.
pub(super) fn ready_path(server: Server) -> &'static str {
    match server {
        Server::Podinfo => "/readyz",
        Server::Whoami | Server::HttpEcho => "/health",
        Server::Nginx => "/",
    }
}

/// The label that several applications share.
pub(super) fn tier(app: &App) -> &'static str {
    match app.namespace {
        DEFAULT => "shop",
        _ => "back",
    }
}

/// `  namespace: bakehouse`, where it is another than the usual one.
fn namespace_line(namespace: &str) -> String {
    match namespace {
        DEFAULT => String::new(),
        other => format!("  namespace: {other}\n"),
    }
}

/// An application's Deployment and Service, with the ConfigMaps that it needs.
pub(super) fn app(app: &App) -> String {
    let mut documents = Vec::new();
    if app.server == Server::Nginx {
        documents.push(page(app));
    }
    if app.settings {
        documents.push(settings(app));
    }
    documents.push(deployment(app));
    documents.push(service(app));
    documents.join("---\n")
}

/// nginx's page.
fn page(app: &App) -> String {
    let App { name, port, says, .. } = app;
    let namespace = namespace_line(app.namespace);
    format!(
        "\
apiVersion: v1
kind: ConfigMap
metadata:
  name: {name}-page
{namespace}data:
  default.conf: |
    server {{
      listen {port};
      default_type text/plain;
      return 200 \"{says}\\n\";
    }}
"
    )
}

fn settings(app: &App) -> String {
    let (name, namespace) = (app.name, namespace_line(app.namespace));
    format!(
        "\
apiVersion: v1
kind: ConfigMap
metadata:
  name: {name}-settings
{namespace}data:
  LANGUAGE: en
"
    )
}

fn deployment(app: &App) -> String {
    let (name, namespace, tier) = (app.name, namespace_line(app.namespace), tier(app));
    let replicas = app.replicas.map(|count| format!("  replicas: {count}\n")).unwrap_or_default();
    let strategy = if app.recreate { "  strategy:\n    type: Recreate\n" } else { "" };
    let (key, value, _) = FAST;
    let pinned = match app.pinned {
        true => format!("      nodeSelector:\n        {key}: {value}\n"),
        false => String::new(),
    };
    let waits = app.waits.map(waiting).unwrap_or_default();
    let container = container(app);
    format!(
        "\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}
{namespace}spec:
{replicas}{strategy}  selector:
    matchLabels:
      app: {name}
  template:
    metadata:
      labels:
        app: {name}
        tier: {tier}
    spec:
{pinned}{waits}      containers:
{container}"
    )
}

/// An init container that waits for another application's name.
fn waiting(other: &str) -> String {
    format!(
        "      initContainers:
      - name: wait
        image: busybox:1.36
        command: [sh, -c, until nslookup {other}.default.svc.cluster.local; do sleep 2; done]
"
    )
}

fn container(app: &App) -> String {
    let App { name, port, .. } = app;
    let (image, start) = (image(app.server), start(app));
    let settings = match app.settings {
        true => format!(
            "        envFrom:\n        - configMapRef:\n            name: {name}-settings\n"
        ),
        false => String::new(),
    };
    let path = ready_path(app.server);
    let probe = match app.probe {
        true => format!(
            "        readinessProbe:
          httpGet:
            path: {path}
            port: {port}
"
        ),
        false => String::new(),
    };
    let volume = match app.server {
        Server::Nginx => format!(
            "        volumeMounts:
        - name: page
          mountPath: /etc/nginx/conf.d
      volumes:
      - name: page
        configMap:
          name: {name}-page
"
        ),
        _ => String::new(),
    };
    format!(
        "      - name: server
        image: {image}
{start}{settings}        ports:
        - name: web
          containerPort: {port}
{probe}        resources:
          requests:
            cpu: 50m
{volume}"
    )
}

fn service(app: &App) -> String {
    let (name, namespace) = (app.name, namespace_line(app.namespace));
    let tier = if app.by_tier { format!("    tier: {}\n", tier(app)) } else { String::new() };
    let target = if app.by_name { "web".to_owned() } else { app.port.to_string() };
    format!(
        "\
apiVersion: v1
kind: Service
metadata:
  name: {name}
{namespace}spec:
  selector:
    app: {name}
{tier}  ports:
  - name: http
    port: 80
    targetPort: {target}
"
    )
}

/// The StatefulSet with its headless Service.
pub(super) fn ledger(name: &str, pods: u32) -> String {
    format!(
        "\
apiVersion: v1
kind: Service
metadata:
  name: {name}
spec:
  clusterIP: None
  selector:
    app: {name}
  ports:
  - name: http
    port: 80
---
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: {name}
spec:
  replicas: {pods}
  serviceName: {name}
  selector:
    matchLabels:
      app: {name}
  template:
    metadata:
      labels:
        app: {name}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
      - name: server
        image: traefik/whoami:v1.10
        ports:
        - name: web
          containerPort: 80
"
    )
}

/// nginx before the first applications: its configuration, Deployment and Service.
pub(super) fn front(apps: &[App], entrance: Entrance) -> String {
    let locations: String = apps
        .iter()
        .take(2)
        .map(|app| {
            let (name, host) = (app.name, app.host());
            format!("      location /{name} {{\n        proxy_pass http://{host}/;\n      }}\n")
        })
        .collect();
    let (kind, port) = match entrance {
        Entrance::NodePort(port) => ("  type: NodePort\n", format!("    nodePort: {port}\n")),
        Entrance::LoadBalancer => ("  type: LoadBalancer\n", String::new()),
        Entrance::Ingress => ("", String::new()),
    };
    format!(
        "\
apiVersion: v1
kind: ConfigMap
metadata:
  name: front
data:
  default.conf: |
    server {{
      listen 80;
{locations}    }}
---
{FRONT}---
apiVersion: v1
kind: Service
metadata:
  name: front
spec:
{kind}  selector:
    app: front
  ports:
  - name: http
    port: 80
{port}"
    )
}

const FRONT: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: front
spec:
  strategy:
    type: Recreate
  selector:
    matchLabels:
      app: front
  template:
    metadata:
      labels:
        app: front
    spec:
      containers:
      - name: nginx
        image: nginx:1.27
        ports:
        - name: web
          containerPort: 80
        volumeMounts:
        - name: conf
          mountPath: /etc/nginx/conf.d
      volumes:
      - name: conf
        configMap:
          name: front
";

/// The Ingress that leads to the front.
pub(super) fn door(host: &str) -> String {
    format!(
        "\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: door
spec:
  ingressClassName: nginx
  rules:
  - host: {host}
    http:
      paths:
      - path: /
        pathType: Prefix
        backend:
          service:
            name: front
            port:
              number: 80
"
    )
}

/// Who asks the applications, by addresses in its variables.
pub(super) fn desk(name: &str, apps: &[App]) -> String {
    let variables: String = apps
        .iter()
        .map(|app| {
            let (variable, host) = (app.variable(), app.host());
            format!("        - name: {variable}\n          value: http://{host}\n")
        })
        .collect();
    format!(
        "\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}
spec:
  selector:
    matchLabels:
      app: {name}
  template:
    metadata:
      labels:
        app: {name}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
      - name: client
        image: curlimages/curl:8.11.0
        command: [sleep, infinity]
        env:
{variables}"
    )
}

/// Lets the desk, and the front where there is one, to an application, and nobody else.
pub(super) fn wall(app: &App, desk: &str, front: bool) -> String {
    let App { name, port, .. } = app;
    let namespace = namespace_line(app.namespace);
    let from = match app.namespace {
        DEFAULT => "    - podSelector:\n".to_owned(),
        _ => format!(
            "    - namespaceSelector:
        matchLabels:
          kubernetes.io/metadata.name: {DEFAULT}
      podSelector:
"
        ),
    };
    let callers = [Some(desk), front.then_some("front")].into_iter().flatten();
    let callers: String = callers
        .map(|caller| format!("{from}        matchLabels:\n          app: {caller}\n"))
        .collect();
    format!(
        "\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {name}
{namespace}spec:
  podSelector:
    matchLabels:
      app: {name}
  policyTypes: [Ingress]
  ingress:
  - from:
{callers}    ports:
    - port: {port}
"
    )
}

/// A namespace.
pub(super) fn namespace(name: &str) -> String {
    format!("apiVersion: v1\nkind: Namespace\nmetadata:\n  name: {name}\n---\n")
}

/// A pod that asks and must not be answered.
pub(super) fn guest(name: &str) -> String {
    format!(
        "\
apiVersion: v1
kind: Pod
metadata:
  name: {name}
  labels:
    app: {name}
spec:
  terminationGracePeriodSeconds: 1
  containers:
  - name: client
    image: curlimages/curl:8.11.0
    command: [sleep, infinity]
"
    )
}

/// The next release of an application: it has the label already, and is not ready yet.
pub(super) fn next_release(app: &App) -> String {
    let App { name, port, .. } = app;
    let (namespace, tier) = (namespace_line(app.namespace), tier(app));
    format!(
        "\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}-next
{namespace}spec:
  selector:
    matchLabels:
      app: {name}
      release: next
  template:
    metadata:
      labels:
        app: {name}
        release: next
        tier: {tier}
    spec:
      containers:
      - name: server
        image: stefanprodan/podinfo:6.9.0
        command: [./podinfo, --port=9797]
        ports:
        - name: web
          containerPort: {port}
        readinessProbe:
          httpGet:
            path: /readyz
            port: {port}
"
    )
}
