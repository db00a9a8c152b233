/*
 * static.test.js - the bundle as janusd serves it: to our own pages, and to pages of somebody else.
 *
 * GATEWAY names a program that takes "stop" and "start" and does it to janusd.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createServer } from "node:http";
import { test } from "node:test";
import { accessible, base, becomes, comes, fits, launch, open, shot } from "./browser.js";

const BUDGET_BYTES = 350_000;
const pages = ["/", "/chat", "/competition", "/marketplace", "/docs", "/ops"];
const gateway = (what) => execFileSync(process.env.GATEWAY, [what], { stdio: "pipe" });
const AWAY = /ERR_(CONNECTION|INCOMPLETE|EMPTY|SOCKET)/;
const text = async (path, options) => (await fetch(base + path, options)).text();

/** A page of another site: a server of its own, and what it was asked for. */
async function elsewhere(t, html) {
  const asked = [];
  const server = createServer((request, response) => {
    asked.push({ url: request.url, headers: request.headers });
    response.setHeader("content-type", "text/html");
    response.end(html);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  return { url: `http://localhost:${server.address().port}/`, asked };
}

/** That page in a browser, with what the gateway answered to it. */
async function visit(t, html) {
  const site = await elsewhere(t, html);
  const context = await (await launch()).newContext();
  t.after(() => context.close());
  const answers = [];
  context.on("response", (response) => {
    if (response.url().startsWith(base))
      answers.push({ method: response.request().method(), path: response.url().slice(base.length), status: response.status() });
  });
  const page = await context.newPage();
  await page.goto(site.url);
  return { ...site, context, page, answers };
}

// --- our own pages ---------------------------------------------------------------------------

test("every page is there, whole and by itself", async (t) => {
  for (const path of pages)
    await t.test(path, async (t) => {
      const page = await open(t, path, { allow: path === "/ops" ? [/status of 40[13]/] : [] });
      await becomes(() => page.locator("h1").count(), 1);
      await fits(page);
    });
});

for (const path of ["/", "/chat"])
  test(`the first load of ${path} is within ${BUDGET_BYTES / 1000} kB, the second brings nothing again that cannot change`, async (t) => {
    const context = await (await launch()).newContext();
    t.after(() => context.close());
    const first = await context.newPage();
    const client = await context.newCDPSession(first);
    const loads = new Map();
    client.on("Network.responseReceived", ({ requestId, response }) => loads.set(requestId, { ...response, bytes: null }));
    client.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
      if (loads.has(requestId)) loads.get(requestId).bytes = encodedDataLength;
    });
    await client.send("Network.enable");
    await first.goto(base + path, { waitUntil: "load" });
    await first.locator("h1").first().waitFor();
    await first.evaluate(() => document.fonts.ready);
    const own = await comes("what was begun has come", () => {
      const all = [...loads.values()].filter(({ url }) => !/^\/(v1|api|livez|health|openapi\.json)/.test(url.slice(base.length)));
      return all.length > 3 && all.every(({ bytes }) => bytes !== null) && all;
    });
    const bytes = own.reduce((sum, load) => sum + load.bytes, 0);
    t.diagnostic(`${path}: ${bytes} bytes in ${own.length} files`);
    assert.ok(bytes > 20_000, "they were counted");
    assert.ok(bytes <= BUDGET_BYTES, own.map(({ url, bytes }) => `${bytes} ${url}`).join("\n"));
    for (const { url, headers } of own)
      if (/\.(js|css)$|\/$|chat$/.test(url)) assert.equal(headers["content-encoding"], "br", url);

    await first.reload();
    await first.locator("h1").first().waitFor();
    const again = await comes("what it loaded", async () => {
      const all = await first.evaluate(() =>
        performance.getEntriesByType("resource").flatMap(({ name, transferSize }) => (name.includes("/assets/") ? [{ name, transferSize }] : [])),
      );
      return all.length > 0 && all;
    });
    const had = new Set(own.map(({ url }) => url)); // a font may be asked for by what came after we looked
    assert.deepEqual(
      again.filter(({ name, transferSize }) => had.has(name) && transferSize > 0),
      [],
    );
    assert.ok(again.some(({ name }) => had.has(name)));
  });

for (const [colorScheme, size] of [
  ["dark", "desktop"],
  ["light", "phone"],
])
  test(`a page that is not there says so, ${colorScheme}, on a ${size}`, async (t) => {
    const page = await open(t, "/no/such/page", { size, colorScheme, allow: [/status of 404/] });
    await page.getByRole("heading", { name: "There is no such page." }).waitFor();
    await accessible(page);
    await fits(page);
    await shot(page, "not-found");
    await page.getByRole("link", { name: "To the beginning" }).click();
    await page.waitForURL(`${base}/`);
  });

