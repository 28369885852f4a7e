//! The API: one table of its routes, from which the router and the `OpenAPI` document are made. Each answer
//! is written from the view that readers share now.

use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use schemars::SchemaGenerator;
use serde_json::{Map, Value};

use super::file::{Asked, File};
use super::recent::file;
use super::shared::Unavailable;
use super::{Answer, JSON, Pairs, Refusal, Responses, changes, respond};
use crate::report::document::contrast::ContrastDocument;
use crate::report::document::list::{ExceptionQuery, List, WorkloadQuery};
use crate::report::document::objectives::ObjectivesDocument;
use crate::report::document::openapi::{Content, Operation, document};
use crate::report::document::parameters::{Parameter, without_parameters};
use crate::report::document::paths::{self, PathDetail, PathList};
use crate::report::document::personas::PersonaList;
use crate::report::document::roadmap::Roadmap;
use crate::report::document::services::{ServiceDetail, ServiceList, ServiceQuery, service};
use crate::report::document::stream::Stream;
use crate::report::document::teams::{self, TeamList};
use crate::report::document::view::ReportView;
use crate::report::document::{Exception, Numbers, Report, Workload, encode};

/// An address, its description, and what answers it.
struct Route {
    operation: Operation,
    handler: MethodRouter<Responses>,
}

impl Route {
    fn new(
        path: &'static str,
        summary: &'static str,
        content: Content,
        handler: MethodRouter<Responses>,
    ) -> Self {
        let operation = Operation {
            path,
            summary,
            parameters: &[],
            content,
        };
        Self { operation, handler }
    }

    fn with(mut self, parameters: &'static [Parameter]) -> Self {
        self.operation.parameters = parameters;
        self
    }
}

/// Every address of the API.
fn routes() -> impl Iterator<Item = Route> {
    documents().into_iter().chain(lists())
}

fn documents() -> Vec<Route> {
    vec![
        Route::new(
            "/api/v1/report",
            "The whole report: numbers, workloads, exceptions, problems.",
            Content::json::<Report>(),
            get(report),
        ),
        Route::new(
            "/api/v1/summary",
            "The numbers alone.",
            Content::json::<Numbers<'_>>(),
            get(summary),
        ),
        Route::new(
            "/api/v1/contrast",
            "Delivery on the path beside deviating.",
            Content::json::<ContrastDocument<'_>>(),
            get(contrast),
        ),
        Route::new(
            "/api/v1/objectives",
            "Objectives of the platform team and their key results, each below the one that it serves.",
            Content::json::<ObjectivesDocument<'_>>(),
            get(objectives),
        ),
        Route::new(
            "/api/v1/roadmap",
            "What the platform team works on, and who waits for it.",
            Content::json::<Roadmap>(),
            get(whole_roadmap),
        ),
        Route::new(
            "/api/v1/personas",
            "The kinds of users, their services, and the golden paths meant for them.",
            Content::json::<PersonaList>(),
            get(all_personas),
        ),
        Route::new(
            "/api/v1/events",
            "Server-sent events: one when something changed, and one a minute.",
            Content::Events,
            get(changes::stream),
        ),
        Route::new(
            "/api/v1/openapi.json",
            "This document.",
            Content::json::<Map<String, Value>>(),
            get(openapi),
        ),
    ]
}

/// The parts of the report, and each of their items.
fn lists() -> Vec<Route> {
    vec![
        Route::new(
            "/api/v1/paths",
            "The golden paths, previews too.",
            Content::json::<PathList>(),
            get(all_paths),
        ),
        Route::new(
            "/api/v1/paths/{name}",
            "One golden path with its steps.",
            Content::json::<PathDetail>(),
            get(one_path),
        ),
        Route::new(
            "/api/v1/services",
            "Services, one line each, in numbered pages.",
            Content::json::<ServiceList>(),
            get(services),
        )
        .with(&ServiceQuery::PARAMETERS),
        Route::new(
            "/api/v1/services/{namespace}/{name}",
            "One service, or the service of the workload of that name.",
            Content::json::<ServiceDetail>(),
            get(one_service),
        ),
        Route::new(
            "/api/v1/workloads",
            "The workloads of the report, in pages.",
            Content::json::<List<Workload>>(),
            get(workloads),
        )
        .with(&WorkloadQuery::PARAMETERS),
        Route::new(
            "/api/v1/exceptions",
            "The exceptions of the report, in pages.",
            Content::json::<List<Exception>>(),
            get(exceptions),
        )
        .with(&ExceptionQuery::PARAMETERS),
        Route::new(
            "/api/v1/teams",
            "The teams and their counted services, in order of name.",
            Content::json::<TeamList<'_>>(),
            get(all_teams),
        ),
    ]
}

