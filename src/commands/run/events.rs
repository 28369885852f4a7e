//! Flags for events of `run`, and what they wire: incidents from a listener of its own into the cluster
//! room, and rollouts from the cluster room to a CDEvents sink.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use futures::future::BoxFuture;

use crate::assess::delivery::event::alertmanager::AlertSettings;
use crate::assess::delivery::event::{
    EventResult, EventSource, ReportedIncident, ServiceEvent, WorkloadLabel,
};
use crate::assess::object::labels::Selector;
use crate::assess::reminders::Delivery;
use crate::cluster::{Observer, ServiceEventSender};
use crate::commands::error::Result;
use crate::commands::selector::LabelQuery;
use crate::notify::{CdEventsSink, SinkAddress, SinkSettings};
use crate::proxy::Environment;
use crate::server::{EventSettings, IncidentReceiver, RequestRate};

/// Flags for received and sent events.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Events")]
pub struct EventArgs {
    /// Address that receives incidents, as CDEvents and from Alertmanager
    ///
    /// An incident marks the rollout before it as failed. Failures of workloads without a probe are visible in
    /// namespaces from which an incident has arrived; the end of a test incident suffices.
    #[arg(
        long,
        value_name = "ADDRESS",
        requires_all = ["events_token_file", "delivery"],
        env = "GOLDENPATH_EVENTS_LISTEN"
    )]
    pub events_listen: Option<SocketAddr>,

    /// File with the bearer token that senders of incidents need
    #[arg(long, value_name = "FILE", env = "GOLDENPATH_EVENTS_TOKEN_FILE")]
    pub events_token_file: Option<PathBuf>,

    /// Alerts that are incidents, as a label selector [default: all that Alertmanager sends]
    #[arg(long, value_name = "SELECTOR", env = "GOLDENPATH_INCIDENT_ALERTS")]
    pub incident_alerts: Option<LabelQuery>,

    /// Labels of alerts that name the workload; the first one present counts
    #[arg(
        long,
        value_name = "LABEL[=KIND]",
        value_delimiter = ',',
        default_values_t = WorkloadLabel::defaults(),
        env = "GOLDENPATH_INCIDENT_LABELS"
    )]
    pub incident_labels: Vec<WorkloadLabel>,

    /// Labels of alerts that name the namespace; the first one present counts
    #[arg(
        long,
        value_name = "LABEL",
        value_delimiter = ',',
        default_values_t = AlertSettings::NAMESPACE_LABELS.map(str::to_owned),
        env = "GOLDENPATH_INCIDENT_NAMESPACE_LABELS"
    )]
    pub incident_namespace_labels: Vec<String>,

    /// URL that receives an event about each available rollout, as CDEvents
    #[arg(
        long,
        value_name = "URL",
        requires = "delivery",
        env = "GOLDENPATH_CDEVENTS_SINK",
        hide_env_values = true
    )]
    pub cdevents_sink: Option<SinkAddress>,

    /// File with the bearer token for the sink
    #[arg(
        long,
        value_name = "FILE",
        requires = "cdevents_sink",
        env = "GOLDENPATH_CDEVENTS_TOKEN_FILE"
    )]
    pub cdevents_token_file: Option<PathBuf>,

    /// Environment in sent events, such as the name of the cluster
    #[arg(
        long,
        value_name = "NAME",
        default_value = "kubernetes",
        env = "GOLDENPATH_CDEVENTS_ENVIRONMENT"
    )]
    pub cdevents_environment: String,
}

/// The listener for incidents.
#[derive(Clone, Debug)]
pub struct EventsListen {
    /// Its address.
    pub address: SocketAddr,
    /// Its settings.
    pub settings: EventSettings,
}

impl EventArgs {
    /// The listener, where one is wanted.
    pub fn listener(&self) -> Option<EventsListen> {
        let (address, token_file) = self.events_listen.zip(self.events_token_file.clone())?;
        let selector = self.incident_alerts.as_ref();
        let selector = selector.map(|query| Selector::compile(&query.0));
        Some(EventsListen {
            address,
            settings: EventSettings {
                token_file,
                alerts: AlertSettings {
                    namespace_labels: self.incident_namespace_labels.clone(),
                    workload_labels: self.incident_labels.clone(),
                    selector,
                },
                rate: RequestRate::default(),
            },
        })
    }

    /// The sink, where one is wanted.
    pub fn sink(&self) -> Result<Option<Arc<dyn ServiceEventSender>>> {
        let Some(address) = self.cdevents_sink.clone() else {
            return Ok(None);
        };
        let settings = SinkSettings {
            address,
            token_file: self.cdevents_token_file.clone(),
            environment: self.cdevents_environment.clone(),
        };
        let sink = CdEventsSink::new(settings, Environment::read())?;
        Ok(Some(Arc::new(sink)))
    }
}

impl ServiceEventSender for CdEventsSink {
    fn send<'a>(&'a self, event: &'a ServiceEvent) -> BoxFuture<'a, Option<Delivery>> {
        Box::pin(self.deliver(event))
    }
}

impl IncidentReceiver for Observer {
    fn receive(&self, incident: ReportedIncident) -> BoxFuture<'_, EventResult> {
        Box::pin(self.record_incident(incident))
    }

    fn count(&self, source: EventSource, result: EventResult) {
        self.event_received(source, result);
    }
}
