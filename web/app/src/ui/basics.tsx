// The small parts that every screen is made of.
import { Tooltip, TooltipAnchor, TooltipProvider } from "@ariakit/react";
import { Check, Copy, Eye, EyeOff, type LucideIcon } from "lucide-react";
import { useId, useState, type ButtonHTMLAttributes, type InputHTMLAttributes, type ReactNode, type TextareaHTMLAttributes } from "react";
import { useTranslation } from "react-i18next";
import { initialsOf, tintOf } from "../lib/names";

type ButtonProps = ButtonHTMLAttributes<HTMLButtonElement> & {
  look?: "primary" | "plain" | "quiet" | "danger" | "quiet-danger";
  icon?: LucideIcon;
  busy?: boolean;
};

export function Button({ look = "plain", icon: Icon, busy, children, disabled, ...rest }: ButtonProps) {
  return (
    <button type="button" {...rest} className={`button button-${look}`} disabled={disabled || busy} aria-busy={busy || undefined}>
      {busy ? <Spinner /> : Icon && <Icon size={18} aria-hidden />}
      <span>{children}</span>
    </button>
  );
}

type IconButtonProps = ButtonHTMLAttributes<HTMLButtonElement> & { icon: LucideIcon; label: string; keys?: string };

/** A picture alone; its name is read out, and shown when pointed at. */
export function IconButton({ icon: Icon, label, keys, ...rest }: IconButtonProps) {
  return (
    <TooltipProvider timeout={400}>
      <TooltipAnchor render={<button type="button" {...rest} className={`icon-button ${rest.className ?? ""}`} aria-label={label} />}>
        <Icon size={20} aria-hidden />
      </TooltipAnchor>
      <Tooltip className="tooltip" gutter={6}>
        {label}
        {keys && <Keys of={keys} />}
      </Tooltip>
    </TooltipProvider>
  );
}

export function Keys({ of }: { of: string }) {
  return (
    <span className="keys" dir="ltr">
      {(of === "+" ? [of] : of.split("+")).map((key) => (
        <kbd key={key}>{key}</kbd>
      ))}
    </span>
  );
}

/** `value` between 0 and 1. */
export function Progress({ value, label }: { value: number; label: string }) {
  return <progress className="progress" max={100} value={Math.round(value * 100)} aria-label={label} />;
}

export const Spinner = () => <span className="spinner" aria-hidden />;

type FieldProps = InputHTMLAttributes<HTMLInputElement> & { label: string; hint?: string | undefined; problem?: string | undefined };

export function Field({ label, hint, problem, type = "text", ...rest }: FieldProps) {
  const { t } = useTranslation();
  const id = useId();
  const [shown, setShown] = useState(false);
  const secret = type === "password";
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <div className="field-box">
        <input
          {...rest}
          id={id}
          type={secret && shown ? "text" : type}
          data-autofocus={rest.autoFocus} // what a dialog looks for
          aria-invalid={problem ? true : undefined}
          aria-describedby={problem || hint ? `${id}-hint` : undefined}
        />
        {secret && (
          <IconButton icon={shown ? EyeOff : Eye} label={t(shown ? "auth.hidePassword" : "auth.showPassword")} onClick={() => setShown(!shown)} />
        )}
      </div>
      {(problem || hint) && (
        <p id={`${id}-hint`} className={problem ? "field-problem" : "field-hint"}>
          {problem || hint}
        </p>
      )}
    </div>
  );
}

export function Switch({ label, text, ...rest }: InputHTMLAttributes<HTMLInputElement> & { label: string; text?: string }) {
  const id = useId();
  return (
    <div className="switch-row">
      <div>
        <label htmlFor={id}>{label}</label>
        {text && <p id={`${id}-text`} className="field-hint">{text}</p>}
      </div>
      <input {...rest} id={id} type="checkbox" role="switch" className="switch" aria-describedby={text ? `${id}-text` : undefined} />
    </div>
  );
}

export function Choice<T extends string>({ label, value, options, onChange }: {
  label: string;
  value: T;
  options: { value: T; label: string }[];
  onChange(value: T): void;
}) {
  const name = useId();
  return (
    <fieldset className="choice">
      <legend>{label}</legend>
      <div className="choice-row">
        {options.map((option) => (
          <label key={option.value}>
            <input type="radio" name={name} checked={option.value === value} onChange={() => onChange(option.value)} />
            <span>{option.label}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

export function Select<T extends string>({ label, value, options, onChange, hint, disabled }: {
  label: string;
  value: T;
  options: { value: T; label: string }[];
  onChange(value: T): void;
  hint?: string;
  disabled?: boolean;
}) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <select id={id} value={value} disabled={disabled} aria-describedby={hint ? `${id}-hint` : undefined} onChange={(event) => onChange(event.target.value as T)}>
        {options.map((option) => <option key={option.value} value={option.value}>{option.label}</option>)}
      </select>
      {hint && <p id={`${id}-hint`} className="field-hint">{hint}</p>}
    </div>
  );
}

export function TextArea({ label, hint, ...rest }: TextareaHTMLAttributes<HTMLTextAreaElement> & { label: string; hint?: string }) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <textarea {...rest} id={id} aria-describedby={hint ? `${id}-hint` : undefined} />
      {hint && <p id={`${id}-hint`} className="field-hint">{hint}</p>}
    </div>
  );
}

export function Avatar({ id, name, size = 40, icon: Icon }: { id: string; name: string; size?: 24 | 32 | 40 | 64; icon?: LucideIcon | undefined }) {
  return (
    <span className={`avatar avatar-${size} tint-${tintOf(id)}`} aria-hidden>
      {Icon ? <Icon size={size / 2} /> : initialsOf(name)}
    </span>
  );
}

export function Banner({ look, icon: Icon, children, action }: {
  look: "info" | "warning" | "danger" | "success";
  icon: LucideIcon;
  children: ReactNode;
  action?: ReactNode;
}) {
  return (
    <div className={`banner banner-${look}`} role={look === "danger" ? "alert" : "status"}>
      <Icon size={20} aria-hidden />
      <div className="banner-text">{children}</div>
      {action && <div className="banner-action">{action}</div>}
    </div>
  );
}

export function Empty({ icon: Icon, title, text, children }: { icon: LucideIcon; title: string; text?: string; children?: ReactNode }) {
  return (
    <div className="empty">
      <span className="empty-picture" aria-hidden><Icon size={28} /></span>
      <p className="empty-title">{title}</p>
      {text && <p>{text}</p>}
      {children}
    </div>
  );
}

export function CopyButton({ text, label }: { text: string; label?: string }) {
  const { t } = useTranslation();
  const [done, setDone] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setDone(true);
    setTimeout(() => setDone(false), 2000);
  };
  return (
    <Button icon={done ? Check : Copy} onClick={() => void copy()}>
      <span aria-live="polite">{done ? t("common.copied") : (label ?? t("common.copy"))}</span>
    </Button>
  );
}

/** Digits and letters in groups, as they are compared. */
export function Digits({ of, label, size = 5 }: { of: string; label: string; size?: number }) {
  const characters = of.replace(/[\s-]/g, "");
  const groups = Array.from({ length: Math.ceil(characters.length / size) }, (_, at) => characters.slice(at * size, (at + 1) * size));
  return (
    <p className="digits" dir="ltr" role="img" aria-label={`${label}: ${groups.join(" ")}`}>
      {groups.map((group, at) => (
        <span key={at} aria-hidden>{group}</span>
      ))}
    </p>
  );
}
