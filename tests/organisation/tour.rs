//! README's tour and its first screen, typed against `goldenpath demo` as README tells to: the printed
//! lines are those that README shows, but for dates and ages.

use std::fs;
use std::io::{BufRead as _, BufReader, Lines};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};

use goldenpath_e2e::{Tool, binaries_or_skip};
use regex::Regex;

use crate::documents::{By, Reader, page};
use crate::shell::Shell;

const README: &str = "README.md";

/// The demo, until this value goes.
struct Demo {
    process: Child,
    /// Open, or the demo ends when it writes its next line.
    _printed: Lines<BufReader<ChildStderr>>,
    kubeconfig: String,
    metrics: String,
}

impl Demo {
    fn start() -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_goldenpath"))
            .arg("demo")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let mut after = |word: &str| {
            let mut lines = lines.by_ref().map(Result::unwrap);
            let line = lines.find(|line| line.starts_with(word)).expect(word);
            line[word.len()..].trim().to_owned()
        };
        let metrics = after("metrics");
        let kubeconfig = after("cluster");
        let kubeconfig = kubeconfig
            .trim_start_matches("export KUBECONFIG=")
            .to_owned();
        Self {
            process,
            _printed: lines,
            kubeconfig,
            metrics,
        }
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        // Its guard ends what it started.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The sample that README shows: the block without a language after this command.
fn samples(page_name: &str, after: &str) -> Vec<String> {
    let text = page(page_name);
    let at = text
        .find(after)
        .unwrap_or_else(|| panic!("{page_name} has no {after}"));
    let rest = &text[at..];
    let mut blocks = rest.split("\n```\n").skip(1);
    // Between the end of a block of commands and the beginning of the sample is nothing.
    let block = blocks.find(|block| !block.trim().is_empty());
    block
        .unwrap_or_default()
        .lines()
        .map(str::to_owned)
        .collect()
}

/// Every line of a sample is printed, in this order; `…` stands for any lines.
#[track_caller]
fn is_shown(sample: &[String], printed: &str) {
    assert!(sample.len() > 2, "no sample: {sample:?}");
    let mut printed_lines = printed.lines().map(plain);
    for line in sample
        .iter()
        .filter(|line| *line != "…" && !line.is_empty())
    {
        let wanted = plain(line);
        assert!(
            printed_lines.any(|line| line == wanted),
            "README shows\n{line}\nwhich is not printed, or not there:\n{printed}"
        );
    }
}

/// A line without dates, ages and the widths that follow from them.
fn plain(line: &str) -> String {
    let dates =
        Regex::new(r"\d{1,2} (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)( \d{4})?").unwrap();
    // The examples move by whole days: what was 3 days ago at noon is 2 days ago in the morning.
    let ages = Regex::new(r"\b(\d+(s|m|m\d+s)|\d+ days? ago|yesterday|today)\b").unwrap();
    let line = dates.replace_all(line, "DATE");
    let line = ages.replace_all(&line, "AGE");
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn the_tour_shows_what_the_demo_shows() {
    if binaries_or_skip(&[Tool::Etcd, Tool::KubeApiserver, Tool::Kubectl]).is_none() {
        return;
    }
    let demo = Demo::start();
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("tour-{}", std::process::id()));
    let shell = Shell::new(
        home.clone(),
        demo.kubeconfig.clone().into(),
        &[Tool::Kubectl],
    );
    let link = Reader::inline(README, "ln -s");
    shell.type_in(&link);
    let reader = Reader::new(By::Tour);
    let command = |beginning: &str| reader.command(README, beginning);

    let explained = shell.type_in(&command("kubectl explain"));
    assert!(explained.contains("enforceFrom"), "{explained}");
    let paths = shell.type_in(&command("kubectl get gp"));
    is_shown(&samples(README, "kubectl get gp\n"), &paths);
    let report = shell.type_in(&command("goldenpath report --all"));
    let text = page(README);
    let (_, rest) = text
        .split_once("web-service        platform        27")
        .unwrap();
    let sample = rest.split("\n```\n").nth(2).unwrap_or_default();
    let sample: Vec<String> = sample.lines().map(str::to_owned).collect();
    is_shown(&sample, &report);
    for beginning in [
        "goldenpath why",
        "goldenpath exceptions",
        "kubectl get deploy -A -L",
    ] {
        let typed = command(beginning);
        is_shown(
            &samples(README, &format!("{typed}\n")),
            &shell.type_in(&typed),
        );
    }
    let inbox = shell.type_in("goldenpath inbox");
    is_shown(&samples(README, "`goldenpath inbox` lists"), &inbox);
    let draft = command("kubectl goldenpath except");
    let reason = "The mesh does not answer probes on this port yet.";
    let draft = shell.type_in(&draft.replace('…', reason));
    assert!(draft.contains("kind: DeviationException"), "{draft}");
    let curl = command("curl").replace("http://127.0.0.1:PORT/metrics", &demo.metrics);
    is_shown(&samples(README, "curl -s"), &shell.type_in(&curl));

    let contrast = command("goldenpath report --contrast");
    it_pays_off(&demo, &shell, &contrast);
    let first = shell.type_in("goldenpath report --from examples/");
    let sample = samples_of_first_screen();
    is_shown(&sample, &first);
    let demand = shell.type_in("goldenpath demand --from examples/");
    let sample = samples("docs/demand.md", "with the same flags");
    is_shown(&sample[1..], &demand);
    reader.has_typed_all();
    fs::remove_dir_all(home).unwrap();
}

/// Files and the page of the demo have the same quarter.
fn it_pays_off(demo: &Demo, shell: &Shell, command: &str) {
    let contrast = shell.type_in(command);
    is_shown(
        &samples(README, "--from docs/delivery-example.json"),
        &contrast,
    );
    let page_of_demo = demo.metrics.replace("/metrics", "/contrast");
    let page_of_demo = shell.type_in(&format!("curl -sf {page_of_demo}"));
    assert!(page_of_demo.contains("(26 of 221"), "{page_of_demo}");
}

/// Without the command in its first line.
fn samples_of_first_screen() -> Vec<String> {
    let sample = samples(README, "records each exception");
    assert_eq!(sample[0], "$ goldenpath report --from examples/");
    sample[1..].to_vec()
}
