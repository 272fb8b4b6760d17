import { Lock, MonitorSmartphone, Unplug } from "lucide-react";
import { useTranslation } from "react-i18next";
import { Button, Empty, Spinner } from "./ui/basics";
import { Enter } from "./screens/enter";
import { Pending } from "./screens/pending";
import { Shell } from "./screens/shell";
import { eraseDevice, openSession } from "./state/session";
import { useApp } from "./state/store";

export function App() {
  const { t } = useTranslation();
  const phase = useApp((state) => state.phase);
  const problem = useApp((state) => state.problem);
  const membership = useApp((state) => state.account?.membership);
  switch (phase) {
    case "opening":
      return (
        <main className="whole" aria-busy="true">
          <Spinner />
          <h1 className="visually-hidden">{t("opening.title")}</h1>
        </main>
      );
    case "elsewhere":
      return (
        <Whole icon={MonitorSmartphone} title={t("opening.elsewhere")} text={t("opening.elsewhereText")}>
          <Button look="primary" onClick={() => void openSession(true)}>{t("opening.useHere")}</Button>
        </Whole>
      );
    case "unsupported":
      return (
        <Whole icon={Unplug} title={t("opening.broken")} text={problem || t("opening.unsupported")}>
          <Button onClick={() => location.reload()}>{t("common.retry")}</Button>
        </Whole>
      );
    case "ended":
      return <Ended />;
    case "signedOut":
      return <Enter />;
    case "ready":
      return membership === "pending" ? <Pending /> : membership === "removed" ? <Ended /> : <Shell />;
  }
}

function Ended() {
  const { t } = useTranslation();
  return (
    <Whole icon={Lock} title={t("opening.ended")} text={t("opening.endedText")}>
      <Button look="danger" onClick={() => void eraseDevice(false)}>{t("opening.eraseAndSignIn")}</Button>
    </Whole>
  );
}

function Whole({ children, ...empty }: Parameters<typeof Empty>[0]) {
  return (
    <main className="whole">
      <h1 className="visually-hidden">{empty.title}</h1>
      <Empty {...empty}>{children}</Empty>
    </main>
  );
}
