//! The page over HTTP: every link leads somewhere, hostile texts stay texts, restricted steps stay
//! unnamed, and the headers hold. Browsers are not needed for this.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read as _, Write as _};
use std::sync::{Arc, LazyLock};
use std::time::Instant;

use flate2::read::GzDecoder;
use goldenpath::api::PlatformObjective;
use goldenpath::assess::inventory::Inventory;
use goldenpath::assess::settings::Settings;
use goldenpath::report::document::services::ServiceQuery;
use goldenpath::report::document::view::ReportView;
use goldenpath::report::html::{Page, file, render};
use goldenpath::server::{BasePath, Readiness, Source};
use percent_encoding::percent_decode_str;
use regex::Regex;
use serde_json::{Value, json};

use crate::fixtures::{Cluster, deployment, exception, web_path, with};
use crate::ground::{self, Answer, Server, ask, open, send, whole};
use crate::records::put_record;

const HOSTILE: &str = "<script>alert('x')</script>\"'&\u{202e}drow";

pub static FLEET: LazyLock<Inventory> = LazyLock::new(|| {
    let mut cluster = Cluster::with_web_path();
    let checks = json!([
        {"name": "replicas", "title": HOSTILE, "expression": "object.spec.replicas >= 2",
         "remediation": HOSTILE, "docsURL": "javascript:alert(1)"},
        {"name": "tier", "expression": "has(object.metadata.labels) && 'tier' in object.metadata.labels"},
        {"name": "secret-scanner-off", "title": "Secret scanner", "sensitive": true, "expression": "object.spec.replicas >= 3"},
        {"name": "soon", "enforceFrom": "2026-06-03T00:00:00Z", "expression": "object.spec.replicas >= 9"},
    ]);
    let path = json!({
        "title": HOSTILE, "description": HOSTILE, "checks": checks,
        "owner": {"team": HOSTILE, "contact": HOSTILE},
        "feedbackURL": "https://ask.example.com/{path}/{check}",
        "releases": [{"at": "2026-05-01T00:00:00Z", "note": HOSTILE}],
    });
    let _ = cluster.put_path("web", with(web_path(), path));
    for number in 0..120 {
        let annotations = json!({"goldenpath.dev/team": format!("team-{}", number % 3)});
        let change =
            json!({"metadata": {"annotations": annotations}, "spec": {"replicas": 1 + number % 4}});
        cluster.put(with(deployment(&format!("w{number:03}")), change));
    }
    let long = "n".repeat(253);
    let hostile = json!({"metadata": {"annotations": {"goldenpath.dev/team": HOSTILE}}, "spec": {"replicas": 1}});
    cluster.put(with(deployment(&long), hostile));
    for (name, number) in [("asked", 1), ("also-asked", 5)] {
        let spec = json!({"reason": HOSTILE, "targets": [{"kind": "Deployment", "name": format!("w{number:03}")}]});
        cluster.put_exception(with(exception(name), json!({"spec": spec})));
    }
    let hidden = json!({"checks": ["secret-scanner-off"], "reason": "the scanner finds our test keys again",
        "targets": [{"kind": "Deployment", "name": "w009"}]});
    cluster.put_exception(with(exception("hidden"), json!({"spec": hidden})));
    rollouts(&mut cluster);
    objectives(&mut cluster);
    cluster.0.snapshot()
});

static EMPTY: LazyLock<Inventory> =
    LazyLock::new(|| Cluster::new(Settings::default()).0.snapshot());

