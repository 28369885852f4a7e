//! The name of one workload, written as people write it for kubectl. Whether it exists is asked
//! elsewhere.

/// `deploy/web`, as kubectl would take it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorkloadName {
    /// The kind as written: `deploy`, `deployments` or `Deployment`.
    pub kind: String,
    /// The name.
    pub name: String,
}

impl WorkloadName {
    /// Whether an object of this kind is meant. `plural` is absent where only the kind is known.
    pub fn is_kind(&self, kind: &str) -> bool {
        const SHORT: [(&str, &str); 4] = [
            ("deploy", "deployment"),
            ("sts", "statefulset"),
            ("ds", "daemonset"),
            ("cj", "cronjob"),
        ];
        let written = self.kind.to_ascii_lowercase();
        let written = written.split('.').next().unwrap_or(&written);
        let long = SHORT.iter().find(|(short, _)| *short == written);
        let written = long.map_or(written, |(_, long)| *long);
        let kind = kind.to_ascii_lowercase();
        written == kind || written.strip_suffix('s') == Some(&kind)
    }
}

impl std::str::FromStr for WorkloadName {
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
