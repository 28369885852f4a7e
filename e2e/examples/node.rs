//! Starts a real node, prints its kubeconfig and waits: end it with Ctrl-C or by
//! closing standard input. Needs root. Archives named as arguments are imported.
//!
//! `cargo run -p goldenpath-e2e --example node -- [image.tar …]`

use std::{io::Read as _, path::Path, time::Instant};

use goldenpath_e2e::{Node, Options};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let start = Instant::now();
    let node = Node::start(&Options::default())?;
    eprintln!("ready in {:.1} s", start.elapsed().as_secs_f32());
    for archive in std::env::args().skip(1) {
        node.import_image(Path::new(&archive))?;
    }
    println!(
        "export KUBECONFIG={}",
        node.cluster().kubeconfig().display()
    );
    // Ctrl-C ends this process; the guard then ends the rest.
    std::io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}
