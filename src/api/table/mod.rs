//! The tables that `kubectl get` prints: which columns a kind has, and what stands in its cells.
//!
//! One kind a file; cells are those of Kubernetes' own printers (`pkg/printers/internalversion`).
//! A [`Table`] is a value: whoever prints it may add columns (namespace, labels) before.

mod age;
mod autoscaler;
mod budget;
mod claim;
mod cron_job;
mod daemon_set;
mod data;
mod deployment;
mod endpoint_slice;
mod endpoints;
mod event;
mod format;
mod ingress;
mod ingress_class;
mod job;
mod layout;
mod namespace;
mod network_policy;
mod node;
mod plain;
pub mod pod;
mod priority_class;
mod replica_set;
mod revision;
mod rights;
mod service;
mod service_account;
mod service_range;
mod stateful_set;
mod volume;

pub use age::{human_duration, since};
pub use claim::{access_modes, claim_class};
pub use endpoints::addresses;
pub use format::{age, balancer_names, format_labels, format_selector};
pub use layout::Layout;
pub use node::roles;

use std::fmt;

use super::{Kind, Object};
use crate::clock::SimTime;

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its header: `CLUSTER-IP`.
    pub name: String,
    /// Whether only `-o wide` shows it.
    pub wide: bool,
}

/// Objects as rows of text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// The columns, from the left.
    pub columns: Vec<Column>,
    /// One list of cells a row, as long as the columns.
    pub rows: Vec<Vec<String>>,
}

fn column(name: &str, wide: bool) -> Column {
    Column { name: name.to_owned(), wide }
}

/// A column that every output shows.
const fn narrow(name: &'static str) -> (&'static str, bool) {
    (name, false)
}

/// A column that `-o wide` adds.
const fn wide(name: &'static str) -> (&'static str, bool) {
    (name, true)
}

/// The columns of a kind: (header, whether only `-o wide` shows it).
type Columns = &'static [(&'static str, bool)];

impl Table {
    /// The objects of a kind as a table, at the moment `now`; with the columns of `-o wide` if
    /// `wide` says so.
    pub fn of(kind: Kind, objects: &[Object], now: SimTime, wide: bool) -> Table {
        let rows = objects.iter().map(|object| row(object, now)).collect();
        let table = Table { columns: columns(kind), rows };
        if wide { table } else { table.without_wide() }
    }

    /// The objects as a table of their names and ages: what a client makes of a kind that it does not
    /// know.
    pub fn of_names(objects: &[Object], now: SimTime) -> Table {
        let row = |object: &Object| {
            let metadata = object.metadata();
            vec![format::name(metadata), age(metadata, now)]
        };
        Table {
            columns: ["NAME", "AGE"].map(|name| column(name, false)).to_vec(),
            rows: objects.iter().map(row).collect(),
        }
    }

    /// Puts a column before the one at `index`; `cells` has one text a row.
    pub fn insert_column(&mut self, index: usize, name: &str, cells: Vec<String>) {
        let index = index.min(self.columns.len());
        self.columns.insert(index, Column { name: name.to_owned(), wide: false });
        for (row, cell) in self.rows.iter_mut().zip(cells) {
            row.insert(index.min(row.len()), cell);
        }
    }

    /// Puts a column behind the last one.
    pub fn push_column(&mut self, name: &str, cells: Vec<String>) {
        self.insert_column(self.columns.len(), name, cells);
    }

    fn without_wide(self) -> Table {
        let shown: Vec<bool> = self.columns.iter().map(|column| !column.wide).collect();
        let keep = |index: &usize| shown.get(*index).copied().unwrap_or(true);
        let pick = |row: Vec<String>| {
            row.into_iter().enumerate().filter(|(index, _)| keep(index)).map(|(_, c)| c).collect()
        };
        Table {
            rows: self.rows.into_iter().map(pick).collect(),
            columns: self.columns.into_iter().filter(|column| !column.wide).collect(),
        }
    }
}

/// The table with its headers, columns three spaces apart, each line ended.
impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&Layout::default().print(self, true))
    }
}

