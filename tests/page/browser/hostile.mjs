// Names, teams, reasons and owners that are markup, quotes, signs that turn the direction, or very long.

import assert from "node:assert/strict";
import { test } from "node:test";

import { SOON, apply, deployment, exception, tour, visit } from "./reader.mjs";

const MARKUP = "<b onclick=alert(1)>\"'><script>alert(2)</script>";
const HOSTILE = `${MARKUP}\u202edrow`;
/** The longest name that an object may have. */
const LONGEST = `long-${"x".repeat(248)}`;

test("a team comes whose every text is hostile", () => {
  const annotations = { "goldenpath.dev/team": HOSTILE };
  apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: "hostile" } });
  for (const name of ["odd", LONGEST]) apply(deployment("hostile", name, { annotations }));
  apply(exception("hostile", "odd", {
    reason: HOSTILE, wouldReturnIf: HOSTILE, owner: { team: HOSTILE, contact: HOSTILE },
  }));
  return visit("services?namespace=hostile", (page) =>
    page.locator("tbody tr").nth(1).waitFor({ timeout: SOON }));
});

test("hostile texts stay texts", async () => {
  const places = [
    "services?namespace=hostile",
    "services/hostile/odd",
    "exceptions?namespace=hostile",
    "teams",
    `teams/${encodeURIComponent(HOSTILE)}`,
    `services?team=${encodeURIComponent(HOSTILE)}`,
  ];
  await tour(places, async (page, context, place) => {
    const text = await page.evaluate(() => document.body.textContent);
    assert.ok(text.includes(MARKUP), `${place} does not show the team: ${text}`);
    assert.ok(!text.includes("\u202e"), `${place} shows a sign that turns the direction`);
    const foreign = page.locator("[onclick], [onerror], script:not([src*='assets/page.js']), [style], style");
    assert.equal(await foreign.count(), 0, place);
  });
});

test("a link leads to an address of the web or to nothing", () =>
  visit("services/hostile/odd", async (page) => {
    const schemes = await page.locator("a[href]").evaluateAll((links) => links.map((link) => link.protocol));
    assert.deepEqual([...new Set(schemes)].filter((scheme) => !["http:", "https:"].includes(scheme)), []);
  }));

test("the longest name fits on a phone", () =>
  visit("services?namespace=hostile", async (page) => {
    const width = () => page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(await width() <= 360);
    await page.locator("tbody th a", { hasText: "long-" }).click();
    assert.equal(await page.locator("h1").innerText(), LONGEST);
    assert.ok(await width() <= 360);
  }, { viewport: { width: 360, height: 740 } }));
