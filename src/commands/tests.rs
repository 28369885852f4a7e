use super::output::TableFormat;
use super::workload_name::WorkloadName;
use super::*;

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
        assert_eq!(args.output, TableFormat::Json);
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
