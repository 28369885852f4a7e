//! `DeviationException`: a documented deviation. It states what a team does differently and why, the
//! cost and its owner, the expiry, and the approval. It covers only its own namespace.

#![allow(clippy::duplicated_attributes)] // every printer column has a name, a type and a path

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, LabelSelector};
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::golden_path::Owner;
use super::previous::Previous;
use super::{Instant, Period, schema};

/// The approved fields cannot change while the approval stays. The rule compares optional fields
/// behind `has()`, because the API server cannot bound the cost of comparing optionals.
const APPROVED_FIELDS_STAY: &str = "\
    !has(oldSelf.approval) || !has(self.approval) || self.approval != oldSelf.approval \
    || self.path == oldSelf.path && self.checks == oldSelf.checks \
    && self.ownershipCost == oldSelf.ownershipCost \
    && has(self.targets) == has(oldSelf.targets) && (!has(self.targets) || self.targets == oldSelf.targets) \
    && has(self.selector) == has(oldSelf.selector) && (!has(self.selector) || self.selector == oldSelf.selector) \
    && has(self.maxWorkloads) == has(oldSelf.maxWorkloads) && (!has(self.maxWorkloads) || self.maxWorkloads == oldSelf.maxWorkloads) \
    && has(self.expiresAt) == has(oldSelf.expiresAt) && (!has(self.expiresAt) || self.expiresAt == oldSelf.expiresAt) \
    && has(self.reviewEvery) == has(oldSelf.reviewEvery) && (!has(self.reviewEvery) || self.reviewEvery == oldSelf.reviewEvery) \
    && has(self.boundTo) == has(oldSelf.boundTo) && (!has(self.boundTo) || self.boundTo == oldSelf.boundTo)";

/// Highest number of reviews of one exception, without the one that closes it.
pub const MOST_REVIEWS: usize = 64;

/// A documented, owned and time-limited deviation from a golden path.
#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[kube(
    group = "goldenpath.dev",
    version = "v1alpha1",
    kind = "DeviationException",
    plural = "deviationexceptions",
    namespaced,
    shortname = "devex",
    category = "golden-path",
    status = "DeviationExceptionStatus",
    doc = "A documented, owned and time-limited deviation from a golden path.",
    printcolumn(name = "Path", type_ = "string", json_path = ".spec.path"),
    printcolumn(name = "Owner", type_ = "string", json_path = ".spec.owner.team"),
    printcolumn(name = "Phase", type_ = "string", json_path = ".status.phase"),
    printcolumn(
        name = "Next review",
        type_ = "string",
        json_path = ".status.nextReviewAt"
    ),
    printcolumn(
        name = "Until",
        type_ = "string",
        json_path = ".status.effectiveExpiry"
    ),
    printcolumn(
        name = "Needed",
        type_ = "string",
        json_path = ".status.conditions[?(@.type=='Needed')].status"
    ),
    printcolumn(
        name = "Matched",
        type_ = "integer",
        json_path = ".status.matchedCount",
        priority = 1
    ),
    printcolumn(
        name = "Hours/month",
        type_ = "number",
        json_path = ".spec.ownershipCost.hoursPerMonth",
        priority = 1
    ),
    printcolumn(
        name = "Age",
        type_ = "date",
        json_path = ".metadata.creationTimestamp"
    )
)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("has(self.selector) || (has(self.targets) && size(self.targets) > 0)")
        .message("set targets or selector"),
    validation = Rule::new("!has(self.selector) || size(self.selector.?matchLabels.orValue({})) > 0 || size(self.selector.?matchExpressions.orValue([])) > 0")
        .message("an empty selector would cover the whole namespace: set matchLabels or matchExpressions, or use targets"),
    validation = Rule::new("!has(self.boundTo) || (!has(self.selector) && has(self.targets) && size(self.targets) == 1)")
        .message("boundTo binds an exception to one workload: set exactly one target and no selector"),
    validation = Rule::new("!has(oldSelf.reviews) || (has(self.reviews) && oldSelf.reviews.all(o, self.reviews.exists(n, n == o)))")
        .message("reviews can be added, but not changed or removed"),
    validation = Rule::new("!has(self.reviews) || size(self.reviews) < 65 || self.reviews.exists(r, r.outcome == 'Closed')")
        .message("an exception holds at most 64 reviews and one with outcome Closed: close this exception and request a new one"),
    validation = Rule::new(APPROVED_FIELDS_STAY)
        .message("approved fields cannot change while the approval stays: remove spec.approval in the same edit and request approval again")
)]
pub struct DeviationExceptionSpec {
    /// Golden path the workloads deviate from.
    #[schemars(schema_with = "schema::path_name")]
    pub path: String,
    /// Checks to except; "*" means every exemptible check, including checks added later.
    #[schemars(schema_with = "schema::check_names")]
    pub checks: Vec<String>,
    /// Workloads by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64))]
    pub targets: Vec<Target>,
    /// Workloads by label, in addition to `targets`. An empty selector is rejected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::label_selector")]
    pub selector: Option<LabelSelector>,
    /// Largest number of workloads covered; the oldest are covered first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 10_000))]
    pub max_workloads: Option<u32>,
    /// Category of the reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<Category>,
    /// Whether the aim of the check is waived or met by other means.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disposition: Option<Disposition>,
    /// Why the deviation is needed. Write it for a reader in a year.
    #[schemars(length(min = 20, max = 2000))]
    pub reason: String,
    /// Team that owns the deviation and carries its cost.
    pub owner: Owner,
    /// Ticket or decision record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048))]
    pub ticket: Option<String>,
    /// User who requested the exception.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253))]
    pub requested_by: Option<String>,
    /// Cost of the deviation to its owner.
    pub ownership_cost: OwnershipCost,
    /// What the platform would have to offer for the team to return to the path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1000))]
    pub would_return_if: Option<String>,
    /// Names of RoadmapItems after which the team can return to the path.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "schema::roadmap_items")]
    pub waits_for: Vec<String>,
    /// Review interval, if shorter than the path's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review_every: Option<Period>,
    /// End of the exception.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Instant>,
    /// Binds the exception to one version of the target's pod template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bound_to: Option<BoundTo>,
    /// Decision of the platform team.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<Approval>,
    /// Reviews, oldest first. They can be added, but not changed or removed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 65))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["at".into()]))]
    pub reviews: Vec<Review>,
    /// Renewal requested by the owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renewal: Option<Renewal>,
}

