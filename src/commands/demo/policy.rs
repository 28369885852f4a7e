//! The chart's policy that verifies approvals, filled in for the demo: the same file, so that
//! its rules are written once.

use goldenpath_e2e::ADMIN;

use crate::commands::run::APPROVAL_POLICY;

const POLICY: &str = include_str!("../../../charts/goldenpath/files/admission/approval.yaml");

/// The demo's operator is the administrator; no account approves on behalf of others.
pub fn manifests() -> String {
    POLICY
        .replace("${NAME}", APPROVAL_POLICY)
        .replace("${OPERATOR}", ADMIN)
        .replace("${ON_BEHALF_OF}", "[]")
}

#[cfg(test)]
mod tests {
    #[test]
    fn nothing_is_left_to_be_filled_in() {
        let filled = super::manifests();
        let rules: Vec<_> = filled
            .lines()
            .filter(|line| !line.starts_with('#'))
            .collect();
        assert!(!rules.join("\n").contains("${"));
        assert_eq!(filled.matches("name: goldenpath-approval").count(), 2);
    }
}
