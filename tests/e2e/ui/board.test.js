/*
 * board.test.js - the competition's numbers: four measured competitors, of whom swift-owl leads.
 *
 * KEY has read, chat and bench, ADMIN also admin; RUN is one of patient-bear, ITEM one of its items, with a stall,
 * BEAR its process.
 */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { accessible, base, becomes, comes, fits, matches, open, shot } from "./browser.js";

const { KEY, ADMIN, RUN, ITEM, BEAR } = process.env;
const names = (page) => page.locator("#leaderboard tbody th[scope=row] > span > span:first-child").allTextContents();
const api = async (path) => (await fetch(base + path)).json();

/** Calls are made with that key from now on, as if it had been typed. */
async function withKey(page, key) {
  await page.evaluate((k) => sessionStorage.setItem("janus.key", k), key);
  await page.reload();
  await page.locator("h1").first().waitFor();
}

for (const size of ["desktop", "phone"]) {
  test(`the rankings are live and honest (${size})`, async (t) => {
    const page = await open(t, "/competition", { size });
    await page.getByText("decides who leads").waitFor();
    const board = await api("/api/v1/leaderboard");
    const rows = size === "desktop" ? page.locator("#leaderboard tbody tr:not([id])") : page.locator("#leaderboard ol > li");
    await becomes(() => rows.count(), board.data.length);
    await matches(() => rows.first().textContent(), /swift-owl.*Champion/s);
    const best = board.data[0].scores.composite.value.toFixed(1);
    await comes(best, async () => (await rows.first().textContent()).includes(best));
    await page.locator("#champion").getByText("swift-owl").first().waitFor();
    await page.getByText(/It is better by/).waitFor();
    await page.locator("#arena-leaderboard").getByText("Kendall's tau-b").waitFor();
    await fits(page);
    await page.locator("#leaderboard").evaluate((section) => section.scrollIntoView());
    await shot(page, "competition");
  });
}

for (const size of ["desktop", "phone"]) for (const theme of ["dark", "light"]) {
  test(`the competition is accessible (${size}, ${theme})`, async (t) => {
    const page = await open(t, "/competition", { size, colorScheme: theme });
    await page.getByText("decides who leads").waitFor();
    await page.getByRole("button", { name: "Weigh it yourself" }).click();
    await page.getByRole("button", { name: /Evidence of swift-owl/ }).click();
    await page.locator("#charts svg g[role=button]").first().waitFor();
    await page.getByText("What the columns say").click();
    await page.getByRole("button", { name: "Item by item" }).click();
    await page.getByText(/items that both answered/).waitFor();
    await fits(page);
    await accessible(page);
    await page.goto(`${base}/competition/runs/${RUN}?item=${ITEM}`);
    await page.getByRole("img", { name: /Characters over time/ }).waitFor();
    await accessible(page);
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await fits(page);
    await accessible(page);
  });
}

test("columns sort: text and rank begin ascending, scores descending", async (t) => {
  const page = await open(t, "/competition");
  await page.getByText("decides who leads").waitFor();
  const by = (name) => page.locator("#leaderboard thead th").filter({ hasText: new RegExp(`^${name}$`) });
  await becomes(() => by("Rank").getAttribute("aria-sort"), "ascending");
  const board = (await api("/api/v1/leaderboard")).data;
  for (const [header, key, first] of [["Speed", "speed", "descending"], ["Cost", "cost", "descending"], ["Competitor", null, "ascending"]]) {
    await by(header).getByRole("button").click();
    await becomes(() => by(header).getAttribute("aria-sort"), first);
    await becomes(() => by("Rank").getAttribute("aria-sort"), "none");
    const wanted = board.toSorted((a, b) => (key === null ? a.competitor.localeCompare(b.competitor) : b.scores[key].value - a.scores[key].value)).map((e) => e.competitor);
    await becomes(() => names(page), wanted);
    await by(header).getByRole("button").press("Enter");
    await becomes(() => by(header).getAttribute("aria-sort"), first === "ascending" ? "descending" : "ascending");
    await becomes(() => names(page), wanted.toReversed());
  }
});

