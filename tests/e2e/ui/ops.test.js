/*
 * Operations in a real browser: an administrator's key by the control socket, each action asserted
 * through janusctl.  ADMIN and APP are keys, CTL is janusctl.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { accessible, base, becomes, comes, fits, matches, open, shot, sizes } from "./browser.js";

const { ADMIN: admin, APP: app, CTL: janusctl } = process.env;
const REFUSED = /Failed to load resource: the server responded with a status of 4\d\d/;
const both = Object.keys(sizes);

/** janusctl's answer as JSON; of a list, its members. */
function ctl(...words) {
  const answer = JSON.parse(execFileSync(janusctl, [...words, "-o", "json"], { encoding: "utf8" }));
  return Array.isArray(answer.data) ? answer.data : answer;
}
const competitor = (name) => ctl("show", "competitor", name);

/** One chat over the port, read to its end; its request's id. */
async function chat(model, text = "hello", key = app) {
  const answer = await fetch(`${base}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify({ model, stream: true, messages: [{ role: "user", content: text }] }),
  });
  await answer.text();
  return { status: answer.status, id: answer.headers.get("x-request-id") };
}

/** A page of operations with a key that is kept in the browser. */
const ops = (t, path, { key = admin, ...options } = {}) =>
  open(t, path, { storageState: { cookies: [], origins: [{ origin: base, localStorage: [{ name: "janus.key", value: key }] }] }, ...options });
const dialog = (page) => page.getByRole("dialog");
const press = (where, name) => where.getByRole("button", { name, exact: true }).click();
const row = (page, table, text) => page.getByRole("region", { name: table, exact: true }).getByRole("row").filter({ hasText: text });

/** Presses a dialog's button, and waits for what it says was done; what has changed meanwhile is looked at again. */
async function carryOut(page, button, told) {
  const done = dialog(page).getByRole("status").filter({ hasText: told });
  const changed = dialog(page).getByText("It changed since it was looked at.");
  for (;;) {
    await press(dialog(page), button);
    await done.or(changed).first().waitFor();
    if (await done.isVisible()) return;
    await press(dialog(page), "Try again");
  }
}
async function close(page) {
  await dialog(page).getByRole("button", { name: "Close" }).last().click();
  await dialog(page).waitFor({ state: "detached" });
}

for (const size of both) {
  test(`${size}: without a key it says what is needed, takes one, and is there`, async (t) => {
    const page = await open(t, "/ops", { size, allow: [REFUSED] });
    await page.getByRole("heading", { name: "An administrator's key is needed" }).waitFor();
    await page.getByText("janusctl create key ops --kind ad").waitFor();
    await fits(page);
    await accessible(page);
    await press(page, "Enter a key");
    await dialog(page).getByLabel("Key").fill("jns_ad_wrong");
    await press(dialog(page), "Use this key");
    await dialog(page).getByRole("alert").waitFor();
    await dialog(page).getByLabel("Key").fill(admin);
    await press(dialog(page), "Use this key");
    await page.getByRole("heading", { name: "Status" }).waitFor();
    await page.waitForURL("**/ops/overview");
  });
}

test("a key that lacks the scope is told which one", async (t) => {
  const page = await ops(t, "/ops/keys", { key: app, allow: [REFUSED] });
  await page.getByRole("heading", { name: "This key lacks the scope admin" }).waitFor();
  await matches(() => page.getByRole("alert").innerText(), /'admin'[\s\S]*missing_scope/);
  await accessible(page);
});

test("a key that is revoked is not accepted", async (t) => {
  const { secret } = ctl("create", "key", "gone", "--kind", "ad");
  execFileSync(janusctl, ["remove", "key", "gone", "--yes", "-q"]);
  const page = await ops(t, "/ops/overview", { key: secret, allow: [REFUSED] });
  await page.getByRole("heading", { name: "This key is not accepted" }).waitFor();
});

for (const size of both) {
  test(`${size}: the overview shows status, rates as they come, checks and metrics`, async (t) => {
    const page = await ops(t, "/ops/overview", { size });
    await page.getByText(ctl("status").version, { exact: true }).first().waitFor();
    await page.getByText("contained").waitFor();
    await page.getByText("Chats can be answered").waitFor();
    const chats = row(page, "What the competitors do now", "fake").getByRole("cell").nth(3);
    await comes("a rate of chats", async () => {
      await Promise.all([chat("janus/owl"), ...Array.from({ length: 3 }, () => chat("janus/fake", "fault:chunks=5"))]);
      return /^[\d.]*[1-9]/.test(await chats.innerText());
    });
    await page.getByText("Gateway's own time, p95").waitFor();
    await fits(page);
    await accessible(page, `overview, ${size}, dark`);
    await shot(page, "ops");
  });
}

test("the doctor is asked when somebody wants it", async (t) => {
  const page = await ops(t, "/ops/overview");
  const doctor = page.locator("section").filter({ has: page.getByRole("heading", { name: "Doctor" }) });
  await press(page, "Check the machine");
  await doctor.getByText("isolation", { exact: true }).waitFor();
  await becomes(async () => (await doctor.getByRole("status").first().innerText()) === "Nothing is wrong.", ctl("status").engine.ok);
});

test("nothing is asked while the tab is hidden", async (t) => {
  const page = await ops(t, "/ops/overview");
  await page.clock.install();
  await page.reload();
  await page.getByRole("heading", { name: "Now" }).waitFor();
  let asked = 0;
  page.on("request", (request) => {
    if (/\/api\/|\/metrics/.test(request.url())) asked++;
  });
  const show = (state) =>
    page.evaluate((now) => {
      Object.defineProperty(document, "visibilityState", { value: now, configurable: true });
      window.dispatchEvent(new Event("visibilitychange"));
    }, state);
  await page.clock.runFor(5_000);
  await comes("a question while it is seen", () => asked > 0);
  await show("hidden");
  await page.waitForLoadState("networkidle", { timeout: 60_000 });
  asked = 0;
  await page.clock.runFor(60_000);
  assert.equal(asked, 0);
  await show("visible");
  await page.clock.runFor(5_000);
  await comes("another question", () => asked > 0);
});

for (const size of both) {
  test(`${size}: stop and start, tried before they are done`, async (t) => {
    const page = await ops(t, "/ops/competitors", { size });
    await press(page, "Show fake");
    await press(page, "Stop");
    await dialog(page).getByText("wanted").waitFor();
    await matches(() => dialog(page).innerText(), /running → stopped/);
    assert.equal(competitor("fake").wanted, "running", "a trial changes nothing");
    await accessible(page, `dialog, ${size}`);
    await fits(page);
    await carryOut(page, "Stop", "fake is to stop");
    await comes("fake's end", () => competitor("fake").state === "stopped");
    await close(page);
    await press(page.getByRole("group", { name: "Actions on fake" }), "Start");
    await carryOut(page, "Start", "fake is to run");
    await comes("fake, ready", () => competitor("fake").state === "ready");
    await close(page);
    await page.getByRole("region", { name: "Competitor fake" }).getByText("ready", { exact: true }).first().waitFor();
  });
}

test("restart is done", async (t) => {
  const [before] = ctl("list", "instances", "--filter", "competitor=owl");
  const page = await ops(t, "/ops/competitors?open=owl");
  await press(page, "Restart");
  await carryOut(page, "Restart", "owl is to start anew");
  await comes("another instance, or one that was started anew", () => {
    const [now] = ctl("list", "instances", "--filter", "competitor=owl");
    return now?.state === "ready" && (now.id !== before.id || now.state_since !== before.state_since);
  });
});

test("what changed meanwhile is not done, and may be looked at again", async (t) => {
  const page = await ops(t, "/ops/competitors?open=spare", { allow: [REFUSED] });
  await press(page, "Stop");
  await dialog(page).getByText("running → stopped").waitFor();
  ctl("stop", "competitor", "spare");
  ctl("start", "competitor", "spare");
  await comes("spare, ready again", () => competitor("spare").state === "ready");
  await press(dialog(page), "Stop");
  await dialog(page).getByText("It changed since it was looked at.").waitFor();
  assert.equal(competitor("spare").wanted, "running");
  await press(dialog(page), "Try again");
  await carryOut(page, "Stop", "spare is to stop");
  assert.equal(competitor("spare").wanted, "stopped");
});

test("a policy is changed, sleeps and wakes follow it", async (t) => {
  const page = await ops(t, "/ops/competitors?open=owl");
  await press(page, "Edit the policy");
  await dialog(page).getByLabel("Activation").selectOption("frozen");
  await dialog(page).getByLabel("Idle").fill("10m");
  await dialog(page).getByText("policy.activation.value").waitFor();
  await carryOut(page, "Save", "The policy of owl has changed.");
  await close(page);
  const { policy } = ctl("show", "policy", "owl");
  assert.deepEqual([policy.activation, policy.idle], [{ value: "frozen", origin: "competitor" }, { value: "10m", origin: "competitor" }]);
  await press(page, "Freeze");
  await carryOut(page, "Freeze", "owl goes to sleep");
  await comes("owl, asleep", () => competitor("owl").state === "frozen");
  await close(page);
  await press(page, "Thaw");
  await carryOut(page, "Thaw", "owl is woken");
  await comes("owl, awake", () => competitor("owl").state === "ready");
});

test("what a policy may not be is refused with the reason", async (t) => {
  const page = await ops(t, "/ops/competitors?open=owl", { allow: [REFUSED] });
  await press(page, "Edit the policy");
  await dialog(page).getByLabel("Replicas").fill("many");
  await matches(() => dialog(page).getByRole("alert").innerText(), /replicas/);
  await becomes(() => dialog(page).getByRole("button", { name: "Save" }).isDisabled(), true);
});

test("versions: a share, all, back, and retired for good", async (t) => {
  const [second, first] = ctl("list", "versions", "--filter", "competitor=fake");
  const page = await ops(t, "/ops/competitors?open=fake", { allow: [REFUSED] });
  await row(page, "Versions of fake", first.image ?? first.url).getByRole("button", { name: "Promote" }).click();
  await dialog(page).getByLabel("Share of its chats, in percent").fill("half");
  await dialog(page).getByText("A whole number from 1 to 100.").waitFor();
  await dialog(page).getByLabel("Share of its chats, in percent").fill("10");
  await carryOut(page, "Promote", "fake sends chats to that version");
  await close(page);
  await becomes(() => [competitor("fake").candidate_id, competitor("fake").candidate_percent], [first.id, 10]);

  await press(page.getByRole("group", { name: "Actions on fake" }), "Promote");
  await dialog(page).getByLabel("Version").selectOption(first.id);
  await carryOut(page, "Promote", "fake sends chats to that version");
  await close(page);
  await comes("the first version", () => competitor("fake").version_id === first.id);

  await press(page.getByRole("group", { name: "Actions on fake" }), "Roll back");
  await dialog(page).getByLabel("Version").selectOption(second.id);
  await carryOut(page, "Roll back", "fake goes back");
  await close(page);
  await comes("the second version", () => competitor("fake").version_id === second.id && competitor("fake").state === "ready");

  await row(page, "Versions of fake", second.url).getByRole("button", { name: "Retire" }).click();
  await dialog(page).getByRole("alert").waitFor(); // it serves
  await matches(() => dialog(page).getByRole("alert").innerText(), /invalid_state/);
  await press(dialog(page), "Leave it");
  await row(page, "Versions of fake", first.url).getByRole("button", { name: "Retire" }).click();
  await dialog(page).getByLabel(`Type ${first.id} to confirm`).fill(first.id);
  await carryOut(page, "Retire", "It is retired");
  await comes("its end", () => ctl("show", "version", first.id).retired_at !== null);
});

test("who is removed is named first", async (t) => {
  const page = await ops(t, "/ops/competitors?open=spare");
  await press(page, "Remove");
  const remove = dialog(page).getByRole("button", { name: "Remove", exact: true });
  await dialog(page).getByText("spare → forgotten").waitFor();
  await becomes(() => remove.isDisabled(), true);
  await dialog(page).getByLabel("Type spare to confirm").fill("spar");
  await becomes(() => remove.isDisabled(), true);
  await dialog(page).getByLabel("Type spare to confirm").fill("spare");
  await carryOut(page, "Remove", "spare is stopped and forgotten");
  await comes("a list without it", () => !ctl("list", "competitors").some(({ name }) => name === "spare"));
  await close(page);
  await page.getByText("There is no competitor spare any more.").waitFor();
});

test("a refused action says why, and is not offered", async (t) => {
  const page = await ops(t, "/ops/competitors?open=owl", { allow: [REFUSED] });
  await press(page.getByRole("group", { name: "Actions on owl" }), "Roll back");
  await dialog(page).getByText("It would be refused.").waitFor();
  await matches(() => dialog(page).getByRole("alert").last().innerText(), /no earlier accepted version[\s\S]*invalid_state/);
  await becomes(() => dialog(page).getByRole("button", { name: "Roll back" }).isDisabled(), true);
});

for (const size of both) {
  test(`${size}: a request's whole life, and its frames`, async (t) => {
    const good = await comes("an answer", async () => {
      const it = await chat("janus/fake", "fault:chunks=3");
      return it.status === 200 && it;
    });
    const bad = await chat("janus/fake", "fault:status=500");
    await comes("the records of both", () => [good, bad].every(({ id }) => ctl("list", "requests", "--limit", "20").some((r) => r.id === id && r.capture !== null)));
    const page = await ops(t, "/ops/requests?competitor=fake&code=ok", { size });
    await press(page, `Show ${good.id}`);
    const life = page.getByRole("list", { name: "Timeline" });
    await life.waitFor();
    await matches(() => life.innerText(), /accepted[\s\S]*a competitor is picked[\s\S]*connected[\s\S]*the answer begins[\s\S]*first event[\s\S]*end/);
    await page.getByRole("region", { name: "Frames" }).getByText("upstream").first().waitFor();
    await fits(page);
    await accessible(page, `request, ${size}`);
    assert.equal(await page.getByText(bad.id).count(), 0, "a filter by code");
    await page.getByLabel("Code").fill("");
    await press(page, `Show ${bad.id}`);
    await page.getByText("the attempt failed").first().waitFor();
  });
}

