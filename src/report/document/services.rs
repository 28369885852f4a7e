//! Services, one line each: found by filters, closest to done first, in numbered pages. Checks marked
//! `sensitive` are counted here and never named. Nothing is rendered here.

mod words;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

pub use words::{ServiceException, ServiceWords};

use super::list::{STATE, WorkloadState};
use super::parameters::{LIMIT, NAMESPACE, PAGE, PATH, Parameter, Parameters, QueryError};
use super::service_index::IndexedService;
pub use super::service_index::ServiceOrder;
use super::view::ReportView;
use super::{Exception, StandingDates, Steps, Workload, encode, restricted};
use crate::api::API_VERSION;
use crate::assess::state::{Outcome, Standing, State, Status, Turn};
use crate::assess::verdict::{AsOf, judge};

/// Services of a page, unless the query says otherwise.
const DEFAULT_LIMIT: usize = 50;
/// Services shown as examples of those that pass.
const EXAMPLES: usize = 3;

/// A query for services. An absent filter matches everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceQuery {
    /// Part of the name.
    pub text: Option<String>,
    /// The whole name.
    pub name: Option<String>,
    pub team: Option<String>,
    pub namespace: Option<String>,
    pub path: Option<String>,
    pub(crate) state: Option<WorkloadState>,
    /// A check that the service does not pass.
    pub missing: Option<String>,
    pub sort: ServiceOrder,
    /// From 1.
    pub page: usize,
    pub limit: usize,
}

impl Default for ServiceQuery {
    fn default() -> Self {
        Self {
            text: None,
            name: None,
            team: None,
            namespace: None,
            path: None,
            state: None,
            missing: None,
            sort: ServiceOrder::default(),
            page: 1,
            limit: DEFAULT_LIMIT,
        }
    }
}

impl ServiceQuery {
    /// Its parameters.
    pub const PARAMETERS: [Parameter; 10] = [
        Parameter::text("q", "Part of the name."),
        Parameter::text("name", "The whole name."),
        Parameter::text("team", "The team of the service."),
        NAMESPACE,
        PATH,
        STATE,
        Parameter::text("missing", "A check of its path that it does not pass."),
        Parameter::words("sort", "The order of the services.", || {
            ServiceOrder::ALL.map(ServiceOrder::as_str).to_vec()
        }),
        PAGE,
        LIMIT,
    ];

    /// Reads a query. A parameter without a value counts as absent, as forms send it.
    ///
    /// # Errors
    /// When a parameter is unknown or its value is.
    pub fn read(pairs: Vec<(String, String)>) -> Result<Self, QueryError> {
        let mut parameters = Parameters::read(pairs, &Self::PARAMETERS)?;
        Ok(Self {
            page: parameters.page()?,
            limit: parameters.limit_or(DEFAULT_LIMIT)?,
            sort: parameters
                .word("sort", &ServiceOrder::ALL, ServiceOrder::as_str)?
                .unwrap_or_default(),
            state: parameters.word("state", &WorkloadState::all(), WorkloadState::as_str)?,
            text: parameters.take("q"),
            name: parameters.take("name"),
            team: parameters.take("team"),
            namespace: parameters.take("namespace"),
            path: parameters.take("path"),
            missing: parameters.take("missing"),
        })
    }

    /// The parameters that differ from the default, in a stable order.
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        let default = Self::default();
        let number =
            |number: usize, default: usize| (number != default).then(|| number.to_string());
        let sort = (self.sort != default.sort).then(|| self.sort.as_str().to_owned());
        [
            ("q", self.text.clone()),
            ("name", self.name.clone()),
            ("team", self.team.clone()),
            ("namespace", self.namespace.clone()),
            ("path", self.path.clone()),
            ("state", self.state.map(|state| state.as_str().to_owned())),
            ("missing", self.missing.clone()),
            ("sort", sort),
            ("limit", number(self.limit, default.limit)),
            ("page", number(self.page, default.page)),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
    }