/// An objective of the organisation and one that serves it: behind, with a guardrail without data.
fn objectives(cluster: &mut Cluster) {
    let period = json!({"from": "2026-01-01T00:00:00Z", "to": "2026-12-31T00:00:00Z"});
    let object = |name: &str, more: Value| {
        let mut spec = json!({"objective": HOSTILE, "owner": {"team": HOSTILE}, "period": period});
        spec.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        json!({"apiVersion": "goldenpath.dev/v1alpha1", "kind": "PlatformObjective",
            "metadata": {"name": name}, "spec": spec})
    };
    let time = json!({"name": "time", "description": HOSTILE, "unit": HOSTILE, "source": {"promql": "a"},
        "baseline": 72, "target": 4});
    let failures = json!({"name": "failures", "role": "Guardrail", "source": {"promql": "b"}, "target": 2,
        "unit": "percent", "direction": "Decrease"});
    let mut faster = object(
        "faster",
        json!({"parent": "company", "keyResults": [time, failures]}),
    );
    faster["status"] = json!({"progress": 0.0, "onTrack": false, "keyResults": [
        {"name": "time", "current": 90.0, "progress": 0.0, "onTrack": false, "lastMeasuredAt": "2026-05-30T00:00:00Z"},
        {"name": "failures", "message": format!("Not measured: {HOSTILE}.")},
    ]});
    let company = object("company", json!({"keyResults": [time]}));
    cluster.0.change_goals(|goals| {
        for object in [faster, company] {
            goals.put::<PlatformObjective>(serde_json::from_value(object).unwrap());
        }
    });
}

/// Records a failed and a repaired rollout of one workload.
fn rollouts(cluster: &mut Cluster) {
    let at = |hour: u32| format!("2026-05-30T{hour:02}:00:00Z");
    let status = json!({"rollouts": [
        {"number": 2, "cause": "release", "startedAt": at(3), "availableAt": at(4), "result": "available",
         "failureVisible": true, "commitTime": at(2), "leadTime": 7200, "standing": "deviating", "reworkOf": 1},
        {"number": 1, "cause": "release", "startedAt": at(1), "failedAt": at(2), "recoveredAt": at(4),
         "result": "failed", "failure": "Deadline", "failureVisible": true, "standing": "deviating"},
    ]});
    put_record(
        &mut cluster.0,
        "w001",
        &serde_json::from_value(status).unwrap(),
    );
}

/// A request with more headers.
fn with_headers(server: &Server, path: &str, headers: &str) -> Answer {
    let mut stream = open(server);
    let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{headers}\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    whole(stream)
}

fn text(answer: &Answer) -> String {
    String::from_utf8(answer.body.clone()).unwrap()
}

fn header<'a>(answer: &'a Answer, name: &str) -> Option<&'a str> {
    let lines = answer.head.lines();
    let mut values = lines.filter_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    values.next()
}

/// The address of a relative link of a page.
fn resolve(page: &str, link: &str) -> String {
    let link = link.split('#').next().unwrap();
    let (link, query) = link.split_once('?').unwrap_or((link, ""));
    let page = page.split('?').next().unwrap();
    let mut parts: Vec<&str> = page.split('/').collect();
    parts.pop();
    for part in link.split('/') {
        match part {
            "." => {}
            ".." => assert!(parts.len() > 1 && parts.pop().is_some(), "{page}: {link}"),
            part => parts.push(part),
        }
    }
    let query = if query.is_empty() {
        String::new()
    } else {
        format!("?{query}")
    };
    let path = parts.join("/");
    if link.ends_with('/') || link.ends_with('.') {
        return format!("{}/{query}", path.trim_end_matches('/'));
    }
    format!("{path}{query}")
}

