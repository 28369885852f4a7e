//! The four kinds of panel the dashboards have.

use crate::Result;
use crate::answers::{Answer, Series};
use crate::boards::Panel;
use crate::fields::{colour, legend, property, written};
use crate::pen::{Area, Pen, fitting};
use crate::table::{Cell, table};

const LINE: f64 = 18.0;

/// One panel with its frame.
pub fn draw(pen: &mut Pen, panel: &Panel, answers: &[Answer<'_>], area: Area) -> Result<()> {
    pen.card(area);
    let inner = area.inside(8.0);
    pen.text(
        &fitting(&panel.title, inner.w),
        (inner.x, inner.y + 10.0),
        "name",
    );
    let inner = inner.below(18.0);
    let named = named(panel, answers);
    if named.is_empty() {
        pen.text("nothing to show", (inner.x, inner.y + 14.0), "dim");
        return Ok(());
    }
    match panel.kind.as_str() {
        "stat" => stats(pen, panel, &named, inner),
        "bargauge" => bars(pen, panel, &named, inner),
        "timeseries" => lines(pen, panel, &named, inner),
        "table" => cells(pen, panel, answers, inner),
        other => return Err(format!("{}: no drawing of a {other}", panel.title).into()),
    }
    Ok(())
}

/// A series with its legend.
struct Named<'a> {
    legend: String,
    colour: &'a str,
    series: &'a Series,
}

impl Named<'_> {
    fn last(&self) -> f64 {
        self.series.points.last().map_or(f64::NAN, |point| point.1)
    }
}

fn named<'a>(panel: &'a Panel, answers: &'a [Answer<'_>]) -> Vec<Named<'a>> {
    let all = answers
        .iter()
        .flat_map(|answer| answer.series.iter().map(move |series| (answer, series)));
    all.enumerate()
        .map(|(at, (answer, series))| {
            let legend = legend(answer, series);
            Named {
                colour: colour(panel, &legend, at),
                legend,
                series,
            }
        })
        .collect()
}

fn count(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}

