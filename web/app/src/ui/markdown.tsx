import { memo, useMemo, type ReactNode } from "react";
import { parseMarkdown, type SafeNode } from "../lib/markdown";
import { cutAtNames } from "../lib/mentions";

function render(node: SafeNode, key: number, names: ReadonlySet<string>): ReactNode {
  const inner = "children" in node ? node.children.map((child, at) => render(child, at, names)) : null;
  switch (node.type) {
    case "text":
      return names.size === 0 ? node.value : cutAtNames(node.value, names).map(({ text, named }, at) =>
        named ? <span key={at} className="mention">{text}</span> : text);
    case "code":
      return <code key={key} dir="auto">{node.value}</code>;
    case "codeBlock":
      return <pre key={key} dir="ltr" tabIndex={0}><code>{node.value}</code></pre>;
    case "break":
      return <br key={key} />;
    case "rule":
      return <hr key={key} />;
    case "paragraph":
      return <p key={key} dir="auto">{inner}</p>;
    case "heading": // a message's headings are not the page's
      return <p key={key} dir="auto" className="message-heading">{inner}</p>;
    case "strong":
      return <strong key={key}>{inner}</strong>;
    case "emphasis":
      return <em key={key}>{inner}</em>;
    case "delete":
      return <del key={key}>{inner}</del>;
    case "quote":
      return <blockquote key={key} dir="auto">{inner}</blockquote>;
    case "list":
      return node.ordered ? <ol key={key} start={node.start}>{inner}</ol> : <ul key={key}>{inner}</ul>;
    case "item":
      return <li key={key} dir="auto">{inner}</li>;
    case "link":
      return <a key={key} href={node.url} target="_blank" rel="noopener noreferrer nofollow">{inner}</a>;
  }
}

const kOnlyEmoji = /^(?:\p{Extended_Pictographic}(?:\ufe0f|\p{Emoji_Modifier}|\u200d\p{Extended_Pictographic})*\s*){1,3}$/u;

/** `names`: those that are meant by an @, with spaces between. */
export const Markdown = memo(function Markdown({ text, names = "" }: { text: string; names?: string }) {
  const known = useMemo(() => new Set(names.toLowerCase().split(" ").filter(Boolean)), [names]);
  if (kOnlyEmoji.test(text)) {
    return <p className="only-emoji">{text}</p>;
  }
  return <>{parseMarkdown(text).map((node, at) => render(node, at, known))}</>;
});
