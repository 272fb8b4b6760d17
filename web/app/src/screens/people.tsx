import { Tab, TabList, TabPanel, TabProvider } from "@ariakit/react";
import { Ban, Plus, ShieldCheck, ShieldQuestion, UserMinus, UserPlus, X } from "lucide-react";
import { useEffect, useState, type FormEvent } from "react";
import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import { ChannelPermission, CoreError, type Id } from "@core/types";
import { Avatar, Button, CopyButton, Digits, Field, IconButton, Spinner } from "../ui/basics";
import { Modal } from "../ui/dialog";
import { Present } from "../ui/presence";
import { explainError } from "../lib/errors";
import { nameOf } from "../lib/names";
import { openPanel } from "../state/panels";
import { PersonField } from "./person-field";
import { act, readGroup, startConversation, startGroup } from "../state/conversations";
import { client } from "../state/engine";
import { change, describePlace } from "../state/places";
import { useApp } from "../state/store";

const kMaxGroupName = 64; // characters; 256 bytes at most

export function NewConversation({ onClose }: { onClose(): void }) {
  const { t } = useTranslation();
  return (
    <Modal title={t("people.newTitle")} onClose={onClose}>
      <TabProvider defaultSelectedId="person">
        <TabList className="tabs" aria-label={t("people.newTitle")}>
          <Tab id="person" className="tab">{t("people.direct")}</Tab>
          <Tab id="group" className="tab">{t("people.group")}</Tab>
        </TabList>
        <TabPanel tabId="person"><PersonForm onClose={onClose} /></TabPanel>
        <TabPanel tabId="group" unmountOnHide><GroupForm onClose={onClose} /></TabPanel>
      </TabProvider>
    </Modal>
  );
}

function useExplain() {
  const { t } = useTranslation();
  return (error: unknown, name: string) =>
    error instanceof CoreError && error.code === "client.not_found" ? t("people.unknown", { name }) : explainError(t, error);
}

function PersonForm({ onClose }: { onClose(): void }) {
  const { t } = useTranslation();
  const explain = useExplain();
  const [, navigate] = useLocation();
  const me = useApp((state) => state.account?.username);
  const [username, setUsername] = useState("");
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  const start = async (event: FormEvent) => {
    event.preventDefault();
    const name = username.trim();
    if (name === "" || name === me) {
      setProblem(t(name === "" ? "auth.missing" : "people.self"));
      return;
    }
    setBusy(true);
    setProblem("");
    try {
      const id = await startConversation(name);
      onClose();
      navigate(`/c/${id}`);
    } catch (error) {
      setProblem(explain(error, name));
      setBusy(false);
    }
  };
  return (
    <form onSubmit={(event) => void start(event)} className="stack">
      <PersonField label={t("people.nameLabel")} hint={t("people.nameHint")} problem={problem} value={username} taken={me ? [me] : []} autoFocus
        onChange={setUsername} onPick={setUsername} />
      <div className="dialog-actions">
        <Button look="quiet" icon={UserPlus} onClick={() => openPanel({ name: "invite" })}>{t("people.invite")}</Button>
        <Button look="primary" type="submit" busy={busy}>{t("people.start")}</Button>
      </div>
    </form>
  );
}

/** A field whose names are looked up one by one. */
function AddPerson({ taken, onAdd }: { taken: string[]; onAdd(username: string): Promise<void> }) {
  const { t } = useTranslation();
  const explain = useExplain();
  const [username, setUsername] = useState("");
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  const add = async (name: string) => {
    if (name === "" || taken.includes(name)) {
      setUsername("");
      return;
    }
    setBusy(true);
    setProblem("");
    try {
      await client().findUser(name);
      await onAdd(name);
      setUsername("");
    } catch (error) {
      setProblem(explain(error, name));
    }
    setBusy(false);
  };
  return (
    <div className="add-person">
      <PersonField label={t("people.addMember")} hint={t("people.addHint")} problem={problem} value={username} taken={taken} onChange={setUsername}
        onPick={(name) => void add(name)} onEnter={() => void add(username.trim())} />
      <IconButton icon={Plus} label={t("people.addMember")} disabled={busy || username.trim() === ""} onClick={() => void add(username.trim())} />
    </div>
  );
}

