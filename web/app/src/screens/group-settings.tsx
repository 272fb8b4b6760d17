// What a group is called and about, and of a channel also which rules hold in it.
import { Tab, TabList, TabPanel, TabProvider } from "@ariakit/react";
import { useCallback, useEffect, useState, type FormEvent } from "react";
import { useTranslation } from "react-i18next";
import { ChannelPermission, type Channel, type Group, type Id, type PlaceAnswer } from "@core/types";
import { Button, Field, Spinner, Switch, TextArea } from "../ui/basics";
import { Modal } from "../ui/dialog";
import { explainError } from "../lib/errors";
import { readGroup } from "../state/conversations";
import { describePlace, readChannel } from "../state/places";
import { shareHistory } from "../state/history";
import { useApp } from "../state/store";
import { ChannelPeople, ChannelRights, ChannelRules } from "./channel-rules";

const kMaxName = 64;
const kMaxTopic = 250; // characters; 1024 bytes at most
const kMaxDescription = 1000; // characters; 4096 bytes at most

export function GroupSettings({ group: id, onClose }: { group: Id; onClose(): void }) {
  const { t } = useTranslation();
  const group = useApp((state) => state.groups[id]);
  const channel = useApp((state) => state.channels[id]);
  const [fresh, setFresh] = useState(false); // a form that began with old words would write them back
  const [details, setDetails] = useState<PlaceAnswer>();
  const [problem, setProblem] = useState("");
  const fail = useCallback((error: unknown) => setProblem(explainError(t, error)), [t]);
  useEffect(() => {
    readGroup(id).then(() => setFresh(true), fail);
  }, [id, fail]);
  const manages = channel !== undefined && (channel.permissions & ChannelPermission.manage) !== 0;
  const known = channel !== undefined;
  const read = useCallback(() => readChannel(id).then(setDetails), [id]);
  useEffect(() => {
    if (known) {
      read().catch(fail);
    }
  }, [known, channel, read, fail]);
  /** Reads again what the command has changed. */
  const run = async (command: () => Promise<unknown>): Promise<boolean> => {
    setProblem("");
    try {
      await command();
      await read();
      return true;
    } catch (error) {
      fail(error);
      return false;
    }
  };
  const title = t(channel ? "groupSettings.channel" : "groupSettings.group");
  const trouble = problem && <p className="field-problem" role="alert">{problem}</p>;
  if (!group || !fresh) {
    return <Modal title={title} onClose={onClose}>{trouble || <Spinner />}</Modal>;
  }
  const about = (
    <>
      <About key={id} id={id} channel={channel} manages={manages} />
      <SharedHistory group={group} closed={group.state !== "active" || (channel !== undefined && !manages)} />
    </>
  );
  return (
    <Modal title={title} onClose={onClose}>
      {trouble}
      {!channel || !manages ? about : (
        <TabProvider defaultSelectedId="about">
          <TabList className="tabs" aria-label={title}>
            <Tab id="about" className="tab">{t("groupSettings.about")}</Tab>
            <Tab id="rules" className="tab">{t("groupSettings.rules")}</Tab>
            <Tab id="rights" className="tab">{t("groupSettings.rights")}</Tab>
            <Tab id="people" className="tab">{t("groupSettings.people")}</Tab>
          </TabList>
          <TabPanel tabId="about">{about}</TabPanel>
          <TabPanel tabId="rules"><ChannelRules channel={channel} run={run} onClose={onClose} /></TabPanel>
          <TabPanel tabId="rights">{details ? <ChannelRights channel={channel} overrides={details.overrides ?? []} run={run} /> : <Spinner />}</TabPanel>
          <TabPanel tabId="people"><ChannelPeople channel={channel} banned={details?.banned ?? []} run={run} /></TabPanel>
        </TabProvider>
      )}
    </Modal>
  );
}

/** Whether newcomers may read what was written before them; carried by the group itself, not by the server. */
function SharedHistory({ group, closed }: { group: Group; closed: boolean }) {
  const { t, i18n } = useTranslation();
  const by = useApp((state) => (state.account?.user === group.historyChangedBy ? state.account.username : state.users[group.historyChangedBy]?.username));
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState("");
  const toggle = async (shared: boolean) => {
    setBusy(true);
    setProblem("");
    try {
      await shareHistory(group.id, shared);
      await readGroup(group.id);
    } catch (error) {
      setProblem(explainError(t, error));
    }
    setBusy(false);
  };
  return (
    <section className="stack divided">
      <Switch label={t("groupSettings.shareHistory")} text={t("groupSettings.shareHistoryText")} checked={group.sharesHistory} disabled={closed || busy}
        onChange={(event) => void toggle(event.target.checked)} />
      {by && group.sharesHistory && (
        <p className="field-hint">{t("groupSettings.sharedBy", { name: by, date: new Date(group.historyChangedAt / 1000).toLocaleDateString(i18n.language) })}</p>
      )}
      {problem && <p className="field-problem" role="alert">{problem}</p>}
    </section>
  );
}

function About({ id, channel, manages }: { id: Id; channel: Channel | undefined; manages: boolean }) {
  const { t } = useTranslation();
  const group = useApp((state) => state.groups[id])!;
  const before = { name: group.name, topic: group.topic, description: group.description };
  const [wish, setWish] = useState(before);
  const [answer, setAnswer] = useState<{ good: boolean; text: string }>();
  const [busy, setBusy] = useState(false);
  const active = group.state === "active";
  const put = (name: keyof typeof wish) => (event: { target: { value: string } }) => setWish({ ...wish, [name]: event.target.value });
  const save = async (event: FormEvent) => {
    event.preventDefault();
    const next = { name: wish.name.trim(), topic: wish.topic.trim(), description: wish.description.trim() };
    if (next.name === "") {
      setAnswer({ good: false, text: t("auth.missing") });
      return;
    }
    setBusy(true);
    try {
      await describePlace(id, before, next);
      await readGroup(id);
      setWish(next);
      setAnswer({ good: true, text: t("groupSettings.saved") });
    } catch (error) {
      setAnswer({ good: false, text: explainError(t, error) });
    }
    setBusy(false);
  };
  const same = wish.name === before.name && wish.topic === before.topic && wish.description === before.description;
  return (
    <form className="stack" onSubmit={(event) => void save(event)}>
      <Field label={t(channel ? "channels.name" : "people.groupName")} hint={t(channel?.open ? "groupSettings.openName" : "people.groupNameHint")} value={wish.name} maxLength={kMaxName} autoComplete="off"
        readOnly={!active || (channel?.open && !manages)} onChange={put("name")} />
      <Field label={t("channels.topic")} hint={t("groupSettings.topicHint")} value={wish.topic} maxLength={kMaxTopic} autoComplete="off" readOnly={!active} onChange={put("topic")} />
      <TextArea label={t("groupSettings.description")} hint={t("groupSettings.descriptionHint")} value={wish.description} maxLength={kMaxDescription} rows={4} readOnly={!active} onChange={put("description")} />
      <p role="status" className={answer?.good === false ? "field-problem" : "field-hint"}>{answer?.text}</p>
      {active && <div className="dialog-actions"><Button look="primary" type="submit" busy={busy} disabled={same}>{t("common.save")}</Button></div>}
    </form>
  );
}
