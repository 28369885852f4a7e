// Readers with a keyboard, a screen reader, a phone, paper, or a dark room.

import assert from "node:assert/strict";
import { test } from "node:test";

import { everyPlace, tour, violations, visit } from "./reader.mjs";

const PHONE = { width: 360, height: 740 };
/** A4 at 96 dots an inch. */
const PAPER = { width: 794, height: 1123 };

test("no page breaks a rule of accessibility, dark or on a phone in daylight", async () => {
  const places = await everyPlace();
  for (const options of [{ colorScheme: "dark" }, { colorScheme: "light", viewport: PHONE }]) {
    await tour(places, async (page, context, place) => {
      assert.deepEqual(await violations(page), [], `${place} ${JSON.stringify(options)}`);
    }, options);
  }
});

test("no page scrolls sideways on a phone, and its controls are large enough", async () => {
  await tour(await everyPlace(), async (page, context, place) => {
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(width <= PHONE.width, `${place} is ${width} px wide`);
    const controls = page.locator("nav a, button, summary, input:not([type=hidden]), select, .pager a, .exports a");
    const small = await controls.evaluateAll((all) => all
      .filter((it) => it.checkVisibility() && it.getBoundingClientRect().height < 24)
      .map((it) => it.outerHTML));
    assert.deepEqual(small, [], place);
  }, { viewport: PHONE });
});

test("with a keyboard alone a reader reaches content, filter and service", () =>
  visit("services", async (page) => {
    const focused = () => page.evaluate(() => {
      const { activeElement } = document;
      const { outlineStyle, outlineWidth } = getComputedStyle(activeElement);
      const text = activeElement.innerText || activeElement.name || activeElement.id || "";
      return { text: text.trim(), id: activeElement.id, outline: `${outlineStyle} ${outlineWidth}` };
    });
    await page.keyboard.press("Tab");
    assert.equal((await focused()).text, "Skip to content");
    await page.keyboard.press("Enter");
    assert.equal((await focused()).id, "main");
    await page.keyboard.press("Tab");
    assert.equal((await focused()).text, "q");
    await page.keyboard.type("payo");
    await page.keyboard.press("Enter");
    await page.waitForURL("**/services?q=payo*");
    const seen = [];
    while (seen.at(-1) !== "payouts" && seen.length < 60) {
      await page.keyboard.press("Tab");
      const { text, outline } = await focused();
      assert.match(outline, /^(solid|auto) [1-9]/, `${text} shows no focus`);
      seen.push(text);
    }
    await page.keyboard.press("Enter");
    await page.waitForURL("**/services/payments/payouts");
    assert.ok(seen.length < 60, seen.join(" "));
  }));

test("on paper there is no navigation, and every page has its content", async () => {
  await tour(await everyPlace(), async (page, context, place) => {
    await page.emulateMedia({ media: "print" });
    assert.equal(await page.locator("header nav").isVisible(), false, place);
    assert.equal(await page.locator("main h1").isVisible(), true, place);
    assert.ok((await page.pdf({ format: "A4" })).length > 4096, place);
  });
});

test("on paper no column is cut off", async () =>
  tour(await everyPlace(), async (page, context, place) => {
    await page.emulateMedia({ media: "print" });
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(width <= PAPER.width, `${place} is ${width} px wide on paper`);
  }, { viewport: PAPER }));

test("each chart has its takeaway in words, and other drawings are hidden from screen readers", async () => {
  const charts = {};
  await tour(await everyPlace(), async (page, context, place) => {
    const drawings = await page.locator("svg").evaluateAll((all) => all.map((svg) => ({
      isHidden: svg.closest("[aria-hidden=true]") !== null,
      role: svg.getAttribute("role"),
      label: svg.getAttribute("aria-label") ?? "",
    })));
    const seen = drawings.filter((it) => !it.isHidden);
    assert.deepEqual(seen.filter((it) => it.role !== "img" || !/\d/.test(it.label)), [], place);
    charts[place] = seen.map((it) => it.label);
  });
  assert.match(charts.satisfaction.join("\n"), /^Net promoter score: .* on .*, .* on /);
  assert.match(charts.objectives.join("\n"), /^\d+ % of the way, (on track|behind)/m);
});
