//! Messages of the conditions `InUse`, `Needed`, `ChecksKnown`, `PathFound` and `WaitsForKnown` of an
//! exception. Nothing is decided here.

use super::{DELETED, Messages, PathFound, unknown};
use crate::api::condition::{CHECKS_KNOWN, IN_USE, NEEDED, PATH_FOUND, Statement, WAITS_FOR_KNOWN};
use crate::assess::wording::{did_you_mean, first_few};

impl Messages<'_> {
    pub(super) fn in_use(&self) -> Statement {
        let (status, reason, message) = if let Some(other) = &self.findings.on_other_path {
            (
                false,
                "OtherPath",
                format!(
                    "Path '{other}' judges its workloads now, so it covers nothing. Next: request \
                     an exception from that path, or close this one ({}).",
                    self.close_command()
                ),
            )
        } else if !self.path_exists() {
            (
                false,
                "NoTarget",
                format!(
                    "Path '{}' does not exist, so it judges no workload. Next: see PathFound.",
                    self.path()
                ),
            )
        } else if self.findings.matched.is_empty() {
            (
                false,
                "NoTarget",
                format!(
                    "Path '{}' judges none of the workloads it names. Next: correct targets or \
                     selector, or close it ({}).",
                    self.path(),
                    self.close_command()
                ),
            )
        } else {
            (true, "InUse", self.used_by())
        };
        Statement::new(IN_USE, status, reason, message)
    }

    fn used_by(&self) -> String {
        let named = first_few(&self.findings.matched, ", ");
        let limit = match self.exception.spec.max_workloads {
            Some(limit) if self.findings.over_max_workloads => format!(
                " maxWorkloads limits it to the {limit} oldest. Next: narrow it, or request a \
                 higher limit."
            ),
            Some(_) | None => " Nothing to do.".to_owned(),
        };
        format!("Matches {named}.{limit}")
    }

    pub(super) fn needed(&self) -> Statement {
        if !self.in_use().status.unwrap_or(false) {
            return unknown(
                NEEDED,
                "NotInUse",
                "Unknown while it matches no workload. Next: see InUse.",
            );
        }
        match self.findings.still_failing {
            None => unknown(
                NEEDED,
                "CannotTell",
                "A check it excepts could not be evaluated or is not enforced yet. Nothing to do.",
            ),
            Some(true) => Statement::new(
                NEEDED,
                true,
                "StillFailing",
                "One of its workloads still deviates in a check it excepts. Nothing to do.",
            ),
            Some(false) => Statement::new(
                NEEDED,
                false,
                "TargetsPass",
                format!(
                    "Its workloads pass every check it excepts. Next: close it ({}).",
                    self.close_command()
                ),
            ),
        }
    }

    pub(super) fn checks_known(&self) -> Statement {
        if !self.path_exists() {
            return unknown(
                CHECKS_KNOWN,
                "PathNotFound",
                "Unknown while its path does not exist. Next: see PathFound.",
            );
        }
        let problems = self.check_problems();
        if problems.is_empty() {
            return Statement::new(
                CHECKS_KNOWN,
                true,
                "Known",
                "Every check it names exists and may be excepted. Nothing to do.",
            );
        }
        let reason = if self.findings.unknown_checks.is_empty() {
            "NotExemptible"
        } else {
            "UnknownCheck"
        };
        Statement::new(
            CHECKS_KNOWN,
            false,
            reason,
            format!(
                "{} Next: correct spec.checks; the other checks it names still count.",
                first_few(&problems, " ")
            ),
        )
    }

    /// One sentence for each check name that covers nothing.
    fn check_problems(&self) -> Vec<String> {
        let unknown_checks = self.findings.unknown_checks.iter().map(|check| {
            let hint = did_you_mean(check.nearest.as_ref());
            format!("unknown check '{}'{hint}", check.name)
        });
        let fixed =
            self.findings.not_exemptible.iter().map(|name| {
                format!("check '{name}' allows no exception: ask the owner of the path.")
            });
        unknown_checks.chain(fixed).collect()
    }

    pub(super) fn path_found(&self) -> Statement {
        let path = self.path();
        let (status, reason, message) = match self.path_found {
            PathFound::Found => (
                true,
                "Found",
                format!("Path '{path}' exists. Nothing to do."),
            ),
            PathFound::FormerName(current) => (
                true,
                "FormerName",
                format!(
                    "Path '{path}' is now called '{current}'; the old name keeps working. Next: use \
                     the new name in the next request."
                ),
            ),
            PathFound::Missing { nearest } => (
                false,
                "NotFound",
                format!(
                    "unknown path '{path}'{} Next: correct spec.path; until then it covers \
                     nothing.",
                    did_you_mean(nearest.as_ref())
                ),
            ),
            PathFound::Deleted => (
                false,
                DELETED,
                format!(
                    "Path '{path}' was deleted, so there is nothing to deviate from. Next: close \
                     it ({}).",
                    self.close_command()
                ),
            ),
        };
        Statement::new(PATH_FOUND, status, reason, message)
    }

    /// None where it waits for no roadmap item.
    pub(super) fn waits_for_known(&self) -> Option<Statement> {
        if self.exception.spec.waits_for.is_empty() {
            return None;
        }
        let unknown = &self.findings.unknown_items;
        if let (true, Some(item)) = (unknown.is_empty(), &self.findings.shipped_item) {
            return Some(Statement::new(
                WAITS_FOR_KNOWN,
                true,
                "ItemShipped",
                format!(
                    "Roadmap item '{item}' has shipped. Next: return to the path and close it ({}).",
                    self.close_command()
                ),
            ));
        }
        if unknown.is_empty() {
            return Some(Statement::new(
                WAITS_FOR_KNOWN,
                true,
                "Known",
                "Every roadmap item it waits for exists. Nothing to do.",
            ));
        }
        let problems: Vec<String> = unknown
            .iter()
            .map(|item| {
                let hint = did_you_mean(item.nearest.as_ref());
                format!("unknown roadmap item '{}'{hint}", item.name)
            })
            .collect();
        Some(Statement::new(
            WAITS_FOR_KNOWN,
            false,
            "UnknownItem",
            format!(
                "{} Next: correct spec.waitsFor (kubectl get roadmapitems lists them); what the \
                 exception covers does not depend on it.",
                first_few(&problems, " ")
            ),
        ))
    }
}
