/*
 * hostile.test.js - whatever a competitor says is harmless: the texts of corpus/, and texts too large to be parsed.
 * Each page is held against dialogs, errors, violations of the CSP and requests elsewhere (browser.js).
 */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import { accessible, becomes, fits, matches, open, shot } from "./browser.js";
import { answered, answers, awake, button, choose, harmless, slowness, tell } from "./told.js";

const corpus = readdirSync(new URL("./corpus", import.meta.url)).filter((name) => name.endsWith(".md"));
const EVIL = "<img src=x onerror=alert(1)><script>window.hurt=1</script>[x](javascript:alert(1))";

/** Colours, formulas and diagrams have come, or will not. */
async function settled(page) {
  await page.waitForLoadState("networkidle", { timeout: 120_000 });
  await page.waitForFunction(() => [...document.querySelectorAll('[data-language="mermaid"]')].every((it) => it.dataset.testid === "diagram" || it.nextElementSibling?.matches('p[role="status"]')), null, { timeout: 120_000 });
}

for (const size of ["desktop", "phone"])
  test(`[L08] [L09] ${size}: the corpus is shown, and nothing of it lives`, async (t) => {
    const page = await open(t, "/chat", { size });
    await choose(page, "told");
    for (const name of corpus) {
      await page.getByRole("link", { name: "New chat" }).last().click();
      await page.locator(".chat-empty-title").waitFor();
      await tell(page, { file: name });
      const last = await answered(page, 1);
      await last.locator(".markdown").waitFor();
      await settled(page);
      await harmless(page, name);
      await fits(page);
      await awake(page, name);
    }
  });

test("[L09] a picture elsewhere is a link that says so", async (t) => {
  const page = await open(t, "/chat");
  await choose(page, "told");
  await tell(page, { file: "pictures.md" });
  const answer = await answered(page, 1);
  const link = answer.getByRole("link", { name: /beacon/ });
  await matches(() => link.innerText(), /on evil\.example, not loaded/);
  assert.equal(await link.getAttribute("rel"), "noreferrer noopener");
  await becomes(() => answer.locator("img").count(), 1, "the one that it brought itself");
  await answer.getByText("cannot be shown").waitFor();
});

test("[L08] links go where they say, or nowhere", async (t) => {
  const page = await open(t, "/chat");
  await choose(page, "told");
  await tell(page, { file: "links.md" });
  const answer = await answered(page, 1);
  const protocols = () => answer.locator(".markdown a").evaluateAll((all) => [...new Set(all.map((it) => it.protocol))].sort());
  await becomes(protocols, ["http:", "https:", "mailto:"]);
  await matches(() => answer.getByRole("link", { name: /bank\.example/ }).first().innerText(), /\(evil\.example\)/); // a text that claims to be another place is contradicted
  await tell(page, { file: "turns.md" });
  const turned = await answered(page, 2);
  await matches(() => turned.getByRole("link").first().innerText(), /U\+202E/);
  await matches(() => turned.locator("code").first().innerText(), /code/);
});

test("[L08] thoughts, tools, errors and names are text", async (t) => {
  const page = await open(t, "/chat");
  await choose(page, "told");
  await tell(page, { think: `${EVIL}\n\n![](https://evil.example/think.png)`, tool: EVIL, say: "said", fail: EVIL });
  const failed = await answered(page, 1, "failed");
  for (const summary of await failed.locator("summary").all()) await summary.click();
  await failed.getByRole("alert").waitFor();
  await harmless(page, "thoughts, a tool and an error");
  await tell(page, {
    say: "made",
    make: [
      { name: `${EVIL}.txt`, mime: "text/plain", text: EVIL },
      { name: "../../../etc/passwd", mime: "text/plain", text: "x" },
      { name: `${"long ".repeat(500)}.csv`, mime: "text/csv", text: `${EVIL},b\n1,2` },
      { name: "\u202Egnp.exe", mime: "text/html", text: `<h1>${EVIL}</h1><style>@import url(https://evil.example/a.css); h1 { color: red; background: url(https://evil.example/b.png) }</style><p style="background:url(https://evil.example/c.png)">text</p><img src=https://evil.example/d.png srcset="https://evil.example/e.png 2x"><a href="javascript:alert(1)">x</a><a href="https://evil.example/" target=_top>y</a><form action=https://evil.example/><input autofocus onfocus=alert(1)></form><iframe src=https://evil.example/></iframe><video poster=https://evil.example/f.png autoplay></video><svg onload=alert(1)><image href=https://evil.example/g.png /><use href="https://evil.example/h.svg#x"/></svg><meta http-equiv=refresh content="0;url=https://evil.example/"><base href=https://evil.example/><link rel=stylesheet href=https://evil.example/i.css>` },
      { name: "drawing.svg", mime: "image/svg+xml", text: `<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40" onload="alert(1)"><script>window.parent.hurt=1;alert(1)</script><image href="https://evil.example/svg.png"/><foreignObject width="9" height="9"><img xmlns="http://www.w3.org/1999/xhtml" src="https://evil.example/f.png" onerror="alert(1)"/></foreignObject><circle r="9" fill="red"/></svg>` },
      { name: "text.md", mime: "text/markdown", text: `# ${EVIL}\n\n![](https://evil.example/md.png)` },
      { name: "no.png", mime: "image/png", text: EVIL },
      { name: "no.pdf", mime: "application/pdf", text: EVIL },
      { name: "no.wav", mime: "audio/wav", text: EVIL },
      { name: "code.js", mime: "text/javascript", text: "window.hurt = 1; alert(1)" },
    ],
  });
  const made = await answered(page, 2);
  const cards = made.getByTestId("artifact");
  await becomes(() => cards.count(), 10);
  for (const card of await cards.all()) {
    await card.scrollIntoViewIfNeeded();
    await card.and(page.locator('[data-state="there"]')).waitFor();
  }
  const frame = made.locator("iframe");
  await frame.and(page.locator('[data-state="shown"]')).waitFor();
  await frame.contentFrame().getByText("text", { exact: true }).waitFor();
  await page.waitForLoadState("networkidle", { timeout: 120_000 });
  await harmless(page, "files");
  const names = await cards.locator("bdi").allInnerTexts();
  for (const name of names) assert.ok(!/[\u202a-\u202e\u2066-\u2069/\\<>]/u.test(name) && name.length < 90, `a name to be shown: ${name}`);
  await fits(page);
});