/// The addresses of the API.
pub(super) fn router(responses: Responses) -> Router {
    routes()
        .fold(Router::new(), |router, route| {
            router.route(route.operation.path, route.handler)
        })
        .with_state(responses)
}

static DOCUMENT: LazyLock<String> = LazyLock::new(|| {
    let operations: Vec<Operation> = routes().map(|route| route.operation).collect();
    document(&operations, SchemaGenerator::subschema_for::<Refusal>).to_string()
});

async fn openapi(asked: Asked) -> Response {
    File::of(DOCUMENT.as_bytes().into(), JSON, asked.is_packed).respond(&asked)
}

async fn report(State(responses): State<Responses>) -> Response {
    streamed(&responses, |view| Ok(Stream::report(view))).await
}

async fn summary(State(responses): State<Responses>, Query(pairs): Pairs) -> Answer {
    without_parameters(pairs)?;
    Ok(streamed(&responses, |view| Ok(Stream::summary(view))).await)
}

async fn contrast(State(responses): State<Responses>, Query(pairs): Pairs) -> Answer {
    without_parameters(pairs)?;
    Ok(streamed(&responses, Stream::contrast).await)
}

async fn objectives(State(responses): State<Responses>, Query(pairs): Pairs) -> Answer {
    without_parameters(pairs)?;
    Ok(streamed(&responses, Stream::objectives).await)
}

async fn workloads(State(responses): State<Responses>, Query(pairs): Pairs) -> Answer {
    let query = WorkloadQuery::read(pairs)?;
    Ok(streamed(&responses, move |view| query.page(view)).await)
}

async fn exceptions(State(responses): State<Responses>, Query(pairs): Pairs) -> Answer {
    let query = ExceptionQuery::read(pairs)?;
    Ok(streamed(&responses, move |view| query.page(view)).await)
}

async fn services(State(responses): State<Responses>, Query(pairs): Pairs, asked: Asked) -> Answer {
    let query = ServiceQuery::read(pairs)?;
    let write = move |view: &ReportView| query.page(view).json().ok();
    Ok(file(write, JSON, &responses, asked).await)
}

async fn one_service(
    State(responses): State<Responses>,
    Path((namespace, name)): Path<(String, String)>,
    asked: Asked,
) -> Response {
    let write = move |view: &ReportView| encode::json(&service(view, &namespace, &name)?).ok();
    file(write, JSON, &responses, asked).await
}

async fn all_paths(
    State(responses): State<Responses>,
    Query(pairs): Pairs,
    asked: Asked,
) -> Answer {
    without_parameters(pairs)?;
    let write = |view: &ReportView| encode::json(&paths::list(view)).ok();
    Ok(file(write, JSON, &responses, asked).await)
}

async fn one_path(
    State(responses): State<Responses>,
    Path(name): Path<String>,
    asked: Asked,
) -> Response {
    let write = move |view: &ReportView| encode::json(&paths::detail(view, &name)?).ok();
    file(write, JSON, &responses, asked).await
}

async fn all_teams(
    State(responses): State<Responses>,
    Query(pairs): Pairs,
    asked: Asked,
) -> Answer {
    without_parameters(pairs)?;
    let write = |view: &ReportView| encode::json(&teams::list(view)).ok();
    Ok(file(write, JSON, &responses, asked).await)
}

async fn whole_roadmap(
    State(responses): State<Responses>,
    Query(pairs): Pairs,
    asked: Asked,
) -> Answer {
    without_parameters(pairs)?;
    let write = |view: &ReportView| {
        encode::json(&Roadmap::new(view.summary().roadmap.as_deref(), view.as_of)).ok()
    };
    Ok(file(write, JSON, &responses, asked).await)
}

async fn all_personas(
    State(responses): State<Responses>,
    Query(pairs): Pairs,
    asked: Asked,
) -> Answer {
    without_parameters(pairs)?;
    let write = |view: &ReportView| {
        encode::json(&PersonaList::new(
            view.summary().personas.as_deref(),
            view.as_of,
        ))
        .ok()
    };
    Ok(file(write, JSON, &responses, asked).await)
}

/// Answers with a document that is written while it is sent.
async fn streamed(
    responses: &Responses,
    document: impl FnOnce(Arc<ReportView>) -> serde_json::Result<Stream> + Send + 'static,
) -> Response {
    let source = responses.source.clone();
    let body = match responses.views.get(move || source.view()).await {
        Ok((view, turn)) => {
            let builders = responses.builders.clone();
            let begun = builders.begin(move || document(view), turn).await;
            begun.map_err(|_| Unavailable::Failed)
        }
        Err(unavailable) => Err(unavailable),
    };
    respond(body, JSON, responses)
}
