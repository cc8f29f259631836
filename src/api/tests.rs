//! Requests to a whole server.

use serde_json::{Value, json};

use super::*;

fn server() -> ApiServer {
    ApiServer::new(7)
}

fn create(server: &mut ApiServer, kind: Kind, object: Value) -> Answer {
    server.handle(
        SimTime::from_millis(1_500),
        Request::Create {
            kind,
            namespace: "default".into(),
            object,
            options: WriteOptions::default(),
        },
    )
}

fn created(server: &mut ApiServer, kind: Kind, object: Value) -> Value {
    create(server, kind, object).expect("it is valid").into_object().unwrap().to_value()
}

fn patch(server: &mut ApiServer, kind: Kind, name: &str, patch: Patch) -> Answer {
    server.handle(
        SimTime::START,
        Request::Patch {
            kind,
            namespace: "default".into(),
            name: name.into(),
            patch,
            options: WriteOptions::default(),
        },
    )
}

fn delete(server: &mut ApiServer, kind: Kind, name: &str, options: DeleteOptions) -> Answer {
    let namespace = if kind.info().namespaced { "default" } else { "" };
    server.handle(
        SimTime::START,
        Request::Delete { kind, namespace: namespace.into(), name: name.into(), options },
    )
}

fn service(name: &str, spec: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec})
}

fn pod(name: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name},
        "spec": {"containers": [{"name": "c", "image": "nginx:1.27"}]},
    })
}

#[test]
fn a_new_server_has_the_usual_namespaces_and_the_way_to_itself() {
    let server = server();
    let names: Vec<&str> =
        server.store().objects(Kind::Namespace, None).map(Object::name).collect();
    assert_eq!(names, ["default", "kube-node-lease", "kube-public", "kube-system"]);
    let kubernetes = server.store().object(Kind::Service, "default", "kubernetes").unwrap();
    assert_eq!(kubernetes.to_value()["spec"]["clusterIP"], "10.96.0.1");
}

#[test]
fn equal_seeds_store_equal_bytes() {
    let dump = |seed| {
        let server = ApiServer::new(seed);
        let kinds = Kind::all().collect::<Vec<_>>();
        let objects = kinds.iter().flat_map(|kind| server.store().objects(*kind, None));
        objects.map(|object| object.to_value().to_string()).collect::<String>()
    };
    assert_eq!(dump(3), dump(3));
    assert_ne!(dump(3), dump(4));
}

// Recording 01.
#[test]
fn a_service_comes_back_with_everything_filled_in() {
    let mut server = server();
    let spec = json!({"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": 80}]});
    let stored = created(&mut server, Kind::Service, service("web", spec));
    let ip = stored["spec"]["clusterIP"].clone();
    assert_eq!(
        stored["spec"],
        json!({
            "clusterIP": ip,
            "clusterIPs": [ip],
            "internalTrafficPolicy": "Cluster",
            "ipFamilies": ["IPv4"],
            "ipFamilyPolicy": "SingleStack",
            "ports": [{"port": 80, "protocol": "TCP", "targetPort": 80}],
            "selector": {"app": "web"},
            "sessionAffinity": "None",
            "type": "ClusterIP",
        })
    );
    assert_eq!(stored["status"], json!({"loadBalancer": {}}));
    assert_eq!(stored["metadata"]["creationTimestamp"], "2026-01-05T09:00:01Z");
}

#[test]
fn a_name_is_taken_until_its_object_is_gone() {
    let mut server = server();
    created(&mut server, Kind::Pod, pod("p"));
    let status = create(&mut server, Kind::Pod, pod("p")).unwrap_err();
    assert_eq!(status.message, "pods \"p\" already exists");
    delete(&mut server, Kind::Pod, "p", DeleteOptions::default()).unwrap();
    created(&mut server, Kind::Pod, pod("p"));
}

#[test]
fn a_namespace_must_exist() {
    let mut server = server();
    let mut object = pod("p");
    object["metadata"]["namespace"] = "nope".into();
    let request = Request::Create {
        kind: Kind::Pod,
        namespace: "nope".into(),
        object,
        options: WriteOptions::default(),
    };
    let status = server.handle(SimTime::START, request).unwrap_err();
    assert_eq!(status.message, "namespaces \"nope\" not found");
}

// Recording 12.
#[test]
fn a_service_account_must_exist() {
    let mut object = pod("p");
    object["spec"]["serviceAccountName"] = "nope".into();
    let status = create(&mut server(), Kind::Pod, object).unwrap_err();
    assert_eq!(
        status.message,
        "pods \"p\" is forbidden: error looking up service account default/nope: serviceaccount \
         \"nope\" not found"
    );
}

