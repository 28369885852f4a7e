//! Sends the Platform Wins digest to one channel, with one request. A caller that wants another attempt
//! makes it: the key of the message is the same.

use std::sync::Arc;

use super::attempt::{SendError, attempt, secrets};
use super::config::Config;
use super::endpoint::PayloadFormat;
use super::error::{Error, Result};
use super::webhook::request;
use crate::assess::goals::wins::RecordedDigest;
use crate::outbound::HttpClient;
use crate::proxy::Environment;
use crate::report::wins::{self, Edition};

/// Sends an edition of a digest to a channel of the configuration.
///
/// # Errors
/// When the channel has no address, needs certificate authorities and the system has none, or does not
/// take the digest.
pub async fn send_wins(
    config: &Config,
    channel: &Arc<str>,
    entry: &RecordedDigest,
    edition: Edition<'_>,
    environment: Environment,
) -> Result<()> {
    let not_sent = |message: String| Error::NotSent {
        channel: channel.clone(),
        message,
    };
    let endpoint = config.endpoints.get(channel);
    let endpoint = endpoint.ok_or_else(|| not_sent("there is no such channel".to_owned()))?;
    let client = HttpClient::build(endpoint.address.may_need_tls(), environment)?;
    let uri = endpoint.address.resolve().map_err(not_sent)?;
    let digest = &entry.digest;
    let document = match endpoint.format {
        PayloadFormat::Slack => wins::slack(digest, edition),
        PayloadFormat::Teams => wins::teams(digest, edition),
        PayloadFormat::Json => wins::document(digest, edition),
    };
    let secrets = secrets(&uri);
    let request = request(uri, &document, &key(entry, edition)).map_err(not_sent)?;
    let sent = attempt(&client, request, &secrets).await;
    sent.map_err(|error| match error {
        SendError::Permanent { message, .. } | SendError::Temporary { message, .. } => {
            not_sent(message)
        }
    })
}

/// The key of the message: one for each draft that is meant to arrive, and one published edition a month.
fn key(entry: &RecordedDigest, edition: Edition<'_>) -> String {
    let month = entry.digest.month;
    match (edition, entry.draft) {
        (Edition::Draft, 0 | 1) => format!("wins-{month}-draft"),
        (Edition::Draft, number) => format!("wins-{month}-draft-{number}"),
        (Edition::Published(_), _) => format!("wins-{month}-published"),
    }
}
