// A competitor is submitted in the browser and followed to its end; what is refused says why.
// MINER, READER, BOSS, GONE: keys with submit, without, with admin, and a revoked one.  REGISTRY: with team/owl:3, which is good
// and takes 2 s to start, and team/mute:1, which cannot stream.  ARCHIVE: of a good image.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { accessible, base, becomes, fits, matches, open, shot, sizes } from "./browser.js";

const { MINER, READER, BOSS, GONE, REGISTRY, ARCHIVE, SCORING } = process.env;
// What is refused on purpose is one line of the browser's own on the console.
const refused = [/Failed to load resource.*status of (400|401|403|404|409)/];

/** The page with that key in use ("": none). */
async function entry(t, key, options = {}, path = "/competition#submit") {
  const page = await open(t, path, options);
  if (key !== "") {
    await page.evaluate((secret) => sessionStorage.setItem("janus.key", secret), key);
    await page.reload();
  }
  return page;
}
const form = (page) => page.getByRole("form", { name: "Submission" });
const follow = (page) => page.getByRole("region", { name: "Submission under way" });
const step = (page, state) => follow(page).locator(`li[data-state="${state}"]`);
const submit = (page) => form(page).getByRole("button", { name: "Submit" });

async function fill(page, image, name) {
  await form(page).getByLabel("Image reference").fill(image);
  await form(page).getByLabel("Name").fill(name);
}
const reaches = (page, state, status) => follow(page).locator(`li[data-state="${state}"][data-status="${status}"]`).waitFor({ timeout: 180_000 });
const says = (page, text) => page.getByText(text).first().waitFor();

/** axe in both themes; on phones in one. */
async function inBothThemes(page, what) {
  for (const theme of page.viewportSize().width < 600 ? ["dark"] : ["dark", "light"]) {
    await page.emulateMedia({ colorScheme: theme });
    await accessible(page, `${what}, ${theme}`);
  }
}

