// Older messages for a new device of one's own: it asks, and the device that has them gives, once the code was typed there.
import { Check, History } from "lucide-react";
import { useState, type FormEvent, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Device, HistoryTransfer, Id } from "@core/types";
import { Button, Digits, Field, Spinner } from "../ui/basics";
import { explainError } from "../lib/errors";
import { approveHistory, cancelHistory, requestHistory } from "../state/history";
import { useApp } from "../state/store";

const kCodeLength = 10; // digits

export function useDeviceName(device: Device | undefined): string {
  const { t } = useTranslation();
  const record = useApp((state) => (device ? state.deviceRecords[device.id] : undefined));
  return record?.name || device?.name || t("devices.unnamed");
}

/** One row for each other device of the account: what is on its way from or to it. */
export function OlderMessages({ devices }: { devices: Device[] }) {
  const { t } = useTranslation();
  return devices.length > 0 && (
    <section className="card stack" aria-labelledby="older-messages">
      <h4 id="older-messages">{t("history.title")}</h4>
      <p className="field-hint">{t("history.text")}</p>
      <ul className="device-list">{devices.map((device) => <WithDevice key={device.id} device={device} />)}</ul>
    </section>
  );
}

function WithDevice({ device }: { device: Device }) {
  const { t } = useTranslation();
  const name = useDeviceName(device);
  const transfer = useApp((state) => state.transfers[device.id]);
  const failure = useApp((state) => state.transferFailures[device.id]);
  const [problem, setProblem] = useState("");
  const run = (command: Promise<void>) => void command.then(() => setProblem(""), (error: unknown) => setProblem(explainError(t, error)));
  const busy = transfer && transfer.state !== "done" && transfer.state !== "failed";
  return (
    <li className="transfer">
      <div className="transfer-head">
        <span className="device-name" dir="auto">{name}</span>
        {busy ? <Button onClick={() => run(cancelHistory(device.id))}>{t(transfer.receiving || transfer.state === "running" ? "common.cancel" : "devices.reject")}</Button>
          : <Button icon={History} onClick={() => run(requestHistory(device.id))}>{t(transfer?.receiving ? "history.again" : "history.get")}</Button>}
      </div>
      <div role="status">{transfer && <State transfer={transfer} name={name} failure={failure} />}</div>
      {transfer && !transfer.receiving && transfer.state === "comparing" && <CodeForm device={device.id} name={name} />}
      {problem && <p className="field-problem" role="alert">{problem}</p>}
    </li>
  );
}

function State({ transfer: { receiving, state, code, messages }, name, failure }: { transfer: HistoryTransfer; name: string; failure: string | undefined }): ReactNode {
  const { t } = useTranslation();
  switch (state) {
    case "asked":
      return <p className="pending-wait"><Spinner /> {t(receiving ? "history.asked" : "history.isAsked", { name })}</p>;
    case "comparing":
      return receiving && (
        <div className="stack">
          <p>{t("history.typeThere", { name })}</p>
          <Digits of={code} label={t("history.code")} />
        </div>
      );
    case "running":
      return <p className="pending-wait"><Spinner /> {t(receiving ? "history.receiving" : "history.sending", { count: messages })}</p>;
    case "done":
      return <p className="transfer-done"><Check size={16} aria-hidden /> {t(receiving ? "history.received" : "history.sent", { count: messages })}</p>;
    case "failed":
      return <p className="field-problem">{t(failure === "client.wrong_code" ? "history.wrongCode" : failure === "client.history_cancelled" ? "history.cancelled" : "history.failed")}</p>;
  }
}

/** On the device that has the messages. A wrong code ends it, so it is sent only when it is whole. */
function CodeForm({ device, name }: { device: Id; name: string }) {
  const { t } = useTranslation();
  const [code, setCode] = useState("");
  const [problem, setProblem] = useState("");
  const digits = code.replace(/\D/g, "");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (digits.length !== kCodeLength) {
      setProblem(t("history.incomplete", { count: kCodeLength }));
      return;
    }
    approveHistory(device, digits).catch((error: unknown) => setProblem(explainError(t, error)));
  };
  return (
    <form className="stack" onSubmit={submit}>
      <p>{t("history.wants", { name })}</p>
      <Field label={t("history.code")} hint={t("history.codeHint", { name })} problem={problem} value={code} inputMode="numeric" autoComplete="off" autoFocus
        onChange={(event) => { setCode(event.target.value); setProblem(""); }} />
      <div className="dialog-actions"><Button look="primary" type="submit">{t("history.approve")}</Button></div>
    </form>
  );
}
