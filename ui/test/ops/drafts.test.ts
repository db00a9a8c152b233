import { expect, test } from "vitest";
import { linkOf } from "@/pages/ops/Artifacts";
import { changes } from "@/pages/ops/changes";
import { bodyOf, draftOfKey, type Key, keyCommand, newKey, patchOfKey } from "@/pages/ops/keyDraft";
import { command, nothing, runBody, scheduleBody } from "@/pages/ops/measure";
import { draftOf, patchOf, type Policy, setOptions } from "@/pages/ops/policy";
import { timesOf } from "@/pages/ops/Schedules";
import { steer } from "@/pages/ops/steer";
import { shareOf } from "@/pages/ops/SteerDialog";

const policy = {
  object: "policy", competitor: "owl", etag: "e",
  policy: { memory: { value: "1 GiB", origin: "competitor" }, cpus: { value: 2, origin: "default" }, activation: { value: "always", origin: "default" } },
} as Policy;

test("a policy's patch has what differs, null for what is taken back", () => {
  const draft = draftOf(policy);
  expect(draft).toMatchObject({ memory: "1 GiB", cpus: "", activation: "" });
  expect(patchOf(policy, draft)).toEqual({});
  const patch = patchOf(policy, { ...draft, memory: "", cpus: " 1.5 ", activation: "frozen", replicas: "many" });
  expect(patch).toEqual({ memory: null, cpus: 1.5, activation: "frozen", replicas: "many" });
  expect(setOptions(patch)).toBe(" --set activation=frozen --set replicas=many --set memory= --set cpus=1.5");
});

const key = {
  id: "key_1", name: "app", kind: "sk", scopes: ["chat", "read"],
  limits: { requests_per_minute: 60, concurrency: null, tokens_per_minute: null, usd_per_day: 5, usd_per_month: null },
} as unknown as Key;

test("a new key says what was typed and nothing else", () => {
  expect(bodyOf({ ...newKey, name: " app " })).toEqual({ name: "app", kind: "sk" });
  const body = bodyOf({ ...newKey, name: "app", scopes: ["chat"], expiresIn: "90d", limits: { ...newKey.limits, usd_per_day: "2.5", concurrency: "many" } });
  expect(body).toEqual({ name: "app", kind: "sk", scopes: ["chat"], expires_in: "90d", limits: { usd_per_day: 2.5, concurrency: "many" } });
  expect(bodyOf({ ...newKey, name: "root", kind: "ad", scopes: ["chat"] })).toEqual({ name: "root", kind: "ad" });
  expect(keyCommand("create", "app", { ...body, limits: { usd_per_day: 2.5 } })).toBe("janusctl create key app --scopes chat --expires 90d --usd-per-day 2.5");
});

test("a key's patch has what differs", () => {
  const draft = draftOfKey(key);
  expect(patchOfKey(key, draft)).toEqual({});
  expect(patchOfKey(key, { ...draft, scopes: ["read", "chat"] })).toEqual({});
  const patch = patchOfKey(key, { ...draft, name: "web", scopes: ["chat"], limits: { ...draft.limits, requests_per_minute: "", concurrency: "4" } });
  expect(patch).toEqual({ name: "web", scopes: ["chat"], limits: { requests_per_minute: null, concurrency: 4 } });
  expect(keyCommand("update", "app", patch)).toBe("janusctl update key app --rename web --scopes chat --requests-per-minute 0 --concurrency 4");
});

test("runs and schedules say what was typed, and the command is the same", () => {
  expect(runBody({ ...nothing, competitor: "owl" })).toEqual({ competitor: "owl" });
  const body = scheduleBody({ ...nothing, competitor: "all", cron: "0 3 * * *", tz: "Europe/Prague", subset: "10", seed: "x" });
  expect(body).toEqual({ cron: "0 3 * * *", tz: "Europe/Prague", competitor: "all", seed: "x", subset_percent: 10 });
  expect(command("schedule", { cron: "0 3 * * *", competitor: "all", subset_percent: 10 })).toBe('janusctl schedule bench --cron "0 3 * * *" --competitor all --subset 10');
  expect(timesOf({ next_times: ["a", 1, "b"] })).toEqual(["a", "b"]);
  expect(timesOf({ next_at: null })).toEqual([]);
});

test("what a trial would change is told member by member", () => {
  expect(changes({ a: 1, limits: { x: null }, etag: "1" }, { a: 1, limits: { x: 2 }, etag: "2", dry_run: true })).toEqual([{ what: "limits.x", from: "none", to: "2" }]);
  expect(changes(undefined, { scopes: ["a", "b"], state_reason: "x" })).toEqual([
    { what: "scopes", from: "none", to: "a, b" },
    { what: "state reason", from: "none", to: "x" },
  ]);
  expect(changes({}, null)).toEqual([]);
});

test("actions are the calls of janusctl", () => {
  const owl = { id: "cpt_1", name: "owl", state: "ready", wanted: "running", instances: 1, is_default: true } as Parameters<typeof steer>[1];
  expect(steer("remove", owl)).toMatchObject({ method: "DELETE", path: "/api/v1/competitors/cpt_1", confirm: "owl" });
  expect(steer("stop", owl)).toMatchObject({ method: "POST", path: "/api/v1/competitors/cpt_1/stop", body: undefined, confirm: undefined });
  expect(steer("promote", owl, { version: "ver_1", share: 10 })).toMatchObject({ body: { version: "ver_1", share: 10 }, command: "janusctl promote competitor owl --to ver_1 --share 10" });
  expect(steer("stop", owl).would).toEqual([{ what: "wanted", from: "running", to: "stopped" }]);
  expect(steer("start", owl).would).toEqual([]);
  expect(steer("promote", owl, { version: "ver_1", share: 10 }).would).toEqual([{ what: "share of ver_1", from: "0 %", to: "10 %" }]);
  expect(steer("promote", owl, { version: "ver_1" }).would).toEqual([{ what: "version", from: "none", to: "ver_1" }]);
  expect(steer("rollback", owl).body).toBeUndefined();
  expect(steer("rollback", owl, { version: "ver_1" }).body).toEqual({ version: "ver_1" });
  expect([shareOf(" "), shareOf("10"), shareOf("0"), shareOf("1.5"), shareOf("x")]).toEqual([undefined, 10, null, null, null]);
});

test("[L08] a link of an artifact leads nowhere but to this gateway's artifacts", () => {
  expect(linkOf({ url: "/v1/artifacts/artf_1?sig=a&exp=1" })).toBe("/v1/artifacts/artf_1?sig=a&exp=1");
  expect(linkOf({ url: "https://elsewhere.example/v1/artifacts/artf_1?sig=a" })).toBe("/v1/artifacts/artf_1?sig=a");
  for (const url of ["javascript:alert(1)", "/api/v1/keys", "https://elsewhere.example/x", 5, null]) expect(linkOf({ url })).toBeNull();
});
