// A page that stays open while the cluster changes.

import assert from "node:assert/strict";
import { test } from "node:test";

import { SOON, apply, deployment, exception, visit } from "./reader.mjs";

const NAMESPACE = "live";

test("an open page follows an exception without a reload, and keeps the focus", async () => {
  apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: NAMESPACE } });
  await visit(`services?namespace=${NAMESPACE}`, async (page) => {
    let loads = 0;
    page.on("load", () => { loads += 1; });
    assert.match(await page.locator("main").innerText(), /No service matches/);
    apply(deployment(NAMESPACE, "web", { labels: { team: "live" } }));
    const row = page.locator("tbody tr");
    const state = row.locator(".state");
    await state.filter({ hasText: /steps? to go, or record why you deviate/ }).waitFor({ timeout: SOON });
    await row.getByRole("link", { name: "web", exact: true }).focus();
    apply(exception(NAMESPACE, "web", {}));
    await state.filter({ hasText: /exception requested.*waiting for the platform team/ }).waitFor({ timeout: SOON });
    assert.equal(await page.evaluate(() => document.activeElement.innerText), "web");
    assert.equal(loads, 0);
  });
});

test("what is typed into the filter survives a change", () =>
  visit(`services?namespace=${NAMESPACE}`, async (page) => {
    const name = page.getByLabel("Name", { exact: true });
    await name.fill("half a na");
    apply(deployment(NAMESPACE, "web", { labels: { team: "moved" } }));
    await page.locator("tbody td", { hasText: "moved" }).waitFor({ timeout: SOON });
    assert.equal(await name.inputValue(), "half a na");
  }));
