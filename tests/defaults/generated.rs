//! Generated objects: what we make of each equals what the API server stores of it, in every field.
//! `SEED` chooses others, `OBJECTS` how many. Each object is a sound one with some variations, most of
//! them valid: an object that the API server refuses proves nothing.

use std::collections::BTreeMap;
use std::fs;
use std::thread;

use goldenpath_e2e::ControlPlane;
use serde_json::{Map, Value, json};

use crate::variations::{Place, VARIATIONS};
use crate::{CLUSTER, compare, judged, read_text};

/// How many objects are sent at once.
const SENDERS: usize = 4;
/// Variations of one object, at most.
const MOST: usize = 8;

#[test]
fn generated_objects_are_what_the_api_server_stores() {
    let Some(cluster) = &*CLUSTER else { return };
    let number = |name: &str, default| std::env::var(name).map_or(default, |n| n.parse().unwrap());
    let (seed, objects): (usize, usize) = (number("SEED", 20_261_127), number("OBJECTS", 3_000));
    let mut random = Random(seed as u64);
    let texts: Vec<String> = (0..objects)
        .map(|number| object(number, &mut random).to_string())
        .collect();
    let stored = stored_of_all(cluster, &texts);
    let accepted = stored.len();
    assert!(accepted * 2 > objects, "seed {seed}: {accepted} accepted");
    let places = places_that_differ(&texts, &stored);
    let lines: Vec<String> = places
        .values()
        .map(|found| format!("{} times {}", found.len(), found[0]))
        .collect();
    assert!(
        lines.is_empty(),
        "seed {seed}, {accepted} of {objects} accepted, {} places differ:\n{}",
        lines.len(),
        lines.join("\n")
    );
    println!("{accepted} of {objects} generated objects are stored as we read them");
}

/// Differences by place, each with its object.
fn places_that_differ(
    texts: &[String],
    stored: &BTreeMap<String, Value>,
) -> BTreeMap<String, Vec<String>> {
    let mut places = BTreeMap::<String, Vec<String>>::new();
    for text in texts {
        let Some(ours) = read_text(text).manifests.pop() else {
            continue;
        };
        let name = ours.value["metadata"]["name"].as_str().unwrap();
        let Some(stored) = stored.get(name) else {
            continue;
        };
        let mut ours = ours.value;
        ours.as_object_mut().unwrap().remove("status"); // never judged
        let mut differences = Vec::new();
        compare("", &ours, &judged(stored.clone()), &mut differences);
        for difference in differences {
            let place = difference.split(": ours").next().unwrap();
            let place = place.replace(|c: char| c.is_ascii_digit(), "");
            let found = places.entry(place).or_default();
            found.push(format!("{difference}\n    {text}"));
        }
    }
    places
}

/// What the API server would store, by name.
fn stored_of_all(cluster: &ControlPlane, texts: &[String]) -> BTreeMap<String, Value> {
    let chunks: Vec<_> = texts.chunks(texts.len().div_ceil(SENDERS)).collect();
    thread::scope(|scope| {
        let senders: Vec<_> = chunks
            .iter()
            .enumerate()
            .map(|(sender, chunk)| scope.spawn(move || stored_of(cluster, sender, chunk)))
            .collect();
        senders
            .into_iter()
            .flat_map(|sender| sender.join().unwrap())
            .collect()
    })
}

fn stored_of(cluster: &ControlPlane, sender: usize, texts: &[String]) -> Vec<(String, Value)> {
    let file = cluster.data_dir().join(format!("generated-{sender}.json"));
    fs::write(&file, texts.join("\n")).unwrap();
    let create = [
        "create",
        "--dry-run=server",
        "--validate=ignore",
        "-o=jsonpath={@}{\"\\n\"}",
        "-f",
        file.to_str().unwrap(),
    ];
    // Refused objects make it fail; the others are printed.
    let output = cluster.kubectl(&create).unwrap();
    String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .filter(|line| line.starts_with('{'))
        .map(|line| {
            let object: Value = serde_json::from_str(line).unwrap();
            let name = object["metadata"]["name"].as_str().unwrap().to_owned();
            (name, object)
        })
        .collect()
}

/// A sound object with some variations.
fn object(number: usize, random: &mut Random) -> Value {
    let kind = random.pick(&["Deployment", "StatefulSet", "DaemonSet", "CronJob"]);
    let mut object = sound(kind, &format!("generated-{number}"));
    for _ in 0..=random.below(MOST) {
        let (place, path, values) = random.pick(VARIATIONS);
        let values: Vec<Value> = serde_json::from_str(values).unwrap();
        let value = values[random.below(values.len())].clone();
        if let Some(target) = place.of(kind, &mut object, random.below(2)) {
            set(target, path, value);
        }
    }
    object
}

fn sound(kind: &str, name: &str) -> Value {
    let pod = json!({
        "metadata": {"labels": {"app": name}},
        "spec": {
            "containers": [{"name": "a", "image": "registry.example.com/a:1"}],
            "initContainers": [{"name": "b", "image": "registry.example.com/b:1"}],
        },
    });
    let selector = json!({"matchLabels": {"app": name}});
    let (version, spec) = match kind {
        "CronJob" => {
            let mut pod = pod;
            pod["spec"]["restartPolicy"] = json!("Never");
            let job = json!({"spec": {"template": pod}});
            (
                "batch/v1",
                json!({"schedule": "@daily", "jobTemplate": job}),
            )
        }
        _ => ("apps/v1", json!({"selector": selector, "template": pod})),
    };
    json!({"apiVersion": version, "kind": kind, "metadata": {"name": name}, "spec": spec})
}

impl Place {
    /// The part of an object that a variation changes; none where the kind has no such part.
    fn of<'a>(self, kind: &str, object: &'a mut Value, which: usize) -> Option<&'a mut Value> {
        let template = match kind {
            "CronJob" => "/spec/jobTemplate/spec/template",
            _ => "/spec/template",
        };
        let container = ["containers", "initContainers"][which];
        let pointer = match self {
            Self::Object => String::new(),
            Self::Of(named) if named == kind => "/spec".to_owned(),
            Self::Job if kind == "CronJob" => "/spec/jobTemplate/spec".to_owned(),
            Self::Of(_) | Self::Job => return None,
            Self::Template => template.to_owned(),
            Self::Pod => format!("{template}/spec"),
            Self::Container => format!("{template}/spec/{container}/0"),
            Self::MainContainer => format!("{template}/spec/containers/0"),
        };
        object.pointer_mut(&pointer)
    }
}

/// Sets a field, given by its dotted path, and the objects on the way to it.
fn set(target: &mut Value, path: &str, value: Value) {
    let mut target = target;
    for field in path.split('.') {
        if !target.is_object() {
            *target = Value::Object(Map::new());
        }
        target = &mut target[field];
    }
    *target = value;
}

/// `SplitMix64` (Steele, Lea and Flood 2014): the same numbers for the same seed.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) >> 33).unwrap() % limit
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }
}
