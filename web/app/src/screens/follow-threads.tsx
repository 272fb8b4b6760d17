// Which threads are followed by themselves: everywhere, and in one conversation.
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import type { AutoFollow, Id } from "@core/types";
import { Button, Choice, Switch } from "../ui/basics";
import { Modal } from "../ui/dialog";
import { explainError } from "../lib/errors";
import { readAutoFollow, setAutoFollow } from "../state/follow";
import { useApp } from "../state/store";

const kRules = {
  both: { onReply: true, onMention: true },
  replies: { onReply: true, onMention: false },
  mentions: { onReply: false, onMention: true },
  none: { onReply: false, onMention: false },
} satisfies Record<string, AutoFollow>;
type Rule = keyof typeof kRules;

const nameOfRule = (rule: AutoFollow): Rule =>
  rule.onReply ? (rule.onMention ? "both" : "replies") : rule.onMention ? "mentions" : "none";

/** The rule as it is read, once it is; `set` writes it. */
function useRule(conversation: Id | "") {
  const { t } = useTranslation();
  const rule = useApp((state) => state.autoFollow[conversation]);
  const [read, setRead] = useState(false);
  const [problem, setProblem] = useState("");
  useEffect(() => {
    readAutoFollow(conversation).then(() => setRead(true), (error: unknown) => setProblem(explainError(t, error)));
  }, [conversation, t]);
  const set = (next: AutoFollow | null) =>
    void setAutoFollow(next, conversation || undefined).then(() => setProblem(""), (error: unknown) => setProblem(explainError(t, error)));
  return { rule, read, set, trouble: problem && <p className="field-problem" role="alert">{problem}</p> };
}

/** A card of the settings. */
export function FollowSwitches() {
  const { t } = useTranslation();
  const { rule, set, trouble } = useRule("");
  return (
    <section className="card stack">
      <h4>{t("threads.title")}</h4>
      <Switch label={t("threads.onReply")} text={t("threads.onReplyText")} checked={rule?.onReply ?? false} disabled={!rule}
        onChange={(event) => rule && set({ ...rule, onReply: event.target.checked })} />
      <Switch label={t("threads.onMention")} text={t("threads.onMentionText")} checked={rule?.onMention ?? false} disabled={!rule}
        onChange={(event) => rule && set({ ...rule, onMention: event.target.checked })} />
      {trouble}
    </section>
  );
}

export function FollowThreadsPanel({ conversation, onClose }: { conversation: Id; onClose(): void }) {
  const { t } = useTranslation();
  const general = useRule("").rule;
  const { rule, read, set, trouble } = useRule(conversation);
  const everywhere = general ? t("threads.rule_inherited", { rule: t(`threads.rule_${nameOfRule(general)}`) }) : "";
  return (
    <Modal title={t("threads.followHere")} onClose={onClose} actions={<Button onClick={onClose}>{t("common.close")}</Button>}>
      <p className="field-hint">{t("threads.followText")}</p>
      {read && general && (
        <Choice label={t("threads.title")} value={rule ? nameOfRule(rule) : "inherited"}
          onChange={(value) => set(value === "inherited" ? null : kRules[value])}
          options={[{ value: "inherited" as Rule | "inherited", label: everywhere },
            ...(Object.keys(kRules) as Rule[]).map((value) => ({ value, label: t(`threads.rule_${value}`) }))]} />
      )}
      {trouble}
    </Modal>
  );
}
