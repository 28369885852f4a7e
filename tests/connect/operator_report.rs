//! The report of a running operator, for people who may not list workloads: from its address, and
//! through the API server's proxy to its Service.

use std::io;
use std::net::{IpAddr, Shutdown, TcpListener, TcpStream, UdpSocket};
use std::path::Path;
use std::thread;
use std::time::Duration;

use goldenpath_e2e::{Operator, eventually};

use crate::ground::{cluster, goldenpath, is_a_report, printed, refusal};
use crate::page::Page;
use crate::suite::operator_options;

const SOON: Duration = Duration::from_secs(60);

/// An address of this machine that an endpoint may have; none where there is only loopback.
fn own_address() -> Option<IpAddr> {
    let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
    socket.connect("192.0.2.1:9").ok()?;
    let address = socket.local_addr().ok()?.ip();
    (!address.is_loopback() && !address.is_unspecified()).then_some(address)
}

/// Passes connections on; the port.
fn relay(listener: TcpListener, to: String) -> u16 {
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let Ok(server) = TcpStream::connect(&to) else {
                continue;
            };
            let ways = [
                (client.try_clone().unwrap(), server.try_clone().unwrap()),
                (server, client),
            ];
            for (mut from, mut to) in ways {
                thread::spawn(move || {
                    let _ = io::copy(&mut from, &mut to);
                    let _ = to.shutdown(Shutdown::Write);
                });
            }
        }
    });
    port
}

const RIGHTS: &str = "---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: goldenpath-report, namespace: default}
rules:
- apiGroups: ['']
  resources: [services/proxy]
  resourceNames: ['goldenpath:http']
  verbs: [get]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: goldenpath-report, namespace: default}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: goldenpath-report}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: reader}]
";

fn service(address: IpAddr, port: u16) -> String {
    format!(
        "---
apiVersion: v1
kind: Pod
metadata: {{name: goldenpath, namespace: default}}
spec: {{containers: [{{name: goldenpath, image: registry.example.com/goldenpath}}]}}
---
apiVersion: v1
kind: Service
metadata: {{name: goldenpath, namespace: default}}
spec: {{ports: [{{name: http, port: 8080}}]}}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: goldenpath-test
  namespace: default
  labels: {{kubernetes.io/service-name: goldenpath}}
addressType: IPv4
endpoints:
- addresses: ['{address}']
  conditions: {{ready: true}}
  targetRef: {{kind: Pod, name: goldenpath, namespace: default}}
ports: [{{name: http, port: {port}, protocol: TCP}}]
---
apiVersion: v1
kind: Endpoints
metadata: {{name: goldenpath, namespace: default}}
subsets: [{{addresses: [{{ip: '{address}', targetRef: {{kind: Pod, name: goldenpath, namespace: default}}}}], ports: [{{name: http, port: {port}}}]}}]
"
    )
}

/// The page through the API server, with the same right.
fn opened(reader: &Path) {
    let args = ["open", "--operator=default/goldenpath", "--no-browser"];
    let page = Page::start(&mut goldenpath(reader, &args));
    let own = |path: &str| page.get(path, &page.address);
    let overview = own("/");
    assert!(overview.starts_with("HTTP/1.1 200"), "{overview}");
    assert!(overview.contains("href=\"./services\""), "{overview}");
    assert!(
        overview
            .to_ascii_lowercase()
            .contains("content-security-policy: default-src 'none'")
    );
    assert!(own("/services/default/web").contains("Deployment web"));
    assert!(own("/assets/style.css").contains("text/css"));
    assert!(own("/paths/absent").starts_with("HTTP/1.1 404"));
    // The rights behind it are this machine's, and reach the operator alone.
    assert!(
        page.get("/", "evil.example.com")
            .starts_with("HTTP/1.1 403")
    );
    assert!(own("/%2e%2e/%2e%2e/proxy").starts_with("HTTP/1.1 400"));
}

#[test]
fn a_missing_operator_is_said_before_a_browser_opens() {
    let Some(cluster) = cluster() else { return };
    let args = ["open", "--operator=default/absent", "--no-browser"];
    let text = refusal(&mut goldenpath(cluster.kubeconfig(), &args));
    assert!(text.contains("reach the operator default/absent"), "{text}");
    assert!(text.contains("not found"), "{text}");
}

#[test]
fn the_operators_report_takes_no_right_to_list() {
    let Some(cluster) = cluster() else { return };
    let options = operator_options(&["--lease-namespace=default", "--labels=off"]);
    let mut operator = Operator::start(cluster, &options).unwrap();
    operator.wait_until_ready(SOON).unwrap();
    let reader = cluster.kubeconfig_for("reader").unwrap();
    let shown = |place: &str| printed(&mut goldenpath(&reader, &["report", "--operator", place]));
    let text = shown(operator.url());
    assert!(is_a_report(&text), "{text}");
    // The same table as with rights of one's own; other tests change the cluster meanwhile.
    let workloads = |text: &str| {
        let lines = text.lines().filter(|line| line.contains("deploy/web"));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    eventually(SOON, "both reports agree", || {
        let own = printed(&mut goldenpath(cluster.kubeconfig(), &["report"]));
        (workloads(&own) == workloads(&shown(operator.url()))).then_some(())
    });
    let Some(address) = own_address() else { return };
    let listener = TcpListener::bind((address, 0)).unwrap();
    let port = relay(listener, operator.url().replace("http://", ""));
    cluster.apply(&service(address, port)).unwrap();
    // The API server passes requests on to addresses of pods alone.
    let status =
        format!("{{\"status\":{{\"podIP\":\"{address}\",\"podIPs\":[{{\"ip\":\"{address}\"}}]}}}}");
    let patch = [
        "patch",
        "pod",
        "goldenpath",
        "--subresource=status",
        "-p",
        &status,
    ];
    cluster.kubectl_ok(&patch).unwrap();
    let refused = refusal(&mut goldenpath(
        &reader,
        &["report", "--operator", "default/goldenpath"],
    ));
    assert!(
        refused.contains("cannot get resource \"services/proxy\""),
        "{refused}"
    );
    assert!(
        refused.contains("hint: ask for the right get on services/proxy of default/goldenpath"),
        "{refused}"
    );
    cluster.apply(RIGHTS).unwrap();
    eventually(SOON, "the role is in force", || {
        let args = ["report", "--operator", "default/goldenpath"];
        let output = goldenpath(&reader, &args).output().unwrap();
        output.status.success().then_some(())
    });
    assert!(is_a_report(&shown("default/goldenpath")));
    opened(&reader);
    let text = refusal(&mut goldenpath(
        &reader,
        &["report", "--operator", "default/goldenpath", "-n", "x"],
    ));
    assert!(text.contains("leave out -n"), "{text}");
    drop(operator);
}
