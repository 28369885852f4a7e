//! One API server for all tests of this program, kubeconfigs for it, and our program with an
//! environment of the test's own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

use goldenpath_e2e::{ControlPlane, Options, User};
use serde_json::Value;

use crate::suite::{self, PATH, deployment};

/// What would reach the tests from the environment of the person who runs them.
const FOREIGN: [&str; 9] = [
    "HTTPS_PROXY",
    "https_proxy",
    "HTTP_PROXY",
    "http_proxy",
    "NO_PROXY",
    "no_proxy",
    "NO_COLOR",
    "KUBERNETES_SERVICE_HOST",
    "RUST_LOG",
];

static SHARED: LazyLock<Option<ControlPlane>> = LazyLock::new(|| {
    let authority = AUTHORITY.as_deref();
    let authority = authority.map(|it| format!("--client-ca-file={}", it.join("ca.crt").display()));
    let cluster = suite::control_plane(&Options {
        users: vec![User::new("reader", &[]).unwrap()],
        api_server_args: authority.into_iter().collect(),
        ..Options::default()
    })?;
    cluster.apply(PATH).unwrap();
    cluster.apply(&deployment("default", "web")).unwrap();
    Some(cluster)
});

/// An authority whose client certificates the API server accepts, and one of X.509 version 1, made as
/// case 06 makes them; none without openssl.
static AUTHORITY: LazyLock<Option<PathBuf>> = LazyLock::new(|| {
    let here = directory("authority");
    let openssl = |args: &str| {
        let output = Command::new("openssl")
            .args(args.split(' '))
            .current_dir(&here)
            .output();
        output.is_ok_and(|output| output.status.success())
    };
    let is_made = openssl(
        "req -newkey rsa:2048 -nodes -keyout v1.key -out v1.csr -subj /O=system:masters/CN=admin",
    ) && openssl(
        "req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.crt -subj /CN=ca -days 9",
    ) && openssl(
        "x509 -req -in v1.csr -CA ca.crt -CAkey ca.key -CAcreateserial -out v1.crt -days 9",
    );
    if !is_made {
        println!("without openssl, client certificates are not tested");
    }
    is_made.then_some(here)
});

/// Files `ca.crt`, `v1.crt` and `v1.key`.
pub fn authority() -> Option<&'static Path> {
    AUTHORITY.as_deref()
}

/// Whether a report shows the shared Deployment.
pub fn is_a_report(text: &str) -> bool {
    text.contains("deploy/web")
}

/// The shared API server, with one path and one Deployment that deviates.
pub fn cluster() -> Option<&'static ControlPlane> {
    SHARED.as_ref()
}

/// A directory of a test's own.
pub fn directory(name: &str) -> PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("connect-{name}"));
    let _ = fs::remove_dir_all(&directory);
    fs::create_dir_all(&directory).unwrap();
    directory
}

/// The administrator's kubeconfig after `change`, in a file of its own.
pub fn kubeconfig(cluster: &ControlPlane, name: &str, change: impl FnOnce(&mut Value)) -> PathBuf {
    let text = fs::read_to_string(cluster.kubeconfig()).unwrap();
    let mut config: Value = serde_json::from_str(&text).unwrap();
    change(&mut config);
    let file = directory(name).join("kubeconfig");
    fs::write(&file, config.to_string()).unwrap();
    file
}

/// The cluster in a kubeconfig.
pub fn cluster_of(config: &mut Value) -> &mut Value {
    &mut config["clusters"][0]["cluster"]
}

/// The user in a kubeconfig.
pub fn user_of(config: &mut Value) -> &mut Value {
    &mut config["users"][0]["user"]
}

/// Gives the API server a name that only a proxy can resolve.
pub fn rename_server(config: &mut Value) {
    let cluster = cluster_of(config);
    let server = cluster["server"].as_str().unwrap();
    let server = server.replace("127.0.0.1", "api.goldenpath.test");
    cluster["server"] = server.into();
    cluster["tls-server-name"] = "localhost".into();
}

/// Our program, without what the environment of this process would add.
pub fn goldenpath(kubeconfig: &Path, args: &[&str]) -> Command {
    let mut command = suite::goldenpath(kubeconfig, args);
    for variable in FOREIGN {
        command.env_remove(variable);
    }
    command
}

/// Standard output of a command that ends well.
pub fn printed(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let (out, err) = texts(&output);
    assert!(output.status.success(), "{command:?}: {err}");
    out
}

/// Standard error of a command that cannot judge.
pub fn refusal(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let (out, err) = texts(&output);
    assert_eq!(output.status.code(), Some(2), "{command:?}: {out}{err}");
    err
}

pub fn texts(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (text(&output.stdout), text(&output.stderr))
}