test("the gateway goes away and comes back: the page says so, and keeps what was typed", async (t) => {
  const page = await open(t, "/", { allow: [AWAY] });
  await page.getByRole("button", { name: "API key: none" }).click();
  const key = page.getByLabel("Key", { exact: true });
  const typed = `jns_sk_${"x".repeat(49)}`;
  await key.fill(typed);
  gateway("stop");
  t.after(() => gateway("start"));
  await page.getByRole("button", { name: "Use this key" }).click();
  await page.getByRole("alert").getByText("The gateway cannot be reached").waitFor();
  assert.equal(await key.inputValue(), typed);
  await page.getByRole("button", { name: "Close" }).click();
  await page.getByRole("status").getByText("The gateway does not answer").waitFor();
  gateway("start");
  await page.getByRole("status").getByText("The gateway does not answer").waitFor({ state: "detached" });
  await page.getByRole("link", { name: "Competition", exact: true }).first().click();
  await page.waitForURL(`${base}/competition`);
  await page.locator("h1").first().waitFor();
});

test("a page whose code cannot be had says so, and loads when it can", async (t) => {
  const page = await open(t, "/", {
    allow: [AWAY, /dynamically imported module/, /Unable to preload CSS/],
  });
  gateway("stop");
  t.after(() => gateway("start"));
  await page.getByRole("link", { name: "Marketplace", exact: true }).first().click();
  await page.getByRole("heading", { name: "This page stopped working." }).waitFor();
  gateway("start");
  await page.getByRole("button", { name: "Load it again" }).click();
  await page.waitForURL(`${base}/marketplace`);
  await page.getByRole("heading", { name: "This page stopped working." }).waitFor({ state: "detached" });
  await page.locator("h1").first().waitFor();
});

// --- pages of others -------------------------------------------------------------------------

const chat = JSON.stringify({ model: "janus", messages: [{ role: "user", content: "x" }] });
const submission = JSON.stringify({ name: "evil", url: "http://127.0.0.1:1" });

/** What must not have changed when they are done. */
const traces = async () => {
  const metrics = await text("/metrics");
  return {
    chats: metrics.split("\n").filter((line) => /^janus_(chats|attempts)_?.*_total/.test(line)),
    submissions: await text("/api/v1/submissions"),
    competitors: await text("/api/v1/competitors"),
  };
};

test("[L07] a form of another site has no effect", async (t) => {
  const before = await traces();
  const forms = [
    ["/v1/chat/completions", "text/plain", chat],
    ["/v1/chat/completions", "application/x-www-form-urlencoded", chat],
    ["/v1/files", "multipart/form-data", "x"],
    ["/api/v1/submissions", "text/plain", submission],
    ["/api/v1/competitors/baseline-agent/stop", "text/plain", "{}"],
    ["/chat", "text/plain", "x"],
  ];
  const { page, answers, url } = await visit(t, "<form method=post><input></form>");
  for (const [path, type, body] of forms) {
    await page.goto(url);
    const answered = page.waitForResponse((response) => response.url() === base + path);
    await page.evaluate(
      ([action, enctype, body]) => {
        const [form] = document.forms; // "x={...}", but as text/plain without its "x": JSON, as an attacker would have it
        Object.assign(form, { action, enctype });
        Object.assign(form.elements[0], { name: body.slice(0, -1), value: body.slice(-1) });
        form.submit();
      },
      [base + path, type, body],
    );
    assert.equal((await answered).status(), 403, path);
    await page.waitForURL(base + path);
  }
  await becomes(() => answers.map(({ method }) => method), forms.map(() => "POST"));
  assert.deepEqual(await traces(), before);
});

test("[L07] nor has JSON sent as text, from a page, a frame without an origin, or a beacon", async (t) => {
  const before = await traces();
  const { page, answers } = await visit(t, "<iframe sandbox='allow-scripts' srcdoc='<p>x'></iframe>");
  const send = (path, body) =>
    fetch(path, { method: "POST", mode: "no-cors", headers: { "content-type": "text/plain" }, body }).then(({ type }) => type);
  for (const frame of page.frames()) {
    for (const [path, body] of [["/v1/chat/completions", chat], ["/api/v1/submissions", submission], ["/v1/arena", chat]])
      assert.equal(await frame.evaluate(`(${send})(${JSON.stringify(base + path)}, ${JSON.stringify(body)})`), "opaque");
    const refused = await frame.evaluate(
      ([url, body]) =>
        fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body }).then(String, ({ name }) => name),
      [`${base}/v1/chat/completions`, chat],
    );
    assert.equal(refused, "TypeError"); // its preflight has no answer that would allow it
  }
  const beacon = page.waitForResponse((response) => response.url().endsWith("/v1/chat/completions"));
  await page.evaluate(([url, body]) => navigator.sendBeacon(url, body), [`${base}/v1/chat/completions`, chat]);
  assert.equal((await beacon).status(), 403);
  // frames of their own tell in their own time
  await becomes(() => answers.flatMap(({ method, status }) => (method === "POST" ? [status] : [])), Array(7).fill(403));
  assert.deepEqual(await traces(), before);
});

