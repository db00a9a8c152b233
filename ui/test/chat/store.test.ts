import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { newAnswer } from "@/chat/answer/reduce";
import * as chats from "@/chat/store/chats";
import * as db from "@/chat/store/db";
import type { Message } from "@/chat/types";

const message = (id: string, parent: string | null, text = id, more: Partial<Message> = {}): Message => ({
  id, parent, role: "user", createdAt: Number(id.replace(/\D/g, "")) || 1, text, attachments: [], answer: null, ...more,
});
const reload = async () => {
  await db.write();
  await chats.forgetChats();
  await chats.load();
};
const state = chats.useChats.getState;
const PATIENCE = { timeout: 60_000, interval: 20 };

beforeEach(async () => {
  vi.stubGlobal("indexedDB", new IDBFactory());
  await chats.forgetChats();
  await chats.load();
});
afterEach(() => vi.restoreAllMocks());

describe("sessions", () => {
  it("outlive a reload, messages and all", async () => {
    const { id } = chats.addSession("janus", "One");
    chats.putMessage(id, message("m1", null));
    chats.putMessage(id, message("m2", "m1"));
    chats.patchSession(id, { tip: "m2", isPinned: true });
    chats.rename(id, "  Renamed ");
    await reload();
    expect(state().sessions[id]).toMatchObject({ title: "Renamed", isNamed: true, isPinned: true, tip: "m2", model: "janus" });
    expect(Object.keys(await chats.openThread(id))).toEqual(["m1", "m2"]);
  });

  it("that are deleted come back with all they had when it is undone", async () => {
    const { id } = chats.addSession("janus", "One");
    const attachment = { id: "a1", name: "x.txt", mime: "text/plain", bytes: 1, kind: "file" as const, fileId: null };
    chats.putMessage(id, message("m1", null, "hello", { attachments: [attachment] }));
    await db.write({ store: "blobs", id: "a1", put: { id: "a1", sessionId: id, blob: new Blob(["x"]) } });
    await chats.removeSession(id);
    expect(state().sessions[id]).toBeUndefined();
    expect(chats.undoRemove()?.id).toBe(id);
    await reload();
    expect((await chats.openThread(id)).m1?.text).toBe("hello");
    expect(await db.readBlob("a1")).not.toBeNull();
  });

  it("that are deleted for good leave nothing behind", async () => {
    const { id } = chats.addSession("janus", "One");
    const attachment = { id: "a1", name: "x.txt", mime: "text/plain", bytes: 1, kind: "file" as const, fileId: null };
    chats.putMessage(id, message("m1", null, "hello", { attachments: [attachment] }));
    await db.write({ store: "blobs", id: "a1", put: { id: "a1", sessionId: id, blob: new Blob(["x"]) } });
    await chats.removeSession(id);
    chats.forgetRemoved();
    await reload();
    expect(Object.keys(state().sessions)).toEqual([]);
    expect(await db.readMessages(id)).toEqual([]);
    expect(await db.readBlob("a1")).toBeNull();
  });

  it("left behind by a page that was closed early are swept up", async () => {
    await db.write(
      { store: "messages", id: "m9", put: { ...message("m9", null), sessionId: "gone" } },
      { store: "blobs", id: "b9", put: { id: "b9", sessionId: "gone", blob: new Blob(["x"]) } },
    );
    await db.sweep();
    expect(await db.readMessages("gone")).toEqual([]);
    expect(await db.readBlob("b9")).toBeNull();
  });

  it("are found by what their messages hold", async () => {
    const one = chats.addSession("janus", "One").id;
    const two = chats.addSession("janus", "Two").id;
    chats.putMessage(one, message("m1", null, "about Bulls"));
    chats.putMessage(two, message("m2", null, "nothing", { role: "assistant", answer: { ...newAnswer("janus", 0), text: "a BULL, of course" } }));
    chats.putMessage(two, message("m3", "m2", "cows"));
    await db.write();
    const found: string[] = [];
    await db.searchMessages("bull", (id) => found.push(id), new AbortController().signal);
    expect(found.sort()).toEqual([one, two].sort());
  });

  it("have answers that had not ended found after a reload", async () => {
    const { id } = chats.addSession("janus", "One");
    const streaming = { ...newAnswer("janus", 0), state: "streaming" as const, streamId: "strm_1" };
    chats.putMessage(id, message("m1", null));
    chats.putMessage(id, message("m2", "m1", "", { role: "assistant", answer: streaming }));
    chats.putMessage(id, message("m3", "m1", "", { role: "assistant", answer: { ...streaming, state: "done" } }));
    await reload();
    expect((await db.readRunning()).map((it) => it.id)).toEqual(["m2"]);
  });

  it("are named by the first line of their first message", () => {
    expect(chats.titleOf("  hello\n\n world ")).toBe("hello");
    expect(chats.titleOf("🎲".repeat(100))).toBe(`${"🎲".repeat(59)}…`);
    expect(chats.titleOf("  ")).toBe(chats.UNNAMED);
  });
});

