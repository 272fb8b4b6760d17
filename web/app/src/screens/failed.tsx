// Under a message that was given up: why, and how it is sent once more.
import { RotateCcw } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { Message } from "@core/types";
import { Spinner } from "../ui/basics";
import { explainFailure, explainFileError } from "../lib/errors";
import { resend, useResending } from "../state/resend";
import { useApp } from "../state/store";

export function FailedView({ message }: { message: Message }) {
  const { t } = useTranslation();
  const resending = useResending((state) => state[message.ref]);
  const resent = useApp((state) => state.resent.includes(message.ref));
  return (
    <div className="message-failed">
      <p>{explainFailure(t, message.failure)}</p>
      {resent ? <p className="field-hint">{t("timeline.resent")}</p> : (
        <button type="button" className="text-button" disabled={resending?.busy} aria-busy={resending?.busy || undefined} onClick={() => void resend(message)}>
          {resending?.busy ? <Spinner /> : <RotateCcw size={14} aria-hidden />} {t("timeline.sendAgain")}
        </button>
      )}
      {resending?.error !== undefined && <p role="alert">{t("timeline.notResent", { reason: explainFileError(t, resending.error) })}</p>}
    </div>
  );
}
