// The report as one file, as someone opens it from a mail: without an operator behind it and without a network.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";

import { violations, visit } from "./reader.mjs";

const { GOLDENPATH } = process.env;
/** More than the file has. */
const LARGEST = 64 * 1024 * 1024;
const directory = mkdtempSync(path.join(tmpdir(), "goldenpath-page-"));
const file = path.join(directory, "report.html");
const address = pathToFileURL(file).href;

before(() => {
  const html = execFileSync(GOLDENPATH, ["report", "-o", "html"], { maxBuffer: LARGEST, stdio: "pipe" });
  writeFileSync(file, html);
});
after(() => rmSync(directory, { recursive: true }));

for (const options of [
  { colorScheme: "dark" },
  { colorScheme: "light", viewport: { width: 360, height: 740 } },
]) {
  test(`the file asks for nothing else and breaks no rule of accessibility: ${JSON.stringify(options)}`, () =>
    visit("about:blank", async (page, context) => {
      const asked = [];
      page.on("request", (request) => asked.push(request.url()));
      await page.goto(address);
      assert.deepEqual(asked, [address]);
      assert.deepEqual(await violations(page), []);
      const { width } = page.viewportSize();
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth) <= width);
      await context.setOffline(true);
      await page.reload();
      assert.equal(await page.locator("h1").first().isVisible(), true);
    }, options));
}

test("every link within the file has its target", () =>
  visit(address, async (page) => {
    const links = await page.locator("a[href]").evaluateAll((all) => all.map((link) => link.getAttribute("href")));
    assert.deepEqual(links.filter((href) => !/^(#|https?:|mailto:)/.test(href)), []);
    const missing = await page.evaluate((all) => all
      .filter((href) => href.startsWith("#") && href.length > 1)
      .filter((href) => document.getElementById(decodeURIComponent(href.slice(1))) === null), links);
    assert.deepEqual(missing, []);
  }));
