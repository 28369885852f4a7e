//! kubelet and kube-proxy on one node: their identity, their configuration, and the certificate by
//! which kubelet recognizes the API server.

use std::{path::Path, sync::Arc};

use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose};
use serde_json::json;

use super::{ADDRESS, NAME, namespaces::Namespaces, requirements::Machine, runtime};
use crate::{
    ControlPlane, Result, Tool, User,
    home::Home,
    process::{Process, Program},
};

const PROXY: &str = "system:kube-proxy";

/// Both log in under the names that Kubernetes gives their rights to.
pub(crate) fn users() -> Result<[User; 2]> {
    Ok([
        User::new(&kubelet_user(), &["system:nodes"])?,
        User::new(PROXY, &[])?,
    ])
}

fn kubelet_user() -> String {
    format!("system:node:{NAME}")
}

/// Writes the certificate with which the API server asks kubelet for logs; kubelet
/// trusts exactly this one.
pub(crate) fn write_client_certificate(home: &Home) -> Result<()> {
    let key = KeyPair::generate()?;
    let mut certificate = CertificateParams::new(Vec::new())?;
    let name = &mut certificate.distinguished_name;
    name.push(DnType::CommonName, "kube-apiserver");
    name.push(DnType::OrganizationName, "system:masters");
    certificate.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    certificate.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    home.write("pki/kubelet-client.key", &key.serialize_pem())?;
    home.write(
        "pki/kubelet-client.crt",
        &certificate.self_signed(&key)?.pem(),
    )?;
    Ok(())
}

/// What the API server needs to know to talk to a node.
pub(crate) fn api_server_args(home: &Home) -> [String; 7] {
    let file = |name: &str| home.path().join("pki").join(name).display().to_string();
    [
        "--bind-address=0.0.0.0".to_owned(),
        format!("--advertise-address={ADDRESS}"),
        "--authorization-mode=Node".to_owned(),
        "--enable-admission-plugins=NodeRestriction".to_owned(),
        "--kubelet-preferred-address-types=InternalIP".to_owned(),
        format!(
            "--kubelet-client-certificate={}",
            file("kubelet-client.crt")
        ),
        format!("--kubelet-client-key={}", file("kubelet-client.key")),
    ]
}

/// Starts kubelet wholly inside the namespaces; `cgroup` is the node's own group.
pub(crate) fn start(
    cluster: &ControlPlane,
    namespaces: &Namespaces,
    machine: &Machine,
    cgroup: &str,
) -> Result<Process> {
    let home = cluster.home();
    let config = home.write("kubelet.json", &config(home, cgroup))?;
    let mut program = Program::new("kubelet", cluster.binaries().path(Tool::Kubelet)?)
        .path_flag("config", &config)
        .path_flag("kubeconfig", &cluster.kubeconfig_for(&kubelet_user())?)
        .args([
            format!("--hostname-override={NAME}"),
            format!("--node-ip={ADDRESS}"),
        ])
        .through(&namespaces.whole());
    program.env = vec![("PATH".to_owned(), machine.path.clone())];
    Process::start(home, &program)
}

/// JSON is YAML.
fn config(home: &Home, cgroup: &str) -> String {
    let file = |name: &str| home.path().join(name);
    json!({
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "containerRuntimeEndpoint": format!("unix://{}", runtime::SOCKET),
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": cgroup,
        "failCgroupV1": false,
        "failSwapOn": false,
        "authentication": {
            "anonymous": {"enabled": false},
            "webhook": {"enabled": true},
            "x509": {"clientCAFile": file("pki/kubelet-client.crt")},
        },
        "authorization": {"mode": "Webhook"},
        // Little space left on a test machine must not evict a test's pods.
        "evictionHard": {"memory.available": "50Mi", "nodefs.available": "1%", "imagefs.available": "1%"},
        // Images cannot be pulled again.
        "imageGCHighThresholdPercent": 100,
        "resolvConf": "",
        "volumePluginDir": file("volume-plugins"),
    })
    .to_string()
}

/// Starts kube-proxy in the network of the node, which is all it changes.
pub(crate) fn start_proxy(cluster: &ControlPlane, machine: &Machine) -> Result<Process> {
    let home: &Arc<Home> = cluster.home();
    let binary: &Path = cluster.binaries().path(Tool::KubeProxy)?;
    let mut program = Program::new("kube-proxy", binary)
        .path_flag("kubeconfig", &cluster.kubeconfig_for(PROXY)?)
        .args([
            format!("--hostname-override={NAME}"),
            format!("--cluster-cidr={}", runtime::POD_NETWORK),
        ])
        .args([
            "--proxy-mode=nftables",
            // Limits of the whole machine are none of a test's business.
            "--conntrack-max-per-core=0",
            "--conntrack-min=0",
            "--conntrack-tcp-timeout-established=0",
            "--conntrack-tcp-timeout-close-wait=0",
        ]);
    program.env = vec![("PATH".to_owned(), machine.path.clone())];
    Process::start(home, &program)
}
