import { describe, expect, it } from "vitest";
import { canGoOn, GO_ON, messagesOf } from "@/chat/actions";
import { newAnswer } from "@/chat/answer/reduce";
import type { Answer, Message } from "@/chat/types";

const user = (text: string): Message => ({ id: text, parent: null, role: "user", createdAt: 0, text, attachments: [], answer: null });
const assistant = (text: string, more: Partial<Answer> = {}): Message => ({ ...user(text), role: "assistant", text: "", answer: { ...newAnswer("janus", 0), state: "done", text, ...more } });

describe("what the API is told of a path", () => {
  it("is what was said, without answers that were empty", async () => {
    expect(await messagesOf([user("a"), assistant(""), user("b"), assistant("c"), user("d")])).toEqual([
      { role: "user", content: "a" },
      { role: "user", content: "b" },
      { role: "assistant", content: "c" },
      { role: "user", content: "d" },
    ]);
  });
  it("joins an answer and what continued it, and asks to go on after one", async () => {
    expect(await messagesOf([user("a"), assistant("one "), assistant("two")])).toEqual([
      { role: "user", content: "a" },
      { role: "assistant", content: "one two" },
      { role: "user", content: GO_ON },
    ]);
  });
});

describe("an answer can be continued", () => {
  it.each<[Partial<Answer>, boolean]>([
    [{ state: "stopped" }, true],
    [{ state: "failed" }, true],
    [{ finishReason: "length" }, true],
    [{ finishReason: "stop" }, false],
    [{ state: "streaming" }, false],
  ])("%j: %s", (more, wanted) => {
    expect(canGoOn(assistant("text", more))).toBe(wanted);
    expect(canGoOn(assistant("", more))).toBe(false);
  });
});
