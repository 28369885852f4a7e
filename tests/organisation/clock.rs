//! A month by the clock: the same path and stories with days of a second. What `--as-of` answers for
//! its last day in advance, the operator's labels become when that day comes.

use std::fs;
use std::thread;

use goldenpath_e2e::{Operator, eventually};
use jiff::{SignedDuration, Timestamp};

use crate::ground::{Ground, PLATFORM, SOON, lap};
use crate::month::{as_of, start_pilots, whole_second, workload};
use crate::pilots::{Calendar, DAYS, STORIES};
use crate::recount::{differences, labels, wanted_labels};

/// From this day on, nothing changes until the last one of [`DAYS`].
const SETTLED: i32 = 21;

/// Changes that came with time.
fn changes(operator: &Operator) -> f64 {
    let samples = operator.scrape().unwrap();
    let by_time = samples.all("goldenpath_transitions_total", &[("cause", "time")]);
    by_time.map(|sample| sample.value).sum()
}

pub fn passes(ground: &Ground, operator: &Operator, edited: &impl Fn(&Calendar) -> String) {
    let before = changes(operator);
    let calendar = Calendar {
        start: whole_second(),
        day: SignedDuration::from_secs(1),
        suffix: "-by-clock",
    };
    let shell = &ground.shell;
    fs::write(shell.file("path.yaml"), edited(&calendar)).unwrap();
    ground
        .shell_of(PLATFORM)
        .type_in("kubectl apply -f path.yaml");
    start_pilots(ground, &calendar);
    let [first, last] = thread::scope(|scope| {
        let asked = [DAYS[0], SETTLED].map(|day| scope.spawn(move || as_of(shell, &calendar, day)));
        asked.map(|report| report.join().unwrap())
    });
    for (report, index) in [(&first, 0), (&last, 3)] {
        for story in STORIES {
            let stands = workload(report, &calendar.name(story.name))["deviation"].as_str();
            assert_eq!(
                stands.unwrap_or_default(),
                story.stands[index],
                "{}",
                story.name
            );
        }
    }
    let wanted = wanted_labels(&last);
    let changing = differences(&wanted_labels(&first), &wanted).len();
    assert!(changing > 100, "{changing}");
    eventually(SOON, "the last day has come", || {
        (Timestamp::now() > calendar.day(SETTLED)).then_some(())
    });
    lap("a month by the clock");
    let mut left = Vec::new();
    eventually(SOON, "the labels are what --as-of said", || {
        let mut stored = labels(&ground.workloads());
        stored.retain(|name, _| wanted.contains_key(name));
        left = differences(&stored, &wanted);
        left.is_empty().then_some(())
    });
    assert!(changes(operator) > before, "{}", changes(operator));
    lap("labels at the end of it");
}
