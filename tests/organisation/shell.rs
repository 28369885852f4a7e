//! A user's shell: the programs on the PATH, a home of its own, a kubeconfig. Must not know what is
//! typed into it.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use goldenpath_e2e::{Binaries, Tool};

/// A shell in a directory of its own.
#[derive(Clone, Debug)]
pub struct Shell {
    pub home: PathBuf,
    kubeconfig: PathBuf,
}

impl Shell {
    /// In `home`, where `work` is the user's directory: a clone of this repository, so far as
    /// documents refer to it.
    pub fn new(home: PathBuf, kubeconfig: PathBuf, tools: &[Tool]) -> Self {
        let bin = home.join(".local/bin");
        fs::create_dir_all(&bin).unwrap();
        fs::create_dir_all(home.join("work")).unwrap();
        let binaries = Binaries::locate_or_build(tools, |_| {}).unwrap();
        for tool in tools {
            let program = binaries.path(*tool).unwrap();
            symlink(program, bin.join(tool.as_str())).unwrap();
        }
        symlink(env!("CARGO_BIN_EXE_goldenpath"), bin.join("goldenpath")).unwrap();
        for directory in ["charts", "docs", "examples", "starter"] {
            let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(directory);
            symlink(source, home.join("work").join(directory)).unwrap();
        }
        Self { home, kubeconfig }
    }

    /// The same shell for somebody else.
    pub fn of(&self, kubeconfig: PathBuf) -> Self {
        Self {
            home: self.home.clone(),
            kubeconfig,
        }
    }

    /// A file below the user's directory.
    pub fn file(&self, name: &str) -> PathBuf {
        self.home.join("work").join(name)
    }

    /// Runs commands; any exit code.
    pub fn try_type(&self, commands: &str) -> Output {
        let path = std::env::var("PATH").unwrap();
        let bin = self.home.join(".local/bin");
        Command::new("sh")
            .args(["-ec", commands])
            .current_dir(self.home.join("work"))
            .env("HOME", &self.home)
            .env("PATH", format!("{}:{path}", bin.display()))
            .env("KUBECONFIG", &self.kubeconfig)
            .env("KUBECACHEDIR", self.home.join("kubectl-cache"))
            .env("NO_COLOR", "1")
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }

    /// Runs commands that have to succeed: what they wrote to standard output.
    #[track_caller]
    pub fn type_in(&self, commands: &str) -> String {
        let output = self.try_type(commands);
        let printed = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{commands}\n{printed}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// What a command that has to succeed answers as JSON.
    #[track_caller]
    pub fn json(&self, commands: &str) -> serde_json::Value {
        serde_json::from_str(&self.type_in(commands)).unwrap()
    }
}
