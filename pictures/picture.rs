//! Drawing a dashboard as one SVG from what its queries got: this project's own rendering, not
//! Grafana's, and it says so. Legible in light and dark. It judges nothing.

use goldenpath_e2e::Prometheus;

use crate::answers::{all, answers};
use crate::boards::{Board, Panel};
use crate::pen::{Area, Pen};
use crate::{Result, panels};

/// Size of a grid cell, in pixels: Grafana's are wider, a README's column is not.
const CELL: (u32, u32) = (40, 27);
const MARGIN: u32 = 8;
const HEAD: u32 = 34;
const WIDTH: u32 = 24 * CELL.0 + 2 * MARGIN;

const NOTE: &str = "Drawn by this project from the panels' queries, asked of a real Prometheus; \
not a Grafana screenshot.";

/// The whole board, with everything chosen.
pub fn draw(board: &Board, prometheus: &Prometheus) -> Result<String> {
    let bottom = board
        .panels
        .iter()
        .map(|panel| panel.grid_pos.y + panel.grid_pos.h);
    let height = HEAD + bottom.max().unwrap_or_default() * CELL.1 + 2 * MARGIN + 16;
    let mut pen = Pen::new(WIDTH, height);
    let left = f64::from(MARGIN);
    pen.text(&board.title, (left, 22.0), "title");
    pen.text(NOTE, (left, f64::from(height) - 8.0), "dim");
    let everything = all(board);
    for panel in &board.panels {
        let area = place(panel);
        if panel.kind == "row" {
            pen.text(&panel.title, (area.x, area.y + area.h - 8.0), "heading");
            continue;
        }
        let answers = answers(panel, &everything, prometheus)?;
        panels::draw(&mut pen, panel, &answers, area)?;
    }
    Ok(pen.done())
}

fn place(panel: &Panel) -> Area {
    let grid = panel.grid_pos;
    let gap = 3.0;
    Area {
        x: f64::from(MARGIN + grid.x * CELL.0) + gap,
        y: f64::from(MARGIN + HEAD + grid.y * CELL.1) + gap,
        w: f64::from(grid.w * CELL.0) - 2.0 * gap,
        h: f64::from(grid.h * CELL.1) - 2.0 * gap,
    }
}
