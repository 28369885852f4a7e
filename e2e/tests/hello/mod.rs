//! The smallest workload on a real node: an image of one program, two replicas
//! under the restricted Pod Security level, a Service before them.

use std::net::SocketAddr;

use goldenpath_e2e::{Image, Node, Result, Tool};

const MANIFESTS: &str = "
apiVersion: v1
kind: Namespace
metadata:
  name: shop
  labels: {pod-security.kubernetes.io/enforce: restricted}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: hello, namespace: shop}
spec:
  replicas: 2
  selector: {matchLabels: {app: hello}}
  template:
    metadata: {labels: {app: hello}}
    spec:
      securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}
      containers:
      - name: hello
        image: 'localhost/hello:1'
        ports: [{containerPort: 8080}]
        readinessProbe: {httpGet: {path: /ready, port: 8080}, periodSeconds: 1}
        resources: {limits: {memory: 64Mi}}
        securityContext:
          allowPrivilegeEscalation: false
          readOnlyRootFilesystem: true
          capabilities: {drop: [ALL]}
---
apiVersion: v1
kind: Service
metadata: {name: hello, namespace: shop}
spec:
  selector: {app: hello}
  ports: [{port: 80, targetPort: 8080}]
";

/// Brings the image into the node and waits until the pods are ready.
pub fn deploy(node: &Node) -> Result<()> {
    let cluster = node.cluster();
    let program = cluster.binaries().path(Tool::Pause)?;
    let mut image = Image::of_program("localhost/hello:1", program)?;
    image.entrypoint.push("serve".to_owned());
    // Beside the node's other files, so that it goes with them.
    let archive = cluster.data_dir().join("hello.tar");
    image.write(&archive)?;
    node.import_image(&archive)?;
    cluster.apply(MANIFESTS)?;
    let available = [
        "wait",
        "--for=condition=Available",
        "--timeout=60s",
        "-n=shop",
        "deployment/hello",
    ];
    cluster.kubectl_ok(&available)?;
    Ok(())
}

/// Where the Service is in the network of the node.
#[allow(dead_code, reason = "not every test that deploys it asks it")]
pub fn address(node: &Node) -> Result<SocketAddr> {
    let args = [
        "get",
        "service",
        "hello",
        "-n=shop",
        "-o=jsonpath={.spec.clusterIP}:80",
    ];
    let address = node.cluster().kubectl_ok(&args)?;
    Ok(address
        .parse()
        .expect("kubectl prints an address and a port"))
}
