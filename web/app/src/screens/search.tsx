// Words, person, place and days: over what this device holds, on this device.
import { Search } from "lucide-react";
import { useEffect, useState, type FormEvent } from "react";
import { useTranslation } from "react-i18next";
import { Link, useSearch } from "wouter";
import type { Message } from "@core/types";
import { Back } from "../ui/back";
import { Button, Empty, Field, Switch } from "../ui/basics";
import { Found } from "../ui/found";
import { shortDateOf, startOfDay } from "../lib/dates";
import { explainError } from "../lib/errors";
import { wordsOf } from "../lib/found";
import { messagePath, threadPath } from "../lib/links";
import { nameOf, titleOf } from "../lib/names";
import { summaryOf } from "../lib/summary";
import { client } from "../state/engine";
import { useApp } from "../state/store";
import { timeOf } from "../state/timeline";

const kDay = 86_400_000;
const dayStart = (day: string, plus = 0): number => (startOfDay(day) ?? 0) + plus * 1000;

export function SearchScreen() {
  const { t, i18n } = useTranslation();
  const overview = useApp((state) => state.overview);
  const users = useApp((state) => state.users);
  const account = useApp((state) => state.account);
  const asked = new URLSearchParams(useSearch()).get("words") ?? "";
  const [wish, setWish] = useState({ words: asked, person: "", place: "", from: "", until: "", file: false });
  const [found, setFound] = useState<Message[]>();
  const [looked, setLooked] = useState<string[]>([]); // the words of what is shown
  const [problem, setProblem] = useState("");
  const take = (words: string) => (messages: Message[]) => {
    setLooked(wordsOf(words));
    setFound(messages);
  };
  const put = (name: Exclude<keyof typeof wish, "file">) => (event: { target: { value: string } }) => setWish({ ...wish, [name]: event.target.value });
  useEffect(() => {
    if (asked !== "") {
      setWish((before) => ({ ...before, words: asked }));
      client().search({ words: asked }).then(take(asked), (error: unknown) => setProblem(explainError(t, error)));
    }
  }, [asked, t]);
  const search = (event: FormEvent) => {
    event.preventDefault();
    const sender = wish.person === account?.username ? account.user : Object.values(users).find(({ username }) => username === wish.person)?.id;
    if (wish.person && !sender) {
      setProblem(t("people.unknown", { name: wish.person }));
      return;
    }
    setProblem("");
    client().search({ words: wish.file ? `${wish.words} has:file` : wish.words, ...(sender ? { sender } : {}), ...(wish.place ? { conversation: wish.place } : {}),
      ...(wish.from ? { from: dayStart(wish.from) } : {}), ...(wish.until ? { until: dayStart(wish.until, kDay) } : {}) })
      .then(take(wish.words), (error: unknown) => setProblem(explainError(t, error)));
  };
  const words = { today: t("common.today"), yesterday: t("common.yesterday") };
  return (
    <section className="list-screen" aria-label={t("search.title")}>
      <header className="conversation-head"><Back /><h2>{t("search.title")}</h2></header>
      <form className="search-form" role="search" onSubmit={search}>
        <Field label={t("search.words")} type="search" value={wish.words} autoFocus onChange={put("words")} />
        <Field label={t("search.person")} value={wish.person} autoCapitalize="none" autoComplete="off" problem={problem} onChange={put("person")} />
        <label className="field"><span>{t("search.place")}</span>
          <select value={wish.place} onChange={put("place")}>
            <option value="">{t("search.everywhere")}</option>
            {overview.map((one) => <option key={one.conversation.id} value={one.conversation.id}>{titleOf(one, t)}</option>)}
          </select>
        </label>
        <Field label={t("search.from")} type="date" value={wish.from} onChange={put("from")} />
        <Field label={t("search.until")} type="date" value={wish.until} onChange={put("until")} />
        <Switch label={t("search.file")} checked={wish.file} onChange={(event) => setWish({ ...wish, file: event.target.checked })} />
        <Button look="primary" type="submit" icon={Search}>{t("common.search")}</Button>
      </form>
      {found?.length === 0 && <Empty icon={Search} title={t("list.noMatch")} text={t("search.none")} />}
      <ul className="results" aria-live="polite">
        {found?.map((message) => {
          const place = overview.find(({ conversation }) => conversation.id === message.conversation);
          const sender = message.senderUser === account?.user ? account.username : nameOf(users[message.senderUser], t("common.unknownPerson"));
          return (
            <li key={message.ref}>
              <Link className="result" href={message.threadRoot ? threadPath(message.conversation, message.threadRoot) : messagePath(message.conversation, message.ref)}>
                <span className="field-hint"><bdi>{sender}</bdi> · <bdi>{place ? titleOf(place, t) : ""}</bdi> · {shortDateOf(timeOf(message), i18n.language, words)}</span>
                <span className="result-text" dir="auto"><Found text={summaryOf(message, t)} words={looked} /></span>
              </Link>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
