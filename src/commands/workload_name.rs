//! The name of one workload, as kubectl accepts it. Whether the workload exists is decided elsewhere.

use std::fmt;
use std::str::FromStr;

/// `deploy/web`, as kubectl accepts it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorkloadName {
    /// The kind as written: `deploy`, `deployments` or `Deployment`.
    pub kind: String,
    /// The name.
    pub name: String,
}

impl WorkloadName {
    /// Whether this names an object of `kind`.
    pub fn is_kind(&self, kind: &str) -> bool {
        const SHORT: [(&str, &str); 4] = [
            ("deploy", "deployment"),
            ("sts", "statefulset"),
            ("ds", "daemonset"),
            ("cj", "cronjob"),
        ];
        let lower = self.kind.to_ascii_lowercase();
        let without_group = lower.split('.').next().unwrap_or(&lower);
        let written = SHORT
            .iter()
            .find(|(short, _)| *short == without_group)
            .map_or(without_group, |(_, long)| *long);
        let kind = kind.to_ascii_lowercase();
        written == kind || written.strip_suffix('s') == Some(&kind)
    }
}

impl fmt::Display for WorkloadName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind, self.name)
    }
}

impl FromStr for WorkloadName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (kind, name) = text
            .split_once('/')
            .filter(|(kind, name)| !kind.is_empty() && !name.is_empty() && !name.contains('/'))
            .ok_or("write KIND/NAME, such as deploy/web")?;
        Ok(Self {
            kind: kind.to_owned(),
            name: name.to_owned(),
        })
    }
}
