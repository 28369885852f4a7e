//! Lists of workloads and exceptions in pages, as Kubernetes pages its own: a limit, a token to continue
//! with, and filters. The token names the last item of a page, so nothing is kept between two pages and
//! a list goes on after a change. Nothing is sent here.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::encode;
use super::parameters::{CONTINUE, LIMIT, NAMESPACE, PATH, Parameter, Parameters, QueryError};
use super::stream::Stream;
use super::view::ReportView;
use crate::api::API_VERSION;
use crate::assess::inventory::ExceptionKey;
use crate::assess::namespace_index::NamespaceIndex;
use crate::assess::object::kind::{WatchedKind, WorkloadId};
use crate::assess::register::ExceptionView;
use crate::assess::state::{Phase, Standing, Status};
use crate::assess::verdict::{AsOf, judge};
use crate::assess::workload::Workload;

/// Items of a page, unless the query says otherwise.
const DEFAULT_LIMIT: usize = 100;

/// A query for workloads. An absent filter matches everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkloadQuery {
    limit: usize,
    after: Option<WorkloadId>,
    filter: WorkloadFilter,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct WorkloadFilter {
    namespace: Option<String>,
    team: Option<String>,
    path: Option<String>,
    state: Option<WorkloadState>,
    service: Option<String>,
}

/// A query for exceptions. An absent filter matches everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExceptionQuery {
    limit: usize,
    after: Option<ExceptionKey>,
    filter: ExceptionFilter,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct ExceptionFilter {
    namespace: Option<String>,
    path: Option<String>,
    phase: Option<Phase>,
    team: Option<String>,
}

/// A state to list: a status, or one standing of deviating workloads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WorkloadState {
    Status(Status),
    Deviation(Standing),
}

/// Filters by [`WorkloadState`].
pub(super) const STATE: Parameter =
    Parameter::words("state", "A status, or one deviation.", || {
        let states = WorkloadState::all().into_iter();
        states.map(WorkloadState::as_str).collect()
    });

/// Filters exceptions by phase.
pub(in crate::report) const PHASE: Parameter =
    Parameter::words("phase", "The phase of the exception.", || {
        Phase::ALL.map(Phase::as_str).to_vec()
    });
/// Filters exceptions by owner.
pub(in crate::report) const OWNER: Parameter =
    Parameter::text("team", "The team that owns the exception.");

impl WorkloadState {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Status(status) => status.as_str(),
            Self::Deviation(standing) => standing.as_str(),
        }
    }

    pub(super) fn matches(self, status: Status, standing: Option<Standing>) -> bool {
        match self {
            Self::Status(wanted) => status == wanted,
            Self::Deviation(wanted) => standing == Some(wanted),
        }
    }

    pub(crate) fn all() -> Vec<Self> {
        let statuses = Status::ALL.into_iter().map(Self::Status);
        let standings = Standing::ALL.into_iter().map(Self::Deviation);
        statuses.chain(standings).collect()
    }
}

impl WorkloadQuery {
    /// Its parameters.
    pub const PARAMETERS: [Parameter; 7] = [
        LIMIT,
        CONTINUE,
        NAMESPACE,
        Parameter::text("team", "The team of the workload."),
        PATH,
        STATE,
        Parameter::text(
            "service",
            "The service it is part of, or its own name without one.",
        ),
    ];

    /// Reads a query. A parameter without a value counts as absent, as forms send it.
    ///
    /// # Errors
    /// When a parameter is unknown or its value is.
    pub fn read(pairs: Vec<(String, String)>) -> Result<Self, QueryError> {
        let mut parameters = Parameters::read(pairs, &Self::PARAMETERS)?;
        Ok(Self {
            limit: parameters.limit_or(DEFAULT_LIMIT)?,
            after: parameters.after(workload_of)?,
            filter: WorkloadFilter {
                namespace: parameters.take("namespace"),
                team: parameters.take("team"),
                path: parameters.take("path"),
                state: parameters.word("state", &WorkloadState::all(), WorkloadState::as_str)?,
                service: parameters.take("service"),
            },
        })
    }

