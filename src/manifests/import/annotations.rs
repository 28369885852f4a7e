//! Inline ignores: annotations of kube-linter, kube-score and Polaris, on the object each tool
//! reads them from. kube-linter and Polaris read the object itself, kube-score the pod template too.

use serde_json::{Map, Value};

use super::{Ignores, only, pod_template};
use crate::assess::source::Problem;
use crate::manifests::Manifest;
use crate::report::import::{Tool, Waiver};

const LINTER_CHECK: &str = "ignore-check.kube-linter.io/";
const LINTER_ALL: &str = "kube-linter.io/ignore-all";
const SCORE: &str = "kube-score/ignore";
const SCORE_SKIP: &str = "kube-score/skip";
const POLARIS: &str = "polaris.fairwinds.com/";
const POLARIS_ALL: &str = "exempt";
const POLARIS_CHECK: &str = "-exempt";

pub(super) fn read(manifest: &Manifest, ignores: &mut Ignores) {
    let own = annotations(&manifest.value);
    let template = pod_template(&manifest.value).and_then(annotations);
    for (key, value) in own.into_iter().flatten() {
        let text = value.as_str().unwrap_or_default();
        let found = linter(key, text)
            .or_else(|| score(key, text))
            .or_else(|| polaris(key, text));
        match found {
            Some(Ok(found)) => ignores.waivers.push(found.waiver(manifest, key)),
            Some(Err(why)) => {
                let message = format!("{key}: {why}");
                ignores
                    .problems
                    .push(Problem::new(&manifest.source, message));
            }
            None => {}
        }
    }
    for (key, value) in template.into_iter().flatten() {
        if let Some(Ok(found)) = score(key, value.as_str().unwrap_or_default()) {
            ignores.waivers.push(found.waiver(manifest, key));
        }
    }
}

fn annotations(value: &Value) -> Option<&Map<String, Value>> {
    value.pointer("/metadata/annotations")?.as_object()
}

/// Checks that one annotation ignores; no checks means all of them.
struct Found {
    tool: Tool,
    checks: Vec<String>,
    reason: Option<String>,
}

impl Found {
    fn waiver(self, manifest: &Manifest, key: &str) -> Waiver {
        Waiver {
            source: manifest.source.to_string(),
            tool: self.tool,
            written: key.to_owned(),
            workloads: only(&manifest.value),
            checks: self.checks,
            reason: self.reason,
            until: None,
            ticket: None,
        }
    }
}

type Reading = Option<Result<Found, String>>;

/// Any value ignores; it is meant to be the reason.
fn linter(key: &str, text: &str) -> Reading {
    let checks = match key.strip_prefix(LINTER_CHECK) {
        Some(check) => vec![check.to_owned()],
        None if key == LINTER_ALL => Vec::new(),
        None => return None,
    };
    Some(Ok(Found {
        tool: Tool::KubeLinter,
        checks,
        reason: Some(text.to_owned()),
    }))
}

/// A list of checks, or `*`; the format has no field for a reason.
fn score(key: &str, text: &str) -> Reading {
    let checks: Vec<String> = match key {
        SCORE => text
            .split(',')
            .map(|check| check.trim().to_owned())
            .filter(|check| !check.is_empty())
            .collect(),
        SCORE_SKIP if text.trim().eq_ignore_ascii_case("true") => vec!["*".to_owned()],
        _ => return None,
    };
    if checks.is_empty() {
        return Some(Err("names no check, so it ignores nothing".to_owned()));
    }
    let is_all = checks.iter().any(|check| check == "*");
    Some(Ok(Found {
        tool: Tool::KubeScore,
        checks: if is_all { Vec::new() } else { checks },
        reason: None,
    }))
}

/// Exempt where it is `true`, and only then.
fn polaris(key: &str, text: &str) -> Reading {
    let rest = key.strip_prefix(POLARIS)?;
    let checks = match rest.strip_suffix(POLARIS_CHECK) {
        Some(check) => vec![check.to_owned()],
        None if rest == POLARIS_ALL => Vec::new(),
        None => return None,
    };
    if !text.eq_ignore_ascii_case("true") {
        let why = format!("'{text}' exempts nothing: Polaris asks for \"true\"");
        return Some(Err(why));
    }
    Some(Ok(Found {
        tool: Tool::Polaris,
        checks,
        reason: None,
    }))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::assess::source::Source;

    fn found(object: Value) -> Ignores {
        let source = Source {
            file: "a.yaml".to_owned(),
            line: 1,
        };
        let mut ignores = Ignores::default();
        read(
            &Manifest {
                source,
                value: object,
            },
            &mut ignores,
        );
        ignores
    }

    fn checks(ignores: &Ignores) -> Vec<(&str, Vec<&str>)> {
        let waivers = ignores.waivers.iter();
        let pair = |waiver: &'_ Waiver| waiver.tool.as_str();
        waivers
            .map(|waiver| {
                let checks = waiver.checks.iter().map(String::as_str).collect();
                (pair(waiver), checks)
            })
            .collect()
    }

    fn annotated(annotations: &Value) -> Value {
        json!({
            "kind": "Deployment",
            "metadata": {"name": "a", "namespace": "shop", "annotations": annotations},
            "spec": {"template": {"spec": {"containers": []}}},
        })
    }

    #[test]
    fn each_tool_is_read_as_it_reads_itself() {
        let ignores = found(annotated(&json!({
            "ignore-check.kube-linter.io/latest-tag": "The vendor publishes no other.",
            "kube-linter.io/ignore-all": "",
            "kube-score/ignore": "pod-probes, container-image-tag",
            "polaris.fairwinds.com/exempt": "True",
            "polaris.fairwinds.com/tagNotSpecified-exempt": "true",
            "polaris.fairwinds.com/other": "true",
            "unrelated": "true",
        })));
        assert_eq!(
            checks(&ignores),
            [
                ("kube-linter", vec!["latest-tag"]),
                ("kube-linter", vec![]),
                ("kube-score", vec!["pod-probes", "container-image-tag"]),
                ("polaris", vec![]),
                ("polaris", vec!["tagNotSpecified"]),
            ]
        );
        let reason = ignores.waivers[0].reason.as_deref();
        assert_eq!(reason, Some("The vendor publishes no other."));
        assert!(ignores.problems.is_empty());
    }

    #[test]
    fn kube_score_is_read_on_the_pod_template_of_a_cron_job_too_and_the_others_are_not() {
        let ignores = found(json!({
            "kind": "CronJob", "metadata": {"name": "a"},
            "spec": {"jobTemplate": {"spec": {"template": {
                "metadata": {"annotations": {
                    "kube-score/ignore": "*",
                    "ignore-check.kube-linter.io/latest-tag": "x",
                }},
                "spec": {"containers": []},
            }}}},
        }));
        assert_eq!(checks(&ignores), [("kube-score", vec![])]);
    }

    #[test]
    fn ignores_without_effect_in_the_tool_are_reported() {
        let ignores = found(annotated(&json!({
            "polaris.fairwinds.com/exempt": "yes",
            "kube-score/ignore": " ",
        })));
        assert!(ignores.waivers.is_empty());
        let messages: Vec<_> = ignores.problems.iter().map(|p| &p.message).collect();
        assert_eq!(
            messages,
            [
                "kube-score/ignore: names no check, so it ignores nothing",
                "polaris.fairwinds.com/exempt: 'yes' exempts nothing: Polaris asks for \"true\"",
            ]
        );
    }
}
