//! DeviationException: a deviation made explicit. It says what a team does differently, why, what
//! that costs and who carries the cost, until when, and who agreed. It covers only its own namespace.

#![allow(clippy::duplicated_attributes)] // every printer column has a name, a type and a path

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, LabelSelector};
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::golden_path::Owner;
use super::previous::Previous;
use super::{Instant, Period, schema};

/// While an approval stands unchanged, so does everything it was given for. Optional fields are
/// compared behind `has()`: the API server cannot bound the cost of comparing optionals.
const APPROVED_SUBSTANCE_STAYS: &str = "\
    !has(oldSelf.approval) || !has(self.approval) || self.approval != oldSelf.approval \
    || self.path == oldSelf.path && self.checks == oldSelf.checks \
    && self.ownershipCost == oldSelf.ownershipCost \
    && has(self.targets) == has(oldSelf.targets) && (!has(self.targets) || self.targets == oldSelf.targets) \
    && has(self.selector) == has(oldSelf.selector) && (!has(self.selector) || self.selector == oldSelf.selector) \
    && has(self.maxWorkloads) == has(oldSelf.maxWorkloads) && (!has(self.maxWorkloads) || self.maxWorkloads == oldSelf.maxWorkloads) \
    && has(self.expiresAt) == has(oldSelf.expiresAt) && (!has(self.expiresAt) || self.expiresAt == oldSelf.expiresAt) \
    && has(self.reviewEvery) == has(oldSelf.reviewEvery) && (!has(self.reviewEvery) || self.reviewEvery == oldSelf.reviewEvery) \
    && has(self.boundTo) == has(oldSelf.boundTo) && (!has(self.boundTo) || self.boundTo == oldSelf.boundTo)";

/// How many reviews an exception holds beside the one that closes it.
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
    category = "goldenpath",
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
        .message("say what the exception is for: name targets or give a selector"),
    validation = Rule::new("!has(self.selector) || size(self.selector.?matchLabels.orValue({})) > 0 || size(self.selector.?matchExpressions.orValue([])) > 0")
        .message("an empty selector would cover the whole namespace: name targets or labels"),
    validation = Rule::new("!has(self.boundTo) || (!has(self.selector) && has(self.targets) && size(self.targets) == 1)")
        .message("boundTo ties an exception to one workload: give exactly one target and no selector"),
    validation = Rule::new("!has(oldSelf.reviews) || (has(self.reviews) && oldSelf.reviews.all(o, self.reviews.exists(n, n == o)))")
        .message("reviews are a record: they can be added, never removed or changed"),
    validation = Rule::new("!has(self.reviews) || size(self.reviews) < 65 || self.reviews.exists(r, r.outcome == 'Closed')")
        .message("64 reviews are recorded: the last place is kept for a review with outcome Closed; close this exception and request a new one"),
    validation = Rule::new(APPROVED_SUBSTANCE_STAYS)
        .message("what was approved cannot change under its approval: remove spec.approval in the same edit, and ask again")
)]
pub struct DeviationExceptionSpec {
    /// The golden path deviated from.
    #[schemars(schema_with = "schema::path_name")]
    pub path: String,
    /// The checks deviated from; "*" means every check that may be excepted, later ones too.
    #[schemars(schema_with = "schema::check_names")]
    pub checks: Vec<String>,
    /// The workloads concerned, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64))]
    pub targets: Vec<Target>,
    /// The workloads concerned, by label; in addition to `targets`. An empty selector is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::label_selector")]
    pub selector: Option<LabelSelector>,
    /// At most this many workloads are covered: the oldest ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 10_000))]
    pub max_workloads: Option<u32>,
    /// Why teams deviate, in one word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<Category>,
    /// Whether the aim is waived or met by other means.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disposition: Option<Disposition>,
    /// Why this deviation is right, for somebody who reads it in a year.
    #[schemars(length(min = 20, max = 2000))]
    pub reason: String,
    /// Who carries the cost.
    pub owner: Owner,
    /// A ticket or a decision record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048))]
    pub ticket: Option<String>,
    /// Who asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253))]
    pub requested_by: Option<String>,
    /// What the deviation costs its owner.
    pub ownership_cost: OwnershipCost,
    /// What the platform would have to offer for the team to return: the roadmap's demand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1000))]
    pub would_return_if: Option<String>,
    /// Review more often than the path asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review_every: Option<Period>,
    /// When the deviation ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Instant>,
    /// Ties the exception to one version of its target's pod template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bound_to: Option<BoundTo>,
    /// The platform's decision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<Approval>,
    /// Every review, kept as a record.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 65))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["at".into()]))]
    pub reviews: Vec<Review>,
    /// The owner's own request to go on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renewal: Option<Renewal>,
}

/// A workload of the exception's namespace.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// API group; absent means any.
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

