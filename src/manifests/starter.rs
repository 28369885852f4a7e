//! The golden paths that come with the binary, for a first look at any cluster or directory.

use super::files::File;

const STARTERS: [(&str, &str); 3] = [
    (
        "starter/web-service.yaml",
        include_str!("../../starter/web-service.yaml"),
    ),
    (
        "starter/batch-job.yaml",
        include_str!("../../starter/batch-job.yaml"),
    ),
    (
        "starter/stateful-service.yaml",
        include_str!("../../starter/stateful-service.yaml"),
    ),
];

/// The starter paths, as if they had been read from files.
pub fn files() -> Vec<File> {
    let file = |(name, content): (&str, &str)| File {
        name: name.to_owned(),
        content: content.as_bytes().to_vec(),
        is_named: true,
    };
    STARTERS.into_iter().map(file).collect()
}