    /// The page that this query asks for.
    ///
    /// # Errors
    /// When its head cannot be written as JSON.
    pub fn page(&self, view: Arc<ReportView>) -> serde_json::Result<Stream> {
        let as_of = AsOf::new(view.as_of);
        let namespace = self.filter.namespace.as_deref();
        let from = namespace.unwrap_or_default();
        let found = view
            .inventory
            .workloads_from(from, self.after.as_ref())
            .take_while(|(_, workload)| is_wanted(namespace, &workload.id.namespace))
            .filter(|(ns, workload)| self.filter.matches(workload, ns, &view, &as_of))
            .map(|(_, workload)| workload.id.clone());
        let page = Page::of(found, self.limit);
        let is_whole = self.filter == WorkloadFilter::default();
        let metadata = page.metadata(token_of_workload, |last| {
            is_whole.then(|| workloads_behind(last, &view))
        })?;
        let list = List::<super::Workload>::empty("WorkloadList", view.as_of, metadata)?;
        Ok(Stream::workloads(view, &list, page.ids))
    }
}

impl WorkloadFilter {
    /// Whether the other filters match a workload of a wanted namespace; the cheap ones decide first.
    fn matches(
        &self,
        workload: &Workload,
        ns: &NamespaceIndex,
        view: &ReportView,
        as_of: &AsOf,
    ) -> bool {
        let service = workload.service_name();
        if !is_wanted(self.team.as_deref(), ns.team_of(workload))
            || !is_wanted(self.service.as_deref(), service)
        {
            return false;
        }
        if self.path.is_none() && self.state.is_none() {
            return true;
        }
        let verdict = judge(workload, ns, &view.inventory.judge_context(as_of));
        let path = verdict.path.map(|index| &*workload.paths.get(index).name);
        let is_in_state = self
            .state
            .is_none_or(|state| state.matches(verdict.status, verdict.standing));
        is_in_state
            && self
                .path
                .as_deref()
                .is_none_or(|wanted| path == Some(wanted))
    }
}

impl ExceptionQuery {
    /// Its parameters.
    pub const PARAMETERS: [Parameter; 6] = [LIMIT, CONTINUE, NAMESPACE, PATH, PHASE, OWNER];

    /// Reads a query. A parameter without a value counts as absent, as forms send it.
    ///
    /// # Errors
    /// When a parameter is unknown or its value is.
    pub fn read(pairs: Vec<(String, String)>) -> Result<Self, QueryError> {
        let mut parameters = Parameters::read(pairs, &Self::PARAMETERS)?;
        Ok(Self {
            limit: parameters.limit_or(DEFAULT_LIMIT)?,
            after: parameters.after(exception_of)?,
            filter: ExceptionFilter {
                namespace: parameters.take("namespace"),
                path: parameters.take("path"),
                phase: parameters.word("phase", &Phase::ALL, Phase::as_str)?,
                team: parameters.take("team"),
            },
        })
    }

    /// The page that this query asks for.
    ///
    /// # Errors
    /// When its head cannot be written as JSON.
    pub fn page(&self, view: Arc<ReportView>) -> serde_json::Result<Stream> {
        let namespace = self.filter.namespace.as_deref();
        let from = namespace.unwrap_or_default();
        let found = view
            .register
            .views_from(&view.inventory, from, self.after.as_ref())
            .take_while(|exception| is_wanted(namespace, exception.namespace))
            .filter(|exception| self.filter.matches(exception))
            .map(|exception| exception.key());
        let page = Page::of(found, self.limit);
        let is_whole = self.filter == ExceptionFilter::default();
        let metadata = page.metadata(token_of_exception, |last| {
            is_whole.then(|| exceptions_behind(last, &view))
        })?;
        let list = List::<super::Exception>::empty("ExceptionList", view.as_of, metadata)?;
        Ok(Stream::exceptions(view, &list, page.ids))
    }
}

