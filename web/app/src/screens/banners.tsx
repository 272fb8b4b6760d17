import { History, MonitorSmartphone, ShieldAlert, Smartphone, TriangleAlert, UserX } from "lucide-react";
import { useTranslation } from "react-i18next";
import { Link, useLocation } from "wouter";
import type { Id } from "@core/types";
import { Banner, Button } from "../ui/basics";
import { explainError } from "../lib/errors";
import { nameOf, titleOf } from "../lib/names";
import { dismissNotice } from "../state/session";
import { useApp } from "../state/store";
import { forgetTrouble, useTrouble } from "../state/troubles";

/** What waits for a decision, and what went wrong. It stands where nothing has to move for it. */
export function Banners() {
  const { t, i18n } = useTranslation();
  const [path] = useLocation();
  const notices = useApp((state) => state.notices);
  const users = useApp((state) => state.users);
  const recovered = useApp((state) => state.recovered);
  const trouble = useTrouble((state) => state.trouble);
  const overview = useApp((state) => state.overview);
  const titleOfPlace = (id: Id) => {
    const one = overview.find(({ conversation }) => conversation.id === id);
    return one ? titleOf(one, t) : t("people.unnamedGroup");
  };
  const namesOf = (ids: Id[], language: string) =>
    new Intl.ListFormat(language).format(ids.map((id) => nameOf(users[id], t("common.unknownPerson"))));
  const pending = useApp((state) => state.devices.some((device) => device.pending));
  const asked = useApp((state) => Object.values(state.transfers).some(({ receiving, state: at }) => !receiving && at === "comparing"));
  const approver = useApp((state) => state.account?.hasAccountKey ?? false);
  return (
    <div className="banners">
      {pending && approver && path !== "/settings/devices" && (
        <Banner look="warning" icon={Smartphone} action={<Link className="button button-plain" href="/settings/devices">{t("devices.review")}</Link>}>
          {t("devices.newDevice")}
        </Banner>
      )}
      {asked && path !== "/settings/devices" && (
        <Banner look="warning" icon={History} action={<Link className="button button-plain" href="/settings/devices">{t("devices.review")}</Link>}>
          {t("history.banner")}
        </Banner>
      )}
      {recovered !== null && path !== "/settings/devices" && (
        <Banner look="warning" icon={MonitorSmartphone} action={
          <>
            <Button onClick={() => useApp.setState({ recovered: null })}>{t("common.dismiss")}</Button>
            <Link className="button button-plain" href="/settings/devices" onClick={() => useApp.setState({ recovered: null })}>{t("devices.review")}</Link>
          </>
        }>
          {t("recovery.back", { count: recovered })}
        </Banner>
      )}
      {trouble && (
        <Banner look="warning" icon={TriangleAlert} action={<Button onClick={forgetTrouble}>{t("common.dismiss")}</Button>}>
          {t(`troubles.${trouble.what}`, { reason: explainError(t, trouble.error) })}
        </Banner>
      )}
      {notices.map(({ key, notice }) => notice.type === "groupChangeDone" ? (
        <Banner key={key} look="warning" icon={UserX} action={<Button onClick={() => dismissNotice(key)}>{t("common.dismiss")}</Button>}>
          {t(notice.failure === "client.identity_not_accepted" ? "notices.notTrusted" : "notices.leftOut", {
            names: namesOf(notice.leftOut, i18n.language), place: titleOfPlace(notice.conversation),
          })}
        </Banner>
      ) : (
        <Banner key={key} look="danger" icon={ShieldAlert} action={<Button onClick={() => dismissNotice(key)}>{t("common.dismiss")}</Button>}>
          <strong>{t("notices.title")}.</strong>{" "}
          {t(notice.type === "badCommit" ? `notices.badCommit.${notice.evidence}` as const : `notices.${notice.type}` as const, {
            name: "user" in notice || "by" in notice ? nameOf(users["user" in notice ? notice.user : notice.by], t("common.unknownPerson")) : "",
            place: notice.type === "badCommit" || "by" in notice ? titleOfPlace(notice.conversation) : "",
            reporter: notice.type === "badCommit" ? nameOf(users[notice.reporter], t("common.unknownPerson")) : "",
            count: notice.type === "messagesMissing" ? notice.messages.length : 1,
          })}
        </Banner>
      ))}
    </div>
  );
}
