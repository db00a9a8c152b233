import { describe, expect, it } from "vitest";
import { digestIn, pathOf } from "@/chat/artifacts/bytes";
import { parseCsv, separatorOf } from "@/chat/artifacts/csv";
import { kindOf, shownType } from "@/chat/artifacts/kinds";
import { claimedSize } from "@/chat/artifacts/preview/ImagePreview";
import { distinct } from "@/chat/artifacts/zip";
import { admit, FILES_MAX, kindOfFile } from "@/chat/attach/rules";
import type { Artifact } from "@/chat/types";
import { inAMoment } from "../moment";

const rows = (text: string) => parseCsv(text, 1000).rows;

describe("CSV", () => {
  it("has quotes, line ends and empty cells", () => {
    expect(rows('a,b\r\n1,"x, ""y""\nz"\n')).toEqual([["a", "b"], ["1", 'x, "y"\nz']]);
    expect(rows("a,,c\n,\n")).toEqual([["a", "", "c"], ["", ""]]);
    expect(rows("\ufeffa\n")).toEqual([["a"]]);
    expect(rows("a,b")).toEqual([["a", "b"]]);
    expect(rows("")).toEqual([]);
  });
  it("may be broken", () => {
    expect(rows('"never closed\na,b')).toEqual([["never closed\na,b"]]);
    expect(rows('"a"b,c')).toEqual([["ab", "c"]]);
    expect(rows('a"b,c')).toEqual([['a"b', "c"]]);
  });
  it("is cut, and says so", () => {
    const { rows, cut } = parseCsv("a\n".repeat(1000), 10);
    expect([rows.length, cut]).toEqual([10, true]);
    expect(parseCsv("a\nb\n", 2).cut).toBe(false);
  });
  it("has the separator that its first line has most of", () => {
    expect(separatorOf('a;b;"c,d,e,f"\n1,2')).toBe(";");
    expect(separatorOf("a\tb\n")).toBe("\t");
    expect(separatorOf("one")).toBe(",");
  });
  it("of megabytes is read in a moment", () => {
    inAMoment("x\n", 2_000_000, (whole) => parseCsv(`"${whole}`, 10));
    inAMoment('"', 1_000_000, (whole) => parseCsv(whole, 10));
  });
});

const artifact = (more: Partial<Artifact>): Artifact => ({ id: "x", name: "x", mime: "", type: "file", bytes: 1, sha256: "", url: null, unavailable: null, ...more });

describe("artifacts", () => {
  it.each([
    ["image/png", "x", "image"],
    ["image/svg+xml; charset=utf-8", "x.png", "svg"],
    ["text/html", "x.png", "html"],
    ["text/plain", "x.html", "text"],
    ["text/plain", "x.csv", "csv"],
    ["application/octet-stream", "x.PDF", "pdf"],
    ["application/octet-stream", "page.html", "html"],
    ["", "noending", "none"],
    ["application/x-msdownload", "x.png", "none"],
    ["audio/mpeg", "x", "audio"],
    ["application/json", "x", "text"],
  ])("%s %s is %s", (mime, name, kind) => expect(kindOf({ mime, name })).toBe(kind));

  it("are told to the browser as nothing that runs [L08]", () => {
    expect(shownType("html", "text/html")).toBe("text/plain");
    expect(shownType("image", "text/html")).toBe("");
    expect(shownType("image", "image/png; x")).toBe("image/png");
  });
  it("are at the gateway or nowhere [L09]", () => {
    const url = "/v1/artifacts/artf_01k9x2w6h0e5v8t3m7q4r1n2pa?sig=a&exp=1";
    expect(pathOf(artifact({ url }))).toBe(url);
    for (const bad of [`https://evil.example${url}`, "/v1/artifacts/../../x?a=b", "javascript:alert(1)", `//evil.example${url}`]) expect(pathOf(artifact({ url: bad }))).toBeNull();
  });
  it("have the hash that the gateway states", () => {
    expect(digestIn("sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:")).toBe("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    expect(digestIn("sha-512=:AAAA:")).toBeNull();
    expect(digestIn(null)).toBeNull();
  });
  it("claim a size before they are drawn", () => {
    const png = new Uint8Array(32);
    png.set([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0, 0, 0, 13, 73, 72, 68, 82, 0, 0, 0x9c, 0x40, 0, 0, 0x9c, 0x40]);
    expect(claimedSize(png)).toEqual({ width: 40_000, height: 40_000 });
    expect(claimedSize(new Uint8Array(3))).toBeNull();
  });
  it("have names of their own in an archive", () => {
    expect(distinct(["a.txt", "../a.txt", "A.TXT", "b"])).toEqual(["a.txt", "a (2).txt", "A (3).TXT", "b"]);
  });
});

describe("files that are given", () => {
  const file = (name: string, size = 10, type = "") => ({ name, size, type });
  it("are pictures, or others", () => {
    expect(kindOfFile("a.PNG", "")).toEqual({ kind: "image", mime: "image/png" });
    expect(kindOfFile("pasted", "image/jpeg")).toEqual({ kind: "image", mime: "image/jpeg" });
    expect(kindOfFile("a.csv", "text/csv")).toEqual({ kind: "file", mime: "text/csv" });
    expect(kindOfFile("a.bin", "x\ny")).toEqual({ kind: "file", mime: "application/octet-stream" });
  });
  it("are no more and no larger than a message takes", () => {
    expect(admit([file("a.txt")], []).taken).toHaveLength(1);
    expect(admit([file("a.txt", 0)], []).refused[0]).toMatch(/empty/);
    expect(admit([file("a.txt", 5_000_001)], []).refused[0]).toMatch(/5 MB/);
    expect(admit([file("a.png", 10_000_001)], []).refused[0]).toMatch(/10 MB/);
    expect(admit([file("a.pdf", 50_000_000)], []).taken).toHaveLength(1);
    const many = admit(Array.from({ length: 12 }, (_, i) => file(`${i}.txt`)), []);
    expect([many.taken.length, many.refused.length]).toEqual([FILES_MAX, 2]);
    expect(admit([file("a.pdf", 50_000_000)], [{ bytes: 60_000_000 }]).refused[0]).toMatch(/100 MB together/);
  });
});
