import { Dialog, DialogHeading } from "@ariakit/react";
import { X } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

export function Modal({ title, onClose, children, actions, wide }: {
  title: string;
  onClose(): void;
  children: ReactNode;
  actions?: ReactNode;
  wide?: boolean;
}) {
  const { t } = useTranslation();
  return (
    // A list that is open at a field goes first: it keeps the key to itself.
    <Dialog open onClose={onClose} hideOnEscape={({ target }) => !(target instanceof Element && target.closest("[data-keeps-escape]"))} className={`dialog ${wide ? "dialog-wide" : ""}`} backdrop={<div className="backdrop" />}>
      <header className="dialog-head">
        <DialogHeading className="dialog-title">{title}</DialogHeading>
        {/* Without a tooltip: Escape would close that first. */}
        <button type="button" className="icon-button" aria-label={t("common.close")} onClick={onClose}><X size={20} aria-hidden /></button>
      </header>
      <div className="dialog-body">{children}</div>
      {actions && <footer className="dialog-actions">{actions}</footer>}
    </Dialog>
  );
}
