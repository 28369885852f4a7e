//! What a service adds to the numbers of personas and roadmap items. Nothing is summed here.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::assess::adoption::service::{CheckFailure, Member, Service};
use crate::assess::exception::record::Exception;
use crate::assess::verdict::JudgeContext;

/// How a service adds to the demand for one roadmap item.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct ItemPart {
    /// Name of the item.
    pub item: Arc<str>,
    /// Whether it fails a check that the item unblocks, without an exception that excuses it.
    pub is_unexcused: bool,
}

/// The personas whose selectors match one of its workloads, in order of name.
pub(super) fn personas(service: &Service<'_>, ctx: &JudgeContext<'_>) -> Vec<Arc<str>> {
    ctx.terms
        .personas()
        .iter()
        .filter(|persona| {
            let mut members = service.members().iter();
            members.any(|member| persona.matches(member.ns, member.workload))
        })
        .map(|persona| persona.name.clone())
        .collect()
}

/// The roadmap items that the service waits for, by an exception or by a failing check that the item
/// unblocks; in order of name.
pub(super) fn items(
    service: &Service<'_>,
    failures: &[CheckFailure],
    ctx: &JudgeContext<'_>,
) -> Vec<ItemPart> {
    if ctx.terms.items().is_empty() {
        return Vec::new();
    }
    let members = service.members().iter();
    let waits_for: BTreeSet<&str> = members.flat_map(|member| waits_for(member, ctx)).collect();
    ctx.terms
        .items()
        .iter()
        .filter_map(|item| {
            let unblocked = || {
                failures
                    .iter()
                    .filter(|failure| item.unblocks(&failure.path, &failure.check, ctx.paths))
            };
            let counts = waits_for.contains(&*item.name) || unblocked().next().is_some();
            counts.then(|| ItemPart {
                item: item.name.clone(),
                is_unexcused: unblocked().any(|failure| !failure.standing.is_excused()),
            })
        })
        .collect()
}

/// What the exceptions that cover a workload wait for.
fn waits_for<'a>(member: &Member<'a>, ctx: &JudgeContext<'_>) -> Vec<&'a str> {
    let (ns, workload) = (member.ns, member.workload);
    let covers = |exception: &&Exception| {
        let phase = ctx.life(ns, exception).phase;
        let of_its_path = exception.path(ctx.paths).zip(member.path());
        phase.standing().is_some()
            && of_its_path.is_some_and(|(named, judging)| ctx.paths.is_about(named, judging))
            && ns.covers_within_limit(exception, workload)
    };
    ns.exceptions_naming(workload)
        .filter(|exception| !exception.spec.waits_for.is_empty())
        .filter(covers)
        .flat_map(|exception| exception.spec.waits_for.iter().map(String::as_str))
        .collect()
}
