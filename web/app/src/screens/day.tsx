// To a day in a conversation's history.
import { useState, type FormEvent } from "react";
import { useTranslation } from "react-i18next";
import type { Id } from "@core/types";
import { Button, Field } from "../ui/basics";
import { Modal } from "../ui/dialog";
import { explainError } from "../lib/errors";
import { startOfDay } from "../lib/dates";
import { jumpToTime } from "../state/conversations";

export function DayPanel({ conversation, onClose }: { conversation: Id; onClose(): void }) {
  const { t } = useTranslation();
  const [day, setDay] = useState("");
  const [problem, setProblem] = useState("");
  const go = (event: FormEvent) => {
    event.preventDefault();
    const at = startOfDay(day);
    if (at === undefined) {
      setProblem(t("auth.missing"));
      return;
    }
    jumpToTime(conversation, at).then(onClose, (error: unknown) => setProblem(explainError(t, error)));
  };
  return (
    <Modal title={t("timeline.jumpToDay")} onClose={onClose}>
      <form className="stack" onSubmit={go}>
        <Field type="date" label={t("timeline.day")} hint={t("timeline.dayHint")} value={day} problem={problem} autoFocus onChange={(event) => setDay(event.target.value)} />
        <div className="dialog-actions"><Button look="primary" type="submit">{t("timeline.goThere")}</Button></div>
      </form>
    </Modal>
  );
}