test("filters, own weights with a way back, and a CSV of what is shown", async (t) => {
  const page = await open(t, "/competition");
  await page.getByText("decides who leads").waitFor();
  const board = (await api("/api/v1/leaderboard")).data;
  const official = board.map((e) => e.competitor);
  await becomes(() => names(page), official);
  await page.getByRole("button", { name: "Weigh it yourself" }).click();
  for (const part of ["quality", "speed", "streaming", "modality"]) await page.getByRole("slider", { name: `Weight of ${part}` }).fill("0");
  await page.getByText("This order is yours, not the board's").waitFor();
  await becomes(() => names(page), board.toSorted((a, b) => b.scores.cost.value - a.scores.cost.value).map((e) => e.competitor));

  const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "CSV" }).click()]);
  assert.equal(file.suggestedFilename(), "leaderboard-public-dev.csv");
  const lines = (await readFile(await file.path(), "utf8")).trimEnd().split("\r\n");
  assert.equal(lines.length, board.length + 1);
  assert.match(lines[0], /^rank,competitor,composite,composite_low.*own_place,own_score$/);

  await page.getByRole("button", { name: "Reset to the board's weights" }).click();
  await page.getByText("This order is yours, not the board's").waitFor({ state: "hidden" });
  await becomes(() => names(page), official);

  await page.getByRole("searchbox", { name: "Filter by name or digest" }).fill("wren");
  await becomes(() => names(page), ["frugal-wren"]);
  await page.getByRole("searchbox", { name: "Filter by name or digest" }).fill("nobody");
  await page.getByText("Nobody matches").waitFor();
  await page.getByRole("button", { name: "Show everybody" }).click();
  await becomes(() => names(page), official);
});

test("a row opens to its evidence, which leads to runs and to the signed bundle", async (t) => {
  const page = await open(t, "/competition");
  const toggle = page.getByRole("button", { name: "Evidence of swift-owl" });
  await toggle.click();
  await becomes(() => toggle.getAttribute("aria-expanded"), "true");
  const evidence = page.locator("#leaderboard tr[id]:not([hidden])");
  await evidence.getByText("The 2 runs that count").waitFor();
  const [file] = await Promise.all([page.waitForEvent("download"), evidence.getByRole("button", { name: "evidence.tar.gz" }).click()]);
  const bytes = await readFile(await file.path());
  assert.deepEqual([bytes[0], bytes[1]], [0x1f, 0x8b]);
  await evidence.locator("a[href^='/competition/runs/run_']").first().click();
  await page.getByRole("heading", { level: 1, name: /swift-owl measured by public\/dev/ }).waitFor();
  await page.getByText("whole: it counts").waitFor();
});

test("two are compared: parts, what is more than chance, and item by item", async (t) => {
  const page = await open(t, "/competition?a=swift-owl&b=frugal-wren#compare");
  const compare = page.locator("#compare");
  await compare.locator("li").first().getByText("swift-owl").last().waitFor(); // who is better
  await compare.getByRole("button", { name: "Item by item" }).click();
  await compare.getByText(/items that both answered/).waitFor();
  const row = compare.locator("tbody tr").first();
  await matches(() => row.textContent(), /dev-.*passed.*failed|dev-.*failed.*passed/s);
  await compare.getByLabel("This one").selectOption("frugal-wren"); // the two change places
  await compare.getByText(/did better in .* swift-owl in/).waitFor();
  await page.waitForURL(/a=frugal-wren&b=swift-owl/);
  await becomes(() => compare.getByLabel("That one").inputValue(), "swift-owl");
  await row.getByRole("link").first().click();
  await page.getByRole("dialog").waitFor();
});

test("the chart is walked by keyboard, and says the same as a table", async (t) => {
  const page = await open(t, "/competition#charts");
  const points = page.locator("#charts svg g[role=button]");
  await points.first().waitFor();
  await becomes(() => points.count(), 4);
  await page.locator("#charts g[role=button][tabindex='0']").focus();
  await page.keyboard.press("ArrowRight");
  const focused = () => page.evaluate(() => document.activeElement.getAttribute("aria-label") ?? "");
  await matches(focused, /: cost \d+\.\d, quality \d+\.\d, speed \d+\.\d/);
  await comes("what has the focus, in words", async () =>
    (await page.locator("#charts p strong").allTextContents()).join().includes((await focused()).split(":")[0]),
  );
  await page.locator("#charts").getByText("The same as a table").click();
  await becomes(() => page.locator("#charts tbody tr").count(), 4);
});

