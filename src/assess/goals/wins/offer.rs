//! What the platform team did in the month: paths it launched, changes it released, items it shipped,
//! and an obstacle that it removed for teams that had asked.

use std::collections::BTreeSet;

use super::closing::Return;
use super::content::{
    Addition, AdditionKind, Additions, MOST_ADDITIONS, MOST_NAMES, Obstacle, ObstacleKind,
};
use super::scene::Scene;
use super::shortened;
use super::team::path_title;
use crate::assess::goal_objects::StoredRoadmapItem;

/// What is new on the paths, in order of time. The item of the obstacle is named there.
pub(super) fn additions(scene: &Scene<'_>, obstacle: Option<&Obstacle>) -> Additions {
    let mut items = Vec::new();
    let paths = scene.inventory.paths().iter();
    for path in paths.filter(|path| path.deleted.is_none() && !path.only_advises()) {
        let title = path_title(path);
        let launch = path.known_launch().filter(|at| scene.is_within(*at));
        items.extend(launch.map(|at| Addition {
            at,
            kind: AdditionKind::Launched,
            title: title.clone(),
            note: path.spec.job_to_be_done.clone(),
        }));
        let is_launched = path.launched_at().is_some_and(|at| at <= scene.as_of.now);
        let releases = path.spec.releases.iter().filter(|_| is_launched);
        let in_month = releases.filter(|release| scene.is_within(release.at.0));
        items.extend(in_month.map(|release| Addition {
            at: release.at.0,
            kind: AdditionKind::Released,
            title: title.clone(),
            note: Some(release.note.clone()),
        }));
    }
    let roadmap = scene.inventory.goals().roadmap.iter();
    let shipped = roadmap.filter(|item| obstacle.is_none_or(|it| it.id != item_id(item)));
    items.extend(shipped.filter_map(|item| {
        let at = item.shipped_at().filter(|at| scene.is_within(*at))?;
        Some(Addition {
            at,
            kind: AdditionKind::Shipped,
            title: item.spec.title.clone(),
            note: item.spec.note.clone(),
        })
    }));
    items.sort();
    let more = items.len().saturating_sub(MOST_ADDITIONS);
    items.truncate(MOST_ADDITIONS);
    Additions { items, more }
}

/// The obstacle that most teams had asked to remove, and that no recent digest named: a shipped item,
/// else what a closed exception had asked for.
pub(super) fn obstacle(
    scene: &Scene<'_>,
    asked: Vec<(&StoredRoadmapItem, BTreeSet<&str>)>,
    returns: &[Return<'_>],
    recent: &BTreeSet<String>,
) -> Option<Obstacle> {
    let mut shipped: Option<(&StoredRoadmapItem, BTreeSet<&str>)> = None;
    for (item, teams) in asked {
        let is_new = !recent.contains(&item_id(item));
        let asks_more = shipped
            .as_ref()
            .is_none_or(|(_, most)| teams.len() > most.len());
        if is_new && asks_more {
            shipped = Some((item, teams));
        }
    }
    if let Some((item, teams)) = shipped {
        let teams = teams.into_iter().map(str::to_owned).collect();
        let (teams, more) = shortened(teams, MOST_NAMES);
        return Some(Obstacle {
            id: item_id(item),
            kind: ObstacleKind::Shipped,
            title: item.spec.title.clone(),
            teams,
            more,
            at: item.shipped_at().unwrap_or(scene.as_of.now),
        });
    }
    let mut wished: Vec<_> = returns.iter().filter_map(returned).collect();
    wished.retain(|(_, obstacle)| !recent.contains(&obstacle.id));
    wished.sort_by(|(a, x), (b, y)| b.total_cmp(a).then_with(|| x.id.cmp(&y.id)));
    wished.into_iter().next().map(|(_, obstacle)| obstacle)
}

/// What a closed exception had asked for, with its hours a month.
fn returned(it: &Return<'_>) -> Option<(f64, Obstacle)> {
    let spec = &it.exception.spec;
    let wish = spec.would_return_if.as_deref().map(str::trim)?;
    let obstacle = Obstacle {
        id: format!("exception/{}/{}", it.namespace, it.exception.name),
        kind: ObstacleKind::Returned,
        title: wish.to_owned(),
        teams: vec![spec.owner.team.clone()],
        more: 0,
        at: it.closed_at,
    };
    (!wish.is_empty()).then_some((spec.ownership_cost.hours_per_month, obstacle))
}

fn item_id(item: &StoredRoadmapItem) -> String {
    format!("item/{}", item.name)
}
