import type { Device } from "@core/types";
import { MonitorSmartphone, Smartphone, TriangleAlert } from "lucide-react";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { Banner, Button, Digits } from "../ui/basics";
import { Modal } from "../ui/dialog";
import { explainError } from "../lib/errors";
import { dayOf } from "../lib/dates";
import { act } from "../state/conversations";
import { readDeviceRecords } from "../state/session";
import { useApp } from "../state/store";
import { OlderMessages, useDeviceName } from "./history";
import { RecoveryCode } from "./recovery";

type Question = { device: Device; what: "approve" | "remove" };

export function Devices() {
  const { t } = useTranslation();
  const devices = useApp((state) => state.devices);
  const approver = useApp((state) => state.account?.hasAccountKey ?? false);
  const [question, setQuestion] = useState<Question>();
  const ids = devices.map(({ id }) => id).join();
  useEffect(() => {
    readDeviceRecords().catch(() => undefined); // offline: the list is still true, only the names are missing
  }, [ids]);
  const pending = devices.filter((device) => device.pending);
  const known = devices.filter((device) => !device.pending);
  return (
    <>
      <p className="lead">{t("devices.lead")}</p>
      {pending.length > 0 && (
        <section className="card card-attention">
          <h4>{t("devices.pendingTitle")}</h4>
          <p className="field-hint">{t(approver ? "devices.pendingText" : "devices.cannotApprove")}</p>
          <ul className="device-list">
            {pending.map((device) => (
              <Entry key={device.id} device={device}>
                {approver && (
                  <>
                    <Button onClick={() => setQuestion({ device, what: "remove" })}>{t("devices.reject")}</Button>
                    <Button look="primary" onClick={() => setQuestion({ device, what: "approve" })}>{t("devices.approve")}</Button>
                  </>
                )}
              </Entry>
            ))}
          </ul>
        </section>
      )}
      <section className="card">
        <ul className="device-list">
          {known.map((device) => (
            <Entry key={device.id} device={device}>
              {!device.thisDevice && approver && (
                <Button onClick={() => setQuestion({ device, what: "remove" })}>{t("devices.remove")}</Button>
              )}
            </Entry>
          ))}
        </ul>
      </section>
      <OlderMessages devices={known.filter((device) => !device.thisDevice)} />
      {approver && <RecoveryCode />}
      {devices.length === 1 && <Banner look="info" icon={TriangleAlert}>{t("devices.onlyOne")}</Banner>}
      {question && <Ask question={question} onClose={() => setQuestion(undefined)} />}
    </>
  );
}

function Entry({ device, children }: { device: Device; children: React.ReactNode }) {
  const { t, i18n } = useTranslation();
  const name = useDeviceName(device);
  const created = useApp((state) => state.deviceRecords[device.id]?.createdAt);
  const day = created && dayOf(Date.parse(created) * 1000, i18n.language, { today: t("common.today"), yesterday: t("common.yesterday") });
  const Icon = device.pending ? Smartphone : MonitorSmartphone;
  return (
    <li className="device">
      <Icon size={24} aria-hidden />
      <div className="device-text">
        <p className="device-name" dir="auto">
          {name} {device.thisDevice && <span className="tag">{t("devices.thisDevice")}</span>}
        </p>
        {day && <p className="field-hint">{t("devices.since", { day })}</p>}
        <Digits of={device.fingerprint} label={t("devices.fingerprint")} />
      </div>
      <div className="device-actions">{children}</div>
    </li>
  );
}

function Ask({ question: { device, what }, onClose }: { question: Question; onClose(): void }) {
  const { t } = useTranslation();
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState("");
  const name = useDeviceName(device);
  const approve = what === "approve";
  const run = () => {
    setBusy(true);
    act((client) => (approve ? client.approveDevice(device.id) : client.removeDevice(device.id))).then(onClose, (error: unknown) => {
      setProblem(explainError(t, error));
      setBusy(false);
    });
  };
  return (
    <Modal
      title={t(approve ? "devices.approveTitle" : "devices.removeTitle", { name })}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button look={approve ? "primary" : "danger"} busy={busy} onClick={run}>{t(approve ? "devices.numbersMatch" : "devices.remove")}</Button>
        </>
      }
    >
      <p>{t(approve ? "devices.approveText" : "devices.removeText")}</p>
      {approve && <Digits of={device.fingerprint} label={t("devices.fingerprint")} />}
      {problem && <p className="field-problem" role="alert">{problem}</p>}
    </Modal>
  );
}