impl ExceptionFilter {
    /// Whether the other filters match an exception of a wanted namespace.
    fn matches(&self, exception: &ExceptionView<'_>) -> bool {
        is_wanted(self.path.as_deref(), exception.path_name())
            && is_wanted(self.team.as_deref(), &exception.exception.spec.owner.team)
            && self.phase.is_none_or(|phase| phase == exception.life.phase)
    }
}

fn is_wanted(wanted: Option<&str>, found: &str) -> bool {
    wanted.is_none_or(|wanted| wanted == found)
}

/// The items of one page.
struct Page<Id> {
    ids: Vec<Id>,
    has_more: bool,
}

impl<Id> Page<Id> {
    fn of(mut found: impl Iterator<Item = Id>, limit: usize) -> Self {
        Self {
            ids: found.by_ref().take(limit).collect(),
            has_more: found.next().is_some(),
        }
    }

    /// What leads to the next page, where there is one.
    fn metadata(
        &self,
        token: impl FnOnce(&Id) -> serde_json::Result<String>,
        behind: impl FnOnce(&Id) -> Option<usize>,
    ) -> serde_json::Result<ListMetadata> {
        let last = self.ids.last().filter(|_| self.has_more);
        Ok(ListMetadata {
            r#continue: last.map(token).transpose()?,
            remaining_item_count: last.and_then(behind),
        })
    }
}

/// What Kubernetes writes into the metadata of a list.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ListMetadata {
    /// Asks for the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    r#continue: Option<String>,
    /// Items on the next pages; absent with a filter, and on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    remaining_item_count: Option<usize>,
}

/// One page of a list.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct List<T> {
    api_version: &'static str,
    /// `WorkloadList` or `ExceptionList`.
    kind: &'static str,
    /// The instant of the judgement.
    as_of: Timestamp,
    metadata: ListMetadata,
    items: Vec<T>,
}

impl<T: Serialize> List<T> {
    /// The list without its items, which [`Stream`] writes.
    fn empty(
        kind: &'static str,
        as_of: Timestamp,
        metadata: ListMetadata,
    ) -> serde_json::Result<String> {
        encode::json(&Self {
            api_version: API_VERSION,
            kind,
            as_of,
            metadata,
            items: Vec::new(),
        })
    }
}

fn workloads_behind(last: &WorkloadId, view: &ReportView) -> usize {
    let namespaces = view.inventory.namespaces_from(&last.namespace);
    namespaces
        .map(|(name, ns)| {
            let after = (*name == *last.namespace).then_some((&*last.kind, &*last.name));
            ns.workloads.behind(after).len()
        })
        .sum()
}

fn exceptions_behind((namespace, last): &ExceptionKey, view: &ReportView) -> usize {
    let namespaces = view.inventory.namespaces_from(namespace);
    namespaces
        .map(|(name, ns)| {
            let after = (*name == **namespace).then_some(&**last);
            ns.exceptions_after(after).count()
        })
        .sum()
}

/// Namespace, kind, group, version and name.
type WorkloadNames = [String; 5];

fn workload_of([namespace, kind, group, version, name]: WorkloadNames) -> WorkloadId {
    WorkloadId {
        namespace: namespace.into(),
        kind: Arc::new(WatchedKind {
            kind,
            group,
            version,
            plural: String::new(),
        }),
        name: name.into(),
    }
}

fn token_of_workload(id: &WorkloadId) -> serde_json::Result<String> {
    let kind = &*id.kind;
    token(&[
        &*id.namespace,
        &kind.kind,
        &kind.group,
        &kind.version,
        &id.name,
    ])
}

fn exception_of([namespace, name]: [String; 2]) -> ExceptionKey {
    (namespace.into(), name.into())
}

fn token_of_exception((namespace, name): &ExceptionKey) -> serde_json::Result<String> {
    token(&[namespace, name])
}

/// A text that is safe in an address, and that readers take as it is.
fn token(names: &[&str]) -> serde_json::Result<String> {
    Ok(URL_SAFE_NO_PAD.encode(encode::json(&names)?))
}