/// Every page that links lead to, by address. The lists of services follow one link of a kind.
fn crawl(server: &Server, start: &str) -> BTreeMap<String, Answer> {
    let links = Regex::new(r#" (?:href|src|action)="([^"]*)""#).unwrap();
    let mut pages = BTreeMap::new();
    let mut seen: BTreeSet<String> = BTreeSet::from([start.to_owned()]);
    let mut open = vec![start.to_owned()];
    while let Some(address) = open.pop() {
        let answer = whole(ask(server, &address));
        if header(&answer, "content-type").is_some_and(|kind| kind.starts_with("text/html")) {
            let page = text(&answer);
            for link in links
                .captures_iter(&page)
                .map(|found| found[1].replace("&amp;", "&"))
            {
                if link.starts_with("http") || link.starts_with('#') || link == "data:," {
                    continue;
                }
                assert!(
                    link.starts_with("./") || link.starts_with("../"),
                    "{address}: {link}"
                );
                let target = resolve(&address, &link);
                // Some 120 services are alike.
                let is_alike = target.contains("/services/shop/w") && !target.contains("/w00");
                if !is_alike && seen.insert(target.clone()) {
                    open.push(target);
                }
            }
        }
        pages.insert(address, answer);
    }
    pages
}

#[test]
fn every_link_leads_somewhere_and_no_page_holds_script_or_style() {
    let server = Server::of(&FLEET, ground::patient());
    let pages = crawl(&server, "/");
    for known in [
        "/paths/web",
        "/services/shop/w001",
        "/teams/team-1",
        "/exceptions",
        "/contrast",
        "/objectives",
        "/demand",
    ] {
        assert!(pages.contains_key(known), "{known} of {:?}", pages.keys());
    }
    let inline =
        Regex::new(r"(?i)<script(?: [^>]*)?>[^<]|<style| style=| on[a-z]+=|javascript:").unwrap();
    let values = Regex::new(r#" value="[^"]*""#).unwrap();
    for (address, answer) in &pages {
        assert_eq!(answer.status, 200, "{address}");
        let policy = header(answer, "content-security-policy").unwrap();
        assert!(
            policy.starts_with("default-src 'none'; script-src 'self'"),
            "{policy}"
        );
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(header(answer, "x-content-type-options"), Some("nosniff"));
        if header(answer, "content-type")
            .unwrap()
            .starts_with("text/html")
        {
            let page = text(answer).replace("href=\"data:,\"", "");
            let found = inline.find(&page).filter(|it| it.as_str() != "javascript:");
            assert!(found.is_none(), "{address}: {found:?}");
            assert!(!page.contains("<script>alert"), "{address}");
            assert!(!page.contains("href=\"javascript"), "{address}");
            // The value that a filter sends is the team's own, and is not shown.
            let read = values.replace_all(&page, "");
            assert!(!read.contains('\u{202e}'), "{address}");
        }
    }
}

#[test]
fn a_service_shows_its_own_rollouts() {
    let server = Server::of(&FLEET, ground::patient());
    let page = text(&whole(ask(&server, "/services/shop/w001")));
    for words in [
        "Its own rollouts",
        "release",
        "failed",
        "<td class=\"number\">2h</td>",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    let other = text(&whole(ask(&server, "/services/shop/w002")));
    assert!(!other.contains("Its own rollouts"));
}

#[test]
fn the_contrast_withholds_few_figures_and_names_no_team() {
    let server = Server::of(&FLEET, ground::patient());
    let page = text(&whole(ask(&server, "/contrast")));
    assert!(page.contains("withheld: needs 5 services, has 0"), "{page}");
    assert!(
        page.contains("change lead time") && page.contains("On the path"),
        "{page}"
    );
    let main = page.split("<main").nth(1).unwrap();
    assert!(!main.contains("team-1") && !main.contains("w001"), "{main}");
}

#[test]
fn the_demand_ranks_what_keeps_services_off_a_path() {
    let server = Server::of(&FLEET, ground::patient());
    let page = text(&whole(ask(&server, "/demand")));
    assert!(page.contains("1 thing keeps services of"), "{page}");
    let step = "href=\"./services?path=web&amp;missing=replicas\"";
    assert!(page.contains(step), "{page}");
}

#[test]
fn one_file_holds_everything_and_needs_nothing_besides() {
    let page = file(&ground::view(&FLEET));
    let links = Regex::new(r#" (?:href|src|action)="([^"]*)""#).unwrap();
    let ids: BTreeSet<String> = Regex::new(r#" id="([^"]*)""#)
        .unwrap()
        .captures_iter(&page)
        .map(|found| found[1].to_owned())
        .collect();
    let written = page.matches(" id=\"").count();
    assert_eq!(ids.len(), written, "an id is there twice");
    for link in links.captures_iter(&page) {
        let link = &link[1];
        let Some(part) = link.strip_prefix('#') else {
            assert!(link.starts_with("https://") || link == "data:,", "{link}");
            continue;
        };
        let part = percent_decode_str(part).decode_utf8().unwrap();
        let part = part
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
            .replace('"', "&quot;");
        // A team that owns exceptions alone has no line of its own.
        assert!(ids.contains(&part) || part.starts_with("teams/"), "{link}");
    }
    assert!(!page.contains("<script") && !page.contains(" style="));
    assert!(page.contains("Content-Security-Policy"));
    for word in ["secret-scanner-off", "Secret scanner", "test keys"] {
        assert!(!page.contains(word), "{word}");
    }
}

#[test]
fn a_restricted_step_is_counted_and_never_named() {
    let server = Server::of(&FLEET, ground::patient());
    let mut counted = 0;
    for (address, answer) in crawl(&server, "/") {
        if address.starts_with("/api/v1/summary") {
            continue; // the report's own figures, which name every check
        }
        let page = text(&answer).to_lowercase();
        for word in ["secret-scanner-off", "secret scanner", "test keys"] {
            assert!(!page.contains(word), "{address} has {word}");
        }
        counted += usize::from(page.contains("1 restricted step"));
    }
    assert!(counted > 3, "{counted}");
    let asked = whole(ask(
        &server,
        "/services?path=web&missing=secret-scanner-off",
    ));
    assert!(text(&asked).contains("0 services found"));
}

#[test]
fn services_are_filtered_sorted_and_exported() {
    let server = Server::of(&FLEET, ground::patient());
    let found = |query: &str| text(&whole(ask(&server, &format!("/services?{query}"))));
    assert!(found("").contains("121 services"));
    assert!(found("").contains("Page 1 of 3"));
    assert!(found("q=W00").contains("10 services found"));
    assert!(found("team=team-1&state=&q=").contains("40 services found"));
    assert!(found("team=absent").contains("Show all services"));
    let page = found("sort=name&page=2&team=team-1&limit=20");
    assert!(
        page.contains("aria-sort=\"ascending\"") && page.contains("rel=\"prev\""),
        "{page}"
    );
    let csv = whole(ask(&server, "/services.csv?team=team-1"));
    let lines: Vec<String> = text(&csv).lines().map(str::to_owned).collect();
    assert_eq!(lines.len(), 41);
    assert!(lines[0].starts_with("namespace,service,team,path,status"));
    let json = whole(ask(&server, "/services.json?team=team-1"));
    let json: Value = serde_json::from_slice(&json.body).unwrap();
    assert_eq!(
        (&json["total"], json["items"].as_array().unwrap().len()),
        (&json!(40), 40)
    );
    let page = whole(ask(&server, "/api/v1/services?limit=2&page=2"));
    let page: Value = serde_json::from_slice(&page.body).unwrap();
    assert_eq!(
        (&page["kind"], page["items"].as_array().unwrap().len()),
        (&json!("ServiceList"), 2)
    );
    let one = whole(ask(&server, "/api/v1/services/shop/w001"));
    let one: Value = serde_json::from_slice(&one.body).unwrap();
    assert_eq!(one["workloads"][0]["name"], "w001");
}

#[test]
fn what_is_not_understood_gets_a_page_that_helps() {
    let server = Server::of(&FLEET, ground::patient());
    for (address, status, words) in [
        ("/nothing", 404, "Search the services"),
        ("/a/b/c", 404, "href=\"../../services\""),
        ("/paths/absent", 404, "href=\"../services\""),
        ("/services/shop/absent", 404, "href=\"../../services\""),
        ("/services?page=0", 400, "page must be a whole number"),
        ("/services?colour=red", 400, "unknown parameter"),
        ("/exceptions?phase=red", 400, "unknown phase"),
        ("/api/v1/nothing", 404, "\"reason\":\"NotFound\""),
        (
            "/api/v1/services/shop/absent",
            404,
            "\"reason\":\"NotFound\"",
        ),
        ("/api/v1/services?page=x", 400, "\"reason\":\"BadRequest\""),
    ] {
        let answer = whole(ask(&server, address));
        assert_eq!(answer.status, status, "{address}");
        assert!(
            text(&answer).contains(words),
            "{address}: {}",
            text(&answer)
        );
    }
    let long = format!("/services?q={}", "x".repeat(8000));
    assert_eq!(whole(ask(&server, &long)).status, 414);
    for method in ["POST", "PUT", "DELETE", "PATCH"] {
        assert_eq!(
            whole(send(&server, method, "/services")).status,
            405,
            "{method}"
        );
    }
}

#[test]
fn a_page_is_sent_again_only_when_it_changed_and_packed_where_that_is_understood() {
    let server = Server::of(&FLEET, ground::patient());
    let plain = whole(ask(&server, "/services"));
    let tag = header(&plain, "etag").unwrap().replacen("w/", "W/", 1);
    let known = with_headers(&server, "/services", &format!("if-none-match: {tag}\r\n"));
    assert_eq!((known.status, known.body.len()), (304, 0));
    let packed = with_headers(&server, "/services", "accept-encoding: br, gzip\r\n");
    assert_eq!(header(&packed, "content-encoding"), Some("gzip"));
    let mut unpacked = Vec::new();
    GzDecoder::new(&*packed.body)
        .read_to_end(&mut unpacked)
        .unwrap();
    assert!(unpacked == plain.body && packed.body.len() * 3 < plain.body.len());
    let refused = with_headers(&server, "/services", "accept-encoding: gzip;q=0\r\n");
    assert_eq!(header(&refused, "content-encoding"), None);
    let head = whole(send(&server, "HEAD", "/services"));
    assert_eq!((head.status, head.body.len()), (200, 0));
    let style = whole(ask(&server, "/assets/style.css"));
    assert!(
        header(&style, "cache-control")
            .unwrap()
            .contains("immutable")
    );
    assert!(style.body.len() < 12 * 1024);
    let script = whole(ask(&server, "/assets/page.js"));
    assert!(
        header(&script, "content-type")
            .unwrap()
            .starts_with("text/javascript")
    );
    assert!(script.body.len() < 8 * 1024);
}

#[test]
fn open_pages_hear_of_the_version_and_their_streams_are_bounded() {
    let server = Server::of(&FLEET, ground::patient());
    let page = text(&whole(ask(&server, "/services")));
    let version = Regex::new("data-version=\"([0-9]+)\"").unwrap();
    let version = version.captures(&page).unwrap()[1].to_owned();
    let mut first = ask(&server, "/api/v1/events");
    first.set_read_timeout(Some(ground::SOON)).unwrap();
    let mut heard = String::new();
    while !heard.contains("data: ") {
        let mut bytes = [0; 1024];
        let read = first.read(&mut bytes).unwrap();
        heard += std::str::from_utf8(&bytes[..read]).unwrap();
    }
    assert!(heard.contains(&format!("data: {version}-")), "{heard}");
    let lower = heard.to_ascii_lowercase();
    for line in [
        "content-type: text/event-stream",
        "x-accel-buffering: no",
        "no-transform",
    ] {
        assert!(lower.contains(line), "{lower}");
    }
    // Streams that hear nothing further hold no thread, and the last ones find no room.
    let mut streams = vec![first];
    loop {
        assert!(streams.len() < 200, "streams are not bounded");
        let mut stream = ask(&server, "/api/v1/events");
        stream.set_read_timeout(Some(ground::SOON)).unwrap();
        let mut status = [0; 12];
        stream.read_exact(&mut status).unwrap();
        if status == *b"HTTP/1.1 204" {
            break;
        }
        streams.push(stream);
    }
    assert_eq!(whole(ask(&server, "/services")).status, 200);
    assert_eq!(whole(ask(&server, "/livez")).status, 200);
    server.stop();
}

#[test]
fn an_empty_cluster_says_what_to_do() {
    let server = Server::of(&EMPTY, ground::patient());
    for (address, answer) in crawl(&server, "/") {
        assert_eq!(answer.status, 200, "{address}");
    }
    let overview = text(&whole(ask(&server, "/")));
    assert!(overview.contains("goldenpath init"));
    for tab in ["href=\"./contrast\"", "href=\"./demand\""] {
        assert!(!overview.contains(tab), "{tab} without data");
    }
    assert!(text(&whole(ask(&server, "/contrast"))).contains("--delivery"));
}

/// A source whose first lists are not complete.
struct Unready;

impl Source for Unready {
    fn readiness(&self) -> Readiness {
        Readiness {
            pending: vec!["GoldenPath: the definition <is> not installed".to_owned()],
            notes: Vec::new(),
        }
    }

    fn metrics(&self) -> String {
        String::new()
    }

    fn version(&self) -> Option<u64> {
        None
    }

    fn view(&self) -> Option<Arc<ReportView>> {
        None
    }
}

#[test]
fn before_the_first_lists_the_page_says_what_it_waits_for() {
    let server = Server::with(Arc::new(Unready), &BasePath::default(), ground::patient());
    let answer = whole(ask(&server, "/services/shop/web"));
    assert_eq!(answer.status, 503);
    assert!(text(&answer).contains("the definition &lt;is&gt; not installed"));
    assert_eq!(whole(ask(&server, "/livez")).status, 200);
}

#[test]
fn links_work_behind_a_prefix() {
    let base = BasePath::parse("/tools/goldenpath").unwrap();
    let source = Arc::new(ground::Views::of(&FLEET));
    let server = Server::with(source, &base, ground::patient());
    let pages = crawl(&server, "/tools/goldenpath/");
    assert!(pages.len() > 20, "{:?}", pages.keys());
    for (address, answer) in &pages {
        assert!(address.starts_with("/tools/goldenpath/"), "{address}");
        assert_eq!(answer.status, 200, "{address}");
    }
    let redirect = whole(ask(&server, "/tools/goldenpath"));
    assert_eq!(
        (redirect.status, header(&redirect, "location")),
        (308, Some("goldenpath/"))
    );
    assert_eq!(whole(ask(&server, "/livez")).status, 200);
}

/// This many services of 200 teams.
fn large(services: usize) -> Inventory {
    let mut cluster = Cluster::with_web_path();
    for number in 0..services {
        let annotations = json!({"goldenpath.dev/team": format!("team-{}", number % 200)});
        let change =
            json!({"metadata": {"annotations": annotations}, "spec": {"replicas": 1 + number % 4}});
        cluster.put(with(deployment(&format!("w{number:05}")), change));
    }
    cluster.0.snapshot()
}

#[test]
fn a_large_fleet_fits_small_pages() {
    static LARGE: LazyLock<Inventory> = LazyLock::new(|| large(1_000));
    let server = Server::of(&LARGE, ground::patient());
    assert!(whole(ask(&server, "/")).body.len() < 60 * 1024);
    assert!(whole(ask(&server, "/services?page=10")).body.len() < 100 * 1024);
}

#[test]
#[ignore = "a measurement"]
fn speed_with_10_000_services() {
    static LARGE: LazyLock<Inventory> = LazyLock::new(|| large(10_000));
    let view = ground::view(&LARGE);
    view.summary();
    for (name, page) in [
        ("overview", Page::Overview),
        ("services", Page::Services(ServiceQuery::default())),
        ("demand", Page::Demand),
    ] {
        let start = Instant::now();
        let text = render(&page, &view).unwrap();
        println!("{name}: {:?}, {} bytes", start.elapsed(), text.len());
    }
}

#[test]
fn objectives_have_a_page_that_reads_without_colour() {
    let server = Server::of(&FLEET, ground::patient());
    let overview = text(&whole(ask(&server, "/")));
    assert!(overview.contains("href=\"./objectives\""));
    let page = text(&whole(ask(&server, "/objectives")));
    for words in [
        "serves <a href=\"#objective-company\">company</a>",
        "Not measured: ",
        "at most 2 %",
        "guardrail",
        "0 % of the way, behind",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    let empty = text(&whole(ask(&Server::of(&EMPTY, ground::patient()), "/")));
    assert!(!empty.contains("href=\"./objectives\""));
}
