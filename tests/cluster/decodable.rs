//! The operator can decode every object that the definitions accept. A real API server is the judge
//! of what they accept.

use std::process::Output;
use std::sync::LazyLock;

use goldenpath::api::{self, DeviationException, GoldenPath};
use goldenpath_e2e::ControlPlane;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::ground::cluster;

/// Texts that `format: date-time` alone accepts, and texts that are not dates at all.
const NO_DATES: [&str; 22] = [
    "2026-03-01T09:00:00.0123456789Z",
    "2026-03-01T09:00:00.Z",
    "2026-03-01T09:00:00x123Z",
    "2026-03-01T09:00:00,5Z",
    "2026-03-01t09:00:00Z",
    "2026-03-01T09:00:00z",
    "2026-03-01 09:00:00Z",
    "2026-03-01T09:00:00",
    "2026-03-01T09:00Z",
    "2026-03-01",
    "2026-02-30T09:00:00Z",
    "2025-02-29T09:00:00Z",
    "2026-13-01T09:00:00Z",
    "2026-03-01T24:00:00Z",
    "2026-03-01T09:60:00Z",
    "2026-06-30T23:59:60Z",
    "2026-03-01T09:00:00+99:99",
    "2026-03-01T09:00:00+24:00",
    "2026-03-01T09:00:00+01:00[Europe/Berlin]",
    "0000-01-01T00:00:00Z",
    "9999-01-01T00:00:00Z",
    "9998-12-31T23:59:59-00:01",
];
const DATES: [&str; 8] = [
    "2026-03-01T09:00:00Z",
    "2026-03-01T09:00:00.123456789+23:59",
    "2024-02-29T23:59:59.5-23:59",
    "0001-01-01T00:00:00Z",
    "0001-01-01T00:00:00.000000001-23:59",
    "9998-12-31T23:59:59.999999999Z",
    "9998-12-31T23:59:59.999999999+23:59",
    "9999-01-01T00:00:00+00:01",
];

/// For tests that only try what would be stored.
static TRIED_ON: LazyLock<Option<ControlPlane>> = LazyLock::new(cluster);

fn exception() -> Value {
    json!({
        "apiVersion": api::API_VERSION,
        "kind": "DeviationException",
        "metadata": {"name": "dated", "namespace": "default"},
        "spec": {
            "path": "web-service",
            "checks": ["spread"],
            "targets": [{"kind": "Deployment", "name": "shop"}],
            "reason": "One replica is what the licence allows.",
            "owner": {"team": "shop"},
            "ownershipCost": {"hoursPerMonth": 2, "oneOffHours": 1},
            "maxWorkloads": 3,
            "reviewEvery": "90d",
            "expiresAt": DATES[0],
            "approval": {"decision": "Approved", "by": "ada", "at": DATES[0]},
            "reviews": [{"by": "ada", "at": DATES[0], "outcome": "Renewed", "expiresAt": DATES[0]}],
            "renewal": {"requestedAt": DATES[0], "by": "sam", "stillNeededBecause": "no change"},
        },
    })
}

fn path() -> Value {
    json!({
        "apiVersion": api::API_VERSION,
        "kind": "GoldenPath",
        "metadata": {"name": "dated"},
        "spec": {
            "owner": {"team": "platform"},
            "priority": 1,
            "launchedAt": DATES[0],
            "estimatedImpact": {"teamsUnblocked": 1, "hoursOfToilRemovedPerMonth": 1},
            "adoption": {"targetPercent": 70, "withinDays": 90},
            "checks": [{"name": "probe", "expression": "true", "enforceFrom": DATES[0]}],
            "existing": {"treatAs": "Predates", "until": DATES[0]},
            "releases": [{"at": DATES[0], "note": "first"}],
            "ownershipCost": {"hoursPerMonth": 1},
            "exceptionPolicy": {
                "maxDuration": "180d", "reviewEvery": "90d", "remindBefore": "14d",
                "lapseAfter": "30d",
                "selfDeclare": {"maxSeverity": "low", "maxDuration": "30d", "maxRenewals": 1},
            },
        },
    })
}

