//! Prints where the named tools are, building those that are nowhere; all of
//! them when none is named.
//!
//! `cargo run -p goldenpath-e2e --example tools -- helm kubeconform`

use goldenpath_e2e::{Binaries, Tool};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut wanted: Vec<Tool> = Vec::new();
    for name in std::env::args().skip(1) {
        let mut tools = Tool::ALL.into_iter();
        let tool = tools.find(|tool| tool.as_str() == name);
        wanted.push(tool.ok_or_else(|| format!("no tool called {name}"))?);
    }
    if wanted.is_empty() {
        wanted.extend(Tool::ALL);
    }
    let binaries = Binaries::locate_or_build(&wanted, |progress| eprintln!("{progress}"))?;
    for tool in wanted {
        println!("{}", binaries.path(tool)?.display());
    }
    Ok(())
}
