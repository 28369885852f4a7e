//! Reads the commands of the README's section "Install", so that the tests run what it documents.

const README: &str = include_str!("../../README.md");

/// The first shell block: how it is installed.
pub fn install() -> &'static str {
    block(0)
}

/// The second shell block: how it is removed.
pub fn remove() -> &'static str {
    block(1)
}

fn block(index: usize) -> &'static str {
    let section = README
        .split("\n## ")
        .find(|section| section.starts_with("Install\n"));
    let blocks = section.unwrap().split("\n```sh\n").skip(1);
    let commands = blocks.map(|rest| rest.split("\n```").next().unwrap());
    commands.collect::<Vec<_>>()[index]
}

#[test]
fn the_readme_has_the_commands_to_install_and_remove() {
    assert!(install().contains("helm install goldenpath charts/goldenpath"));
    assert!(remove().contains("helm uninstall goldenpath"));
    assert!(remove().contains("goldenpath cleanup"));
}
