// Names, teams, reasons and owners that are markup, quotes, signs that turn the direction, or very long.

import assert from "node:assert/strict";
import { test } from "node:test";

import { SOON, apply, deployment, exception, tour, visit } from "./reader.mjs";

const MARKUP = "<b onclick=alert(1)>\"'><script>alert(2)</script>";
const HOSTILE = `${MARKUP}\u202edrow`;
/** The longest name that an object may have. */
const LONGEST = `long-${"x".repeat(248)}`;
/** A word as long, in texts that people write. */
const LONG_WORD = `${HOSTILE} ${"y".repeat(253)}`;
/** The longest title that an object may have. */
const LONG_TITLE = `${HOSTILE} ${"z".repeat(119 - HOSTILE.length)}`;

/** An object of ours that belongs to no namespace. */
const ours = (kind, name, spec) => ({ apiVersion: "goldenpath.dev/v1alpha1", kind, metadata: { name }, spec });

/** What the platform team writes, each of its texts hostile. */
const PLATFORM_TEAM = [
  ours("GoldenPath", "hostile", {
    title: LONG_TITLE,
    owner: { team: "platform", contact: HOSTILE },
    launchedAt: "2026-01-01T00:00:00Z",
    releases: [{ at: "2026-02-01T00:00:00Z", note: LONG_WORD }],
    scope: { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "nowhere" } } },
    checks: [{ name: "odd", title: HOSTILE, action: HOSTILE, expression: "true" }],
  }),
  ours("PlatformObjective", "hostile", {
    objective: LONG_WORD,
    owner: { team: HOSTILE },
    period: { from: "2026-01-01T00:00:00Z", to: "2099-01-01T00:00:00Z" },
    keyResults: [{
      name: "odd", description: LONG_WORD, source: { builtin: "AccountedRatio" }, baseline: 0, target: 0.9, unit: "ratio",
    }],
  }),
  ours("RoadmapItem", "hostile", {
    title: LONG_TITLE, horizon: "Now", persona: "hostile", jobToBeDone: LONG_WORD, note: LONG_WORD,
    objective: { name: "hostile" }, unblocks: [{ path: "hostile" }],
  }),
  ours("RoadmapItem", "hostile-shipped", {
    title: LONG_TITLE, horizon: "Now", state: "Shipped", shippedAt: "2026-02-01T00:00:00Z",
  }),
  ours("Persona", "hostile", {
    title: LONG_TITLE, description: LONG_WORD, painPoints: [LONG_WORD], jobs: [HOSTILE], preferredTools: [HOSTILE],
    blockers: [LONG_WORD], match: { selector: {} },
  }),
  ours("DeveloperSurvey", "hostile", {
    period: { from: "2026-07-01T00:00:00Z", to: "2026-10-01T00:00:00Z" },
    questionSet: "devex-1",
    groups: [{ name: HOSTILE, responses: 20 }, { name: "q".repeat(63), responses: 20 }],
  }),
];

test("a team comes whose every text is hostile", () => {
  const annotations = { "goldenpath.dev/team": HOSTILE };
  apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: "hostile" } });
  for (const name of ["odd", LONGEST]) apply(deployment("hostile", name, { annotations }));
  apply(exception("hostile", "odd", {
    reason: HOSTILE, wouldReturnIf: HOSTILE, owner: { team: HOSTILE, contact: HOSTILE }, waitsFor: ["hostile"],
  }));
  for (const object of PLATFORM_TEAM) apply(object);
  return visit("services?namespace=hostile", (page) =>
    page.locator("tbody tr").nth(1).waitFor({ timeout: SOON }));
});

test("the API server refuses what would be a hostile name", () => {
  const refused = (object) => assert.throws(() => apply(object), /Invalid|invalid/);
  refused(exception("hostile", "waits", { waitsFor: [HOSTILE] }));
  refused(ours("RoadmapItem", "refused", { title: "Odd", horizon: "Now", persona: HOSTILE }));
  refused(ours("PlatformObjective", "refused", { ...PLATFORM_TEAM[1].spec, parent: HOSTILE }));
});

test("what the platform team writes appears", () =>
  tour(["paths/hostile", "objectives", "roadmap", "satisfaction"], async (page) => {
    const shown = page.locator("main", { hasText: MARKUP });
    await shown.waitFor({ timeout: SOON });
  }));

test("hostile texts stay texts", async () => {
  const places = [
    "paths",
    "paths/hostile",
    "objectives",
    "roadmap",
    "satisfaction",
    "demand",
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
