//! How to leave a path and how to come back, with the terms of each path.

use super::escape::{code, table};
use super::path_page::spec;
use super::{Content, page_of};

pub(super) fn page(content: &Content<'_>) -> String {
    let mut page = "\
# Off-ramp

A path is an offer. A team with a good reason leaves it, records that in an exception, and carries the cost.

1. Draft the exception. The command shows what it covers before anything is written:

"
    .to_owned();
    page += &code(
        "kubectl goldenpath except deploy/web -n shop --check NAME --cost 6h \\\n  --reason 'Why this is right, for a reader in a year.' --waits-for ROADMAP-ITEM --apply",
    );
    page += "\
2. The owner of the path approves or rejects it. Until then the workload counts as pending.
3. At each review the owner asks to go on, or closes it:

";
    page += &code(
        "kubectl goldenpath request-renewal NAME -n shop --because '…'\nkubectl goldenpath close NAME -n shop",
    );
    page += "\
4. A missed review ends the exception after the time below. After its end, going on takes a new decision.
5. When a roadmap item ships that the exception waits for, its owner gets a reminder.

What an exception never does: it does not make a workload count as on the path.

## Terms of each path

";
    page += &table(
        &[
            "Path",
            "Approval",
            "Longest",
            "Review every",
            "Lapses after a missed review",
            "Self-declared",
        ],
        content.paths.iter().filter_map(|path| {
            let name = &path.line.path;
            let policy = &spec(content, name)?.exception_policy;
            let declared = policy.self_declare.as_ref().map_or_else(
                || "no".to_owned(),
                |limits| {
                    format!(
                        "up to {} severity, {}",
                        limits.max_severity.as_str(),
                        limits.max_duration
                    )
                },
            );
            let approval = if policy.require_approval {
                "required"
            } else {
                "not required"
            };
            Some(vec![
                format!("[{name}](paths/{})", page_of(name)),
                approval.to_owned(),
                policy.max_duration.to_string(),
                policy.review_every.to_string(),
                policy.lapse_after.to_string(),
                declared,
            ])
        }),
    );
    page
}
