// For who manages a channel: what holds in it, what roles may do, who is what and who is kept out.
import { Archive, ArchiveRestore, Trash2 } from "lucide-react";
import { useState, type FormEvent } from "react";
import { useTranslation } from "react-i18next";
import { ChannelPermission, type Channel, type Id, type PlaceAnswer } from "@core/types";
import { Avatar, Button, Switch } from "../ui/basics";
import { titleOfSpace } from "../lib/spaces";
import { nameOf } from "../lib/names";
import { change, setRole } from "../state/places";
import { useApp } from "../state/store";
import { RoleForm } from "./role-form";

type Run = (command: () => Promise<unknown>) => Promise<boolean>;

// The numbers of gateway.proto.
const kPosting = { everyone: 1, announcements: 2 } as const;
const kState = { active: 1, archived: 2 } as const;
const kSwitch = { on: 1, off: 2 } as const;

export function ChannelRules({ channel, run, onClose }: { channel: Channel; run: Run; onClose(): void }) {
  const { t } = useTranslation();
  const where = useApp((state) => titleOfSpace(state.spaces, channel.space));
  const [deleting, setDeleting] = useState(false);
  const update = (fields: Record<string, number>) => void run(() => change("updateChannel", { channel: channel.id, ...fields }));
  return (
    <div className="stack">
      <p className="field-hint">{t(channel.open ? "groupSettings.open" : "groupSettings.closed")} {where && t("groupSettings.where", { space: where })}</p>
      <Switch label={t("channels.announcements")} text={t("channels.announcementsText")} checked={channel.announcements}
        onChange={(event) => update({ posting: event.target.checked ? kPosting.announcements : kPosting.everyone })} />
      {channel.open && (
        <Switch label={t("groupSettings.newcomers")} text={t("groupSettings.newcomersText")} checked={channel.isDefault}
          onChange={(event) => update({ isDefault: event.target.checked ? kSwitch.on : kSwitch.off })} />
      )}
      <section className="card stack">
        <p>{t(channel.archived ? "groupSettings.archivedText" : "groupSettings.archiveText")}</p>
        <div>
          {channel.archived
            ? <Button icon={ArchiveRestore} onClick={() => update({ state: kState.active })}>{t("groupSettings.restore")}</Button>
            : <Button icon={Archive} onClick={() => update({ state: kState.archived })}>{t("groupSettings.archive")}</Button>}
        </div>
      </section>
      <section className="card stack">
        <p>{t("groupSettings.deleteText")}</p>
        {deleting ? (
          <div className="dialog-actions">
            <Button autoFocus onClick={() => setDeleting(false)}>{t("common.cancel")}</Button>
            <Button look="danger" onClick={() => void change("deleteChannel", { channel: channel.id }).then(onClose, (error: unknown) => run(() => Promise.reject(error)))}>{t("groupSettings.deleteNow")}</Button>
          </div>
        ) : (
          <div><Button look="quiet-danger" icon={Trash2} onClick={() => setDeleting(true)}>{t("groupSettings.delete")}</Button></div>
        )}
      </section>
    </div>
  );
}

const kPermissions = ["post", "signal", "invite", "manage", "moderate"] as const;
const kMember = 2;
const kExcepted = [{ role: 1, name: "guests" }, { role: kMember, name: "members" }] as const;
type Exception = "usual" | "allow" | "deny";

/** What a role may do where nothing else is said (docs/security.md). */
const isUsual = (role: number, permission: (typeof kPermissions)[number]): boolean =>
  permission === "post" || permission === "signal" || (permission === "invite" && role >= kMember);

export function ChannelRights({ channel, overrides, run }: { channel: Channel; overrides: NonNullable<PlaceAnswer["overrides"]>; run: Run }) {
  const { t } = useTranslation();
  const of = (role: number) => overrides.find((one) => one.role === role) ?? { role, allow: 0, deny: 0 };
  const set = (role: number, bit: number, value: Exception) => {
    const { allow, deny } = of(role);
    void run(() => change("setOverride", {
      channel: channel.id, role,
      allow: value === "allow" ? allow | bit : allow & ~bit,
      deny: value === "deny" ? deny | bit : deny & ~bit,
    }));
  };
  return (
    <div className="stack">
      <p className="field-hint">{t("groupSettings.rightsText")}</p>
      <table className="rights">
        <thead><tr><th scope="col">{t("groupSettings.right")}</th>{kExcepted.map(({ name }) => <th key={name} scope="col">{t(`groupSettings.${name}`)}</th>)}</tr></thead>
        <tbody>
          {kPermissions.map((permission) => {
            const bit = ChannelPermission[permission];
            return (
              <tr key={permission}>
                <th scope="row">{t(`groupSettings.may_${permission}`)}</th>
                {kExcepted.map(({ role, name }) => {
                  const { allow, deny } = of(role);
                  const value: Exception = (allow & bit) !== 0 ? "allow" : (deny & bit) !== 0 ? "deny" : "usual";
                  return (
                    <td key={name}>
                      <select value={value} data-changed={value !== "usual" || undefined} aria-label={`${t(`groupSettings.${name}`)}: ${t(`groupSettings.may_${permission}`)}`}
                        onChange={(event) => set(role, bit, event.target.value as Exception)}>
                        <option value="usual">{t(isUsual(role, permission) ? "groupSettings.usualYes" : "groupSettings.usualNo")}</option>
                        <option value="allow">{t("groupSettings.yes")}</option>
                        <option value="deny">{t("groupSettings.no")}</option>
                      </select>
                    </td>
                  );
                })}
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

export function ChannelPeople({ channel, banned, run }: { channel: Channel; banned: Id[]; run: Run }) {
  const { t } = useTranslation();
  const users = useApp((state) => state.users);
  const unban = (user: Id) => (event: FormEvent) => {
    event.preventDefault();
    void run(() => change("unban", { channel: channel.id, user }));
  };
  return (
    <div className="stack">
      <RoleForm text={t("groupSettings.roleText")} give={(username, role) => setRole({ channel: channel.id }, username, role)} />
      <section className="stack">
        <h2 className="section-title">{t("groupSettings.banned")}</h2>
        {banned.length === 0 ? <p className="field-hint">{t("groupSettings.bannedNone")}</p> : (
          <ul className="people" aria-label={t("groupSettings.banned")}>
            {banned.map((user) => (
              <li key={user}>
                <form className="person" onSubmit={unban(user)}>
                  <Avatar id={user} name={users[user]?.username ?? "?"} size={32} />
                  <span className="person-name" dir="auto">{nameOf(users[user], t("common.unknownPerson"))}</span>
                  <Button type="submit">{t("groupSettings.unban")}</Button>
                </form>
              </li>
            ))}
          </ul>
        )}
      </section>
    </div>
  );
}
