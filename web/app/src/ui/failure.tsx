// A screen that failed says so, instead of leaving an empty page. What was written is in the engine and in the drafts.
import { TriangleAlert } from "lucide-react";
import { Component, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Button, Empty } from "./basics";

function Failed({ error }: { error: Error }) {
  const { t } = useTranslation();
  return (
    <main className="whole">
      <Empty icon={TriangleAlert} title={t("opening.failed")} text={t("opening.failedText", { message: error.message })}>
        <Button look="primary" onClick={() => location.assign("/")}>{t("opening.reload")}</Button>
      </Empty>
    </main>
  );
}

export class FailureBoundary extends Component<{ children: ReactNode }, { error?: Error }> {
  override state: { error?: Error } = {};
  static getDerivedStateFromError = (error: Error) => ({ error });
  override render(): ReactNode {
    return this.state.error ? <Failed error={this.state.error} /> : this.props.children;
  }
}