    /// Whether the query leaves services out.
    pub fn is_filtered(&self) -> bool {
        let is_filter = |name: &str| !["sort", "page", "limit"].contains(&name);
        self.pairs().iter().any(|(name, _)| is_filter(name))
    }

    /// The page that this query asks for.
    pub fn page(&self, view: &ReportView) -> ServiceList {
        let as_of = AsOf::new(view.as_of);
        let found = view
            .services()
            .found(self.sort, |service| self.matches(service));
        let lines = view.lines(&as_of);
        let start = self.page.saturating_sub(1).saturating_mul(self.limit);
        let items = found.iter().skip(start).take(self.limit);
        let items = items.filter_map(|service| {
            let (ns, entry) = view.inventory.entry(&service.lead)?;
            let mut workload = lines.workload(&entry.workload, ns);
            let restricted = redact(&mut workload, view);
            let workloads = service.workloads;
            Some(ServiceLine::of(
                &workload, restricted, workloads, view.as_of,
            ))
        });
        ServiceList {
            api_version: API_VERSION,
            kind: "ServiceList",
            as_of: view.as_of,
            total: found.len(),
            page: self.page,
            limit: self.limit,
            items: items.collect(),
        }
    }

    fn matches(&self, service: &IndexedService) -> bool {
        let wanted = |wanted: &Option<String>, found: Option<&str>| {
            wanted.as_deref().is_none_or(|it| Some(it) == found)
        };
        let is_named = |text: &String| {
            let name = service.name().to_lowercase();
            name.contains(&text.to_lowercase())
        };
        wanted(&self.name, Some(service.name()))
            && wanted(&self.team, Some(&service.team))
            && wanted(&self.namespace, Some(service.namespace()))
            && wanted(&self.path, service.path_name())
            && self
                .state
                .is_none_or(|state| state.matches(service.status, service.standing))
            && self.text.as_ref().is_none_or(is_named)
            && self
                .missing
                .as_ref()
                .is_none_or(|check| service.misses(check))
    }
}

/// A page of services.
#[derive(Serialize, JsonSchema, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct ServiceList {
    /// Always `goldenpath.dev/v1alpha1`.
    pub api_version: &'static str,
    /// Always `ServiceList`.
    pub kind: &'static str,
    /// The instant of the judgement.
    pub as_of: Timestamp,
    /// Services that match the filters, on all pages.
    pub total: usize,
    /// The number of this page, from 1.
    pub page: usize,
    /// Services of a page.
    pub limit: usize,
    /// The services of this page.
    pub items: Vec<ServiceLine>,
}

impl ServiceList {
    /// How many pages there are.
    pub fn pages(&self) -> usize {
        self.total.div_ceil(self.limit.max(1)).max(1)
    }

    /// The lines as CSV, with a head. A cell that a spreadsheet would take for a formula is quoted.
    pub fn csv(&self) -> String {
        let mut text = String::from(
            "namespace,service,team,path,status,deviation,until,steps_passed,steps,missing\r\n",
        );
        for line in &self.items {
            let until = line.dates.until.map(|at| at.to_string());
            let mut missing = line.missing.join(" ");
            if line.restricted > 0 {
                missing = format!("{missing} +{} restricted", line.restricted);
            }
            let cells = [
                &*line.namespace,
                &*line.name,
                &*line.team,
                line.path.as_deref().unwrap_or_default(),
                line.status.as_str(),
                line.deviation.map_or("", Standing::as_str),
                until.as_deref().unwrap_or_default(),
                &line.steps.passed.to_string(),
                &line.steps.of.to_string(),
                missing.trim_start(),
            ];
            text += &cells.map(cell).join(",");
            text += "\r\n";
        }
        text
    }

    /// The list as JSON.
    ///
    /// # Errors
    /// Never in practice: every field can be written.
    pub fn json(&self) -> serde_json::Result<String> {
        encode::json(self)
    }
}

