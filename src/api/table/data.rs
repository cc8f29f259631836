//! ConfigMaps and Secrets.

use k8s_openapi::api::core::v1::{ConfigMap, Secret};

use super::format::{age, name};
use super::{Columns, narrow};
use crate::clock::SimTime;

pub(super) const CONFIG_MAP: Columns = &[narrow("NAME"), narrow("DATA"), narrow("AGE")];

pub(super) const SECRET: Columns = &[narrow("NAME"), narrow("TYPE"), narrow("DATA"), narrow("AGE")];

pub(super) fn config_map(map: &ConfigMap, now: SimTime) -> Vec<String> {
    let entries =
        map.data.as_ref().map_or(0, |d| d.len()) + map.binary_data.as_ref().map_or(0, |d| d.len());
    vec![name(&map.metadata), entries.to_string(), age(&map.metadata, now)]
}

pub(super) fn secret(secret: &Secret, now: SimTime) -> Vec<String> {
    vec![
        name(&secret.metadata),
        secret.type_.clone().unwrap_or_default(),
        secret.data.as_ref().map_or(0, |data| data.len()).to_string(),
        age(&secret.metadata, now),
    ]
}