for (const size of ["desktop", "phone"]) {
  test(`one item: its checks, and its frames as a picture (${size})`, async (t) => {
    const page = await open(t, `/competition/runs/${RUN}`, { size });
    const item = (await api(`/api/v1/runs/${RUN}/items?limit=500`)).data.find((i) => i.id === ITEM);
    await page.getByRole("searchbox", { name: "Filter items by text" }).fill(item.item);
    await page.getByRole("button", { name: new RegExp(item.item) }).click();
    const dialog = page.getByRole("dialog", { name: item.item });
    const picture = dialog.getByRole("img", { name: /Characters over time/ });
    await picture.waitFor();
    const longest = (item.measured.max_gap_ms / 1000).toFixed(1);
    await matches(() => picture.getAttribute("aria-label"), new RegExp(`the longest silence is ${longest.replace(".", "\\.")} s, between two contents`));
    await dialog.getByText("Measured at the socket").scrollIntoViewIfNeeded();
    await fits(page);
    await picture.scrollIntoViewIfNeeded();
    await shot(page, "competition-item");
    await dialog.getByRole("button", { name: "Close" }).click();
    await page.waitForURL((url) => !url.searchParams.has("item"));
    const failed = (await api(`/api/v1/runs/${RUN}/items?limit=500`)).data.filter((i) => i.state === "failed");
    await page.getByRole("searchbox", { name: "Filter items by text" }).fill("");
    await page.getByRole("combobox", { name: "Filter items by state" }).selectOption("failed");
    await page.getByText(`${failed.length} of 24 items`).waitFor();
    await page.getByRole("button", { name: /failed/ }).first().click();
    await page.getByRole("heading", { name: "Why it failed" }).waitFor();
  });
}

test("a run is started, followed as it is made, and cancelled", async (t) => {
  const page = await open(t, "/competition#runs");
  await page.getByRole("button", { name: "Measure a competitor" }).click();
  await becomes(() => page.getByRole("button", { name: "Start the run" }).isDisabled(), true);
  await withKey(page, KEY);
  await page.getByRole("button", { name: "Measure a competitor" }).click();
  await page.getByLabel("Competitor", { exact: true }).selectOption("patient-bear");
  await page.getByLabel("Percent of items").fill("100");
  await page.getByRole("button", { name: "Start the run" }).click();
  await page.waitForURL(/\/competition\/runs\/run_/);
  const run = () => api(new URL(page.url()).pathname.replace("/competition", "/api/v1"));
  await comes("items", async () => (await run()).progress.done >= 2);
  process.kill(Number(BEAR), "SIGSTOP"); // it does not end before it is cancelled
  t.after(() => process.kill(Number(BEAR), "SIGCONT"));
  await page.getByText(/Live; now dev-/).waitFor();
  const bar = page.getByRole("progressbar");
  await page.waitForFunction(() => Number(document.querySelector("progress")?.getAttribute("value")) >= 2);
  await becomes(() => bar.getAttribute("max"), String((await run()).progress.total));
  await page.locator("ul[aria-label=Items] li").first().waitFor();
  await shot(page, "competition-run");
  await page.getByRole("button", { name: "Cancel the run" }).click();
  await page.getByRole("button", { name: "Cancel it" }).click();
  await page.getByText("It was cancelled; what was measured is kept.").waitFor();
  await page.getByText("a part: it counts on no leaderboard").waitFor({ state: "detached" });
  await page.locator("ul[aria-label=Items] li").first().waitFor();
});

test("the worker's log is for admin", async (t) => {
  const page = await open(t, `/competition/runs/${RUN}`, { allow: [/status of 403/] });
  await page.getByText("The worker's log").click();
  await page.getByText("It is for a key with the scope admin").waitFor();
  await withKey(page, KEY);
  await page.getByText("The worker's log").click();
  await page.getByText("missing_scope").waitFor();
  await withKey(page, ADMIN);
  await page.getByText("The worker's log").click();
  await page.getByLabel("The worker's log").getByText("work.began").waitFor();
});

test("what is not there is said", async (t) => {
  const page = await open(t, "/competition/runs/run_nothing", { allow: [/status of 404/] });
  await page.getByRole("heading", { name: "There is no such run." }).waitFor();
  await page.goto(`${base}/competition?suite=public/none`);
  await page.getByText("Nobody is on this board yet").waitFor();
  await page.getByText("janusctl run bench --competitor NAME --suite public/none --wait").waitFor();
});

test("a gateway that is away is said, and what was read stays", async (t) => {
  const page = await open(t, "/competition", { allow: [/ERR_FAILED|Failed to load|net::/] });
  await page.getByText("decides who leads").waitFor();
  await page.route(/\/api\/v1\/leaderboard/, (route) => route.abort());
  await page.getByText(/Not up to date: The gateway cannot be reached/).waitFor();
  await becomes(async () => (await names(page)).length, 4);
  await page.unroute(/\/api\/v1\/leaderboard/);
  await page.getByText(/^As of/).waitFor();
});
