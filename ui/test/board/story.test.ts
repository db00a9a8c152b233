import { describe, expect, it } from "vitest";
import { isRefusal, type State, type Story, stepsOf, type Submission, tell, untold } from "@/board/enter/story";
import type { Api } from "@/lib/api";
import { ApiError, unreachable } from "@/lib/errors";

const time = (second: number): string => new Date(Date.UTC(2026, 10, 30, 10, 15, second)).toISOString();
const submission = (state: State, second: number, more: Partial<Submission> = {}): Submission =>
  ({
    id: "sub_1", object: "submission", name: "owl", kind: "image", bundle: null, image: "owl:3", url: null, state, state_reason: null, state_detail: null,
    state_since: time(second), eta_seconds: null, retry_at: null, progress: null, digest: null, version_id: null, competitor_id: null, instance_id: null,
    check_only: false, fault: null, evidence: null, attempts: 0, created_at: time(0), updated_at: time(second), etag: "", ...more,
  }) as Submission;
const seen = (story: Story, ...states: [State, number, Partial<Submission>?][]): Story =>
  states.reduce((so, [state, second, more]) => tell(so, { type: "seen", submission: submission(state, second, more) }), story);
const statuses = (story: Story): string => stepsOf(story).map(({ state, status }) => `${state}:${status}`).join(" ");

describe("a story", () => {
  it("is told state by state, with how long each took", () => {
    const story = seen(untold, ["received", 0], ["resolving", 1], ["pulling", 3], ["scanning", 8], ["starting", 9], ["conforming", 11], ["ready", 14]);
    expect(stepsOf(story).map(({ ms }) => ms)).toEqual([1000, 2000, 5000, 1000, 2000, 3000, null]);
    expect(stepsOf(story).every(({ status }) => status === "done")).toBe(true);
    expect(story.link).toBe("over");
  });
  it("says where it is, and what it passed over", () => {
    const story = seen(untold, ["received", 0], ["scanning", 1], ["starting", 2]);
    expect(statuses(story)).toBe("received:done resolving:passed-over pulling:passed-over scanning:done starting:now conforming:to-come ready:to-come");
  });
  it("says where it ended early", () => {
    const story = seen(untold, ["received", 0], ["resolving", 1], ["rejected", 2]);
    expect(statuses(story)).toContain("resolving:broke pulling:to-come");
    expect(stepsOf(story)[1]?.ms).toBe(1000);
  });
  it("has other ways for addresses, archives and checks", () => {
    expect(statuses(seen(untold, ["starting", 1, { kind: "url" }]))).toBe("received:done starting:now conforming:to-come ready:to-come");
    expect(statuses(seen(untold, ["importing", 1, { kind: "bundle" }]))).toContain("importing:now");
    expect(statuses(seen(untold, ["retired", 1, { check_only: true }]))).toMatch(/retired:done$/);
  });
  it("learns of earlier states from the events, whenever these come", () => {
    const events = [
      { action: "submission.create", after: "owl:3", at: time(0) },
      { action: "submission.state", after: "resolving", at: time(1) },
      { action: "submission.state", after: "starting", at: time(4) },
    ] as Api<"Event">[];
    const before = seen(tell(untold, { type: "past", events }), ["conforming", 6]);
    const after = tell(seen(untold, ["conforming", 6]), { type: "past", events });
    expect(stepsOf(before)).toEqual(stepsOf(after));
    expect(stepsOf(after).find(({ state }) => state === "starting")?.ms).toBe(2000);
  });
  it("ends rejected after a reload where the events say that it was", () => {
    const events = [{ action: "submission.state", after: "starting", at: time(2) }] as Api<"Event">[];
    expect(statuses(tell(seen(untold, ["rejected", 5]), { type: "past", events }))).toContain("starting:broke");
  });
  it("is not set back by news that came late", () => {
    const story = seen(untold, ["ready", 5]);
    expect(tell(story, { type: "seen", submission: submission("starting", 2) })).toBe(story);
  });
  it("tells a broken connection from the end", () => {
    const story = tell(seen(untold, ["starting", 2]), { type: "lost" });
    expect(story.link).toBe("lost");
    expect(seen(story, ["conforming", 3]).link).toBe("live");
    expect(tell(seen(untold, ["ready", 2]), { type: "lost" }).link).toBe("over");
    expect(tell(story, { type: "anew" })).toEqual(untold);
    expect(tell(story, { type: "refused", error: "no" })).toMatchObject({ link: "over", error: "no" });
  });
  it("knows no steps before it knows anything", () => expect(stepsOf(untold)).toEqual([]));
});

it("a refusal is final, a gateway that is away is not", () => {
  expect(isRefusal(unreachable(new Error("x")))).toBe(false);
  const refused = (status: number) => new ApiError({ status, code: "x", message: "x", param: null, requestId: null, retryable: false, fault: null, retryAfter: null });
  expect([404, 403, 401, 429, 500, 503].map((status) => isRefusal(refused(status)))).toEqual([true, true, true, false, false, false]);
});