for (const size of both) {
  test(`${size}: a log comes as it is written; it pauses, is filtered and kept`, async (t) => {
    const page = await ops(t, "/ops/logs", { size });
    await page.getByLabel("Whose").selectOption("owl");
    const log = page.getByRole("log");
    const seen = await chat("janus/owl");
    await log.getByText(seen.id).waitFor();
    await page.getByText("following", { exact: true }).waitFor();
    await press(page, "Pause");
    const held = await chat("janus/owl");
    await page.getByText(/paused, \d+ more/).waitFor();
    assert.equal(await log.getByText(held.id).count(), 0);
    await press(page, "Go on");
    await log.getByText(held.id).waitFor();
    await page.getByLabel("Filter").fill(held.id);
    await log.getByText(seen.id).waitFor({ state: "detached" });
    const [file] = await Promise.all([page.waitForEvent("download"), press(page, "Download")]);
    const lines = readFileSync(await file.path(), "utf8").trim().split("\n").map(JSON.parse);
    assert.ok(lines.length > 0 && lines.every(({ text }) => text.includes(held.id)));
    await fits(page);
    await accessible(page, `logs, ${size}`);
  });
}

test("events come as they happen", async (t) => {
  const page = await ops(t, "/ops/events");
  await page.getByText("live", { exact: true }).waitFor();
  const { id } = ctl("create", "key", "seen");
  const newest = row(page, "Events", "key.create").first();
  await newest.locator(`code[title="${id}"]`).waitFor();
  await page.getByLabel("Object").fill(id);
  await comes("its events alone", async () => (await page.getByRole("region", { name: "Events", exact: true }).getByRole("row").count()) === 2);
  ctl("update", "key", "seen", "--usd-per-day", "5");
  await row(page, "Events", "key.update").waitFor();
  await fits(page);
  await accessible(page);
});

