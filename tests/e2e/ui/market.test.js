/*
 * market.test.js - the marketplace: what is there and how often it was called, finding, contracts, a submission
 * up to its publication, and manifests that mean harm.
 */
import assert from "node:assert/strict";
import test from "node:test";
import { accessible, base, becomes, comes, fits, open, rest, shot } from "./browser.js";

const { MINER, BOSS } = process.env;
const PATH = "/api/v1/components";
const refusedCall = /status of 4\d\d/;

async function api(path, { key, ...options } = {}) {
  const headers = { "content-type": "application/json", ...(key && { authorization: `Bearer ${key}` }), ...options.headers };
  const response = await fetch(base + path, { ...options, headers });
  return { status: response.status, body: await response.json() };
}

/** The page, for who has that key. */
async function openAs(t, key, path, options) {
  const page = await open(t, "/marketplace", options);
  await page.evaluate((secret) => sessionStorage.setItem("janus.key", secret), key);
  await page.goto(base + path);
  await page.locator("h1").first().waitFor();
  return page;
}

const card = (page, id) => page.locator(`[data-component="${id}"]`);
const cards = (page) => page.locator("[data-component]");

/** A theme, and not the moment in which one becomes the other. */
async function wear(page, theme) {
  await page.evaluate((name) => void (document.documentElement.dataset.theme = name), theme);
  await rest(page);
}

/** In both themes; on a phone, where colours are the same, in the light one. */
async function bothThemes(page, what) {
  for (const theme of page.viewportSize().width < 600 ? ["light"] : ["dark", "light"]) {
    await wear(page, theme);
    await accessible(page, `${what}, ${theme}`);
  }
  await wear(page, "dark");
}

