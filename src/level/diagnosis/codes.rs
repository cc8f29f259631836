//! Every diagnosis by its stable name, with what it means and what to do: `podhop explain CODE`.

use std::fmt;

/// A diagnosis's stable name: `service-selects-nothing`.
pub type Code = &'static str;

/// The long form of a diagnosis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// Its stable name.
    pub code: Code,
    /// What it is, in a few words.
    pub title: &'static str,
    /// What happens, and why.
    pub means: &'static str,
    /// How it looks.
    pub example: &'static str,
    /// What to do.
    pub fix: &'static str,
}

/// The explanation of a code.
pub fn explain(code: &str) -> Option<&'static Explanation> {
    EXPLANATIONS.iter().find(|explanation| explanation.code == code)
}

/// Every explanation, in the order of the codes.
pub fn explanations() -> &'static [Explanation] {
    EXPLANATIONS
}

/// As the command line prints it.
impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {}\n", self.code, self.title)?;
        writeln!(f, "{}\n", self.means)?;
        writeln!(f, "How it looks\n")?;
        for line in self.example.lines() {
            writeln!(f, "    {line}")?;
        }
        writeln!(f, "\nWhat to do\n")?;
        writeln!(f, "{}", self.fix)
    }
}

static EXPLANATIONS: &[Explanation] = &[
    Explanation {
        code: "client-not-running",
        title: "there is nowhere to send the request from",
        means: "The goal's request starts in a container, and that container does not run: its pod is missing, waits, or has crashed.",
        example: "$ kubectl get pods\nNAME     READY   STATUS             RESTARTS\nclient   0/1     CrashLoopBackOff   3",
        fix: "Look at the pod with kubectl describe pod and kubectl logs, and mend or recreate it.",
    },
    Explanation {
        code: "closed-node-port",
        title: "nobody listens on that port of the node",
        means: "A node answers on the node ports of Services, and on ports that its own processes have opened. A Service's port and targetPort are not open on nodes.",
        example: "$ curl http://192.168.49.2:80\ncurl: (7) Failed to connect to 192.168.49.2 port 80 after 0 ms: Couldn't connect to server",
        fix: "Give the Service type NodePort, and dial the port behind the colon in kubectl get service: 80:31234/TCP.",
    },
    Explanation {
        code: "container-does-not-run",
        title: "a container waits or has crashed",
        means: "A pod exists, but one of its containers does not run, so nobody listens there. The kubelet tries again after 10, 20, 40 seconds and so on, up to five minutes.",
        example: "$ kubectl get pods\nNAME   READY   STATUS             RESTARTS\nweb    0/1     CrashLoopBackOff   4 (12s ago)",
        fix: "Read kubectl logs POD --previous and the events at the end of kubectl describe pod POD.",
    },
    Explanation {
        code: "container-name-is-no-host",
        title: "a container's name is not a host name",
        means: "Containers are not in DNS. Those of one pod share its network namespace, so that one reaches the other at localhost.",
        example: "$ kubectl exec multi -c sidecar -- curl http://nginx\ncurl: (6) Could not resolve host: nginx",
        fix: "Use localhost (or 127.0.0.1, or the pod's own host name) with the port that the neighbour listens on.",
    },
    Explanation {
        code: "dns-unreachable",
        title: "no name server answered",
        means: "A pod asks the Service kube-dns (10.96.0.10) in namespace kube-system. It leads to the CoreDNS pods. Without them, or behind a NetworkPolicy that denies port 53, no name resolves, though addresses still work.",
        example: "$ nslookup web\n;; connection timed out; no servers could be reached",
        fix: "Look at kubectl get pods -n kube-system, and allow UDP and TCP port 53 in egress policies.",
    },
    Explanation {
        code: "loopback-only",
        title: "the server listens on its own loopback device alone",
        means: "A process bound to 127.0.0.1 is reached from its own pod only. The pod's IP address, and every Service in front of it, refuse.",
        example: "$ kubectl exec web -- ss -ltn\nLISTEN 0 511 127.0.0.1:80 0.0.0.0:*",
        fix: "Bind the server to 0.0.0.0, or put the client into the same pod.",
    },
    Explanation {
        code: "manifest-refused",
        title: "the API server does not take the file",
        means: "The file says something that the API does not allow, so nothing of that object has changed in the cluster. The message names the field.",
        example: "The Service \"web\" is invalid: spec.ports[0].nodePort: Invalid value: 80: provided port is not in the valid range. The range of valid ports is 30000-32767",
        fix: "Mend the field. Some fields can't change once they are set (a Service's clusterIP, a Deployment's selector): delete the object and apply it again, or use kubectl replace --force.",
    },
    Explanation {
        code: "no-answer",
        title: "the packet was not answered",
        means: "The packet's trace says at which hop it stopped, and on what facts that was decided.",
        example: "curl: (28) Connection timed out after 2001 milliseconds",
        fix: "Step through the trace, hop by hop. A refusal means that somebody was reached; silence means that nobody was.",
    },
    Explanation {
        code: "no-local-endpoint",
        title: "a Local policy, and no pod on this node",
        means: "With externalTrafficPolicy (or internalTrafficPolicy) Local, a node passes connections to its own pods alone. A node without one drops them: the client waits.",
        example: "$ curl -m 2 http://192.168.49.4:30080\ncurl: (28) Connection timed out after 2001 milliseconds",
        fix: "Use the policy Cluster, run a pod on every node, or have the load balancer leave out nodes without one.",
    },
    Explanation {
        code: "no-name-for-pod",
        title: "the pod has no name in DNS",
        means: "A pod has a name of its own only below a headless Service, if its hostname is set and its subdomain is that Service. A StatefulSet does this for the Service in its serviceName. Pods of a Deployment have none.",
        example: "$ nslookup db-0.db\n** server can't find db-0.db: NXDOMAIN",
        fix: "Make the Service headless (clusterIP: None), use a StatefulSet, and put the Service's name into serviceName.",
    },
    Explanation {
        code: "no-ready-endpoint",
        title: "the Service's pods are not ready",
        means: "A Service passes connections to ready pods alone. A pod is ready when all its containers are, which readiness probes decide. With none ready, connections are refused.",
        example: "$ kubectl get pods\nNAME   READY   STATUS    RESTARTS\nweb    0/1     Running   0",
        fix: "See why the pods are not ready: kubectl describe pod names the failing probe or container.",
    },
    Explanation {
        code: "no-such-pod-address",
        title: "no pod has that address",
        means: "A pod's address is its own for its life. The next pod, even one of the same name, gets another. Packets to an address that nobody has are not answered.",
        example: "$ curl -m 2 http://10.244.1.7\ncurl: (28) Connection timed out after 2001 milliseconds",
        fix: "Look the address up again (kubectl get pods -o wide), or call a Service, whose name and address stay.",
    },
    Explanation {
        code: "no-such-service-address",
        title: "no Service has that cluster IP",
        means: "Cluster IPs come from a range of their own. Only those of Services that exist mean anything: the nodes have rules for them. Other addresses of the range are not answered.",
        example: "$ curl -m 2 http://10.96.200.200\ncurl: (28) Connection timed out after 2001 milliseconds",
        fix: "Look it up with kubectl get services, or better: call the Service by name.",
    },
    Explanation {
        code: "nobody-listens",
        title: "the host is there, the port is closed",
        means: "The packet reached the right network namespace, but no process listens on that port, so the kernel refuses the connection at once. containerPort in a manifest opens nothing: the program decides.",
        example: "curl: (7) Failed to connect to localhost port 8080 after 0 ms: Couldn't connect to server",
        fix: "Dial the port that the program listens on (nginx and httpd: 80), or configure the program.",
    },
    Explanation {
        code: "node-down",
        title: "the node is down",
        means: "The address belongs to a node that does not run, or to a pod on it. Nobody answers until it is back, or until its pods have been replaced elsewhere.",
        example: "$ kubectl get nodes\nNAME     STATUS     ROLES\nnode-2   NotReady   <none>",
        fix: "Use another node. Controllers replace the pods of a lost node after about five minutes.",
    },
    Explanation {
        code: "not-a-service-port",
        title: "the Service has no such port",
        means: "A cluster IP works on the ports in spec.ports alone. For others there is no rule, and the packet leaves by the default route to nowhere: silence, not refusal.",
        example: "$ curl -m 2 http://backend:8080\ncurl: (28) Connection timed out after 2001 milliseconds",
        fix: "Dial the Service's port, not its targetPort or nodePort; or add the port to the Service.",
    },
    Explanation {
        code: "not-spread",
        title: "too few pods had a part in it",
        means: "Every request was answered, but not by as many different pods as the goal wants.",
        example: "10 of 10 answered, all by backend-x7k2p",
        fix: "Let a Service with several endpoints choose, without session affinity, a new connection each time.",
    },
    Explanation {
        code: "nothing-brings-it-back",
        title: "the pod is gone for good",
        means: "A pod that is deleted or evicted stays gone, unless a controller wants it: a ReplicaSet (of a Deployment), a StatefulSet or a DaemonSet makes a new one.",
        example: "$ kubectl get pods\nNo resources found in default namespace.",
        fix: "Write a Deployment whose template is the pod.",
    },
    Explanation {
        code: "one-virtual-ip",
        title: "the name stands for one virtual address",
        means: "DNS answers the name of a Service with its cluster IP, however many pods are behind it. A headless Service has no cluster IP: DNS answers with the addresses of its ready pods.",
        example: "$ nslookup db\nName:   db.default.svc.cluster.local\nAddress: 10.102.3.4",
        fix: "Make the Service anew with clusterIP: None. An existing one can't give up its cluster IP.",
    },
    Explanation {
        code: "other-pods-loopback",
        title: "localhost is this pod, not that one",
        means: "Each pod has a network namespace with a loopback device of its own. localhost never leads out of the pod.",
        example: "$ kubectl exec sidecar -- curl http://localhost\ncurl: (7) Failed to connect to localhost port 80 after 0 ms: Couldn't connect to server",
        fix: "Put both containers into one pod, or call the other pod by its address or through a Service.",
    },
    Explanation {
        code: "outside-cannot-reach-pod",
        title: "pod addresses mean nothing outside the cluster",
        means: "Nodes know the way to every pod. A machine outside the cluster does not: its packets to pod addresses get no answer.",
        example: "laptop$ curl -m 2 http://10.244.1.5\ncurl: (28) Connection timed out after 2001 milliseconds",
        fix: "From outside, use a NodePort or LoadBalancer Service, or kubectl port-forward.",
    },
    Explanation {
        code: "outside-cannot-reach-service",
        title: "cluster IPs mean nothing outside the cluster",
        means: "A cluster IP is on no interface. Each node's rules replace it by a pod's address; a machine outside has no such rules, and no route.",
        example: "laptop$ curl -m 2 http://10.104.3.17\ncurl: (28) Connection timed out after 2001 milliseconds",
        fix: "Give the Service type NodePort, and dial a node's address at the node port.",
    },
    Explanation {
        code: "plain-http-port",
        title: "TLS was spoken to a plain HTTP server",
        means: "The connection was made, but the client began a TLS handshake (https) where the server expects plain HTTP.",
        example: "curl: (35) OpenSSL/3.0.13: error:0A00010B:SSL routines::wrong version number",
        fix: "Use http://, or dial a port where the server does speak TLS.",
    },
    Explanation {
        code: "pod-name-is-no-host",
        title: "a plain pod's name is not a host name",
        means: "DNS in the cluster knows Services. A pod's name is for kubectl; in DNS it exists only below a headless Service.",
        example: "$ kubectl exec client -- curl http://testpod1\ncurl: (6) Could not resolve host: testpod1",
        fix: "Use the pod's address (kubectl get pods -o wide), or better: give it a Service.",
    },
    Explanation {
        code: "pod-not-scheduled",
        title: "no node takes the pod",
        means: "The scheduler found no node that fits: a selector that no node has, a taint that is not tolerated, too little room, or a node that is cordoned.",
        example: "0/3 nodes are available: 3 node(s) didn't match Pod's node affinity/selector.",
        fix: "Read the FailedScheduling event in kubectl describe pod, and change the pod or the nodes.",
    },
    Explanation {
        code: "policy-denies",
        title: "a NetworkPolicy drops the packet",
        means: "Once any NetworkPolicy selects a pod for a direction, only what some policy allows passes. Everything else is dropped: the client waits. Ports in policies are the pods', not the Services'.",
        example: "$ curl -m 2 http://web\ncurl: (28) Connection timed out after 2001 milliseconds",
        fix: "Allow it: ingress at the server's side and egress at the client's, with DNS on port 53.",
    },
    Explanation {
        code: "selects-the-wrong-pods",
        title: "the Service leads to pods that serve nothing",
        means: "The selector does match pods, but not those that were meant: the ones it found have no listener at all.",
        example: "$ kubectl get endpointslices\nNAME            ADDRESSTYPE   PORTS   ENDPOINTS\nbackend-x2k9d   IPv4          80      10.244.1.9",
        fix: "Compare the endpoints' addresses with kubectl get pods -o wide --show-labels, and mend the selector.",
    },
    Explanation {
        code: "service-in-other-namespace",
        title: "the Service is in another namespace",
        means: "A short name is looked up in the caller's own namespace: web means web.OWN-NAMESPACE.svc.cluster.local. And a Service selects pods of its own namespace alone.",
        example: "$ curl http://backend\ncurl: (6) Could not resolve host: backend",
        fix: "Move the Service to the pods' namespace; or call it NAME.NAMESPACE, if its pods are there too.",
    },
    Explanation {
        code: "service-selects-nothing",
        title: "the Service's selector matches no pod",
        means: "A Service finds its pods by labels, all of which must match, in its own namespace. Without a match it has no endpoints: its name resolves, and connections are refused.",
        example: "$ kubectl get endpoints backend\nNAME      ENDPOINTS   AGE\nbackend   <none>      42s",
        fix: "Compare spec.selector with kubectl get pods --show-labels. Labels of the pods count, not those of their Deployment.",
    },
    Explanation {
        code: "service-without-selector",
        title: "the Service has no selector and no endpoints",
        means: "Without a selector nothing looks for pods. Somebody has to write the EndpointSlice by hand.",
        example: "$ kubectl get endpointslices -l kubernetes.io/service-name=db\nNo resources found in default namespace.",
        fix: "Add a selector, or an EndpointSlice with the label kubernetes.io/service-name.",
    },
    Explanation {
        code: "target-port-closed",
        title: "the Service's targetPort is closed in its pods",
        means: "The Service chose a pod and passed the connection on to its targetPort, where nobody listens. Nothing checks a numeric targetPort against the pods.",
        example: "$ kubectl get endpoints backend\nNAME      ENDPOINTS                           AGE\nbackend   10.244.1.5:8080,10.244.2.5:8080     42s",
        fix: "Set targetPort to the port that the program listens on. Without targetPort it equals port.",
    },
    Explanation {
        code: "target-port-has-no-name",
        title: "no container port has the name in targetPort",
        means: "A targetPort that is a name is looked up in each pod, among the names of its containers' ports. Pods without that name have no port to connect to, so connections are refused.",
        example: "$ kubectl get endpoints backend\nNAME      ENDPOINTS   AGE\nbackend   <none>      42s",
        fix: "Name the container's port, or write the number.",
    },
    Explanation {
        code: "unexpected-answer",
        title: "the command answered something else",
        means: "The goal's command ran, and its answer is not the one that the goal waits for. No packet explains it.",
        example: "command: kubectl get pods -l app=backend",
        fix: "Run the command yourself in the terminal, and look at its answer.",
    },
    Explanation {
        code: "unknown-name",
        title: "DNS knows nobody by that name",
        means: "A name resolves if there is a Service of that name in the caller's namespace, or NAME.NAMESPACE elsewhere, or if the world outside knows it.",
        example: "curl: (6) Could not resolve host: bakend",
        fix: "Compare the name with kubectl get services.",
    },
    Explanation {
        code: "wrong-answer",
        title: "the server was reached, the request failed",
        means: "A server accepted the connection, and the client did not get what it wanted from it.",
        example: "curl: (22) The requested URL returned error: 404",
        fix: "Look at the path, the method and the server's log.",
    },
    Explanation {
        code: "wrong-server",
        title: "somebody else answered",
        means: "The request was answered, but not by the pod, or not with the page, that the goal wants.",
        example: "It works!   (wanted: Welcome to nginx!)",
        fix: "Compare the address in the trace with kubectl get pods -o wide.",
    },
    Explanation {
        code: "wrong-way",
        title: "the request went another way",
        means: "The right server answered, but the request was not sent to the address that the goal names.",
        example: "sent to 192.168.49.2, wanted: the address of node-3",
        fix: "Send it to the address that the goal's command was given.",
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_sorted_and_complete() {
        assert!(EXPLANATIONS.windows(2).all(|pair| pair[0].code < pair[1].code));
        for explanation in EXPLANATIONS {
            let texts =
                [explanation.title, explanation.means, explanation.example, explanation.fix];
            assert!(texts.iter().all(|text| !text.trim().is_empty()), "{}", explanation.code);
        }
    }
}
