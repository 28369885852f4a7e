//! The Kubernetes objects of the generated organisation, as its teams write them.

use serde_json::{Map, Value, json};

use super::{IGNORES_ALLOWED, IGNORING, NAMESPACES, Part, TEAMS, Workload};

/// The namespaces. The last one names an owner for whatever in it names none.
pub fn namespaces() -> Vec<Value> {
    let namespaces = NAMESPACES.iter().map(|name| {
        let mut metadata = json!({"name": name, "labels": {"example.com/stage": "production"}});
        if *name == IGNORING {
            let (key, value) = IGNORES_ALLOWED;
            metadata["labels"][key] = json!(value);
            metadata["annotations"] = json!({"goldenpath.dev/team": TEAMS[11]});
        }
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})
    });
    namespaces.collect()
}

impl Workload {
    /// The workload.
    pub fn object(self) -> Value {
        match self.part {
            Part::Web | Part::Worker => self.deployment(),
            Part::Store => self.stateful_set(),
            Part::Agent => json!({
                "apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": self.metadata(),
                "spec": {"selector": self.selector(), "template": self.template()},
            }),
            Part::Job => self.cron_job(),
        }
    }

    /// The Kubernetes Service in front of it.
    pub fn front(self) -> Option<Value> {
        let has_one = self.part == Part::Store || (self.part == Part::Web && self.is("front", 30));
        let mut spec = json!({
            "selector": self.selector()["matchLabels"],
            "ports": [{"port": 80, "targetPort": 8080}],
        });
        if self.part == Part::Store {
            spec["clusterIP"] = json!("None");
        }
        has_one.then(|| {
            json!({
                "apiVersion": "v1", "kind": "Service",
                "metadata": {"name": self.name(), "namespace": self.service.namespace()},
                "spec": spec,
            })
        })
    }

    fn selector(self) -> Value {
        json!({"matchLabels": {"app": self.name()}})
    }

    fn deployment(self) -> Value {
        let mut spec = json!({"selector": self.selector(), "template": self.template()});
        if self.is("replicas", 85) {
            spec["replicas"] = json!(if self.is("several", 72) {
                2 + self.dice("more", 3)
            } else {
                1
            });
        }
        if self.is("rolling", 20) {
            spec["strategy"] = json!({"rollingUpdate": {"maxUnavailable": 0}});
        }
        json!({
            "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": self.metadata(), "spec": spec,
        })
    }

    fn stateful_set(self) -> Value {
        json!({
            "apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": self.metadata(),
            "spec": {
                "serviceName": self.name(), "replicas": 1 + self.dice("stores", 3),
                "selector": self.selector(), "template": self.template(),
                "volumeClaimTemplates": [{
                    "metadata": {"name": "data"},
                    "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "8Gi"}}},
                }],
            },
        })
    }

    fn cron_job(self) -> Value {
        let mut template = self.template();
        template["spec"]["restartPolicy"] = json!("Never");
        let mut job = json!({"template": template});
        if self.is("deadline", 60) {
            job["activeDeadlineSeconds"] = json!(3_600);
        }
        let mut spec = json!({
            "schedule": format!("{} {} * * *", self.dice("minute", 60), self.dice("hour", 24)),
            "jobTemplate": {"spec": job},
        });
        if self.is("no overlap", 82) {
            spec["concurrencyPolicy"] = json!("Forbid");
        }
        if self.is("zone", 30) {
            spec["timeZone"] = json!("Etc/UTC");
        }
        json!({
            "apiVersion": "batch/v1", "kind": "CronJob",
            "metadata": self.metadata(), "spec": spec,
        })
    }

    fn metadata(self) -> Value {
        let service = self.service;
        let mut labels = Map::from_iter([("app".to_owned(), json!(self.name()))]);
        let mut annotations = Map::new();
        // YAML 1.2 reads a float here; the author meant a text.
        labels.insert(
            "commit".into(),
            json!(format!("4e{:05}", self.dice("commit", 99_999))),
        );
        if self.is("named", 70) {
            labels.insert("app.kubernetes.io/name".into(), json!(self.name()));
        }
        let shares = service.shape().parts().len() > 1;
        if shares || service.is("identified", 50) {
            let among = if service.is("annotated", 25) {
                &mut annotations
            } else {
                &mut labels
            };
            among.insert("backstage.io/kubernetes-id".into(), json!(service.name()));
        }
        self.name_owner(&mut labels, &mut annotations);
        if let Some(since) = service.since() {
            annotations.insert(
                "goldenpath.dev/service-since".into(),
                json!(since.to_string()),
            );
        }
        if let Some(reason) = service.ignored_because() {
            annotations.insert("goldenpath.dev/ignore".into(), json!(reason));
        }
        if let Some(path) = service.declares() {
            labels.insert("goldenpath.dev/path".into(), json!(path));
        }
        if self.serves("main") && !self.is("main ready", 92) {
            annotations.insert(
                "ignore-check.kube-linter.io/no-readiness-probe".into(),
                json!("Its clients try again until it answers."),
            );
        }
        json!({
            "name": self.name(), "namespace": service.namespace(),
            "labels": labels, "annotations": annotations,
        })
    }

