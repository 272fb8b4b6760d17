import { cutAtFound } from "../lib/found";

/** A text in which the words that were looked for are marked. */
export const Found = ({ text, words }: { text: string; words: readonly string[] }) => (
  <>{cutAtFound(text, words).map((part, at) => (part.found ? <mark key={at}>{part.text}</mark> : part.text))}</>
);
