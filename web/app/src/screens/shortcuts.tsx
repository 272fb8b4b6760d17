import { useTranslation } from "react-i18next";
import { Keys } from "../ui/basics";
import { Modal } from "../ui/dialog";
import { kShortcuts } from "../lib/shortcuts";

export function Shortcuts({ onClose }: { onClose(): void }) {
  const { t } = useTranslation();
  const rows = [
    ...kShortcuts.map(({ name, keys }) => ({ name: name as string, keys })),
    { name: "send", keys: "Enter" },
    { name: "newLine", keys: "Shift+Enter" },
    { name: "close", keys: "Esc" },
  ];
  return (
    <Modal title={t("shortcuts.title")} onClose={onClose}>
      <dl className="shortcut-list">
        {rows.map(({ name, keys }) => (
          <div key={name}>
            <dt>{t(`shortcuts.${name}`)}</dt>
            <dd><Keys of={keys} /></dd>
          </div>
        ))}
      </dl>
    </Modal>
  );
}
