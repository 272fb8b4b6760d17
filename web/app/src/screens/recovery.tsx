// The account key in writing: shown on a device that has it, typed on one that no other can approve.
import { KeyRound } from "lucide-react";
import { useEffect, useState, type FormEvent } from "react";
import { useTranslation } from "react-i18next";
import { Button, CopyButton, Digits, TextArea } from "../ui/basics";
import { Modal } from "../ui/dialog";
import { explainError } from "../lib/errors";
import { client } from "../state/engine";
import { act } from "../state/conversations";
import { readDeviceRecords } from "../state/session";
import { useApp } from "../state/store";

export function RecoveryCode() {
  const { t } = useTranslation();
  const [code, setCode] = useState("");
  const [problem, setProblem] = useState("");
  const show = () => {
    setProblem("");
    client().recoveryCode().then(setCode, (error: unknown) => setProblem(explainError(t, error)));
  };
  return (
    <section className="card">
      <h4>{t("recovery.title")}</h4>
      <p className="field-hint">{t("recovery.text")}</p>
      <Button icon={KeyRound} onClick={show}>{t("recovery.show")}</Button>
      {problem && <p className="field-problem" role="alert">{problem}</p>}
      {code && (
        <Modal title={t("recovery.title")} onClose={() => setCode("")}
          actions={<><CopyButton text={code} /><Button look="primary" onClick={() => setCode("")}>{t("recovery.written")}</Button></>}>
          <div className="stack">
            <p>{t("recovery.writeDown")}</p>
            <div className="recovery"><Digits of={code} size={4} label={t("recovery.title")} /></div>
            <p className="field-hint">{t("recovery.secret")}</p>
          </div>
        </Modal>
      )}
    </section>
  );
}

/** On the page of a device that waits for approval. */
export function Recover() {
  const { t } = useTranslation();
  const [code, setCode] = useState("");
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  const [asking, setAsking] = useState(false);
  const use = (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setProblem("");
    act((client) => client.recover(code)).then(() => {
      const others = useApp.getState().devices.filter(({ thisDevice, pending }) => !thisDevice && !pending).length;
      useApp.setState({ recovered: others || null });
    }).catch((error: unknown) => {
      setProblem(explainError(t, error));
      setBusy(false);
    });
  };
  return (
    <details className="recover">
      <summary>{t("recovery.noOther")}</summary>
      <form className="stack" onSubmit={use}>
        <p>{t("recovery.useText")}</p>
        <TextArea label={t("recovery.title")} value={code} rows={3} autoComplete="off" autoCapitalize="characters" spellCheck={false}
          onChange={(event) => setCode(event.target.value)} />
        {problem && <p className="field-problem" role="alert">{problem}</p>}
        <Button look="primary" type="submit" busy={busy} disabled={code.trim() === ""}>{t("recovery.use")}</Button>
        <p className="field-hint">{t("recovery.neither")}</p>
        <Button look="quiet" onClick={() => setAsking(true)}>{t("recovery.anew")}</Button>
      </form>
      {asking && <BeginAnew onClose={() => setAsking(false)} />}
    </details>
  );
}

/** Those that end, by their names as far as the server says them. */
function useOthers(): string[] | undefined {
  const own = useApp((state) => state.account?.device);
  const records = useApp((state) => state.deviceRecords);
  const [read, setRead] = useState(false);
  useEffect(() => {
    readDeviceRecords().then(() => setRead(true), () => undefined);
  }, []);
  return read ? Object.values(records).filter(({ id, revokedAt }) => id !== own && revokedAt === "").map(({ name }) => name) : undefined;
}

function BeginAnew({ onClose }: { onClose(): void }) {
  const { t, i18n } = useTranslation();
  const others = useOthers();
  const names = others?.map((name) => `“${name || t("devices.unnamed")}”`);
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  const begin = () => {
    setBusy(true);
    setProblem("");
    act((client) => client.beginAnew()).catch((error: unknown) => {
      setProblem(explainError(t, error));
      setBusy(false);
    });
  };
  return (
    <Modal title={t("recovery.anewTitle")} onClose={onClose}
      actions={<><Button onClick={onClose}>{t("common.cancel")}</Button><Button look="danger" busy={busy} onClick={begin}>{t("recovery.anew")}</Button></>}>
      <ul className="bullets">
        <li dir="auto">
          {!names ? t("recovery.anewDevices") : names.length === 0 ? t("recovery.anewNone")
            : t("recovery.anewNamed", { count: names.length, names: new Intl.ListFormat(i18n.language).format(names) })}
        </li>
        <li>{t("recovery.anewPeople")}</li>
        <li>{t("recovery.anewMessages")}</li>
      </ul>
      {problem && <p className="field-problem" role="alert">{problem}</p>}
    </Modal>
  );
}
