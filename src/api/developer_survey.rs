//! `DeveloperSurvey`: one wave of a survey, as counts and means of groups. `goldenpath survey import`
//! writes it; answers of single people never enter the cluster. Nothing is computed here.

#![allow(clippy::duplicated_attributes)] // every printer column has a name, a type and a path

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::platform_objective::Span;
use super::schema;

/// Most groups of one wave.
pub const MOST_GROUPS: usize = 200;

/// A list of one CEL expression for each dimension: the parts, with the name of the dimension between them.
macro_rules! for_each_dimension {
    ($($part:literal),+; $end:literal) => {
        concat!(
            "[", $($part, "satisfaction",)+ $end,
            ", ", $($part, "performance",)+ $end,
            ", ", $($part, "activity",)+ $end,
            ", ", $($part, "communication",)+ $end,
            ", ", $($part, "efficiency",)+ $end, "]"
        )
    };
}

/// Answers to a dimension are at least as many as the smallest group.
const ENOUGH_ANSWERS: &str = concat!(
    "self.groups.all(g, ",
    for_each_dimension!("g.?spaceAnswers.?"; ""),
    ".all(n, !n.hasValue() || n.value() >= self.minGroupSize))"
);
/// Answers to a dimension are people who responded, and stand beside its mean.
const ANSWERS_OF_RESPONSES: &str = concat!(
    for_each_dimension!("self.?spaceAnswers.?"; ""),
    ".all(n, !n.hasValue() || n.value() <= self.responses)"
);
const ANSWERS_BESIDE_MEANS: &str = concat!(
    for_each_dimension!("!self.?spaceAnswers.?", ".hasValue() || self.?space.?"; ".hasValue()"),
    ".all(it, it)"
);
/// A published mean and its answers stay, or take five more.
const FIVE_MORE_ANSWERS: &str = concat!(
    for_each_dimension!(
        "!oldSelf.?spaceAnswers.?",
        ".hasValue() || self.?spaceAnswers.?",
        " == oldSelf.?spaceAnswers.?",
        " && self.?space.?",
        " == oldSelf.?space.?",
        " || self.?spaceAnswers.?",
        ".orValue(0) >= oldSelf.?spaceAnswers.?";
        ".orValue(0) + 5"
    ),
    ".all(it, it)"
);

/// One wave of a developer survey, as counts and means of groups.
///
/// Create it with `goldenpath survey import`, which hides groups that are too small.
#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[kube(
    group = "goldenpath.dev",
    version = "v1alpha1",
    kind = "DeveloperSurvey",
    plural = "developersurveys",
    shortname = "dsurvey",
    category = "golden-path",
    status = "DeveloperSurveyStatus",
    doc = "One wave of a developer survey, as counts and means of groups.",
    validation = Rule::new("self.metadata.name.matches('^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$')")
        .message("the name is used in metrics and links: use at most 63 lower-case letters, digits and '-', beginning and ending with a letter or digit"),
    printcolumn(name = "Until", type_ = "string", json_path = ".spec.period.to"),
    printcolumn(name = "Responses", type_ = "integer", json_path = ".status.responses"),
    printcolumn(name = "Invited", type_ = "integer", json_path = ".spec.invited"),
    printcolumn(name = "NPS", type_ = "string", json_path = ".status.columns.nps"),
    printcolumn(name = "Trend", type_ = "string", json_path = ".status.columns.trend"),
    printcolumn(name = "Questions", type_ = "string", json_path = ".spec.questionSet", priority = 1),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("self.groups.all(g, g.responses >= self.minGroupSize)")
        .message("a group has fewer responses than minGroupSize, so single answers could be guessed: hide it (goldenpath survey import does so)"),
    validation = Rule::new("self.groups.all(g, !has(g.nps) || g.nps.promoters + g.nps.passives + g.nps.detractors >= self.minGroupSize)")
        .message("nps of a group has fewer answers than minGroupSize, so single answers could be guessed: leave nps out"),
    validation = Rule::new(ENOUGH_ANSWERS)
        .message("a mean of a group has fewer answers than minGroupSize, so single answers could be guessed: leave it and its spaceAnswers out"),
    validation = Rule::new("!has(self.hidden) || self.hidden.groups == 0 && self.hidden.responses == 0 || self.hidden.groups >= 2 && self.hidden.responses >= self.minGroupSize && self.hidden.responses > self.hidden.groups")
        .message("one hidden group, or few hidden responses, can be found by subtraction: hide another group as well (goldenpath survey import does so)"),
    validation = Rule::new("self.grouping != 'Everyone' || size(self.groups) == 1 && !has(self.hidden)")
        .message("a wave without groups has one entry for all who answered, and hides none"),
    validation = Rule::new("self.grouping == oldSelf.grouping")
        .message("a published wave keeps its grouping: a second one would show small groups by subtraction"),
    validation = Rule::new("oldSelf.groups.all(o, self.groups.exists(g, g.name == o.name))")
        .message("a published wave keeps its groups: a group that leaves and returns would show the answers given in between")
)]
pub struct DeveloperSurveySpec {
    /// Period in which answers were given.
    pub period: Span,
    /// Name of the question set. Only waves of the same set are compared.
    #[schemars(schema_with = "schema::dns_label")]
    pub question_set: String,
    /// People who were invited; absent where unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invited: Option<u32>,
    /// What the groups are. A wave has one grouping, because two would allow subtraction.
    #[serde(default)]
    pub grouping: Grouping,
    /// Fewest responses of a group that is shown.
    #[serde(default = "min_group_size")]
    #[schemars(range(min = 5, max = 1_000))]
    pub min_group_size: u32,
    /// Groups that are large enough.
    #[schemars(length(min = 1, max = 200))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub groups: Vec<SurveyGroup>,
    /// Groups that are too small to be shown, and others hidden with them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hidden: Option<HiddenGroups>,
}