fn stats(pen: &mut Pen, panel: &Panel, named: &[Named<'_>], area: Area) {
    let tall = area.h / count(named.len());
    for (at, one) in named.iter().enumerate() {
        let y = area.y + tall * count(at) + tall / 2.0;
        let figure = written(panel, &one.legend, one.last());
        pen.figure(&figure, (area.x, y + 8.0), one.colour);
        if named.len() > 1 {
            pen.text_to(&one.legend, (area.x + area.w, y + 6.0), "dim");
        }
    }
}

fn bars(pen: &mut Pen, panel: &Panel, named: &[Named<'_>], area: Area) {
    let stated = property(panel, "", "max").and_then(serde_json::Value::as_f64);
    let greatest = named
        .iter()
        .map(Named::last)
        .fold(f64::MIN_POSITIVE, f64::max);
    let full = stated.unwrap_or(greatest);
    let pitch = (area.h / count(named.len())).min(36.0);
    for (at, one) in named.iter().enumerate() {
        let y = area.y + pitch * count(at);
        let figure = written(panel, &one.legend, one.last());
        pen.text_to(&figure, (area.x + area.w, y + 11.0), "");
        pen.text(
            &fitting(&one.legend, area.w - 64.0),
            (area.x, y + 11.0),
            "dim",
        );
        let track = Area {
            y: y + 14.0,
            h: (pitch - 17.0).clamp(3.0, 8.0),
            ..area
        };
        pen.bar(track, None);
        let w = track.w * (one.last() / full).clamp(0.0, 1.0);
        pen.bar(Area { w, ..track }, Some(one.colour));
    }
}

fn cells(pen: &mut Pen, panel: &Panel, answers: &[Answer<'_>], area: Area) {
    let table = table(panel, answers);
    let texts: Vec<Vec<String>> = table
        .rows
        .iter()
        .map(|row| row_texts(panel, row, &table.columns))
        .collect();
    let room = (1..200).take_while(|row| area.y + LINE * count(*row) + 12.0 < area.y + area.h);
    let room = room.count();
    let shown = if texts.len() <= room {
        texts.len()
    } else {
        room - 1
    };
    let lines: Vec<&[String]> = [&*table.columns]
        .into_iter()
        .chain(texts.iter().take(shown).map(Vec::as_slice))
        .collect();
    let mut x = area.x;
    for (at, width) in widths(&lines, area.w).into_iter().enumerate() {
        for (line, cells) in lines.iter().enumerate() {
            let place = (x, area.y + LINE * count(line) + 12.0);
            let class = if line == 0 { "dim" } else { "" };
            pen.text(&fitting(&cells[at], width - 6.0), place, class);
        }
        x += width;
    }
    if shown < texts.len() {
        let more = format!("and {} more", texts.len() - shown);
        pen.text(
            &more,
            (area.x, area.y + LINE * count(shown + 1) + 12.0),
            "dim",
        );
    }
}

fn row_texts(panel: &Panel, row: &[Option<Cell>], columns: &[String]) -> Vec<String> {
    let cells = row.iter().zip(columns);
    let texts = cells.map(|(cell, column)| match cell {
        Some(Cell::Text(text)) => text.clone(),
        Some(Cell::Number(value)) => written(panel, column, *value),
        None => "–".to_owned(),
    });
    texts.collect()
}

/// Columns share the width by their longest text.
fn widths(lines: &[&[String]], width: f64) -> Vec<f64> {
    let columns = lines.first().map_or(0, |line| line.len());
    let longest = |at: usize| lines.iter().map(|line| line[at].chars().count()).max();
    let longest: Vec<f64> = (0..columns)
        .map(|at| count(longest(at).unwrap_or(0) + 2))
        .collect();
    let all: f64 = longest.iter().sum();
    longest.iter().map(|one| width * one / all).collect()
}

/// A chart's ground: pixels from instants and values.
struct Chart {
    area: Area,
    from: f64,
    until: f64,
    top: f64,
}

impl Chart {
    fn point(&self, at: f64, value: f64) -> (f64, f64) {
        let along = (at - self.from) / (self.until - self.from).max(1.0);
        let up = value / self.top;
        let Area { x, y, w, h } = self.area;
        (x + w * along, y + h * (1.0 - up.clamp(0.0, 1.0)))
    }

    fn axes(&self, pen: &mut Pen, panel: &Panel) {
        for part in [0.0, 0.5, 1.0] {
            let value = self.top * part;
            let (x, y) = self.point(self.from, value);
            pen.rule((x, y), (x + self.area.w, y));
            pen.text_to(&written(panel, "", value), (x - 4.0, y + 4.0), "dim");
        }
    }
}

fn lines(pen: &mut Pen, panel: &Panel, named: &[Named<'_>], area: Area) {
    let stacked = panel.field_config.defaults["custom"]["stacking"]["mode"] == "normal";
    let legend_lines = keys(pen, named, area);
    let room = Area {
        x: area.x + 52.0,
        y: area.y + 6.0,
        w: area.w - 56.0,
        h: area.h - 14.0 - LINE * legend_lines,
    };
    let points = || named.iter().flat_map(|one| &one.series.points);
    let stated = property(panel, "", "max").and_then(serde_json::Value::as_f64);
    let sum: f64 = named.iter().map(|one| peak(one)).sum();
    let highest = named.iter().map(peak).fold(0.0, f64::max);
    let chart = Chart {
        area: room,
        from: points().map(|point| point.0).fold(f64::MAX, f64::min),
        until: points().map(|point| point.0).fold(f64::MIN, f64::max),
        top: stated
            .unwrap_or(if stacked { sum } else { highest })
            .max(1e-9),
    };
    chart.axes(pen, panel);
    if stacked {
        stack(pen, named, &chart);
        return;
    }
    for one in named {
        let dashed = property(panel, &one.legend, "custom.lineStyle").is_some();
        let line = one.series.points.iter();
        let line = line.map(|(at, value)| chart.point(*at, *value));
        pen.line(line, one.colour, dashed);
    }
}

fn peak(one: &Named<'_>) -> f64 {
    let values = one.series.points.iter().map(|point| point.1);
    values.fold(0.0, f64::max)
}

/// Each surface on top of those before it; where a series says nothing it adds nothing.
fn stack(pen: &mut Pen, named: &[Named<'_>], chart: &Chart) {
    let mut instants: Vec<f64> = Vec::new();
    for one in named {
        instants.extend(one.series.points.iter().map(|point| point.0));
    }
    instants.sort_by(f64::total_cmp);
    instants.dedup();
    let mut floor = vec![0.0; instants.len()];
    for one in named {
        let values = instants.iter().zip(&floor).map(|(at, below)| {
            let mut points = one.series.points.iter();
            below
                + points
                    .find(|point| point.0.total_cmp(at).is_eq())
                    .map_or(0.0, |point| point.1)
        });
        let roof: Vec<f64> = values.collect();
        let edge = |heights: &[f64]| -> Vec<(f64, f64)> {
            let pairs = instants.iter().zip(heights);
            pairs
                .map(|(at, height)| chart.point(*at, *height))
                .collect()
        };
        let back = edge(&floor).into_iter().rev();
        pen.surface(edge(&roof).into_iter().chain(back), one.colour);
        floor = roof;
    }
}

/// The legend below a chart; how many lines it takes.
fn keys(pen: &mut Pen, named: &[Named<'_>], area: Area) -> f64 {
    let mut placed = Vec::new();
    let (mut x, mut line) = (0.0, 0.0);
    for one in named {
        let wide = count(one.legend.chars().count()) * 6.4 + 26.0;
        if x > 0.0 && x + wide > area.w {
            (x, line) = (0.0, line + 1.0);
        }
        placed.push((&one.legend, one.colour, x, line));
        x += wide;
    }
    let top = area.y + area.h - LINE * line;
    for (name, colour, x, line) in placed {
        let (x, y) = (area.x + x, top + LINE * line);
        let key = Area {
            x,
            y: y - 6.0,
            w: 10.0,
            h: 4.0,
        };
        pen.bar(key, Some(colour));
        pen.text(name, (x + 14.0, y), "dim");
    }
    line + 1.0
}
