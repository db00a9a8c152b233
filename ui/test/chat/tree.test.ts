import { describe, expect, it } from "vitest";
import { anyTip, families, newestBelow, pathTo, type Thread } from "@/chat/store/tree";
import type { Message } from "@/chat/types";

const thread = (...parents: [string, string | null][]): Thread =>
  Object.fromEntries(
    parents.map(([id, parent], i): [string, Message] => [id, { id, parent, role: "user", createdAt: i, text: id, attachments: [], answer: null }]),
  );
const ids = (path: Message[]) => path.map((it) => it.id).join("");

describe("the tree of messages", () => {
  const tree = thread(["a", null], ["b", "a"], ["c", "b"], ["d", "b"], ["e", "a"], ["f", "e"], ["g", "c"]);
  it("shows the path to its tip", () => {
    expect(ids(pathTo(tree, "d"))).toBe("abd");
    expect(ids(pathTo(tree, null))).toBe("");
    expect(ids(pathTo(tree, "nobody"))).toBe("");
  });
  it("has siblings, oldest first", () => {
    expect(ids(families(tree).get("b") ?? [])).toBe("cd");
    expect(ids(families(tree).get("a") ?? [])).toBe("be");
  });
  it("goes down from a sibling by the newest each time", () => {
    expect(newestBelow(tree, "b")).toBe("d");
    expect(newestBelow(tree, "e")).toBe("f");
    expect(newestBelow(tree, "g")).toBe("g");
  });
  it("bears parents that are missing, and circles", () => {
    expect(ids(pathTo(thread(["x", "gone"], ["y", "x"]), "y"))).toBe("xy");
    const circle = thread(["x", "y"], ["y", "x"]);
    expect(ids(pathTo(circle, "x"))).toHaveLength(2);
    expect(["x", "y"]).toContain(newestBelow(circle, "x"));
  });
  it("finds a tip where none is known", () => {
    expect(anyTip(tree)).toBe("g");
    expect(anyTip({})).toBeNull();
  });
});