for (const size of Object.keys(sizes)) {
  test(`${size}: an image is submitted, and each state is shown until it is ready, measured and ranked`, async (t) => {
    const page = await entry(t, MINER, { size });
    const seen = await page.evaluateHandle(() => {
      const states = new Set();
      new MutationObserver(() => {
        for (const each of document.querySelectorAll('li[data-status="now"]')) states.add(each.dataset.state);
      }).observe(document.body, { subtree: true, childList: true, attributes: true });
      return states;
    });
    const name = `owl-${size}`;
    await fill(page, `${REGISTRY}/team/owl:3`, name);
    await says(page, "The gateway would take it.");
    await submit(page).click();
    await page.waitForURL(/submission=sub_[0-9a-z]+#submission$/);
    await reaches(page, "ready", "done");
    for (const state of ["received", "resolving", "scanning", "starting", "conforming"]) {
      await reaches(page, state, "done");
      await step(page, state).getByText(/\d (ms|s)/).waitFor(); // its time is known, if it was ever so short
    }
    const shown = await seen.evaluate((states) => [...states]);
    assert.ok(shown.length > 0, "some of them while they were so"); // a state that was short can be over before it is drawn
    await follow(page).getByText("1 so far").waitFor({ state: "detached" });
    await follow(page).getByText(/1\d passed/).click();
    await follow(page).locator('li[data-check="stream"][data-verdict="pass"]').waitFor();
    await follow(page).getByText("87.7").waitFor({ timeout: 180_000 });
    await follow(page).getByText(/^Rank \d/).waitFor();
    await matches(() => follow(page).getByRole("link", { name: "The run and its evidence" }).getAttribute("href"), /^\/competition\/runs\/run_/);
    await page.getByRole("region", { name: "Recent submissions" }).getByText(name).waitFor();
    await fits(page);
    await inBothThemes(page, "a submission that is ready");
    await follow(page).scrollIntoViewIfNeeded();
    await page.emulateMedia({ colorScheme: "dark" });
    await shot(page, "submit-ready");

    await page.reload();
    await reaches(page, "ready", "done");
    await step(page, "conforming").getByText(/\d (ms|s)/).waitFor();
  });

  test(`${size}: one that cannot stream is rejected; the page says which check and why, and keeps the form`, async (t) => {
    const page = await entry(t, MINER, { size });
    await fill(page, `${REGISTRY}/team/mute:1`, `mute-${size}`);
    await submit(page).click();
    await reaches(page, "conforming", "broke");
    const check = follow(page).locator('li[data-check="stream"][data-verdict="fail"]');
    await check.getByText("Seen").waitFor();
    await check.getByText("What was on the wire").click();
    await check.getByText(/HTTP 200 · application\/json/).waitFor();
    await becomes(() => check.getByRole("link").getAttribute("href"), "/docs/conformance#stream");
    await follow(page).getByText("not_conforming").waitFor();
    await follow(page).getByText("The image has to be mended.").waitFor();
    await fits(page);
    await inBothThemes(page, "a submission that was rejected");
    await follow(page).scrollIntoViewIfNeeded();
    await page.emulateMedia({ colorScheme: "dark" });
    await shot(page, "submit-rejected");

    await follow(page).getByRole("button", { name: "Mend it and submit again" }).click();
    await becomes(() => form(page).getByLabel("Name").inputValue(), `mute-${size}`);
    await form(page).getByLabel("Image reference").fill("hostile-ok");
    await submit(page).click();
    await reaches(page, "ready", "done");
  });
}

test("without a key it is said, and the dialog takes one; a wrong one and one without the scope are refused", async (t) => {
  const page = await entry(t, "", { allow: refused });
  await fill(page, "hostile-ok", "keyless");
  await says(page, "Submitting needs an API key");
  await submit(page).click();
  const dialog = page.getByRole("dialog", { name: "API key" });
  await dialog.getByLabel("Key", { exact: true }).fill("sk-something-else");
  await dialog.getByRole("button", { name: "Use this key" }).click();
  await dialog.getByText("That is not a key").waitFor();
  await dialog.getByLabel("Key", { exact: true }).fill(GONE);
  await dialog.getByRole("button", { name: "Use this key" }).click();
  await dialog.getByRole("link", { name: "invalid_api_key" }).waitFor();
  await dialog.getByLabel("Key", { exact: true }).fill(READER);
  await dialog.getByRole("button", { name: "Use this key" }).click();
  await dialog.waitFor({ state: "detached" });
  await says(page, "This key may not submit.");
  await accessible(page, "a key that may not submit");
  await page.getByRole("button", { name: "Use another key" }).click();
  await dialog.getByLabel("Key", { exact: true }).fill(MINER);
  await dialog.getByRole("button", { name: "Use this key" }).click();
  await says(page, "The gateway would take it.");
});

test("what is wrong in plain sight is said while it is typed", async (t) => {
  const page = await entry(t, MINER, { size: "phone" });
  await fill(page, "host/Team/owl:3", "Swift");
  await says(page, "The image's name must be lower case.");
  await says(page, "Lower-case letters only.");
  await fill(page, "owl:.x", "janus-fast");
  await says(page, "A tag is letters");
  await says(page, "is reserved");
  await fill(page, "docker://owl", "-owl");
  await says(page, "Leave out the scheme");
  await says(page, "No hyphen at the beginning");
  await submit(page).click();
  await becomes(() => page.evaluate(() => document.activeElement.getAttribute("aria-invalid")), "true");
  await fill(page, "owl", "owl-typed");
  await form(page).locator("summary").click();
  await form(page).getByLabel("Memory").fill("100GiB");
  await says(page, "resources.memory asks for 100GiB; at most 4 GiB are allowed.");
  await form(page).getByLabel("As JSON").fill('{"prot": 8080}');
  await says(page, "Unknown field “prot”");
  await form(page).getByLabel("As JSON").fill('{"port": 8600}');
  await says(page, "taken by the platform");
  await form(page).getByLabel("As JSON").fill("");
  await form(page).getByLabel("Port").fill("9000");
  await becomes(async () => JSON.parse((await form(page).getByLabel("As JSON").inputValue()) || "null"), { port: 9000 });
  await form(page).getByLabel("Vision").check();
  await form(page).getByText(/janusctl submit image owl --name owl-typed/).waitFor();
  await form(page).getByText("Address", { exact: true }).click();
  await form(page).getByLabel("Address").last().fill("http://me:pw@127.0.0.1:9001");
  await says(page, "No user or password in it.");
  await fits(page);
  await accessible(page, "a form with faults");
});

test("a name that is under way is said by the gateway; a reload follows on; logs; cancel", async (t) => {
  const page = await entry(t, BOSS, { allow: refused });
  await fill(page, "hostile-chat-hang", "busy");
  await submit(page).click();
  await reaches(page, "conforming", "now");
  await follow(page).locator('li[data-check="health"][data-verdict="pass"]').waitFor();
  await page.reload();
  await reaches(page, "conforming", "now");
  await step(page, "starting").getByText(/\d (ms|s)/).waitFor();
  await follow(page).locator('li[data-check="health"][data-verdict="pass"]').waitFor();
  await follow(page).getByRole("log").getByText(/\S/).first().waitFor();
  await becomes(() => submit(page).isDisabled(), true);

  const other = await entry(t, MINER, { allow: refused });
  await fill(other, "hostile-ok", "busy");
  await other.getByText(/a submission of 'busy' is under way/).waitFor();
  await becomes(() => form(other).getByLabel("Name").getAttribute("aria-invalid"), "true");

  await follow(page).getByRole("button", { name: "Cancel it" }).click();
  await follow(page).getByText("It was cancelled.").waitFor();
  await accessible(page, "a submission that was cancelled");
  await other.getByRole("region", { name: "Recent submissions" }).getByText("busy").first().click();
  await follow(other).getByText("It was cancelled.").waitFor();
});

test("one that starts slowly is shown as starting, and can be cancelled", async (t) => {
  const page = await entry(t, MINER);
  await fill(page, "hostile-slow-start-50", "sleepy");
  await submit(page).click();
  await reaches(page, "starting", "now");
  await follow(page).getByRole("button", { name: "Cancel it" }).click();
  await follow(page).getByText("It was cancelled.").waitFor();
});

test("an image that ends at once: its exit code and its last lines", async (t) => {
  const page = await entry(t, MINER, { size: "phone" });
  await fill(page, "hostile-exit1", "brief");
  await submit(page).click();
  await reaches(page, "starting", "broke");
  await follow(page).getByText("code 1").waitFor();
  await follow(page).getByText("leaving at once").first().waitFor();
  await fits(page);
});

test("what is not there is rejected by name, and what no registry answers for is told while it is tried", async (t) => {
  const page = await entry(t, MINER);
  await fill(page, `${REGISTRY}/team/owl:nope`, "absent");
  await submit(page).click();
  await reaches(page, "resolving", "broke");
  await follow(page).getByText("image_not_found").waitFor();
});

test("a stream of events that cannot be had: it is said, and the page goes on where it is then", async (t) => {
  const page = await entry(t, MINER, { allow: [/Failed to load resource.*ERR_FAILED/] });
  await page.route("**/api/v1/submissions/*/events", (route) => route.abort());
  await fill(page, `${REGISTRY}/team/owl:3`, "patient");
  await submit(page).click();
  await follow(page).getByText("The gateway does not answer.").waitFor();
  await page.unroute("**/api/v1/submissions/*/events");
  await reaches(page, "ready", "done");
});

test("an archive is sent and submitted; a check alone serves nobody", async (t) => {
  const page = await entry(t, MINER);
  await form(page).getByText("Archive", { exact: true }).first().click();
  await form(page).getByLabel("Archive", { exact: true }).last().setInputFiles(ARCHIVE);
  await form(page).getByText(/Image [0-9a-f]{12}, \d+ layer/).waitFor();
  await form(page).getByLabel("Name").fill("from-file");
  await submit(page).click();
  await reaches(page, "ready", "done");
  await reaches(page, "importing", "done");

  await form(page).getByText("Image", { exact: true }).first().click();
  await fill(page, "hostile-ok", "");
  await form(page).getByLabel(/Check only/).check();
  await form(page).getByText("janusctl conform hostile-ok").waitFor();
  await form(page).getByRole("button", { name: "Check it" }).click();
  await reaches(page, "retired", "done");
  await follow(page).getByText("It conforms.").waitFor();
});

test("by the keyboard alone: from the first field to ready", async (t) => {
  const page = await entry(t, MINER);
  const focused = () => page.evaluate(() => document.activeElement.labels?.[0]?.textContent ?? document.activeElement.textContent);
  await form(page).getByRole("radio", { name: "Image" }).focus();
  await page.keyboard.press("Tab");
  await becomes(focused, "Image reference");
  await page.keyboard.type("hostile-ok");
  await page.keyboard.press("Tab");
  await becomes(focused, "Name");
  await page.keyboard.type("typed-owl");
  await says(page, "The gateway would take it.");
  for (let i = 0; i < 4 && (await focused()).trim() !== "Submit"; i++) await page.keyboard.press("Tab");
  assert.equal((await focused()).trim(), "Submit");
  await page.keyboard.press("Enter");
  await reaches(page, "ready", "done");
});

test("a submission that is none is said to be", async (t) => {
  const page = await entry(t, MINER, { allow: refused }, "/competition?submission=sub_01k9x2w6h0e5v8t3m7q4r1n2pa#submission");
  await follow(page).getByRole("link", { name: "resource_not_found" }).waitFor();
});

for (const size of Object.keys(sizes)) {
  test(`${size}: the rules, with the weights runs are scored by and the limits of this gateway`, async (t) => {
    const page = await entry(t, "", { size }, "/competition");
    await page.getByRole("heading", { name: "Five Steps to the Janus Rodeo" }).waitFor();
    const { weights } = JSON.parse(readFileSync(SCORING, "utf8"));
    for (const [name, weight] of Object.entries(weights))
      await becomes(async () => Number.parseInt(await page.locator(`[data-weight="${name}"]`).textContent(), 10), weight);
    const { policy } = await (await fetch(`${base}/api/v1/policy`)).json();
    await page.locator('[data-limit="memory"]').waitFor();
    for (const name of ["memory", "cpus", "pids", "start_timeout"])
      await becomes(() => page.locator(`[data-limit="${name}"]`).textContent(), String(policy[name].value));
    for (const name of ["Janus architecture diagram", "Platform services sequence diagram", "Network egress control diagram"]) {
      await page.getByRole("button", { name }).focus();
      await page.keyboard.press("Enter");
      const dialog = page.getByRole("dialog", { name });
      await dialog.getByRole("img", { name }).waitFor();
      if (size === "desktop") await accessible(page, name);
      await page.keyboard.press("Escape");
      await dialog.waitFor({ state: "detached" });
      await becomes(() => page.evaluate(() => document.activeElement.getAttribute("aria-label")), name);
    }
    const questions = page.locator("#faq details");
    await questions.nth(7).waitFor();
    await questions.first().locator("summary").focus();
    await page.keyboard.press("Enter");
    await questions.first().locator("p").waitFor();
    await page.getByText("The curves").click();
    await page.getByText("Eight of them").waitFor();
    await fits(page);
    await inBothThemes(page, "the rules");
    await shot(page, "competition-rules", { full: true });
  });
}
