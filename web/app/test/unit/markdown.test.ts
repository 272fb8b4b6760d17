import { describe, expect, it } from "vitest";
import { parseMarkdown, plainText, safeUrl, type SafeNode } from "../../src/lib/markdown";

const text = (value: string): SafeNode => ({ type: "text", value });
const inline = (source: string) => (parseMarkdown(source)[0] as { children: SafeNode[] }).children;

function types(nodes: SafeNode[]): string[] {
  return nodes.flatMap((node) => [node.type, ..."children" in node ? types(node.children) : []]);
}

describe("parseMarkdown", () => {
  it("knows what people write", () => {
    expect(inline("**a** *b* ~~c~~ `d`").map(({ type }) => type)).toEqual(["strong", "text", "emphasis", "text", "delete", "text", "code"]);
    expect(types(parseMarkdown("> q\n\n1. x\n2. y\n\n```\ncode\n```"))).toEqual(
      ["quote", "paragraph", "text", "list", "item", "paragraph", "text", "item", "paragraph", "text", "codeBlock"]);
  });
  it("makes links of web addresses, not of anything else", () => {
    expect(inline("see https://example.org/a")[1]).toEqual({ type: "link", url: "https://example.org/a", children: [text("https://example.org/a")] });
    for (const source of ["[x](javascript:alert(1))", "[x](data:text/html,hi)", "[x](vbscript:x)", "[x](/settings)", "[x](JaVaScRiPt:alert(1))", "[x](&#106;avascript:alert(1))"]) {
      expect(types(parseMarkdown(source)), source).not.toContain("link");
    }
  });
  it("shows HTML and pictures as they were written", () => {
    expect(inline("a <b onclick=x>b</b>").map((node) => "value" in node && node.value).join("")).toBe("a <b onclick=x>b</b>");
    expect(parseMarkdown("<script>alert(1)</script>")).toEqual([{ type: "paragraph", children: [text("<script>alert(1)</script>")] }]);
    expect(inline("![x](https://example.org/track.png)")).toEqual([text("![x](https://example.org/track.png)")]);
  });
  it("loses nothing of deeply nested text and ends", () => {
    const source = ">".repeat(200) + " deep";
    expect(JSON.stringify(parseMarkdown(source))).toContain("deep");
  });
  it("is quick with what is made to be slow", () => {
    const begin = process.cpuUsage();
    for (const source of ["*a ".repeat(4000), "[".repeat(8000), "`".repeat(4000) + "a", "<".repeat(8000), "a@".repeat(4000)]) {
      parseMarkdown(source);
    }
    expect(process.cpuUsage(begin).user / 1000).toBeLessThan(5000);
  }, 60_000);
});

describe("safeUrl", () => {
  it("takes absolute web and mail addresses", () => {
    expect(safeUrl("https://example.org")).toBe("https://example.org/");
    expect(safeUrl("mailto:ann@example.org")).toBe("mailto:ann@example.org");
  });
  it("refuses everything else", () => {
    for (const url of ["javascript:1", "file:///etc/passwd", "blob:x", "//example.org", "", "\u0000https://x", "unhidra:x"]) {
      expect(safeUrl(url) ?? "refused", url).toMatch(/^refused$|^https:/);
    }
    expect(safeUrl("javascript:1")).toBeUndefined();
  });
});

it("reduces a message to its words for the list", () => {
  expect(plainText("**Hello** `x`\n\n- one\n- two")).toBe("Hello x one two");
});