/// Why teams deviate.
#[derive(
    JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default,
)]
pub enum Category {
    /// A rule from outside.
    Compliance,
    /// A workload no path was made for.
    ExoticWorkload,
    /// On its way from an older platform.
    LegacyMigration,
    /// The path is too slow or too small.
    Performance,
    /// Made by somebody else.
    VendorSoftware,
    /// Tried out for a while.
    Experiment,
    /// None of these.
    #[default]
    Other,
}

impl Category {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Compliance,
        Self::ExoticWorkload,
        Self::LegacyMigration,
        Self::Performance,
        Self::VendorSoftware,
        Self::Experiment,
        Self::Other,
    ];

    /// The word used in labels, metrics and pages.
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
    /// The risk is accepted.
    Waiver,
    /// The aim is met in another way.
    Mitigated,
}

/// What the deviation costs its owner.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct OwnershipCost {
    /// Hours a month.
    #[schemars(range(min = 0.0, max = 10_000.0))]
    pub hours_per_month: f64,
    /// Hours once, to set it up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 100_000.0))]
    pub one_off_hours: Option<f64>,
    /// What the hours go into.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1000))]
    pub description: Option<String>,
}

/// Ties an exception to one version of its target's pod template.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct BoundTo {
    /// As `goldenpath why` prints it: `v1:` and 64 hexadecimal digits.
    #[schemars(length(max = 67), regex(pattern = r"^v1:[0-9a-f]{64}$"))]
    pub template_hash: String,
}

/// The platform's decision on a request.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct Approval {
    /// Approved or Rejected.
    pub decision: Decision,
    /// The user who decided.
    #[schemars(length(min = 1, max = 253))]
    pub by: String,
    /// When.
    pub at: Instant,
    /// Why, or under which condition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1000))]
    pub note: Option<String>,
}

/// Approved or Rejected.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The deviation is agreed.
    Approved,
    /// It is not.
    Rejected,
}

/// One look at an exception, kept as a record.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Review {
    /// The user who reviewed.
    #[schemars(length(min = 1, max = 253))]
    pub by: String,
    /// When.
    pub at: Instant,
    /// Renewed goes on, Closed ends it for good.
    pub outcome: Outcome,
    /// Until when it goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Instant>,
    /// What was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1000))]
    pub note: Option<String>,
}

/// What a review decided.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The deviation goes on.
    Renewed,
    /// It has ended.
    Closed,
}

/// The owner's own request to go on. It stops a lapse until it is answered.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Renewal {
    /// When the owner asked.
    pub requested_at: Instant,
    /// Who asked.
    #[schemars(length(min = 1, max = 253))]
    pub by: String,
    /// Why the deviation is still needed.
    #[schemars(length(min = 1, max = 1000))]
    pub still_needed_because: String,
}

/// What the operator saw of an exception.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Default)]
#[serde(rename_all = "camelCase")]
pub struct DeviationExceptionStatus {
    /// The generation of the spec this status speaks of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Pending, Active, ReviewDue, ReviewOverdue, Expired, Rejected or Closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 63))]
    pub phase: Option<String>,
    /// Ready, Approved, ReviewCurrent, InUse, Needed, ChecksKnown, PathFound.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "schema::conditions")]
    pub conditions: Vec<Condition>,
    /// When the exception ends, everything considered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_expiry: Option<Instant>,
    /// When somebody should look at it again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_review_at: Option<Instant>,
    /// How often it was renewed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renewals: Option<u32>,
    /// When an approver last rejected the exception. It stays after `spec.approval` is removed: a
    /// rejected exception needs an approval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejected_at: Option<Instant>,
    /// The approver who rejected the exception.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253))]
    pub rejected_by: Option<String>,
    /// The deleted exceptions of the same name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<Previous>,
    /// Workloads it names, as kind/name; the first 20.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20), inner(length(max = 317)))]
    pub matched: Vec<String>,
    /// How many workloads it names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matched_count: Option<u32>,
    /// Failing checks it covers, over all its workloads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub covered_failures: Option<u32>,
    /// Reminders sent, one a stage and decision; the 32 of the latest decisions.
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
    /// review-due, review-overdue, expired, decision-waiting or renewal-waiting; with "dry-run:"
    /// before it where the platform's channel was told instead of the owner.
    #[schemars(length(max = 63))]
    pub stage: String,
    /// The decision it counts from; for a request, since when it waits.
    pub decision_at: Instant,
    /// When it was sent.
    pub sent_at: Instant,
    /// The `Idempotency-Key` of the message it was sent in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32))]
    pub key: Option<String>,
}

/// A reminder in a message that is being sent.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Notifying {
    /// As in `notified`.
    #[schemars(length(max = 63))]
    pub stage: String,
    /// As in `notified`.
    pub decision_at: Instant,
    /// The `Idempotency-Key` of the message.
    #[schemars(length(max = 32))]
    pub key: String,
    /// The ids of all items of the message.
    #[schemars(length(max = 40), inner(length(max = 32)))]
    pub items: Vec<String>,
}
