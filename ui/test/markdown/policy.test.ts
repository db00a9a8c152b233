import { describe, expect, it } from "vitest";
import { clean, fileName, oneLine, visible } from "@/lib/markdown/clean";
import { deceives, imageOf, linkOf } from "@/lib/markdown/urls";

const here = "http://localhost:8000";
const artifact = "/v1/artifacts/artf_01k9x2w6h0e5v8t3m7q4r1n2pa?sig=ab_c-d&exp=1796033700";

describe("links [L08]", () => {
  it.each([
    "javascript:alert(1)",
    " javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "java\tscript:alert(1)",
    "java\nscript:alert(1)",
    "\u0001javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "data:image/svg+xml,<svg onload=alert(1)>",
    "vbscript:msgbox(1)",
    "file:///etc/passwd",
    "blob:https://evil.example/1",
    "about:blank",
    "filesystem:https://evil.example/x",
    "view-source:https://evil.example/",
    "ws://evil.example/",
    "//evil.example/",
    "\\\\evil.example\\x",
    "/api/v1/keys",
    "/v1/artifacts/../keys",
    `/v1/artifacts/artf_${"x".repeat(26)}/../../keys?a=b`,
    "relative",
    "https://user@evil.example/",
    "https://a:b@evil.example/",
    "https://",
    "",
  ])("%j leads nowhere", (href) => expect(linkOf(href, here)).toEqual({ kind: "inert" }));

  it("go to pages elsewhere, mail, a place on the page, a file of the answer", () => {
    expect(linkOf("https://fine.example/x?y#z", here)).toEqual({ kind: "web", href: "https://fine.example/x?y#z", host: "fine.example" });
    expect(linkOf("mailto:me@fine.example", here).kind).toBe("mail");
    expect(linkOf("#a%20b", here)).toEqual({ kind: "anchor", id: "a b" });
    expect(linkOf("#%E0%A4", here)).toEqual({ kind: "anchor", id: "%E0%A4" });
    expect(linkOf(artifact, here)).toEqual({ kind: "artifact", href: artifact });
    expect(linkOf(here + artifact, here)).toEqual({ kind: "artifact", href: artifact });
  });

  it("tell their real host by its code", () => {
    expect(linkOf("https://\u0430pple.example/", here)).toMatchObject({ host: "xn--pple-43d.example" });
    expect(deceives("https://bank.example", "evil.example")).toBe(true);
    expect(deceives("bank.example/login", "bank.example.evil.example")).toBe(true);
    expect(deceives("www.fine.example", "fine.example")).toBe(false);
    expect(deceives("fine.example:8080/x", "fine.example:9090")).toBe(false);
    expect(deceives("read this", "evil.example")).toBe(false);
  });
});

describe("pictures [L09]", () => {
  it("are shown if they are raster data, or the page's own", () => {
    expect(imageOf("data:image/png;base64,AAAA", here).kind).toBe("shown");
    expect(imageOf(`blob:${here}/1`, here).kind).toBe("shown");
    expect(imageOf(artifact, here).kind).toBe("artifact");
  });
  it.each(["https://evil.example/?q=secret", "http://evil.example/a.png"])("%s is a link", (src) => expect(imageOf(src, here).kind).toBe("remote"));
  it.each(["data:image/svg+xml;base64,AAAA", "data:text/html;base64,AAAA", "data:image/png,<x>", "javascript:alert(1)", "blob:https://evil.example/1", "//evil.example/a.png", "/v1/models", ""])(
    "%j is refused",
    (src) => expect(imageOf(src, here).kind).toBe("refused"),
  );
});

describe("characters that are no text [L08]", () => {
  it("of terminals go, others get a picture", () => {
    expect(clean("\u001b[31mred\u001b[0m \u001b]8;;https://x\u0007link\u001b]8;;\u001b\\ \u001b]0;t\u0007.")).toBe("red link .");
    expect(clean("a\u0007b\u0000c\r\nd\re\tf\u009b")).toBe("a\u2407b\u2400c\nd\ne\tf\ufffd");
  });
  it("that turn the direction are shown", () => {
    expect(visible("a\u202eb\u2066c\u200bd")).toBe("a[U+202E]b[U+2066]c[U+200B]d");
    expect(visible("\u{1f469}\u200d\u{1f467}")).toBe("\u{1f469}\u200d\u{1f467}");
  });
  it("make no name longer than a line", () => {
    expect(oneLine("a\n\tb   c", 20)).toBe("a b c");
    expect([...oneLine("x".repeat(100_000), 20)]).toHaveLength(20);
  });
});

describe("names of files [L08]", () => {
  it.each([
    ["../../etc/passwd", "passwd"],
    ["C:\\windows\\x.txt", "x.txt"],
    ["\u202egnp.exe", "gnp.exe"],
    ["<img src=x onerror=alert(1)>.txt", "_img src=x onerror=alert(1)_.txt"],
    ["..", "file"],
    ["", "file"],
    [".hidden.", "hidden"],
    ["a\u0000b\n.txt", "a_b .txt"],
  ])("%j is %j", (name, plain) => expect(fileName(name)).toBe(plain));
  it("are cut, and keep their ending", () => {
    const name = fileName(`${"x".repeat(10_000)}.csv`);
    expect(name.length).toBeLessThanOrEqual(120);
    expect(name.endsWith("….csv")).toBe(true);
  });
});