/// A workload in the namespace of the exception.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// API group; absent means any group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253))]
    pub group: Option<String>,
    /// Kind, such as `Deployment`.
    #[schemars(length(min = 1, max = 63))]
    pub kind: String,
    /// Name of the workload.
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
}

/// Category of a deviation's reason.
#[derive(
    JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default,
)]
pub enum Category {
    /// An external rule or regulation.
    Compliance,
    /// A workload that no path supports.
    ExoticWorkload,
    /// A migration from an older platform.
    LegacyMigration,
    /// The path does not meet performance needs.
    Performance,
    /// Third-party software.
    VendorSoftware,
    /// A time-limited experiment.
    Experiment,
    /// Another reason.
    #[default]
    Other,
}

impl Category {
    /// Every category, in the order of the schema.
    pub const ALL: [Self; 7] = [
        Self::Compliance,
        Self::ExoticWorkload,
        Self::LegacyMigration,
        Self::Performance,
        Self::VendorSoftware,
        Self::Experiment,
        Self::Other,
    ];

    /// The word in objects, metrics and reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Compliance => "Compliance",
            Self::ExoticWorkload => "ExoticWorkload",
            Self::LegacyMigration => "LegacyMigration",
            Self::Performance => "Performance",
            Self::VendorSoftware => "VendorSoftware",
            Self::Experiment => "Experiment",
            Self::Other => "Other",
        }
    }
}

/// Whether the aim of the check is waived or met by other means.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disposition {
    /// The team accepts the risk.
    Waiver,
    /// Other means meet the aim.
    Mitigated,
}

/// Cost of the deviation to its owner.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct OwnershipCost {
    /// Hours per month.
    #[schemars(range(min = 0.0, max = 10_000.0))]
    pub hours_per_month: f64,
    /// One-off hours to set it up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 100_000.0))]
    pub one_off_hours: Option<f64>,
    /// What the hours are spent on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1000))]
    pub description: Option<String>,
}

