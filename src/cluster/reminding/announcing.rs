//! Announces new entries of changelogs, one message each, in the order of reminders: the path is read as
//! it is stored, the intent recorded, the message sent, and the sending recorded. Which entries are news
//! is decided in `assess`.

use jiff::Timestamp;
use tracing::{info, warn};

use super::{PACE, Reminding, is_refusal};
use crate::assess::reminders::{Announcement, Delivery, DeliveryFailure};
use crate::cluster::client::error::Result;
use crate::cluster::counters::NotifiedAbout;
use crate::cluster::write::apply::WriteOutcome;
use crate::cluster::write::reminder_records::StatusRecord;

impl Reminding {
    /// Announces these entries, unless their channel takes nothing now.
    pub(super) async fn announce_due(&mut self, due: Vec<Announcement>) {
        for announcement in due {
            if self.is_held(&announcement.to.channel) {
                continue;
            }
            // Sent or not, the next plan may be another one.
            self.trigger.reset();
            match self.live(announcement).await {
                Ok(Some(announcement)) if self.may_send() => self.announce(announcement).await,
                Ok(Some(_)) => return,
                Ok(None) => {}
                Err(error) => {
                    self.pause_after(&error, "failed to read a path; announcing nothing");
                    return;
                }
            }
        }
    }

    /// The announcement by the stored path. None where it is no longer due: another replica may have sent
    /// it, or the entry was removed.
    async fn live(&self, announcement: Announcement) -> Result<Option<Announcement>> {
        let live = self.api.read_path(&announcement.path).await?;
        Ok(announcement.refreshed(live.as_ref()))
    }

    /// **Invariant:** an announcement is sent only after the path's status names its key.
    async fn announce(&mut self, announcement: Announcement) {
        let intent = StatusRecord::Announcement(announcement.intent(Timestamp::now()));
        let outcome = self.record(intent).await;
        if outcome.is_some_and(is_refusal) {
            warn!(
                path = &*announcement.path,
                "API server refused to record an announcement; not sending it"
            );
            self.bar(announcement.id);
            return;
        }
        if !matches!(outcome, Some(WriteOutcome::Landed(_))) || !self.may_send() {
            return;
        }
        let delivery = self.reminders.sender.announce(&announcement).await;
        self.context.counters.notified(
            &announcement.to.channel,
            NotifiedAbout::Changelog,
            delivery.as_str(),
        );
        match delivery {
            Delivery::Accepted => self.announced(&announcement).await,
            Delivery::Refused(failure) => {
                self.not_announced(&announcement, &failure, "channel refused an announcement");
            }
            Delivery::Failed(failure) => {
                let event = "failed to send an announcement; retrying";
                self.not_announced(&announcement, &failure, event);
            }
        }
    }

    async fn announced(&mut self, announcement: &Announcement) {
        let channel = &announcement.to.channel;
        info!(
            channel = &**channel,
            path = &*announcement.path,
            dry_run = announcement.dry_run,
            id = announcement.id,
            "changelog entry announced"
        );
        let sent = StatusRecord::Announcement(announcement.sent(Timestamp::now()));
        self.put_on_record(vec![sent]).await;
        tokio::time::sleep(PACE).await;
    }

    fn not_announced(
        &mut self,
        announcement: &Announcement,
        failure: &DeliveryFailure,
        event: &str,
    ) {
        warn!(
            channel = &*announcement.to.channel,
            path = &*announcement.path,
            reason = failure.reason,
            message = failure.message,
            pause = failure.pause.as_secs(),
            "{event}"
        );
        self.hold(&announcement.to.channel, failure.pause);
    }
}
