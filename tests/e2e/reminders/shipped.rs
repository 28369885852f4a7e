//! An item of the roadmap that ships: the owners who waited for it are reminded once.

use super::{AT_ONCE, Scene, approved_days_ago, is_on_record, place_on};
use crate::stage::{goldenpath, stop};
use crate::words::{exception, failing};

const ITEM: &str = "
apiVersion: goldenpath.dev/v1alpha1
kind: RoadmapItem
metadata: {name: registry}
spec: {title: A registry of our own, horizon: Now}
";

#[test]
fn an_item_that_ships_reminds_each_owner_who_waited_once() {
    let Some(scene) = Scene::new(AT_ONCE) else {
        return;
    };
    let place = place_on(&scene.cluster);
    place.apply(ITEM);
    place.apply(&failing("web"));
    let approval = approved_days_ago(1);
    place.apply(&exception(
        "web",
        &format!("{approval}\n  waitsFor: [registry]"),
    ));
    place.apply(&exception("api", &approval));
    let operator = scene.operator();
    let shipped = "state: Shipped, shippedAt: '2026-01-01T00:00:00Z'";
    let at = jiff::Timestamp::now()
        .strftime("%Y-%m-%dT%H:%M:%SZ")
        .to_string();
    let shipped = shipped.replace("2026-01-01T00:00:00Z", &at);
    place.apply(&ITEM.replace("horizon: Now", &format!("horizon: Now, {shipped}")));
    let message = scene.received(1).remove(0);
    assert_eq!(scene.delivered(), ["/shop: web item-shipped"]);
    let item = &message.body["items"][0];
    assert_eq!(item["shippedItem"], "registry");
    let close = format!("kubectl goldenpath close web -n {}", place.name);
    assert_eq!(item["next"]["command"], close);
    is_on_record(&place, "web", &["item-shipped:registry"]);
    let exceptions = ["exceptions", "-n", &place.name, "-o", "json"];
    let register = goldenpath(&scene.cluster, &exceptions);
    let register: serde_json::Value = serde_json::from_str(&register).unwrap();
    let mut lines = register["exceptions"].as_array().unwrap().iter();
    let web = lines.find(|line| line["name"] == "web").unwrap();
    assert_eq!(web["next"], "close", "{web:#}");
    assert_eq!(web["shippedItems"][0]["name"], "registry");
    let why = ["why", "deploy/web", "-n", &place.name];
    assert!(goldenpath(&scene.cluster, &why).contains(&close));
    stop(operator);
    // A restart repeats nothing.
    let operator = scene.operator();
    place.apply(&exception("new", ""));
    scene.received(2);
    assert_eq!(scene.delivered()[1], "/default: new decision-waiting");
    stop(operator);
}
