//! What the page costs and how it answers under load: the size and time of what people open, many readers
//! while the operator lists everything again, readers beside changes that are labelled, and clients that
//! are slow, silent or ask for too much. Answers are read over plain sockets; what they say is not checked.

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use goldenpath_e2e::Operator;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use crate::fleet::{self, Count, MemoryCheck};
use crate::reaction::{self, Churn};
use crate::socket::Socket;
use crate::stage::{DEADLINE, Stage};
use crate::table::{Row, quantile};
use crate::{Result, memory, process, relist, rest};

/// Requests of one address, for its median.
const ASKED: usize = 20;
/// Readers under load.
const READERS_A_SECOND: u32 = 100;
/// How long they read.
const LOAD: Duration = Duration::from_secs(30);
/// Time between two edits of the path: about as long as everything takes to be listed and judged again.
const EDIT_EVERY: Duration = Duration::from_secs(3);
/// Changes beside the readers.
const CHURN: Churn = Churn {
    changes: 300,
    a_second: 50,
};
/// Open event streams, readers and writers of a byte a second.
const STREAMS: usize = 200;
const SLOW: usize = 50;
/// How long they stay.
const STAY: Duration = Duration::from_secs(15);
/// An address that is refused for its length.
const TOO_LONG: usize = 8 * 1024;
/// Longer than the operator takes to see a change.
const SEEN_WITHIN: Duration = Duration::from_millis(100);
/// Longer than any answer takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// What people open.
const PAGES: [(&str, &str); 6] = [
    ("overview", "/"),
    ("page of services", "/services"),
    ("services found by a word", "/services?q=1&sort=name&page=2"),
    ("exceptions", "/exceptions"),
    ("demand", "/demand"),
    ("page of services as JSON", "/api/v1/services"),
];

/// Everything, on a labelled fleet.
pub fn measure(stage: &Stage) -> Result<Vec<Row>> {
    let (mut operator, _) = stage.operator(&[])?;
    operator.wait_until_ready(DEADLINE)?;
    rest::quiet(stage)?;
    let address = address(&operator)?;
    let resident = memory::of(&operator)?.resident;
    let mut rows = alone(stage, address)?;
    rows.extend(relisting(stage, &operator, address)?);
    rest::quiet(stage)?;
    rows.extend(beside_labels(stage, address)?);
    rows.extend(besieged(stage, &operator, address)?);
    let steady = memory::of(&operator)?.resident;
    rows.push(
        Row::mebibytes("page: memory after all this", steady)
            .note(format!("{:.1} MiB before", resident / 1_024.0)),
    );
    Stage::stop(operator)?;
    Ok(rows)
}

fn address(operator: &Operator) -> Result<SocketAddr> {
    let url = operator.url().strip_prefix("http://");
    Ok(url.ok_or("no address")?.trim_end_matches('/').parse()?)
}

/// An answer, read to its end.
#[derive(Clone, Copy, Debug)]
struct Answer {
    status: u16,
    bytes: usize,
    took: Duration,
}

/// Asks on a connection of its own, packed as browsers do.
async fn get(address: SocketAddr, path: &str) -> Result<Answer> {
    let asked = Instant::now();
    let socket = Socket::connect(address).await?;
    let request = format!(
        "GET {path} HTTP/1.1\r\nhost: x\r\naccept-encoding: gzip\r\nconnection: close\r\n\r\n"
    );
    socket.write(request.as_bytes()).await?;
    let bytes = timeout(PATIENCE, socket.read_all()).await??;
    let status = bytes.get(9..12).and_then(|code| str::from_utf8(code).ok());
    Ok(Answer {
        status: status.ok_or("no status")?.parse()?,
        bytes: bytes.len(),
        took: asked.elapsed(),
    })
}

/// Each page alone: written for the first reader after a change, and given to the next ones.
fn alone(stage: &Stage, address: SocketAddr) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (name, path) in PAGES {
        let (mut first, mut again, mut bytes) = (Vec::new(), Vec::new(), 0);
        for number in 0..ASKED {
            touch(stage, number)?;
            let answer = stage.runtime.block_on(get(address, path))?;
            if answer.status != 200 {
                return Err(format!("{path}: status {}", answer.status).into());
            }
            first.push(answer.took);
            bytes = bytes.max(answer.bytes);
            again.push(stage.runtime.block_on(get(address, path))?.took);
        }
        let goal = if path == "/" { 20.0 } else { 50.0 };
        let middle = |took: &[Duration]| quantile(took.to_vec(), 0.5).unwrap_or_default();
        let millis = middle(&first).as_secs_f64() * 1_000.0;
        rows.push(
            Row::millis(format!("page: {name}"), middle(&first))
                .note(format!(
                    "median of {ASKED}, each after a change; {} KiB packed; {:.1} ms again",
                    bytes / 1_024,
                    middle(&again).as_secs_f64() * 1_000.0
                ))
                .at_most(millis, goal),
        );
    }
    Ok(rows)
}

