//! The table of families read from the inventory, in the order they are exposed. A new metric is
//! one row. Names and labels are a contract with dashboards; nothing is computed here.

use super::family::{Family, Kind, Series, counter, gauge, histogram};
use super::{adoption, delivery, exceptions, goals, objectives, seconds, surveys, workloads};
use crate::report::terminal::share::as_float;

/// Labels of a key result.
const KEY_RESULT: &[&str] = &["objective", "key_result", "role"];
/// Labels of rollouts.
const ROLLOUT: &[&str] = &["path", "team", "status"];
/// Labels of figures of whole days.
const WINDOW: &[&str] = &["days", "path", "team", "status"];
/// Labels of quantiles in the contrast.
const QUANTILE: &[&str] = &["days", "status", "quantile"];
/// Labels of a measure in the contrast.
const MEASURE: &[&str] = &["days", "status", "measure"];

/// Every family read from the inventory.
pub const FAMILIES: &[Family] = &[
    Family {
        on_request: Some("namespace"),
        ..gauge(
            "goldenpath_services",
            &["path", "team", "state"],
            "Services by path, team and state.",
            adoption::services,
        )
    },
    gauge(
        "goldenpath_services_unscoped",
        &[],
        "Services with no path.",
        |fleet| Series::single(Some(as_float(fleet.tally.unscoped))),
    ),
    gauge(
        "goldenpath_services_ignored",
        &[],
        "Services ignored with a reason, where ignoring is allowed.",
        |fleet| Series::single(Some(as_float(fleet.tally.ignored))),
    ),
    gauge(
        "goldenpath_services_in_scope",
        &["path"],
        "Services in the path's scope: the denominator of its ratios.",
        |fleet| adoption::by_path(fleet, |path| Some(as_float(path.adoption.of))),
    ),
    gauge(
        "goldenpath_adoption_ratio",
        &["path"],
        "Share of services in scope that satisfy the path, 0 to 1; absent without services.",
        |fleet| adoption::by_path(fleet, |path| path.adoption.ratio()),
    ),
    gauge(
        "goldenpath_adoption_like_for_like_ratio",
        &["path"],
        "Share of services in scope that pass the path's steps enforced for at least 90 days, 0 to 1; absent without services.",
        |fleet| adoption::by_path(fleet, |path| path.like_for_like.ratio()),
    ),
    gauge(
        "goldenpath_births_unknown",
        &["path"],
        "Services in scope whose birth is unknown, so that they are in no cohort.",
        |fleet| {
            adoption::by_path(fleet, |path| {
                let new = path.new_services.as_ref()?;
                Some(as_float(new.births_unknown))
            })
        },
    ),
    gauge(
        "goldenpath_accounted_ratio",
        &["path"],
        "Share of services in scope on the path or with an approved exception, 0 to 1; absent without services.",
        |fleet| adoption::by_path(fleet, |path| path.accounted.ratio()),
    ),
    gauge(
        "goldenpath_adoption_target_ratio",
        &["path"],
        "Target share of new services on the path at the adoption deadline, 0 to 1.",
        |fleet| adoption::by_path(fleet, |path| Some(path.target)),
    ),
    gauge(
        "goldenpath_new_services",
        &["path", "state"],
        "Services in scope created between the path's launch and its adoption deadline, by current state.",
        adoption::new_services,
    ),
    gauge(
        "goldenpath_new_service_adoption_ratio",
        &["path"],
        "Share of new services that are on the path, 0 to 1; absent without new services.",
        |fleet| adoption::by_path(fleet, |path| path.new_services.as_ref()?.share().ratio()),
    ),
    gauge(
        "goldenpath_adoption_deadline_timestamp_seconds",
        &["path"],
        "Adoption deadline of the path, as Unix time in seconds.",
        |fleet| {
            adoption::by_path(fleet, |path| {
                Some(seconds(path.new_services.as_ref()?.deadline))
            })
        },
    ),
    gauge(
        "goldenpath_cohort_services",
        &["path", "horizon_days", "state"],
        "Services in scope created since the path's launch and at least this many days old, by current state.",
        adoption::cohorts,
    ),
    gauge(
        "goldenpath_check_failures",
        &["path", "check", "standing"],
        "Services that fail the check, by standing under their exceptions.",
        adoption::check_failures,
    ),
    gauge(
        "goldenpath_check_last_step",
        &["path", "check"],
        "Services for which this check is the only missing step.",
        adoption::last_steps,
    ),
    gauge(
        "goldenpath_exceptions",
        &["path", "team", "category", "phase"],
        "Exceptions by path, owner, category and phase.",
        exceptions::by_phase,
    ),
    Family {
        kind: Kind::Info,
        ..gauge(
            "goldenpath_exception_info",
            &["namespace", "exception", "path", "team", "category"],
            "Labels of an exception to join to its other series, always 1.",
            exceptions::info,
        )
    },
    gauge(
        "goldenpath_exception_phase",
        &["namespace", "exception", "phase"],
        "Phase of an exception: 1 for its current phase, 0 for the others.",
        exceptions::phases,
    ),
    gauge(
        "goldenpath_exception_created_timestamp_seconds",
        &["namespace", "exception"],
        "Creation of the exception, as Unix time in seconds.",
        |fleet| exceptions::each(fleet, |view| Some(seconds(view.exception.created))),
    ),
    gauge(
        "goldenpath_exception_review_timestamp_seconds",
        &["namespace", "exception"],
        "Next review of the exception, as Unix time in seconds; absent while it is not approved.",
        |fleet| exceptions::each(fleet, |view| view.life.next_review_at.map(seconds)),
    ),
    gauge(
        "goldenpath_exception_expiry_timestamp_seconds",
        &["namespace", "exception"],
        "Effective expiry of the exception, as Unix time in seconds; absent if it was never approved.",
        |fleet| exceptions::each(fleet, |view| view.life.effective_expiry.map(seconds)),
    ),
    gauge(
        "goldenpath_exception_waiting_since_timestamp_seconds",
        &["namespace", "exception"],
        "Creation or renewal request that waits for the platform team's answer, as Unix time in seconds; absent while none waits.",
        |fleet| exceptions::each(fleet, |view| exceptions::waiting_since(view).map(seconds)),
    ),
    gauge(
        "goldenpath_exception_decision_seconds",
        &["namespace", "exception", "path"],
        "Time from the creation or the renewal request to the platform team's latest answer, in seconds; absent while there is none.",
        exceptions::decisions,
    ),
    gauge(
        "goldenpath_exception_matched_workloads",
        &["namespace", "exception"],
        "Workloads the exception names that are judged by its path; 0 means it is not in use.",
        |fleet| exceptions::each(fleet, |view| Some(as_float(view.matched.len()))),
    ),
    gauge(
        "goldenpath_exception_needed",
        &["namespace", "exception"],
        "1 while a workload the exception names fails a check it names, 0 when they all pass; absent while unknown.",
        |fleet| {
            exceptions::each(fleet, |view| {
                view.needed.map(|needed| f64::from(u8::from(needed)))
            })
        },
    ),
    gauge(
        "goldenpath_exceptions_unverified",
        &[],
        "Approved exceptions whose approval the API server has not verified.",
        |fleet| Series::single(exceptions::unverified(fleet)),
    ),
    gauge(
        "goldenpath_undecodable_objects",
        &["kind"],
        "Stored objects of goldenpath that cannot be decoded and are not used.",
        exceptions::undecodable,
    ),
    gauge(
        "goldenpath_deviation_ownership_hours",
        &["path", "team", "standing", "source"],
        "Hours a month that deviations cost their owners, stated by exceptions in use or assumed by the path. Do not sum both sources.",
        adoption::ownership_hours,
    ),
    gauge(
        "goldenpath_teams_self_service_ratio",
        &[],
        "Share of teams with at least half of their new services of the last 90 days scaffolded, 0 to 1; absent without new services.",
        |fleet| Series::single(fleet.tally.self_service.ratio()),
    ),
    gauge(
        "goldenpath_new_services_self_service_ratio",
        &[],
        "Share of the new services of the last 90 days that were scaffolded, 0 to 1; absent without new services.",
        |fleet| Series::single(fleet.tally.scaffolded.ratio()),
    ),
    gauge(
        "goldenpath_persona_services",
        &["persona", "state"],
        "Services by persona and state, unscoped for those with no path. A service may belong to several personas.",
        goals::persona_services,
    ),
    gauge(
        "goldenpath_roadmap_demand_services",
        &["item"],
        "Services that wait for the roadmap item, by an exception or by a failing check it unblocks.",
        |fleet| goals::by_item(fleet, |it| as_float(it.services)),
    ),
    gauge(
        "goldenpath_roadmap_demand_hours",
        &["item"],
        "Hours a month stated by exceptions that wait for the roadmap item or are from a check it unblocks.",
        |fleet| goals::by_item(fleet, |it| it.stated_hours),
    ),
    counter(
        "goldenpath_rollouts_total",
        &["path", "team", "status", "result", "cause"],
        "Rollouts since the start of this process, each counted once with its first result, available or failed; status is the one in force before.",
        delivery::rollouts,
    ),
    counter(
        "goldenpath_rollouts_failure_visible_total",
        ROLLOUT,
        "Releases and configuration changes whose failure would be visible: the denominator of the change fail rate.",
        |fleet| delivery::counter(fleet, |tally| tally.visible),
    ),
    counter(
        "goldenpath_rollouts_failed_total",
        ROLLOUT,
        "Releases and configuration changes that failed at any time, of those whose failure is visible.",
        |fleet| delivery::counter(fleet, |tally| tally.failed),
    ),
    counter(
        "goldenpath_rollouts_rework_total",
        ROLLOUT,
        "Rollbacks, and releases and configuration changes while a failure was open.",
        |fleet| delivery::counter(fleet, |tally| tally.rework),
    ),
    counter(
        "goldenpath_commit_times_refused_total",
        &["path", "team", "status", "reason"],
        "Stamped commit times that were refused, each counted once with its rollout: unreadable, negative, future or absurd.",
        delivery::refused_commit_times,
    ),
    histogram(
        "goldenpath_lead_time_seconds",
        ROLLOUT,
        "Time from the oldest commit of a rollout to its availability, in seconds.",
        |fleet| delivery::histogram(fleet, |tally| &tally.lead_times),
    ),
    histogram(
        "goldenpath_failed_deployment_recovery_seconds",
        ROLLOUT,
        "Time from the failure of a rollout to its end, in seconds.",
        |fleet| delivery::histogram(fleet, |tally| &tally.recovery_times),
    ),
    histogram(
        "goldenpath_time_to_first_deploy_seconds",
        ROLLOUT,
        "Time from the start of a service to its first availability, in seconds.",
        |fleet| delivery::histogram(fleet, |tally| &tally.first_deploys),
    ),
    gauge(
        "goldenpath_delivery_window_rollouts",
        WINDOW,
        "Releases and configuration changes of the last days (UTC), today included.",
        |fleet| delivery::window_count(fleet, |counts| counts.rollouts),
    ),
    gauge(
        "goldenpath_delivery_window_rollbacks",
        WINDOW,
        "Rollbacks of the last days.",
        |fleet| delivery::window_count(fleet, |counts| counts.rollbacks),
    ),
    gauge(
        "goldenpath_delivery_window_failure_visible",
        WINDOW,
        "Releases and configuration changes of the last days whose failure would be visible.",
        |fleet| delivery::window_count(fleet, |counts| counts.visible),
    ),
    gauge(
        "goldenpath_delivery_window_failed",
        WINDOW,
        "Failed releases and configuration changes of the last days, of those whose failure is visible.",
        |fleet| delivery::window_count(fleet, |counts| counts.visible_failed),
    ),
    gauge(
        "goldenpath_delivery_window_rework",
        WINDOW,
        "Rollbacks, and releases and configuration changes while a failure was open, of the last days.",
        |fleet| delivery::window_count(fleet, |counts| counts.rework),
    ),
    gauge(
        "goldenpath_delivery_window_untracked",
        WINDOW,
        "Rollouts of the last days that could not be counted.",
        |fleet| delivery::window_count(fleet, |counts| counts.untracked),
    ),
    gauge(
        "goldenpath_delivery_window_lead_times",
        WINDOW,
        "Rollouts of the last days with a lead time.",
        |fleet| delivery::window(fleet, |it| Some(as_float(it.lead_times))),
    ),
    gauge(
        "goldenpath_delivery_window_lead_time_seconds",
        WINDOW,
        "Median lead time of the last days, in seconds; absent without one.",
        |fleet| delivery::window(fleet, |it| it.lead_time.map(f64::from)),
    ),
    gauge(
        "goldenpath_delivery_window_refused_commit_times",
        WINDOW,
        "Rollouts of the last days whose commit time was refused: they have no lead time.",
        |fleet| delivery::window_count(fleet, |counts| counts.refused),
    ),
    gauge(
        "goldenpath_delivery_window_recoveries",
        WINDOW,
        "Failures of the last days with a recovery time.",
        |fleet| delivery::window(fleet, |it| Some(as_float(it.recovery_times))),
    ),
    gauge(
        "goldenpath_delivery_window_recovery_seconds",
        WINDOW,
        "Median recovery time of the last days, in seconds; absent without one.",
        |fleet| delivery::window(fleet, |it| it.recovery_time.map(f64::from)),
    ),
    gauge(
        "goldenpath_delivery_coverage_ratio",
        &["signal"],
        "Share of the rollouts of 90 days that show the signal, 0 to 1; absent without rollouts.",
        delivery::coverage,
    ),
    gauge(
        "goldenpath_contrast_deployments_per_week",
        QUANTILE,
        "Deployments per service and week, as quantiles; absent while withheld.",
        |fleet| delivery::quantiles(fleet, |it| &it.deployments_per_week),
    ),
    gauge(
        "goldenpath_contrast_lead_time_seconds",
        QUANTILE,
        "Change lead time in seconds, as quantiles; absent while withheld.",
        |fleet| delivery::quantiles(fleet, |it| &it.lead_time_seconds),
    ),
    gauge(
        "goldenpath_contrast_recovery_seconds",
        QUANTILE,
        "Failed deployment recovery time in seconds, as quantiles; absent while withheld.",
        |fleet| delivery::quantiles(fleet, |it| &it.recovery_seconds),
    ),
    gauge(
        "goldenpath_contrast_first_deploy_seconds",
        QUANTILE,
        "Time to first deploy in seconds, as quantiles; absent while withheld.",
        |fleet| delivery::quantiles(fleet, |it| &it.first_deploy_seconds),
    ),
    gauge(
        "goldenpath_contrast_change_fail_ratio",
        &["days", "status"],
        "Change fail rate, 0 to 1; absent while withheld.",
        |fleet| delivery::rate(fleet, |it| &it.change_fail_ratio),
    ),
    gauge(
        "goldenpath_contrast_rework_ratio",
        &["days", "status"],
        "Deployment rework rate, 0 to 1; absent while withheld.",
        |fleet| delivery::rate(fleet, |it| &it.rework_ratio),
    ),
    gauge(
        "goldenpath_contrast_samples",
        MEASURE,
        "Size of the sample behind a measure of the contrast; absent while withheld.",
        delivery::samples,
    ),
    gauge(
        "goldenpath_contrast_coverage_ratio",
        MEASURE,
        "Coverage of a measure of the contrast, 0 to 1; absent while withheld.",
        delivery::contrast_coverage,
    ),
    gauge(
        "goldenpath_survey_nps",
        &["survey", "group"],
        "Net promoter score of a survey's wave, -100 to 100; group is empty for all groups shown; absent below 10 answers.",
        |fleet| surveys::scores(fleet, |nps| nps.score),
    ),
    gauge(
        "goldenpath_survey_nps_low",
        &["survey", "group"],
        "Lower end of the 95 % interval of a survey's net promoter score; absent below 10 answers.",
        |fleet| surveys::scores(fleet, |nps| nps.low),
    ),
    gauge(
        "goldenpath_survey_nps_high",
        &["survey", "group"],
        "Upper end of the 95 % interval of a survey's net promoter score; absent below 10 answers.",
        |fleet| surveys::scores(fleet, |nps| nps.high),
    ),
    gauge(
        "goldenpath_survey_responses",
        &["survey", "group"],
        "Responses to a survey's wave; group is empty for all, hidden groups included; groups of the latest wave of each question set alone.",
        surveys::responses_of,
    ),
    gauge(
        "goldenpath_survey_response_ratio",
        &["survey"],
        "Responses to a survey's wave by people invited, 0 to 1; absent where unknown.",
        surveys::rates,
    ),
    gauge(
        "goldenpath_survey_space_score",
        &["survey", "group", "dimension"],
        "Mean of a SPACE dimension in a survey's wave, 1 to 5; group is empty for all groups shown.",
        |fleet| surveys::means(fleet, |shown| Some(shown.mean)),
    ),
    gauge(
        "goldenpath_survey_space_answers",
        &["survey", "group", "dimension"],
        "People whose answers make a mean of a SPACE dimension; group is empty for all groups shown; absent where unknown.",
        |fleet| surveys::means(fleet, |shown| shown.n.map(f64::from)),
    ),
    gauge(
        "goldenpath_objective_key_result_current",
        KEY_RESULT,
        "Latest value of a key result, in its unit; absent before it was measured.",
        |fleet| objectives::key_results(fleet, |_, status| status.current),
    ),
    gauge(
        "goldenpath_objective_key_result_target",
        KEY_RESULT,
        "Value that a key result shall reach, or the limit of a guardrail, in its unit.",
        |fleet| objectives::key_results(fleet, |key_result, _| key_result.target),
    ),
    gauge(
        "goldenpath_objective_key_result_progress_ratio",
        KEY_RESULT,
        "Share of the way from baseline to target, 0 to 1; absent for a guardrail and before it was measured.",
        |fleet| objectives::key_results(fleet, |_, status| status.progress),
    ),
    gauge(
        "goldenpath_objective_key_result_on_track",
        KEY_RESULT,
        "Whether a target makes as much progress as time passes, or a guardrail holds, 1 or 0; absent before it was measured.",
        |fleet| objectives::key_results(fleet, |_, status| objectives::truth(status.on_track)),
    ),
    Family {
        kind: Kind::Info,
        ..gauge(
            "goldenpath_workload_info",
            &[
                "namespace",
                "kind",
                "workload",
                "service_name",
                "path",
                "team",
                "state",
            ],
            "State of a workload, always 1; service_name is empty where the workload names no service. Opt-in and capped.",
            workloads::info,
        )
    },
];
