//! Draws how figures grow: one small panel each, both axes logarithmic, as an SVG that reads on light and
//! dark pages. Pure: numbers in, text out. Must not measure.

use std::fmt::Write as _;

/// One measured point.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Point {
    /// The number of Deployments.
    pub size: f64,
    pub figure: f64,
}

/// How one figure grows.
#[derive(Clone, Debug)]
pub struct Growth {
    pub name: &'static str,
    pub unit: &'static str,
    pub points: Vec<Point>,
}

/// A logarithmic axis over whole decades, from one pixel to another.
#[derive(Clone, Copy, Debug)]
struct Axis {
    lowest: i32,
    highest: i32,
    from: f64,
    to: f64,
}

const PANEL: (f64, f64) = (340.0, 220.0);
const COLUMNS: usize = 2;
/// Room for the labels of an axis.
const LEFT: f64 = 52.0;
const TOP: f64 = 34.0;
const RIGHT: f64 = 24.0;
const BOTTOM: f64 = 34.0;

const STYLE: &str = "
  text { font: 12px system-ui, sans-serif; fill: #1f2328 }
  .title { font-weight: 600 }
  .axis { fill: #59636e }
  .grid { stroke: #d1d9e0 }
  .line { fill: none; stroke: #0969da; stroke-width: 2 }
  .point { fill: #0969da }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc }
    .axis { fill: #9198a1 }
    .grid { stroke: #3d444d }
    .line { stroke: #4493f8 }
    .point { fill: #4493f8 }
  }
";

impl Axis {
    /// The decades that hold all of these, at least one.
    fn over(figures: impl Iterator<Item = f64> + Clone, from: f64, to: f64) -> Option<Self> {
        let lowest = decade(figures.clone().reduce(f64::min)?.log10().floor());
        let highest = decade(figures.reduce(f64::max)?.log10().ceil());
        Some(Self {
            lowest,
            highest: highest.max(lowest + 1),
            from,
            to,
        })
    }

    fn place(&self, figure: f64) -> f64 {
        let share =
            (figure.log10() - f64::from(self.lowest)) / f64::from(self.highest - self.lowest);
        self.from + share * (self.to - self.from)
    }

    fn decades(&self) -> impl Iterator<Item = f64> {
        (self.lowest..=self.highest).map(|decade| 10_f64.powi(decade))
    }
}

#[allow(clippy::cast_possible_truncation)] // the power of ten of a measured figure
fn decade(power: f64) -> i32 {
    power as i32
}

/// All panels, two beside each other; those without a point are left out.
pub fn svg(title: &str, all: &[Growth]) -> String {
    let drawn: Vec<String> = all
        .iter()
        .filter_map(|growth| panel(&positive(growth)))
        .collect();
    let rows = drawn.len().div_ceil(COLUMNS);
    let (width, height) = (PANEL.0 * count(COLUMNS), PANEL.1 * count(rows) + TOP);
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" role=\"img\" \
         aria-label=\"{title}\">\n<style>{STYLE}</style>\n\
         <text class=\"title\" x=\"{LEFT}\" y=\"22\">{}</text>\n",
        escaped(title)
    );
    for (index, panel) in drawn.iter().enumerate() {
        let (x, y) = (
            PANEL.0 * count(index % COLUMNS),
            PANEL.1 * count(index / COLUMNS) + TOP,
        );
        // Writing to a String cannot fail.
        let _ = writeln!(text, "<g transform=\"translate({x} {y})\">\n{panel}</g>");
    }
    text.push_str("</svg>\n");
    text
}

/// Without what a logarithm has no place for.
fn positive(growth: &Growth) -> Growth {
    let is_positive = |point: &&Point| point.size > 0.0 && point.figure > 0.0;
    Growth {
        points: growth.points.iter().filter(is_positive).copied().collect(),
        ..growth.clone()
    }
}

fn panel(growth: &Growth) -> Option<String> {
    let sizes = growth.points.iter().map(|point| point.size);
    let figures = growth.points.iter().map(|point| point.figure);
    let x = Axis::over(sizes, LEFT, PANEL.0 - RIGHT)?;
    let y = Axis::over(figures, PANEL.1 - BOTTOM, TOP)?;
    let mut text = String::new();
    let _ = writeln!(
        text,
        "<text class=\"title\" x=\"{LEFT}\" y=\"16\">{}, {}</text>",
        escaped(growth.name),
        escaped(growth.unit)
    );
    for size in x.decades() {
        let (at, bottom) = (x.place(size), PANEL.1 - BOTTOM);
        let _ = writeln!(
            text,
            "<path class=\"grid\" d=\"M{at:.1} {TOP}V{bottom}\"/>\
             <text class=\"axis\" text-anchor=\"middle\" x=\"{at:.1}\" y=\"{}\">{size}</text>",
            bottom + 16.0
        );
    }
    for figure in y.decades() {
        let (at, right) = (y.place(figure), PANEL.0 - RIGHT);
        let _ = writeln!(
            text,
            "<path class=\"grid\" d=\"M{LEFT} {at:.1}H{right}\"/>\
             <text class=\"axis\" text-anchor=\"end\" x=\"{}\" y=\"{:.1}\">{figure}</text>",
            LEFT - 6.0,
            at + 4.0
        );
    }
    text.push_str(&curve(growth, x, y));
    Some(text)
}

fn curve(growth: &Growth, x: Axis, y: Axis) -> String {
    let mut text = String::new();
    let places: Vec<String> = growth
        .points
        .iter()
        .map(|point| format!("{:.1},{:.1}", x.place(point.size), y.place(point.figure)))
        .collect();
    let _ = writeln!(
        text,
        "<polyline class=\"line\" points=\"{}\"/>",
        places.join(" ")
    );
    for point in &growth.points {
        let (at, up) = (x.place(point.size), y.place(point.figure));
        let figure = short(point.figure);
        let _ = writeln!(
            text,
            "<circle class=\"point\" cx=\"{at:.1}\" cy=\"{up:.1}\" r=\"3\"/>\
             <text text-anchor=\"middle\" x=\"{at:.1}\" y=\"{:.1}\">{figure}</text>",
            up - 8.0
        );
    }
    text
}

/// Three digits are enough to read.
fn short(figure: f64) -> String {
    match figure {
        ..10.0 => format!("{figure:.2}"),
        10.0..100.0 => format!("{figure:.1}"),
        _ => format!("{figure:.0}"),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

#[allow(clippy::cast_precision_loss)] // a handful of panels
fn count(number: usize) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn growth(points: &[(f64, f64)]) -> Growth {
        let point = |&(size, figure): &(f64, f64)| Point { size, figure };
        Growth {
            name: "scrape",
            unit: "ms",
            points: points.iter().map(point).collect(),
        }
    }

    #[test]
    fn ten_times_as_much_is_one_decade_further() {
        let axis = Axis::over([20.0, 4_000.0].into_iter(), 0.0, 300.0).unwrap_or(Axis {
            lowest: 0,
            highest: 0,
            from: 0.0,
            to: 0.0,
        });
        assert_eq!((axis.lowest, axis.highest), (1, 4));
        assert!((axis.place(200.0) - axis.place(20.0) - 100.0).abs() < 1e-9);
    }

    #[test]
    fn every_point_is_drawn_with_its_figure_as_text() {
        let drawn = svg("growth", &[growth(&[(1_000.0, 2.5), (10_000.0, 39.04)])]);
        assert_eq!(drawn.matches("<circle").count(), 2);
        assert!(drawn.contains(">2.50</text>") && drawn.contains(">39.0</text>"));
        assert_eq!(
            drawn.matches("<text").count(),
            drawn.matches("</text>").count()
        );
    }

    #[test]
    fn nothing_measured_draws_no_panel() {
        let drawn = svg("growth", &[growth(&[]), growth(&[(1_000.0, 0.0)])]);
        assert_eq!(drawn.matches("<polyline").count(), 0);
    }
}