for (const size of both) {
  test(`${size}: a key's secret is shown once and is nowhere afterwards`, async (t) => {
    const name = `from-${size}`;
    const page = await ops(t, "/ops/keys", { size });
    await press(page, "New key");
    await dialog(page).getByLabel("Name").fill(name);
    await dialog(page).getByLabel("Chats at once").fill("2");
    await dialog(page).getByText(`${name} would have the scopes chat, read`).waitFor();
    assert.ok(!ctl("list", "keys").some((key) => key.name === name), "a trial makes none");
    await carryOut(page, "Make the key", `The key ${name} is made`);
    const secret = await dialog(page).locator("[data-secret]").innerText();
    assert.match(secret, /^jns_sk_/);
    await accessible(page, `secret, ${size}`);
    await fits(page);
    assert.equal((await chat("janus/fake", "hi", secret)).status, 200);
    assert.equal(ctl("show", "key", name).limits.concurrency, 2);
    await close(page);
    await nowhere(page, secret);
    await page.goto(`${base}/ops/overview`);
    await page.goBack();
    await row(page, "Keys", name).waitFor();
    await nowhere(page, secret);

    await press(page, `Rotate ${name}`);
    await dialog(page).getByLabel("The old secret is good for").fill("0s");
    await carryOut(page, "Give it a new secret", `${name} has a new secret`);
    const next = await dialog(page).locator("[data-secret]").innerText();
    assert.notEqual(next, secret);
    assert.deepEqual([(await chat("janus/fake", "hi", secret)).status, (await chat("janus/fake", "hi", next)).status], [401, 200]);
    await close(page);
    await nowhere(page, next);

    await press(page, `Change ${name}`);
    await dialog(page).getByLabel("US dollars a day").fill("5");
    await dialog(page).getByText("limits.usd per day").waitFor();
    await carryOut(page, "Save", `${name} has changed`);
    assert.equal(ctl("show", "key", name).limits.usd_per_day, 5);
    await close(page);

    await press(page, `Revoke ${name}`);
    await dialog(page).getByLabel(`Type ${name} to confirm`).fill(name);
    await carryOut(page, "Revoke", `${name} is revoked`);
    assert.ok(ctl("list", "keys").some((key) => key.name === name && key.state === "revoked"));
    assert.equal((await chat("janus/fake", "hi", next)).status, 401);
  });
}

