/*
 * frames.js - the frames of the chat's page while an answer comes, as JSON: for tests/bench/frames.sh.
 */
import { launch } from "./launch.js";

const base = process.env.BASE_URL;
const MESSAGES = 500;
const SECONDS = 10;
const sizes = { "1440 × 900": { width: 1440, height: 900 }, "375 × 812": { width: 375, height: 812 } };

const prose = (i) => `Answer ${i}.\n\n${"The bull turns, the rider leans, and the clock goes on. ".repeat(4)}\n\n`;
const rich = (i) => `| x | square |\n|--:|--:|\n| ${i} | ${i * i} |\n\n\`\`\`python\nfor x in range(${i}):\n    print(x * x)\n\`\`\`\n\n- one\n- **two**\n`;
const answer = (text) => ({ state: "done", text, reasoning: "A thought.\nAnother.", steps: [], artifacts: [], model: "janus", competitor: "swift-owl", finishReason: "stop" });

/** An export of one chat, as the page itself writes it. */
const thread = () => {
  const messages = Array.from({ length: MESSAGES }, (_, i) => ({
    id: `m${i}`,
    parent: i === 0 ? null : `m${i - 1}`,
    role: i % 2 === 0 ? "user" : "assistant",
    createdAt: i + 1,
    text: i % 2 === 0 ? `Question ${i} about bulls` : "",
    attachments: [],
    answer: i % 2 === 0 ? null : answer(prose(i) + (i % 4 === 1 ? rich(i) : "")),
  }));
  const session = { title: "A long chat", model: "janus/swift-owl", tip: `m${MESSAGES - 1}`, createdAt: 1, updatedAt: 1 };
  return JSON.stringify({ format: "janus.chats", version: 1, chats: [{ session, messages, files: [] }] });
};

/** Runs in the page: times between frames for so many ms. */
const watch = (ms) =>
  new Promise((done) => {
    const times = [];
    const tasks = [];
    new PerformanceObserver((list) => tasks.push(...list.getEntries().map((it) => it.duration))).observe({ entryTypes: ["longtask"] });
    const from = performance.now();
    let last = from;
    const frame = (now) => {
      times.push(now - last);
      last = now;
      if (now - from < ms) requestAnimationFrame(frame);
      else done({ times: times.slice(1), tasks });
    };
    requestAnimationFrame(frame);
  });

const at = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
const rounded = (ms) => Math.round(ms * 10) / 10;

async function measure(browser, what, viewport) {
  const page = await browser.newPage({ viewport, colorScheme: "dark" });
  await page.goto(`${base}/chat`);
  await page.getByTestId("chat-input").waitFor();
  await page.getByTestId("import-input").setInputFiles({ name: "long.json", mimeType: "application/json", buffer: Buffer.from(thread()) });
  await page.getByText(`Answer ${MESSAGES - 1}.`).waitFor();
  // longer than is looked at, however late the looking begins: it is stopped below
  await page.getByTestId("chat-input").fill(`fault:chunks=${(SECONDS + 110) * 100} fault:slow=10 fault:bytes=2`);
  await page.getByTestId("send-button").click();
  await page.getByText(/word50 /).waitFor();
  const { times, tasks } = await page.evaluate(watch, SECONDS * 1000);
  await page.getByTestId("stop-button").click();
  await page.close();
  const sorted = [...times].sort((a, b) => a - b);
  const all = times.reduce((sum, it) => sum + it, 0);
  return {
    what,
    frames: times.length,
    fps: rounded((times.length * 1000) / all),
    median: rounded(at(sorted, 0.5)),
    p95: rounded(at(sorted, 0.95)),
    p99: rounded(at(sorted, 0.99)),
    most: rounded(sorted.at(-1)),
    late: rounded((times.filter((it) => it > 25).length * 100) / times.length),
    tasks: tasks.length,
    longest: rounded(Math.max(0, ...tasks)),
  };
}

const browser = await launch();
const seen = [];
for (const [what, viewport] of Object.entries(sizes)) seen.push(await measure(browser, what, viewport));
await browser.close();
console.log(JSON.stringify(seen));
