import { beforeEach, describe, expect, it } from "vitest";
import { blank, commandOf, faultsOf, manifestField, requestOf, useDraft, withManifestField } from "@/board/enter/form";
import { scoringOf, scorings } from "@/board/enter/scoring";

const draft = { ...blank, name: "owl", image: "host/owl:3" };

beforeEach(() => sessionStorage.clear());

describe("a draft", () => {
  it("becomes a request of its kind alone", () => {
    expect(requestOf({ ...draft, url: "http://x" })).toEqual({ name: "owl", image: "host/owl:3" });
    expect(requestOf({ ...draft, kind: "url", url: "http://x", manifest: '{"port":9000}' })).toEqual({ name: "owl", url: "http://x", manifest: { port: 9000 } });
    expect(requestOf({ ...draft, name: "", checkOnly: true })).toEqual({ image: "host/owl:3", check_only: true });
  });
  it("has faults by field", () => {
    expect(faultsOf(draft, {})).toEqual({});
    expect(Object.keys(faultsOf({ ...draft, name: "", image: "", manifest: "{" }, {}))).toEqual(["name", "image", "manifest"]);
    expect(faultsOf({ ...draft, name: "", checkOnly: true }, {})).toEqual({});
    expect(Object.keys(faultsOf({ ...draft, kind: "bundle" }, {}))).toEqual(["bundle"]);
  });
  it("is a command, too, quoted where a shell wants it", () => {
    expect(commandOf(draft)).toBe("janusctl submit image host/owl:3 --name owl --wait");
    expect(commandOf({ ...draft, image: "a b'c" })).toContain("'a b'\\''c'");
    expect(commandOf({ ...draft, checkOnly: true })).toBe("janusctl conform host/owl:3");
    expect(commandOf({ ...draft, manifest: "{}" })).toMatch(/--manifest - <<'END'\n\{\}\nEND$/);
  });
  it("is kept for the tab", () => {
    useDraft.getState().change({ name: "kept" });
    expect(JSON.parse(sessionStorage.getItem("janus.submission.draft") ?? "{}")).toMatchObject({ name: "kept" });
    useDraft.getState().markSent();
    expect(useDraft.getState().sent).toBe(JSON.stringify(useDraft.getState().draft));
  });
});

describe("fields of a manifest", () => {
  it("are read and written in its text", () => {
    const text = withManifestField(withManifestField("", "port", 9000), "resources.memory", "1GiB");
    expect(JSON.parse(text)).toEqual({ port: 9000, resources: { memory: "1GiB" } });
    expect([manifestField(text, "resources.memory"), manifestField(text, "resources.cpus"), manifestField("{", "port"), manifestField("", "a.b")]).toEqual(["1GiB", undefined, undefined, undefined]);
  });
  it("take the text with them when the last one goes", () =>
    expect(withManifestField(withManifestField("", "resources.cpus", 1), "resources.cpus", undefined)).toBe(""));
});

describe("the scoring", () => {
  it("is that of the files, newest first", () => {
    expect(scorings.map(({ version }) => version)).toContain("2026-11");
    expect(scoringOf("no such")).toBe(scorings[0]);
    const weights = Object.values(scoringOf("2026-11")?.weights ?? {});
    expect(weights.reduce((sum, each) => sum + each, 0)).toBe(100);
  });
});
