import { useTranslation } from "react-i18next";
import { Keys } from "../ui/basics";
import { Modal } from "../ui/dialog";
import { kMessageKeys, kSections, shownKeys, type MessageKey } from "../lib/shortcuts";

export function Shortcuts({ onClose }: { onClose(): void }) {
  const { t } = useTranslation();
  return (
    <Modal title={t("shortcuts.title")} onClose={onClose} wide>
      <div className="shortcut-sections">
        {kSections.map(({ title, names }) => (
          <section key={title}>
            <h2 className="section-title">{t(`shortcuts.in.${title}`)}</h2>
            <dl className="shortcut-list">
              {names.map((name) => (
                <div key={name} data-shortcut={name}>
                  <dt>{t(name in kMessageKeys ? `timeline.${name as MessageKey}` : `shortcuts.${name as Exclude<typeof name, MessageKey>}`)}</dt>
                  <dd><Keys of={shownKeys(name)} /></dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Modal>
  );
}
