//! Builds the operator's image without Docker and prints its digest and size.
//! Docker, Podman, containerd and crane read the archive (`docker load -i …`).
//!
//! `cargo run -p goldenpath-e2e --example image -- localhost/goldenpath:dev target/image.tar`

use std::path::Path;

use goldenpath_e2e::build_operator_image;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [name, archive] = &args[..] else {
        return Err("usage: image NAME:TAG ARCHIVE".into());
    };
    let source = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .canonicalize()?;
    let written = build_operator_image(&source, "release", name, Path::new(archive))?;
    println!("{name} {} in {archive}", written.digest);
    println!(
        "{:.1} MB to download",
        bytes_as_megabytes(written.download_size)
    );
    Ok(())
}

/// A size to read, not to count with.
#[allow(clippy::cast_precision_loss)]
fn bytes_as_megabytes(bytes: usize) -> f64 {
    bytes as f64 / 1e6
}
