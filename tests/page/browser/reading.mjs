// What a reader does: follows links, filters and exports, with and without JavaScript.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { visit } from "./reader.mjs";

/** The names in the table of services. */
const names = (page) => page.locator("table.services tbody th a").allInnerTexts();

test("the way leads from the overview to a service and its path", () =>
  visit("", async (page) => {
    await page.getByRole("link", { name: "Services", exact: true }).click();
    await page.waitForURL("**/services");
    await page.getByRole("link", { name: "payouts" }).click();
    await page.waitForURL("**/services/payments/payouts");
    assert.match(await page.title(), /^payouts · goldenpath$/);
    await page.locator("dl.facts").getByRole("link", { name: "web-service" }).click();
    await page.waitForURL("**/paths/web-service");
    await page.goBack();
    await page.locator("header a.brand").click();
    assert.equal(await page.locator("nav [aria-current]").innerText(), "Overview");
  }));

test("a figure of the overview leads to the services it counts", () =>
  visit("", async (page) => {
    const figure = page.locator(".legend a").first();
    const expected = Number(await figure.locator("strong").innerText());
    await figure.click();
    await page.waitForURL("**/services?state=*");
    assert.equal(Number.parseInt(await page.locator("#found").innerText(), 10), expected);
    assert.equal((await names(page)).length, expected);
  }));

test("a filter stands in the address, and a reload keeps it", () =>
  visit("services", async (page) => {
    await page.getByLabel("Team").selectOption("payments");
    await page.waitForURL("**/services?*team=payments*");
    const filtered = await names(page);
    assert.ok(filtered.length > 0);
    assert.ok((await page.locator("tbody td:nth-of-type(1)").allInnerTexts()).every((team) => team === "payments"));
    await page.reload();
    assert.deepEqual(await names(page), filtered);
    await page.getByRole("link", { name: "Clear" }).click();
    assert.ok((await names(page)).length > filtered.length);
  }));

test("without JavaScript the form filters too", () =>
  visit("services", async (page) => {
    await page.getByLabel("Name", { exact: true }).fill("payo");
    await page.getByRole("button", { name: "Filter" }).click();
    await page.waitForURL("**/services?q=payo*");
    assert.deepEqual(await names(page), ["payouts"]);
  }, { javaScriptEnabled: false }));

test("CSV and JSON hold the rows of the filter", () =>
  visit("services?team=payments", async (page, context) => {
    const shown = (await names(page)).sort();
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name: "CSV" }).click(),
    ]);
    assert.equal(download.suggestedFilename(), "services.csv");
    const [head, ...rows] = readFileSync(await download.path(), "utf8").trimEnd().split("\r\n");
    assert.match(head, /^namespace,service,team,/);
    assert.deepEqual(rows.map((row) => row.split(",")[1]).sort(), shown);
    const json = await page.getByRole("link", { name: "JSON", exact: true }).getAttribute("href");
    const answer = await context.request.get(new URL(json, page.url()).href);
    assert.deepEqual((await answer.json()).items.map((item) => item.name).sort(), shown);
  }));

test("a page that does not exist says where to go", () =>
  visit("services", async (page) => {
    // The browser reports the status of the page itself as a complaint.
    const html = await page.evaluate(async () => (await fetch("services/none/none")).text());
    assert.match(html, /Search the services/);
  }).catch((error) => assert.match(error.message, /404/)));
