// The directory: spaces, what stands in them, and the channels that one may come into.
import { Archive, EyeOff, Folder, FolderOpen, Hash, Lock, Plus, Settings as Gear } from "lucide-react";
import { useCallback, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useLocation } from "wouter";
import type { Channel, Id, Space } from "@core/types";
import { Back } from "../ui/back";
import { Button, Empty, Field, IconButton, Spinner } from "../ui/basics";
import { explainError } from "../lib/errors";
import { conversationPath, spacePath } from "../lib/links";
import { kSpaceAdmin, mayMakeAtTop, pathOf, spacesIn, titleOfSpace } from "../lib/spaces";
import { openPanel } from "../state/panels";
import { findChannels, joinChannel, readPlaces } from "../state/places";
import { useApp } from "../state/store";

export function ChannelsScreen({ space: id }: { space?: Id }) {
  const { t } = useTranslation();
  const spaces = useApp((state) => state.spaces);
  const mine = useApp((state) => state.channels);
  const [wanted, setWanted] = useState("");
  const [found, setFound] = useState<Channel[]>();
  const [problem, setProblem] = useState("");
  const look = useCallback((search: string) => {
    findChannels(search, id).then((channels) => { setFound(channels); setProblem(""); }, (error: unknown) => setProblem(explainError(t, error)));
  }, [id, t]);
  useEffect(() => {
    readPlaces().catch(() => undefined); // nobody tells of others' new spaces
  }, []);
  useEffect(() => {
    const timer = setTimeout(() => look(wanted), 150);
    return () => clearTimeout(timer);
  }, [wanted, look, mine]);
  const path = pathOf(spaces, id);
  const space = path.at(-1);
  const inside = spacesIn(spaces, id);
  const searching = wanted !== "";
  // At the top stand those that are in no space; a search looks everywhere.
  const shown = found?.filter((channel) => id !== undefined || searching || pathOf(spaces, channel.space).length === 0);
  const title = space?.name ?? t("channels.title");
  const mayMake = space ? space.role >= kSpaceAdmin && !space.archived : mayMakeAtTop(spaces);
  if (id !== undefined && !space) {
    return (
      <section className="list-screen" aria-label={t("spaces.title")}>
        <header className="conversation-head"><Back /><h2>{t("spaces.title")}</h2></header>
        <Empty icon={FolderOpen} title={t("list.noMatch")} text={t("spaces.unknown")}><Link className="button button-plain" href="/channels">{t("channels.title")}</Link></Empty>
      </section>
    );
  }
  return (
    <section className="list-screen" aria-label={title}>
      <header className="conversation-head">
        <Back />
        <h2><bdi>{title}</bdi></h2>
        {space && space.role >= kSpaceAdmin && <IconButton icon={Gear} label={t("spaces.settings")} onClick={() => openPanel({ name: "spaceSettings", space: space.id })} />}
        {!space?.archived && <Button look="primary" icon={Plus} onClick={() => openPanel({ name: "newChannel", space: id })}>{t("channels.new")}</Button>}
      </header>
      {space && <Way path={path} />}
      <div className="search-form"><Field type="search" label={t(space ? "spaces.search" : "channels.search")} value={wanted} autoFocus onChange={(event) => setWanted(event.target.value)} /></div>
      {problem && <p className="field-problem" role="alert">{problem}</p>}
      {!searching && (inside.length > 0 || mayMake) && (
        <>
          <div className="list-head"><h3>{t("spaces.title")}</h3>{mayMake && <Button look="quiet" icon={Plus} onClick={() => openPanel({ name: "newSpace", space: id })}>{t("spaces.new")}</Button>}</div>
          {inside.length > 0 ? (
            <ul className="results" aria-label={t("spaces.title")}>{inside.map((one) => <SpaceRow key={one.id} space={one} />)}</ul>
          ) : (
            <p className="list-none">{t("spaces.none")}</p>
          )}
        </>
      )}
      {!searching && <div className="list-head"><h3>{t("channels.title")}</h3></div>}
      {shown === undefined ? !problem && <div className="whole"><Spinner /></div> : shown.length > 0 ? (
        <ul className="results" aria-label={t("channels.title")}>{shown.map((channel) => <ChannelRow key={channel.id} channel={channel} where={searching} onProblem={setProblem} />)}</ul>
      ) : searching ? (
        <Empty icon={Hash} title={t("list.noMatch")} text={t("channels.none")} />
      ) : (
        <Empty icon={Hash} title={t("channels.noneYet")} text={t("channels.noneYetText")} />
      )}
    </section>
  );
}

/** From the top down to the space; each but the last leads there. */
function Way({ path }: { path: Space[] }) {
  const { t } = useTranslation();
  return (
    <nav className="way" aria-label={t("spaces.way")}>
      <ol>
        <li><Link href="/channels">{t("channels.title")}</Link></li>
        {path.map(({ id, name }, at) => (
          <li key={id}>{at < path.length - 1 ? <Link href={spacePath(id)}><bdi>{name}</bdi></Link> : <span aria-current="page"><bdi>{name}</bdi></span>}</li>
        ))}
      </ol>
      {path.at(-1)!.archived && <span className="tag"><Archive size={12} aria-hidden /> {t("channels.archived")}</span>}
    </nav>
  );
}

function SpaceRow({ space }: { space: Space }) {
  const { t } = useTranslation();
  const below = useApp((state) => spacesIn(state.spaces, space.id).length);
  return (
    <li>
      <Link href={spacePath(space.id)} className="result channel-row">
        <Folder size={18} aria-hidden />
        <span className="result-text"><bdi>{space.name}</bdi></span>
        {space.hidden && <span className="tag"><EyeOff size={12} aria-hidden /> {t("spaces.hidden")}</span>}
        {space.archived && <span className="tag"><Archive size={12} aria-hidden /> {t("channels.archived")}</span>}
        {below > 0 && <span className="field-hint">{t("spaces.count", { count: below })}</span>}
      </Link>
    </li>
  );
}

function ChannelRow({ channel, where, onProblem }: { channel: Channel; where: boolean; onProblem(why: string): void }) {
  const { t } = useTranslation();
  const [, navigate] = useLocation();
  const known = useApp((state) => state.overview.find(({ conversation }) => conversation.id === channel.id)?.conversation.name);
  const spaces = useApp((state) => state.spaces);
  const [joining, setJoining] = useState(false);
  const join = () => {
    setJoining(true);
    joinChannel(channel).then(() => navigate(conversationPath(channel.id)), (error: unknown) => { onProblem(explainError(t, error)); setJoining(false); });
  };
  const place = where ? titleOfSpace(spaces, channel.space) : "";
  return (
    <li className="result channel-row">
      {channel.open ? <Hash size={18} aria-hidden /> : <Lock size={18} aria-hidden />}
      <span className="result-text"><bdi>{channel.name || known || t("people.unnamedGroup")}</bdi></span>
      {place && <span className="field-hint"><bdi>{place}</bdi></span>}
      {channel.archived && <span className="tag"><Archive size={12} aria-hidden /> {t("channels.archived")}</span>}
      <span className="field-hint">{t("people.memberCount", { count: channel.memberCount })}</span>
      {channel.joined ? <Link className="button button-plain" href={conversationPath(channel.id)}>{t("channels.open")}</Link>
        : !channel.archived && <Button look="primary" busy={joining} onClick={join}>{t("channels.join")}</Button>}
    </li>
  );
}