/// What the groups of a survey are.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Grouping {
    /// Teams.
    #[default]
    Team,
    /// Personas.
    Persona,
    /// None: one entry for all who answered, where any other would show a small group.
    Everyone,
}

impl Grouping {
    /// The word in objects and reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Team => "Team",
            Self::Persona => "Persona",
            Self::Everyone => "Everyone",
        }
    }
}

/// Answers of one group.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[x_kube(
    validation = Rule::new("!has(self.nps) || self.nps.promoters + self.nps.passives + self.nps.detractors <= self.responses")
        .message("nps counts more answers than the group has responses"),
    validation = Rule::new(ANSWERS_OF_RESPONSES)
        .message("spaceAnswers counts more answers than the group has responses"),
    validation = Rule::new(ANSWERS_BESIDE_MEANS)
        .message("spaceAnswers counts answers to a dimension without a mean: leave it out"),
    validation = Rule::new(FIVE_MORE_ANSWERS)
        .message("a published wave accepts five or more new answers to a dimension of a group at once: fewer would show the answers of single people"),
    validation = Rule::new("self == oldSelf || self.responses >= oldSelf.responses + 5")
        .message("a published wave accepts five or more new responses of a group at once: fewer would show the answers of single people"),
    validation = Rule::new("!has(oldSelf.nps) || has(self.nps) && (self.nps == oldSelf.nps || self.nps.promoters + self.nps.passives + self.nps.detractors >= oldSelf.nps.promoters + oldSelf.nps.passives + oldSelf.nps.detractors + 5)")
        .message("a published wave accepts five or more new answers to nps of a group at once: fewer would show the answers of single people")
)]
pub struct SurveyGroup {
    /// Name of the team or persona.
    #[schemars(length(min = 1, max = 63))]
    pub name: String,
    /// Responses.
    pub responses: u32,
    /// Answers to the question whether people would recommend the platform.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nps: Option<NpsCounts>,
    /// Means of the SPACE questions.
    #[serde(default, rename = "space", skip_serializing_if = "Option::is_none")]
    pub dimensions: Option<DimensionMeans>,
    /// People who answered the questions of each mean in `space`; absent in waves of earlier versions.
    #[serde(
        default,
        rename = "spaceAnswers",
        skip_serializing_if = "Option::is_none"
    )]
    pub dimension_answers: Option<DimensionAnswers>,
}

