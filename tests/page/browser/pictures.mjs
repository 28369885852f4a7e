// The pictures by which the page is judged, and which the documents show: light, dark, and on a phone.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";

import { visit } from "./reader.mjs";

const DESK = { width: 1280, height: 860 };
const PICTURES = [
  { name: "page-overview", place: "", options: { viewport: DESK } },
  { name: "page-overview-dark", place: "", options: { viewport: DESK, colorScheme: "dark" } },
  { name: "page-overview-phone", place: "", options: { viewport: { width: 360, height: 740 } } },
  { name: "page-services", place: "services", options: { viewport: DESK } },
  { name: "page-service", place: "services/payments/payouts", options: { viewport: DESK } },
  { name: "page-path", place: "paths/web-service", options: { viewport: DESK } },
  { name: "page-contrast", place: "contrast", options: { viewport: DESK } },
  { name: "page-objectives", place: "objectives", options: { viewport: DESK } },
  { name: "page-roadmap", place: "roadmap", options: { viewport: DESK } },
];

test("the pictures are taken", async () => {
  for (const { name, place, options } of PICTURES) {
    const file = path.join(process.env.PICTURES, `${name}.png`);
    await visit(place, (page) => page.screenshot({ path: file }), options);
    assert.ok(existsSync(file), file);
  }
});
