/*
 * chat.test.js - the chat against a real janusd: baseline-agent works in a sandbox, swift-owl is the fake upstream,
 * which plays what "fault:" words in the message ask for, one-seat is the same and takes one chat at a time.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, openSync, readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { accessible, base, becomes, comes, fits, kept, matches, open, shot } from "./browser.js";

const text = (page) => page.getByTestId("chat-input");
const answers = (page) => page.getByTestId("assistant-message");
const users = (page) => page.getByTestId("user-message");
const ended = (page, n = 0, state = "done") => answers(page).nth(n).and(page.locator(`[data-state="${state}"]`)).waitFor();
const button = (page, name) => page.getByRole("button", { name, exact: true });

/** Choose who answers. */
async function choose(page, name) {
  await page.getByTestId("model-select").click();
  await page.getByRole("option", { name: new RegExp(`^${name}\\b`) }).click();
}

async function say(page, words) {
  await text(page).fill(words);
  await page.getByTestId("send-button").click();
}

/** The list of chats is beside the chat, or is laid over it. */
async function list(page) {
  await text(page).waitFor();
  const shown = await page.locator("#chats").isVisible();
  if (!shown) await button(page, "Chats").click();
  return page.locator("#chats");
}

/** What was said before is sent along, fault: words too: what must not hear them is said in a chat of its own. */
async function fresh(page) {
  await (await list(page)).getByRole("link", { name: "New chat" }).click();
  await page.getByRole("heading", { name: "Where should we begin?" }).waitFor();
}

/** What the fake answers to fault:chunks=N. */
const words = (n) => Array.from({ length: n }, (_, i) => `word${i} abcdefgh`).join("");
const long = "fault:chunks=40 fault:slow=100";
/** It does not end before it is stopped. */
const endless = "fault:chunks=3000 fault:slow=100";
/** The chat has an address of its own. */
const addressed = (page) => page.waitForURL(/\/chat\/[0-9a-f-]{36}$/);

