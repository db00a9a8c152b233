/*
 * pages.test.js - landing, docs and shell: what they say is what the API says, every link of the docs
 * leads somewhere, every call is in the reference.
 *
 * CONTROL is the control socket, WORK a directory, SDK one with the packages of the SDK's tests.
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { promisify } from "node:util";
import { accessible, base, becomes, comes, fits, open, shot, sizes } from "./browser.js";

const run = promisify(execFile);
const read = async (path) => (await fetch(base + path)).json();
const figure = (page, name) => page.locator(`[data-figure="${name}"]`);
const both = Object.keys(sizes);

// --- the landing page ----------------------------------------------------------------------

for (const size of both)
  test(`landing, ${size}: title, picture, name, tagline, and on to the chat`, async (t) => {
    const page = await open(t, "/", { size });
    await becomes(() => page.title(), "The Open Intelligence Rodeo · Janus");
    assert.equal(await page.getByRole("heading", { level: 1 }).textContent(), "JANUS");
    await page.getByText("The Open Intelligence Rodeo", { exact: true }).waitFor();
    const picture = page.getByAltText("Janus riding an iridescent bull");
    await picture.evaluate((image) => image.decode());
    assert.ok((await picture.boundingBox()).y < sizes[size].height / 2, "the picture is in the first view");
    const chat = page.getByRole("link", { name: "Chat with Janus" });
    assert.ok((await chat.boundingBox()).y < sizes[size].height, "and so is the way to the chat");
    await figure(page, "Champion").getByText("swift-owl").waitFor();
    await page.getByRole("heading", { name: "Why Janus?" }).waitFor();
    for (const step of ["Submit", "Compete", "Win"]) await page.getByRole("heading", { level: 3, name: step, exact: true }).waitFor();
    for (const name of ["Anything In, Anything Out", "Always Improving", "Intelligence Rodeo", "Build & Earn"])
      await page.getByRole("heading", { level: 3, name, exact: true }).waitFor();
    await fits(page);
    await shot(page, "landing");
    assert.equal(await page.getByRole("link", { name: "Join the Competition" }).getAttribute("href"), "/competition");
    await chat.click();
    await page.waitForURL(`${base}/chat`);
  });

test("landing: the numbers are the API's, and follow it", async (t) => {
  const page = await open(t);
  const [status, champion, board] = await Promise.all(["/api/v1/status", "/api/v1/champion", "/api/v1/leaderboard"].map(read));
  await figure(page, "Champion").getByText(champion.competitor).waitFor();
  const { value, low, high } = board.data[0].scores.composite;
  await page.getByText(`${value.toFixed(1)} points (${low.toFixed(1)} to ${high.toFixed(1)})`).waitFor();
  await becomes(() => figure(page, "Competitors").textContent(), String(status.competitors));
  await becomes(() => figure(page, "Runs").textContent(), String(status.runs));
  await becomes(() => figure(page, "Chats today").textContent(), String(status.chats_today));
  await fetch(`${base}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model: "janus", messages: [{ role: "user", content: "one more" }] }),
  }).then((answer) => answer.text());
  await comes("it is counted", async () => (await read("/api/v1/status")).chats_today !== status.chats_today);
  await page.reload();
  await figure(page, "Chats today").getByText(String(status.chats_today + 1), { exact: true }).waitFor();
});

test("landing: the snippets run as they are shown", async (t) => {
  const page = await open(t, "/", { permissions: ["clipboard-read", "clipboard-write"] });
  const tabs = page.getByRole("tablist", { name: "Languages" });
  await tabs.scrollIntoViewIfNeeded();
  const shown = async (name) => {
    await tabs.getByRole("tab", { name }).click();
    return page.locator(`[data-snippet="${name}"]`).textContent();
  };
  const curl = await shown("curl");
  const { stdout } = await run("sh", ["-c", curl]);
  assert.match(stdout, /^data: \{.*"content"/m);
  assert.match(stdout, /^data: \[DONE\]$/m);
  await page.getByRole("button", { name: "Copy the curl snippet" }).click();
  await page.getByRole("button", { name: "Copied" }).waitFor();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), curl);

  const file = join(process.env.SDK, `snippet-${process.pid}.mjs`); // where its import is found
  writeFileSync(file, await shown("Node"));
  t.after(() => import("node:fs").then(({ rmSync }) => rmSync(file, { force: true })));
  assert.notEqual((await run(process.execPath, [file])).stdout.trim(), "");

  const python = await shown("Python");
  assert.ok(python.includes(`base_url="${base}/v1"`), python);
  await run("python3", ["-c", "import ast, sys; ast.parse(sys.argv[1])", python]);

  await tabs.getByRole("tab", { name: "Python" }).press("ArrowRight");
  await becomes(() => tabs.getByRole("tab", { name: "Node" }).getAttribute("aria-selected"), "true");
});

// --- the shell -----------------------------------------------------------------------------

test("phone: the menu opens, says so, leads on and closes", async (t) => {
  const page = await open(t, "/", { size: "phone" });
  const toggle = page.getByRole("button", { name: "Toggle menu" });
  await becomes(() => toggle.getAttribute("aria-expanded"), "false");
  await toggle.click();
  await becomes(() => toggle.getAttribute("aria-expanded"), "true");
  await accessible(page, "with its menu open");
  await page.keyboard.press("Escape");
  await becomes(() => toggle.getAttribute("aria-expanded"), "false");
  await toggle.click();
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Docs" }).click();
  await page.getByRole("heading", { level: 1, name: "Docs" }).waitFor();
  await becomes(() => toggle.getAttribute("aria-expanded"), "false");
});

test("by keyboard: skip link, then a page whose title is said and whose beginning has the focus", async (t) => {
  const page = await open(t);
  await page.keyboard.press("Tab");
  await becomes(() => page.evaluate(() => document.activeElement.textContent), "Skip to the content");
  await page.keyboard.press("Enter");
  await becomes(() => page.evaluate(() => document.activeElement.id), "main");
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Docs" }).press("Enter");
  await page.getByRole("heading", { level: 1, name: "Docs" }).waitFor();
  await page.getByRole("status").getByText("Docs · Janus").waitFor({ state: "attached" });
  await becomes(() => page.title(), "Docs · Janus");
  await becomes(() => page.evaluate(() => document.activeElement.id), "main");
});

test("a page that does not exist says so, and which", async (t) => {
  const page = await open(t, "/nowhere/at-all", { allow: [/404/] });
  await page.getByRole("heading", { name: "There is no such page." }).waitFor();
  await page.getByText("/nowhere/at-all").waitFor();
  await becomes(() => page.title(), "Not found · Janus");
  await accessible(page);
});

test("the theme that was chosen stays", async (t) => {
  const page = await open(t);
  const background = (test) =>
    page.waitForFunction((text) => {
      const parts = getComputedStyle(document.documentElement).backgroundColor.match(/\d+/g).slice(0, 3).map(Number);
      return text === "dark" ? Math.max(...parts) < 50 : Math.min(...parts) > 200;
    }, test);
  await background("dark");
  await page.getByRole("button", { name: "Use the light theme" }).click();
  await background("light");
  await page.reload();
  await background("light");
  await page.getByRole("button", { name: "Use the dark theme" }).waitFor();
});

test("a gateway that is away is told of, and that it is back", async (t) => {
  const page = await open(t, "/docs", { allow: [/ERR_(FAILED|INTERNET_DISCONNECTED|NETWORK)/] });
  await page.context().setOffline(true);
  const banner = page.getByText("The gateway does not answer.");
  await banner.waitFor();
  await page.context().setOffline(false);
  await banner.waitFor({ state: "detached" });
});

test("a part of a page that cannot be loaded leaves the shell, and a way on", async (t) => {
  const page = await open(t, "/", { allow: [/ERR_FAILED/, /Failed to fetch dynamically imported module/] });
  await page.route(/DocsPage/, (route) => route.abort());
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Docs" }).click();
  await page.getByRole("heading", { name: "This page stopped working." }).waitFor();
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Home" }).click();
  await page.getByRole("heading", { level: 1, name: "JANUS" }).waitFor();
});

// --- the docs ------------------------------------------------------------------------------

/** Goes on to a page of the docs without a load, and waits until it is there whole. */
async function docsPage(page, path) {
  await page.evaluate((to) => {
    history.pushState({}, "", to);
    dispatchEvent(new PopStateEvent("popstate"));
  }, path);
  await page.waitForFunction((to) => {
    const article = document.querySelector("article[data-headings]");
    if (to === "/docs") return document.querySelector("main h1")?.textContent === "Docs";
    if (to.startsWith("/docs/reference")) return document.querySelector("[data-operation]") !== null;
    const current = document.querySelector("nav[aria-label=Docs] [aria-current=page]")?.getAttribute("href");
    return current === to.split("#")[0] && Number(article?.dataset.headings) > 0 && article.querySelectorAll(":is(h1, h2, h3, h4, h5, h6)[id]").length === Number(article.dataset.headings);
  }, path);
}