/** Not in the page, not in what it keeps, not in its address. */
async function nowhere(page, secret) {
  const kept = await page.evaluate(async () => {
    const databases = await indexedDB.databases();
    return JSON.stringify([document.documentElement.outerHTML, { ...localStorage }, { ...sessionStorage }, location.href, databases, history.state]);
  });
  assert.ok(!kept.includes(secret), "a secret is left behind");
}

test("usage is counted by key, competitor and day", async (t) => {
  await chat("janus/fake");
  const page = await ops(t, "/ops/keys");
  await row(page, "Usage", "app").waitFor();
  await page.getByLabel("By").selectOption("competitor");
  await row(page, "Usage", "fake").waitFor();
  await page.getByLabel("By").selectOption("day");
  await row(page, "Usage", new Date().toISOString().slice(0, 4)).waitFor();
});

test("a run is made and watched to its end", async (t) => {
  const page = await ops(t, "/ops/runs");
  await page.getByText("Eight of them").waitFor();
  await press(page, "Measure a competitor");
  await dialog(page).getByLabel("Competitor").selectOption("fake");
  await dialog(page).getByLabel("Suite").selectOption("public/dev");
  await dialog(page).getByText("fake would be measured by public/dev").waitFor();
  await carryOut(page, "Measure it", "The run is made.");
  await close(page);
  const [run] = ctl("list", "runs");
  assert.deepEqual([run.competitor, run.suite, run.reason], ["fake", "public/dev", "manual"]);
  await row(page, "Runs", "finished").first().waitFor();
});

