import { EmojiPicker as Picker, type EmojiPickerListComponents } from "frimousse";
import { useTranslation } from "react-i18next";
import { Spinner } from "../ui/basics";

// Rows and columns are counted from 1 (WAI-ARIA); the library begins with 0.
const kComponents: Partial<EmojiPickerListComponents> = {
  Row: ({ children, ...rest }) => <div {...rest} aria-rowindex={Number(rest["aria-rowindex"] ?? 0) + 1}>{children}</div>,
  Emoji: ({ emoji, ...rest }) => <button type="button" {...rest} aria-colindex={Number(rest["aria-colindex"] ?? 0) + 1}>{emoji.emoji}</button>,
};

export function EmojiPicker({ onPick }: { onPick(emoji: string): void }) {
  const { t, i18n } = useTranslation();
  return (
    // The data comes from this server, when the picker is first opened.
    <Picker.Root className="emoji" locale={i18n.language === "de" ? "de" : "en"} emojibaseUrl={`${location.origin}/emoji`}
      onEmojiSelect={({ emoji }) => onPick(emoji)} columns={8}>
      <Picker.Search className="emoji-search" placeholder={t("composer.emojiSearch")} aria-label={t("composer.emojiSearch")} autoFocus />
      <Picker.Viewport className="emoji-view">
        <Picker.Loading><Spinner /></Picker.Loading>
        <Picker.Empty>{t("composer.emojiNone")}</Picker.Empty>
        <Picker.List className="emoji-list" components={kComponents} />
      </Picker.Viewport>
    </Picker.Root>
  );
}
