//! Who may do what, by roles and their bindings (`plugin/pkg/auth/authorizer/rbac`). The admin of the
//! cluster may do everything; whoever is impersonated may do what the bindings say.

mod known;

use k8s_openapi::api::rbac::v1::{
    ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding, RoleRef, Subject,
};

use super::{Kind, Reason, Request, Status, Store, Subresource};

/// What stands before the name of a service account's user.
const ACCOUNT: &str = "system:serviceaccount:";

/// Whoever asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// `admin`, `system:serviceaccount:default:shop`
    pub name: String,
    /// `system:masters`
    pub groups: Vec<String>,
}

/// What somebody asks to do (`k8s.io/apiserver/pkg/authorization/authorizer`, `Attributes`).
#[derive(Clone, Copy, Debug)]
pub enum Attributes<'a> {
    /// Something with objects of the API.
    Resource {
        /// `get`
        verb: &'a str,
        /// `apps`; empty for the core group.
        group: &'a str,
        /// `pods`, `pods/log`
        resource: &'a str,
        /// Empty for no object in particular.
        name: &'a str,
    },
    /// Something with a path that is no resource.
    Path {
        /// `get`
        verb: &'a str,
        /// `/healthz`
        path: &'a str,
    },
}

impl User {
    /// The user of the cluster's kubeconfig.
    pub fn admin() -> User {
        let groups = ["system:masters", "system:authenticated"].map(str::to_owned);
        User { name: "admin".to_owned(), groups: groups.to_vec() }
    }

    /// Whoever the admin acts as. A service account is in the groups of its own, where none are given
    /// (`apiserver/pkg/endpoints/filters/impersonation`).
    pub fn acting(name: &str, groups: &[String]) -> User {
        let mut groups = groups.to_vec();
        if groups.is_empty()
            && let Some((namespace, _)) = name.strip_prefix(ACCOUNT).and_then(|n| n.split_once(':'))
        {
            groups.push("system:serviceaccounts".to_owned());
            groups.push(format!("system:serviceaccounts:{namespace}"));
        }
        if name != "system:anonymous" && !groups.iter().any(|g| g == "system:authenticated") {
            groups.push("system:authenticated".to_owned());
        }
        User { name: name.to_owned(), groups }
    }

    /// Whether a binding of `namespace` means this user.
    fn is_meant(&self, subject: &Subject, namespace: &str) -> bool {
        match subject.kind.as_str() {
            "User" => subject.name == self.name,
            "Group" => self.groups.contains(&subject.name),
            "ServiceAccount" => {
                let own = subject.namespace.as_deref().unwrap_or(namespace);
                self.name == format!("{ACCOUNT}{own}:{}", subject.name)
            }
            _ => false,
        }
    }
}

/// The rules that hold for a user in a namespace, and the roles that are bound and not there.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rules {
    /// The rules, as the roles have them.
    pub rules: Vec<PolicyRule>,
    /// `clusterrole.rbac.authorization.k8s.io "x" not found`
    pub missing: Vec<String>,
}

/// What a user may do: in the cluster, and in `namespace` where one is asked for.
pub fn rules(store: &Store, user: &User, namespace: Option<&str>) -> Rules {
    let mut found = Rules::default();
    for (group, role) in known::BOUND {
        if user.groups.iter().any(|own| own == group) {
            found.rules.extend(known::rules(role).unwrap_or_default());
        }
    }
    for binding in store.list::<ClusterRoleBinding>(None) {
        if is_bound(user, binding.subjects.as_deref(), "") {
            found.add(store, "", &binding.role_ref);
        }
    }
    for binding in namespace.into_iter().flat_map(|name| store.list::<RoleBinding>(Some(name))) {
        let own = binding.metadata.namespace.as_deref().unwrap_or_default();
        if is_bound(user, binding.subjects.as_deref(), own) {
            found.add(store, own, &binding.role_ref);
        }
    }
    found
}

