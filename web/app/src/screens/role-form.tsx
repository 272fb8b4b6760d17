// Gives somebody a role in a space or channel, or takes it away.
import { useState, type FormEvent } from "react";
import { useTranslation } from "react-i18next";
import { CoreError } from "@core/types";
import { Button, Field, Select } from "../ui/basics";
import { explainError } from "../lib/errors";

// The numbers of gateway.proto; those of the organisation are not given here.
const kRoles = { none: 0, guest: 1, member: 2, admin: 3 } as const;
type Role = keyof typeof kRoles;

export function RoleForm({ text, give }: { text: string; give(username: string, role: number): Promise<void> }) {
  const { t } = useTranslation();
  const [person, setPerson] = useState("");
  const [role, setRole] = useState<Role>("admin");
  const [answer, setAnswer] = useState<{ good: boolean; text: string }>();
  const [busy, setBusy] = useState(false);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const name = person.trim();
    if (name === "") {
      setAnswer({ good: false, text: t("auth.missing") });
      return;
    }
    setBusy(true);
    try {
      await give(name, kRoles[role]);
      setAnswer({ good: true, text: t("roles.done", { name, role: t(`roles.${role}`) }) });
      setPerson("");
    } catch (error) {
      const unknown = error instanceof CoreError && error.code === "client.not_found";
      setAnswer({ good: false, text: unknown ? t("people.unknown", { name }) : explainError(t, error) });
    }
    setBusy(false);
  };
  return (
    <form className="stack" onSubmit={(event) => void submit(event)}>
      <h2 className="section-title">{t("roles.title")}</h2>
      <p className="field-hint">{text}</p>
      <div className="role-row">
        <Field label={t("people.nameLabel")} value={person} autoCapitalize="none" autoComplete="off" spellCheck={false} onChange={(event) => setPerson(event.target.value)} />
        <Select<Role> label={t("roles.role")} value={role} onChange={setRole}
          options={(Object.keys(kRoles) as Role[]).reverse().map((value) => ({ value, label: t(`roles.${value}`) }))} />
        <Button type="submit" busy={busy}>{t("roles.give")}</Button>
      </div>
      <p role="status" className={answer?.good === false ? "field-problem" : "field-hint"}>{answer?.text}</p>
    </form>
  );
}
