// Ctrl+K: conversations, people, channels, threads, settings and everything there is to do, in one list by a few letters.
import { Combobox, ComboboxGroup, ComboboxGroupLabel, ComboboxItem, ComboboxList, ComboboxProvider, Dialog } from "@ariakit/react";
import { useEffect, useMemo, useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import type { Channel, Thread } from "@core/types";
import { Keys } from "../ui/basics";
import { kKinds, kSigns, ranked, type Item } from "../lib/palette";
import { client } from "../state/engine";
import { noteChosen } from "../state/kept";
import { findChannels } from "../state/places";
import { learn, peopleOf } from "../state/refresh";
import { useApp } from "../state/store";
import { telling } from "../state/troubles";
import { useItems } from "./palette-items";

const kPause = 150; // milliseconds without a key before the directory is asked
const kAskFrom = 2; // letters
const kShown = 50;

/** Public channels that one is not in; the server's directory is asked while one types. */
function useDirectory(words: string): Channel[] {
  const [found, setFound] = useState<Channel[]>([]);
  useEffect(() => {
    if (words.length < kAskFrom) {
      setFound([]);
      return undefined;
    }
    let wanted = true;
    const timer = setTimeout(() => findChannels(words).then((channels) => wanted && setFound(channels), () => undefined), kPause);
    return () => {
      wanted = false;
      clearTimeout(timer);
    };
  }, [words]);
  return found;
}

function useThreads(): Thread[] {
  const [threads, setThreads] = useState<Thread[]>([]);
  useEffect(() => {
    client().threads(undefined, true).then(async (found) => {
      await learn(found.flatMap(({ root }) => peopleOf(root)));
      setThreads(found);
    }).catch(() => undefined);
  }, []);
  return threads;
}

export function Palette({ onClose }: { onClose(): void }) {
  const { t } = useTranslation();
  const [path] = useLocation();
  const [typed, setTyped] = useState("");
  const sign = kSigns[typed[0] ?? ""];
  const words = (sign ? typed.slice(1) : typed).trim();
  const recent = useApp((state) => state.chosen);
  const items = useItems({ path, words, directory: useDirectory(words), threads: useThreads() });
  const groups = useMemo(() => ranked(items, { words, kinds: sign && kKinds[sign], recent, most: kShown }), [items, words, sign, recent]);
  const choose = ({ id, run }: Item) => {
    onClose();
    noteChosen(id);
    void telling("open", Promise.resolve(run()));
  };
  return (
    <Dialog open onClose={onClose} aria-label={t("palette.title")} className="dialog palette" backdrop={<div className="backdrop" />}>
      <ComboboxProvider open setValue={setTyped} includesBaseElement={false} defaultActiveId={undefined}>
        <Combobox autoSelect="always" autoFocus className="palette-input" placeholder={t("palette.placeholder")} aria-label={t("palette.title")} />
        <ComboboxList className="palette-list" alwaysVisible>
          {groups.map(({ name, found }) => (
            <ComboboxGroup key={name}>
              <ComboboxGroupLabel className={words ? "visually-hidden" : "palette-label"}>{t(`palette.${name}`)}</ComboboxGroupLabel>
              {found.map(({ item, places }) => (
                <ComboboxItem key={item.id} className="palette-item" hideOnClick={false} focusOnHover setValueOnClick={false} onClick={() => choose(item)}>
                  {item.picture}
                  <bdi className="palette-title"><Marked text={item.title} places={places} /></bdi>
                  {item.beside && <span className="palette-beside"><bdi>{item.beside}</bdi></span>}
                  {item.keys ? <Keys of={item.keys} /> : <span className={item.kind === "action" ? "palette-kind visually-hidden" : "palette-kind"}>{t(`palette.kinds.${item.kind}`)}</span>}
                </ComboboxItem>
              ))}
            </ComboboxGroup>
          ))}
        </ComboboxList>
        <p className="palette-none" role="status">{groups.length === 0 && t("palette.none")}</p>
        <p className="palette-foot" aria-hidden>
          {Object.entries(kSigns).map(([key, name]) => <span key={key}><kbd>{key}</kbd> {t(`palette.only.${name}`)}</span>)}
        </p>
      </ComboboxProvider>
    </Dialog>
  );
}

/** What was found of it is seen. */
function Marked({ text, places }: { text: string; places: ReadonlySet<number> }) {
  if (places.size === 0) {
    return text;
  }
  const out: ReactNode[] = [];
  let at = 0;
  for (const character of text) {
    out.push(places.has(at) ? <mark key={at}>{character}</mark> : character);
    at += character.length;
  }
  return out;
}
