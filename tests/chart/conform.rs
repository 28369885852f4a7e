//! Everything the chart renders is valid for Kubernetes and our definitions: strictly validated by
//! a real API server, and by kubeconform as pipelines without a cluster run it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use goldenpath::api;
use goldenpath_e2e::{
    ControlPlane, Options, Tool, binaries_or_skip, control_plane_or_skip, eventually,
};
use serde_json::Value;

use crate::helm::{GENERATIONS, Helm, NAMESPACE, chart, on_disk};
use crate::schemas;

const SOON: Duration = Duration::from_secs(60);
/// Where the renderings of `ci/*-values.yaml` put objects.
const NAMESPACES: [&str; 2] = [NAMESPACE, "goldenpath-elsewhere"];
const DEFINITIONS: [&str; 2] = ["crds", "tests/fixtures/chart/monitoring"];

/// A real API server that knows every kind the chart may render.
fn cluster_or_skip() -> Option<ControlPlane> {
    let cluster = control_plane_or_skip(&Options::default())?;
    for namespace in NAMESPACES {
        let create = ["create", "namespace", namespace];
        cluster.kubectl_ok(&create).unwrap();
    }
    for directory in DEFINITIONS.map(on_disk) {
        let apply = ["apply", "--server-side", "-f", &directory];
        cluster.kubectl_ok(&apply).unwrap();
    }
    let kinds = ["get", "gp,devex,servicemonitors,prometheusrules", "-A"];
    eventually(SOON, "the definitions are served", || {
        cluster.kubectl_ok(&kinds).ok()
    });
    Some(cluster)
}

fn sorted_files(directory: &str) -> Vec<PathBuf> {
    let files = fs::read_dir(on_disk(directory)).unwrap();
    let mut files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    files.sort();
    files
}

/// What each Helm makes of each `ci/*-values.yaml`, as files in `directory`.
fn render(directory: &Path) -> Option<Vec<PathBuf>> {
    let mut rendered = Vec::new();
    for tool in GENERATIONS {
        let helm = Helm::offline_or_skip(tool)?;
        for values in sorted_files("charts/goldenpath/ci") {
            let name = values.file_stem().unwrap().to_str().unwrap();
            let file = directory.join(format!("{}-{name}.yaml", tool.as_str()));
            let values = values.to_str().unwrap();
            let manifests = helm.run(&["template", "goldenpath", &chart(), "-f", values]);
            fs::write(&file, manifests).unwrap();
            rendered.push(file);
        }
    }
    assert_eq!(rendered.len(), 8, "four sets of values, two Helms");
    Some(rendered)
}

#[test]
fn whatever_is_rendered_is_what_an_api_server_and_kubeconform_know() {
    let Some(cluster) = cluster_or_skip() else {
        return;
    };
    let Some(rendered) = render(cluster.data_dir()) else {
        return;
    };
    for file in &rendered {
        let file = file.to_str().unwrap();
        let validate = ["apply", "--dry-run=server", "--validate=strict", "-f", file];
        cluster.kubectl_ok(&validate).unwrap();
    }
    let objective = on_disk("docs/portal-objective.yaml");
    let accepted = ["apply", "--dry-run=server", "-f", &objective];
    cluster.kubectl_ok(&accepted).unwrap();
    let directory = cluster.data_dir().join("schemas");
    schemas::write(&cluster, &directory);
    let Some(binaries) = binaries_or_skip(&[Tool::Kubeconform]) else {
        return;
    };
    let kubeconform = Kubeconform {
        binary: binaries.path(Tool::Kubeconform).unwrap(),
        schemas: &directory,
    };
    let ours = [
        "examples",
        "docs/exception-template.yaml",
        "docs/portal-objective.yaml",
        "crds",
    ];
    let ours = ours.map(|file| PathBuf::from(on_disk(file)));
    for file in rendered.iter().chain(&ours) {
        let (is_valid, printed) = kubeconform.run(file);
        assert!(is_valid, "{}: {printed}", file.display());
    }
    it_would_have_said_so(&kubeconform, cluster.data_dir());
}

