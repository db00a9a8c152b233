/*
 * browser.js - a real Chromium for node's test runner, which holds every page against what any page
 * must keep: no error on the console, no exception, no violation of the CSP, no request elsewhere.
 *
 * BASE_URL names the gateway, SHOTS the directory for screenshots, CHROMIUM the browser.
 */
import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { launch as launchBrowser } from "./launch.js";

export const base = process.env.BASE_URL;
export const sizes = { desktop: { width: 1440, height: 900 }, phone: { width: 375, height: 812 } };
const shots = process.env.SHOTS ?? "shots";
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const PATIENCE_MS = 60_000; // for what never comes: what comes is waited for no longer than it takes

let browser;
after(() => browser?.close());

/** The browser of this run, for tests that want a context without any of the above. */
export async function launch() {
  browser ??= await launchBrowser();
  return browser;
}

/**
 * A page of its own context.  options: Playwright's for a context, and allow: patterns of console
 * messages that this test brings about on purpose (a refused call is one line of the browser's own).
 * The page is closed, and its faults asserted to be none, when the test t ends.
 */
export async function open(t, path = "/", { allow = [], size = "desktop", ...options } = {}) {
  const context = await (await launch()).newContext({
    viewport: sizes[size],
    hasTouch: size === "phone",
    colorScheme: "dark",
    reducedMotion: "reduce",
    locale: "en-US",
    timezoneId: "UTC",
    ...options,
  });
  const faults = [];
  const tell = (text) => {
    if (!allow.some((pattern) => pattern.test(text))) faults.push(text);
  };
  context.on("console", (message) => message.type() === "error" && tell(`console: ${message.text()} ${message.location().url}`));
  context.on("weberror", (error) => tell(`exception: ${error.error().stack}`));
  context.on("dialog", (dialog) => {
    tell(`dialog: ${dialog.message()}`);
    dialog.dismiss();
  });
  context.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(`${base}/`) && !/^(data|blob|about):/.test(url)) tell(`request elsewhere: ${url}`);
  });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  t.after(async () => {
    await context.close();
    assert.deepEqual(faults, []);
  });
  await page.goto(base + path);
  await page.locator("h1").first().waitFor();
  return page;
}

/** What look says, once it says something. */
export async function comes(what, look) {
  for (const end = Date.now() + PATIENCE_MS; ; await pause(50)) {
    const seen = await look();
    if (seen) return seen;
    assert.ok(Date.now() < end, `it does not come: ${what}`);
  }
}

/** What look says is that, now or soon. */
export async function becomes(look, wanted, what) {
  let seen = await look();
  for (const end = Date.now() + PATIENCE_MS; !isDeepStrictEqual(seen, wanted) && Date.now() < end; seen = await look()) await pause(50);
  assert.deepEqual(seen, wanted, what);
}

/** The text that look says matches, now or soon; the text. */
export async function matches(look, pattern) {
  let seen = await look();
  for (const end = Date.now() + PATIENCE_MS; !pattern.test(seen) && Date.now() < end; seen = await look()) await pause(50);
  assert.match(seen, pattern);
  return seen;
}

/** What the browser keeps of chats, in that store of its database. */
export const kept = (page, store) =>
  page.evaluate(
    (name) =>
      new Promise((resolve, reject) => {
        const opening = indexedDB.open("janus-chat");
        opening.onerror = () => reject(opening.error);
        opening.onsuccess = () => {
          const reading = opening.result.transaction(name).objectStore(name).getAll();
          reading.onerror = () => reject(reading.error);
          reading.onsuccess = () => {
            opening.result.close();
            resolve(reading.result.map(({ blob, ...it }) => it));
          };
        };
      }),
    store,
  );

/** Until nothing moves but what never ends: the end of one transition can be the beginning of another. */
export const rest = (page) =>
  page.evaluate(async () => {
    for (let passing = [null]; passing.length > 0; ) {
      await new Promise((next) => requestAnimationFrame(() => requestAnimationFrame(next)));
      passing = document.getAnimations().filter((it) => it.playState === "running" && Number.isFinite(it.effect.getComputedTiming().endTime));
      await Promise.allSettled(passing.map((it) => it.finished));
    }
  });

/** What axe finds on the page once it has come to rest, by the rules of WCAG 2.2 A and AA. */
export async function accessible(page, what = page.url()) {
  await page.evaluate(axe);
  await rest(page);
  const { violations } = await page.evaluate(() =>
    window.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }),
  );
  const found = violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${help}: ${html.slice(0, 200)} ${failureSummary}`),
  );
  assert.deepEqual(found, [], what);
}

/** No page is wider than its window. */
export async function fits(page) {
  const [page_, window_] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  assert.ok(page_ <= window_, `${page.url()} is ${page_} px wide in a window of ${window_}`);
}

/** A screenshot, kept under its name and the window's width. full: the whole page, not the window's part. */
export async function shot(page, name, { full = false } = {}) {
  mkdirSync(shots, { recursive: true });
  await page.evaluate(() => document.fonts.ready);
  await page.screenshot({ path: join(shots, `${name}-${page.viewportSize().width}.png`), fullPage: full });
}
