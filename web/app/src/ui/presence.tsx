// Who is online: a full circle; away: a ring, half of it full; offline: an empty ring. Nothing where it is not known.
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Id } from "@core/types";
import { usePresence } from "../state/presence";

/** A face with the sign at its corner; the state is read out behind it. */
export function Present({ user, children }: { user: Id | undefined; children: ReactNode }) {
  const { t } = useTranslation();
  const state = usePresence(user);
  return (
    <span className="present" data-presence={state}>
      {children}
      {state !== "unknown" && (
        <>
          <span className={`presence presence-${state}`} title={t(`presence.${state}`)} aria-hidden />
          <span className="visually-hidden">{t(`presence.${state}`)}</span>
        </>
      )}
    </span>
  );
}
