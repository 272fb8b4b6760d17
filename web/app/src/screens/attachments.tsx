// Files of a message: pictures are shown, sounds and films played, everything else is only kept.
import { Download, File as FileIcon, FileArchive, FileAudio, FileText, FileVideo, ImageOff, Play, ShieldAlert, ShieldCheck, X, type LucideIcon } from "lucide-react";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Attachment, Message } from "@core/types";
import { Button, IconButton, Progress, Spinner } from "../ui/basics";
import { Modal } from "../ui/dialog";
import { explainFileError } from "../lib/errors";
import { fitted, isPicture, isPlayed, playedAs, sizeOf } from "../lib/files";
import { cancelTransfer, mediaUrl, pictureUrl, saveFile, transferOf, useFiles } from "../state/files";
import { openPanel } from "../state/panels";

const kBox = { width: 360, height: 300 };
const kShownAtOnce = 4_000_000; // bytes of a picture without a small copy

export function Attachments({ message }: { message: Message }) {
  const { t } = useTranslation();
  return (
    <ul className="attachments" aria-label={t("files.title")}>
      {message.attachments?.map((attachment, index) => (
        <li key={attachment.fileId}>
          {isShown(attachment) ? <Preview message={message} attachment={attachment} index={index} />
            : <FileCard message={message} attachment={attachment} index={index} />}
        </li>
      ))}
    </ul>
  );
}

interface Props {
  message: Message;
  attachment: Attachment;
  index: number;
}

const isDangerous = ({ scan }: Attachment) => scan === "infected" || scan === "forged";
const isShown = (one: Attachment): boolean =>
  isPicture(one.mediaType) && !isDangerous(one) && one.dimensions !== undefined && (one.thumbnail !== undefined || one.size <= kShownAtOnce);

/** The address once it is there, or why it is not. */
function usePicture(message: Message, index: number, thumbnail: boolean) {
  const [state, setState] = useState<{ url?: string; error?: unknown }>({});
  useEffect(() => {
    let wanted = true;
    pictureUrl(message, index, thumbnail).then((url) => wanted && setState({ url }), (error: unknown) => wanted && setState({ error }));
    return () => {
      wanted = false;
    };
  }, [message.ref, index, thumbnail]);
  return state;
}

function Preview({ message, attachment, index }: Props) {
  const { t } = useTranslation();
  const { url, error } = usePicture(message, index, attachment.thumbnail !== undefined);
  const { width, height } = fitted(attachment.dimensions!, kBox);
  if (error !== undefined) {
    return <FileCard message={message} attachment={attachment} index={index} problem={explainFileError(t, error)} />;
  }
  // Its room is kept from the start: nothing moves when it comes.
  return (
    <button type="button" className="picture" aria-label={t("files.open", { name: attachment.name })} onClick={() => openPanel({ name: "picture", message, index })}>
      {url ? <img src={url} alt="" width={width} height={height} draggable={false} />
        : <svg width={width} height={height} viewBox={`0 0 ${width} ${height}`} className="picture-room" aria-hidden />}
      {!url && <Spinner />}
    </button>
  );
}

function iconOf(mediaType: string): LucideIcon {
  const [kind = "", rest = ""] = mediaType.split("/");
  const byKind: Record<string, LucideIcon> = { image: ImageOff, audio: FileAudio, video: FileVideo, text: FileText };
  return byKind[kind] ?? (/pdf|document|opendocument/.test(rest) ? FileText : /zip|tar|compressed|gzip/.test(rest) ? FileArchive : FileIcon);
}

function useSaving({ message, attachment, index }: Props) {
  const transfer = transferOf(message, index);
  const progress = useFiles((state) => state.progress[transfer]);
  const error = useFiles((state) => state.problems[transfer]);
  const save = () => void saveFile(message, index, attachment);
  return { save, error, progress, cancel: () => cancelTransfer(transfer) };
}