test("every page of the docs is there, and every link and anchor between them leads somewhere", async (t) => {
  const page = await open(t, "/docs");
  const gather = () =>
    page.evaluate(() => ({
      ids: [...document.querySelectorAll("[id]")].map(({ id }) => id),
      links: [...document.querySelectorAll("main a[href]")].map((a) => a.href),
      inert: document.querySelectorAll("main .md-inert").length,
    }));
  const seen = new Map();
  const wanted = [];
  for (const queue = ["/docs"]; queue.length > 0; ) {
    const path = queue.pop();
    if (seen.has(path)) continue;
    await docsPage(page, path);
    const { ids, links, inert } = await gather();
    seen.set(path, new Set(ids));
    assert.equal(inert, 0, `${path} has links that lead nowhere`);
    for (const link of links) {
      const { origin, pathname, hash } = new URL(link);
      if (origin !== base || (pathname !== "/docs" && !pathname.startsWith("/docs/"))) continue;
      wanted.push({ from: path, to: pathname, id: decodeURIComponent(hash.slice(1)) });
      queue.push(pathname);
    }
  }
  const dead = wanted.filter(({ to, id }) => id !== "" && !seen.get(to).has(id)).map(({ from, to, id }) => `${from} -> ${to}#${id}`);
  assert.deepEqual(dead, []);
  assert.ok(seen.size > 23, `${seen.size} pages`);
  for (const place of ["/docs/getting-started", "/docs/errors", "/docs/api", "/docs/reference"]) assert.ok(seen.has(place), place);
});

