//! Delivery records as facts, for tests of what is made of them. It must not know any figure.

use goldenpath::api::DeliveryRecordStatus;
use goldenpath::api::delivery_record::RecordedWorkload;
use goldenpath::assess::inventory::Inventory;
use goldenpath::assess::namespace_index::records::{PackedStatus, Record};

/// Stores the record of a Deployment in namespace shop.
pub fn put_record(inventory: &mut Inventory, name: &str, status: &DeliveryRecordStatus) {
    let record = Record {
        uid: None,
        version: None,
        generation: Some(1),
        owner: None,
        workload: RecordedWorkload {
            group: "apps".to_owned(),
            kind: "Deployment".to_owned(),
            name: name.to_owned(),
        },
        packed: PackedStatus::of(status),
    };
    inventory.put_record("shop", &format!("deployment-{name}"), record);
}
