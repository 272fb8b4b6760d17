import { useEffect, useRef, useState, type FormEvent, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { Back } from "../ui/back";
import { Avatar, Button, Choice, Field, Switch } from "../ui/basics";
import { explainError } from "../lib/errors";
import { allowNotifications } from "../lib/notify";
import { kLanguages, setLanguage, type Language } from "../i18n";
import { openPanel } from "../state/panels";
import { prefer, usePreferences } from "../state/preferences";
import { setShown } from "../state/presence";
import { client } from "../state/engine";
import { useApp } from "../state/store";
import { Devices } from "./devices";
import { FollowSwitches } from "./follow-threads";
import { Organization } from "./organization";
import { OwnName } from "./own-name";
import { kSections, sectionsFor, type Section } from "./settings-sections";

const kViews: Record<Section, () => ReactNode> = {
  profile: Profile, devices: Devices, appearance: Appearance, notifications: Notifications, organization: Organization, about: About,
};

export function Settings({ section }: { section: string }) {
  const { t } = useTranslation();
  const sections = sectionsFor(useApp((state) => state.administers));
  const current = sections.find((name) => name === section) ?? "profile";
  const View = kViews[current];
  // On a phone the sections are a row that scrolls.
  const row = useRef<HTMLElement>(null);
  useEffect(() => {
    row.current?.querySelector("[aria-current]")?.scrollIntoView({ inline: "center", block: "nearest" });
  }, [current]);
  return (
    <section className="settings">
      <header className="conversation-head">
        <Back />
        <h2>{t("settings.title")}</h2>
      </header>
      <div className="settings-body">
        <nav ref={row} aria-label={t("settings.title")} className="settings-nav">
          {sections.map((name) => {
            const { icon: Icon } = kSections[name];
            return (
              <Link key={name} href={`/settings/${name}`} aria-current={name === current ? "page" : undefined}>
                <Icon size={18} aria-hidden /> {t(`settings.${name}`)}
              </Link>
            );
          })}
        </nav>
        <div className="settings-content">
          <h3>{t(`settings.${current}`)}</h3>
          <View />
        </div>
      </div>
    </section>
  );
}

function Profile() {
  const { t } = useTranslation();
  const account = useApp((state) => state.account);
  const [name, setName] = useState("");
  return (
    <>
      <div className="card profile">
        <Avatar id={account?.user ?? ""} name={name || (account?.username ?? "")} size={64} />
        <div><p className="field-hint">{t("settings.yourName")}</p><p className="profile-name">{account?.username}</p></div>
      </div>
      {account && <OwnName username={account.username} onKnown={setName} />}
      <ReceiptsSwitch />
      <ShownSwitch />
      <PasswordForm />
      <div className="card">
        <Button look="quiet-danger" onClick={() => openPanel({ name: "signOut" })}>{t("settings.signOut")}</Button>
      </div>
    </>
  );
}

function ReceiptsSwitch() {
  const { t } = useTranslation();
  const receipts = useApp((state) => state.receipts);
  const allowed = useApp((state) => state.policy.receipts);
  const [problem, setProblem] = useState("");
  const toggle = (sent: boolean) => void client().setReceipts(sent).then(() => setProblem(""), (error: unknown) => setProblem(explainError(t, error)));
  return (
    <div className="card stack">
      <Switch label={t("settings.receipts")} text={t(allowed ? "settings.receiptsText" : "settings.receiptsOff")} checked={receipts && allowed} disabled={!allowed}
        onChange={(event) => toggle(event.target.checked)} />
      {problem && <p className="field-problem" role="alert">{problem}</p>}
    </div>
  );
}

function ShownSwitch() {
  const { t } = useTranslation();
  const shown = useApp((state) => state.shown);
  const [problem, setProblem] = useState("");
  const toggle = (next: boolean) => void setShown(next).then(() => setProblem(""), (error: unknown) => setProblem(explainError(t, error)));
  return (
    <div className="card stack">
      <Switch label={t("settings.shown")} text={t("settings.shownText")} checked={shown} onChange={(event) => toggle(event.target.checked)} />
      {problem && <p className="field-problem" role="alert">{problem}</p>}
    </div>
  );
}

function PasswordForm() {
  const { t } = useTranslation();
  const username = useApp((state) => state.account?.username ?? "");
  const [current, setCurrent] = useState("");
  const [next, setNext] = useState("");
  const [answer, setAnswer] = useState<{ good: boolean; text: string }>();
  const [busy, setBusy] = useState(false);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    try {
      await client().changePassword(current, next);
      setAnswer({ good: true, text: t("settings.passwordChanged") });
      setCurrent("");
      setNext("");
    } catch (error) {
      setAnswer({ good: false, text: explainError(t, error) });
    }
    setBusy(false);
  };
  return (
    <form className="card stack" onSubmit={(event) => void submit(event)}>
      <h4>{t("settings.changePassword")}</h4>
      <input type="text" name="username" autoComplete="username" value={username} readOnly hidden />
      <Field type="password" label={t("settings.currentPassword")} autoComplete="current-password" value={current} required onChange={(event) => setCurrent(event.target.value)} />
      <Field type="password" label={t("settings.newPassword")} hint={t("auth.passwordHint")} minLength={8} autoComplete="new-password" value={next} required onChange={(event) => setNext(event.target.value)} />
      <p role="status" className={answer?.good === false ? "field-problem" : "field-hint"}>{answer?.text}</p>
      <div><Button type="submit" busy={busy}>{t("settings.changePassword")}</Button></div>
    </form>
  );
}

