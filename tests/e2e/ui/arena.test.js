/* arena.test.js - blind battles: PHASE alone, with one competitor that is ready; then with two (tests/fake/told.py). */
import assert from "node:assert/strict";
import { test } from "node:test";
import { accessible, becomes, fits, matches, open, shot } from "./browser.js";
import { button, tell } from "./told.js";

const both = (process.env.TOLD ?? "").split(" "); // where those are who answer

const side = (page, name, battle = 0) => page.locator(`[data-testid="arena-message"][data-side="${name}"]`).nth(battle);
const ended = (page, name, battle = 0, state = "done") => side(page, name, battle).and(page.locator(`[data-state="${state}"]`)).waitFor();
const reveal = (page, battle = 0) => page.getByTestId("arena-reveal").nth(battle);

if (process.env.PHASE === "alone") {
  test("the arena says that one competitor is too few", async (t) => {
    const page = await open(t, "/chat?mode=arena", { allow: [/status of 503/] });
    await page.getByText("Too few competitors are ready.").waitFor();
    await accessible(page, "an arena with too few");
    await tell(page, "anyone?");
    await page.getByTestId("arena").locator("section").getByText("Too few competitors are ready.").waitFor();
    await button(page, "Try again").waitFor();
  });
} else {
  for (const size of ["desktop", "phone"])
    test(`${size}: two answers at once, a vote, and who they were`, async (t) => {
      const page = await open(t, "/chat?mode=arena", { size });
      await accessible(page, "an arena without a battle");
      await tell(page, { repeat: ["some words of **an answer**, and more\n\n", 40], chunk: 40, pause: 10, hold: 20 });
      await page.locator('[data-testid="arena-message"][data-state="streaming"]').nth(1).waitFor();
      await page.waitForFunction(() => [...document.querySelectorAll('[data-testid="arena-message"]')].every((it) => it.innerText.length > 100));
      assert.equal(await page.getByRole("group", { name: "Your vote" }).count(), 0, "no vote before both have ended");
      for (const each of both) await fetch(`${each}/go`);
      await ended(page, "a");
      await ended(page, "b");
      assert.ok(!/told|calm-fox/.test(await page.getByTestId("arena").innerText()), "nobody is named");
      const [left, right] = [await side(page, "a").boundingBox(), await side(page, "b").boundingBox()];
      if (size === "phone") assert.ok(right.y >= left.y + left.height, "below each other");
      else assert.ok(right.x >= left.x + left.width, "side by side");
      await button(page, "A is better").waitFor();
      await fits(page);
      await accessible(page, "a battle to be voted on");
      await shot(page, "arena-vote");
      await button(page, "A is better").click();
      await reveal(page).waitFor();
      await becomes(async () => (await reveal(page).locator("dd a").allInnerTexts()).sort(), ["calm-fox", "told"]);
      await matches(() => reveal(page).innerText(), /You found A better/);
      await matches(() => reveal(page).locator("dd a").first().getAttribute("href"), /^\/competition\?/);
      await fits(page);
      await accessible(page, "a battle that was voted on");
      await shot(page, "arena");

      await button(page, "Go on from A").click();
      await page.getByText("goes on from answer A").waitFor();
      await tell(page, "and then?");
      await ended(page, "a", 1);
      await ended(page, "b", 1);
      await matches(() => side(page, "b", 1).innerText(), /heard: and then\?/);
      await button(page, "Both bad").click();
      await matches(() => reveal(page, 1).innerText(), /You found both bad/);
    });

  test("a battle's conversation goes on with the better answer", async (t) => {
    const page = await open(t, "/chat?mode=arena");
    const asked = [];
    page.on("request", (request) => request.url().endsWith("/v1/arena") && asked.push(request.postDataJSON().messages));
    await tell(page, { say: "a first answer" });
    await ended(page, "a");
    await ended(page, "b");
    await button(page, "Both as good").click();
    await button(reveal(page), "Go on from B").click();
    await tell(page, "on");
    await ended(page, "a", 1);
    assert.deepEqual(asked[1].map((it) => it.role), ["user", "assistant", "user"]);
    assert.equal(asked[1][1].content, "a first answer");
  });

  test("a side that fails says so, and the other goes on", async (t) => {
    const page = await open(t, "/chat?mode=arena");
    await tell(page, { say: "begun", fail: "broken" });
    await ended(page, "a", 0, "failed");
    await ended(page, "b", 0, "failed");
    await side(page, "a").getByRole("alert").waitFor();
    await page.getByText("There is nothing to vote on").waitFor();
  });

  test("a battle that is stopped can be had anew; a vote that is refused says why", async (t) => {
    const page = await open(t, "/chat?mode=arena", { allow: [/status of 409/] });
    await tell(page, { repeat: ["words ", 400], chunk: 6, pause: 50, hold: 20 });
    await page.locator('[data-testid="arena-message"][data-state="streaming"]').nth(1).waitFor();
    await page.getByTestId("stop-button").click();
    await ended(page, "a", 0, "stopped");
    await ended(page, "b", 0, "stopped");
    await page.getByText("the battle was stopped").waitFor();
    await tell(page, { say: "short" });
    await ended(page, "a", 1);
    await ended(page, "b", 1);
    await page.route("**/vote", (route) => route.fulfill({ status: 409, json: { error: { message: "It is too late to vote.", code: "invalid_state", janus: { retryable: false } } } }));
    await button(page, "B is better").click();
    await page.getByText("It is too late to vote.").waitFor();
    await page.unroute("**/vote");
    await button(page, "B is better").click();
    await reveal(page).waitFor();
  });
}
