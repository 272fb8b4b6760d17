// For who administers a space: its name, whether it is in use, who administers it, and its end.
import { Archive, ArchiveRestore, Trash2 } from "lucide-react";
import { useState, type FormEvent } from "react";
import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import type { Id } from "@core/types";
import { Button, Field } from "../ui/basics";
import { Modal } from "../ui/dialog";
import { explainError } from "../lib/errors";
import { spacePath } from "../lib/links";
import { change, setRole } from "../state/places";
import { useApp } from "../state/store";
import { RoleForm } from "./role-form";

const kMaxName = 64; // characters; 80 bytes at most
const kState = { active: 1, archived: 2 } as const; // as in gateway.proto

export function SpaceSettings({ space: id, onClose }: { space: Id; onClose(): void }) {
  const { t } = useTranslation();
  const [, navigate] = useLocation();
  const space = useApp((state) => state.spaces.find((one) => one.id === id));
  const [name, setName] = useState(space?.name ?? "");
  const [problem, setProblem] = useState("");
  const run = (command: Promise<void>, then = () => setProblem("")) =>
    void command.then(then, (error: unknown) => setProblem(explainError(t, error)));
  if (!space) {
    return null;
  }
  const rename = (event: FormEvent) => {
    event.preventDefault();
    run(change("updateSpace", { space: id, name: name.trim() }));
  };
  const leave = () => {
    onClose();
    navigate(space.parent ? spacePath(space.parent) : "/channels");
  };
  return (
    <Modal title={t("spaces.settings")} onClose={onClose}>
      {problem && <p className="field-problem" role="alert">{problem}</p>}
      <form className="add-person" onSubmit={rename}>
        <Field label={t("spaces.name")} hint={t("spaces.nameHint")} value={name} maxLength={kMaxName} autoComplete="off" onChange={(event) => setName(event.target.value)} />
        <Button type="submit" disabled={name.trim() === "" || name.trim() === space.name}>{t("people.rename")}</Button>
      </form>
      <RoleForm text={t("spaces.roleText")} give={(username, role) => setRole({ space: id }, username, role)} />
      <section className="card stack">
        <p>{t(space.archived ? "spaces.archivedText" : "spaces.archiveText")}</p>
        <div>
          {space.archived
            ? <Button icon={ArchiveRestore} onClick={() => run(change("updateSpace", { space: id, state: kState.active }))}>{t("groupSettings.restore")}</Button>
            : <Button icon={Archive} onClick={() => run(change("updateSpace", { space: id, state: kState.archived }))}>{t("groupSettings.archive")}</Button>}
        </div>
      </section>
      <section className="card stack">
        <p>{t("spaces.deleteText")}</p>
        <div><Button look="quiet-danger" icon={Trash2} onClick={() => run(change("deleteSpace", { space: id }), leave)}>{t("spaces.delete")}</Button></div>
      </section>
    </Modal>
  );
}