for (const size of ["desktop", "phone"]) {
  test(`${size}: an empty chat says what it is for, and is for everybody`, async (t) => {
    for (const colorScheme of ["dark", "light"]) {
      const page = await open(t, "/chat", { size, colorScheme });
      await page.getByRole("heading", { level: 1, name: "Where should we begin?" }).waitFor();
      assert.ok(await page.getByTestId("send-button").isDisabled(), "there is nothing to send");
      await fits(page);
      await accessible(page, `an empty chat, ${colorScheme}`);
      await list(page);
      await accessible(page, `with its list, ${colorScheme}`);
      await page.keyboard.press("Escape");
      await page.getByTestId("model-select").click();
      await page.getByRole("option", { name: /swift-owl/ }).waitFor();
      await accessible(page, `with the list of competitors, ${colorScheme}`);
      await shot(page, `chat-empty-${colorScheme}`);
    }
  });

  test(`${size}: an agent at work is seen: thoughts, steps, what it made`, async (t) => {
    const page = await open(t, "/chat", { size });
    await choose(page, "baseline-agent");
    await say(
      page,
      "Square the numbers from 1 to 8, as a table and as a file:\n```python\nimport os\nos.makedirs('artifacts', exist_ok=True)\nrows = [(x, x * x) for x in range(1, 9)]\nprint('| x | square |')\nprint('|--:|--:|')\nfor x, y in rows: print(f'| {x} | {y} |')\nopen('artifacts/squares.csv', 'w').write('x,square\\n' + '\\n'.join(f'{x},{y}' for x, y in rows))\n```",
    );
    await users(page).first().waitFor();
    await addressed(page);
    await ended(page);
    const thinking = page.getByTestId("thinking");
    await becomes(() => thinking.evaluate((it) => it.open), false, "closed until it is opened");
    await matches(() => page.getByTestId("thinking-headline").innerText(), /\S/);
    await thinking.locator("summary").click();
    await page.getByRole("region", { name: "Reasoning" }).getByText(/Agent path/).waitFor();
    await thinking.locator("summary").click();
    const timeline = page.getByTestId("timeline");
    if (!(await timeline.evaluate((it) => it.open))) await timeline.locator("summary").first().click();
    await timeline.getByText("Sandbox").first().waitFor();
    await matches(() => timeline.innerText(), /Sandbox[\s\S]*shell/);
    await matches(() => timeline.innerText(), /\d (ms|s)/);
    const [download] = await Promise.all([page.waitForEvent("download"), button(page, "Download squares.csv").click()]);
    assert.equal(readFileSync(await download.path(), "utf8").split("\n")[8], "8,64");
    await fits(page);
    await thinking.evaluate((it) => it.scrollIntoView()); // the picture: from its thoughts to what it made
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme });
      await accessible(page, `an answer, ${colorScheme}`);
      await shot(page, colorScheme === "dark" ? "chat" : "chat-light");
    }
  });

  test(`${size}: words are sent by Enter, shown right and left, and told with all that is known of the answer`, async (t) => {
    const page = await open(t, "/chat", { size });
    await choose(page, "swift-owl");
    await text(page).click();
    await page.keyboard.type("one");
    await page.keyboard.press("Shift+Enter");
    await page.keyboard.type("fault:reason=3 fault:cost=12000");
    assert.equal(await users(page).count(), 0, "a new line is no message");
    await page.keyboard.press("Enter");
    await ended(page);
    await becomes(() => users(page).innerText(), "one\nfault:reason=3 fault:cost=12000");
    await becomes(() => text(page).inputValue(), "");
    const [mine, its] = [await users(page).boundingBox(), await answers(page).boundingBox()];
    assert.ok(mine.x > its.x, "the user's words are on the right");
    await comes("all of it", async () => (await answers(page).innerText()).includes(words(3)));
    await becomes(() => page.getByTestId("thinking-headline").innerText(), "thought 2");
    await page.getByTestId("announcer").getByText(/^Answered: word0/).waitFor({ state: "attached" });
    await page.getByTestId("answer-details").locator("summary").click();
    const told = () => page.getByTestId("answer-details").innerText();
    for (const it of [/swift-owl/, /First token/, /Longest gap/, /7 in, 3 out/, /\$0\.01/]) await matches(told, it);
    const [id] = (await matches(told, /web-[0-9a-f]{32}/)).match(/web-[0-9a-f]{32}/);
    await comes("its record", () => fetch(`${base}/api/v1/requests/${id}`).then((r) => r.ok));
    await page.getByTestId("answer-details").getByRole("button", { name: /^web-/ }).click();
    await page.getByRole("dialog").getByText("first event").waitFor();
    await accessible(page, "a request");
    await page.keyboard.press("Escape");
    await becomes(() => page.getByTestId("chat-messages").getAttribute("aria-busy"), "false");
  });

  test(`${size}: what fails says what failed, keeps what came, and can be tried again`, async (t) => {
    const page = await open(t, "/chat", { size, allow: [/status of 502/] });
    await choose(page, "swift-owl");
    await say(page, "fault:status=500");
    await ended(page, 0, "failed");
    await page.getByRole("alert").getByText("There is no answer").waitFor();
    await page.getByRole("link", { name: "upstream_error" }).or(page.getByRole("alert").getByRole("link")).first().waitFor();
    await page.getByRole("alert").getByRole("button", { name: "Try again" }).click();
    await page.getByText("2 / 2").waitFor();
    await fresh(page);
    await say(page, "fault:cut=900 fault:chunks=50");
    await ended(page, 0, "failed");
    await page.getByText("The answer ended early").waitFor();
    await matches(() => answers(page).innerText(), /word0 abcdefgh/);
    await button(page, "Continue").click();
    await answers(page).nth(1).waitFor();
    await accessible(page, "errors");
  });

  test(`${size}: a stream goes on behind another chat, and over a reload`, async (t) => {
    const page = await open(t, "/chat", { size });
    await choose(page, "swift-owl");
    await say(page, `${long} first`);
    await answers(page).getByText(/word2 /).waitFor();
    await addressed(page);
    const address = page.url();
    await fresh(page);
    await say(page, "second");
    await ended(page);
    await page.goto(address);
    await answers(page).getByText(/word4 /).waitFor();
    await page.reload();
    await answers(page).getByText(/word9 /).waitFor();
    await ended(page);
    await comes("every word, each once", async () => (await answers(page).innerText()).includes(words(40)));
  });

  test(`${size}: stop ends it at the competitor; it can be continued, made again, said otherwise`, async (t) => {
    const page = await open(t, "/chat", { size });
    await choose(page, "swift-owl");
    await say(page, `${endless} stop me`);
    await answers(page).getByText(/word2 /).waitFor();
    await page.getByTestId("stop-button").click();
    await ended(page, 0, "stopped");
    await page.getByTestId("answer-details").locator("summary").click();
    const [id] = (await matches(() => page.getByTestId("answer-details").innerText(), /web-[0-9a-f]{32}/)).match(/web-[0-9a-f]{32}/);
    await matches(() => readFileSync(process.env.FAKE_LOG, "utf8"), new RegExp(`"event":"end","id":"${id}".*"cancelled":true`));
    await button(page, "Continue").click();
    await answers(page).nth(1).waitFor();
    await page.getByTestId("stop-button").click();
    await ended(page, 1, "stopped");

    await fresh(page);
    await say(page, "make it again");
    await ended(page);
    await button(page, "Regenerate response").click();
    await page.getByText("2 / 2").waitFor();
    await ended(page);
    await button(page, "The version before").click();
    await page.getByText("1 / 2").waitFor();
    await users(page).hover();
    await button(page, "Edit the message").click();
    await page.getByRole("textbox", { name: "Edit the message" }).fill("in other words");
    await button(page, "Send as a new version").click();
    await users(page).getByText("in other words").waitFor();
    await ended(page);
    await users(page).hover();
    await button(page, "The version before").click();
    await users(page).getByText("make it again").waitFor();
  });

  test(`${size}: who has no seat waits and sees the place`, async (t) => {
    const page = await open(t, "/chat", { size });
    await choose(page, "one-seat");
    await say(page, `${endless} sits`);
    await answers(page).getByText(/word0 /).waitFor();
    await addressed(page);
    const seat = page.url();
    await fresh(page);
    await say(page, "waits");
    await answers(page).getByText(/In the queue, place 1/).first().waitFor();
    await addressed(page);
    const place = page.url();
    await comes("it is kept", async () => (await kept(page, "messages")).some((it) => it.text === "waits"));
    await page.goto(seat);
    await page.getByTestId("stop-button").click();
    await ended(page, 0, "stopped");
    await page.goto(place);
    await ended(page);
    await matches(() => page.getByTestId("timeline").innerText(), /In the queue/);
  });

  test(`${size}: chats are found, pinned, renamed, deleted and had back, taken along and brought in`, async (t) => {
    const page = await open(t, "/chat", { size });
    await choose(page, "swift-owl");
    for (const title of ["about bulls", "about owls"]) {
      await fresh(page);
      await say(page, `${title}\nfault:chunks=2`);
      await ended(page);
    }
    const chats = await list(page);
    const rows = chats.getByTestId("session");
    await becomes(() => rows.allInnerTexts(), ["about owls", "about bulls"]);
    const act = async (title, name) => {
      await rows.filter({ hasText: title }).hover();
      const more = chats.getByRole("button", { name: `Actions for ${title}` });
      if ((await more.getAttribute("aria-expanded")) === "false") await more.click();
      await chats.getByRole("button", { name, exact: true }).click();
    };
    await act("about bulls", "Pin");
    await becomes(() => rows.allInnerTexts(), ["about bulls", "about owls"]);
    await act("about owls", "Rename");
    await chats.getByRole("textbox", { name: "Title" }).fill("night birds");
    await page.keyboard.press("Enter");
    await rows.getByText("night birds").waitFor();
    await accessible(page, "the list of chats");
    const search = chats.getByRole("searchbox");
    await search.fill("BULLS");
    await becomes(() => rows.allInnerTexts(), ["about bulls"], "found by its title");
    await search.fill("about owls");
    await becomes(() => rows.allInnerTexts(), ["night birds"], "found by what was said");
    await search.fill("");

    const [download] = await Promise.all([page.waitForEvent("download"), chats.getByRole("button", { name: "Export all" }).click()]);
    const path = await download.path();
    const before = JSON.parse(readFileSync(path, "utf8"));
    assert.equal(before.chats.length, 2);
    await act("about bulls", "Delete");
    await chats.getByRole("button", { name: "Undo" }).click();
    await (await list(page)).getByTestId("session").getByText("about bulls").waitFor();
    await act("about bulls", "Delete");
    await becomes(() => rows.allInnerTexts(), ["night birds"]);
    await becomes(async () => (await kept(page, "sessions")).map((it) => it.title), ["night birds"], "what is kept");
    await page.reload();
    await list(page);
    await becomes(() => rows.allInnerTexts(), ["night birds"]);
    const input = chats.getByTestId("import-input");
    for (const [bad, wanted] of [
      ["{", /not JSON/],
      ['{"format":"x"}', /not an export of chats/],
      [JSON.stringify({ ...before, chats: [...before.chats, { session: {}, messages: [] }] }), /chats\[2\]\.session\.title should be a text/],
    ]) {
      await input.setInputFiles({ name: "chats.json", mimeType: "application/json", buffer: Buffer.from(bad) });
      await chats.getByTestId("import-told").getByText(wanted).waitFor();
      await becomes(() => rows.allInnerTexts(), ["night birds"], "nothing of it is kept, nothing is lost");
    }
    await input.setInputFiles(path);
    await answers(page).first().waitFor();
    await (await list(page)).getByTestId("session").getByText("about bulls").waitFor();
    await becomes(() => rows.count(), 3);
    await chats.getByRole("link", { name: "about bulls" }).click();
    await answers(page).getByText(words(2)).waitFor();
  });

  test(`${size}: two tabs see each other's messages`, async (t) => {
    const page = await open(t, "/chat", { size });
    await choose(page, "swift-owl");
    await say(page, "hello");
    await ended(page);
    const other = await page.context().newPage();
    await other.goto(page.url());
    await ended(other);
    await say(other, "from the other tab");
    await ended(other, 1);
    await users(page).getByText("from the other tab").waitFor();
    await ended(page, 1);
    await say(page, `${endless} seen by both`);
    await answers(other).nth(2).getByText(/word3 /).waitFor();
    await other.getByTestId("stop-button").click();
    await ended(page, 2, "stopped");
    await ended(other, 2, "stopped");
  });

  test(`${size}: a browser that keeps nothing is told of, and the chat goes on`, async (t) => {
    const page = await open(t, "/", { size });
    await page.addInitScript(() => {
      IDBFactory.prototype.open = () => {
        throw new DOMException("Storage is refused here.", "SecurityError");
      };
      Storage.prototype.setItem = () => {
        throw new DOMException("Storage is refused here.", "SecurityError");
      };
    });
    await page.goto(`${base}/chat`);
    await page.getByTestId("storage-banner").getByText(/refuses to store chats/).waitFor();
    await choose(page, "swift-owl");
    await say(page, "hello");
    await ended(page);
    await say(page, "again");
    await ended(page, 1);
    await accessible(page, "storage refused");
    await fits(page);
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByTestId("storage-banner").getByRole("button", { name: "Export" }).click()]);
    assert.equal(JSON.parse(readFileSync(await download.path(), "utf8")).chats[0].messages.length, 4);
  });

  test(`${size}: a full store is told of, loses nothing, and is tried again`, async (t) => {
    const page = await open(t, "/chat", { size });
    await choose(page, "swift-owl");
    await say(page, "kept");
    await ended(page);
    await page.evaluate(() => {
      window.realPut = IDBObjectStore.prototype.put;
      IDBObjectStore.prototype.put = () => {
        throw new DOMException("There is no room.", "QuotaExceededError");
      };
    });
    await say(page, "not kept");
    await ended(page, 1);
    await page.getByTestId("storage-banner").getByText(/storage is full/).waitFor();
    await page.evaluate(() => {
      IDBObjectStore.prototype.put = window.realPut;
    });
    await button(page, "Try again").click();
    await page.getByTestId("storage-banner").waitFor({ state: "detached" });
    await page.reload();
    await ended(page, 1);
    await becomes(() => users(page).allInnerTexts(), ["kept", "not kept"]);
  });

  test(`${size}: two competitors answer beside each other`, async (t) => {
    const page = await open(t, "/chat", { size });
    await page.getByRole("navigation", { name: "Ways to chat" }).getByRole("link", { name: "Compare" }).click();
    for (const [side, name] of [["left", "baseline-agent"], ["right", "swift-owl"]]) {
      await page.getByTestId(`compare-${side}`).click();
      await page.getByRole("option", { name: new RegExp(`^${name}`) }).click();
    }
    await say(page, "What is 12 * 12?");
    await ended(page, 0);
    await ended(page, 1);
    await matches(() => answers(page).nth(0).innerText(), /144/);
    await comes("the other's", async () => (await answers(page).nth(1).innerText()).includes(words(3)));
    await fits(page);
    await accessible(page, "two answers");
    await shot(page, "chat-compare");
  });
}

