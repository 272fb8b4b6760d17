// Markdown as a tree that can hold nothing dangerous: what a message may contain is listed here, and everything else
// (HTML, images, references) is shown as the text it was written as.
import type { Nodes, Root } from "mdast";
import { fromMarkdown } from "mdast-util-from-markdown";
import { gfmAutolinkLiteralFromMarkdown } from "mdast-util-gfm-autolink-literal";
import { gfmStrikethroughFromMarkdown } from "mdast-util-gfm-strikethrough";
import { gfmAutolinkLiteral } from "micromark-extension-gfm-autolink-literal";
import { gfmStrikethrough } from "micromark-extension-gfm-strikethrough";

export type SafeNode =
  | { type: "text" | "code" | "codeBlock"; value: string }
  | { type: "break" | "rule" }
  | { type: "paragraph" | "strong" | "emphasis" | "delete" | "quote" | "heading" | "item"; children: SafeNode[] }
  | { type: "list"; ordered: boolean; start: number; children: SafeNode[] }
  | { type: "link"; url: string; children: SafeNode[] };

const kSchemes = ["http:", "https:", "mailto:"];
const kMaxDepth = 12;

/** Absolute, and of a scheme that only leads somewhere; nothing otherwise. */
export function safeUrl(url: string): string | undefined {
  try {
    const parsed = new URL(url);
    return kSchemes.includes(parsed.protocol) ? parsed.href : undefined;
  } catch {
    return undefined;
  }
}

function children(nodes: readonly Nodes[], source: string, depth: number): SafeNode[] {
  return nodes.flatMap((node) => safe(node, source, depth));
}

// As it was written.
function verbatim(node: Nodes, source: string): SafeNode[] {
  const { start, end } = node.position ?? {};
  const value = start?.offset !== undefined && end?.offset !== undefined ? source.slice(start.offset, end.offset) : "";
  return value === "" ? [] : [{ type: "text", value }];
}

function safe(node: Nodes, source: string, depth: number): SafeNode[] {
  if (depth > kMaxDepth) {
    return verbatim(node, source);
  }
  const inner = () => ("children" in node ? children(node.children as Nodes[], source, depth + 1) : []);
  switch (node.type) {
    case "text":
      return [{ type: "text", value: node.value }];
    case "inlineCode":
      return [{ type: "code", value: node.value }];
    case "code":
      return [{ type: "codeBlock", value: node.value }];
    case "break":
      return [{ type: "break" }];
    case "thematicBreak":
      return [{ type: "rule" }];
    case "paragraph":
    case "strong":
    case "emphasis":
    case "delete":
    case "heading":
      return [{ type: node.type, children: inner() }];
    case "blockquote":
      return [{ type: "quote", children: inner() }];
    case "list":
      return [{ type: "list", ordered: node.ordered === true, start: node.start ?? 1, children: inner() }];
    case "listItem":
      return [{ type: "item", children: inner() }];
    case "link": {
      const url = safeUrl(node.url);
      return url === undefined ? verbatim(node, source) : [{ type: "link", url, children: inner() }];
    }
    case "html":
      return depth <= 1 ? [{ type: "paragraph", children: verbatim(node, source) }] : verbatim(node, source);
    default:
      return verbatim(node, source);
  }
}

export function parseMarkdown(text: string): SafeNode[] {
  const tree: Root = fromMarkdown(text, {
    extensions: [gfmStrikethrough({ singleTilde: false }), gfmAutolinkLiteral()],
    mdastExtensions: [gfmStrikethroughFromMarkdown(), gfmAutolinkLiteralFromMarkdown()],
  });
  return children(tree.children, text, 1);
}

/** Its words alone, for previews. */
export function plainText(text: string): string {
  const words = (node: SafeNode): string =>
    "value" in node ? node.value : "children" in node ? node.children.map(words).join("") + (node.type === "paragraph" ? " " : "") : " ";
  return parseMarkdown(text.slice(0, 300)).map(words).join(" ").replace(/\s+/g, " ").trim();
}
