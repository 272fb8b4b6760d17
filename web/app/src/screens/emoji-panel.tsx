// The emoji with pictures of a conversation: who brought them, a new one, and taking back one's own.
import { ImagePlus, Trash2 } from "lucide-react";
import { useEffect, useRef, useState, type FormEvent } from "react";
import { useTranslation } from "react-i18next";
import type { Id } from "@core/types";
import { Button, Field, IconButton } from "../ui/basics";
import { Modal } from "../ui/dialog";
import { EmojiPicture } from "../ui/emoji-picture";
import { isEmojiName, nameFromFile } from "../lib/emoji";
import { emojiFrom, type EmojiFile } from "../lib/emoji-file";
import { explainError } from "../lib/errors";
import { nameOf } from "../lib/names";
import { kNobody } from "../lib/notices";
import { bringEmoji, takeBackEmoji, useEmoji } from "../state/emoji";
import { learn } from "../state/refresh";
import { useApp } from "../state/store";

export function EmojiPanel({ conversation, onClose }: { conversation: Id; onClose(): void }) {
  const { t } = useTranslation();
  const emoji = useEmoji(conversation);
  const users = useApp((state) => state.users);
  const me = useApp((state) => state.account);
  const [problem, setProblem] = useState("");
  useEffect(() => void learn(emoji.map(({ broughtBy }) => broughtBy).filter((id) => id !== kNobody)).catch(() => undefined), [emoji]);
  const whoBrought = (id: Id) => id === kNobody ? t("emoji.from_use")
    : t("emoji.brought_by", { name: id === me?.user ? t("common.you") : nameOf(users[id], t("common.unknownPerson")) });
  return (
    <Modal title={t("emoji.title")} onClose={onClose}>
      <div className="stack">
        {emoji.length === 0 ? <p>{t("emoji.none")}</p> : (
          <ul className="people" aria-label={t("emoji.title")}>
            {emoji.map((one) => (
              <li key={one.picture.fileId} className="person">
                <EmojiPicture conversation={conversation} name={one.name} picture={one.picture} large />
                <span className="person-name"><bdi>:{one.name}:</bdi> <span className="field-hint">{whoBrought(one.broughtBy)}</span></span>
                {one.broughtBy === me?.user && one.broughtIn !== undefined && (
                  <IconButton icon={Trash2} label={t("emoji.takeBack", { name: `:${one.name}:` })}
                    onClick={() => void takeBackEmoji(conversation, one).then(() => setProblem(""), (error: unknown) => setProblem(explainError(t, error)))} />
                )}
              </li>
            ))}
          </ul>
        )}
        {problem && <p className="field-problem" role="alert">{problem}</p>}
        <AddEmoji conversation={conversation} />
        <p className="field-hint">{t("emoji.text")}</p>
      </div>
    </Modal>
  );
}

function AddEmoji({ conversation }: { conversation: Id }) {
  const { t } = useTranslation();
  const chooser = useRef<HTMLInputElement>(null);
  const [chosen, setChosen] = useState<EmojiFile & { url: string }>();
  const [name, setName] = useState("");
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  useEffect(() => () => {
    if (chosen) {
      URL.revokeObjectURL(chosen.url);
    }
  }, [chosen]);
  const choose = async (file: File | undefined) => {
    if (!file) {
      return;
    }
    setProblem("");
    try {
      const made = await emojiFrom(file);
      setChosen({ ...made, url: URL.createObjectURL(made.content) });
      setName((before) => before || nameFromFile(file.name));
    } catch (error) {
      setChosen(undefined);
      setProblem(explainError(t, error));
    }
  };
  const add = async (event: FormEvent) => {
    event.preventDefault();
    if (!chosen || !isEmojiName(name)) {
      setProblem(t(chosen ? "errors.bad_emoji" : "errors.emoji_picture"));
      return;
    }
    setBusy(true);
    setProblem("");
    try {
      await bringEmoji(conversation, name, chosen);
      setChosen(undefined);
      setName("");
    } catch (error) {
      setProblem(explainError(t, error));
    }
    setBusy(false);
  };
  return (
    <form className="card stack" onSubmit={(event) => void add(event)}>
      <h2 className="section-title">{t("emoji.add")}</h2>
      <div className="emoji-chosen">
        <input ref={chooser} type="file" accept="image/png,image/webp,image/gif,image/jpeg,image/avif,image/bmp" hidden aria-label={t("emoji.picture")}
          onChange={(event) => { void choose(event.target.files?.[0]); event.target.value = ""; }} />
        {chosen && <img src={chosen.url} alt={t("emoji.preview")} />}
        <Button icon={ImagePlus} onClick={() => chooser.current?.click()}>{t("emoji.choose")}</Button>
      </div>
      <p className="field-hint">{t("emoji.pictureHint")}</p>
      <Field label={t("emoji.name")} hint={t("emoji.nameHint")} value={name} maxLength={32} autoComplete="off" autoCapitalize="none" spellCheck={false}
        onChange={(event) => setName(event.target.value.trim().toLowerCase())} />
      {problem && <p className="field-problem" role="alert">{problem}</p>}
      <div className="dialog-actions"><Button look="primary" type="submit" busy={busy} disabled={!chosen || name === ""}>{t("emoji.add")}</Button></div>
    </form>
  );
}