for (const size of both) {
  test(`${size}: a schedule says when it comes before it is made, and is removed`, async (t) => {
    const page = await ops(t, "/ops/schedules", { size, allow: [REFUSED] });
    await press(page, "New schedule");
    await dialog(page).getByLabel("Competitor").selectOption("all");
    await dialog(page).getByLabel("Suite").selectOption("public/dev");
    await dialog(page).getByLabel("When", { exact: true }).fill("0 0 31 2 *");
    await dialog(page).getByText(/never comes/).waitFor();
    await dialog(page).getByLabel("When", { exact: true }).fill("0 3 29 2 *");
    await dialog(page).getByLabel("Time zone").fill("Europe/Prague");
    const times = dialog(page).getByRole("list", { name: "Next times" });
    await times.getByText(/Feb 29, \d+, 3:00 AM Europe\/Prague/).nth(4).waitFor();
    await accessible(page, `schedule, ${size}`);
    await fits(page);
    await carryOut(page, "Make the schedule", "The schedule is made.");
    await close(page);
    const [schedule] = ctl("list", "schedules");
    assert.deepEqual([schedule.cron, schedule.tz, schedule.competitor], ["0 3 29 2 *", "Europe/Prague", "all"]);
    await press(page, "Remove 0 3 29 2 *");
    await carryOut(page, "Remove", "It makes no more runs.");
    await becomes(() => ctl("list", "schedules"), []);
    await close(page);
    await page.getByText("Nothing is scheduled").waitFor();
  });
}