function GroupForm({ onClose }: { onClose(): void }) {
  const { t } = useTranslation();
  const [, navigate] = useLocation();
  const me = useApp((state) => state.account?.username ?? "");
  const [name, setName] = useState("");
  const [people, setPeople] = useState<string[]>([]);
  const [problem, setProblem] = useState("");
  const create = async (event: FormEvent) => {
    event.preventDefault();
    if (name.trim() === "" || people.length === 0) {
      setProblem(t(name.trim() === "" ? "auth.missing" : "people.noMembers"));
      return;
    }
    try {
      const id = await startGroup(name.trim(), people);
      onClose();
      navigate(`/c/${id}`);
    } catch (error) {
      setProblem(explainError(t, error));
    }
  };
  return (
    <form onSubmit={(event) => void create(event)} className="stack">
      <Field label={t("people.groupName")} hint={t("people.groupNameHint")} value={name} maxLength={kMaxGroupName} autoFocus autoComplete="off"
        onChange={(event) => setName(event.target.value)} />
      <AddPerson taken={[me, ...people]} onAdd={async (username) => setPeople((before) => [...before, username])} />
      {people.length > 0 && (
        <ul className="chips" aria-label={t("people.members")}>
          {people.map((username) => (
            <li key={username} className="chip">
              <span dir="auto">{username}</span>
              <IconButton icon={X} label={t("people.removeMember", { name: username })} onClick={() => setPeople(people.filter((one) => one !== username))} />
            </li>
          ))}
        </ul>
      )}
      {problem && <p className="field-problem" role="alert">{problem}</p>}
      <div className="dialog-actions"><Button look="primary" type="submit">{t("people.create")}</Button></div>
    </form>
  );
}

export function Members({ group: id, onClose }: { group: Id; onClose(): void }) {
  const { t } = useTranslation();
  const group = useApp((state) => state.groups[id]);
  const users = useApp((state) => state.users);
  const me = useApp((state) => state.account);
  const channel = useApp((state) => state.channels[id]);
  const [problem, setProblem] = useState("");
  const [name, setName] = useState<string>();
  useEffect(() => {
    readGroup(id).catch((error: unknown) => setProblem(explainError(t, error)));
  }, [id, t]);
  const run = async (command: () => Promise<unknown>) => {
    setProblem("");
    try {
      await command();
      await readGroup(id);
    } catch (error) {
      setProblem(explainError(t, error));
    }
  };
  if (!group) {
    return <Modal title={t("people.members")} onClose={onClose}><Spinner /></Modal>;
  }
  const usernameOf = (user: Id) => (user === me?.user ? me.username : (users[user]?.username ?? ""));
  const active = group.state === "active";
  const may = (what: number) => active && (channel === undefined || (channel.permissions & what) !== 0);
  const removes = may(ChannelPermission.moderate);
  const remove = (user: Id) => void run(() => act((of) => of.removeFromGroup(id, [usernameOf(user)])));
  const ban = (user: Id) => void run(() => change("removeMember", { channel: id, user, ban: true }));
  return (
    <Modal title={group.name} onClose={onClose}
      actions={active && <Button look="quiet-danger" onClick={() => { onClose(); openPanel({ name: "leave", group: id }); }}>{t("people.leave")}</Button>}>
      {problem && <p className="field-problem" role="alert">{problem}</p>}
      {active && (!channel?.open || may(ChannelPermission.manage)) && (
        <form className="add-person" onSubmit={(event) => { event.preventDefault(); if (name?.trim()) { void run(() => describePlace(id, group, { ...group, name: name.trim() })); } }}>
          <Field label={t("people.groupName")} value={name ?? group.name} maxLength={kMaxGroupName} onChange={(event) => setName(event.target.value)} />
          <Button type="submit" disabled={!name?.trim() || name.trim() === group.name}>{t("people.rename")}</Button>
        </form>
      )}
      <section className="stack">
        <h2 className="section-title">{t("people.memberCount", { count: group.members.length })}</h2>
        <ul className="people" aria-label={t("people.members")}>
          {group.members.map(({ user, unsignedDevice }) => (
            <li key={user} className="person">
              <Present user={user === me?.user ? undefined : user}><Avatar id={user} name={usernameOf(user) || "?"} size={32} /></Present>
              <span className="person-name" dir="auto">{user === me?.user ? `${me.username} (${t("common.you")})` : nameOf(users[user], t("common.unknownPerson"))}</span>
              {users[user]?.trust === "verified" && <ShieldCheck size={16} className="entry-verified" aria-label={t("trust.verified")} />}
              {unsignedDevice && <span className="field-problem">{t("people.unsigned")}</span>}
              {user !== me?.user && <IconButton icon={ShieldQuestion} label={t("trust.title", { name: usernameOf(user) })} onClick={() => openPanel({ name: "verify", user })} />}
              {removes && user !== me?.user && (
                <>
                  <IconButton icon={UserMinus} label={t("people.removeMember", { name: usernameOf(user) })} onClick={() => remove(user)} />
                  {channel && <IconButton icon={Ban} label={t("people.banMember", { name: usernameOf(user) })} onClick={() => ban(user)} />}
                </>
              )}
            </li>
          ))}
        </ul>
        {may(ChannelPermission.invite) && <AddPerson taken={group.members.map(({ user }) => usernameOf(user))} onAdd={(username) => run(() => act((of) => of.addToGroup(id, [username])))} />}
      </section>
      {group.epochCode && (
        <details>
          <summary>{t("people.epochCode")}</summary>
          <p className="field-hint">{t("people.epochCodeText")}</p>
          <Digits of={group.epochCode} label={t("people.epochCode")} />
        </details>
      )}
      {removes && (
        <details>
          <summary>{t("people.stuck")}</summary>
          <div className="stack">
            <p className="field-hint">{t("people.stuckText")}</p>
            <div><Button onClick={() => { onClose(); openPanel({ name: "reset", group: id }); }}>{t("people.reset")}</Button></div>
          </div>
        </details>
      )}
    </Modal>
  );
}