#[test]
fn a_new_namespace_can_hold_pods_at_once() {
    let mut server = server();
    created(&mut server, Kind::Namespace, json!({"metadata": {"name": "dev"}}));
    let mut object = pod("p");
    object["metadata"]["namespace"] = "dev".into();
    let request = Request::Create {
        kind: Kind::Pod,
        namespace: "dev".into(),
        object,
        options: WriteOptions::default(),
    };
    assert!(server.handle(SimTime::START, request).is_ok());
}

// R7.1, recording 03.
#[test]
fn a_node_port_is_free_again_once_its_service_is_gone() {
    let mut server = server();
    let spec = json!({"type": "NodePort", "ports": [{"port": 80, "nodePort": 30_080}]});
    created(&mut server, Kind::Service, service("web", spec.clone()));
    let status = create(&mut server, Kind::Service, service("web2", spec.clone())).unwrap_err();
    assert_eq!(
        status.message,
        "Service \"web2\" is invalid: spec.ports[0].nodePort: Invalid value: 30080: provided port \
         is already allocated"
    );
    delete(&mut server, Kind::Service, "web", DeleteOptions::default()).unwrap();
    created(&mut server, Kind::Service, service("web2", spec));
}

// Recording 03: the type goes back to ClusterIP.
#[test]
fn a_type_that_needs_no_node_port_gives_it_back() {
    let mut server = server();
    let spec = json!({"type": "NodePort", "ports": [{"port": 80, "nodePort": 30_080}]});
    let before = created(&mut server, Kind::Service, service("web", spec.clone()));
    let change = Patch::Strategic(json!({"spec": {"type": "ClusterIP"}}));
    let after = patch(&mut server, Kind::Service, "web", change).unwrap().into_object().unwrap();
    let after = after.to_value();
    assert_eq!(after["spec"]["clusterIP"], before["spec"]["clusterIP"]);
    let port = json!({"port": 80, "protocol": "TCP", "targetPort": 80});
    assert_eq!(after["spec"]["ports"][0], port);
    assert!(after["spec"].get("externalTrafficPolicy").is_none());
    created(&mut server, Kind::Service, service("web2", spec));
}

// R4.5, recording 11.
#[test]
fn an_external_name_has_no_address() {
    let mut server = server();
    let spec = json!({"clusterIP": "10.97.0.10", "ports": [{"port": 80}]});
    created(&mut server, Kind::Service, service("web", spec));
    let change = json!({"spec": {"type": "ExternalName", "externalName": "a.b"}});
    let after = patch(&mut server, Kind::Service, "web", Patch::Strategic(change)).unwrap();
    assert_eq!(
        after.into_object().unwrap().to_value()["spec"],
        json!({
            "externalName": "a.b",
            "ports": [{"port": 80, "protocol": "TCP", "targetPort": 80}],
            "sessionAffinity": "None",
            "type": "ExternalName",
        })
    );
}

#[test]
fn an_object_made_from_an_older_version_is_refused() {
    let mut server = server();
    let mut old = created(&mut server, Kind::ConfigMap, json!({"metadata": {"name": "c"}}));
    let change = Patch::Merge(json!({"data": {"a": "1"}}));
    patch(&mut server, Kind::ConfigMap, "c", change).unwrap();
    old["data"] = json!({"a": "2"});
    let request = Request::Update {
        kind: Kind::ConfigMap,
        namespace: "default".into(),
        name: "c".into(),
        object: old,
        options: WriteOptions::default(),
    };
    assert_eq!(
        server.handle(SimTime::START, request).unwrap_err().message,
        "Operation cannot be fulfilled on configmaps \"c\": the object has been modified; please \
         apply your changes to the latest version and try again"
    );
}

#[test]
fn a_patch_that_changes_nothing_costs_no_version() {
    let mut server = server();
    created(&mut server, Kind::Pod, pod("p"));
    let before = server.store().revision();
    patch(&mut server, Kind::Pod, "p", Patch::Strategic(json!({}))).unwrap();
    assert_eq!(server.store().revision(), before);
}

#[test]
fn a_dry_run_says_what_would_happen_and_stores_nothing() {
    let mut server = server();
    let before = server.store().revision();
    let options = WriteOptions { dry_run: true, ..WriteOptions::default() };
    let request =
        Request::Create { kind: Kind::Pod, namespace: "default".into(), object: pod("p"), options };
    let answer = server.handle(SimTime::START, request).unwrap().into_object().unwrap();
    assert_eq!(answer.name(), "p");
    assert_eq!(answer.metadata().resource_version, None);
    assert_eq!(server.store().revision(), before);
}

