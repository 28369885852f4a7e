//! Reads the commands of the README's section "Install", so that the tests run what it documents.

const README: &str = include_str!("../../README.md");

/// How it is installed.
pub fn install() -> &'static str {
    block("helm install ")
}

/// How it is removed.
pub fn remove() -> &'static str {
    block("helm uninstall ")
}

/// The shell block that begins with a command.
fn block(command: &str) -> &'static str {
    let section = README
        .split("\n## ")
        .find(|section| section.starts_with("Install\n"));
    let blocks = section.unwrap().split("\n```sh\n").skip(1);
    let mut commands = blocks.map(|rest| rest.split("\n```").next().unwrap());
    commands.find(|block| block.starts_with(command)).unwrap()
}

#[test]
fn the_readme_has_the_commands_to_install_and_remove() {
    assert!(install().contains("helm install goldenpath charts/goldenpath"));
    assert!(remove().contains("helm uninstall goldenpath"));
    assert!(remove().contains("goldenpath cleanup"));
}