function Appearance() {
  const { t, i18n } = useTranslation();
  const { theme, contrast, density, animate } = usePreferences();
  const option = <T extends string>(value: T) => ({ value, label: t(`settings.${value}`) });
  return (
    <div className="card stack">
      <Choice label={t("settings.theme")} value={theme} onChange={(value) => prefer({ theme: value })}
        options={[option("system"), option("light"), option("dark")]} />
      <Switch label={t("settings.contrast")} text={t("settings.contrastText")} checked={contrast} onChange={(event) => prefer({ contrast: event.target.checked })} />
      <Switch label={t("settings.animate")} text={t("settings.animateText")} checked={animate} onChange={(event) => prefer({ animate: event.target.checked })} />
      <Choice label={t("settings.density")} value={density} onChange={(value) => prefer({ density: value })}
        options={[option("comfortable"), option("compact")]} />
      <Choice label={t("settings.language")} value={i18n.language as Language} onChange={(value) => void setLanguage(value)}
        options={Object.entries(kLanguages).map(([value, label]) => ({ value: value as Language, label }))} />
    </div>
  );
}

function Notifications() {
  const { t } = useTranslation();
  const { notify, preview, quietFrom, quietTo } = usePreferences();
  const [denied, setDenied] = useState(false);
  const toggle = async (wanted: boolean) => {
    const allowed = wanted && (await allowNotifications());
    setDenied(wanted && !allowed);
    prefer({ notify: allowed });
  };
  return (
    <>
      <div className="card stack">
        <Switch label={t("settings.notify")} text={t("settings.notifyText")} checked={notify} onChange={(event) => void toggle(event.target.checked)} />
        {denied && <p className="field-problem" role="alert">{t("settings.notifyDenied")}</p>}
        <Switch label={t("settings.notifyPreview")} text={t("settings.notifyPreviewText")} checked={preview} disabled={!notify} onChange={(event) => prefer({ preview: event.target.checked })} />
        <fieldset className="choice">
          <legend>{t("settings.quiet")}</legend>
          <p className="field-hint">{t("settings.quietText")}</p>
          <div className="quiet">
            <Field type="time" label={t("settings.quietFrom")} value={quietFrom} onChange={(event) => prefer({ quietFrom: event.target.value })} />
            <Field type="time" label={t("settings.quietTo")} value={quietTo} onChange={(event) => prefer({ quietTo: event.target.value })} />
          </div>
        </fieldset>
      </div>
      <FollowSwitches />
    </>
  );
}

function About() {
  const { t, i18n } = useTranslation();
  const [used, setUsed] = useState<number>();
  useEffect(() => {
    void navigator.storage.estimate?.().then(({ usage }) => setUsed(usage));
  }, []);
  const size = new Intl.NumberFormat(i18n.language, { style: "unit", unit: "megabyte", maximumFractionDigits: 1 });
  return (
    <div className="card stack">
      <p><strong>Unhidra</strong> · {t("app.tagline")}</p>
      <p>{t("auth.trustNote")}</p>
      {used !== undefined && <p className="field-hint">{t("settings.storage")}: {t("settings.storageText", { used: size.format(used / 1e6) })}</p>}
      <div><Button onClick={() => openPanel({ name: "shortcuts" })}>{t("settings.shortcuts")}</Button></div>
    </div>
  );
}
