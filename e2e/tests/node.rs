//! A real node, used as a chart's test would use it.

mod hello;

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    sync::OnceLock,
    time::Duration,
};

use goldenpath_e2e::{
    Node, Operator, OperatorOptions, Options, Tool, eventually, shared_node_or_skip,
};

const SOON: Duration = Duration::from_secs(60);

const PRIVILEGED: &str = "
apiVersion: v1
kind: Pod
metadata: {name: root, namespace: shop}
spec:
  containers: [{name: root, image: 'localhost/hello:1', securityContext: {privileged: true}}]
";

fn node_with_hello() -> Option<&'static Node> {
    static DEPLOYED: OnceLock<()> = OnceLock::new();
    let node = shared_node_or_skip()?;
    DEPLOYED.get_or_init(|| hello::deploy(node).expect("two pods get ready"));
    Some(node)
}

/// The whole answer to `GET /greeting`; None without a server.
fn greeting(address: SocketAddr) -> Option<String> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.write_all(b"GET /greeting HTTP/1.0\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    answer.contains("hello from").then_some(answer)
}

#[test]
fn a_restricted_pod_is_reached_through_its_service_and_its_log_is_read() {
    let Some(node) = node_with_hello() else {
        return;
    };
    let forward = node.forward(hello::address(node).unwrap()).unwrap();
    eventually(SOON, "the service answers", || greeting(forward.address()));
    eventually(SOON, "the pod's log has the request", || {
        let logs = ["logs", "-n=shop", "-l=app=hello", "--tail=-1"];
        let logs = node.cluster().kubectl_ok(&logs).unwrap();
        logs.contains("GET /greeting").then_some(())
    });
}

#[test]
fn a_privileged_pod_is_refused() {
    let Some(node) = node_with_hello() else {
        return;
    };
    let refused = node.cluster().apply(PRIVILEGED).unwrap_err();
    assert!(refused.to_string().contains("violates PodSecurity"));
}

#[test]
fn commands_run_in_the_network_of_the_node() {
    let Some(node) = node_with_hello() else {
        return;
    };
    let kubectl = node.cluster().binaries().path(Tool::Kubectl).unwrap();
    let mut command = node.command(kubectl);
    // The API server's address as pods see it.
    command.args(["--server=https://10.96.0.1", "get", "nodes", "-o=name"]);
    eventually(SOON, "the service of the API server answers", || {
        let output = command.output().unwrap();
        (output.stdout == b"node/node\n").then_some(())
    });
}

#[test]
fn what_is_started_beside_the_node_is_reached_from_here() {
    let Some(node) = node_with_hello() else {
        return;
    };
    let kubectl = node.cluster().binaries().path(Tool::Kubectl).unwrap();
    // Listens on the harness's address, as an operator would.
    let listen = r#"exec "$0" proxy --port="${2##*:}""#;
    let args = ["-c", listen, &kubectl.to_string_lossy()];
    let proxy = OperatorOptions::new("sh", &args);
    let proxy = Operator::start(node.cluster(), &proxy).unwrap();
    let page = "/api/v1/namespaces/shop/services/hello/proxy/greeting";
    eventually(SOON, "the service answers through the API server", || {
        let (status, _) = proxy.get(page).unwrap();
        (status == 200).then_some(())
    });
}

#[test]
fn what_runs_beside_the_node_reaches_a_listener_of_this_process() {
    let Some(node) = shared_node_or_skip() else {
        return;
    };
    let listener = node.listen().unwrap();
    let port = listener.local_addr().unwrap().port();
    let call = format!("echo hello >/dev/tcp/127.0.0.1/{port}");
    let called = node.command("bash").args(["-c", &call]).status().unwrap();
    assert!(called.success());
    let mut heard = String::new();
    let (mut stream, _) = listener.accept().unwrap();
    stream.read_to_string(&mut heard).unwrap();
    assert_eq!(heard, "hello\n");
}

#[test]
fn a_second_node_comes_and_goes_without_harm_to_the_first() {
    let Some(node) = node_with_hello() else {
        return;
    };
    let second = Node::start(&Options::default()).unwrap();
    hello::deploy(&second).unwrap();
    let directory = second.cluster().data_dir().to_owned();
    drop(second);
    assert!(!directory.exists());
    let forward = node.forward(hello::address(node).unwrap()).unwrap();
    eventually(SOON, "the first still answers", || {
        greeting(forward.address())
    });
}
