import { MonitorSmartphone, PencilLine, UserPlus, type LucideIcon } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { Button, Keys } from "../ui/basics";
import { keysOf } from "../lib/shortcuts";
import { openPanel } from "../state/panels";
import { useApp } from "../state/store";

export function Welcome() {
  const { t } = useTranslation();
  const account = useApp((state) => state.account);
  const [before, after] = t("welcome.shortcut", { keys: "\u0000" }).split("\u0000");
  const alone = useApp((state) => state.devices.length < 2);
  return (
    <section className="welcome">
      <h2>{t("welcome.title", { name: account?.username ?? "" })}</h2>
      <p>{t("welcome.text")}</p>
      <ul className="steps">
        <Step icon={PencilLine} title={t("welcome.stepPerson")} text={t("welcome.stepPersonText")}>
          <Button look="primary" onClick={() => openPanel({ name: "newConversation" })}>{t("list.new")}</Button>
        </Step>
        {alone && (
          <Step icon={MonitorSmartphone} title={t("welcome.stepDevice")} text={t("welcome.stepDeviceText")}>
            <Link className="button button-plain" href="/settings/devices">{t("devices.title")}</Link>
          </Step>
        )}
        <Step icon={UserPlus} title={t("welcome.stepInvite")} text={t("welcome.stepInviteText")}>
          <Button onClick={() => openPanel({ name: "invite" })}>{t("people.makeInvite")}</Button>
        </Step>
      </ul>
      <p className="welcome-keys">
        {before}
        <Keys of={keysOf("palette")} />
        {after}
      </p>
    </section>
  );
}

function Step({ icon: Icon, title, text, children }: { icon: LucideIcon; title: string; text: string; children: ReactNode }) {
  return (
    <li>
      <Icon size={22} aria-hidden />
      <div>
        <strong>{title}</strong>
        <p>{text}</p>
      </div>
      {children}
    </li>
  );
}
