import { describe, expect, it } from "vitest";
import { newAnswer } from "@/chat/answer/reduce";
import { fromFile, ImportError, toFile, type Transfer } from "@/chat/sidebar/transfer";
import type { Answer, Message } from "@/chat/types";

const answer: Answer = {
  ...newAnswer("janus", 5, { requestId: "req_1" }),
  state: "done",
  text: "hi",
  reasoning: "hm",
  streamId: "strm_1",
  seq: 9,
  steps: [{ id: "t", kind: "tool", title: "shell", detail: "ls", state: "done", at: 1, ms: 2, costUsd: null }],
  artifacts: [{ id: "artf_1", name: "t.csv", mime: "text/csv", type: "file", bytes: 4, sha256: "ab", url: "/v1/artifacts/artf_1?sig=1", unavailable: null }],
  usage: { promptTokens: 1, completionTokens: 2, costUsd: 0.1, sandboxSeconds: null },
};
const attachment = { id: "blob_1", name: "ä.txt", mime: "text/plain", bytes: 4, kind: "file" as const, fileId: "file-1" };
const messages: Message[] = [
  { id: "m1", parent: null, role: "user", createdAt: 1, text: "hello", attachments: [attachment], answer: null },
  { id: "m2", parent: "m1", role: "assistant", createdAt: 2, text: "", attachments: [], answer },
  { id: "m3", parent: "m1", role: "assistant", createdAt: 3, text: "", attachments: [], answer: { ...answer, text: "other" } },
];
const one: Transfer = {
  session: { id: "s1", title: "One", isNamed: true, isPinned: false, model: "janus", tip: "m2", createdAt: 1, updatedAt: 2 },
  messages,
  blobs: [{ id: "blob_1", blob: new Blob([new Uint8Array([0, 255, 128, 7])], { type: "text/plain" }) }],
};

const plain = async () => JSON.parse(await (await toFile([one])).text());
type Chat = { session: Record<string, unknown>; messages: Record<string, unknown>[]; files: Record<string, unknown>[] };
const changed = async (change: (chat: Chat, whole: Record<string, unknown>) => unknown): Promise<Blob> => {
  const whole = await plain();
  change(whole.chats[0] as Chat, whole);
  return new Blob([JSON.stringify(whole)]);
};

describe("chats as a file", () => {
  it("come back as they were, under new ids", async () => {
    const [back] = await fromFile(await toFile([one]));
    if (back === undefined) throw new Error("nothing came back");
    const ids = new Map(back.messages.map((it, i) => [it.id, messages[i]?.id]));
    expect([...ids.values()]).toEqual(["m1", "m2", "m3"]);
    expect([...ids.keys()]).not.toContain("m1");
    expect(back.session).toMatchObject({ title: "One", isNamed: true, model: "janus", createdAt: 1, updatedAt: 2 });
    expect(back.session.id).not.toBe("s1");
    expect(ids.get(back.session.tip ?? "")).toBe("m2");
    expect(back.messages.map((it) => ids.get(it.parent ?? ""))).toEqual([undefined, "m1", "m1"]);
    const { streamId, seq, clock, ...kept } = answer;
    expect(back.messages[1]?.answer).toMatchObject(kept);
    expect([back.messages[1]?.answer?.streamId, back.messages[1]?.answer?.seq], "no stream is followed because a file says so").toEqual([null, 0]);
    expect([streamId, seq, clock.startedAt]).toEqual(["strm_1", 9, 5]);
    expect(back.blobs[0]?.id).toBe(back.messages[0]?.attachments[0]?.id);
    expect([...new Uint8Array((await back.blobs[0]?.blob.arrayBuffer()) ?? new ArrayBuffer(0))]).toEqual([0, 255, 128, 7]);
  });

  it.each<[string, (chat: Chat, whole: Record<string, unknown>) => unknown, RegExp]>([
    ["of another format", (_, whole) => (whole.format = "other"), /not an export of chats/],
    ["of a later version", (_, whole) => (whole.version = 2), /version 2/],
    ["without chats", (_, whole) => delete whole.chats, /chats should be a list/],
    ["with a chat that is none", (_, whole) => (whole.chats = [7]), /chats\[0\] should be an object/],
    ["with a title that is none", (chat) => (chat.session.title = { toString: "x" }), /session\.title should be a text/],
    ["with a time that is none", (chat) => (chat.session.updatedAt = "soon"), /updatedAt should be a time/],
    ["with a role that is none", (chat) => ((chat.messages[0] ?? {}).role = "system"), /messages\[0\]\.role should be "user" or "assistant"/],
    ["with an id twice", (chat) => ((chat.messages[1] ?? {}).id = "m1"), /an id that no other message has/],
    ["with a circle of messages", (chat) => ((chat.messages[0] ?? {}).parent = "m3"), /not a circle/],
    ["with an answer that is missing", (chat) => delete (chat.messages[1] ?? {}).answer, /answer should be an object/],
    ["with a file that is no base64", (chat) => ((chat.files[0] ?? {}).base64 = "§"), /files\[0\]\.base64 should be base64/],
  ])("%s are refused, and it is said why", async (_, change, wanted) => {
    const file = await changed(change);
    await expect(fromFile(file)).rejects.toThrow(ImportError);
    await expect(fromFile(file)).rejects.toThrow(wanted);
  });

  it.each(["", "{", "null", "[]", "7", "\u0000\u0001", '{"format":"janus.chats"'])("that are no such thing are refused: %j", async (text) => {
    await expect(fromFile(new Blob([text]))).rejects.toThrow(/Nothing was imported/);
  });

  it("cut anywhere are refused, never taken by half", async () => {
    const text = await (await toFile([one])).text();
    for (let at = 0; at < text.trimEnd().length; at += 7) await expect(fromFile(new Blob([text.slice(0, at)])), `cut at ${at}`).rejects.toThrow(ImportError);
  });

  it("bring no link elsewhere, no stream to follow and no member that is not known", async () => {
    const file = await changed((chat) => {
      const it = (chat.messages[1] ?? {}).answer as Record<string, unknown>;
      it.state = "streaming";
      it.evil = true;
      it.artifacts = [{ id: "x", url: "javascript:alert(1)" }, { id: "y", url: "https://evil.example/" }, 7];
      it.steps = [{ kind: "evil", state: "running" }, null];
    });
    const back = (await fromFile(file))[0]?.messages[1]?.answer;
    expect(back).toMatchObject({ state: "stopped", streamId: null, steps: [{ kind: "other", state: "failed" }] });
    expect(back?.artifacts.map((it) => it.url)).toEqual([null, null]);
    expect(back).not.toHaveProperty("evil");
  });

  it("with a parent that is not there begin there", async () => {
    const file = await changed((chat) => ((chat.messages[0] ?? {}).parent = "gone"));
    expect((await fromFile(file))[0]?.messages[0]?.parent).toBeNull();
  });
});