    /// Each team has one way of naming itself, and forgets it at times.
    fn name_owner(self, labels: &mut Map<String, Value>, annotations: &mut Map<String, Value>) {
        let team = json!(self.service.team());
        if self.service.is("without owner", 8) {
            return;
        }
        match self.service.team_number() % 5 {
            0 => annotations.insert("goldenpath.dev/team".into(), team),
            1 => annotations.insert(
                "backstage.io/owner".into(),
                // As a text block ends.
                json!(format!(" {}\n", self.service.team())),
            ),
            2 => labels.insert("team".into(), team),
            3 => labels.insert("owner".into(), team),
            _ => annotations.insert("a8r.io/owner".into(), team),
        };
    }

    fn template(self) -> Value {
        let mut pod = Map::new();
        let mut containers = vec![self.container("main")];
        let mut first = Vec::new();
        if self.is("sidecar", 10) {
            containers.push(self.container("proxy"));
        }
        if self.is("migration", 12) {
            first.push(self.container("migrate"));
        }
        if self.is("native sidecar", 6) {
            let mut sidecar = self.container("mesh");
            sidecar["restartPolicy"] = json!("Always");
            first.push(sidecar);
        }
        if !first.is_empty() {
            pod.insert("initContainers".into(), json!(first));
        }
        pod.insert("containers".into(), json!(containers));
        if self.is("account", 30) {
            pod.insert("serviceAccountName".into(), json!(self.service.name()));
        }
        if self.is("host", 2) {
            pod.insert("hostNetwork".into(), json!(true));
        }
        if self.is("pod non root", 45) {
            pod.insert("securityContext".into(), json!({"runAsNonRoot": true}));
        }
        json!({"metadata": {"labels": self.selector()["matchLabels"]}, "spec": pod})
    }

    fn container(self, name: &str) -> Value {
        let asks = |question: &str, percent| self.is(&format!("{name} {question}"), percent);
        let serves = self.serves(name);
        let mut container = json!({"name": name, "image": self.image(name)});
        if serves {
            container["ports"] = json!([{"name": name, "containerPort": Self::port(name)}]);
        }
        if serves && asks("ready", 92) {
            container["readinessProbe"] = json!({"httpGet": {"path": "/ready", "port": name}});
        }
        if serves && asks("alive", 50) {
            container["livenessProbe"] = json!({"tcpSocket": {"port": name}, "periodSeconds": 20});
        }
        let mut resources = Map::new();
        if asks("limit", 91) {
            resources.insert("limits".into(), json!({"memory": "256Mi"}));
        }
        if asks("request", 75) {
            // Teams write a quantity as it comes.
            let cpu = [json!("100m"), json!(0.1), json!(1), json!("0.1")];
            let cpu = cpu[self.dice("cpu", cpu.len())].clone();
            resources.insert("requests".into(), json!({"cpu": cpu, "memory": "128Mi"}));
        }
        if !resources.is_empty() {
            container["resources"] = json!(resources);
        }
        if asks("hardened", 50) {
            container["securityContext"] = json!({
                "allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true,
                "capabilities": {"drop": ["ALL"]},
            });
        } else if asks("privileged", 3) {
            container["securityContext"] = json!({"privileged": true});
        }
        if asks("environment", 40) {
            container["env"] =
                json!([{"name": "LEVEL", "value": "on"}, {"name": "EMPTY", "value": ""}]);
        }
        container
    }

    /// Whether a container opens a port.
    fn serves(self, container: &str) -> bool {
        matches!(self.part, Part::Web | Part::Store) && container != "migrate"
    }

    const fn port(container: &str) -> u16 {
        match container.as_bytes() {
            b"main" => 8_080,
            b"proxy" => 15_001,
            _ => 15_002,
        }
    }

    fn image(self, container: &str) -> String {
        let (team, name) = (self.service.team(), self.name());
        let asks = format!("{container} image");
        let minor = self.dice("minor", 20);
        match self.dice(&asks, 100) {
            0..50 => format!("registry.example.com/{team}/{name}:1.{minor}.3"),
            50..62 => format!("ghcr.io/example/{name}:v{minor}"),
            62..72 => format!(
                "registry.example.com:5000/{name}@sha256:{:064x}",
                self.number() + 1
            ),
            72..82 => format!("{name}:2026-11-{:02}", minor + 1),
            82..90 => format!("docker.io/library/{name}:1.{minor}-alpine"),
            90..95 => format!("registry.example.com/{team}/{name}:latest"),
            95..98 => format!("registry.example.com:5000/{team}/{name}"),
            98 => format!("ko://github.com/example/{name}"),
            _ => format!("${{REGISTRY}}/{name}:${{TAG}}"),
        }
    }
}
