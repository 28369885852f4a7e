//! Roadmap items and personas on a real cluster: their figures follow what teams do, and mistakes are
//! reported with the nearest name.

use goldenpath_e2e::eventually;
use serde_json::{Value, json};

use crate::stage::{Place, SOON, in_a_place};
use crate::words::{PATH, exception, failing, golden};

const ITEM: &str = "
apiVersion: goldenpath.dev/v1alpha1
kind: RoadmapItem
metadata: {name: PLACE}
spec:
  title: A registry of our own
  horizon: Next
  persona: PLACE
  unblocks: [{path: PLACE, check: pinned-image}]
";
const PERSONA: &str = "
apiVersion: goldenpath.dev/v1alpha1
kind: Persona
metadata: {name: PLACE}
spec:
  title: Users of PLACE
  match: {namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: PLACE}}}
";

fn waits_for(place: &Place<'_>, object: &str, pointer: &str, wanted: &Value) {
    let object = format!("{object}/{}", place.name);
    eventually(SOON, &format!("{object} {pointer} is {wanted}"), || {
        (place.get(&object).pointer(pointer) == Some(wanted)).then_some(())
    });
}

#[test]
fn demand_follows_exceptions_and_missing_steps() {
    in_a_place("demand", |place| {
        place.apply(PATH);
        place.apply(ITEM);
        place.apply(PERSONA);
        place.apply(&[failing("web"), failing("api"), golden("jobs")].concat());
        waits_for(place, "rmi", "/status/demand/services", &json!(2));
        place.apply(&exception("web", "waitsFor: [PLACE]"));
        waits_for(place, "rmi", "/status/demand/exceptions", &json!(1));
        waits_for(place, "rmi", "/status/demand/services", &json!(2));
        waits_for(place, "rmi", "/status/demand/teams", &json!(1));
        place.condition(&format!("rmi/{}", place.name), "ReferencesFound", "True");
        place.condition("devex/web", "WaitsForKnown", "True");
        place.apply(&golden("api"));
        waits_for(place, "rmi", "/status/demand/services", &json!(1));
        let line = place.kubectl(&["get", "rmi", &place.name, "--no-headers"]);
        let words: Vec<&str> = line.split_whitespace().collect();
        assert_eq!(
            words[1..9].join(" "),
            "A registry of our own Next Planned 1",
            "{line}"
        );
    });
}

#[test]
fn mistakes_are_reported_with_the_nearest_name() {
    in_a_place("slips", |place| {
        place.apply(PATH);
        place.apply(PERSONA);
        place.apply(&failing("web"));
        let slip = ITEM.replace("check: pinned-image", "check: pinned-imag");
        place.apply(&slip);
        let item = format!("rmi/{}", place.name);
        let found = place.condition(&item, "ReferencesFound", "False");
        let message = found["message"].as_str().unwrap();
        assert!(
            message.contains("did you mean 'pinned-image'?"),
            "{message}"
        );
        place.apply(&exception("web", "waitsFor: [PLACE-]").replace("PLACE-", "PLACEx"));
        let known = place.condition("devex/web", "WaitsForKnown", "False");
        let message = known["message"].as_str().unwrap();
        let meant = format!("did you mean '{}'?", place.name);
        assert!(message.contains(&meant), "{message}");
        // What it waits for is there from now on.
        let late = ITEM.replacen("{name: PLACE}", "{name: PLACEx}", 1);
        place.apply(&late);
        place.condition("devex/web", "WaitsForKnown", "True");
    });
}

#[test]
fn a_persona_without_a_path_of_its_own_is_unserved() {
    in_a_place("unserved", |place| {
        place.apply(PATH);
        place.apply(PERSONA);
        place.apply(&[failing("web"), golden("api")].concat());
        let persona = format!("persona/{}", place.name);
        waits_for(place, "persona", "/status/services", &json!(2));
        waits_for(place, "persona", "/status/onPath", &json!(1));
        place.condition(&persona, "Served", "False");
        let line = place.kubectl(&["get", "personas", &place.name, "--no-headers"]);
        assert!(line.contains("none: unserved"), "{line}");
        place.apply(&PATH.replace("spec:\n", "spec:\n  persona: PLACE\n"));
        place.condition(&persona, "Served", "True");
        waits_for(place, "persona", "/status/paths", &json!([place.name]));
    });
}

#[test]
fn at_rest_nothing_is_written() {
    in_a_place("items-rest", |place| {
        place.apply(PATH);
        place.apply(ITEM);
        place.apply(PERSONA);
        place.apply(&failing("web"));
        waits_for(place, "rmi", "/status/demand/services", &json!(1));
        waits_for(place, "persona", "/status/services", &json!(1));
        let versions = || {
            ["rmi", "persona"].map(|kind| {
                let object = place.get(&format!("{kind}/{}", place.name));
                object["metadata"]["resourceVersion"]
                    .as_str()
                    .unwrap()
                    .to_owned()
            })
        };
        let before = versions();
        // Another change is counted and written, and these stay as they are.
        place.apply(&golden("later"));
        place.becomes("deploy/later", "golden-path", None);
        waits_for(place, "persona", "/status/services", &json!(2));
        assert_eq!(versions()[0], before[0]);
    });
}
