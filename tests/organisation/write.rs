//! `cargo run --example organisation -- DIR` writes the generated organisation below a directory, to
//! look at it or to measure with it. Must not know what it is used for.

use std::path::Path;
use std::process::ExitCode;

#[path = "generated/mod.rs"]
#[allow(dead_code)] // what the test alone reads
mod generated;

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let Some(directory) = args.next() else {
        eprintln!("usage: organisation DIR [SEED]");
        return ExitCode::from(2);
    };
    let organisation = generated::Organisation {
        seed: args.next().and_then(|seed| seed.parse().ok()).unwrap_or(1),
        today: jiff::Timestamp::now(),
    };
    let files = organisation.files();
    match generated::tree::write(&files, Path::new(&directory)) {
        Ok(()) => {
            println!("{} files in {directory}", files.len());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{directory}: {error}");
            ExitCode::FAILURE
        }
    }
}
