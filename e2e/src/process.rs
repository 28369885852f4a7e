//! One child of a throwaway cluster: started so that the guard knows its id
//! before it runs, its output in a log file, killed when dropped.

use std::{
    ffi::OsString,
    fs::{self, OpenOptions},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::Arc,
    time::Duration,
};

use crate::{
    Error, Result,
    home::{HOME_VARIABLE, Home},
    logs,
    signal::{self, Intent},
    wait,
};

/// Writes its own id where the guard looks, makes sure the guard has not closed
/// the place meanwhile, then becomes the program.
const REGISTER: &str = r#"echo $$ >"$1" && [ -d "${1%/*}" ] || exit 1; shift; exec "$@""#;

/// What to run, and under which name its log and process id are kept.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    pub(crate) name: String,
    pub(crate) binary: PathBuf,
    pub(crate) args: Vec<OsString>,
    pub(crate) env: Vec<(String, OsString)>,
}

impl Program {
    pub(crate) fn new(name: &str, binary: &Path) -> Self {
        Self {
            name: name.to_owned(),
            binary: binary.to_owned(),
            args: Vec::new(),
            env: Vec::new(),
        }
    }

    /// Adds arguments as they are.
    pub(crate) fn args<T: Into<OsString>>(mut self, args: impl IntoIterator<Item = T>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Puts words before the command line, such as `nsenter …`.
    pub(crate) fn through(mut self, words: &[String]) -> Self {
        let mut words = words.iter();
        if let Some(first) = words.next() {
            let binary = std::mem::replace(&mut self.binary, first.into());
            let args = std::mem::take(&mut self.args);
            self = self.args(words).args([binary]).args(args);
        }
        self
    }

    /// Adds `--flag=value` for a path.
    pub(crate) fn path_flag(self, flag: &str, path: &Path) -> Self {
        let mut argument = OsString::from(format!("--{flag}="));
        argument.push(path);
        self.args([argument])
    }
}

/// A running child. Dropping it kills it and its process group.
#[derive(Debug)]
pub(crate) struct Process {
    name: String,
    child: Child,
    home: Arc<Home>,
}

impl Process {
    /// Starts the program with the home directory as its working directory.
    pub(crate) fn start(home: &Arc<Home>, program: &Program) -> Result<Self> {
        let log = home.log_file(&program.name);
        let output = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&log)
            .map_err(Error::file("open", &log))?;
        let errors = output.try_clone().map_err(Error::file("open", &log))?;
        let child = Command::new("sh")
            .args(["-c", REGISTER, "sh"])
            .arg(home.pid_file(&program.name))
            .args(home.entrance())
            .arg(&program.binary)
            .args(&program.args)
            .envs(program.env.iter().map(|(key, value)| (key, value)))
            .env(HOME_VARIABLE, home.path())
            .current_dir(home.path())
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(errors)
            .spawn()
            .map_err(|source| Error::Spawn {
                program: program.name.clone(),
                source,
            })?;
        Ok(Self {
            name: program.name.clone(),
            child,
            home: Arc::clone(home),
        })
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.home.log_file(&self.name)
    }

    /// The exit status once the child has ended by itself.
    pub(crate) fn ended(&mut self) -> Result<Option<ExitStatus>> {
        let status = self.child.try_wait().map_err(|source| Error::Spawn {
            program: self.name.clone(),
            source,
        })?;
        if status.is_some() {
            self.forget();
        }
        Ok(status)
    }

    /// Fails with the end of the log when the child has ended.
    pub(crate) fn still_runs(&mut self) -> Result<()> {
        match self.ended()? {
            None => Ok(()),
            Some(_) => Err(Error::Stopped {
                program: self.name.clone(),
                log: logs::tail(&self.log()),
            }),
        }
    }

    pub(crate) fn signal(&self, intent: Intent) -> bool {
        signal::send(self.id(), intent)
    }

    /// Asks the child to end and waits for it; past the deadline it is killed
    /// and that is an error.
    pub(crate) fn end(&mut self, deadline: Duration) -> Result<ExitStatus> {
        self.signal(Intent::End);
        let what = format!("{} ended", self.name);
        let outcome = wait::within_or_fail(deadline, &what, || self.ended());
        if outcome.is_err() {
            self.kill();
        }
        outcome
    }

    /// Kills the child with all it started, and waits until it is gone.
    pub(crate) fn kill(&mut self) {
        // Only while its id is surely its own: not yet waited for.
        if let Ok(None) = self.child.try_wait() {
            signal::kill_group(self.id());
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
        self.forget();
    }

    /// An id that was waited for may be given to a stranger: the guard must not keep it.
    fn forget(&self) {
        let _ = fs::remove_file(self.home.pid_file(&self.name));
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sleeper(home: &Arc<Home>) -> Process {
        let program = Program::new("sleeper", Path::new("sleep")).args(["600"]);
        Process::start(home, &program).unwrap()
    }

    #[test]
    fn the_guard_knows_a_child_by_its_id() {
        let home = Arc::new(Home::create().unwrap());
        let child = sleeper(&home);
        let registered = wait::eventually(Duration::from_secs(5), "id is registered", || {
            let text = fs::read_to_string(home.pid_file("sleeper")).ok()?;
            text.trim().parse::<u32>().ok()
        });
        assert_eq!(registered, child.id());
    }

    #[test]
    fn a_program_goes_through_what_is_put_before_it() {
        let program = Program::new("p", Path::new("b")).args(["x"]);
        let words = ["env".to_owned(), "-i".to_owned()];
        let through = program.through(&words);
        assert_eq!(through.binary, Path::new("env"));
        assert_eq!(through.args, ["-i", "b", "x"]);
    }

    #[test]
    fn a_child_that_ends_by_itself_is_reported_with_its_log() {
        let home = Arc::new(Home::create().unwrap());
        let program =
            Program::new("liar", Path::new("sh")).args(["-c", "echo 'port taken'; exit 3"]);
        let mut child = Process::start(&home, &program).unwrap();
        let status = wait::within_or_fail(Duration::from_secs(5), "ended", || child.ended());
        assert_eq!(status.unwrap().code(), Some(3));
        let error = child.still_runs().unwrap_err();
        assert_eq!(error.to_string(), "liar stopped: port taken");
    }

    #[test]
    fn asking_to_end_is_enough_for_a_child_that_listens() {
        let home = Arc::new(Home::create().unwrap());
        let mut child = sleeper(&home);
        let status = child.end(Duration::from_secs(5)).unwrap();
        assert!(!status.success());
        assert!(!home.pid_file("sleeper").exists());
    }
}