// R3.7
#[test]
fn a_scheduled_pod_is_given_its_grace_period() {
    let mut server = server();
    created(&mut server, Kind::Pod, pod("p"));
    let stored = server.store().get::<crate::api::Pod>("default", "p").unwrap();
    let mut bound = stored.as_ref().clone();
    bound.spec.as_mut().unwrap().node_name = Some("node-1".into());
    server.update(SimTime::START, bound).unwrap();
    let going = delete(&mut server, Kind::Pod, "p", DeleteOptions::default()).unwrap();
    let going = going.into_object().unwrap();
    assert_eq!(going.metadata().deletion_grace_period_seconds, Some(30));
    assert!(server.store().object(Kind::Pod, "default", "p").is_some());
    let now = DeleteOptions { grace_seconds: Some(0), ..DeleteOptions::default() };
    delete(&mut server, Kind::Pod, "p", now).unwrap();
    assert!(server.store().object(Kind::Pod, "default", "p").is_none());
}

#[test]
fn an_object_goes_when_its_last_finalizer_does() {
    let mut server = server();
    let map = json!({"metadata": {"name": "c", "finalizers": ["a/b"]}});
    created(&mut server, Kind::ConfigMap, map);
    delete(&mut server, Kind::ConfigMap, "c", DeleteOptions::default()).unwrap();
    assert!(server.store().object(Kind::ConfigMap, "default", "c").is_some());
    let change = Patch::Merge(json!({"metadata": {"finalizers": null}}));
    patch(&mut server, Kind::ConfigMap, "c", change).unwrap();
    assert!(server.store().object(Kind::ConfigMap, "default", "c").is_none());
}

#[test]
fn a_namespace_waits_for_its_contents() {
    let mut server = server();
    created(&mut server, Kind::Namespace, json!({"metadata": {"name": "dev"}}));
    let going = delete(&mut server, Kind::Namespace, "dev", DeleteOptions::default()).unwrap();
    assert_eq!(going.into_object().unwrap().to_value()["status"]["phase"], "Terminating");
    let status = delete(&mut server, Kind::Namespace, "default", DeleteOptions::default());
    assert_eq!(
        status.unwrap_err().message,
        "namespaces \"default\" is forbidden: this namespace may not be deleted"
    );
}

#[test]
fn a_controllers_update_that_changes_nothing_costs_nothing() {
    let mut server = server();
    created(&mut server, Kind::Pod, pod("p"));
    let before = server.store().revision();
    let stored = server.store().get::<crate::api::Pod>("default", "p").unwrap();
    let same = stored.as_ref().clone();
    server.update(SimTime::START, same).unwrap();
    assert_eq!(server.store().revision(), before);
}

#[test]
fn names_are_generated_from_a_prefix() {
    let mut server = server();
    let object = json!({"metadata": {"generateName": "web-"}});
    let stored = created(&mut server, Kind::ConfigMap, object);
    let name = stored["metadata"]["name"].as_str().unwrap();
    assert_eq!(name.len(), 9);
    assert!(name.starts_with("web-"));
}

#[test]
fn a_watch_tells_what_happened_since() {
    let mut server = server();
    let since = server.store().revision();
    created(&mut server, Kind::Pod, pod("p"));
    delete(&mut server, Kind::Pod, "p", DeleteOptions::default()).unwrap();
    let request = Request::Watch {
        kind: Kind::Pod,
        namespace: Some("default".into()),
        labels: LabelSelector::default(),
        since,
    };
    let Body::Changes { changes, .. } = server.handle(SimTime::START, request).unwrap().body else {
        panic!("a watch answers with changes");
    };
    let actions: Vec<Action> = changes.iter().map(|change| change.action).collect();
    assert_eq!(actions, [Action::Added, Action::Deleted]);
}

// Recording 11.
#[test]
fn a_patch_that_does_not_fit_is_quoted() {
    let mut server = server();
    created(&mut server, Kind::Service, service("base", json!({"ports": [{"port": 80}]})));
    let typed = json!({"spec": {"ports": [{"port": "x"}]}});
    assert_eq!(
        patch(&mut server, Kind::Service, "base", Patch::Strategic(typed)).unwrap_err().causes[0]
            .to_string(),
        "patch: Invalid value: \"map[spec:map[ports:[map[port:x]]]]\": unrecognized type: int32"
    );
    let text = patch(&mut server, Kind::Service, "base", Patch::Strategic(json!("spec")));
    assert_eq!(
        text.unwrap_err().message,
        "json: cannot unmarshal string into Go value of type map[string]interface {}"
    );
}

