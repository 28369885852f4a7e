// What leaders and product managers read: figures with their sample, what is withheld and why, charts in words.

import assert from "node:assert/strict";
import { test } from "node:test";

import { SOON, tour, visit } from "./reader.mjs";

const PAGES = ["contrast", "objectives", "demand", "satisfaction", "roadmap"];

/** The table below a heading: its rows by their first cell. */
async function rows(page, heading) {
  const section = page.locator("section", { has: page.getByRole("heading", { name: heading, exact: true }) });
  const cells = await section.locator("tbody tr").evaluateAll((all) =>
    all.map((row) => [...row.cells].map((cell) => cell.innerText.trim())));
  return Object.fromEntries(cells.map(([name, ...rest]) => [name, rest]));
}

/** The contrast as the API has it. */
async function contrast(page, context) {
  const answer = await context.request.get(new URL("api/v1/contrast", page.url()).href);
  return (await answer.json()).contrast;
}

const covered = (figure) => `${Math.round(figure.coverage * 100)} % covered`;

test("each figure of the contrast stands with its sample and its coverage", () =>
  visit("contrast", async (page, context) => {
    for (const window of (await contrast(page, context)).windows.filter((it) => it.days > 7)) {
      const table = await rows(page, `Last ${window.days} days`);
      for (const [column, side] of [window.goldenPath, window.deviating].entries()) {
        const lead = side.leadTimeSeconds;
        assert.ok(lead.n >= 20, JSON.stringify(side));
        const text = table["change lead time"][column];
        assert.ok(text.endsWith(`, n ${lead.n}, ${covered(lead)})`), text);
        const fails = side.changeFailRatio;
        const rate = table["change fail rate"][column];
        assert.ok(rate.includes(`(${fails.part} of ${fails.of}, `) && rate.endsWith(`${covered(fails)})`), rate);
        assert.equal(table["services (teams)"][column], `${side.services} (${side.teams})`);
      }
    }
    const note = page.locator("main .note");
    assert.match(await note.innerText(), /a difference between services, not its cause/);
  }));

test("a withheld figure has its reason in its place", () =>
  visit("contrast", async (page, context) => {
    const { windows } = await contrast(page, context);
    const { have, need } = windows[0].deviating.changeFailRatio.withheld;
    assert.ok(have < need);
    assert.equal((await rows(page, "Last 7 days"))["change fail rate"][1], `withheld: needs ${need} rollouts, has ${have}`);
    const recovery = (await rows(page, "Last 90 days"))["failed deployment recovery time"];
    assert.match(recovery[0], /, n \d+, \d+ % covered\)$/);
    assert.match(recovery[1], /^withheld: needs 60 % covered, has \d+ of \d+$/);
    const kind = await rows(page, "Kind StatefulSet, 90 days");
    assert.match(kind["change lead time"][0], /^withheld: needs 5 services, has \d$/);
  }));

test("the contrast names no team and no service", () =>
  visit("contrast", async (page, context) => {
    const text = await page.locator("main").innerText();
    const answer = await context.request.get(new URL("api/v1/services?limit=100", page.url()).href);
    const names = (await answer.json()).items.flatMap((item) => [item.team, item.name]);
    assert.ok(names.length > 50);
    assert.deepEqual(names.filter((name) => name && new RegExp(`\\b${name}\\b`).test(text)), []);
  }));

test("a key result shows where it is, where it should be, and its state in words", () =>
  visit("objectives", async (page) => {
    const table = await rows(page, "A new service is in production the day it is created");
    const cell = (name) => Object.entries(table).find(([key]) => key.startsWith(name))[1];
    const [state, now, , progress] = cell("time-to-first-deploy");
    assert.match(state, /^(on track|behind)/);
    assert.match(now, /^[\d.]+ hours$/);
    assert.match(progress, /\d+ %$/);
    assert.equal(cell("change-failures")[3], "guardrail");
  }));

test("the roadmap leads to the path that an item unblocks, and demand leads to the roadmap", () =>
  tour(["roadmap", "demand"], async (page, context, place) => {
    if (place === "roadmap") {
      const item = page.locator("article", { hasText: "Nodes with more memory, by the hour" });
      assert.match(await item.innerText(), /\d+ services? of \d+ teams? waits? for it/);
      await item.getByRole("link", { name: "web-service" }).click();
      await page.waitForURL("**/paths/web-service", { timeout: SOON });
    } else {
      await page.getByRole("link", { name: "memory-by-the-hour" }).click();
      await page.waitForURL("**/roadmap", { timeout: SOON });
    }
  }));

test("these pages read the same without JavaScript", async () => {
  const texts = {};
  for (const javaScriptEnabled of [true, false]) {
    await tour(PAGES, async (page, context, place) => {
      const text = await page.locator("main").innerText();
      assert.equal(text, texts[place] ??= text, place);
    }, { javaScriptEnabled });
  }
  assert.deepEqual(Object.keys(texts), PAGES);
});

test("on paper what is known of a persona is open", () =>
  visit("roadmap", async (page) => {
    const job = page.getByText("Train a model without asking for a machine");
    assert.equal(await job.isVisible(), false);
    await page.emulateMedia({ media: "print" });
    assert.equal(await job.isVisible(), true);
  }));