const quiet = {
  Queue: "No breaker is open.",
  Artifacts: "No artifacts are kept",
  Battles: "Nobody has compared two answers yet",
};
for (const size of both) {
  test(`${size}: where nothing is, it says so`, async (t) => {
    const page = await ops(t, "/ops/queue", { size });
    for (const [tab, told] of Object.entries(quiet)) {
      await page.getByRole("navigation", { name: "Operations" }).getByRole("link", { name: tab, exact: true }).click();
      await page.getByText(told).first().waitFor();
      await fits(page);
      await accessible(page, `${tab}, ${size}`);
    }
  });
}

test("egress shows what was called, and by whom", async (t) => {
  await chat("janus/owl", "hello");
  const page = await ops(t, "/ops/egress");
  const none = page.getByText("Nobody called the platform yet");
  await comes("what janusctl says", async () => {
    const calls = ctl("list", "egress"); // the last of them may be told later
    await page.reload();
    await none.or(row(page, "Egress", "").nth(1)).first().waitFor();
    return calls.length === 0 ? none.isVisible() : row(page, "Egress", calls[0].service).first().isVisible();
  });
  await page.getByLabel("Decision").selectOption("denied");
  await page.getByText("No call like that").waitFor();
  await fits(page);
  await accessible(page);
});

test("every tab is clean in the light theme, too", async (t) => {
  const page = await ops(t, "/ops/overview", { colorScheme: "light" });
  for (const tab of ["Overview", "Competitors", "Queue", "Requests", "Logs", "Events", "Egress", "Runs", "Schedules", "Keys", "Artifacts", "Battles"]) {
    await page.getByRole("navigation", { name: "Operations" }).getByRole("link", { name: tab, exact: true }).click();
    await page.getByRole("heading", { level: 2, name: tab === "Overview" ? "Status" : tab }).waitFor();
    await page.getByText(/^Loading /).first().waitFor({ state: "detached" });
    await accessible(page, `${tab}, light`);
  }
});

test("tabs, tables and dialogs need no mouse", async (t) => {
  const page = await ops(t, "/ops/competitors");
  const owl = page.getByRole("button", { name: "Show owl" });
  await owl.focus();
  await page.keyboard.press("Enter");
  await page.getByRole("region", { name: "Competitor owl" }).waitFor();
  const stop = page.getByRole("button", { name: "Restart", exact: true });
  await stop.focus();
  await page.keyboard.press("Enter");
  await dialog(page).waitFor();
  await page.keyboard.press("Escape");
  await dialog(page).waitFor({ state: "detached" });
  await becomes(() => stop.evaluate((button) => button === document.activeElement), true, "the focus comes back");
  const head = page.getByRole("region", { name: "Competitors", exact: true }).getByRole("columnheader", { name: "Competitor" });
  await head.getByRole("button").focus();
  await page.keyboard.press("Enter");
  await page.keyboard.press("Enter");
  await becomes(() => head.getAttribute("aria-sort"), "ascending");
});
