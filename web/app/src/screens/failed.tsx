// Under a message that was given up: why, and how it is sent once more.
import { RotateCcw, Trash2 } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { Message } from "@core/types";
import { Spinner } from "../ui/basics";
import { explainFailure, explainFileError } from "../lib/errors";
import { discard } from "../state/conversations";
import { resend, useResending } from "../state/resend";
import { useApp } from "../state/store";
import { telling } from "../state/troubles";

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
      <button type="button" className="text-button" disabled={resending?.busy} onClick={() => void telling("discard", discard(message))}>
        <Trash2 size={14} aria-hidden /> {t("timeline.discard")}
      </button>
      {resending?.error !== undefined && <p role="alert">{t("timeline.notResent", { reason: explainFileError(t, resending.error) })}</p>}
    </div>
  );
}
