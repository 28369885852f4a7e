use super::output::ReportFormat;
use super::workload_name::WorkloadName;
use super::*;
use crate::assess::exception::assurance::Assurance;
use crate::assess::register::next::Next;
use crate::report::fixtures::exception;
use crate::report::register::commands;

fn read(line: &[&str]) -> Result<Cli, clap::Error> {
    Cli::try_parse_from([&["goldenpath"], line].concat())
}

#[test]
fn the_command_line_is_sound() {
    Cli::command().debug_assert();
}

#[test]
fn global_flags_stand_before_or_after_the_command() {
    for line in [
        ["-n", "shop", "scan", "a", "-o", "json"],
        ["scan", "a", "-o", "json", "-n", "shop"],
    ] {
        let cli = read(&line).unwrap();
        assert_eq!(cli.global.namespace.as_deref(), Some("shop"));
        let Command::Scan(args) = cli.command else {
            panic!("{line:?}");
        };
        assert_eq!(args.output, ReportFormat::Json);
    }
}

#[test]
fn kinds_are_named_as_with_kubectl() {
    for (written, kind, meant) in [
        ("deploy/a", "Deployment", true),
        ("Deployment/a", "Deployment", true),
        ("deployments.apps/a", "Deployment", true),
        ("sts/a", "StatefulSet", true),
        ("cj/a", "CronJob", true),
        ("rollout/a", "Rollout", true),
        ("deploy/a", "DaemonSet", false),
    ] {
        let name: WorkloadName = written.parse().unwrap();
        assert_eq!(name.is_kind(kind), meant, "{written}");
    }
    for text in ["web", "/web", "deploy/", "a/b/c"] {
        assert!(text.parse::<WorkloadName>().is_err(), "{text}");
    }
}

#[test]
fn the_plugin_is_recognised_by_its_name() {
    for (program, plugin) in [
        ("/usr/local/bin/kubectl-goldenpath", true),
        ("kubectl-goldenpath.exe", true),
        ("goldenpath", false),
    ] {
        assert_eq!(is_plugin(OsStr::new(program)), plugin, "{program}");
    }
}

#[test]
fn a_usage_error_exits_with_2() {
    assert_eq!(read(&["scan"]).unwrap_err().exit_code(), 2);
    assert_eq!(
        read(&["scan", "a", "-o", "xml"]).unwrap_err().exit_code(),
        2
    );
}

#[test]
fn a_command_refuses_formats_it_cannot_write() {
    for line in [
        &["why", "deploy/a", "-o", "wide"][..],
        &["inbox", "-o", "wide"],
        &["crds", "-o", "table"],
        &["approve", "a", "-o", "wide"],
        &["cleanup", "-o", "json"],
        &["run", "-o", "json"],
        &["completion", "bash", "-o", "json"],
    ] {
        assert_eq!(read(line).unwrap_err().exit_code(), 2, "{line:?}");
    }
    for line in [
        &["why", "deploy/a", "-o", "table"][..],
        &["crds", "-o", "json"],
        &["approve", "a", "-o", "yaml"],
    ] {
        assert!(read(line).is_ok(), "{line:?}");
    }
}

/// The words of a command as a shell splits them, up to a redirection, a pipe or an aside.
fn words(line: &str) -> Vec<String> {
    let line = line.split("   (").next().unwrap_or(line);
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for c in line.chars() {
        match (quote, c) {
            (None, '|' | '>' | '#') => break,
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (Some(open), _) if open == c => quote = None,
            (None, ' ') => words.extend(word.take()),
            _ => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

fn assert_parses(command: &str) {
    let parsed = Cli::try_parse_from(
        words(command)
            .iter()
            .skip_while(|word| *word != "goldenpath"),
    );
    assert!(parsed.is_ok(), "{command}: {}", parsed.unwrap_err());
}

#[test]
fn every_example_of_a_help_page_is_a_command() {
    let mut examples = 0;
    for verb in Cli::command().get_subcommands() {
        let help = verb.get_after_long_help().map(ToString::to_string);
        let joined = help.unwrap_or_default().replace("\\\n", "");
        for line in joined.lines().filter(|line| line.starts_with("  ")) {
            let from = line.find("goldenpath ").unwrap_or_default();
            assert_parses(&line[from..]);
            examples += 1;
        }
    }
    assert!(examples > 40, "{examples}");
}

#[test]
fn every_command_a_register_suggests_is_one() {
    let mut suggested = 0;
    for next in Next::ALL {
        for approval in [Assurance::Verified, Assurance::SelfDeclared] {
            let mut exception = exception();
            exception.next = next;
            exception.approval = approval;
            for command in commands(&exception) {
                assert_parses(&command);
                suggested += 1;
            }
        }
    }
    assert!(suggested > 10, "{suggested}");
}