/// Changes a Deployment in nothing that is judged, and waits until the page has seen it.
fn touch(stage: &Stage, number: usize) -> Result<()> {
    stage
        .runtime
        .block_on(reaction::touch(&stage.client, number))?;
    thread::sleep(SEEN_WITHIN);
    Ok(())
}

/// The addresses that readers open in turn.
fn addresses() -> Vec<String> {
    let fixed = PAGES.map(|(_, path)| path.to_owned());
    let pages = (1..=40).map(|page| format!("/services?page={page}"));
    let names = (0..40).map(|part| format!("/services?q={part}"));
    fixed.into_iter().chain(pages).chain(names).collect()
}

/// Readers at an even pace, whether earlier ones have their answer or not.
async fn read(address: SocketAddr, lasts: Duration) -> Result<Vec<Answer>> {
    let addresses = Arc::new(addresses());
    let mut pace = interval(Duration::from_secs(1) / READERS_A_SECOND);
    pace.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let begun = Instant::now();
    let mut readers: Vec<JoinHandle<Result<Answer>>> = Vec::new();
    while begun.elapsed() < lasts {
        pace.tick().await;
        let (addresses, number) = (addresses.clone(), readers.len());
        readers.push(tokio::spawn(async move {
            get(address, &addresses[number % addresses.len()]).await
        }));
    }
    let mut answers = Vec::new();
    for reader in readers {
        answers.push(reader.await??);
    }
    Ok(answers)
}

fn of_readers(when: &str, answers: &[Answer], has_goal: bool) -> Vec<Row> {
    let took: Vec<Duration> = answers.iter().map(|answer| answer.took).collect();
    let of = |share| quantile(took.clone(), share).unwrap_or_default();
    let refused = answers.iter().filter(|answer| answer.status != 200).count();
    let note = format!(
        "{} answers at {READERS_A_SECOND}/s, {} addresses; p50 {:.1} ms, longest {:.1} ms, {refused} refused",
        answers.len(),
        addresses().len(),
        of(0.5).as_secs_f64() * 1_000.0,
        of(1.0).as_secs_f64() * 1_000.0,
    );
    let millis = of(0.99).as_secs_f64() * 1_000.0;
    let row = Row::millis(format!("page: readers {when}, p99"), of(0.99)).note(note);
    vec![if has_goal {
        row.at_most(millis, 100.0)
    } else {
        row
    }]
}

/// An edit of the path after which every workload is listed, and one judged otherwise.
fn edited(stage: &Stage) -> MemoryCheck {
    let last = fleet::last_without_memory_limit(stage.workloads);
    last.map_or(MemoryCheck::Asked, MemoryCheck::AskedBut)
}

/// Readers alone, while the operator lists everything again for an edited path, and while the API server
/// starts again, which takes the machine's cores from all.
fn relisting(stage: &Stage, operator: &Operator, address: SocketAddr) -> Result<Vec<Row>> {
    let answers = stage.runtime.block_on(read(address, LOAD))?;
    let mut rows = of_readers("at rest", &answers, true);
    let readers = stage.runtime.spawn(read(address, LOAD));
    let begun = Instant::now();
    let mut edits = 0;
    while begun.elapsed() < LOAD {
        let (asked, back) = (edited(stage), MemoryCheck::Asked);
        let check = if edits % 2 == 0 { asked } else { back };
        stage.cluster.apply(&fleet::path(check))?;
        edits += 1;
        thread::sleep(EDIT_EVERY);
    }
    stage.cluster.apply(&fleet::path(MemoryCheck::Asked))?;
    let answers = stage.runtime.block_on(readers)??;
    let when = format!("while all is listed and judged again {edits} times");
    rows.extend(of_readers(&when, &answers, true));
    rest::quiet(stage)?;
    process::reset_peak(operator.process_id())?;
    let readers = stage.runtime.spawn(read(address, LOAD));
    let relisted = relist::measure(stage, operator)?;
    let answers = stage.runtime.block_on(readers)??;
    let when = "while the API server starts and is listed again";
    rows.extend(of_readers(when, &answers, false));
    rows.extend(relisted.into_iter().map(|row| Row {
        name: format!("page: {} beside them", row.name),
        ..row
    }));
    Ok(rows)
}

