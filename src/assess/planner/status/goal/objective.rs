//! The status of an objective: its result, and in conditions whether it is measured, on track, and has
//! its parent. Results come from `goals`.

use jiff::Timestamp;

use super::ready;
use crate::api::PlatformObjectiveStatus;
use crate::api::condition::{MEASURED, ON_TRACK, PARENT_FOUND, Statement};
use crate::api::platform_objective::{KeyResultStatus, ObjectiveColumns, Role};
use crate::assess::goal_objects::{Goals, StoredObjective};
use crate::assess::goals::objective::cascade::{Parent, parent};
use crate::assess::goals::objective::measurement::Measurements;
use crate::assess::goals::objective::state::{ObjectiveState, off_track};
use crate::assess::goals::objective::{ObjectiveResult, result};
use crate::assess::wording::first_few;

/// The status of an objective.
pub(in crate::assess) fn objective_status(
    objective: &StoredObjective,
    goals: &Goals,
    measurements: &Measurements,
    now: Timestamp,
) -> PlatformObjectiveStatus {
    let before = objective.status.as_ref();
    let before = before.map_or(&[][..], |status| &status.conditions);
    let result = result(objective, measurements, now);
    let standing = Standing::of(objective, &result);
    let state = ObjectiveState::of(
        &objective.spec,
        &result.key_results,
        result.on_track,
        result.frozen_at,
    );
    let mut statements = vec![standing.measured(), standing.on_track()];
    statements.extend(parent(goals, objective).map(|found| about_parent(objective, found)));
    let ObjectiveResult {
        key_results,
        progress,
        on_track,
        frozen_at,
    } = result;
    PlatformObjectiveStatus {
        observed_generation: objective.generation,
        conditions: ready(before, statements, objective.generation, now),
        columns: Some(ObjectiveColumns {
            progress: progress.map(|share| format!("{:.0} %", share * 100.0)),
            state: Some(state.words().to_owned()),
        }),
        key_results,
        progress,
        on_track,
        frozen_at,
    }
}

/// Names of key results by how they stand.
struct Standing {
    /// Those with no value, or whose value is not the latest.
    without_data: Vec<String>,
    broken: Vec<String>,
    behind: Vec<String>,
    count: usize,
    has_tried: bool,
    on_track: Option<bool>,
    is_frozen: bool,
}

impl Standing {
    fn of(objective: &StoredObjective, result: &ObjectiveResult) -> Self {
        let is_open =
            |status: &&KeyResultStatus| status.current.is_none() || status.message.is_some();
        let open = || result.key_results.iter().filter(is_open);
        Self {
            without_data: open()
                .map(|status| match &status.message {
                    Some(message) => format!("{}: {message}", status.name),
                    None => format!("{}: Not measured yet.", status.name),
                })
                .collect(),
            broken: off_track(&objective.spec, &result.key_results, Role::Guardrail),
            behind: off_track(&objective.spec, &result.key_results, Role::Target),
            count: result.key_results.len(),
            has_tried: open().all(|status| status.message.is_some()),
            on_track: result.on_track,
            is_frozen: result.frozen_at.is_some(),
        }
    }

    fn measured(&self) -> Statement {
        let (open, all) = (self.without_data.len(), self.count);
        if open == 0 {
            let message = if self.is_frozen {
                "The period has ended; the result is frozen."
            } else {
                "Every key result has a figure."
            };
            let reason = if self.is_frozen { "Frozen" } else { "Measured" };
            return Statement::new(MEASURED, true, reason, message);
        }
        let missing = first_few(&self.without_data, " ");
        Statement {
            kind: MEASURED,
            status: self.has_tried.then_some(false),
            reason: if self.has_tried {
                "NoData"
            } else {
                "NotMeasuredYet"
            },
            message: format!("{open} of {all} key results without a current figure. {missing}"),
        }
    }

    fn on_track(&self) -> Statement {
        let (reason, message) = if !self.broken.is_empty() {
            let names = self.broken.join(", ");
            (
                "GuardrailBroken",
                format!("Guardrails that do not hold: {names}."),
            )
        } else if !self.behind.is_empty() {
            let names = self.behind.join(", ");
            let message = if self.is_frozen {
                format!("Targets that were not reached: {names}.")
            } else {
                format!("Targets that made less progress than time has passed: {names}.")
            };
            ("Behind", message)
        } else if self.on_track.is_some() {
            let message = if self.is_frozen {
                "Every measured target was reached, and every guardrail held."
            } else {
                "Every measured target made as much progress as time has passed, and every guardrail holds."
            };
            ("OnTrack", message.to_owned())
        } else {
            let message = if self.is_frozen {
                "Too little was measured at the end of the period to tell."
            } else {
                "Too little is measured to tell."
            };
            ("NoData", message.to_owned())
        };
        Statement {
            kind: ON_TRACK,
            status: self.on_track,
            reason,
            message,
        }
    }
}

