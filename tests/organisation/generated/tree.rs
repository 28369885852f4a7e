//! The generated organisation as files, each team in its own style: one document a file, many
//! documents with comments, Lists, JSON, kustomize, a chart beside plain manifests. Must not know
//! what is read from them.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::Path;

use serde_json::{Value, json};

use super::objects::namespaces;
use super::{Organisation, Service, TEAMS};

/// One file, its path below the top of the tree.
#[derive(Debug)]
pub struct File {
    pub path: String,
    pub text: String,
    /// Whether `kubectl apply -f` takes it: no patch, no template, no values.
    pub is_manifest: bool,
}

impl File {
    fn manifest(path: String, text: String) -> Self {
        Self {
            path,
            text,
            is_manifest: true,
        }
    }

    fn fragment(path: String, text: &str) -> Self {
        Self {
            path,
            text: text.to_owned(),
            is_manifest: false,
        }
    }
}

/// Writes files below a directory.
pub fn write(files: &[File], directory: &Path) -> io::Result<()> {
    for file in files {
        let path = directory.join(&file.path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(path, &file.text)?;
    }
    Ok(())
}

impl Organisation {
    /// The tree as its teams have it in Git.
    pub fn files(self) -> Vec<File> {
        let text = documents(&namespaces());
        let mut files = vec![File::manifest("namespaces.yaml".to_owned(), text)];
        for (number, team) in TEAMS.iter().enumerate() {
            let services = self.services();
            let services: Vec<Service> = services
                .filter(|service| service.team_number() == number)
                .collect();
            files.extend(match number % 5 {
                0 => file_a_service(team, &services),
                1 => one_list(team, &services),
                2 => json_files(team, &services),
                3 => kustomized(team, &services),
                _ => beside_a_chart(team, &services),
            });
        }
        files
    }
}

fn objects(service: Service) -> Vec<Value> {
    let workloads = service.workloads();
    workloads
        .flat_map(|workload| [Some(workload.object()), workload.front()])
        .flatten()
        .collect()
}

/// As people write it: block style, `---` before each, and comments, some between two `---`.
fn documents(objects: &[Value]) -> String {
    let mut text = "# Owned in Git; do not edit in the cluster.\n---\n# (generated)\n".to_owned();
    for object in objects {
        let body = yaml(object);
        let (kind, name) = (&object["kind"], &object["metadata"]["name"]);
        // Writing to a String cannot fail.
        let _ = write!(text, "---\n# {kind} {name}\n{body}");
    }
    text
}

fn yaml(object: &Value) -> String {
    serde_saphyr::to_string(object).unwrap_or_default()
}

fn file_a_service(team: &str, services: &[Service]) -> Vec<File> {
    let files = services.iter().map(|service| {
        let path = format!("{team}/{}.yaml", service.name());
        File::manifest(path, documents(&objects(*service)))
    });
    files.collect()
}

/// One List, and in it a List of Kubernetes Services, as an export of a cluster has them.
fn one_list(team: &str, services: &[Service]) -> Vec<File> {
    let all: Vec<Value> = services.iter().copied().flat_map(objects).collect();
    let list = json!({"apiVersion": "v1", "kind": "List", "items": all});
    vec![File::manifest(format!("{team}/all.yml"), yaml(&list))]
}

fn json_files(team: &str, services: &[Service]) -> Vec<File> {
    let files = services.iter().map(|service| {
        let path = format!("{team}/{}/deploy.json", service.name());
        let objects = objects(*service);
        let text = if objects.len() == 1 {
            format!("{:#}\n", objects[0])
        } else {
            let list = json!({"apiVersion": "v1", "kind": "List", "items": objects});
            format!("{list:#}\n")
        };
        File::manifest(path, text)
    });
    files.collect()
}

/// A base, and an overlay with patches of it: fragments, which are no workloads.
fn kustomized(team: &str, services: &[Service]) -> Vec<File> {
    let mut files = Vec::new();
    let mut resources = Vec::new();
    for service in services {
        let file = format!("{}.yaml", service.name());
        files.push(File::manifest(
            format!("{team}/base/{file}"),
            documents(&objects(*service)),
        ));
        resources.push(file);
    }
    let base = json!({
        "apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization",
        "resources": resources,
    });
    let patched = services.iter().flat_map(|service| service.workloads());
    let patched = patched.take(2).map(|workload| {
        let object = workload.object();
        let metadata = json!({
            "name": object["metadata"]["name"], "namespace": object["metadata"]["namespace"],
        });
        let head = json!({
            "apiVersion": object["apiVersion"], "kind": object["kind"], "metadata": metadata,
        });
        let annotated = json!({"metadata": {"annotations": {"example.com/region": "north"}}});
        merged(head, annotated)
    });
    let patch: Vec<String> = patched.map(|patch| yaml(&patch)).collect();
    let overlay = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n\
        resources: [../../base]\npatches:\n- path: patch.yaml\n";
    files.extend([
        File::fragment(format!("{team}/base/kustomization.yaml"), &yaml(&base)),
        File::fragment(
            format!("{team}/overlays/north/patch.yaml"),
            &patch.join("---\n"),
        ),
        File::fragment(format!("{team}/overlays/north/kustomization.yaml"), overlay),
    ]);
    files
}

/// The second's fields among the first's.
fn merged(mut first: Value, second: Value) -> Value {
    match (&mut first, second) {
        (Value::Object(into), Value::Object(fields)) => {
            for (key, value) in fields {
                let merged = merged(into.remove(&key).unwrap_or_default(), value);
                into.insert(key, merged);
            }
            first
        }
        (_, second) => second,
    }
}

const TEMPLATE: &str = "{{- if .Values.enabled }}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}-web
spec:
  replicas: {{ .Values.replicas }}
{{- end }}
";

/// Plain manifests in one file, as flow style, and a chart that nothing has rendered yet.
fn beside_a_chart(team: &str, services: &[Service]) -> Vec<File> {
    let lines = services.iter().copied().flat_map(objects);
    let lines: Vec<String> = lines.map(|object| format!("---\n{object}\n")).collect();
    let chart = format!("apiVersion: v2\nname: {team}\nversion: 0.1.0\n");
    vec![
        File::manifest(format!("{team}/plain.yaml"), lines.concat()),
        File::fragment(format!("{team}/chart/Chart.yaml"), &chart),
        File::fragment(
            format!("{team}/chart/values.yaml"),
            "enabled: true\nreplicas: 2\n",
        ),
        File::fragment(format!("{team}/chart/templates/web.yaml"), TEMPLATE),
    ]
}
