//! Control groups of one node: one in every hierarchy, below which kubelet creates one per pod.
//! Without it, two nodes would remove each other's.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{Error, Result, home::Home};

/// What kubelet wants to limit; a group may use what its parent passes on.
const CONTROLLERS: &str = "+cpu +cpuset +memory +pids";

/// Makes a group with the name of `home` in every hierarchy, to be removed with it.
/// Returns the name as kubelet wants it.
pub(crate) fn create(home: &Home) -> Result<String> {
    let name = home.name();
    let mounts = Path::new("/proc/self/mounts");
    let mounts = fs::read_to_string(mounts).map_err(Error::file("read", mounts))?;
    let hierarchies = hierarchies(&mounts);
    let groups = hierarchies.iter().map(|(root, _)| root.join(&name));
    home.also_remove(&groups.collect::<Vec<_>>())?;
    for (root, is_unified) in hierarchies {
        let group = root.join(&name);
        fs::create_dir_all(&group).map_err(Error::file("create", &group))?;
        if is_unified {
            for directory in [&root, &group] {
                // Beside the old kind of hierarchy there are no controllers to pass on.
                let _ = fs::write(directory.join("cgroup.subtree_control"), CONTROLLERS);
            }
        }
    }
    Ok(format!("/{name}"))
}

/// Where hierarchies are mounted, and whether each is the unified one (version 2).
fn hierarchies(mounts: &str) -> Vec<(PathBuf, bool)> {
    let place = |line: &str| {
        let mut words = line.split(' ').skip(1);
        let path = PathBuf::from(words.next()?);
        match words.next()? {
            "cgroup" => Some((path, false)),
            "cgroup2" => Some((path, true)),
            _ => None,
        }
    };
    mounts.lines().filter_map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_versions_of_hierarchies_are_found() {
        let mounts = "tmpfs /sys/fs/cgroup tmpfs rw 0 0\n\
            cgroup /sys/fs/cgroup/cpu cgroup rw,cpu 0 0\n\
            cgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0\n";
        assert_eq!(
            hierarchies(mounts),
            [
                (PathBuf::from("/sys/fs/cgroup/cpu"), false),
                (PathBuf::from("/sys/fs/cgroup/unified"), true),
            ]
        );
    }
}