test("[L08] who competes may call himself what he likes", async (t) => {
  const page = await open(t, "/competition");
  await page.waitForLoadState("networkidle", { timeout: 120_000 });
  await harmless(page, "the leaderboard");
});

const huge = [
  ["5 MB of paragraphs", { repeat: ["Lorem *ipsum* `dolor` [sit](https://fine.example/) amet.\n\n", 90_000], chunk: 200_000 }],
  ["a table of 10,000 rows", { before: "| a | b | c |\n|---|---|---|\n", repeat: ["| 1 | two | **three** |\n", 10_000], chunk: 200_000 }],
  ["a line of 1 MB", { repeat: ["word *a* _b_ `c` ", 60_000], chunk: 200_000 }],
  ["quotes 100,000 deep", { repeat: [">", 100_000], chunk: 200_000 }],
  ["lists 300 deep", { say: Array.from({ length: 300 }, (_, i) => `${" ".repeat(i * 2)}- x`).join("\n"), chunk: 500_000 }],
  ["brackets without an end", { repeat: ["![[[a](", 50_000], chunk: 200_000 }],
  ["emphasis without an end", { repeat: ["*a **b _c ", 50_000], chunk: 200_000 }],
  ["5 MB of code", { before: "```js\n", repeat: ["const a = { b: `c${1}` };\n", 200_000], chunk: 200_000 }],
  ["a line of 1 MB of code", { before: "```ts\n", repeat: ["a + ", 250_000], chunk: 200_000 }],
  ["a formula of 1 MB", { before: "$$\n", repeat: ["x^2 + ", 170_000], after: "\n$$", chunk: 200_000 }],
  ["1,000 formulas", { repeat: ["$$\nx^2\n$$\n\n", 1000], chunk: 200_000 }],
  ["a diagram of 100 kB", { before: "```mermaid\ngraph TD\n", repeat: ["A --> B\n", 12_000], after: "```\n", chunk: 200_000 }],
  ["50,000 headings", { repeat: ["# x\n", 50_000], chunk: 200_000 }],
];
for (const [what, order] of huge)
  test(`[L08] the page does not freeze: ${what}`, async (t) => {
    const page = await open(t, "/chat");
    await choose(page, "told");
    const before = await slowness(page);
    await page.evaluate(() => {
      window.longest = 0;
      new PerformanceObserver((list) => {
        for (const { duration } of list.getEntries()) window.longest = Math.max(window.longest, duration);
      }).observe({ type: "longtask" });
    });
    await tell(page, order);
    await answered(page, 1);
    await awake(page, what);
    await page.getByTestId("chat-input").fill("still there?");
    assert.equal(await page.getByTestId("chat-input").inputValue(), "still there?");
    const longest = await page.evaluate(() => window.longest);
    const slow = Math.max(before, await slowness(page));
    t.diagnostic(`longest task ${Math.round(longest)} ms, on a machine ${slow.toFixed(1)} times as slow as one at leisure`);
    assert.ok(longest < 4000 * slow, `${what}: a task of ${Math.round(longest)} ms`);
    assert.ok((await page.locator("*").count()) < 60_000, "and not all of it is laid out");
    await harmless(page, what);
  });

test("what is cut can be had in steps", async (t) => {
  const page = await open(t, "/chat");
  await choose(page, "told");
  await tell(page, { before: "| a | b |\n|---|---|\n", repeat: ["| 1 | 2 |\n", 1000], chunk: 100_000 });
  const table = await answered(page, 1);
  await becomes(() => table.locator("tbody tr").count(), 100);
  await table.getByText("100 of 1,000 rows").waitFor();
  await button(table, "Show all").click();
  await table.locator("tbody tr").nth(999).waitFor();
  await tell(page, { repeat: ["word ", 4000], chunk: 100_000 });
  const long = await answered(page, 2);
  await button(long, "Show formatted").click();
  await long.locator(".markdown p").waitFor();
});

for (const [size, colorScheme] of [["desktop", "dark"], ["desktop", "light"], ["phone", "dark"]])
  test(`${size}, ${colorScheme}: what an answer may hold is for everybody`, async (t) => {
    const page = await open(t, "/chat", { size, colorScheme });
    await choose(page, "told");
    await tell(page, { file: "rich.txt" });
    const answer = await answered(page, 1);
    await settled(page);
    await answer.locator(".katex").first().waitFor();
    await answer.locator(".tok-keyword").first().waitFor();
    await answer.getByTestId("diagram").first().waitFor();
    await fits(page);
    await accessible(page, "an answer with all that it may hold");
    await shot(page, `answer-${colorScheme}`);
    if (size === "desktop" && colorScheme === "dark") {
      await button(answer.getByTestId("diagram"), "Enlarge the diagram").first().click();
      await page.getByRole("dialog").waitFor();
      await accessible(page, "a diagram, large");
      await page.keyboard.press("Escape");
      assert.equal(await answers(page).count(), 1);
    }
  });
