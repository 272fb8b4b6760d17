// The forms that make a channel and a space.
import { useState, type FormEvent } from "react";
import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import type { Id } from "@core/types";
import { Button, Choice, Field, Select, Switch } from "../ui/basics";
import { Modal } from "../ui/dialog";
import { explainError } from "../lib/errors";
import { conversationPath, spacePath } from "../lib/links";
import { inOrder, kSpaceAdmin, titleOfSpace } from "../lib/spaces";
import { createChannel, createSpace } from "../state/places";
import { useApp } from "../state/store";

const kMaxName = 64; // characters; 80 bytes at most

/** The spaces, each by its whole way from the top; `least`: the role that one needs in it. */
function SpaceSelect({ label, least, value, onChange }: { label: string; least: number; value: string; onChange(value: string): void }) {
  const spaces = useApp((state) => state.spaces);
  const usable = inOrder(spaces).filter(({ archived, role }) => !archived && role >= least);
  return usable.length > 0 && (
    <Select label={label} value={value} onChange={onChange}
      options={[{ value: "", label: "–" }, ...usable.map(({ id }) => ({ value: id, label: titleOfSpace(spaces, id) }))]} />
  );
}

export function NewChannel({ space: inside, onClose }: { space?: Id | undefined; onClose(): void }) {
  const { t } = useTranslation();
  const [, navigate] = useLocation();
  const [wish, setWish] = useState({ name: "", topic: "", people: "", space: inside ?? "", reach: "private" as "public" | "private", announcements: false });
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  const put = (name: "name" | "topic" | "people") => (event: { target: { value: string } }) => setWish({ ...wish, [name]: event.target.value });
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
        <Field label={t("channels.name")} value={wish.name} maxLength={kMaxName} autoFocus autoComplete="off" problem={problem} onChange={put("name")} />
        <Choice label={t("channels.reach")} value={wish.reach} onChange={(reach) => setWish({ ...wish, reach })}
          options={[{ value: "private", label: t("channels.private") }, { value: "public", label: t("channels.public") }]} />
        <p className="field-hint">{t(wish.reach === "public" ? "channels.publicText" : "channels.privateText")}</p>
        <Field label={t("channels.topic")} value={wish.topic} onChange={put("topic")} />
        <Field label={t("channels.people")} hint={t("channels.peopleHint")} value={wish.people} autoCapitalize="none" onChange={put("people")} />
        <SpaceSelect label={t("channels.space")} least={0} value={wish.space} onChange={(space) => setWish({ ...wish, space })} />
        <Switch label={t("channels.announcements")} text={t("channels.announcementsText")} checked={wish.announcements} onChange={(event) => setWish({ ...wish, announcements: event.target.checked })} />
        <div className="dialog-actions"><Button look="primary" type="submit" busy={busy}>{t("people.create")}</Button></div>
      </form>
    </Modal>
  );
}

export function NewSpace({ space: inside, onClose }: { space?: Id | undefined; onClose(): void }) {
  const { t } = useTranslation();
  const [, navigate] = useLocation();
  const [wish, setWish] = useState({ name: "", parent: inside ?? "", hidden: false });
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  const create = async (event: FormEvent) => {
    event.preventDefault();
    if (wish.name.trim() === "") {
      setProblem(t("auth.missing"));
      return;
    }
    setBusy(true);
    try {
      const id = await createSpace(wish.name.trim(), wish.hidden, wish.parent || undefined);
      onClose();
      navigate(spacePath(id));
    } catch (error) {
      setProblem(explainError(t, error));
      setBusy(false);
    }
  };
  return (
    <Modal title={t("spaces.new")} onClose={onClose}>
      <form className="stack" onSubmit={(event) => void create(event)}>
        <p>{t("spaces.newText")}</p>
        <Field label={t("spaces.name")} hint={t("spaces.nameHint")} value={wish.name} maxLength={kMaxName} autoFocus autoComplete="off" problem={problem}
          onChange={(event) => setWish({ ...wish, name: event.target.value })} />
        <SpaceSelect label={t("spaces.inside")} least={kSpaceAdmin} value={wish.parent} onChange={(parent) => setWish({ ...wish, parent })} />
        <Switch label={t("spaces.hide")} text={t("spaces.hideText")} checked={wish.hidden} onChange={(event) => setWish({ ...wish, hidden: event.target.checked })} />
        <div className="dialog-actions"><Button look="primary" type="submit" busy={busy}>{t("people.create")}</Button></div>
      </form>
    </Modal>
  );
}