for (const size of both)
  test(`an anchor is gone to on the first load, ${size}`, async (t) => {
    const page = await open(t, "/docs/errors#upstream_died", { size });
    const heading = page.locator("#upstream_died");
    await heading.waitFor();
    await page.waitForFunction(() => {
      const { top } = document.getElementById("upstream_died").getBoundingClientRect();
      return top >= 0 && top < innerHeight / 2;
    });
    await becomes(() => page.title(), "Errors · Docs · Janus");
    await fits(page);
  });

test("every code of the envelope has its place in the docs", async (t) => {
  const page = await open(t, "/docs/errors");
  const { error } = await (await fetch(`${base}/v1/models/nobody`)).json();
  assert.equal(error.janus.docs, "/docs/errors#model_not_found");
  await page.locator("#model_not_found").waitFor();
});

for (const size of both)
  test(`search finds pages, headings, text and calls, ${size}`, async (t) => {
    const page = await open(t, "/docs", { size });
    await page.getByRole("button", { name: "Search the docs" }).first().click();
    const field = page.getByRole("combobox", { name: "Search the docs" });
    const first = page.getByRole("option").first();
    await field.fill("budget_exceeded");
    await first.getByText("budget_exceeded").first().waitFor();
    await field.fill("submission_create");
    await first.getByText("POST /api/v1/submissions").waitFor();
    await field.fill("no such words anywhere zzz");
    await page.getByText("Nothing has all of these words.").waitFor();
    await field.fill("upstream_died");
    await first.getByText("upstream_died").first().waitFor();
    await accessible(page, "the search");
    await field.press("Enter");
    await page.waitForURL(`${base}/docs/errors#upstream_died`);
    await page.locator("#upstream_died").waitFor();
  });

