import { EmojiPicker as Picker, type EmojiPickerListComponents } from "frimousse";
import { Plus } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { Id } from "@core/types";
import { IconButton, Spinner } from "../ui/basics";
import { EmojiPicture } from "../ui/emoji-picture";
import { useEmoji } from "../state/emoji";
import { openPanel } from "../state/panels";

// Rows and columns are counted from 1 (WAI-ARIA); the library begins with 0.
const kComponents: Partial<EmojiPickerListComponents> = {
  Row: ({ children, ...rest }) => <div {...rest} aria-rowindex={Number(rest["aria-rowindex"] ?? 0) + 1}>{children}</div>,
  Emoji: ({ emoji, ...rest }) => <button type="button" {...rest} aria-colindex={Number(rest["aria-colindex"] ?? 0) + 1}>{emoji.emoji}</button>,
};

/** `picture`: of a `:name:` the file that it is drawn from. */
type Pick = (emoji: string, picture?: Id) => void;

export function EmojiPicker({ conversation, onPick }: { conversation: Id; onPick: Pick }) {
  const { t, i18n } = useTranslation();
  return (
    <>
      <OwnEmoji conversation={conversation} onPick={onPick} />
      {/* The data comes from this server, when the picker is first opened. */}
      <Picker.Root className="emoji" locale={i18n.language === "de" ? "de" : "en"} emojibaseUrl={`${location.origin}/emoji`}
        onEmojiSelect={({ emoji }) => onPick(emoji)} columns={8}>
        <Picker.Search className="emoji-search" placeholder={t("composer.emojiSearch")} aria-label={t("composer.emojiSearch")} autoFocus />
        <Picker.Viewport className="emoji-view">
          <Picker.Loading><Spinner /></Picker.Loading>
          <Picker.Empty>{t("composer.emojiNone")}</Picker.Empty>
          <Picker.List className="emoji-list" components={kComponents} />
        </Picker.Viewport>
      </Picker.Root>
    </>
  );
}

function OwnEmoji({ conversation, onPick }: { conversation: Id; onPick: Pick }) {
  const { t } = useTranslation();
  const emoji = useEmoji(conversation);
  return (
    <section className="emoji-own" aria-label={t("emoji.own")}>
      <header>{t("emoji.own")} <IconButton icon={Plus} label={t("emoji.add")} onClick={() => openPanel({ name: "emoji", conversation })} /></header>
      {emoji.length > 0 && (
        <ul>
          {emoji.map(({ name, picture }) => (
            <li key={picture.fileId}>
              <button type="button" aria-label={`:${name}:`} title={`:${name}:`} onClick={() => onPick(`:${name}:`, picture.fileId)}>
                <EmojiPicture conversation={conversation} name={name} picture={picture} />
              </button>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