fn is_bound(user: &User, subjects: Option<&[Subject]>, namespace: &str) -> bool {
    subjects.unwrap_or_default().iter().any(|subject| user.is_meant(subject, namespace))
}

impl Rules {
    fn add(&mut self, store: &Store, namespace: &str, role: &RoleRef) {
        let name = role.name.as_str();
        let rules = match role.kind.as_str() {
            "Role" => store.get::<Role>(namespace, name).map(|it| it.rules.clone()),
            _ => store.get::<ClusterRole>("", name).map(|it| it.rules.clone()),
        };
        match rules {
            Some(rules) => self.rules.extend(rules.unwrap_or_default()),
            None => match known::rules(name).filter(|_| role.kind == "ClusterRole") {
                Some(rules) => self.rules.extend(rules),
                None => {
                    let kind = role.kind.to_lowercase();
                    let text = format!("{kind}.rbac.authorization.k8s.io {name:?} not found");
                    self.missing.push(text);
                }
            },
        }
    }
}

/// Whether a user may do something; why not, where there is more to say than that.
///
/// # Errors
/// `RBAC: role.rbac.authorization.k8s.io "x" not found`, or nothing.
pub fn allows(
    store: &Store,
    user: &User,
    namespace: Option<&str>,
    asked: Attributes<'_>,
) -> Result<(), String> {
    let found = rules(store, user, namespace);
    if found.rules.iter().any(|rule| covers(rule, asked)) {
        return Ok(());
    }
    Err(match found.missing.as_slice() {
        [] => String::new(),
        [one] => format!("RBAC: {one}"),
        many => format!("RBAC: [{}]", many.join(", ")),
    })
}

/// `RuleAllows` (`plugin/pkg/auth/authorizer/rbac`, `pkg/apis/rbac/v1/evaluation_helpers.go`).
fn covers(rule: &PolicyRule, asked: Attributes<'_>) -> bool {
    let has = |list: &[String], wanted: &str| list.iter().any(|is| is == "*" || is == wanted);
    match asked {
        Attributes::Resource { verb, group, resource, name } => {
            let sub = resource.split_once('/').map(|(_, sub)| format!("*/{sub}"));
            let mut resources = rule.resources.iter().flatten();
            let names = rule.resource_names.as_deref().unwrap_or_default();
            has(&rule.verbs, verb)
                && has(rule.api_groups.as_deref().unwrap_or_default(), group)
                && resources.any(|is| is == "*" || is == resource || Some(is) == sub.as_ref())
                && (names.is_empty() || names.iter().any(|is| is == name))
        }
        Attributes::Path { verb, path } => {
            let fits = |url: &String| match url.strip_suffix('*') {
                Some(begin) => path.starts_with(begin),
                None => url == path,
            };
            has(&rule.verbs, verb) && rule.non_resource_urls.iter().flatten().any(fits)
        }
    }
}

/// Looks at a request before it is carried out.
///
/// # Errors
/// `pods is forbidden: User "bob" cannot list resource "pods" …`
pub fn authorize(store: &Store, user: &User, request: &Request) -> Result<(), Status> {
    let (kind, namespace, name) = request.place();
    let namespace = match kind {
        Kind::Namespace => Some(name),
        _ => namespace,
    };
    let namespace = namespace.filter(|namespace| !namespace.is_empty());
    let info = kind.info();
    let (verb, part) = verb_and_part(request);
    let resource = format!("{}{part}", info.plural);
    let name = if verb == "create" { "" } else { name };
    let asked = Attributes::Resource { verb, group: info.group, resource: &resource, name };
    let Err(reason) = allows(store, user, namespace, asked) else { return Ok(()) };
    let place = match namespace {
        Some(namespace) => format!("in the namespace {namespace:?}"),
        None => "at the cluster scope".to_owned(),
    };
    let object = if name.is_empty() { String::new() } else { format!(" {name:?}") };
    let more = if reason.is_empty() { reason } else { format!(": {reason}") };
    let mut status = Status::new(
        Reason::Forbidden,
        format!(
            "{}{object} is forbidden: User {:?} cannot {verb} resource {resource:?} in API group \
             {:?} {place}{more}",
            kind.resource(),
            user.name,
            info.group
        ),
    );
    status.kind = kind.to_string();
    name.clone_into(&mut status.name);
    Err(status)
}

