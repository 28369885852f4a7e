//! A Prometheus that asks for client certificates with TLS of its own: the right one measures, any other is
//! no data, and certificates are read again from their files.

use std::fs;
use std::io::Write as _;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use goldenpath::assess::goals::objective::measurement::NoData;
use goldenpath::prometheus::{Credentials, PrometheusClient, PrometheusSettings};
use goldenpath::proxy::Environment;
use goldenpath_e2e::{Operator, Options, Prometheus, eventually};
use jiff::Timestamp;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use serde_json::{Value, json};

use crate::files::portal;
use crate::suite;

/// Longer than any step takes, also beside a build.
const SOON: Duration = Duration::from_secs(90);

struct Authority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new(name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let pem = params.self_signed(&key).unwrap().pem();
        let issuer = Issuer::new(params, key);
        Self { pem, issuer }
    }

    /// Writes a certificate for loopback, and its key.
    fn issue(&self, usage: ExtendedKeyUsagePurpose, (certificate, key): &(PathBuf, PathBuf)) {
        let pair = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
        params
            .distinguished_name
            .push(DnType::CommonName, "goldenpath");
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![usage];
        let signed = params.signed_by(&pair, &self.issuer).unwrap();
        fs::write(certificate, signed.pem()).unwrap();
        fs::write(key, pair.serialize_pem()).unwrap();
    }

    fn issue_client(&self, files: &(PathBuf, PathBuf)) {
        self.issue(ExtendedKeyUsagePurpose::ClientAuth, files);
    }
}

/// A Prometheus that takes only clients with a certificate of its authority.
struct Guarded {
    process: Child,
    url: String,
    directory: PathBuf,
    authority: Authority,
}

impl Drop for Guarded {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Guarded {
    /// None, after a line `skipped: …`, without the program.
    fn start(name: &str) -> Option<Self> {
        if !Prometheus::is_installed() {
            let _ = writeln!(
                std::io::stderr(),
                "skipped: needs prometheus (apt-get install prometheus)"
            );
            return None;
        }
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("mtls-{name}"));
        let _ = fs::remove_dir_all(&directory);
        fs::create_dir_all(&directory).unwrap();
        let authority = Authority::new("the authority");
        let file = |name: &str| directory.join(name);
        fs::write(file("ca.crt"), &authority.pem).unwrap();
        let server = (file("server.crt"), file("server.key"));
        authority.issue(ExtendedKeyUsagePurpose::ServerAuth, &server);
        let web = json!({"tls_server_config": {
            "cert_file": "server.crt", "key_file": "server.key", "client_ca_file": "ca.crt",
            "client_auth_type": "RequireAndVerifyClientCert",
        }});
        fs::write(file("web.yml"), web.to_string()).unwrap();
        fs::write(file("prometheus.yml"), "global: {}\n").unwrap();
        let address = {
            let free = TcpListener::bind("127.0.0.1:0").unwrap();
            free.local_addr().unwrap()
        };
        let process = Command::new("prometheus")
            .current_dir(&directory)
            .args(["--config.file=prometheus.yml", "--web.config.file=web.yml"])
            .args(["--storage.tsdb.path=data", "--log.level=error"])
            .arg(format!("--web.listen-address={address}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let url = format!("https://{address}");
        Some(Self {
            process,
            url,
            directory,
            authority,
        })
    }

    fn file(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    fn client_files(&self) -> (PathBuf, PathBuf) {
        (self.file("tls.crt"), self.file("tls.key"))
    }

    fn ask(&self, credentials: Credentials) -> Result<f64, NoData> {
        let settings = PrometheusSettings {
            url: self.url.parse().unwrap(),
            credentials,
            tenant: None,
            timeout: "5s".parse().unwrap(),
        };
        let client = PrometheusClient::with(settings, Environment::default()).unwrap();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(client.value("vector(42)", Timestamp::now()))
    }

    /// Credentials with the authority of the server and this certificate.
    fn trusted(&self, certificate: Option<(PathBuf, PathBuf)>) -> Credentials {
        Credentials {
            authorities: Some(self.file("ca.crt")),
            certificate,
            ..Credentials::default()
        }
    }
}

fn unreachable(found: &Result<f64, NoData>) -> &str {
    match found {
        Err(NoData::Unreachable(why)) => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn only_a_certificate_of_the_right_authority_is_answered() {
    let Some(guarded) = Guarded::start("client") else {
        return;
    };
    let own = guarded.client_files();
    guarded.authority.issue_client(&own);
    eventually(SOON, "the right certificate is answered", || {
        let found = guarded.ask(guarded.trusted(Some(own.clone())));
        (found == Ok(42.0)).then_some(())
    });
    let without = guarded.ask(guarded.trusted(None));
    assert!(!unreachable(&without).is_empty());
    let other = Authority::new("another authority");
    let foreign = (guarded.file("foreign.crt"), guarded.file("foreign.key"));
    other.issue_client(&foreign);
    let refused = guarded.ask(guarded.trusted(Some(foreign)));
    assert!(!unreachable(&refused).is_empty());
    // The certificate of the server is checked as well.
    fs::write(guarded.file("other.crt"), &other.pem).unwrap();
    let untrusted = guarded.ask(Credentials {
        authorities: Some(guarded.file("other.crt")),
        certificate: Some(own),
        ..Credentials::default()
    });
    let why = unreachable(&untrusted);
    assert!(why.contains("invalid peer certificate"), "{why}");
}

#[test]
fn a_rotated_certificate_is_used_at_once_and_a_wrong_one_moves_no_figure() {
    let Some(guarded) = Guarded::start("operator") else {
        return;
    };
    let Some(cluster) = suite::control_plane(&Options::default()) else {
        return;
    };
    cluster.apply(&portal("vector(42)")).unwrap();
    let files = guarded.client_files();
    guarded.authority.issue_client(&files);
    let url = format!("--prometheus-url={}", guarded.url);
    let flag = |name: &str, file: &Path| format!("--prometheus-{name}-file={}", file.display());
    let (authority, certificate, key) = (
        flag("ca", &guarded.file("ca.crt")),
        flag("cert", &files.0),
        flag("key", &files.1),
    );
    let flags = ["--measure-every=1s", &url, &authority, &certificate, &key];
    let mut operator = Operator::start(&cluster, &suite::operator_options(&flags)).unwrap();
    operator.wait_until_ready(SOON).unwrap();
    let key_result = || -> Option<Value> {
        let stored = cluster.kubectl_ok(&["get", "okr", "portal", "-o=json"]);
        let stored: Value = serde_json::from_str(&stored.ok()?).ok()?;
        stored.pointer("/status/keyResults/0").cloned()
    };
    let is_measured = |it: &Value| it["current"] == 42 && it["message"].is_null();
    let measured = eventually(SOON, "the right certificate measures", || {
        key_result().filter(is_measured)
    });
    Authority::new("another authority").issue_client(&files);
    let refused = eventually(SOON, "the status reports a wrong certificate", || {
        key_result().filter(|it| it["message"].is_string())
    });
    let message = refused["message"].as_str().unwrap();
    assert!(
        message.contains("Prometheus cannot be reached"),
        "{message}"
    );
    for field in ["current", "progress", "onTrack", "lastMeasuredAt"] {
        assert_eq!(refused[field], measured[field], "{field}");
    }
    guarded.authority.issue_client(&files);
    eventually(SOON, "the rotated certificate measures", || {
        key_result().filter(is_measured)
    });
    operator.stop(SOON).unwrap();
}
