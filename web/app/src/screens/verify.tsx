import type { Id, SafetyNumber } from "@core/types";
import { ScanLine, ShieldAlert, ShieldCheck } from "lucide-react";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { Banner, Button, Digits, Spinner } from "../ui/basics";
import { Modal } from "../ui/dialog";
import { QrCode } from "../ui/qr";
import { explainError } from "../lib/errors";
import { nameOf } from "../lib/names";
import { canScan, scanFor } from "../lib/scan";
import { act } from "../state/conversations";
import { client } from "../state/engine";
import { useApp } from "../state/store";

export function Verify({ user, onClose }: { user: Id; onClose(): void }) {
  const { t } = useTranslation();
  const person = useApp((state) => state.users[user]);
  const name = nameOf(person, t("common.unknownPerson"));
  const username = person?.username ?? "";
  const [number, setNumber] = useState<SafetyNumber>();
  const [problem, setProblem] = useState("");
  const [differs, setDiffers] = useState(false);
  const [scanning, setScanning] = useState(false);
  useEffect(() => {
    client().safetyNumber(username).then(setNumber, (error: unknown) => setProblem(explainError(t, error)));
  }, [username, t]);
  const verified = person?.trust === "verified";
  const set = (value: boolean) => {
    act(async (of) => {
      if (value && person?.trust === "changed") {
        await of.acceptIdentity(username);
      }
      await of.setVerified(username, value);
    }).catch((error: unknown) => setProblem(explainError(t, error)));
  };
  return (
    <Modal
      title={t("trust.title", { name })}
      onClose={onClose}
      actions={
        number && (verified ? (
          <Button onClick={() => set(false)}>{t("trust.undo")}</Button>
        ) : (
          <>
            {canScan() && <Button look="quiet" icon={ScanLine} onClick={() => setScanning(true)}>{t("trust.scan", { name })}</Button>}
            <Button onClick={() => setDiffers(true)}>{t("trust.notSame")}</Button>
            <Button look="primary" onClick={() => set(true)}>{t("trust.same")}</Button>
          </>
        ))
      }
    >
      {verified && <Banner look="success" icon={ShieldCheck}>{t("trust.done", { name })}</Banner>}
      {differs && (
        <Banner look="danger" icon={ShieldAlert}><strong>{t("trust.mismatchTitle")}</strong><p>{t("trust.mismatch")}</p></Banner>
      )}
      {problem && <p className="field-problem" role="alert">{problem}</p>}
      <p>{t("trust.lead", { name })}</p>
      {!number && !problem && <Spinner />}
      {number && (scanning ? (
        <Scanner expected={number.qrText} onResult={(same) => { setScanning(false); setDiffers(!same); if (same) { set(true); } }}
          onProblem={(why) => { setScanning(false); setProblem(t("trust.noCamera", { why })); }} />
      ) : (
        <div className="safety">
          <QrCode text={number.qrText} label={t("trust.qrLabel")} />
          <Digits of={number.digits} label={t("trust.numberLabel")} />
        </div>
      ))}
    </Modal>
  );
}

function Scanner({ expected, onResult, onProblem }: { expected: string; onResult(same: boolean): void; onProblem(why: string): void }) {
  const { t } = useTranslation();
  const [video, setVideo] = useState<HTMLVideoElement | null>(null);
  useEffect(() => {
    if (!video) {
      return undefined;
    }
    const stop = new AbortController();
    scanFor(video, stop.signal).then(
      (text) => text !== undefined && onResult(text === expected),
      (error: unknown) => onProblem(String((error as Error).message)),
    );
    return () => stop.abort();
    // The callbacks change with every drawing; the camera is opened once.
  }, [video, expected]);
  return (
    <div className="safety">
      <video ref={setVideo} className="scanner" muted playsInline aria-label={t("trust.scanHint")} />
      <p>{t("trust.scanHint")}</p>
    </div>
  );
}