/// The verb of a request, and the part of the object that it is about.
fn verb_and_part(request: &Request) -> (&'static str, &'static str) {
    let part = |options: &super::WriteOptions| match options.subresource {
        Subresource::None => "",
        Subresource::Status => "/status",
        Subresource::EphemeralContainers => "/ephemeralcontainers",
    };
    match request {
        Request::Get { .. } => ("get", ""),
        Request::List { .. } => ("list", ""),
        Request::Watch { .. } => ("watch", ""),
        Request::Create { .. } => ("create", ""),
        Request::Update { options, .. } => ("update", part(options)),
        Request::Patch { options, .. } => ("patch", part(options)),
        Request::Delete { .. } => ("delete", ""),
        Request::Evict { .. } => ("create", "/eviction"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::api::Object;

    fn store(objects: &[(Kind, Value)]) -> Store {
        let mut store = Store::default();
        for (kind, value) in objects {
            store.put(Object::from_value(*kind, value.clone()).unwrap());
        }
        store
    }

    fn binding(role: &str, subject: Value) -> (Kind, Value) {
        let of = if role.starts_with("c-") || role == "view" { "ClusterRole" } else { "Role" };
        let to = json!({"apiGroup": "rbac.authorization.k8s.io", "kind": of, "name": role});
        let metadata = json!({"name": role, "namespace": "shop"});
        (Kind::RoleBinding, json!({"metadata": metadata, "roleRef": to, "subjects": [subject]}))
    }

    fn may(store: &Store, user: &User, namespace: &str, verb: &str, resource: &str) -> bool {
        let asked = Attributes::Resource { verb, group: "", resource, name: "" };
        allows(store, user, Some(namespace), asked).is_ok()
    }

    #[test]
    fn a_role_holds_in_its_namespace() {
        let rules = json!([{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]}]);
        let role = json!({"metadata": {"name": "r", "namespace": "shop"}, "rules": rules});
        let bob = User::acting("bob", &[]);
        let store =
            store(&[(Kind::Role, role), binding("r", json!({"kind": "User", "name": "bob"}))]);
        assert!(may(&store, &bob, "shop", "list", "pods"));
        assert!(!may(&store, &bob, "shop", "list", "pods/log"));
        assert!(!may(&store, &bob, "shop", "delete", "pods"));
        assert!(!may(&store, &bob, "default", "list", "pods"));
        assert!(may(&store, &User::admin(), "default", "delete", "nodes"));
    }

    #[test]
    fn a_service_account_may_view_where_the_known_role_is_bound() {
        let subject = json!({"kind": "ServiceAccount", "name": "till", "namespace": "shop"});
        let store = store(&[binding("view", subject)]);
        let till = User::acting("system:serviceaccount:shop:till", &[]);
        assert!(may(&store, &till, "shop", "watch", "configmaps"));
        assert!(!may(&store, &till, "shop", "get", "secrets"));
        assert!(!may(&store, &till, "shop", "create", "pods"));
    }

    #[test]
    fn a_bound_role_that_is_not_there_is_named() {
        let store = store(&[binding("r", json!({"kind": "User", "name": "bob"}))]);
        let list = Request::List {
            kind: Kind::Deployment,
            namespace: Some("shop".to_owned()),
            labels: Default::default(),
            fields: Default::default(),
        };
        let refused = authorize(&store, &User::acting("bob", &[]), &list).unwrap_err();
        assert_eq!(
            refused.message,
            "deployments.apps is forbidden: User \"bob\" cannot list resource \"deployments\" in API \
             group \"apps\" in the namespace \"shop\": RBAC: role.rbac.authorization.k8s.io \"r\" not \
             found"
        );
    }
}