describe("two tabs", () => {
  it("each write what they changed, and nothing else of a session", async () => {
    const { id } = chats.addSession("janus", "One");
    await db.write();
    // another tab renamed it; this one still has the old title in memory when it pins it
    const other = await db.readSessions();
    await db.write({ store: "sessions", id, put: { ...(other[0] as (typeof other)[0]), title: "By the other tab" } });
    chats.patchSession(id, { isPinned: true });
    await reload();
    expect(state().sessions[id]).toMatchObject({ title: "By the other tab", isPinned: true });
  });

  it("see what the other wrote", async () => {
    const { id } = chats.addSession("janus", "One");
    chats.putMessage(id, message("m1", null));
    chats.patchSession(id, { tip: "m1" });
    await db.write();
    const other = new BroadcastChannel("janus-chat");
    await new Promise<void>((resolve, reject) => {
      const request = indexedDB.open("janus-chat", 1);
      request.onerror = () => reject(request.error);
      request.onsuccess = () => {
        const tx = request.result.transaction(["sessions", "messages"], "readwrite");
        tx.objectStore("messages").put({ ...message("m2", "m1"), sessionId: id });
        tx.objectStore("sessions").put({ ...state().sessions[id], title: "Two", tip: "m2" });
        tx.oncomplete = () => (request.result.close(), resolve());
      };
    });
    other.postMessage({ sessions: [id], gone: [] });
    await vi.waitFor(() => expect(state().sessions[id]).toMatchObject({ title: "Two", tip: "m2" }), PATIENCE);
    expect(state().threads[id]?.m2).toBeDefined();
    other.postMessage({ sessions: [], gone: [id] });
    await vi.waitFor(() => expect(state().sessions[id]).toBeUndefined(), PATIENCE);
    other.close();
  });
});

describe("storage", () => {
  it("that is refused keeps nobody from chatting, and is told", async () => {
    await chats.forgetChats();
    vi.spyOn(indexedDB, "open").mockImplementation(() => {
      throw new DOMException("not here", "SecurityError");
    });
    await chats.load();
    const { id } = chats.addSession("janus", "One");
    chats.putMessage(id, message("m1", null));
    await db.write();
    expect(db.useStorage.getState()).toMatchObject({ state: "refused", message: "not here", waiting: 2 });
    expect(state().threads[id]?.m1).toBeDefined();
    expect((await db.readMessages(id)).map((it) => it.id)).toEqual(["m1"]);
    vi.restoreAllMocks(); // the browser has changed its mind
    await db.writeAgain();
    expect(db.useStorage.getState()).toMatchObject({ state: "ok", waiting: 0 });
    await reload();
    expect((await chats.openThread(id)).m1).toBeDefined();
  });

  it("that is full for one record still takes the others", async () => {
    const put = IDBObjectStore.prototype.put;
    vi.spyOn(IDBObjectStore.prototype, "put").mockImplementation(function (this: IDBObjectStore, value: unknown) {
      if ((value as { text?: string }).text === "too large") throw new DOMException("no room", "QuotaExceededError");
      return put.call(this, value);
    });
    const { id } = chats.addSession("janus", "One");
    chats.putMessage(id, message("m1", null, "too large"));
    chats.putMessage(id, message("m2", null, "small"));
    await db.write();
    expect(db.useStorage.getState()).toMatchObject({ state: "full", waiting: 1 });
    vi.restoreAllMocks();
    await db.writeAgain();
    await reload();
    expect(Object.keys(await chats.openThread(id)).sort()).toEqual(["m1", "m2"]);
  });
});