fn about_parent(objective: &StoredObjective, found: Parent) -> Statement {
    let name = objective.spec.parent.as_deref().unwrap_or_default();
    match found {
        Parent::Found => Statement::new(
            PARENT_FOUND,
            true,
            "Found",
            format!("It serves the objective {name}."),
        ),
        Parent::Missing(nearest) => {
            let meant = nearest.map_or_else(
                || "; create it, or remove parent.".to_owned(),
                |name| format!("; did you mean '{name}'?"),
            );
            let message = format!("There is no PlatformObjective '{name}'{meant}");
            Statement::new(PARENT_FOUND, false, "NotFound", message)
        }
        Parent::Circle(names) => {
            let circle = first_few(&names, " → ");
            let message = format!("The parents form a circle: {circle}. Remove one of them.");
            Statement::new(PARENT_FOUND, false, "Circle", message)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::condition::READY;
    use crate::assess::goals::objective::fixtures::{
        END, at, goals, guardrail, measured, missing, objective, target,
    };

    fn condition(status: &PlatformObjectiveStatus, kind: &str) -> (String, String, String) {
        let it = status
            .conditions
            .iter()
            .find(|it| it.type_ == kind)
            .unwrap();
        (it.status.clone(), it.reason.clone(), it.message.clone())
    }

    #[test]
    fn a_broken_guardrail_is_named_and_takes_the_objective_off_track() {
        let objective = objective("faster", [target("first-deploy"), guardrail("failures")]);
        let goals = goals([objective.clone()]);
        let mut measurements = measured(&objective, "first-deploy", 4.0, at(10));
        measurements.extend(measured(&objective, "failures", 3.0, at(10)));
        let status = objective_status(&objective, &goals, &measurements.into(), at(10));
        assert_eq!(condition(&status, READY).0, "True");
        assert_eq!(condition(&status, MEASURED).1, "Measured");
        assert_eq!(
            condition(&status, ON_TRACK),
            (
                "False".to_owned(),
                "GuardrailBroken".to_owned(),
                "Guardrails that do not hold: failures.".to_owned()
            )
        );
        let columns = status.columns.unwrap();
        assert_eq!(columns.progress.as_deref(), Some("100 %"));
        assert_eq!(columns.state.as_deref(), Some("guardrail broken"));
    }

    #[test]
    fn no_data_is_unknown_and_gives_the_reason() {
        let objective = objective("faster", [target("first-deploy")]);
        let goals = goals([objective.clone()]);
        let status = objective_status(&objective, &goals, &Measurements::default(), at(1));
        assert_eq!(condition(&status, MEASURED).0, "Unknown");
        let measurements = missing(&objective, "first-deploy", at(2)).into();
        let status = objective_status(&objective, &goals, &measurements, at(2));
        let (is, reason, message) = condition(&status, MEASURED);
        assert_eq!((&*is, &*reason), ("False", "NoData"));
        assert!(
            message.contains("the query returned no series"),
            "{message}"
        );
        assert_eq!(condition(&status, ON_TRACK).0, "Unknown");
        assert_eq!(status.columns.unwrap().state.as_deref(), Some("no data"));
    }

    #[test]
    fn a_result_without_a_figure_of_the_end_is_not_reached_by_half_of_the_way() {
        let mut objective = objective("faster", [target("first-deploy")]);
        let goals = goals([objective.clone()]);
        let measurements = measured(&objective, "first-deploy", 38.0, at(50)).into();
        objective.status = Some(objective_status(&objective, &goals, &measurements, at(50)));
        let measurements = missing(&objective, "first-deploy", at(END)).into();
        let status = objective_status(&objective, &goals, &measurements, at(END + 1));
        assert!(status.frozen_at.is_some());
        let (is, reason, message) = condition(&status, ON_TRACK);
        assert_eq!((&*is, &*reason), ("Unknown", "NoData"));
        assert!(message.contains("at the end of the period"), "{message}");
        let columns = status.columns.unwrap();
        assert_eq!(columns.progress.as_deref(), Some("50 %"));
        assert_eq!(columns.state.as_deref(), Some("no data"));
    }

    #[test]
    fn a_parent_that_is_not_there_is_said_with_the_nearest_name() {
        let mut child = objective("faster", [target("first-deploy")]);
        child.spec.parent = Some("compny".to_owned());
        let parents = goals([child.clone(), objective("company", [target("revenue")])]);
        let status = objective_status(&child, &parents, &Measurements::default(), at(1));
        let (is, _, message) = condition(&status, PARENT_FOUND);
        assert_eq!(is, "False");
        assert_eq!(
            message,
            "There is no PlatformObjective 'compny'; did you mean 'company'?"
        );
        child.spec.parent = Some("faster".to_owned());
        let status = objective_status(
            &child,
            &goals([child.clone()]),
            &Measurements::default(),
            at(1),
        );
        let (_, reason, message) = condition(&status, PARENT_FOUND);
        assert_eq!(reason, "Circle");
        assert!(message.contains("faster → faster"), "{message}");
    }
}
