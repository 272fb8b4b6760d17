import { Fragment, memo, useMemo, type ReactNode } from "react";
import { parseMarkdown, type SafeNode } from "../lib/markdown";
import { cutAtEmoji, onlyEmoji } from "../lib/emoji";
import { cutAtNames } from "../lib/mentions";

/** By name: how an emoji with a picture is drawn. */
export type Drawn = ReadonlyMap<string, ReactNode>;

const drawEmoji = (text: string, key: number, emoji: Drawn): ReactNode => emoji.size === 0 ? text
  : cutAtEmoji(text, emoji).map(({ text, name }, at) => (name === undefined ? text : <Fragment key={`${key} ${at}`}>{emoji.get(name)}</Fragment>));

function render(node: SafeNode, key: number, names: ReadonlySet<string>, emoji: Drawn): ReactNode {
  const inner = "children" in node ? node.children.map((child, at) => render(child, at, names, emoji)) : null;
  switch (node.type) {
    case "text":
      return names.size === 0 ? drawEmoji(node.value, 0, emoji) : cutAtNames(node.value, names).map(({ text, named }, at) =>
        named ? <span key={at} className="mention">{text}</span> : drawEmoji(text, at, emoji));
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

const kNone: Drawn = new Map();

/** `names`: those that are meant by an @, with spaces between. */
export const Markdown = memo(function Markdown({ text, names = "", emoji = kNone }: { text: string; names?: string; emoji?: Drawn | undefined }) {
  const known = useMemo(() => new Set(names.toLowerCase().split(" ").filter(Boolean)), [names]);
  if (kOnlyEmoji.test(text)) {
    return <p className="only-emoji">{text}</p>;
  }
  if (emoji.size > 0 && onlyEmoji(text, emoji)) {
    return <p className="only-emoji">{drawEmoji(text, 0, emoji)}</p>;
  }
  return <>{parseMarkdown(text).map((node, at) => render(node, at, known, emoji))}</>;
});