#[test]
fn a_relabelled_object_leaves_the_view_of_a_watch() {
    let mut server = server();
    let map = json!({"metadata": {"name": "c", "labels": {"app": "web"}}});
    created(&mut server, Kind::ConfigMap, map);
    let since = server.store().revision();
    let change = Patch::Merge(json!({"metadata": {"labels": {"app": "quarantine"}}}));
    patch(&mut server, Kind::ConfigMap, "c", change).unwrap();
    let seen = |server: &mut ApiServer, labels: &str| {
        let labels = LabelSelector::parse(labels).unwrap();
        let namespace = Some("default".into());
        let request = Request::Watch { kind: Kind::ConfigMap, namespace, labels, since };
        match server.handle(SimTime::START, request).unwrap().body {
            Body::Changes { changes, .. } => changes[0].action,
            _ => panic!("a watch answers with changes"),
        }
    };
    assert_eq!(seen(&mut server, "app=web"), Action::Deleted);
    assert_eq!(seen(&mut server, "app=quarantine"), Action::Added);
    assert_eq!(seen(&mut server, ""), Action::Modified);
}

// Recording 11: `kubectl delete svc nosuch; kubectl replace -f repl.yaml`.
#[test]
fn replacing_brings_a_service_back_but_not_a_pod() {
    let mut server = server();
    let mut replace = |kind, object: Value| {
        let name = object["metadata"]["name"].as_str().unwrap().to_owned();
        let (namespace, options) = ("default".into(), WriteOptions::default());
        server.handle(SimTime::START, Request::Update { kind, namespace, name, object, options })
    };
    let service = service("nosuch", json!({"ports": [{"port": 80}]}));
    assert!(replace(Kind::Service, service).is_ok());
    let missing = replace(Kind::Pod, pod("p")).unwrap_err();
    assert_eq!(missing.message, "pods \"p\" not found");
}

// apiserver, `Store.Update`: a resource version is a number, and nought any.
#[test]
fn a_resource_version_is_a_number() {
    let mut server = server();
    created(&mut server, Kind::Service, service("web", json!({"ports": [{"port": 80}]})));
    let mut with = |version: &str| {
        let wish = json!({"metadata": {"resourceVersion": version, "labels": {"v": version}}});
        patch(&mut server, Kind::Service, "web", Patch::Merge(wish))
            .map_err(|status| status.message)
    };
    assert!(with("0").is_ok());
    let why = "strconv.ParseUint: parsing \"abc\": invalid syntax";
    assert_eq!(with("abc").map(|_| ()), Err(why.to_owned()));
    assert!(with("1").is_err_and(|why| why.contains("the object has been modified")));
}

// The header comes with a refusal as with an answer (recording 16).
#[test]
fn a_refused_patch_has_its_remarks() {
    let mut server = server();
    created(&mut server, Kind::Service, service("shop", json!({"ports": [{"port": 80}]})));
    let change = json!({"spec": {"ports": [{"prot": 80}]}});
    let options = WriteOptions { validation: FieldValidation::Warn, ..WriteOptions::default() };
    let request = Request::Patch {
        kind: Kind::Service,
        namespace: "default".into(),
        name: "shop".into(),
        patch: Patch::Merge(change),
        options,
    };
    let refused = server.handle(SimTime::START, request).unwrap_err();
    assert_eq!(refused.reason, Reason::Invalid);
    assert_eq!(*refused.warnings, ["unknown field \"spec.ports[0].prot\"".to_owned()]);
}

// `pkg/registry/batch/job`: what a suspended Job's containers ask for may change, their image not.
#[test]
fn a_suspended_jobs_pods_may_ask_for_more() {
    let mut server = server();
    let container = |image: &str, cpu: &str| json!([{"name": "c", "image": image, "resources": {"requests": {"cpu": cpu}}}]);
    let spec = |containers: Value| {
        json!({"suspend": true, "template": {
            "spec": {"containers": containers, "restartPolicy": "Never"},
        }})
    };
    let job = json!({
        "apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "bake"},
        "spec": spec(container("busybox", "1")),
    });
    created(&mut server, Kind::Job, job);
    let mut change = |containers: Value| {
        let change = json!({"spec": {"template": {"spec": {"containers": containers}}}});
        patch(&mut server, Kind::Job, "bake", Patch::Merge(change))
    };
    assert!(change(container("busybox", "2")).is_ok());
    let refused = change(container("alpine", "2")).unwrap_err();
    assert_eq!(refused.causes[0].field, "spec.template.spec");
}
