// The directory of channels, and the form that makes one.
import { Archive, Hash, Lock, Plus } from "lucide-react";
import { useCallback, useEffect, useState, type FormEvent } from "react";
import { useTranslation } from "react-i18next";
import { Link, useLocation } from "wouter";
import type { Channel, Id } from "@core/types";
import { Back } from "../ui/back";
import { Button, Choice, Empty, Field, Spinner, Switch } from "../ui/basics";
import { Modal } from "../ui/dialog";
import { explainError } from "../lib/errors";
import { conversationPath } from "../lib/links";
import { openPanel } from "../state/panels";
import { createChannel, findChannels, joinChannel } from "../state/places";
import { useApp } from "../state/store";

export function ChannelsScreen() {
  const { t } = useTranslation();
  const [, navigate] = useLocation();
  const overview = useApp((state) => state.overview);
  const mine = useApp((state) => state.channels);
  const [wanted, setWanted] = useState("");
  const [found, setFound] = useState<Channel[]>();
  const [problem, setProblem] = useState("");
  const look = useCallback((search: string) => {
    findChannels(search).then((channels) => { setFound(channels); setProblem(""); }, (error: unknown) => setProblem(explainError(t, error)));
  }, [t]);
  useEffect(() => {
    const timer = setTimeout(() => look(wanted), 150);
    return () => clearTimeout(timer);
  }, [wanted, look, mine]);
  const [joining, setJoining] = useState<Id>();
  const join = (channel: Channel) => {
    setJoining(channel.id);
    joinChannel(channel).then(() => navigate(conversationPath(channel.id)), (error: unknown) => setProblem(explainError(t, error))).finally(() => setJoining(undefined));
  };
  const nameOfChannel = ({ id, name }: Channel) => name || overview.find(({ conversation }) => conversation.id === id)?.conversation.name || t("people.unnamedGroup");
  return (
    <section className="list-screen" aria-label={t("channels.title")}>
      <header className="conversation-head"><Back /><h2>{t("channels.title")}</h2><Button look="primary" icon={Plus} onClick={() => openPanel({ name: "newChannel" })}>{t("channels.new")}</Button></header>
      <div className="search-form"><Field type="search" label={t("channels.search")} value={wanted} autoFocus onChange={(event) => setWanted(event.target.value)} /></div>
      {problem && <p className="field-problem" role="alert">{problem}</p>}
      {found === undefined ? !problem && <div className="whole"><Spinner /></div> : found.length === 0 ? (
        <Empty icon={Hash} title={t("list.noMatch")} text={t("channels.none")} />
      ) : (
        <ul className="results">
          {found.map((channel) => (
            <li key={channel.id} className="result channel-row">
              {channel.open ? <Hash size={18} aria-hidden /> : <Lock size={18} aria-hidden />}
              <span className="result-text"><bdi>{nameOfChannel(channel)}</bdi></span>
              {channel.archived && <span className="tag"><Archive size={12} aria-hidden /> {t("channels.archived")}</span>}
              <span className="field-hint">{t("people.memberCount", { count: channel.memberCount })}</span>
              {channel.joined ? <Link className="button button-plain" href={conversationPath(channel.id)}>{t("channels.open")}</Link>
                : !channel.archived && <Button look="primary" busy={joining === channel.id} onClick={() => join(channel)}>{t("channels.join")}</Button>}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

export function NewChannel({ onClose }: { onClose(): void }) {
  const { t } = useTranslation();
  const [, navigate] = useLocation();
  const spaces = useApp((state) => state.spaces).filter(({ archived }) => !archived);
  const [wish, setWish] = useState({ name: "", topic: "", people: "", space: "", reach: "private" as "public" | "private", announcements: false });
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  const put = (name: "name" | "topic" | "people" | "space") => (event: { target: { value: string } }) => setWish({ ...wish, [name]: event.target.value });
  const create = async (event: FormEvent) => {
    event.preventDefault();
    if (wish.name.trim() === "") {
      setProblem(t("auth.missing"));
      return;
    }
    setBusy(true);
    try {
      const { name, topic, space, reach, announcements } = wish;
      const id = await createChannel({ name: name.trim(), topic: topic.trim(), open: reach === "public", announcements, ...(space ? { space } : {}) },
        wish.people.split(/[\s,]+/).filter(Boolean));
      onClose();
      navigate(conversationPath(id));
    } catch (error) {
      setProblem(explainError(t, error));
      setBusy(false);
    }
  };
  return (
    <Modal title={t("channels.new")} onClose={onClose}>
      <form className="stack" onSubmit={(event) => void create(event)}>
        <Field label={t("channels.name")} value={wish.name} maxLength={64} autoFocus autoComplete="off" problem={problem} onChange={put("name")} />
        <Choice label={t("channels.reach")} value={wish.reach} onChange={(reach) => setWish({ ...wish, reach })}
          options={[{ value: "private", label: t("channels.private") }, { value: "public", label: t("channels.public") }]} />
        <p className="field-hint">{t(wish.reach === "public" ? "channels.publicText" : "channels.privateText")}</p>
        <Field label={t("channels.topic")} value={wish.topic} onChange={put("topic")} />
        <Field label={t("channels.people")} hint={t("channels.peopleHint")} value={wish.people} autoCapitalize="none" onChange={put("people")} />
        {spaces.length > 0 && (
          <label className="field"><span>{t("channels.space")}</span>
            <select value={wish.space} onChange={put("space")}><option value="">–</option>{spaces.map(({ id, name }) => <option key={id} value={id}>{name}</option>)}</select>
          </label>
        )}
        <Switch label={t("channels.announcements")} text={t("channels.announcementsText")} checked={wish.announcements} onChange={(event) => setWish({ ...wish, announcements: event.target.checked })} />
        <div className="dialog-actions"><Button look="primary" type="submit" busy={busy}>{t("people.create")}</Button></div>
      </form>
    </Modal>
  );
}
