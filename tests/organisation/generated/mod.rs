//! A generated organisation: 25 teams, 12 namespaces, 300 services, as real people have them: habits
//! that differ by team, workloads that share a service, owners named in five ways or not at all, many
//! image styles, init containers, sidecars, old and new services. Pure data: the same seed and day
//! give the same organisation. Must not know golden paths, nor how the objects are written to files.

pub mod objects;
pub mod tree;

use jiff::{SignedDuration, Timestamp};

pub const NAMESPACES: [&str; 12] = [
    "shop",
    "checkout",
    "payments",
    "identity",
    "catalog",
    "search",
    "logistics",
    "insights",
    "messaging",
    "content",
    "partners",
    "tooling",
];
/// Where `goldenpath.dev/ignore` is allowed, by this label of the namespace.
pub const IGNORING: &str = "tooling";
pub const IGNORES_ALLOWED: (&str, &str) = ("example.com/ignores", "allowed");

pub const TEAMS: [&str; 25] = [
    "cart",
    "tills",
    "ledger",
    "accounts",
    "assortment",
    "ranking",
    "parcels",
    "figures",
    "mail",
    "editors",
    "affiliates",
    "build",
    "offers",
    "orders",
    "fraud",
    "sessions",
    "pricing",
    "index",
    "returns",
    "experiments",
    "push",
    "images",
    "market",
    "runtime",
    "stores",
];

const NOUNS: [&str; 30] = [
    "basket",
    "order",
    "invoice",
    "refund",
    "coupon",
    "price",
    "stock",
    "parcel",
    "route",
    "label",
    "login",
    "profile",
    "consent",
    "review",
    "rating",
    "query",
    "suggestion",
    "ranking",
    "feed",
    "banner",
    "image",
    "video",
    "mail",
    "push",
    "digest",
    "forecast",
    "cohort",
    "partner",
    "quota",
    "flag",
];
const ROLES: [&str; 10] = [
    "api", "web", "worker", "sync", "import", "export", "gateway", "cache", "index", "bridge",
];
pub const SERVICES: usize = NOUNS.len() * ROLES.len();

/// Everything is computed from these two.
#[derive(Clone, Copy, Debug)]
pub struct Organisation {
    pub seed: u64,
    pub today: Timestamp,
}

/// What a service consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    Web,
    WebAndWorker,
    WebWorkerAndJob,
    WebAndStore,
    WebAndJob,
    Store,
    Agent,
    Job,
}

/// One workload of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Web,
    Worker,
    Store,
    Agent,
    Job,
}

impl Part {
    /// What its name has beside that of its service.
    const fn suffix(self) -> &'static str {
        match self {
            Self::Web | Self::Agent => "",
            Self::Worker => "-worker",
            Self::Store => "-store",
            Self::Job => "-nightly",
        }
    }
}

impl Shape {
    const fn parts(self) -> &'static [Part] {
        match self {
            Self::Web => &[Part::Web],
            Self::WebAndWorker => &[Part::Web, Part::Worker],
            Self::WebWorkerAndJob => &[Part::Web, Part::Worker, Part::Job],
            Self::WebAndStore => &[Part::Web, Part::Store],
            Self::WebAndJob => &[Part::Web, Part::Job],
            Self::Store => &[Part::Store],
            Self::Agent => &[Part::Agent],
            Self::Job => &[Part::Job],
        }
    }
}

/// One service, by its number.
#[derive(Clone, Copy, Debug)]
pub struct Service {
    organisation: Organisation,
    number: usize,
}

/// One workload.
#[derive(Clone, Copy, Debug)]
pub struct Workload {
    pub service: Service,
    pub part: Part,
}

impl Organisation {
    pub fn services(self) -> impl Iterator<Item = Service> {
        (0..SERVICES).map(move |number| Service {
            organisation: self,
            number,
        })
    }

    /// A number below `of`, always the same for the same question.
    fn dice(self, question: &str, number: usize, of: usize) -> usize {
        // FNV-1a, then the end of splitmix64: short, and the same on every machine.
        let bytes = question.bytes().chain((number as u64).to_le_bytes());
        let mut hash = bytes.fold(self.seed ^ 0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        #[allow(clippy::cast_possible_truncation)] // the rest is below `of`
        let below = ((hash ^ (hash >> 31)) % of as u64) as usize;
        below
    }

    fn days_ago(self, days: usize) -> Timestamp {
        let days = i64::try_from(days).unwrap_or_default();
        self.today - SignedDuration::from_hours(24 * days)
    }
}

impl Service {
    pub fn name(self) -> String {
        let noun = NOUNS[self.number % NOUNS.len()];
        format!("{noun}-{}", ROLES[self.number / NOUNS.len()])
    }

    /// The number of its team: every team has twelve services.
    pub const fn team_number(self) -> usize {
        (self.number + self.number / TEAMS.len()) % TEAMS.len()
    }

    pub const fn team(self) -> &'static str {
        TEAMS[self.team_number()]
    }

    pub const fn namespace(self) -> &'static str {
        NAMESPACES[self.team_number() % NAMESPACES.len()]
    }

    pub fn shape(self) -> Shape {
        match self.organisation.dice("shape", self.number, 20) {
            0..5 => Shape::Web,
            5..9 => Shape::WebAndWorker,
            9..12 => Shape::WebWorkerAndJob,
            12..14 => Shape::WebAndStore,
            14 => Shape::WebAndJob,
            15..17 => Shape::Store,
            17 => Shape::Agent,
            _ => Shape::Job,
        }
    }

    pub fn workloads(self) -> impl Iterator<Item = Workload> {
        let parts = self.shape().parts().iter();
        parts.map(move |&part| Workload {
            service: self,
            part,
        })
    }

    /// Whether the dice fall below so many in a hundred.
    fn is(self, question: &str, percent: usize) -> bool {
        self.organisation.dice(question, self.number, 100) < percent
    }

    /// When it began, where its team wrote that down.
    pub fn since(self) -> Option<Timestamp> {
        let days = 20 + self.organisation.dice("age", self.number, 1_500);
        self.is("dated", 35)
            .then(|| self.organisation.days_ago(days))
    }

    /// Why its team does not want it counted.
    pub fn ignored_because(self) -> Option<&'static str> {
        let often = if self.namespace() == IGNORING { 25 } else { 2 };
        self.is("ignored", often)
            .then_some("measures the platform itself")
    }

    /// The path that it declares, which does not exist.
    pub fn declares(self) -> Option<&'static str> {
        self.is("declares", 2).then_some("moon-base")
    }
}

impl Workload {
    pub fn name(self) -> String {
        format!("{}{}", self.service.name(), self.part.suffix())
    }

    /// The number behind its dice.
    fn number(self) -> usize {
        self.service.number * 8 + self.part as usize
    }

    fn dice(self, question: &str, of: usize) -> usize {
        self.service.organisation.dice(question, self.number(), of)
    }

    /// Whether it does something that so many in a hundred do.
    fn is(self, question: &str, percent: usize) -> bool {
        self.dice(question, 100) < percent
    }
}