test("pages have their neighbours and their contents; code is copied", async (t) => {
  const page = await open(t, "/docs/getting-started", { permissions: ["clipboard-read", "clipboard-write"] });
  await page.getByRole("navigation", { name: "On this page" }).getByRole("link", { name: "Podman" }).click();
  await page.waitForURL(`${base}/docs/getting-started#podman`);
  const shown = (await page.locator("main pre").first().innerText()).trim();
  assert.notEqual(shown, "");
  await page.getByRole("button", { name: /^Copy/ }).first().click();
  await becomes(async () => (await page.evaluate(() => navigator.clipboard.readText())).trim(), shown);
  await page.getByRole("navigation", { name: "Before and after" }).getByRole("link").last().click();
  await page.waitForURL(`${base}/docs/architecture`);
});

test("phone: the contents are a drawer", async (t) => {
  const page = await open(t, "/docs/miner", { size: "phone" });
  await page.getByRole("button", { name: "Contents" }).click();
  const drawer = page.getByRole("dialog", { name: "Docs" });
  await accessible(page, "the drawer");
  await drawer.getByRole("link", { name: "The manifest" }).click();
  await drawer.waitFor({ state: "detached" });
  await page.waitForURL(`${base}/docs/miner#the-manifest`);
  await fits(page);
});

// --- the reference --------------------------------------------------------------------------

test("the reference has every call of the served document, and each opens", async (t) => {
  const page = await open(t, "/docs/reference");
  const api = await read("/openapi.json");
  const wanted = Object.values(api.paths).flatMap((item) => Object.values(item).flatMap(({ operationId }) => operationId ?? []));
  const shown = () => page.locator("[data-operation]").evaluateAll((all) => all.map((one) => one.dataset.operation).sort());
  await becomes(shown, wanted.sort());
  await page.evaluate(() => {
    for (const button of document.querySelectorAll("[data-operation] button[aria-expanded=false]")) button.click();
  });
  await becomes(() => page.locator("[data-operation] h4", { hasText: "Answers" }).count(), wanted.length);
  await fits(page);
});

for (const size of both)
  test(`the reference: a deep link, schemas within schemas, a filter, ${size}`, async (t) => {
    const page = await open(t, "/docs/reference#submission_create", { size });
    const one = page.locator("#submission_create");
    await one.getByText("Call", { exact: true }).waitFor();
    await page.waitForFunction(() => document.getElementById("submission_create").getBoundingClientRect().top < innerHeight / 2);
    const answer = one.locator("details", { has: page.locator("> summary", { hasText: "It is under way." }) });
    await answer.locator("summary").first().click();
    await answer.locator("details summary", { hasText: /^Members of/ }).first().click();
    await answer.locator("details[open] li").first().waitFor();
    await fits(page);
    await page.getByRole("searchbox", { name: "Filter the calls" }).fill("DELETE schedules");
    await page.getByText(/^1 of \d+ calls$/).waitFor();
    await becomes(() => page.locator("[data-operation]").count(), 1);
  });

// --- for everybody --------------------------------------------------------------------------

for (const colorScheme of ["dark", "light"])
  for (const size of both)
    test(`WCAG 2.2 AA, ${colorScheme}, ${size}`, async (t) => {
      const page = await open(t, "/", { colorScheme, size });
      await page.getByRole("heading", { name: "What a competitor can call", exact: true }).waitFor();
      await figure(page, "Champion").getByText("swift-owl").waitFor();
      await accessible(page);
      for (const path of ["/docs", "/docs/errors", "/docs/reference#submission_create"]) {
        await docsPage(page, path);
        if (path.includes("#")) await page.locator("#submission_create h4").first().waitFor();
        await accessible(page, path);
        await fits(page);
      }
    });

for (const size of both)
  test(`the docs for the README, ${size}`, async (t) => {
    const page = await open(t, "/docs/api", { size });
    await page.locator("article h1").waitFor();
    await shot(page, "docs");
  });