export function Leave({ group, onClose }: { group: Id; onClose(): void }) {
  const { t } = useTranslation();
  const [problem, setProblem] = useState("");
  const leave = () => {
    act((of) => of.leaveGroup(group)).then(onClose, (error: unknown) => setProblem(explainError(t, error)));
  };
  return (
    <Modal title={`${t("people.leave")}?`} onClose={onClose}
      actions={<><Button onClick={onClose}>{t("common.cancel")}</Button><Button look="danger" onClick={leave}>{t("people.leave")}</Button></>}>
      <p>{t("people.leaveText")}</p>
      {problem && <p className="field-problem" role="alert">{problem}</p>}
    </Modal>
  );
}

/** The last resort: the same people, all keys anew. */
export function Reset({ group, onClose }: { group: Id; onClose(): void }) {
  const { t } = useTranslation();
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  const reset = () => {
    setBusy(true);
    act((of) => of.resetGroup(group)).then(onClose, (error: unknown) => {
      setProblem(explainError(t, error));
      setBusy(false);
    });
  };
  return (
    <Modal title={t("people.resetTitle")} onClose={onClose}
      actions={<><Button autoFocus onClick={onClose}>{t("common.cancel")}</Button><Button look="danger" busy={busy} onClick={reset}>{t("people.reset")}</Button></>}>
      <p>{t("people.resetText")}</p>
      <ul className="bullets"><li>{t("people.resetOffline")}</li><li>{t("people.resetTold")}</li></ul>
      {problem && <p className="field-problem" role="alert">{problem}</p>}
    </Modal>
  );
}

export function Invite({ onClose }: { onClose(): void }) {
  const { t } = useTranslation();
  const [token, setToken] = useState("");
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  const make = async () => {
    setBusy(true);
    setProblem("");
    try {
      setToken(await client().invite("member"));
    } catch (error) {
      setProblem(explainError(t, error));
    }
    setBusy(false);
  };
  const link = `${location.origin}/sign-up#${encodeURIComponent(token)}`;
  return (
    <Modal title={t("people.invite")} onClose={onClose}>
      <p>{t("people.inviteText")}</p>
      {problem && <p className="field-problem" role="alert">{problem}</p>}
      {token === "" ? (
        <div className="dialog-actions">
          <Button look="primary" busy={busy} onClick={() => void make()}>{t("people.makeInvite")}</Button>
        </div>
      ) : (
        <>
          <Field label={t("people.inviteLink")} value={link} readOnly onFocus={(event) => event.target.select()} />
          <div className="dialog-actions"><CopyButton text={link} /></div>
        </>
      )}
    </Modal>
  );
}
