import { useEffect, useState, type FormEvent } from "react";
import { useTranslation } from "react-i18next";
import { Button, Field } from "../ui/basics";
import { explainError } from "../lib/errors";
import { client } from "../state/engine";

const kLongest = 128; // bytes

/** What others see; an empty one is the user name. */
export function OwnName({ username, onKnown }: { username: string; onKnown(name: string): void }) {
  const { t } = useTranslation();
  const [saved, setSaved] = useState<string>();
  const [name, setName] = useState("");
  const [answer, setAnswer] = useState<{ good: boolean; text: string }>();
  const [busy, setBusy] = useState(false);
  const take = (displayName: string) => {
    setSaved(displayName);
    setName(displayName === username ? "" : displayName);
    onKnown(displayName);
  };
  useEffect(() => {
    client().displayName().then(take, (error: unknown) => setAnswer({ good: false, text: explainError(t, error) }));
  }, [username]);
  const tooLong = new TextEncoder().encode(name.trim()).length > kLongest;
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    try {
      take(await client().setDisplayName(name.trim().normalize("NFC")));
      setAnswer({ good: true, text: t("settings.nameChanged") });
    } catch (error) {
      setAnswer({ good: false, text: explainError(t, error) });
    }
    setBusy(false);
  };
  return (
    <form className="card stack" onSubmit={(event) => void submit(event)}>
      <Field label={t("settings.displayName")} hint={t("settings.displayNameHint")} problem={tooLong ? t("settings.displayNameLong") : undefined} value={name}
        placeholder={username} autoComplete="name" dir="auto" onChange={(event) => { setName(event.target.value); setAnswer(undefined); }} />
      <p role="status" className={answer?.good === false ? "field-problem" : "field-hint"}>{answer?.text}</p>
      <div><Button type="submit" busy={busy} disabled={saved === undefined || tooLong || (name.trim() || username) === saved}>{t("settings.changeName")}</Button></div>
    </form>
  );
}
