import { Check, Paperclip, SendHorizontal, Smile, WifiOff, X } from "lucide-react";
import { Popover, PopoverDisclosure, PopoverProvider, usePopoverStore } from "@ariakit/react";
import { lazy, Suspense, useEffect, useLayoutEffect, useMemo, useRef, useState, type KeyboardEvent, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import { CoreError, type Id, type Message, type MessageRef, type Overview } from "@core/types";
import { IconButton, Spinner } from "../ui/basics";
import { EmojiPicture } from "../ui/emoji-picture";
import { explainError } from "../lib/errors";
import { editEnd, isEditable } from "../lib/edits";
import { beginsLike, kEveryone, mentionsIn, wordAt, type Named } from "../lib/mentions";
import { titleOf } from "../lib/names";
import { keysOf } from "../lib/shortcuts";
import { parseSlash, slashesFor } from "../lib/slash";
import { kMaxText, textSize } from "../lib/text";
import { useTyping } from "../lib/typing";
import { beginEdit, endEdit, endReply, isEditing, keepEdit, placeOf, useComposing } from "../state/composing";
import { act, write } from "../state/conversations";
import { choose, kMostFiles, sendChosen, useFiles } from "../state/files";
import { useEmoji } from "../state/emoji";
import { setDraft } from "../state/kept";
import { readPlaces, refreshPolicy } from "../state/places";
import { runSlash } from "../state/slash";
import { useApp } from "../state/store";
import { isUnanswered, tellTrouble } from "../state/troubles";
import { isEditableNow } from "./message-actions";
import { ChosenFiles, OutgoingFiles } from "./outgoing";
import { Replying } from "./quotation";

const EmojiPicker = lazy(() => import("./emoji").then(({ EmojiPicker }) => ({ default: EmojiPicker })));

const kSuggested = 6;

interface Suggestion {
  insert: string;
  text: string;
  picture?: ReactNode;
}

/** Who can be named here. */
function usePeople({ conversation, peer }: Overview): Named[] {
  const group = useApp((state) => state.groups[conversation.id]);
  const users = useApp((state) => state.users);
  const me = useApp((state) => state.account?.user);
  return useMemo(() => {
    const ids: Id[] = group ? group.members.map(({ user }) => user) : peer ? [peer.id] : [];
    return ids.filter((id) => id !== me).map((id) => ({ id, username: users[id]?.username ?? "", displayName: users[id]?.displayName ?? "" })).filter(({ username }) => username !== "");
  }, [group, peer, users, me]);
}

export function Composer({ one, root }: { one: Overview; root?: MessageRef }) {
  const { t } = useTranslation();
  const id = one.conversation.id;
  const name = titleOf(one, t);
  const place = placeOf(id, root);
  const people = usePeople(one);
  const editing = useComposing((state) => state.editing[place]);
  const replying = useComposing((state) => state.replying[place]);
  const [, navigate] = useLocation();
  const [text, setText] = useState(() => useApp.getState().drafts[place] ?? "");
  const [word, setWord] = useState<ReturnType<typeof wordAt>>();
  const [dismissed, setDismissed] = useState<string>(); // the text whose suggestions were put away
  const [chosen, setChosen] = useState(0);
  const typing = useTyping(id);
  const grouped = one.conversation.kind === "group";
  const emoji = useEmoji(id);
  const named = word?.sign !== ":" ? [] : emoji.filter(({ name }) => name.includes(word.word)).slice(0, kSuggested);
  const names: Named[] = word?.sign !== "@" ? [] : [...people, ...(people.length > 1 ? [{ id: "", username: kEveryone, displayName: t("composer.everyone") }] : [])]
    .filter((person) => beginsLike(person.id ? person : { id: "", username: person.username }, word.word)).slice(0, kSuggested);
  const found: Suggestion[] = editing || dismissed === text ? []
    : [...slashesFor(text, grouped).map(({ name }) => ({ insert: `/${name}`, text: t(`slash.${name}`) })),
      ...names.map(({ username, displayName }) => ({ insert: `@${username}`, text: displayName && displayName !== username ? displayName : "" })),
      ...named.map(({ name, picture }) => ({ insert: `:${name}:`, text: "", picture: <EmojiPicture conversation={id} name={name} picture={picture} /> }))];
  const [problem, setProblem] = useState("");
  const chooser = useRef<HTMLInputElement>(null);
  const field = useRef<HTMLTextAreaElement>(null);
  const picker = usePopoverStore({ placement: "top-end" });
  const over = textSize(text) - kMaxText;
  const files = useFiles((state) => state.chosen[place]?.length ?? 0);
  const [refused, setRefused] = useState(false);
  const [saving, setSaving] = useState<MessageRef>();
  const busy = editing !== undefined && saving === editing.ref;
  const tooMany = refused && files >= kMostFiles;
  const sendable = !busy && over <= 0 && (text.trim() !== "" || (files > 0 && !editing));
  const attach = (chosen: File[]) => {
    setRefused(choose(place, chosen) > 0);
    field.current?.focus();
  };

  // As high as its text, up to what the style sheet allows.
  useLayoutEffect(() => {
    const element = field.current!;
    element.style.height = "auto";
    element.style.height = `${element.scrollHeight}px`;
  }, [text]);
  useEffect(() => {
    if (matchMedia("(pointer: fine)").matches) {
      field.current?.focus({ preventScroll: true });
    }
  }, [id]);
  useEffect(() => {
    if (replying) {
      field.current?.focus();
    }
  }, [replying]);
  // Before the next key, which may come at once.
  useLayoutEffect(() => {
    if (editing) {
      setText(editing.text);
      field.current?.focus();
    }
  }, [editing]);
  useEffect(() => {
    if (editing && !editing.kept) {
      // The time may be over since the rule was last heard. What was already typed stays: then the server says it.
      refreshPolicy().then(() => {
        if (isEditing(place, editing.ref) && field.current?.value === editing.text && !isEditableNow(editing)) {
          stopEditing();
          setProblem(t("errors.edit_window"));
        }
      }, () => undefined);
    }
  }, [editing?.ref]);

  const change = (next: string) => {
    setText(next);
    setWord(wordAt(next, field.current?.selectionStart ?? next.length, "@", ":"));
    setChosen(0);
    if (editing) {
      return;
    }
    setDraft(place, next);
    typing.heard(next !== "");
  };
  const stopEditing = () => {
    endEdit(place);
    setProblem("");
    setText(useApp.getState().drafts[place] ?? "");
  };
  const complete = ({ insert: words }: Suggestion) => {
    const end = field.current!.selectionStart;
    change(`${text.slice(0, word?.from ?? 0)}${words} ${text.slice(end)}`);
    setWord(undefined);
  };
  // What was typed stays until the server has taken it.
  const saveEdit = async ({ ref }: Message, wanted: string) => {
    setSaving(ref);
    keepEdit(place, wanted);
    try {
      await act((of) => of.edit(id, ref, { text: wanted, ...mentionsIn(wanted, people) }));
      if (isEditing(place, ref)) {
        stopEditing();
      }
    } catch (error) {
      if (isEditing(place, ref)) {
        setProblem(isUnanswered(error) ? t("composer.editWaits") : explainError(t, error));
      } else {
        tellTrouble("edit", error);
      }
      if (error instanceof CoreError && error.code === "chat.edit_window_closed") {
        void readPlaces().catch(() => undefined); // it is another one than was known
      }
    } finally {
      setSaving(undefined);
    }
  };
  const send = async () => {
    const wanted = text.trim();
    if (!sendable) {
      return;
    }
    setProblem("");
    setWord(undefined);
    if (editing) {
      await saveEdit(editing, wanted);
      return;
    }
    const parsed = parseSlash(wanted, grouped);
    if (parsed.kind === "unknown" || parsed.kind === "incomplete") {
      setProblem(t(`slash.${parsed.kind}`, { name: parsed.name }));
      return;
    }
    change("");
    try {
      let words = parsed.kind === "text" ? parsed.text : "";
      if (parsed.kind === "command") {
        const done = await runSlash(parsed.name, parsed.words, one, navigate);
        if (done.problem) {
          change(wanted);
          setProblem(t(`slash.${done.problem}`));
        }
        if (done.text === undefined) {
          return;
        }
        words = done.text;
      }
      const draft = { text: words, ...mentionsIn(words, people), ...(root ? { threadRoot: root } : {}), ...(replying ? { replyTo: replying.ref } : {}) };
      endReply(place);
      await (files > 0 ? sendChosen(id, place, draft) : write(id, draft));
    } catch (error) {
      change(wanted); // nothing that was written is lost
      setProblem(explainError(t, error));
    }
  };
  const onKeyDown = (event: KeyboardEvent) => {
    // A command that is complete is carried out, not completed once more.
    const whole = event.key === "Enter" && found.some(({ insert: words }) => words === text);
    if (found.length > 0 && !whole && ["ArrowDown", "ArrowUp", "Enter", "Tab", "Escape"].includes(event.key)) {
      event.preventDefault();
      if (event.key === "Escape") {
        setDismissed(text);
      } else if (event.key.startsWith("Arrow")) {
        setChosen((chosen + (event.key === "ArrowDown" ? 1 : found.length - 1)) % found.length);
      } else {
        complete(found[chosen]!);
      }
      return;
    }
    if (event.key === "Escape" && (editing || replying)) {
      event.preventDefault();
      editing ? stopEditing() : endReply(place);
      return;
    }
    if (event.key === "ArrowUp" && text === "" && !editing && !event.altKey && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      const { windows, thread, account, policy } = useApp.getState();
      const messages = (root ? thread?.messages : windows[id]?.messages.filter(({ threadRoot }) => !threadRoot)) ?? [];
      const last = [...messages].reverse().find((other) => isEditable(other, account?.user));
      if (last && Date.now() < editEnd(last, policy.editWindow)) {
        event.preventDefault();
        beginEdit(last);
      }
      return;
    }
    // While an input method composes, Enter is its own.
    if (event.key === "Enter" && !event.shiftKey && !event.nativeEvent.isComposing) {
      event.preventDefault();
      void send();
    }
  };
  const insert = (emoji: string) => {
    const element = field.current!;
    const { selectionStart: start, selectionEnd: end } = element;
    change(text.slice(0, start) + emoji + text.slice(end));
    picker.hide();
    requestAnimationFrame(() => {
      element.focus();
      element.setSelectionRange(start + emoji.length, start + emoji.length);
    });
  };

  return (
    <form className="composer" onSubmit={(event) => { event.preventDefault(); void send(); }}>
      {(problem || over > 0 || tooMany) && (
        <p className="field-problem" role="alert">
          {over > 0 ? t("composer.tooLong", { count: over }) : tooMany ? t("files.tooMany", { count: kMostFiles }) : problem}
        </p>
      )}
      {editing && (
        <p className="composer-editing" role="status">{t(busy ? "composer.saving" : "composer.editing")} <button type="button" className="icon-button" aria-label={t("common.cancel")} onClick={stopEditing}><X size={16} aria-hidden /></button></p>
      )}
      {found.length > 0 && (
        <ul className="suggestions" role="listbox" id={`${place}-names`} aria-label={t(text.startsWith("/") ? "slash.title" : "composer.mentions")}>
          {found.map((suggestion, at) => (
            <li key={suggestion.insert} id={`${place}-${at}`} role="option" aria-selected={at === chosen} onMouseDown={(event) => { event.preventDefault(); complete(suggestion); }}>
              {suggestion.picture} <bdi>{suggestion.insert}</bdi> {suggestion.text && <span className="field-hint">{suggestion.text}</span>}
            </li>
          ))}
        </ul>
      )}
      {replying && <Replying message={replying} place={place} />}
      <OutgoingFiles place={place} />
      {!editing && <ChosenFiles place={place} />}
      <div className="composer-box">
        <input ref={chooser} type="file" multiple hidden onChange={(event) => { attach([...(event.target.files ?? [])]); event.target.value = ""; }} />
        <IconButton icon={Paperclip} className="attach" label={t("files.attach")} keys={keysOf("attach")} disabled={editing !== undefined} onClick={() => chooser.current?.click()} />
        <textarea ref={field} rows={1} dir="auto" value={text} readOnly={busy} aria-busy={busy || undefined} placeholder={t(root ? "threads.placeholder" : "composer.placeholder", { name })} aria-label={t(root ? "threads.label" : "composer.label", { name })}
          aria-autocomplete="list" aria-controls={found.length > 0 ? `${place}-names` : undefined} aria-activedescendant={found.length > 0 ? `${place}-${chosen}` : undefined}
          onChange={(event) => change(event.target.value)} onKeyDown={onKeyDown}
          onPaste={(event) => {
            // Office programs copy text and a picture of it: then the text is meant.
            if (event.clipboardData.files.length > 0 && !event.clipboardData.types.includes("text/plain")) {
              event.preventDefault();
              attach([...event.clipboardData.files]);
            }
          }} />
        <PopoverProvider store={picker}>
          <PopoverDisclosure render={<IconButton icon={Smile} className="pick-emoji" label={t("composer.emoji")} keys={keysOf("emoji")} />} />
          <Popover className="popover" portal gutter={8} aria-label={t("composer.emoji")} unmountOnHide>
            <Suspense fallback={<Spinner />}><EmojiPicker conversation={id} onPick={insert} /></Suspense>
          </Popover>
        </PopoverProvider>
        <button type="submit" className="icon-button send" aria-label={t("composer.send")} disabled={!sendable}>
          {busy ? <Spinner /> : editing ? <Check size={20} aria-hidden /> : <SendHorizontal size={20} className="mirrored" aria-hidden />}
        </button>
      </div>
      <Hint id={id} typing={!root} hinted={text !== ""} />
    </form>
  );
}

/** Who is writing; else, while one writes oneself, how. The line is there in any case: nothing moves for it. */
function Hint({ id, typing: told, hinted }: { id: Id; typing: boolean; hinted: boolean }) {
  const { t } = useTranslation();
  const typing = useApp((state) => (told ? state.typing[id] : undefined));
  const users = useApp((state) => state.users);
  const offline = useApp((state) => state.link === "offline");
  const names = (typing ?? []).map((user) => users[user]?.username ?? "").filter(Boolean);
  return (
    <p className="composer-hint" role="status" data-typing={names.length > 0 || undefined} data-offline={offline || undefined}>
      {offline ? <><WifiOff size={14} aria-hidden /> {t("link.offline")}</>
        : names.length > 0 ? t("composer.typing", { count: names.length, names: names.slice(0, 3).join(", ") })
        : hinted && <span aria-hidden>{t("composer.hint")} · {t("composer.format")}</span>}
    </p>
  );
}
