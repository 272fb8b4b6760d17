import { useEffect, useId, useState, type KeyboardEvent } from "react";
import { useTranslation } from "react-i18next";
import type { Person } from "@core/types";
import { Avatar, Field } from "../ui/basics";
import { client } from "../state/engine";

const kPause = 150; // ms after the last key
const kShown = 8;

/** Those whose names begin as is typed; nobody without a connection, or where people are not to be listed. */
function useFound(value: string, taken: readonly string[]): Person[] {
  const wanted = value.trim();
  const [found, setFound] = useState<{ for: string; people: Person[] }>({ for: "", people: [] });
  useEffect(() => {
    if (wanted === "") {
      return;
    }
    let outdated = false;
    const timer = setTimeout(() => {
      client().searchPeople(wanted, kShown + 1).then((people) => outdated || setFound({ for: wanted, people }), () => undefined);
    }, kPause);
    return () => {
      outdated = true;
      clearTimeout(timer);
    };
  }, [wanted]);
  return found.for !== wanted || wanted === "" ? [] : found.people.filter(({ username }) => !taken.includes(username) && username !== wanted).slice(0, kShown);
}

/** A user name, with those offered whose name begins as is typed. */
export function PersonField({ label, hint, problem, value, taken, autoFocus, onChange, onPick, onEnter }: {
  label: string;
  hint: string;
  problem: string;
  value: string;
  taken: readonly string[];
  autoFocus?: boolean;
  onChange(value: string): void;
  onPick(username: string): void;
  /** Without one Enter is the form's. */
  onEnter?(): void;
}) {
  const { t } = useTranslation();
  const id = useId();
  const [chosen, setChosen] = useState(-1);
  const [dismissed, setDismissed] = useState("");
  const people = useFound(value, taken);
  const shown = dismissed === value ? [] : people;
  const pick = ({ username }: Person) => {
    setDismissed(username);
    setChosen(-1);
    onPick(username);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const moves = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (moves !== 0 && shown.length > 0) {
      event.preventDefault();
      setChosen((chosen + moves + (chosen < 0 && moves < 0 ? 1 : 0) + shown.length) % shown.length);
    } else if (event.key === "Escape" && shown.length > 0) {
      event.preventDefault();
      setDismissed(value);
      setChosen(-1);
    } else if (event.key === "Enter" && !event.nativeEvent.isComposing && (shown[chosen] || onEnter)) {
      event.preventDefault();
      shown[chosen] ? pick(shown[chosen]) : onEnter?.();
    }
  };
  return (
    <div className="person-field" data-keeps-escape={shown.length > 0 || undefined}>
      <Field label={label} hint={hint} problem={problem} value={value} autoFocus={autoFocus} autoCapitalize="none" spellCheck={false} autoComplete="off"
        aria-autocomplete="list" aria-controls={shown.length > 0 ? `${id}-people` : undefined} aria-activedescendant={shown[chosen] ? `${id}-${chosen}` : undefined}
        onChange={(event) => { setChosen(-1); setDismissed(""); onChange(event.target.value); }} onKeyDown={onKeyDown} />
      {shown.length > 0 && (
        <ul className="suggestions" role="listbox" id={`${id}-people`} aria-label={t("people.found")}>
          {shown.map((one, at) => (
            <li key={one.id} id={`${id}-${at}`} className="person" role="option" aria-selected={at === chosen} onMouseDown={(event) => { event.preventDefault(); pick(one); }}>
              <Avatar id={one.id} name={one.displayName || one.username} size={24} />
              <span className="person-name"><bdi>{one.displayName || one.username}</bdi> <span className="field-hint">{one.username}</span></span>
            </li>
          ))}
        </ul>
      )}
      <span className="visually-hidden" role="status">{shown.length > 0 ? t("people.foundCount", { count: shown.length }) : ""}</span>
    </div>
  );
}