test("words that come are followed only near the end", async (t) => {
  const page = await open(t, "/chat");
  await choose(page, "swift-owl");
  await say(page, "fault:chunks=3000 fault:bytes=300 fault:slow=50");
  const box = page.getByTestId("chat-messages");
  const left = () => box.evaluate((it) => it.scrollHeight - it.clientHeight - it.scrollTop);
  await comes("more than the window holds", () => box.evaluate((it) => it.scrollHeight > it.clientHeight + 600));
  await comes("the end", async () => (await left()) < 100);
  await box.hover();
  await page.mouse.wheel(0, -500);
  await button(page, "Go to the end").waitFor();
  const place = await box.evaluate(async (it) => {
    for (let before = -1; it.scrollTop !== before; ) {
      before = it.scrollTop; // the wheel turns for some frames
      for (let frame = 0; frame < 10; frame++) await new Promise((next) => requestAnimationFrame(next));
    }
    return it.scrollTop;
  });
  await comes("more", async () => (await left()) > 700);
  assert.equal(await box.evaluate((it) => it.scrollTop), place, "who reads above is left alone");
  await button(page, "Go to the end").click();
  await comes("the end", async () => (await left()) < 100);
  await page.getByTestId("stop-button").click();
  await ended(page, 0, "stopped");
});

