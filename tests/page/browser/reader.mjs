// A reader with a browser: opens pages and collects what the browser complains of. It must not know what a
// test expects of a page.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import assert from "node:assert/strict";
import path from "node:path";

const { CHROMIUM, KUBECTL, MODULES, PAGE } = process.env;
const require = createRequire(path.join(MODULES, "node_modules/"));
const { chromium } = require("playwright-core");
const AXE = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

/** The longest wait for anything, also beside a build. */
export const SOON = 60_000;
export const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });

/** One of each kind of page that the navigation does not have. */
const DETAILS = [
  "paths/web-service",
  "paths/hostile",
  "services/payments/payouts",
  "services/hostile/odd",
  "services?state=deviating&sort=name",
  "services?q=nothing-has-this-name",
  "exceptions?phase=Pending",
  "teams/payments",
];

/** Opens a page, has `read` look at it, and fails on any complaint, dialog or failing script. */
export function visit(place, read, options = {}) {
  return tour([place], read, options);
}

/** Opens pages one after the other in one window, as `visit` does. */
export async function tour(places, read, options = {}) {
  const context = await browser.newContext({ baseURL: `${PAGE}/`, ...options });
  context.setDefaultTimeout(SOON);
  const complaints = [];
  try {
    const page = await context.newPage();
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("dialog", (dialog) => {
      complaints.push(`dialog: ${dialog.message()}`);
      return dialog.dismiss();
    });
    for (const place of places) {
      await page.goto(place);
      await read(page, context, place);
      assert.deepEqual(complaints, [], place);
    }
  } finally {
    await context.close();
  }
}

/** The pages of the navigation: all of them, as there is data for each. */
const TABS = [
  "./", "paths", "services", "teams", "exceptions", "objectives", "contrast", "demand", "satisfaction", "roadmap",
];

/** The pages of the navigation and one of each other kind. */
export async function everyPlace() {
  await visit("", async (page) => {
    const links = page.locator("nav li a");
    const places = await links.evaluateAll((all) => all.map((link) => link.getAttribute("href")));
    assert.deepEqual(places.map((place) => place.replace(/^\.\/(?=.)/, "")), TABS);
  });
  return [...TABS, ...DETAILS];
}

/** Violations of accessibility rules, as `rule: element`. */
export async function violations(page) {
  // Not a script element: the policy of the page allows none.
  await page.evaluate(AXE);
  const found = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  return found.violations.flatMap(({ id, nodes }) =>
    nodes.map((node) => `${id}: ${node.html.slice(0, 120)} ${node.failureSummary}`));
}

/** A Deployment in the scope of the example path, which it does not follow. */
export function deployment(namespace, name, metadata) {
  const pod = { containers: [{ name: "web", image: "registry.invalid/web:1", ports: [{ containerPort: 8080 }] }] };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace, ...metadata },
    spec: {
      selector: { matchLabels: { app: "web" } },
      template: { metadata: { labels: { app: "web" } }, spec: pod },
    },
  };
}

/** A request for an exception of that Deployment from every step. */
export function exception(namespace, name, spec) {
  return {
    apiVersion: "goldenpath.dev/v1alpha1",
    kind: "DeviationException",
    metadata: { name, namespace },
    spec: {
      path: "web-service",
      checks: ["*"],
      reason: "The vendor ships this image, and a change of it ends the support contract.",
      owner: { team: "live", contact: "#live" },
      targets: [{ kind: "Deployment", name }],
      ownershipCost: { hoursPerMonth: 1 },
      requestedBy: "lee@example.com",
      ...spec,
    },
  };
}

/** Applies one object, as a user of kubectl does. */
export function apply(object) {
  execFileSync(KUBECTL, ["apply", "--server-side", "-f", "-"], { input: JSON.stringify(object), stdio: "pipe" });
}
