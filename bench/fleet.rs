//! The measured fleet: a golden path with four checks, and realistic Deployments, some of which
//! fail one check. Pure data computed from an index, so that every run measures the same fleet.

use std::fmt::Write as _;

/// The one golden path.
pub const PATH: &str = "web-service";
/// How many namespaces the Deployments are spread over.
pub const NAMESPACES: usize = 40;
/// The number of deviating Deployments with an approved exception, at most.
pub const EXCEPTIONS: usize = 100;

/// Prometheus counts as floats; so do we where we compare with it.
pub type Count = u32;

/// The feature a Deployment lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lacks {
    Nothing,
    Team,
    ReadinessProbe,
    MemoryLimit,
    PinnedImage,
}

impl Lacks {
    /// The check that fails without it.
    pub const fn check(self) -> Option<&'static str> {
        match self {
            Self::Nothing => None,
            Self::Team => Some("team"),
            Self::ReadinessProbe => Some("readiness-probe"),
            Self::MemoryLimit => Some("memory-limit"),
            Self::PinnedImage => Some("pinned-image"),
        }
    }
}

/// One Deployment of the fleet.
#[derive(Clone, Copy, Debug)]
pub struct Member(pub usize);

impl Member {
    pub fn namespace(self) -> String {
        format!("team-{:02}", self.0 % NAMESPACES)
    }

    pub fn name(self) -> String {
        format!("service-{:05}", self.0)
    }

    /// Three in ten break one check, each of the four equally often.
    pub const fn lacks(self) -> Lacks {
        // By the number of the round over all namespaces, so that every namespace gets its share.
        let round = self.0 / NAMESPACES + self.0 % NAMESPACES;
        if round % 10 >= 3 {
            return Lacks::Nothing;
        }
        match (self.0 / NAMESPACES + round / 10) % 4 {
            0 => Lacks::Team,
            1 => Lacks::ReadinessProbe,
            2 => Lacks::MemoryLimit,
            _ => Lacks::PinnedImage,
        }
    }

    /// The manifest: the template without the lines marked with the missing feature.
    pub fn manifest(self) -> String {
        let mark = self.lacks().check().map(|check| format!(" # {check}"));
        let lacking = |line: &&str| !mark.as_ref().is_some_and(|mark| line.ends_with(mark));
        let tag = if self.lacks() == Lacks::PinnedImage {
            "latest".to_owned()
        } else {
            format!("1.{}.{}", self.0 % 17, self.0 % 5)
        };
        let mut manifest = String::with_capacity(TEMPLATE.len());
        for line in TEMPLATE.lines().filter(lacking) {
            let (line, _) = line.split_once(" # ").unwrap_or((line, ""));
            manifest.push_str(line);
            manifest.push('\n');
        }
        manifest
            .replace("NAMESPACE", &self.namespace())
            .replace("NAME", &self.name())
            .replace("TAG", &tag)
    }
}

/// A realistic Deployment. A line ends with the check that fails without it.
const TEMPLATE: &str = include_str!("deployment.yaml");

/// The number of lines of a complete manifest.
pub fn lines() -> usize {
    TEMPLATE.lines().count()
}

pub fn members(count: usize) -> impl Iterator<Item = Member> {
    (0..count).map(Member)
}

/// The number of members among the first `of` that fail a check for which `counts` holds.
pub fn count(of: usize, counts: impl Fn(Lacks) -> bool) -> Count {
    let counted = members(of).filter(|member| counts(member.lacks())).count();
    Count::try_from(counted).unwrap_or(Count::MAX)
}

/// All namespaces as one multi-document text.
pub fn namespaces() -> String {
    let mut text = String::new();
    for member in members(NAMESPACES) {
        let namespace = member.namespace();
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "---\n{{apiVersion: v1, kind: Namespace, metadata: {{name: {namespace}}}}}\n"
        );
    }
    text
}

/// A deviating member and the check it fails.
#[derive(Clone, Copy, Debug)]
pub struct Deviating {
    pub member: Member,
    pub check: &'static str,
}

pub fn deviating(of: usize) -> impl Iterator<Item = Deviating> {
    members(of).filter_map(|member| {
        let check = member.lacks().check()?;
        Some(Deviating { member, check })
    })
}

/// The number of exceptions in a fleet of this size: most of its deviations are undocumented.
pub fn excepted(of: usize) -> usize {
    EXCEPTIONS.min(of / 10)
}

/// An approved exception for each of the first deviating members.
pub fn exceptions(of: usize) -> String {
    let each: Vec<String> = deviating(of)
        .take(excepted(of))
        .map(|one| one.exception(None))
        .collect();
    each.join("---\n")
}

impl Deviating {
    /// An approved exception, for years or until it expires.
    pub fn exception(self, expires: Option<jiff::Timestamp>) -> String {
        let Self { member, check } = self;
        let (namespace, name) = (member.namespace(), member.name());
        let expires = expires.map_or_else(String::new, |at| {
            format!("\n  expiresAt: \"{}\"", at.strftime("%Y-%m-%dT%H:%M:%SZ"))
        });
        format!(
            "apiVersion: goldenpath.dev/v1alpha1
kind: DeviationException
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  path: {PATH}
  checks: [{check}]
  targets: [{{kind: Deployment, name: {name}}}]
  reason: Measured, not judged; this text is as long as it has to be.
  owner: {{team: {namespace}}}
  ownershipCost: {{hoursPerMonth: 2}}
  approval: {{decision: Approved, by: ada, at: \"{}\"}}{expires}
",
            jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ")
        )
    }
}

/// Variants of the memory check's expression.
#[derive(Clone, Copy, Debug)]
pub enum MemoryCheck {
    /// As the path means it.
    Asked,
    /// Every workload passes.
    Dropped,
    /// As meant, but one workload of the last namespace passes: once that verdict is there, every
    /// workload before it in the list has been judged.
    AskedBut(Member),
}

impl MemoryCheck {
    fn expression(self) -> String {
        const ASKED: &str = "object.spec.template.spec.containers.all(c, \
            has(c.resources.limits) && 'memory' in c.resources.limits)";
        match self {
            Self::Asked => ASKED.to_owned(),
            Self::Dropped => format!("true || {ASKED}"),
            Self::AskedBut(member) => {
                format!("object.metadata.name == '{}' || {ASKED}", member.name())
            }
        }
    }
}

/// The golden path.
pub fn path(memory: MemoryCheck) -> String {
    let memory = memory.expression();
    format!(
        "apiVersion: goldenpath.dev/v1alpha1
kind: GoldenPath
metadata: {{name: {PATH}}}
spec:
  title: Web service
  owner: {{team: platform}}
  checks:
  - name: team
    expression: \"'team' in object.metadata.?labels.orValue({{}})\"
    message: nobody can be asked about this service
  - name: readiness-probe
    expression: object.spec.template.spec.containers.all(c, has(c.readinessProbe))
    message: a container has no readinessProbe
  - name: memory-limit
    expression: >-
      {memory}
    message: a container has no memory limit
  - name: pinned-image
    expression: object.spec.template.spec.containers.all(c, c.image.contains(':') && !c.image.endsWith(':latest'))
    message: an image has no fixed tag
"
    )
}

/// The last deviating member in the order in which the API server lists.
pub fn last_without_memory_limit(of: usize) -> Option<Member> {
    let lacking = members(of).filter(|member| member.lacks() == Lacks::MemoryLimit);
    lacking.max_by_key(|member| (member.namespace(), member.name()))
}