/// A cell of CSV: quoted where needed, and never a formula.
fn cell(text: &str) -> String {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = if is_formula {
        format!("'{text}")
    } else {
        text.to_owned()
    };
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

/// One service, by the workload that decides its state.
#[derive(Serialize, JsonSchema, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct ServiceLine {
    pub namespace: String,
    /// The name of the service, or of its only workload.
    pub name: String,
    /// Its team; `unknown` without one.
    pub team: String,
    /// The path it is judged by; absent if it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Display name of that path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path_title: Option<String>,
    /// Whether that path only advises.
    #[serde(skip_serializing_if = "super::is_false")]
    pub advice: bool,
    /// golden-path, deviating, unknown, unscoped or ignored.
    pub status: Status,
    /// The standing of a deviating service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deviation: Option<Standing>,
    /// Whose turn it is; absent when on the path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub turn: Option<Turn>,
    /// The dates of that standing.
    #[serde(flatten)]
    pub dates: StandingDates,
    /// Enforced required checks passed, of all.
    pub steps: Steps,
    /// The missing steps by name, without restricted ones.
    pub missing: Vec<String>,
    /// What to call those steps.
    #[serde(skip)]
    pub missing_titles: Vec<String>,
    /// Missing steps that are not named here.
    #[serde(skip_serializing_if = "super::is_zero")]
    pub restricted: usize,
    /// Its workloads.
    pub workloads: usize,
    /// The same in words.
    #[serde(flatten)]
    pub words: ServiceWords,
}

impl ServiceLine {
    fn of(lead: &Workload, restricted: usize, workloads: usize, as_of: Timestamp) -> Self {
        let title =
            |check: &super::Check| check.title.clone().unwrap_or_else(|| check.name.clone());
        Self {
            namespace: lead.namespace.clone(),
            name: lead.service.as_ref().unwrap_or(&lead.name).clone(),
            team: lead.team.clone(),
            path: lead.path.clone(),
            path_title: lead.path_title.clone(),
            advice: lead.advice,
            status: lead.status,
            deviation: lead.deviation,
            turn: lead.turn,
            dates: lead.dates,
            steps: lead.steps,
            missing: lead.missing().map(|check| check.name.clone()).collect(),
            missing_titles: lead.missing().map(title).collect(),
            restricted,
            workloads,
            words: ServiceWords::of(lead, as_of),
        }
    }

    /// Its state; none when unscoped or ignored.
    pub fn state(&self) -> Option<State> {
        state_of(self.status, self.deviation)
    }
}

pub(crate) fn state_of(status: Status, deviation: Option<Standing>) -> Option<State> {
    match status {
        Status::GoldenPath => Some(State::GoldenPath),
        Status::Unknown => Some(State::Unknown),
        Status::Deviating => deviation.map(State::Deviating),
        Status::Unscoped | Status::Ignored => None,
    }
}

/// One service with all that is known of it.
#[derive(Serialize, JsonSchema, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct ServiceDetail {
    /// Always `goldenpath.dev/v1alpha1`.
    pub api_version: &'static str,
    /// Always `Service`.
    pub kind: &'static str,
    /// The instant of the judgement.
    pub as_of: Timestamp,
    pub namespace: String,
    pub name: String,
    /// Its workloads, the one that decides its state first; without restricted checks.
    pub workloads: Vec<Workload>,
    /// Missing restricted steps of each workload.
    pub restricted: Vec<usize>,
    /// Services of the same path and kind that are on the path, with their namespaces.
    pub examples: Vec<ServiceName>,
}

/// Where a service is.
#[derive(Serialize, JsonSchema, Clone, Debug, PartialEq, Eq)]
pub struct ServiceName {
    pub namespace: String,
    pub name: String,
}