const DATES_OF_AN_EXCEPTION: [&str; 5] = [
    "/spec/expiresAt",
    "/spec/approval/at",
    "/spec/reviews/0/at",
    "/spec/reviews/0/expiresAt",
    "/spec/renewal/requestedAt",
];
const DATES_OF_A_PATH: [&str; 4] = [
    "/spec/launchedAt",
    "/spec/checks/0/enforceFrom",
    "/spec/existing/until",
    "/spec/releases/0/at",
];
const NUMBERS: [&str; 10] = [
    "/spec/maxWorkloads",
    "/spec/ownershipCost/hoursPerMonth",
    "/spec/ownershipCost/oneOffHours",
    "/spec/priority",
    "/spec/estimatedImpact/teamsUnblocked",
    "/spec/estimatedImpact/hoursOfToilRemovedPerMonth",
    "/spec/adoption/targetPercent",
    "/spec/adoption/withinDays",
    "/spec/exceptionPolicy/selfDeclare/maxRenewals",
    "/spec/ownershipCost/hoursPerMonth",
];
const PERIODS: [&str; 6] = [
    "/spec/reviewEvery",
    "/spec/exceptionPolicy/maxDuration",
    "/spec/exceptionPolicy/reviewEvery",
    "/spec/exceptionPolicy/remindBefore",
    "/spec/exceptionPolicy/lapseAfter",
    "/spec/exceptionPolicy/selfDeclare/maxDuration",
];

/// The objects with one field replaced, those that have the field.
fn with(field: &str, value: &Value) -> Vec<Value> {
    let mut objects = vec![exception(), path()];
    objects.retain_mut(|object| {
        let place = object.pointer_mut(field);
        place.map(|place| place.clone_from(value)).is_some()
    });
    objects
}

/// Sends objects to the API server as if to create them, all in one go: those it accepts, as it
/// would store them.
fn accepted(cluster: &ControlPlane, objects: &[Value]) -> Vec<Value> {
    let numbered = objects.iter().enumerate().map(|(number, object)| {
        let mut object = object.clone();
        object["metadata"]["name"] = json!(format!("candidate-{number}"));
        object.to_string()
    });
    // Several tests ask at once.
    let file = format!("candidates-{:?}.json", std::thread::current().id());
    let file = cluster.data_dir().join(file);
    std::fs::write(&file, numbered.collect::<Vec<_>>().join("\n")).unwrap();
    let create = [
        "create",
        "--dry-run=server",
        "-o=jsonpath={@}{\"\\n\"}",
        "-f",
        file.to_str().unwrap(),
    ];
    let Output { stdout, .. } = cluster.kubectl(&create).unwrap();
    let text = String::from_utf8(stdout).unwrap();
    text.lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn undecodable<K: DeserializeOwned>(object: &Value) -> Option<String> {
    let error = K::deserialize(object).err()?;
    Some(format!("{error}: {object}"))
}

/// Those that the operator cannot decode, and why.
fn undecodable_among(objects: &[Value]) -> Vec<String> {
    let found = objects.iter().filter_map(|object| {
        if object["kind"] == "GoldenPath" {
            undecodable::<GoldenPath>(object)
        } else {
            undecodable::<DeviationException>(object)
        }
    });
    found.collect()
}

#[test]
fn no_field_takes_a_date_the_operator_cannot_read() {
    let Some(cluster) = &*TRIED_ON else { return };
    let fields = || DATES_OF_AN_EXCEPTION.iter().chain(&DATES_OF_A_PATH);
    let all = |dates: &[&str]| -> Vec<Value> {
        let dates = dates.iter().map(|date| json!(date));
        dates
            .flat_map(|date| fields().flat_map(move |field| with(field, &date)))
            .collect()
    };
    let taken = accepted(cluster, &all(&NO_DATES));
    assert!(taken.is_empty(), "{taken:#?}");
    let good = all(&DATES);
    let taken = accepted(cluster, &good);
    assert_eq!(taken.len(), good.len());
    assert_eq!(undecodable_among(&taken), [""; 0]);
}

#[test]
fn manifests_are_refused_for_the_dates_the_api_server_refuses() {
    let Some(cluster) = &*TRIED_ON else { return };
    let mut dice = Dice(20_261_128);
    let fields: Vec<&str> = DATES_OF_AN_EXCEPTION
        .into_iter()
        .chain(DATES_OF_A_PATH)
        .collect();
    let known = NO_DATES.iter().chain(&DATES).map(|date| json!(date));
    let dates: Vec<Value> = known.chain((0..2_000).map(|_| dice.date())).collect();
    let objects: Vec<Value> = dates
        .iter()
        .flat_map(|date| with(dice.pick::<&str>(&fields), date))
        .collect();
    let ours: Vec<String> = (0..)
        .zip(&objects)
        .filter(|(_, object)| api::refused_dates(object).is_empty())
        .map(|(number, _)| format!("candidate-{number}"))
        .collect();
    let theirs: Vec<String> = accepted(cluster, &objects)
        .iter()
        .map(|object| object["metadata"]["name"].as_str().unwrap().to_owned())
        .collect();
    assert!(theirs.len() > 50, "{} accepted", theirs.len());
    assert_eq!(ours, theirs);
}

/// Numbers that are the same on every run that starts with the same seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit as u64).unwrap()
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }

    /// A date near the bounds of each part, with a character changed now and then.
    fn date(&mut self) -> Value {
        let year = self.pick(&["0000", "0001", "1970", "2024", "2026", "9998", "9999"]);
        let month = self.pick(&["00", "01", "02", "12", "13"]);
        let day = self.pick(&["00", "01", "28", "29", "30", "31"]);
        let time = self.pick(&["00:00:00", "23:59:59", "24:00:00", "12:60:00", "23:59:60"]);
        let fraction = self.pick(&["", ".0", ".999999999", ".0000000001", ".", "x5"]);
        let offset = self.pick(&[
            "Z", "+00:00", "-23:59", "+23:59", "+25:59", "-00:60", "z", "",
        ]);
        let mut text = format!("{year}-{month}-{day}T{time}{fraction}{offset}");
        if self.below(8) == 0 {
            let at = self.below(text.len());
            let other = *self.pick(&["0", "9", "T", "-", "Z", " ", ":"]);
            text.replace_range(at..=at, other);
        }
        json!(text)
    }

    fn number(&mut self) -> Value {
        let text = self.pick(&[
            "0",
            "-1",
            "1",
            "5.0",
            "0.5",
            "1e2",
            "100",
            "255",
            "256",
            "3650",
            "65535",
            "65536",
            "2147483647",
            "2147483648",
            "-2147483648",
            "-2147483649",
            "4294967295",
            "4294967296",
            "9007199254740991",
            "9223372036854775807",
            "9223372036854775808",
            "18446744073709551616",
            "1e19",
            "1e21",
            "1e300",
            "-0.0",
            "123456789012345678901234567890",
        ]);
        serde_json::from_str(text).unwrap()
    }

    fn period(&mut self) -> Value {
        let parts = [
            ["", "0d", "1d", "9999d", "10000d"],
            ["", "0h", "1h", "99999h", "100000h"],
            ["", "0m", "59m", "999999m", "1000000m"],
            ["", "0s", "1s", "99999999s", "18446744073709551616s"],
        ];
        json!(parts.map(|part| *self.pick(&part)).concat())
    }

    fn object(&mut self) -> Value {
        let mut object = if self.below(2) == 0 {
            exception()
        } else {
            path()
        };
        for _ in 0..=self.below(2) {
            let (field, value) = match self.below(4) {
                0 => (*self.pick(&NUMBERS), self.number()),
                1 => (*self.pick(&PERIODS), self.period()),
                2 => (*self.pick(&DATES_OF_AN_EXCEPTION), self.date()),
                _ => (*self.pick(&DATES_OF_A_PATH), self.date()),
            };
            if let Some(place) = object.pointer_mut(field) {
                *place = value;
            }
        }
        object
    }
}

