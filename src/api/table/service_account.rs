//! ServiceAccounts.

use k8s_openapi::api::core::v1::ServiceAccount;

use super::format::{age, name};
use super::{Columns, narrow};
use crate::clock::SimTime;

pub(super) const SERVICE_ACCOUNT: Columns = &[narrow("NAME"), narrow("SECRETS"), narrow("AGE")];

pub(super) fn service_account(account: &ServiceAccount, now: SimTime) -> Vec<String> {
    let secrets = account.secrets.as_ref().map_or(0, |secrets| secrets.len());
    vec![name(&account.metadata), secrets.to_string(), age(&account.metadata, now)]
}
