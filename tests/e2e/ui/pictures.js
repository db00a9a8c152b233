/*
 * pictures.js - the pictures of the README: what the UI's scenarios saw, as WebP small enough for a page.
 *
 *   node pictures.js SHOTS DIR	# build/test/shots docs/images; see `make screenshots`
 *
 * Chromium is the encoder: nothing else is needed.  A picture that no scenario has taken is named, and is a failure.
 */
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { launch } from "./launch.js";

const NAMES = ["landing", "chat", "competition", "marketplace", "docs", "ops"];
const WIDTHS = [1440, 375];
const BYTES_MAX = 200_000;

const [shots, dir] = process.argv.slice(2);
const browser = await launch();
const page = await browser.newPage();

/** The PNG as WebP, as good as the limit allows. */
async function webp(png) {
  for (const quality of [0.92, 0.85, 0.75, 0.6, 0.4]) {
    const text = await page.evaluate(
      async ([source, q]) => {
        const image = await createImageBitmap(await (await fetch(source)).blob());
        const canvas = new OffscreenCanvas(image.width, image.height);
        canvas.getContext("2d").drawImage(image, 0, 0);
        const blob = await canvas.convertToBlob({ type: "image/webp", quality: q });
        return new Promise((done) => {
          const reader = new FileReader();
          reader.onload = () => done(reader.result);
          reader.readAsDataURL(blob);
        });
      },
      [`data:image/png;base64,${png.toString("base64")}`, quality],
    );
    const bytes = Buffer.from(text.slice(text.indexOf(",") + 1), "base64");
    if (bytes.length <= BYTES_MAX) return bytes;
  }
  throw new Error(`it is more than ${BYTES_MAX} bytes at any quality`);
}

mkdirSync(dir, { recursive: true });
let missing = 0;
for (const name of NAMES)
  for (const width of WIDTHS) {
    const from = join(shots, `${name}-${width}.png`);
    const to = join(dir, `${name}-${width}.webp`);
    if (!existsSync(from)) {
      console.error(`  no ${from}: run the scenario that takes it`);
      missing++;
      continue;
    }
    writeFileSync(to, await webp(readFileSync(from)));
    console.log(`  made ${to} (${statSync(to).size} bytes)`);
  }
await browser.close();
process.exitCode = missing > 0 ? 1 : 0;