/// The service of this name, or of a workload of this name.
pub fn service(view: &ReportView, namespace: &str, name: &str) -> Option<ServiceDetail> {
    let ns = view.inventory.namespace(namespace)?;
    let workloads = || ns.workloads.values().map(|entry| &entry.workload);
    let of = |name: &str| -> Vec<_> {
        workloads()
            .filter(|it| **it.service_name() == *name)
            .collect()
    };
    let mut name = name.to_owned();
    let mut members = of(&name);
    if members.is_empty() {
        let workload = workloads().find(|workload| *workload.id.name == *name)?;
        workload.service.as_deref()?.clone_into(&mut name);
        members = of(&name);
    }
    let as_of = AsOf::new(view.as_of);
    let lines = view.lines(&as_of);
    let mut found: Vec<_> = members
        .into_iter()
        .map(|workload| {
            let mut line = lines.workload(workload, ns);
            let restricted = redact(&mut line, view);
            (line, restricted)
        })
        .collect();
    found.sort_by_key(|(line, _)| {
        let state = state_of(line.status, line.deviation);
        (state.is_none(), state)
    });
    let examples = found.first().map(|(lead, _)| examples(view, &as_of, lead));
    let (workloads, restricted) = found.into_iter().unzip();
    Some(ServiceDetail {
        api_version: API_VERSION,
        kind: "Service",
        as_of: view.as_of,
        namespace: namespace.to_owned(),
        name,
        workloads,
        restricted,
        examples: examples.unwrap_or_default(),
    })
}

/// Services of the same path and kind that are on it, those of the same namespace first.
fn examples(view: &ReportView, as_of: &AsOf, lead: &Workload) -> Vec<ServiceName> {
    let (Some(path), Status::Deviating | Status::Unknown) = (&lead.path, lead.status) else {
        return Vec::new();
    };
    let ctx = view.inventory.judge_context(as_of);
    let near = view.inventory.workloads_from(&lead.namespace, None);
    let near = near.take_while(|(_, workload)| *workload.id.namespace == *lead.namespace);
    let far = view.inventory.workloads_from("", None);
    let far = far.filter(|(_, workload)| *workload.id.namespace != *lead.namespace);
    near.chain(far)
        .filter(|(_, workload)| workload.id.kind.kind == lead.kind)
        .filter(|(ns, workload)| {
            let verdict = judge(workload, ns, &ctx);
            let judged_by = verdict.path.map(|index| &*workload.paths.get(index).name);
            verdict.status == Status::GoldenPath && judged_by == Some(path)
        })
        .map(|(_, workload)| ServiceName {
            namespace: workload.id.namespace.to_string(),
            name: workload.service_name().to_string(),
        })
        .take(EXAMPLES)
        .collect()
}

/// Whether a check is not named to everybody.
pub fn is_restricted(view: &ReportView, path: &str, check: &str) -> bool {
    restricted::is_restricted(&view.inventory, path, check)
}

/// Shows every workload without its restricted checks, one after another.
pub fn open_workloads(view: &ReportView, visit: &mut dyn FnMut(&Workload)) {
    let as_of = AsOf::new(view.as_of);
    let lines = view.lines(&as_of);
    for (ns, workload) in view.inventory.workloads_from("", None) {
        let mut line = lines.workload(workload, ns);
        redact(&mut line, view);
        visit(&line);
    }
}

/// Every exception but those that name a restricted check.
pub fn open_exceptions(view: &ReportView) -> Vec<Exception> {
    let mut exceptions = view.exceptions();
    exceptions.retain(|line| !names_restricted(line, view));
    exceptions
}

/// Whether an exception names a check that is not named to everybody.
pub fn names_restricted(line: &Exception, view: &ReportView) -> bool {
    restricted::names_restricted(&view.inventory, &line.path, &line.checks)
}

/// Takes the restricted checks out of a line, and how many of them are missing steps.
fn redact(line: &mut Workload, view: &ReportView) -> usize {
    let Some(path) = line.path.clone() else {
        return 0;
    };
    let (restricted, open): (Vec<_>, Vec<_>) = std::mem::take(&mut line.checks)
        .into_iter()
        .partition(|check| is_restricted(view, &path, &check.name));
    line.checks = open;
    let names_one = |url: &String| {
        let missing = restricted
            .iter()
            .filter(|check| check.outcome != Outcome::Pass);
        missing.into_iter().any(|check| url.contains(&check.name))
    };
    line.feedback_url = line.feedback_url.take().filter(|url| !names_one(url));
    restricted.iter().filter(|check| check.is_missing()).count()
}
