//! Requirements of a real node beyond the tools this crate builds: root, namespaces, and a few
//! programs of the distribution. Checks them, installs nothing.

use std::{
    collections::BTreeSet,
    env,
    ffi::OsString,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::{Error, Result};

/// Program, and the Debian package that has it.
const PROGRAMS: [(&str, &str); 5] = [
    ("runc", "runc"),
    ("nft", "nftables"),
    ("ip", "iproute2"),
    ("unshare", "util-linux"),
    ("nsenter", "util-linux"),
];

/// Where distributions and the CNI project put the plugins.
const PLUGIN_DIRECTORIES: [&str; 3] = ["/usr/lib/cni", "/opt/cni/bin", "/usr/libexec/cni"];
const PLUGINS: [&str; 2] = ["ptp", "host-local"];

/// What was found.
#[derive(Debug)]
pub(crate) struct Machine {
    pub(crate) cni_plugins: PathBuf,
    /// `PATH` for what runs on the node.
    pub(crate) path: OsString,
}

impl Machine {
    /// [`Error::Unfit`] lists what is missing and how to install it.
    pub(crate) fn examine() -> Result<Self> {
        if !rustix::process::geteuid().is_root() {
            return Err(Error::Unfit("root".to_owned()));
        }
        let path = search_path();
        let cni_plugins = PLUGIN_DIRECTORIES
            .iter()
            .map(Path::new)
            .find(|dir| PLUGINS.iter().all(|plugin| dir.join(plugin).is_file()))
            .map(Path::to_owned);
        let mut missing: Vec<(&str, &str)> = PROGRAMS
            .into_iter()
            .filter(|(program, _)| !is_on(&path, program))
            .collect();
        if cni_plugins.is_none() {
            missing.push(("CNI plugins", "containernetworking-plugins"));
        }
        match cni_plugins {
            Some(cni_plugins) if missing.is_empty() => {
                namespaces_are_allowed()?;
                Ok(Self { cni_plugins, path })
            }
            _ => Err(Error::Unfit(how_to_get(&missing))),
        }
    }
}

/// `PATH`, and where administrators' programs are when it leaves them out.
fn search_path() -> OsString {
    let usual = ["/usr/local/sbin", "/usr/sbin", "/sbin"].map(PathBuf::from);
    let given = env::var_os("PATH").unwrap_or_default();
    let all: Vec<PathBuf> = env::split_paths(&given).chain(usual).collect();
    env::join_paths(all).unwrap_or(given)
}

fn is_on(path: &OsString, program: &str) -> bool {
    env::split_paths(path).any(|directory| directory.join(program).is_file())
}

fn how_to_get(missing: &[(&str, &str)]) -> String {
    let programs: Vec<&str> = missing.iter().map(|(program, _)| *program).collect();
    let packages: Vec<&str> = missing
        .iter()
        .map(|(_, package)| *package)
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect();
    format!(
        "{} (apt-get install {})",
        programs.join(", "),
        packages.join(" ")
    )
}

/// Root in a container may be refused what root needs here.
fn namespaces_are_allowed() -> Result<()> {
    let mut probe = Command::new("unshare");
    probe
        .args([
            "--net",
            "--mount",
            "--pid",
            "--fork",
            "--mount-proc",
            "true",
        ])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    match probe.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(_) | Err(_) => Err(Error::Unfit("the right to make namespaces".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_comes_with_the_command_that_installs_it() {
        let missing = [("unshare", "util-linux"), ("nsenter", "util-linux")];
        assert_eq!(
            how_to_get(&missing),
            "unshare, nsenter (apt-get install util-linux)"
        );
    }

    #[test]
    fn administrators_programs_are_looked_for_in_any_case() {
        let path = search_path();
        assert!(env::split_paths(&path).any(|directory| directory == Path::new("/usr/sbin")));
    }
}
