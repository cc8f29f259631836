//! Made-up clusters and packets, so that panels can be tested without a simulation.

use crate::game::scene::{
    ContainerView, EndpointView, Health, NodeView, PodView, Scene, ServiceView,
};

/// A frontend and this many backends on two nodes, behind one Service.
pub fn scene(backends: usize) -> Scene {
    let mut nodes: Vec<NodeView> = (1..=2)
        .map(|number| NodeView {
            name: format!("node-{number}"),
            address: format!("192.168.49.{}", number + 1),
            pod_range: format!("10.244.{number}.0/24"),
            ready: true,
            cordoned: false,
            pods: Vec::new(),
        })
        .collect();
    nodes[0].pods.push(pod("frontend", "client", None, 2));
    let mut endpoints = Vec::new();
    for number in 0..backends {
        let name = format!("backend-7d4b9c6f5-x{number:04}");
        let owner = Some("ReplicaSet/backend-7d4b9c6f5".to_owned());
        let pod = pod(&name, "httpd", owner, number + 3);
        endpoints.push(EndpointView { address: pod.address.clone(), pod: Some(name), ready: true });
        nodes[(number + 1) % 2].pods.push(pod);
    }
    let service = ServiceView {
        namespace: "default".to_owned(),
        name: "backend".to_owned(),
        kind: "ClusterIP".to_owned(),
        address: "10.96.14.3".to_owned(),
        other_address: None,
        ports: vec!["80".to_owned()],
        node_ports: Vec::new(),
        selector: "app=backend".to_owned(),
        routes: Vec::new(),
        endpoints,
    };
    Scene { nodes, waiting: Vec::new(), services: vec![service] }
}

fn pod(name: &str, container: &str, owner: Option<String>, number: usize) -> PodView {
    PodView {
        namespace: "default".to_owned(),
        name: name.to_owned(),
        address: format!("10.244.{}.{}", 1 + number / 250, number % 250 + 2),
        other_address: None,
        health: Health::Good,
        status: "Running".to_owned(),
        ready: true,
        labels: vec![("app".to_owned(), "backend".to_owned())],
        made_by: owner.as_ref().map(|_| "Deployment backend".to_owned()),
        owner,
        policies: Vec::new(),
        containers: vec![ContainerView {
            name: container.to_owned(),
            image: format!("{container}:2.4"),
            health: Health::Good,
            status: "running".to_owned(),
            restarts: 0,
            ports: vec![":80".to_owned()],
        }],
    }
}
