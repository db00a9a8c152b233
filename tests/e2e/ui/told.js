/* told.js - tests of pages whose competitors say what they are told to (tests/fake/told.py). */
import assert from "node:assert/strict";
import { comes } from "./browser.js";

export const answers = (page) => page.getByTestId("assistant-message");
export const button = (page, name) => page.getByRole("button", { name, exact: true });

/** Choose who answers. */
export async function choose(page, name) {
  await page.getByTestId("model-select").click();
  await page.getByRole("option", { name: new RegExp(`^${name}\\b`) }).click();
}

/** Send an order (an object), or words. */
export async function tell(page, order) {
  await page.getByTestId("chat-input").fill(typeof order === "string" ? order : JSON.stringify(order));
  await page.getByTestId("send-button").click();
}

/** The last answer, when it is in that state. */
export async function answered(page, count, state = "done") {
  const last = answers(page).nth(count - 1);
  await last.and(page.locator(`[data-state="${state}"]`)).waitFor({ timeout: 180_000 });
  return last;
}

/** Nothing on the page runs, links or loads what a stranger wrote. */
export async function harmless(page, what) {
  const found = await page.evaluate(() => {
    const bad = [];
    for (const element of document.querySelectorAll("*")) {
      for (const { name, value } of element.attributes) {
        if (/^on/i.test(name)) bad.push(`${element.localName} has ${name}`);
        if (/^(href|src|srcset|action|formaction|xlink:href|data|poster)$/i.test(name) && /^\s*(javascript|vbscript|data:(?!image\/(png|jpeg|gif|webp))|file|filesystem)/i.test(value))
          bad.push(`${element.localName} has ${name}=${value.slice(0, 80)}`);
        if (/^(src|srcset|poster|data)$/i.test(name) && /evil/.test(value)) bad.push(`${element.localName} loads ${value}`);
      }
      if (/^(script|style|object|embed|base|meta|link|form|math|maction|foreignobject|template)$/.test(element.localName) && element.closest("[data-testid=assistant-message] .markdown, [data-testid=artifact]") && !element.closest(".katex"))
        bad.push(`${element.localName} within an answer`);
      if (element.localName === "iframe" && element.getAttribute("sandbox") !== "allow-scripts") bad.push("a frame without a sandbox");
      if (element.localName === "a" && element.target === "_blank" && !/noreferrer/.test(element.rel)) bad.push(`a link that tells who it is: ${element.href}`);
    }
    if (window.hurt) bad.push("a script ran");
    return bad;
  });
  assert.deepEqual(found, [], what);
}

/** The page shows frames, one after the other. */
export const awake = (page, what, ms = 3000) =>
  comes(`${what}: a frame within ${ms} ms`, async () => {
    const took = await page.evaluate(
      () =>
        new Promise((resolve) => {
          const start = performance.now();
          requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - start)));
        }),
    );
    return took < ms;
  });

/** How many times longer than on a machine at leisure a task takes in the page now; 1 at least. */
export const slowness = (page) =>
  page.evaluate(() => {
    const start = performance.now();
    let text = "";
    for (let i = 0; i < 400_000; i++) text = `${i}${text}`.slice(0, 20);
    return Math.max(1, (performance.now() - start) / 50);
  });
