import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "../ui/basics";
import { Modal } from "../ui/dialog";
import { eraseDevice } from "../state/session";

export function SignOutDialog({ onClose }: { onClose(): void }) {
  const { t } = useTranslation();
  const [busy, setBusy] = useState(false);
  const leave = () => {
    setBusy(true);
    void eraseDevice(true);
  };
  return (
    <Modal
      title={t("settings.signOutTitle")}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button look="danger" busy={busy} onClick={leave}>{t("settings.signOutConfirm")}</Button>
        </>
      }
    >
      <p>{t("settings.signOutText")}</p>
    </Modal>
  );
}
