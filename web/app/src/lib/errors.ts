import { CoreError } from "@core/types";
import type { TFunction } from "i18next";

const kTexts: Record<string, string> = {
  "rest.unreachable": "unreachable",
  "auth.bad_credentials": "invalid_credentials",
  "auth.username_taken": "username_taken",
  "auth.sign_up_closed": "invitation_needed",
  "auth.bad_invitation": "invitation_invalid",
  "auth.bad_setup_token": "invitation_invalid",
  "auth.weak_password": "weak_password",
  "auth.wrong_password": "wrong_password",
  "client.must_change_password": "must_change_password",
  "client.session_ended": "session_ended",
  "client.store_failed": "store_failed",
  "client.message_too_large": "toolong",
  "chat.not_allowed": "denied",
  "client.no_recipient_device": "no_device",
  "client.not_in_group": "not_in_group",
  "client.stale_devices": "stale_devices",
  "chat.file_missing": "file_gone",
  "client.identity_not_accepted": "identity_changed",
  "chat.name_taken": "name_taken",
  "chat.bad_name": "bad_name",
  "client.bad_name": "bad_name",
  "client.mistyped_code": "mistyped_code",
  "client.wrong_code": "wrong_code",
  "client.bad_emoji": "bad_emoji",
  "client.emoji_exists": "emoji_exists",
  "client.emoji_picture": "emoji_picture",
  "chat.not_empty": "not_empty",
  "chat.too_deep": "too_deep",
  "chat.place_archived": "place_archived",
  "chat.banned": "banned",
  "chat.edit_window_closed": "edit_window",
  "store.failed": "store_failed",
  "client.cancelled": "cancelled",
  "client.picture_too_large": "picture_too_large",
  "files.too_large": "file_too_large",
  "files.quota_exceeded": "quota",
  "files.store_full": "store_full",
  "files.not_found": "file_gone",
  "files.damaged": "file_damaged",
};

/** Why a message was given up, from its stable code; older records may have none. */
export const explainFailure = (t: TFunction, code = ""): string =>
  code === "" ? t("timeline.failed") : explainError(t, new CoreError(code, "", code));

/** A sentence for people. */
export function explainError(t: TFunction, error: unknown): string {
  if (error instanceof CoreError) {
    const key = kTexts[error.code] ?? (error.kind === "rate_limited" ? "too_many" : error.kind === "denied" ? "denied" : "");
    if (key) {
      return t(`errors.${key}`);
    }
  }
  return t("errors.unknown", { message: error instanceof Error ? error.message : String(error) });
}

// Of a file: whatever does not open is not what its sender described.
const isForeign = ({ code }: CoreError) => code === "client.bad_attachment" || /^(e2ee|crypto)\./.test(code);

export const explainFileError = (t: TFunction, error: unknown): string =>
  error instanceof CoreError && isForeign(error) ? t("errors.file_foreign") : explainError(t, error);
