// What an organisation decides for all its people: for its administrators.
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { ChatPolicy } from "@core/types";
import { Select, Switch } from "../ui/basics";
import { explainError } from "../lib/errors";
import { setPolicy } from "../state/places";
import { useApp } from "../state/store";

const kWindows = [0, 60, 300, 900, 3600, 86_400, 31_536_000]; // seconds

export function Organization() {
  const { t, i18n } = useTranslation();
  const policy = useApp((state) => state.policy);
  const [problem, setProblem] = useState("");
  const decide = (change: Partial<ChatPolicy>) =>
    void setPolicy({ ...policy, ...change }).then(() => setProblem(""), (error: unknown) => setProblem(explainError(t, error)));
  const shown = (seconds: number): string => {
    const [unit, size] = seconds % 86_400 === 0 ? ["day", 86_400] as const : seconds % 3600 === 0 ? ["hour", 3600] as const
      : seconds % 60 === 0 ? ["minute", 60] as const : ["second", 1] as const;
    return seconds === 0 ? t("settings.editNever") : new Intl.NumberFormat(i18n.language, { style: "unit", unit, unitDisplay: "long" }).format(seconds / size);
  };
  const windows = [...new Set([...kWindows, policy.editWindow])].sort((a, b) => a - b);
  return (
    <div className="card stack">
      <p className="field-hint">{t("settings.organizationText")}</p>
      <Select label={t("settings.editWindow")} hint={t("settings.editWindowText")} value={String(policy.editWindow)}
        options={windows.map((seconds) => ({ value: String(seconds), label: shown(seconds) }))} onChange={(value) => decide({ editWindow: Number(value) })} />
      <Switch label={t("settings.policyReceipts")} text={t("settings.policyReceiptsText")} checked={policy.receipts} onChange={(event) => decide({ receipts: event.target.checked })} />
      <Switch label={t("settings.directory")} text={t("settings.directoryText")} checked={!policy.hidesPeople} onChange={(event) => decide({ hidesPeople: !event.target.checked })} />
      {problem && <p className="field-problem" role="alert">{problem}</p>}
    </div>
  );
}