/** Ended is what is no more, or a zombie whose last thread has ended: only then its locks are free. */
function gone(pid) {
  const proc = `/proc/${pid}`;
  try {
    return !existsSync(proc) || (readdirSync(`${proc}/task`).length <= 1 && /^State:\s*Z/m.test(readFileSync(`${proc}/status`, "utf8")));
  } catch {
    return true; // between the two looks
  }
}

test("janusd is killed in the middle of a stream, and comes back", async (t) => {
  const page = await open(t, "/chat", { allow: [/ERR_(CONNECTION|INCOMPLETE|EMPTY)/, /status of 404/, /status of 5\d\d/] });
  await choose(page, "swift-owl");
  await say(page, `${endless} and die`);
  await answers(page).getByText(/word3 /).waitFor();
  process.kill(Number(process.env.JANUSD_PID), "SIGKILL");
  await comes("its end", () => gone(process.env.JANUSD_PID));
  const log = openSync(process.env.LOG, "a");
  const daemon = spawn(process.env.JANUSD, { stdio: ["ignore", log, log], env: { ...process.env, DOCKER_HOST: process.env.ENGINE } });
  t.after(async () => {
    daemon.kill("SIGTERM");
    await new Promise((resolve) => daemon.once("exit", resolve));
  });
  await ended(page, 0, "failed");
  await matches(() => answers(page).innerText(), /word3 [\s\S]*What had come is kept/);
  const body = JSON.stringify({ model: "janus/swift-owl", messages: [{ role: "user", content: "hello" }] });
  await comes("the competitor again", () =>
    fetch(`${base}/v1/chat/completions`, { method: "POST", headers: { "content-type": "application/json" }, body }).then(
      (answer) => answer.text().then(() => answer.ok),
      () => false,
    ),
  );
  await page.reload();
  await ended(page, 0, "failed");
  await page.getByRole("alert").getByRole("button", { name: "Try again" }).click();
  await answers(page).getByText(/word3 /).waitFor();
  await page.getByTestId("stop-button").click();
  await ended(page, 0, "stopped");
  await fresh(page);
  await say(page, "hello");
  await ended(page);
});
