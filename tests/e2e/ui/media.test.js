/*
 * media.test.js - files that answers made, and files that are given with a message: shown, checked, kept.
 * The competitor is tests/fake/told.py.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { deflateSync } from "node:zlib";
import { accessible, becomes, comes, fits, kept, matches, open, shot } from "./browser.js";
import { answered, button, choose, tell } from "./told.js";

/* --- files of every kind -------------------------------------------------------------------- */

const crc = (bytes) => {
  let sum = ~0;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0);
  }
  return ~sum >>> 0;
};

/** A picture of so many pixels: a gradient; or one that only claims to be as large. */
function png(width, height, claim = width) {
  const chunk = (type, data) => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    sum.writeUInt32BE(crc(body));
    return Buffer.concat([length, body, sum]);
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(claim, 0);
  head.writeUInt32BE(claim === width ? height : claim, 4);
  head.set([8, 2, 0, 0, 0], 8);
  const rows = Buffer.alloc(height * (1 + width * 3));
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) rows.set([(x * 255) / width, (y * 255) / height, 160], y * (1 + width * 3) + 1 + x * 3);
  return Buffer.concat([Buffer.from("89504e470d0a1a0a", "hex"), chunk("IHDR", head), chunk("IDAT", deflateSync(rows)), chunk("IEND", Buffer.alloc(0))]);
}

/** Half a second of a tone. */
function wav() {
  const samples = Buffer.alloc(8000);
  for (let i = 0; i < 4000; i++) samples.writeInt16LE(Math.round(8000 * Math.sin(i / 3)), i * 2);
  const head = Buffer.from("RIFF....WAVEfmt ....................data....");
  head.writeUInt32LE(36 + samples.length, 4);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(8000, 24);
  head.writeUInt32LE(16000, 28);
  head.writeUInt16LE(2, 32);
  head.writeUInt16LE(16, 34);
  head.writeUInt32LE(samples.length, 40);
  return Buffer.concat([head, samples]);
}

