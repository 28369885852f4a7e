//! Incidents since the start of this process, so that the end of an incident finds its workload without
//! naming it, also if it arrives first. Bounded; the record of the workload is the durable memory.

use std::collections::VecDeque;

use jiff::Timestamp;

use super::{NamedWorkload, ReportedIncident};

/// Most incidents in memory.
const MOST: usize = 1_024;

/// Incidents by identity, oldest first.
#[derive(Debug, Default)]
pub struct SeenIncidents(VecDeque<SeenIncident>);

#[derive(Debug)]
struct SeenIncident {
    id: String,
    workload: Option<NamedWorkload>,
    /// The end, while no workload is known.
    resolved_at: Option<Timestamp>,
}

impl SeenIncidents {
    /// Fills in what an earlier report with the same identity stated: the workload, or the end.
    pub fn complete(&mut self, mut incident: ReportedIncident) -> ReportedIncident {
        let report = &mut incident.report;
        let known = self.0.iter().position(|seen| seen.id == report.id);
        let at = known.unwrap_or_else(|| self.add(&report.id));
        let Some(seen) = self.0.get_mut(at) else {
            return incident;
        };
        seen.workload = incident.workload.take().or(seen.workload.take());
        incident.workload.clone_from(&seen.workload);
        let ends = [report.resolved_at, seen.resolved_at];
        report.resolved_at = ends.into_iter().flatten().min();
        seen.resolved_at = report.resolved_at;
        incident
    }

    fn add(&mut self, id: &str) -> usize {
        if self.0.len() >= MOST {
            self.0.pop_front();
        }
        self.0.push_back(SeenIncident {
            id: id.to_owned(),
            workload: None,
            resolved_at: None,
        });
        self.0.len() - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assess::delivery::IncidentReport;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn detected(id: &str) -> ReportedIncident {
        ReportedIncident {
            workload: NamedWorkload::read("shop/web", None),
            report: IncidentReport {
                id: id.to_owned(),
                started_at: Some(at("2026-03-01T12:00:00Z")),
                resolved_at: None,
            },
        }
    }

    fn resolved(id: &str) -> ReportedIncident {
        ReportedIncident {
            workload: None,
            report: IncidentReport {
                id: id.to_owned(),
                started_at: None,
                resolved_at: Some(at("2026-03-01T12:30:00Z")),
            },
        }
    }

    #[test]
    fn an_end_finds_its_workload_in_either_order() {
        let mut seen = SeenIncidents::default();
        assert_eq!(seen.complete(detected("a")), detected("a"));
        assert_eq!(
            seen.complete(resolved("a")).workload,
            detected("a").workload
        );

        assert_eq!(seen.complete(resolved("b")).workload, None);
        assert_eq!(seen.complete(resolved("b")).workload, None);
        let began = seen.complete(detected("b"));
        assert_eq!(began.workload, detected("b").workload);
        assert_eq!(began.report.resolved_at, resolved("b").report.resolved_at);
        assert_eq!(seen.complete(resolved("c")).workload, None);
    }

    #[test]
    fn the_oldest_is_forgotten() {
        let mut seen = SeenIncidents::default();
        for number in 0..=MOST {
            seen.complete(detected(&number.to_string()));
        }
        assert_eq!(seen.complete(resolved("0")).workload, None);
        assert!(seen.complete(resolved("2")).workload.is_some());
    }
}