#[test]
fn whatever_the_definitions_accept_decodes() {
    let Some(cluster) = &*TRIED_ON else { return };
    let seed = std::env::var("SEED").map_or(20_261_127, |seed| seed.parse().unwrap());
    let mut dice = Dice(seed);
    let objects: Vec<Value> = (0..900).map(|_| dice.object()).collect();
    let taken = accepted(cluster, &objects);
    assert!(
        taken.len() > 200,
        "seed {seed}: only {} accepted",
        taken.len()
    );
    assert!(taken.len() < 800, "seed {seed}: {} accepted", taken.len());
    assert_eq!(undecodable_among(&taken), [""; 0], "seed {seed}");
}

#[test]
fn an_exception_with_64_reviews_can_still_be_closed() {
    let Some(cluster) = cluster() else { return };
    let review = |number: i64, outcome: &str| {
        let at = jiff::Timestamp::from_second(1_700_000_000 + number * 86_400).unwrap();
        json!({"at": at.to_string(), "by": "ada", "outcome": outcome})
    };
    let mut object = exception();
    let mut reviews: Vec<Value> = (0..64).map(|number| review(number, "Renewed")).collect();
    object["spec"]["reviews"] = json!(reviews);
    cluster.apply(&object.to_string()).unwrap();
    reviews.push(review(64, "Renewed"));
    object["spec"]["reviews"] = json!(reviews);
    let refused = cluster.apply(&object.to_string()).unwrap_err().to_string();
    let sentence = "an exception holds at most 64 reviews and one with outcome Closed";
    assert!(refused.contains(sentence), "{refused}");
    reviews[64] = review(64, "Closed");
    object["spec"]["reviews"] = json!(reviews);
    cluster.apply(&object.to_string()).unwrap();
    let operator = crate::ground::start_ready(&cluster, &[]);
    goldenpath_e2e::eventually(crate::ground::SOON, "the exception is closed", || {
        let stored = crate::ground::stored(&cluster, "devex", "dated");
        (stored["status"]["phase"] == "Closed").then_some(())
    });
    drop(operator);
}
