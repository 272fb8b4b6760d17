// Files at a composer: those that are chosen, and those on their way.
import { File as FileIcon, RotateCcw, Trash2, X } from "lucide-react";
import { useTranslation } from "react-i18next";
import { IconButton, Progress } from "../ui/basics";
import { explainFileError } from "../lib/errors";
import { sizeOf } from "../lib/files";
import { cancelOutgoing, dropOutgoing, sendAgain, unchoose, useFiles, type Outgoing } from "../state/files";

export function ChosenFiles({ place }: { place: string }) {
  const { t, i18n } = useTranslation();
  const files = useFiles((state) => state.chosen[place]);
  if (!files?.length) {
    return null;
  }
  return (
    <ul className="chosen" aria-label={t("files.chosen")}>
      {files.map(({ key, file, preview }) => (
        <li key={key} className="chosen-file">
          {preview ? <img src={preview} alt="" /> : <FileIcon size={20} aria-hidden />}
          <span className="file-text"><span className="file-name" title={file.name}><bdi>{file.name}</bdi></span><span className="field-hint">{sizeOf(file.size, i18n.language)}</span></span>
          <IconButton icon={X} label={t("files.unchoose", { name: file.name })} onClick={() => unchoose(place, key)} />
        </li>
      ))}
    </ul>
  );
}

export function OutgoingFiles({ place }: { place: string }) {
  const { t } = useTranslation();
  const outgoing = useFiles((state) => state.outgoing);
  const here = outgoing.filter((one) => one.place === place);
  return here.length > 0 && <ul className="outgoing" aria-label={t("files.outgoing")}>{here.map((one) => <Sending key={one.key} one={one} />)}</ul>;
}

function Sending({ one }: { one: Outgoing }) {
  const { t } = useTranslation();
  const progress = useFiles((state) => state.progress);
  const total = one.files.reduce((sum, { file }) => sum + file.size, 0);
  const done = one.files.reduce((sum, { key, file }) => sum + file.size * (progress[key] ?? 0), 0);
  const name = one.files.length === 1 ? one.files[0]!.file.name : t("files.many", { count: one.files.length });
  const failed = one.error !== undefined;
  return (
    <li className="sending">
      <div className="file-text">
        <span className="file-name"><bdi>{name}</bdi></span>
        {failed ? <span className="field-problem" role="alert">{explainFileError(t, one.error)}</span>
          : <Progress value={total > 0 ? done / total : 0} label={t("files.sending", { name })} />}
      </div>
      {failed && <IconButton icon={RotateCcw} label={t("timeline.sendAgain")} onClick={() => void sendAgain(one)} />}
      {failed ? <IconButton icon={Trash2} label={t("files.discard", { name })} onClick={() => dropOutgoing(one)} />
        : <IconButton icon={X} label={t("files.cancel", { name })} onClick={() => cancelOutgoing(one)} />}
    </li>
  );
}