/// Answers from 0 to 10, counted.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, Default)]
#[x_kube(
    validation = Rule::new("[self.promoters, self.passives, self.detractors].exists_one(n, n > 0) == false")
        .message("all answers to nps are alike, which tells the answer of each person: leave nps out")
)]
pub struct NpsCounts {
    /// Answers of 9 and 10.
    pub promoters: u32,
    /// Answers of 7 and 8.
    pub passives: u32,
    /// Answers of 0 to 6.
    pub detractors: u32,
}

/// Means of the answers from 1 to 5, with one decimal; higher is better.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Default)]
#[x_kube(
    validation = Rule::new("[self.?satisfaction, self.?performance, self.?activity, self.?communication, self.?efficiency].all(m, !m.hasValue() || double(int(m.value() * 10.0 + 0.5)) / 10.0 == m.value())")
        .message("a mean has one decimal: more would show the sum of the answers"),
    validation = Rule::new("[self.?satisfaction, self.?performance, self.?activity, self.?communication, self.?efficiency].all(m, !m.hasValue() || m.value() > 1.0 && m.value() < 5.0)")
        .message("a mean of 1.0 or 5.0 tells the answer of each person: leave it out")
)]
pub struct DimensionMeans {
    /// Satisfaction and well-being.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1.0, max = 5.0))]
    pub satisfaction: Option<f64>,
    /// Performance: whether what is shipped works as intended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1.0, max = 5.0))]
    pub performance: Option<f64>,
    /// Activity: whether work gets done as often as makes sense.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1.0, max = 5.0))]
    pub activity: Option<f64>,
    /// Communication and collaboration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1.0, max = 5.0))]
    pub communication: Option<f64>,
    /// Efficiency and flow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1.0, max = 5.0))]
    pub efficiency: Option<f64>,
}

/// People who answered the questions of each dimension.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct DimensionAnswers {
    /// Of satisfaction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub satisfaction: Option<u32>,
    /// Of performance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub performance: Option<u32>,
    /// Of activity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activity: Option<u32>,
    /// Of communication.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub communication: Option<u32>,
    /// Of efficiency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub efficiency: Option<u32>,
}

/// Groups that are not shown.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct HiddenGroups {
    /// How many groups.
    pub groups: u32,
    /// Their responses together.
    pub responses: u32,
}

/// Computed figures of a wave.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Default)]
#[serde(rename_all = "camelCase")]
pub struct DeveloperSurveyStatus {
    /// Generation of the spec that this status describes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Conditions: Ready, Comparable.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "schema::conditions")]
    pub conditions: Vec<Condition>,
    /// Responses of all groups, hidden ones included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub responses: Option<u32>,
    /// Responses ÷ invited, 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_rate: Option<f64>,
    /// Net promoter score of the groups that are shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nps: Option<NpsStatus>,
    /// Change since the wave before with the same question set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trend: Option<SurveyTrend>,
    /// Texts of the columns that `kubectl get` prints.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub columns: Option<SurveyColumns>,
}

/// A net promoter score and how far it can be trusted. Below 10 answers there are only counts.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Default)]
pub struct NpsStatus {
    /// Answers of the groups that are shown.
    pub n: u32,
    /// Answers of 9 and 10.
    pub promoters: u32,
    /// Answers of 7 and 8.
    pub passives: u32,
    /// Answers of 0 to 6.
    pub detractors: u32,
    /// Percentage of promoters minus percentage of detractors, -100 to 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<f64>,
    /// Lower end of the adjusted 95 % interval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low: Option<f64>,
    /// Upper end of the adjusted 95 % interval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub high: Option<f64>,
}

/// Change since an earlier wave.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Default)]
pub struct SurveyTrend {
    /// Name of the earlier wave.
    #[schemars(length(max = 253))]
    pub since: String,
    /// Change of the net promoter score.
    pub change: f64,
    /// Whether the change is larger than the margins of both waves together.
    pub significant: bool,
}

/// Texts of printed columns.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq, Default)]
pub struct SurveyColumns {
    /// Score and interval, such as "25 (10 to 39)"; below 10 answers counts, such as "4 for, 1 against".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32))]
    pub nps: Option<String>,
    /// Change since the wave before, such as "+12 (within the margin)" or "new questions".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 63))]
    pub trend: Option<String>,
}

const fn min_group_size() -> u32 {
    5
}
