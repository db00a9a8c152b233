import { describe, expect, it } from "vitest";
import { checkDigest, checkImage, checkManifest, checkManifestText, checkName, checkUrl, sizeOf, timeOf } from "@/board/enter/validate";

const good = (check: (text: string) => string | null, ...texts: string[]) => {
  for (const text of texts) expect(check(text), text).toBeNull();
};
const bad = (check: (text: string) => string | null, ...texts: string[]) => {
  for (const text of texts) expect(check(text), text).not.toBeNull();
};

describe("names", () => {
  it("are slugs of at most 40", () => {
    good(checkName, "a", "swift-owl", "owl-2", "0", "a".repeat(40), "jan", "janusx");
    bad(checkName, "", "Owl", "owl_2", "owl 2", "-owl", "owl-", "ö", "a".repeat(41));
  });
  it("are none of Janus's own", () => bad(checkName, "janus", "janus-fast", "janus-anything", "champion", "all", "check-1"));
});

describe("image references, as runtime/engine/image_ref.c reads them", () => {
  const digest = `sha256:${"0a".repeat(32)}`;
  it("are taken", () =>
    good(checkImage, "owl", "owl:3", "team/owl:3", "host.example/team/owl:3", "localhost/owl", "127.0.0.1:5000/team/owl", `owl@${digest}`, `h.io:1/a/b:t@${digest}`, "[::1]:5000/owl", "x/a.b_c__d---e", "owl:V1.0_x-y"));
  it("are refused", () =>
    bad(checkImage, "", "Owl", "team//owl", "owl:", "owl:.x", "owl:-x", "owl: 3", "ö", "docker://owl", "http://owl", "me:pw@host.io/owl", "owl@sha256:12", `owl@sha256:${"A".repeat(64)}`, "host.io:0/owl", "host.io:99999/owl", "-h.io/owl", "owl_", "a___b", "a..b", "/owl", "owl/", "x".repeat(513), "x".repeat(256), `owl:${"t".repeat(129)}`, "host.io/"));
  it("tell an address from an image", () => expect(checkImage("http://127.0.0.1:9001")).toContain("Address"));
});

it("digests are sha256 and 64 lower-case hex digits", () => {
  good(checkDigest, `sha256:${"0f".repeat(32)}`);
  bad(checkDigest, "", "sha256:", `sha256:${"0F".repeat(32)}`, `sha512:${"0f".repeat(32)}`, `sha256:${"0f".repeat(32)}0`);
});

it("addresses are whole and have nothing that does not belong there", () => {
  good(checkUrl, "http://127.0.0.1:9001", "https://owl.example", "https://owl.example/base/", "http://[::1]:80", "HTTP://x", "http://a/%20");
  bad(checkUrl, "", "owl.example", "ftp://x", "http://", "http://me@x", "http://x:0", "http://x:70000", "http://x:", "http://x/?q", "http://x/#f", "http://x/a b", "http://x/%2", "http://0x7f000001.0x1", "http://010.1", "http://1.2.3", "http://a..b", "http://x:01");
});

describe("manifests", () => {
  const limits = { memory: "4 GiB", cpus: 2, start_timeout: "30s" };
  it("are taken as docs/miner.md has them", () => {
    const manifest = {
      name: "swift-owl", description: "Reads backwards", port: 8080, start_timeout: "30s", concurrency: 4,
      resources: { memory: "512MiB", cpus: 1 }, env: { OWL_MODE: "fast" }, source: "https://example.org/owl", license: "MIT", capabilities: ["embeddings", "tools", "flying"],
    };
    expect(checkManifest(manifest, limits)).toBeNull();
    expect(checkManifest({}, limits)).toBeNull();
    expect(checkManifestText("", limits)).toBeNull();
  });
  it("name what is wrong", () => {
    const cases: [unknown, RegExp][] = [
      [[], /object/],
      [{ prot: 1 }, /Unknown field “prot”/],
      [{ port: 80 }, /port/],
      [{ port: 8600 }, /taken/],
      [{ port: 8080.5 }, /port/],
      [{ concurrency: 0 }, /concurrency/],
      [{ resources: { memory: "5GiB" } }, /at most 4 GiB/],
      [{ resources: { memory: "1MiB" } }, /16MiB/],
      [{ resources: { memory: 512 } }, /size/],
      [{ resources: { memory: "1.5GiB" } }, /size/],
      [{ resources: { cpus: 3 } }, /at most 2/],
      [{ resources: { gpu: 1 } }, /resources.gpu/],
      [{ start_timeout: "31s" }, /at most 30s/],
      [{ start_timeout: "30" }, /duration/],
      [{ env: { path: "x" } }, /capitals/],
      [{ env: { PORT: "1" } }, /platform/],
      [{ env: { A: 1 } }, /string/],
      [{ capabilities: "tools" }, /array/],
      [{ engine: "podman" }, /engine/],
      [{ license: 1 }, /string/],
      [{ description: "x".repeat(512) }, /longer/],
    ];
    for (const [manifest, pattern] of cases) expect(checkManifest(manifest, limits), JSON.stringify(manifest)).toMatch(pattern);
    expect(checkManifestText("{", limits)).toMatch(/not JSON/);
  });
  it("are not held against limits that nobody told", () => expect(checkManifest({ resources: { memory: "999GiB" } })).toBeNull());
});

it("sizes and durations", () => {
  expect([sizeOf("512MiB"), sizeOf("1GB"), sizeOf("7"), sizeOf("1 MiB"), sizeOf("1Mib"), sizeOf("")]).toEqual([536870912, 1e9, 7, null, null, null]);
  expect([timeOf("30s"), timeOf("5m"), timeOf("250ms"), timeOf("7"), timeOf("1w")]).toEqual([30_000, 300_000, 250, null, null]);
});