function FileCard({ problem, ...props }: Props & { problem?: string }) {
  const { t, i18n } = useTranslation();
  const { attachment } = props;
  const { save, error, progress, cancel } = useSaving(props);
  const Icon = iconOf(attachment.mediaType);
  const said = error !== undefined ? explainFileError(t, error) : problem;
  return (
    <div className="file-card" data-danger={isDangerous(attachment) || undefined}>
      <Icon size={24} aria-hidden />
      <div className="file-text">
        <span className="file-name" title={attachment.name}><bdi>{attachment.name}</bdi></span>
        <span className="field-hint">{sizeOf(attachment.size, i18n.language)}</span>
        <Verdict attachment={attachment} />
        {progress !== undefined && <Progress value={progress} label={t("files.fetching", { name: attachment.name })} />}
        {said && <span className="field-problem" role="alert">{said}</span>}
      </div>
      {progress === undefined && isPlayed(attachment) && !isDangerous(attachment) && (
        <IconButton icon={Play} label={t("files.play", { name: attachment.name })} onClick={() => openPanel({ name: "media", message: props.message, index: props.index })} />
      )}
      {progress === undefined ? <IconButton icon={Download} label={t("files.save", { name: attachment.name })} onClick={save} />
        : <IconButton icon={X} label={t("files.cancel", { name: attachment.name })} onClick={cancel} />}
    </div>
  );
}

/** What the sender's scanner said; nothing when there was none. */
function Verdict({ attachment: { scan, scanner = "" } }: { attachment: Attachment }) {
  const { t } = useTranslation();
  if (scan === "none") {
    return null;
  }
  return scan === "clean"
    ? <span className="verdict"><ShieldCheck size={14} aria-hidden /> {t("files.clean", { scanner })}</span>
    : <span className="verdict verdict-bad"><ShieldAlert size={14} aria-hidden /> {t(`files.${scan}`, { scanner })}</span>;
}

/** Fetched and checked whole before the first second of it: nothing is played of what its sender did not describe. */
export function MediaPanel({ message, index, onClose }: { message: Message; index: number; onClose(): void }) {
  const { t, i18n } = useTranslation();
  const attachment = message.attachments![index]!;
  const transfer = transferOf(message, index);
  const progress = useFiles((state) => state.progress[transfer]);
  const [{ url, error }, setState] = useState<{ url?: string; error?: unknown }>({});
  const [unplayable, setUnplayable] = useState(false);
  useEffect(() => {
    let address: string | undefined;
    let wanted = true;
    mediaUrl(message, index).then((found) => {
      address = found;
      if (wanted) {
        setState({ url: found });
      } else {
        URL.revokeObjectURL(found);
      }
    }, (failure: unknown) => wanted && setState({ error: failure }));
    return () => {
      wanted = false;
      cancelTransfer(transfer);
      if (address !== undefined) {
        URL.revokeObjectURL(address);
      }
    };
  }, [message.ref, index]);
  const Player = playedAs(attachment.mediaType) === "video" ? "video" : "audio";
  return (
    <Modal title={attachment.name} onClose={onClose} wide>
      {error !== undefined && <p className="field-problem" role="alert">{explainFileError(t, error)}</p>}
      {unplayable && <p className="field-problem" role="alert">{t("files.unplayable")}</p>}
      <div className="picture-whole">
        {url && !unplayable && <Player src={url} controls autoPlay aria-label={attachment.name} onError={() => setUnplayable(true)} />}
        {!url && error === undefined && <Progress value={progress ?? 0} label={t("files.fetching", { name: attachment.name })} />}
      </div>
      <p className="field-hint">{sizeOf(attachment.size, i18n.language)}</p>
      <Verdict attachment={attachment} />
    </Modal>
  );
}

export function PicturePanel({ message, index, onClose }: { message: Message; index: number; onClose(): void }) {
  const { t, i18n } = useTranslation();
  const attachment = message.attachments![index]!;
  const { url, error } = usePicture(message, index, false);
  const { save, error: saveError, progress } = useSaving({ message, attachment, index });
  const said = error ?? saveError;
  return (
    <Modal title={attachment.name} onClose={onClose} wide
      actions={<Button look="primary" icon={Download} busy={progress !== undefined} onClick={save}>{t("files.saveShort")}</Button>}>
      {said !== undefined && <p className="field-problem" role="alert">{explainFileError(t, said)}</p>}
      <div className="picture-whole">{url ? <img src={url} alt={attachment.name} /> : error === undefined && <Spinner />}</div>
      <p className="field-hint">{attachment.dimensions && `${attachment.dimensions.width} × ${attachment.dimensions.height} · `}{sizeOf(attachment.size, i18n.language)}</p>
      <Verdict attachment={attachment} />
    </Modal>
  );
}
