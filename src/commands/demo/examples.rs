//! The files of `examples/` that make up the demo's cluster, in the order they are applied. They
//! are part of the binary, which works without its source.

macro_rules! examples {
    ($($file:literal),+ $(,)?) => {
        [$(($file, include_str!(concat!("../../../examples/", $file)))),+]
    };
}

/// Name and content.
pub const EXAMPLES: [(&str, &str); 21] = examples![
    "paths/batch-job.yaml",
    "paths/stateful-service.yaml",
    "paths/web-service.yaml",
    "workloads/catalog.yaml",
    "workloads/checkout.yaml",
    "workloads/identity.yaml",
    "workloads/insights.yaml",
    "workloads/logistics.yaml",
    "workloads/payments.yaml",
    "workloads/sandbox.yaml",
    "workloads/search.yaml",
    "objectives/adoption.yaml",
    "objectives/first-deploy.yaml",
    "objectives/organisation.yaml",
    "exceptions/active.yaml",
    "exceptions/closed.yaml",
    "exceptions/expired.yaml",
    "exceptions/pending.yaml",
    "exceptions/rejected.yaml",
    "exceptions/review-due.yaml",
    "exceptions/review-overdue.yaml",
];

/// What an operator would have recorded of these workloads in 90 days.
pub const RECORDS: &str = include_str!("../../../docs/delivery-example.json");

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use super::*;

    #[test]
    fn every_example_is_part_of_the_demo() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
        let mut there = BTreeSet::new();
        for directory in ["paths", "workloads", "objectives", "exceptions"] {
            for entry in fs::read_dir(root.join(directory)).unwrap() {
                let name = entry.unwrap().file_name().into_string().unwrap();
                there.insert(format!("{directory}/{name}"));
            }
        }
        let embedded = EXAMPLES.iter().map(|(name, _)| (*name).to_owned());
        assert_eq!(embedded.collect::<BTreeSet<_>>(), there);
    }
}