/// Changes that are labelled, without and with readers.
fn beside_labels(stage: &Stage, address: SocketAddr) -> Result<Vec<Row>> {
    let alone = reaction::times(stage, CHURN)?;
    rest::quiet(stage)?;
    let lasts = Duration::from_secs(1) * Count::try_from(CHURN.changes)? / CHURN.a_second;
    let readers = stage.runtime.spawn(read(address, lasts));
    let read_beside = reaction::times(stage, CHURN)?;
    let answers = stage.runtime.block_on(readers)??;
    let ratio = |of: &reaction::Times| of.change.as_secs_f64() / of.bare.as_secs_f64();
    let note = |of: &reaction::Times| {
        format!(
            "bare round trip {:.1} ms, {:.2} of it",
            of.bare.as_secs_f64() * 1_000.0,
            ratio(of)
        )
    };
    let mut rows = vec![
        Row::millis("page: change to label without readers, p50", alone.change).note(note(&alone)),
        Row::millis(
            "page: change to label beside readers, p50",
            read_beside.change,
        )
        .note(note(&read_beside))
        .at_most(ratio(&read_beside), 2.0),
    ];
    rows.extend(of_readers(
        "beside changes that are labelled",
        &answers,
        true,
    ));
    Ok(rows)
}

/// Slow clients, many streams and long addresses, while probes are asked.
fn besieged(stage: &Stage, operator: &Operator, address: SocketAddr) -> Result<Vec<Row>> {
    process::reset_peak(operator.process_id())?;
    let before = memory::of(operator)?.resident;
    let besieged = stage.runtime.block_on(besiege(address))?;
    let peak = memory::of(operator)?.peak;
    let longest = besieged.probes.iter().max().copied().unwrap_or_default();
    let millis = longest.as_secs_f64() * 1_000.0;
    let p50 = quantile(besieged.probes.clone(), 0.5).unwrap_or_default();
    Ok(vec![
        Row::new(
            "page: event streams that stay open",
            besieged.streams,
            "streams",
        )
        .note(format!("of {STREAMS}; the others are answered 204")),
        Row::new("page: status of an address of 8 KiB", besieged.too_long, ""),
        Row::millis("page: /livez beside slow clients, longest", longest)
            .note(format!(
                "p50 {:.1} ms of {}; {SLOW} clients read and {SLOW} send a byte a second",
                p50.as_secs_f64() * 1_000.0,
                besieged.probes.len()
            ))
            .at_most(millis, 50.0),
        Row::mebibytes("page: peak beside slow clients", peak)
            .note(format!("{:.1} MiB before", before / 1_024.0)),
    ])
}

struct Besieged {
    streams: usize,
    too_long: u16,
    probes: Vec<Duration>,
}

async fn besiege(address: SocketAddr) -> Result<Besieged> {
    let mut streams = Vec::new();
    for _ in 0..STREAMS {
        let socket = Socket::connect(address).await?;
        let request = "GET /api/v1/events HTTP/1.1\r\nhost: x\r\n\r\n";
        socket.write(request.as_bytes()).await?;
        let head = timeout(PATIENCE, socket.read(1024)).await??;
        if head.starts_with(b"HTTP/1.1 200") {
            streams.push(socket);
        }
    }
    let slow: Vec<JoinHandle<()>> = (0..SLOW)
        .flat_map(|_| {
            [
                tokio::spawn(reads_slowly(address)),
                tokio::spawn(sends_slowly(address)),
            ]
        })
        .collect();
    let long = format!("/services?q={}", "x".repeat(TOO_LONG));
    let too_long = get(address, &long).await?.status;
    let (begun, mut probes) = (Instant::now(), Vec::new());
    while begun.elapsed() < STAY {
        let answer = get(address, "/livez").await?;
        if answer.status != 200 {
            return Err(format!("/livez: status {}", answer.status).into());
        }
        probes.push(answer.took);
        sleep(Duration::from_millis(20)).await;
    }
    slow.iter().for_each(JoinHandle::abort);
    Ok(Besieged {
        streams: streams.len(),
        too_long,
        probes,
    })
}

/// Reads the whole report, a byte a second.
async fn reads_slowly(address: SocketAddr) {
    let Ok(socket) = Socket::connect(address).await else {
        return;
    };
    let request = b"GET /api/v1/report HTTP/1.1\r\nhost: x\r\n\r\n";
    if socket.write(request).await.is_ok() {
        while socket.read(1).await.is_ok_and(|read| !read.is_empty()) {
            sleep(Duration::from_secs(1)).await;
        }
    }
}

/// Sends a request, a byte a second.
async fn sends_slowly(address: SocketAddr) {
    let Ok(socket) = Socket::connect(address).await else {
        return;
    };
    for byte in b"GET /services HTTP/1.1\r\nx-slow: "
        .iter()
        .chain([b'a'].iter().cycle())
    {
        if socket.write(&[*byte]).await.is_err() {
            return;
        }
        sleep(Duration::from_secs(1)).await;
    }
}