/** So many pages, each with its number; the first tells the viewer to run a script. */
function pdf(pages) {
  const objects = ["<</Type/Catalog/Pages 2 0 R/OpenAction<</S/JavaScript/JS(app.alert\\(1\\))>>>>"];
  const kids = Array.from({ length: pages }, (_, i) => `${4 + i * 2} 0 R`);
  objects.push(`<</Type/Pages/Kids[${kids.join(" ")}]/Count ${pages}>>`, "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>");
  for (let i = 0; i < pages; i++) {
    const text = `BT /F1 36 Tf 60 500 Td (Page ${i + 1}) Tj ET`;
    objects.push(
      `<</Type/Page/Parent 2 0 R/MediaBox[0 0 400 600]/Resources<</Font<</F1 3 0 R>>>>/Contents ${5 + i * 2} 0 R/Annots[<</Type/Annot/Subtype/Link/Rect[0 0 400 600]/A<</S/URI/URI(https://evil.example/)>>>>]>>`,
      `<</Length ${text.length}>>stream\n${text}\nendstream`,
    );
  }
  let out = "%PDF-1.4\n";
  const places = objects.map((object, i) => {
    const at = out.length;
    out += `${i + 1} 0 obj\n${object}\nendobj\n`;
    return at;
  });
  const xref = out.length;
  out += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${places.map((at) => `${String(at).padStart(10, "0")} 00000 n \n`).join("")}`;
  return Buffer.from(`${out}trailer<</Size ${objects.length + 1}/Root 1 0 R>>\nstartxref\n${xref}\n%%EOF\n`);
}

const file = (name, mime, bytes, more = {}) => ({ name, mime, base64: Buffer.from(bytes).toString("base64"), ...more });
const csv = `name,"a ""quoted"" head",n\n${Array.from({ length: 450 }, (_, i) => `row ${i},"two\nlines, one cell",${i}`).join("\n")}\n`;

const cardOf = (answer, name) => answer.getByTestId("artifact").filter({ hasText: name });
async function there(page, card) {
  await card.scrollIntoViewIfNeeded();
  await card.and(page.locator('[data-state="there"]')).waitFor();
  await card.getByText("verified").waitFor();
}

for (const size of ["desktop", "phone"])
  test(`${size}: files of an answer are checked and shown`, async (t) => {
    const page = await open(t, "/chat", { size });
    await choose(page, "told");
    await tell(page, {
      say: "Here is all of it.",
      make: [
        file("plot.png", "image/png", png(400, 240)),
        file("rows.csv", "text/csv", csv),
        file("fit.py", "text/x-python", "import numpy as np\n\ndef fit(x):\n    return np.mean(x)\n"),
        file("notes.md", "text/markdown", "# Notes\n\n- **one**\n"),
        file("report.pdf", "application/pdf", pdf(5)),
        file("tone.wav", "audio/wav", wav()),
        file("page.html", "text/html", "<h1>A page</h1><p style='color:green'>with style</p><script>document.title='ran'</script>"),
        file("drawing.svg", "image/svg+xml", '<svg xmlns="http://www.w3.org/2000/svg" width="80" height="40"><rect width="80" height="40" fill="green"/></svg>'),
        file("model.bin", "application/x-model", Buffer.alloc(1000)),
      ],
    });
    const answer = await answered(page, 1);

    const image = cardOf(answer, "plot.png");
    await there(page, image);
    await image.getByRole("img", { name: "plot.png" }).waitFor();
    await button(image, "Enlarge plot.png").click();
    const dialog = page.getByRole("dialog", { name: "Expanded image preview" });
    await dialog.getByRole("img").waitFor();
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });

    const rows = cardOf(answer, "rows.csv");
    await there(page, rows);
    await becomes(() => rows.locator("tbody tr").count(), 200);
    await becomes(() => rows.locator("th").nth(1).innerText(), 'a "quoted" head');
    await matches(() => rows.locator("tbody tr").first().innerText(), /row 0\s+two\nlines, one cell\s+0/);
    await button(rows, "Show more").click();
    await rows.locator("tbody tr").nth(399).waitFor();

    const code = cardOf(answer, "fit.py");
    await there(page, code);
    await code.locator(".tok-keyword", { hasText: "import" }).waitFor();
    await there(page, cardOf(answer, "notes.md"));
    await cardOf(answer, "notes.md").locator("strong", { hasText: "one" }).waitFor();

    const pages = cardOf(answer, "report.pdf");
    await there(page, pages);
    await pages.locator('canvas[data-state="drawn"]').nth(2).waitFor();
    await becomes(() => pages.locator("canvas").count(), 3);
    await button(pages, "Show more").click();
    await pages.getByRole("img", { name: "Page 5 of report.pdf" }).waitFor();
    const drawn = () =>
      pages.locator("canvas").first().evaluate((it) => {
        const { data } = it.getContext("2d").getImageData(0, 0, it.width, it.height);
        return data.some((byte, at) => at % 4 < 3 && byte < 100);
      });
    await comes("ink on the page", drawn);

    const tone = cardOf(answer, "tone.wav");
    await there(page, tone);
    await page.waitForFunction((it) => it.duration > 0.4 && it.duration < 0.6, await tone.locator("audio").elementHandle());

    const html = cardOf(answer, "page.html");
    await there(page, html);
    const frame = html.locator("iframe");
    await frame.and(page.locator('[data-state="shown"]')).waitFor();
    await frame.contentFrame().getByRole("heading", { name: "A page" }).waitFor();
    await becomes(() => frame.contentFrame().locator("script").count(), 1, "its own, and none of the page's");
    await becomes(() => frame.contentFrame().locator("p").evaluate((it) => getComputedStyle(it).color), "rgb(0, 128, 0)");
    await there(page, cardOf(answer, "drawing.svg"));
    await there(page, cardOf(answer, "model.bin"));

    await fits(page);
    await accessible(page, "files of an answer");
    await image.scrollIntoViewIfNeeded();
    await shot(page, "artifacts");

    const [one] = await Promise.all([page.waitForEvent("download"), button(rows, "Download rows.csv").click()]);
    assert.equal(one.suggestedFilename(), "rows.csv");
    assert.equal(readFileSync(await one.path(), "utf8"), csv);
    const [all] = await Promise.all([page.waitForEvent("download"), answer.getByRole("button", { name: /Download all 9 files/ }).click()]);
    const archive = readFileSync(await all.path());
    assert.match(all.suggestedFilename(), /\.zip$/);
    for (const name of ["manifest.json", "signature.json"]) assert.ok(archive.includes(name), `${name} is in the bundle`);
  });

test("a large file waits until it is asked for, and can be cancelled", async (t) => {
  const page = await open(t, "/chat");
  await choose(page, "told");
  await tell(page, { say: "large", make: [{ name: "large.txt", mime: "text/plain", text: "x", times: 3 << 20 }] });
  const answer = await answered(page, 1);
  const card = cardOf(answer, "large.txt");
  await becomes(() => card.getAttribute("data-state"), "waiting");
  await card.getByText("not fetched yet").waitFor();
  let release;
  const released = new Promise((resolve) => {
    release = resolve;
  });
  await page.route("**/v1/artifacts/**", async (route) => {
    await released;
    await route.continue().catch(() => undefined);
  });
  await button(card, "Show it (3.0 MiB)").click();
  await button(card, "Cancel fetching large.txt").click();
  await becomes(() => card.getAttribute("data-state"), "waiting");
  release();
  await page.unroute("**/v1/artifacts/**");
  await button(card, "Show it (3.0 MiB)").click();
  await there(page, card);
  await card.locator("pre").waitFor();
});

test("what is not what was announced is not offered; what is not there says why", async (t) => {
  const page = await open(t, "/chat", { allow: [/status of (410|403)/] });
  await choose(page, "told");
  await page.route("**/v1/artifacts/**", async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: (await response.body()).map((byte) => byte ^ 1) });
  });
  await tell(page, {
    say: "lies",
    make: [
      { name: "changed.txt", mime: "text/plain", text: "what was announced" },
      { name: "wrong-hash.txt", mime: "text/plain", text: "x", sha256: "0".repeat(64) },
    ],
  });
  const answer = await answered(page, 1);
  const changed = cardOf(answer, "changed.txt");
  await changed.getByText("does not match", { exact: true }).waitFor();
  assert.equal(await changed.getByRole("button", { name: /Download/ }).count(), 0, "its bytes are not offered");
  const refused = answer.getByTestId("artifact").and(page.locator('[data-state="unavailable"]'));
  await matches(() => refused.innerText(), /Not available:.*hash_mismatch/s);
  await page.unroute("**/v1/artifacts/**");
  await button(changed, "Try again").click();
  await there(page, changed);

  await page.route("**/v1/artifacts/**", (route) => route.fulfill({ status: 410, json: { error: { message: "gone", code: "artifact_expired", janus: { retryable: false } } } }));
  await tell(page, { say: "gone", make: [{ name: "gone.txt", mime: "text/plain", text: "gone" }] });
  await cardOf(await answered(page, 2), "gone.txt").getByText("does not keep it any more").waitFor();
});

test("a picture that claims to be huge is not shown unasked", async (t) => {
  const page = await open(t, "/chat");
  await choose(page, "told");
  await tell(page, { say: "huge", make: [file("bomb.png", "image/png", png(10, 10, 60_000))] });
  const card = cardOf(await answered(page, 1), "bomb.png");
  await there(page, card);
  await button(card, "Show it anyway").waitFor();
  assert.equal(await card.locator("img").count(), 0);
});

/* --- attachments ---------------------------------------------------------------------------- */

const picture = { name: "dot.png", mimeType: "image/png", buffer: png(20, 20) };
const table = { name: "t.csv", mimeType: "text/csv", buffer: Buffer.from("a,b\n1,2\n") };
const list = (page) => page.getByRole("list", { name: "Attached files" });
const uploaded = (page, name) => list(page).locator('[data-state="ready"]').filter({ hasText: name }).waitFor();

for (const size of ["desktop", "phone"])
  test(`${size}: files are given with a message, and arrive`, async (t) => {
    const page = await open(t, "/chat", { size });
    await choose(page, "told");
    await becomes(() => page.getByTestId("send-button").isDisabled(), true);
    await page.getByTestId("file-input").setInputFiles([picture, table, { name: "drop.txt", mimeType: "text/plain", buffer: Buffer.from("out") }]);
    await list(page).getByRole("img", { name: "dot.png" }).waitFor();
    await uploaded(page, "t.csv");
    await uploaded(page, "drop.txt");
    await button(page, "Remove drop.txt").click();
    await list(page).getByText("drop.txt").waitFor({ state: "detached" });
    await fits(page);
    await accessible(page, "files of a draft");
    await shot(page, "attachments");
    await page.getByTestId("chat-input").fill("look");
    await page.getByTestId("send-button").click();
    const answer = await answered(page, 1);
    const heard = `heard: look; picture data:image/png;base64 of ${picture.buffer.length} bytes; file t.csv, data:text/csv;base64 of ${table.buffer.length} bytes`;
    await comes(heard, async () => (await answer.locator(".markdown").innerText()).includes(heard));
    const message = page.getByTestId("user-message");
    await message.getByRole("img", { name: "dot.png" }).waitFor();
    await matches(() => message.innerText(), /t\.csv[\s\S]*look/);
    await becomes(() => page.getByTestId("send-button").isDisabled(), true, "the draft is empty");

    await comes("all of it in the browser's store", async () => {
      const [messages, blobs] = [await kept(page, "messages"), await kept(page, "blobs")];
      return messages.length === 2 && messages.every((it) => it.answer === null || it.answer.state === "done") && blobs.length === 2;
    });
    await page.reload();
    await page.getByTestId("user-message").getByRole("img", { name: "dot.png" }).waitFor();
    const [saved] = await Promise.all([page.waitForEvent("download"), button(page.getByTestId("user-message"), "Download t.csv").click()]);
    assert.equal(readFileSync(await saved.path(), "utf8"), "a,b\n1,2\n");
    // the same goes out again with the next message, as a part of the conversation
    await tell(page, "and?");
    await answered(page, 2);
    const request = await (await fetch(`${process.env.TOLD}/fake`)).json();
    assert.deepEqual(request.request.messages[0].content.map((part) => part.type), ["text", "image_url", "file"]);
  });

test("files come by paste and by drop; a draft's files outlive a reload", async (t) => {
  const page = await open(t, "/chat");
  await choose(page, "told");
  await tell(page, "first");
  await answered(page, 1);
  const give = (target, event) =>
    page.evaluate(
      ([where, name]) => {
        const data = new DataTransfer();
        data.items.add(new File(["pasted"], `${name}.txt`, { type: "text/plain" }));
        const init = { bubbles: true, cancelable: true, dataTransfer: data, clipboardData: data };
        const there = document.querySelector(where);
        if (name === "paste") there.dispatchEvent(new ClipboardEvent("paste", init));
        else for (const type of ["dragover", "drop"]) there.dispatchEvent(new DragEvent(type, init));
      },
      [target, event],
    );
  await give('[data-testid="chat-input"]', "paste");
  await uploaded(page, "paste.txt");
  await give("h1, main, body", "drop");
  await uploaded(page, "drop.txt");
  await comes("both in the browser's store", async () => (await kept(page, "blobs")).length === 2);
  await page.reload();
  await uploaded(page, "paste.txt");
  await uploaded(page, "drop.txt");
  await page.getByTestId("send-button").click();
  const answer = await answered(page, 2);
  await matches(() => answer.innerText(), /file paste\.txt.*file drop\.txt/);
});

test("files that are too many, too large or empty are refused in words", async (t) => {
  const page = await open(t, "/chat");
  const some = (count) => Array.from({ length: count }, (_, i) => ({ name: `${i}.txt`, mimeType: "text/plain", buffer: Buffer.from("x") }));
  const status = page.locator("form").getByRole("status");
  await page.getByTestId("file-input").setInputFiles([{ name: "empty.txt", mimeType: "text/plain", buffer: Buffer.alloc(0) }]);
  await status.filter({ hasText: "empty.txt is empty." }).waitFor();
  await page.getByTestId("file-input").setInputFiles([{ name: "big.py", mimeType: "text/x-python", buffer: Buffer.alloc(3_000_000, "x") }]);
  await status.filter({ hasText: "A source file may have 2 MB." }).waitFor();
  await page.getByTestId("file-input").setInputFiles(some(11));
  await status.filter({ hasText: "10.txt is one too many" }).waitFor();
  await becomes(() => list(page).getByRole("listitem").count(), 10);
});

test("an upload that fails says so, and can be tried again", async (t) => {
  const page = await open(t, "/chat", { allow: [/status of 503/] });
  await choose(page, "told");
  await page.route("**/v1/files", (route) => route.fulfill({ status: 503, json: { error: { message: "The disk is almost full.", code: "low_disk", janus: { retryable: true } } } }));
  await page.getByTestId("file-input").setInputFiles([table]);
  await page.getByText("t.csv was not uploaded: The disk is almost full.").waitFor();
  await page.unroute("**/v1/files");
  await button(page, "Upload t.csv again").click();
  await uploaded(page, "t.csv");
  await page.getByTestId("send-button").click();
  const answer = await answered(page, 1);
  await matches(() => answer.innerText(), /file t\.csv/);
});
