//! The few shapes a picture consists of. Colours follow the reader's light or dark.

use std::fmt::Write as _;

const STYLE: &str = "svg{--ground:#f6f7f9;--card:#fff;--line:#d5dae0;--text:#1f2328;--dim:#59636e}\
@media(prefers-color-scheme:dark){svg{--ground:#111217;--card:#181b1f;--line:#34383f;--text:#dfe3e8;--dim:#9aa4b0}}\
text{font:12px system-ui,sans-serif;fill:var(--text)}\
.title{font-size:17px;font-weight:600}.heading{font-size:14px;font-weight:600}\
.name{font-weight:600}.dim{fill:var(--dim);font-size:11px}.big{font-size:26px;font-weight:600}\
.card{fill:var(--card);stroke:var(--line)}.rule{stroke:var(--line);fill:none}.track{fill:var(--ground)}";

/// Where something is drawn, in pixels.
#[derive(Clone, Copy)]
pub struct Area {
    pub x: f64,
    pub y: f64,
    pub w: f64,
    pub h: f64,
}

impl Area {
    /// What is left below the first `height` pixels.
    pub fn below(self, height: f64) -> Self {
        Self {
            y: self.y + height,
            h: self.h - height,
            ..self
        }
    }

    /// The same without a border of `width` pixels.
    pub fn inside(self, width: f64) -> Self {
        Self {
            x: self.x + width,
            y: self.y + width,
            w: self.w - 2.0 * width,
            h: self.h - 2.0 * width,
        }
    }
}

pub struct Pen(String);

impl Pen {
    pub fn new(width: u32, height: u32) -> Self {
        let mut pen = Self(String::new());
        pen.put(&format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="img">"#
        ));
        pen.put(&format!("<style>{STYLE}</style>"));
        pen.put(r#"<rect class="track" width="100%" height="100%" rx="6"/>"#);
        pen
    }

    pub fn done(mut self) -> String {
        self.put("</svg>");
        self.0
    }

    fn put(&mut self, element: &str) {
        self.0.push_str(element);
        self.0.push('\n');
    }

    pub fn text(&mut self, text: &str, (x, y): (f64, f64), class: &str) {
        let text = escaped(text);
        self.put(&format!(
            r#"<text class="{class}" x="{x:.0}" y="{y:.0}">{text}</text>"#
        ));
    }

    /// Text that ends at `x`.
    pub fn text_to(&mut self, text: &str, (x, y): (f64, f64), class: &str) {
        let text = escaped(text);
        self.put(&format!(
            r#"<text class="{class}" x="{x:.0}" y="{y:.0}" text-anchor="end">{text}</text>"#
        ));
    }

    /// A figure in its own colour.
    pub fn figure(&mut self, text: &str, (x, y): (f64, f64), colour: &str) {
        let text = escaped(text);
        self.put(&format!(
            r#"<text class="big" x="{x:.0}" y="{y:.0}" style="fill:{colour}">{text}</text>"#
        ));
    }

    pub fn card(&mut self, area: Area) {
        let Area { x, y, w, h } = area;
        self.put(&format!(
            r#"<rect class="card" x="{x:.0}" y="{y:.0}" width="{w:.0}" height="{h:.0}" rx="3"/>"#
        ));
    }

    /// A filled rectangle; the colour of an unfilled track without one.
    pub fn bar(&mut self, area: Area, colour: Option<&str>) {
        let Area { x, y, w, h } = area;
        let look = colour.map_or(r#"class="track""#.to_owned(), |colour| {
            format!(r#"fill="{colour}""#)
        });
        self.put(&format!(
            r#"<rect {look} x="{x:.1}" y="{y:.1}" width="{w:.1}" height="{h:.1}"/>"#
        ));
    }

    pub fn rule(&mut self, from: (f64, f64), to: (f64, f64)) {
        let path = path([from, to].into_iter());
        self.put(&format!(r#"<path class="rule" d="{path}"/>"#));
    }

    pub fn line(&mut self, points: impl Iterator<Item = (f64, f64)>, colour: &str, dashed: bool) {
        let path = path(points);
        let dash = if dashed {
            r#" stroke-dasharray="5 4""#
        } else {
            ""
        };
        self.put(&format!(
            r#"<path d="{path}" fill="none" stroke="{colour}" stroke-width="2"{dash}/>"#
        ));
    }

    pub fn surface(&mut self, points: impl Iterator<Item = (f64, f64)>, colour: &str) {
        let path = path(points);
        self.put(&format!(
            r#"<path d="{path}Z" fill="{colour}" fill-opacity=".75"/>"#
        ));
    }
}

fn path(points: impl Iterator<Item = (f64, f64)>) -> String {
    let mut path = String::new();
    for (at, (x, y)) in points.enumerate() {
        let step = if at == 0 { 'M' } else { 'L' };
        // Writing to a String cannot fail.
        let _ = write!(path, "{step}{x:.1} {y:.1}");
    }
    path
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

/// As much of a text as fits into so many pixels, by the width letters usually have.
pub fn fitting(text: &str, width: f64) -> String {
    let fits = |length: usize| f64::from(u32::try_from(length).unwrap_or(u32::MAX)) * 6.4 <= width;
    let letters: Vec<char> = text.chars().collect();
    if fits(letters.len()) {
        return text.to_owned();
    }
    let kept = (0..letters.len())
        .take_while(|length| fits(length + 2))
        .count();
    let mut short: String = letters[..kept].iter().collect();
    short.push('…');
    short
}