#[test]
fn every_template_has_unit_tests() {
    let suites: String = sorted_files("charts/goldenpath/tests")
        .into_iter()
        .filter(|file| file.is_file())
        .map(|file| fs::read_to_string(file).unwrap())
        .collect();
    let templates = sorted_files("charts/goldenpath/templates");
    let templates = templates
        .into_iter()
        .chain(sorted_files("charts/goldenpath/templates/tests"));
    for template in templates.filter(|file| file.is_file()) {
        let name = template.file_name().unwrap().to_str().unwrap();
        assert!(name == "_helpers.tpl" || suites.contains(name), "{name}");
    }
}

struct Kubeconform<'a> {
    binary: &'a Path,
    schemas: &'a Path,
}

/// Objects in our examples that others define: tests/portal and tests/gitops hold them to the programs they are for.
const OF_OTHERS: &str =
    "scaffolder.backstage.io/v1beta3/Template,kustomize.toolkit.fluxcd.io/v1/Kustomization";

impl Kubeconform<'_> {
    fn run(&self, file: &Path) -> (bool, String) {
        let location = self.schemas.join(schemas::LOCATION);
        let answer = Command::new(self.binary)
            .args(["-strict", "-skip", OF_OTHERS, "-schema-location"])
            .arg(location)
            .arg(file)
            .output()
            .unwrap();
        let printed = String::from_utf8_lossy(&answer.stdout).into_owned();
        (answer.status.success(), printed)
    }
}

/// A gate that lets everything through would look the same.
fn it_would_have_said_so(kubeconform: &Kubeconform<'_>, directory: &Path) {
    let path = fs::read_to_string(on_disk("examples/paths/batch-job.yaml")).unwrap();
    let service =
        "{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {ports: [{port: x}]}}";
    for (wrong, named) in [
        (path.replacen("owner:", "ownr:", 1), "ownr"),
        (path.replacen("expression:", "expresion:", 1), "expresion"),
        (service.to_owned(), "/spec/ports/0/port"),
        (
            service.replace("Service", "Servize"),
            "could not find schema",
        ),
    ] {
        let file = directory.join("wrong.yaml");
        fs::write(&file, wrong).unwrap();
        let (is_valid, printed) = kubeconform.run(&file);
        assert!(!is_valid && printed.contains(named), "{named}: {printed}");
    }
}

fn annotation(name: &str) -> Value {
    let chart = fs::read_to_string(on_disk("charts/goldenpath/Chart.yaml")).unwrap();
    let chart: Value = serde_saphyr::from_str(&chart).unwrap();
    let text = chart["annotations"][format!("artifacthub.io/{name}")].as_str();
    serde_saphyr::from_str(text.unwrap_or_else(|| panic!("no {name}"))).unwrap()
}

#[test]
fn the_annotations_for_artifact_hub_list_every_definition() {
    let listed: Vec<_> = annotation("crds")
        .as_array()
        .unwrap()
        .iter()
        .map(|crd| ["name", "kind", "version"].map(|key| crd[key].as_str().unwrap().to_owned()))
        .collect();
    let there: Vec<_> = api::crds()
        .into_iter()
        .map(|crd| {
            let version = crd.spec.versions[0].name.clone();
            [crd.metadata.name.unwrap(), crd.spec.names.kind, version]
        })
        .collect();
    assert_eq!(listed, there);
}

#[test]
fn the_annotations_for_artifact_hub_list_the_image_and_the_changes() {
    let image = "ghcr.io/goldenpath-dev/goldenpath";
    let image = format!("{image}:{}", env!("CARGO_PKG_VERSION"));
    assert_eq!(annotation("images")[0]["image"], image);
    let words = "added changed deprecated removed fixed security";
    for change in annotation("changes").as_array().unwrap() {
        let kind = change["kind"].as_str().unwrap();
        assert!(words.contains(kind), "{kind}");
    }
}

#[test]
fn the_examples_on_artifact_hub_are_accepted() {
    let Some(cluster) = cluster_or_skip() else {
        return;
    };
    for example in annotation("crdsExamples").as_array().unwrap() {
        if let Some(namespace) = example["metadata"]["namespace"].as_str() {
            let create = ["create", "namespace", namespace];
            cluster.kubectl_ok(&create).unwrap();
        }
        cluster.apply(&example.to_string()).unwrap();
    }
}
