//! Series about objectives, from their stored statuses, so that they agree with `kubectl get okr`.
//! Objects are few and their names are DNS labels, so these labels are bounded.

use super::Fleet;
use super::family::Series;
use crate::api::platform_objective::{KeyResult, KeyResultStatus};

/// A value of each key result, absent where unknown.
pub(super) fn key_results<'a>(
    fleet: &'a Fleet<'a>,
    value: impl Fn(&KeyResult, &KeyResultStatus) -> Option<f64>,
) -> Series<'a> {
    fleet
        .inventory
        .goals()
        .objectives
        .iter()
        .flat_map(|objective| {
            let key_results = objective.spec.key_results.iter();
            key_results.map(move |key_result| (objective, key_result))
        })
        .filter_map(|(objective, key_result)| {
            let mut stored = objective.status.iter().flat_map(|it| &it.key_results);
            let none = KeyResultStatus::default();
            let status = stored.find(|it| it.name == key_result.name);
            let labels = [
                &*objective.name,
                &*key_result.name,
                key_result.role.as_str(),
            ];
            Some((labels, value(key_result, status.unwrap_or(&none))?))
        })
        .collect()
}

/// 1 or 0.
pub(super) fn truth(value: Option<bool>) -> Option<f64> {
    value.map(|value| f64::from(u8::from(value)))
}