for (const size of ["desktop", "phone"]) {
  test(`${size}: the platform's services, found by category, word and order`, async (t) => {
    const page = await open(t, "/marketplace", { size });
    await becomes(() => page.locator("h1").innerText(), "Discover the building blocks");
    await card(page, "cmp.janus.search").waitFor();
    await card(page, "cmp.janus.sandbox").getByText("available").waitFor();
    await page.getByText("7 of 7").waitFor();
    await fits(page);
    await bothThemes(page, "the marketplace");
    await shot(page, "marketplace");
    await shot(page, "marketplace-whole", { full: true });

    const pill = (name) => page.getByRole("group", { name: "Category" }).getByRole("button", { name, exact: true });
    await becomes(() => pill("All").getAttribute("aria-pressed"), "true");
    await pill("Research").click();
    await card(page, "cmp.janus.sandbox").waitFor({ state: "detached" });
    await card(page, "cmp.janus.search").waitFor();
    await becomes(() => pill("Research").getAttribute("aria-pressed"), "true");
    await page.reload(); // the URL knows
    await card(page, "cmp.janus.search").waitFor();
    await becomes(() => card(page, "cmp.janus.sandbox").count(), 0);

    await pill("All").click();
    await page.getByRole("searchbox").fill("python");
    await card(page, "cmp.janus.search").waitFor({ state: "detached" });
    await card(page, "cmp.janus.sandbox").waitFor();
    await page.getByRole("searchbox").fill("there is nothing like it");
    await page.getByText("Nothing fits").waitFor();
    await page.getByRole("button", { name: "Show all" }).click();
    await card(page, "cmp.janus.search").waitFor();

    await page.getByLabel("Sort by").selectOption("name");
    await page.waitForURL(/sort=name/);
    await cards(page).first().getByText("Budget Meter").waitFor();
    await comes("names in their order", async () => {
      const names = await cards(page).locator("h3").allInnerTexts();
      return names.length > 1 && names.join() === names.toSorted((a, b) => a.toLowerCase().localeCompare(b.toLowerCase(), "en")).join();
    });
  });

  test(`${size}: a card opens at its own URL: guide, contract, usage, versions`, async (t) => {
    const page = await open(t, "/marketplace", { size });
    await card(page, "cmp.janus.sandbox").getByRole("link").click();
    const dialog = page.getByRole("dialog", { name: "Code Sandbox" });
    await dialog.getByRole("heading", { name: "Integration Guide" }).waitFor();
    await page.waitForURL(/\/marketplace\/cmp\.janus\.sandbox$/);
    await dialog.getByText("$SANDY_BASE_URL/api/sandboxes").first().waitFor();
    await dialog.getByRole("button", { name: "Copy code" }).waitFor();
    const exec = dialog.locator("details").filter({ hasText: "/exec" });
    await exec.locator("summary").click();
    await exec.getByText("timeoutMs").waitFor();
    await exec.getByText("exitCode").waitFor();
    await dialog.getByText("OpenAPI, 13 operations").waitFor();
    await bothThemes(page, "a component");
    await fits(page);
    await dialog.locator("div").nth(2).evaluate((body) => body.scrollTo(0, 0));
    await shot(page, "marketplace-component");
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
    await page.waitForURL(/\/marketplace$/);
    await page.goto(`${base}/marketplace/cmp.acme.notes`); // and is a link
    await page.getByRole("dialog", { name: "Notes" }).getByText("MCP, 1 tool", { exact: true }).waitFor();
    await page.getByText("nobody has counted").waitFor();
  });

  test(`${size}: submitted, reviewed, published`, async (t) => {
    const id = `cmp.acme.split-${size}`;
    const manifest = {
      id,
      version: "1.0.0",
      name: `PDF Split (${size})`,
      description: "One page a file.",
      category: "tools",
      entrypoint: "https://pdf.example/mcp",
      contract: { type: "mcp", tools: [{ name: "split", description: "Split a PDF.", inputSchema: { type: "object", properties: { url: { type: "string", description: "Where it is." } }, required: ["url"] } }] },
      tags: ["pdf"],
    };
    const page = await openAs(t, MINER, "/marketplace", { size, allow: [refusedCall] });
    const form = page.getByRole("form", { name: "Submit a component" });
    const text = form.getByLabel("Manifest (JSON)");
    const send = form.getByRole("button", { name: "Submit for review" });

    await text.fill("{ not JSON");
    await form.getByText("It is not JSON").waitFor();
    await becomes(() => send.isDisabled(), true);
    await text.fill(JSON.stringify({ ...manifest, contract: { type: "mcp", tools: [{ name: "split" }] } }));
    await form.getByText("contract.tools[0].inputSchema", { exact: true }).waitFor();
    await text.fill(JSON.stringify({ ...manifest, price: 3 }));
    await form.getByText("price", { exact: true }).waitFor();
    await text.fill(JSON.stringify({ ...manifest, id: "cmp.janus.mine" }));
    await form.getByText("is that of the platform's services").waitFor();
    await becomes(() => send.isDisabled(), true);
    await form.locator("input[type=file]").setInputFiles({ name: "m.json", mimeType: "application/json", buffer: Buffer.from(JSON.stringify(manifest, null, 2)) });
    await form.getByText("can be submitted, with 1 tools").waitFor();
    await send.click();
    await form.getByText("is submitted. It is listed for everybody once").waitFor();
    const mine = page.getByRole("region", { name: "Submit a component" }).getByRole("link", { name: new RegExp(id) });
    await mine.getByText("submitted").waitFor();
    await fits(page);
    await bothThemes(page, "a submission");
    assert.equal((await api(`${PATH}/${id}`)).status, 404);

    const desk = await openAs(t, BOSS, "/marketplace", { size });
    await desk.getByRole("region", { name: "Waiting for review" }).getByRole("link", { name: new RegExp(id) }).click();
    const review = desk.getByRole("dialog").getByRole("region", { name: "Review" });
    await becomes(() => review.getByRole("button", { name: "Reject" }).isDisabled(), true);
    await bothThemes(desk, "a review");
    await review.getByRole("button", { name: "Approve" }).click();
    await desk.getByRole("dialog").getByText("published").first().waitFor();
    await review.getByRole("button", { name: "Deprecate" }).waitFor();

    const guest = await open(t, "/marketplace?category=tools", { size });
    await card(guest, id).getByText("published").waitFor();
    await card(guest, id).getByText("not called through Janus").waitFor();

    const next = await api(PATH, { key: MINER, method: "POST", body: JSON.stringify({ ...manifest, version: "1.1.0" }) });
    assert.equal(next.status, 201);
    await desk.goto(`${base}/marketplace/${id}@1.1.0`);
    await review.getByLabel("Reason").fill("The host does not answer.");
    await review.getByRole("button", { name: "Reject" }).click();
    await desk.getByRole("dialog").getByText("rejected").first().waitFor();
    await page.goto(`${base}/marketplace/${id}@1.1.0`);
    await page.getByRole("dialog").getByText("The host does not answer.").waitFor();
    await page.getByRole("dialog").getByRole("link", { name: "1.0.0" }).waitFor();
  });
}