/// Ties an exception to one version of its target's pod template.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct BoundTo {
    /// Hash printed by `goldenpath why`: `v1:` and 64 hexadecimal digits.
    #[schemars(length(max = 67), regex(pattern = r"^v1:[0-9a-f]{64}$"))]
    pub template_hash: String,
}

/// Decision of the platform team on an exception.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct Approval {
    /// Approved or Rejected.
    pub decision: Decision,
    /// User who decided.
    #[schemars(length(min = 1, max = 253))]
    pub by: String,
    /// Time of the decision.
    pub at: Instant,
    /// Reason or conditions of the decision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1000))]
    pub note: Option<String>,
}

/// Approved or Rejected.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The exception is approved.
    Approved,
    /// The exception is rejected.
    Rejected,
}

/// One review of an exception.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Review {
    /// User who reviewed.
    #[schemars(length(min = 1, max = 253))]
    pub by: String,
    /// Time of the review.
    pub at: Instant,
    /// `Renewed` continues the exception; `Closed` ends it permanently.
    pub outcome: ReviewOutcome,
    /// New end of the exception.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Instant>,
    /// Findings of the review.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1000))]
    pub note: Option<String>,
}

/// Outcome of a review.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReviewOutcome {
    /// The exception continues.
    Renewed,
    /// The exception ends.
    Closed,
}

/// Renewal requested by the owner. The exception does not lapse while the request is open.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Renewal {
    /// Time of the request.
    pub requested_at: Instant,
    /// User who requested the renewal.
    #[schemars(length(min = 1, max = 253))]
    pub by: String,
    /// Why the exception is still needed.
    #[schemars(length(min = 1, max = 1000))]
    pub still_needed_because: String,
}

/// Observed state of an exception.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Default)]
#[serde(rename_all = "camelCase")]
pub struct DeviationExceptionStatus {
    /// Generation of the spec that this status describes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Pending, Active, ReviewDue, ReviewOverdue, Expired, Rejected or Closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 63))]
    pub phase: Option<String>,
    /// Conditions: Ready, Approved, ReviewCurrent, InUse, Needed, ChecksKnown, PathFound, WaitsForKnown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "schema::conditions")]
    pub conditions: Vec<Condition>,
    /// Effective end of the exception, considering all limits and renewals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_expiry: Option<Instant>,
    /// Time of the next review.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_review_at: Option<Instant>,
    /// Number of renewals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renewals: Option<u32>,
    /// Time of the latest rejection. It stays after `spec.approval` is removed: a
    /// rejected exception needs an approval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejected_at: Option<Instant>,
    /// Approver of the latest rejection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253))]
    pub rejected_by: Option<String>,
    /// Deleted exceptions of the same name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<Previous>,
    /// First 20 matched workloads, as kind/name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20), inner(length(max = 317)))]
    pub matched: Vec<String>,
    /// Number of matched workloads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matched_count: Option<u32>,
    /// Failing checks covered, summed over all matched workloads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub covered_failures: Option<u32>,
    /// Reminders sent, one per stage and decision; the latest 32.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32))]
    pub notified: Vec<Notified>,
    /// Reminders in messages that no receiver is known to have accepted yet, at most one per stage.
    /// They are recorded before the message is sent, so that a retry carries the same key and items.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10))]
    pub notifying: Vec<Notifying>,
}

/// A reminder that was sent.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Notified {
    /// review-due, review-overdue, expired, item-shipped:NAME, decision-waiting or renewal-waiting; with
    /// "dry-run:" in front if it went to the channel of the platform team instead of the owner.
    #[schemars(length(max = 96))]
    pub stage: String,
    /// Decision the stage counts from; for a request, the start of the wait; for a roadmap item, its
    /// shipping.
    pub decision_at: Instant,
    /// Time of sending.
    pub sent_at: Instant,
    /// `Idempotency-Key` of the message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32))]
    pub key: Option<String>,
}

/// A reminder in a message that is being sent.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Notifying {
    /// As in `notified`.
    #[schemars(length(max = 96))]
    pub stage: String,
    /// As in `notified`.
    pub decision_at: Instant,
    /// `Idempotency-Key` of the message.
    #[schemars(length(max = 32))]
    pub key: String,
    /// Ids of all items in the message.
    #[schemars(length(max = 40), inner(length(max = 32)))]
    pub items: Vec<String>,
}