/// What `kubectl get` shows of a kind.
fn columns(kind: Kind) -> Vec<Column> {
    let named: Columns = match kind {
        Kind::Pod => pod::COLUMNS,
        Kind::Service => service::COLUMNS,
        Kind::Endpoints => endpoints::COLUMNS,
        Kind::EndpointSlice => endpoint_slice::COLUMNS,
        Kind::Node => node::COLUMNS,
        Kind::Deployment => deployment::COLUMNS,
        Kind::ReplicaSet | Kind::ReplicationController => replica_set::COLUMNS,
        Kind::StatefulSet => stateful_set::COLUMNS,
        Kind::DaemonSet => daemon_set::COLUMNS,
        Kind::Job => job::COLUMNS,
        Kind::CronJob => cron_job::COLUMNS,
        Kind::Event => event::COLUMNS,
        Kind::Ingress => ingress::COLUMNS,
        Kind::Namespace => namespace::NAMESPACE,
        Kind::ConfigMap => data::CONFIG_MAP,
        Kind::Secret => data::SECRET,
        Kind::ServiceAccount => service_account::SERVICE_ACCOUNT,
        Kind::IngressClass => ingress_class::INGRESS_CLASS,
        Kind::NetworkPolicy => network_policy::NETWORK_POLICY,
        Kind::PodDisruptionBudget => budget::POD_DISRUPTION_BUDGET,
        Kind::PersistentVolumeClaim => claim::PERSISTENT_VOLUME_CLAIM,
        Kind::ControllerRevision => revision::CONTROLLER_REVISION,
        Kind::HorizontalPodAutoscaler => autoscaler::COLUMNS,
        Kind::LimitRange => rights::LIMITS,
        Kind::ResourceQuota => rights::QUOTA,
        Kind::Role | Kind::ClusterRole => rights::ROLE,
        Kind::RoleBinding | Kind::ClusterRoleBinding => rights::BINDING,
        Kind::PriorityClass => priority_class::PRIORITY_CLASS,
        Kind::ServiceCIDR => service_range::SERVICE_CIDR,
        Kind::IPAddress => service_range::IP_ADDRESS,
        Kind::PersistentVolume => volume::PERSISTENT_VOLUME,
        Kind::StorageClass => volume::STORAGE_CLASS,
        kind => return plain::columns(kind),
    };
    named.iter().map(|(name, wide)| column(name, *wide)).collect()
}

fn row(object: &Object, now: SimTime) -> Vec<String> {
    match object {
        Object::Pod(pod) => pod::row(pod, now),
        Object::Service(service) => service::row(service, now),
        Object::Endpoints(endpoints) => endpoints::row(endpoints, now),
        Object::EndpointSlice(slice) => endpoint_slice::row(slice, now),
        Object::Node(node) => node::row(node, now),
        Object::Deployment(deployment) => deployment::row(deployment, now),
        Object::ReplicaSet(set) => replica_set::row(set, now),
        Object::ReplicationController(controller) => replica_set::controller_row(controller, now),
        Object::StatefulSet(set) => stateful_set::row(set, now),
        Object::DaemonSet(set) => daemon_set::row(set, now),
        Object::Job(job) => job::row(job, now),
        Object::CronJob(job) => cron_job::row(job, now),
        Object::Event(event) => event::row(event, now),
        Object::Ingress(ingress) => ingress::row(ingress, now),
        Object::Namespace(namespace) => namespace::namespace(namespace, now),
        Object::ConfigMap(map) => data::config_map(map, now),
        Object::Secret(secret) => data::secret(secret, now),
        Object::ServiceAccount(account) => service_account::service_account(account, now),
        Object::IngressClass(class) => ingress_class::ingress_class(class, now),
        Object::NetworkPolicy(policy) => network_policy::network_policy(policy, now),
        Object::PodDisruptionBudget(budget) => budget::pod_disruption_budget(budget, now),
        Object::PersistentVolumeClaim(claim) => claim::persistent_volume_claim(claim, now),
        Object::ControllerRevision(revision) => revision::controller_revision(revision, now),
        Object::HorizontalPodAutoscaler(scaler) => autoscaler::row(scaler, now),
        Object::LimitRange(range) => rights::limits(range),
        Object::ResourceQuota(quota) => rights::quota(quota, now),
        Object::PriorityClass(class) => priority_class::priority_class(class, now),
        Object::ServiceCIDR(range) => service_range::service_cidr(range, now),
        Object::IPAddress(address) => service_range::ip_address(address),
        Object::PersistentVolume(volume) => volume::persistent_volume(volume, now),
        Object::StorageClass(class) => volume::storage_class(class, now),
        Object::Role(role) => rights::role(&role.metadata),
        Object::ClusterRole(role) => rights::role(&role.metadata),
        Object::RoleBinding(it) => {
            rights::binding(&it.metadata, &it.role_ref, it.subjects.as_deref(), now)
        }
        Object::ClusterRoleBinding(it) => {
            rights::binding(&it.metadata, &it.role_ref, it.subjects.as_deref(), now)
        }
        other => plain::row(other, now),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let column = |name: &str, wide| Column { name: name.to_owned(), wide };
        Table {
            columns: vec![column("NAME", false), column("IP", true), column("AGE", false)],
            rows: vec![vec!["web".into(), "10.0.0.1".into(), "5s".into()]],
        }
    }

    #[test]
    fn wide_columns_are_left_out_of_a_narrow_table() {
        assert_eq!(table().without_wide().to_string(), "NAME   AGE\nweb    5s\n");
    }

    #[test]
    fn a_column_can_be_put_first() {
        let mut table = table();
        table.insert_column(0, "NAMESPACE", vec!["default".into()]);
        assert_eq!(
            table.to_string(),
            "NAMESPACE   NAME   IP         AGE\ndefault     web    10.0.0.1   5s\n"
        );
    }
}
