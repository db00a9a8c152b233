/*
 * pages-empty.test.js - the landing page of a Janus where nothing has happened yet: it says so.
 */
import test from "node:test";
import { becomes, open } from "./browser.js";

const figure = (page, name) => page.locator(`[data-figure="${name}"]`);

test("who comes first sees that nothing is there, and no figure that was made up", async (t) => {
  const page = await open(t);
  await page.getByText("No champion yet: the first whole run decides").waitFor();
  await becomes(() => figure(page, "Champion").textContent(), "None");
  for (const name of ["Competitors", "Runs", "Chats today"]) await becomes(() => figure(page, name).textContent(), "0", name);
  await page.getByText("Nobody has entered: be the first").waitFor();
  await page.getByText("Nothing was measured yet").waitFor();
});
