//! How an objective stands, in one word that every surface shares.

use crate::api::platform_objective::{KeyResultStatus, Role};
use crate::api::{Instant, PlatformObjectiveSpec};

/// How an objective stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ObjectiveState {
    /// Every measured target makes enough progress, and every guardrail holds.
    OnTrack,
    /// A target makes less progress than time passes.
    Behind,
    /// A guardrail does not hold.
    GuardrailBroken,
    /// Too little is measured.
    NoData,
    /// The period has ended, and every measured target was reached.
    Reached,
    /// The period has ended, and a target was not reached.
    NotReached,
}

impl ObjectiveState {
    /// Every state.
    pub const ALL: [Self; 6] = [
        Self::OnTrack,
        Self::Behind,
        Self::GuardrailBroken,
        Self::NoData,
        Self::Reached,
        Self::NotReached,
    ];

    /// The word in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OnTrack => "on-track",
            Self::Behind => "behind",
            Self::GuardrailBroken => "guardrail-broken",
            Self::NoData => "no-data",
            Self::Reached => "reached",
            Self::NotReached => "not-reached",
        }
    }

    /// The words for people.
    pub const fn words(self) -> &'static str {
        match self {
            Self::OnTrack => "on track",
            Self::Behind => "behind",
            Self::GuardrailBroken => "guardrail broken",
            Self::NoData => "no data",
            Self::Reached => "reached",
            Self::NotReached => "not reached",
        }
    }

    /// The state of a result.
    pub fn of(
        spec: &PlatformObjectiveSpec,
        key_results: &[KeyResultStatus],
        on_track: Option<bool>,
        frozen_at: Option<Instant>,
    ) -> Self {
        match (on_track, frozen_at) {
            (None, _) => Self::NoData,
            (Some(true), None) => Self::OnTrack,
            (Some(true), Some(_)) => Self::Reached,
            (Some(false), _) if !off_track(spec, key_results, Role::Guardrail).is_empty() => {
                Self::GuardrailBroken
            }
            (Some(false), None) => Self::Behind,
            (Some(false), Some(_)) => Self::NotReached,
        }
    }
}

/// The names of key results with a role that are off track. One that the spec no longer has counts as
/// a target.
pub fn off_track(
    spec: &PlatformObjectiveSpec,
    key_results: &[KeyResultStatus],
    role: Role,
) -> Vec<String> {
    let role_of = |status: &KeyResultStatus| {
        let mut of_spec = spec.key_results.iter();
        of_spec
            .find(|it| it.name == status.name)
            .map_or(Role::Target, |it| it.role)
    };
    key_results
        .iter()
        .filter(|status| status.on_track == Some(false) && role_of(status) == role)
        .map(|status| status.name.clone())
        .collect()
}
