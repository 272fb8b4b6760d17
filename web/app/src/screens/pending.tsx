import { Smartphone } from "lucide-react";
import { useTranslation } from "react-i18next";
import { Button, Digits, Spinner } from "../ui/basics";
import { useState } from "react";
import { Recover } from "./recovery";
import { SignOutDialog } from "./sign-out";
import { useApp } from "../state/store";

export function Pending() {
  const { t } = useTranslation();
  const account = useApp((state) => state.account);
  const [leaving, setLeaving] = useState(false);
  return (
    <main className="enter">
      <section className="enter-card">
        <header className="enter-head">
          <span className="empty-picture" aria-hidden><Smartphone size={28} /></span>
          <h1>{t("pending.title")}</h1>
          <p>{t("pending.text")}</p>
        </header>
        <Digits of={account?.fingerprint ?? ""} label={t("devices.fingerprint")} />
        <p className="pending-wait" role="status"><Spinner /> {t("pending.wait")}</p>
        <p className="field-hint">{t("pending.whatIf")}</p>
        <Recover />
        <Button look="quiet" onClick={() => setLeaving(true)}>{t("common.cancel")}</Button>
      </section>
      {leaving && <SignOutDialog onClose={() => setLeaving(false)} />}
    </main>
  );
}