test("real calls raise the number that is shown", async (t) => {
  const calls = async () => (await api(`${PATH}/cmp.janus.sandbox`)).body.usage.calls;
  const page = await open(t, "/marketplace");
  /** What is shown, when it is what was counted: the last calls are told as their sandbox ends. */
  const shown = (more) =>
    comes("the number of calls", async () => {
      await page.reload();
      const seen = Number.parseInt(await card(page, "cmp.janus.sandbox").locator("strong").innerText(), 10);
      return seen > more && seen === (await calls()) && seen;
    });
  const before = await shown(0);
  const { status } = await api("/v1/chat/completions", {
    method: "POST",
    body: JSON.stringify({ model: "janus/baseline-agent", messages: [{ role: "user", content: "Run this:\n```python\nprint(6 * 7)\n```" }] }),
  });
  assert.equal(status, 200);
  await shown(before);
});

test("manifests that mean harm are text", async (t) => {
  const evil = `<img src=x onerror="window.evil=1"><script>window.evil=1</script>`;
  const put = async (manifest) => {
    const { status, body } = await api(PATH, { key: MINER, method: "POST", body: JSON.stringify(manifest) });
    assert.equal(status, 201, JSON.stringify(body));
    assert.equal((await api(`${PATH}/${manifest.id}/approve`, { key: BOSS, method: "POST", body: "{}" })).status, 200);
  };
  const loop = { type: "object", description: evil, properties: { again: { $ref: "#" }, __proto__x: { $ref: "#/properties/constructor" }, lost: { $ref: "#/nowhere" }, [evil]: { enum: [evil] } } };
  await put({
    id: "cmp.acme.evil-tools",
    version: "1.0.0",
    name: evil.slice(0, 80),
    description: `${evil}\n${"a".repeat(3000)}`,
    category: "tools",
    entrypoint: "https://evil.example/",
    contract: { type: "mcp", tools: [{ name: "loop", description: evil, inputSchema: loop }] },
    integration: `${evil}\n</code></pre><iframe src="https://evil.example"></iframe>`,
  });
  const deep = (n) => (n === 0 ? { type: "string" } : { type: "object", properties: { [`p${n}`]: deep(n - 1) } });
  const wide = Object.fromEntries(Array.from({ length: 2000 }, (_, i) => [`member${i}`, { type: "string", description: evil }]));
  await put({
    id: "cmp.acme.evil-api",
    version: "1.0.0",
    name: "Evil API",
    description: evil,
    category: "tools",
    entrypoint: "https://evil.example/",
    contract: {
      type: "openapi",
      document: {
        openapi: "3.1.0",
        info: { title: evil, version: "1" },
        paths: {
          "/deep": { get: { summary: evil, responses: { 200: { description: evil, content: { "text/html": { schema: deep(12) } } } } } },
          "/wide": { post: { requestBody: { content: { "application/json": { schema: { type: "object", properties: wide } } } }, responses: {} } },
          [`/${evil}`]: { get: { parameters: [{ name: evil, in: "query", schema: { $ref: "#/a/b" } }], responses: {} } },
        },
      },
    },
  });

  for (const size of ["desktop", "phone"]) {
    const page = await open(t, "/marketplace?category=tools", { size });
    await card(page, "cmp.acme.evil-tools").getByText("<script>").first().waitFor();
    await fits(page);
    await page.goto(`${base}/marketplace/cmp.acme.evil-tools`);
    const dialog = page.getByRole("dialog");
    await dialog.locator("summary").click();
    await dialog.getByText("again", { exact: true }).first().waitFor();
    await fits(page);
    await accessible(page, "a hostile manifest");
    await page.goto(`${base}/marketplace/cmp.acme.evil-api`);
    await dialog.getByText("OpenAPI, 3 operations").waitFor();
    for (const summary of await dialog.locator("summary").all()) await summary.click();
    await dialog.getByText("There is more of it in the document.").first().waitFor();
    await fits(page);
    assert.equal(await page.evaluate(() => window.evil), undefined);
    assert.equal(await dialog.locator("iframe, script, img").count(), 0);
  }
});

test("a gateway that fails, and a component that is not there", async (t) => {
  const page = await open(t, "/marketplace/cmp.no.such", { allow: [refusedCall, /ERR_FAILED|status of 5/] });
  await page.getByRole("dialog", { name: "No such component" }).getByText("There is no component").waitFor();
  await page.keyboard.press("Escape");
  await page.route(`**${PATH}?**`, (route) => route.fulfill({ status: 502, body: "<html>bad gateway</html>" }));
  await page.goto(`${base}/marketplace`);
  await page.getByText("The marketplace could not be loaded.").waitFor();
  await accessible(page, "a failed marketplace");
  await page.unroute(`**${PATH}?**`);
  await page.getByRole("button", { name: "Try again" }).first().click();
  await card(page, "cmp.janus.search").waitFor();
});