test("[L07] a GET has no effect, and its answer is not theirs to read", async (t) => {
  const before = await traces();
  const { page, answers } = await visit(t, "<p>x");
  const paths = ["/v1/chat/completions", "/api/v1/competitors/baseline-agent/stop", "/api/v1/champion/rollback"];
  for (const path of paths) {
    await page.evaluate((url) => fetch(url, { mode: "no-cors", credentials: "include" }), base + path);
    await page.evaluate((src) => new Promise((resolve) => Object.assign(new Image(), { src, onerror: resolve, onload: resolve })), base + path);
  }
  await comes("their answers", () => answers.length >= paths.length); // what an image was answered is not told even to the test
  assert.deepEqual(answers.filter(({ status }) => status !== 405), []);
  for (const path of ["/api/v1/status", "/v1/models", "/metrics", "/"])
    assert.equal(await page.evaluate((url) => fetch(url).then(String, ({ name }) => name), base + path), "TypeError", path);
  assert.deepEqual(await traces(), before);
});

test("[L07] an EventSource or a WebSocket of another site hears nothing", async (t) => {
  const { page } = await visit(t, "<p>x");
  const listen = (url) =>
    new Promise((resolve) => {
      const source = new EventSource(url);
      source.onmessage = source.onopen = () => resolve("it hears");
      source.onerror = () => resolve(source.readyState === EventSource.CLOSED ? "closed" : "tries again");
    });
  assert.equal(await page.evaluate(listen, `${base}/api/v1/events?follow=true`), "closed");
  const connect = (url) =>
    new Promise((resolve) => {
      const socket = new WebSocket(url);
      socket.onopen = () => resolve("it is open");
      socket.onclose = () => resolve("closed");
    });
  assert.equal(await page.evaluate(connect, `${base.replace("http", "ws")}/api/v1/events`), "closed");
});

test("[L10] no page of ours is shown in a frame of theirs", async (t) => {
  const { page, answers } = await visit(t, "<p>x");
  for (const path of ["/", "/chat", "/ops"]) {
    const refused = page.waitForEvent("console", (message) => message.text().includes("frame-ancestors 'none'"));
    await page.evaluate((src) => document.body.append(Object.assign(document.createElement("iframe"), { src })), base + path);
    await refused;
  }
  assert.deepEqual(page.frames().filter((frame) => frame.url().startsWith(base)), []);
  assert.deepEqual(answers.filter(({ path }) => path.startsWith("/assets/")), []); // nothing of them ran
});

test("[L10] who opens a page of ours has no hold of it, and who is linked is not told from where", async (t) => {
  const { page, context, url, asked } = await visit(t, `<a href="${base}/" target=_blank rel=opener>open</a>`);
  const [opened] = await Promise.all([context.waitForEvent("page"), page.getByText("open").click()]);
  await opened.locator("h1").first().waitFor();
  assert.equal(await opened.evaluate(() => window.opener), null);
  asked.length = 0;
  await opened.evaluate((url) => {
    const link = Object.assign(document.createElement("a"), { href: `${url}linked` });
    document.body.append(link);
    link.click();
  }, url);
  await opened.waitForURL(`${url}linked`);
  const [{ headers }] = asked.filter((request) => request.url === "/linked");
  assert.equal(headers.referer, undefined);
});

test("[L10] what is public may be kept, what is not is not", async () => {
  for (const path of ["/v1/models", "/api/v1/status", "/api/v1/events", "/api/v1/none", "/v1/none"])
    assert.match((await fetch(base + path)).headers.get("cache-control") ?? "", /no-store|private/, path);
  const asset = /\/assets\/[^"]+\.js/.exec(await text("/"))[0];
  assert.equal((await fetch(base + asset)).headers.get("cache-control"), "public, max-age=31536000, immutable");
});

test("[L11] what is not in the table is not served, whoever asks and how", async (t) => {
  const page = await open(t, "/nothing", { allow: [/status of 40[04]/] });
  const asset = /\/assets\/[^"]+\.js/.exec(await text("/"))[0];
  const others = [asset.toUpperCase(), `${asset}.map`, `${asset}.br`, `${asset}/`,
    asset.replace("/assets/", "/assets%2f"), "/assets/", "/assets", "/.git/config", "/package.json", "/src/main.tsx", "/.vite/manifest.json"];
  for (const path of others) {
    const status = await page.evaluate((path) => fetch(path).then((response) => response.status), path);
    assert.ok([400, 404].includes(status), `${path}: ${status}`);
  }
  const whole = await text(asset);
  for (const range of ["bytes=0-18446744073709551615", "bytes=99999999999999999999-", "bytes=-1"]) {
    const response = await fetch(base + asset, { headers: { range } });
    assert.equal(response.status, 200);
    assert.equal(await response.text(), whole);
  }
  for (const coding of ["br", "gzip", "identity", "gzip;q=0.5, br;q=0.1", "zstd"])
    assert.equal(await text(asset, { headers: { "accept-encoding": coding } }), whole, coding);
});
