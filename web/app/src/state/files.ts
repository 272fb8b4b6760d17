// Files that were chosen, are being sent, or are being fetched.
import { CoreError, type Attachment, type Draft, type FileToSend, type Id, type Message } from "@core/types";
import { create } from "zustand";
import { kSmallCopyType, pictureOf, saveAs, type Picture } from "../lib/files";
import { isDrawable } from "../lib/picture-size";
import { write } from "./conversations";
import { client } from "./engine";
import { refreshSoon } from "./refresh";

export const kMostFiles = 10; // of one message

/** Chosen for a message that is not sent yet. */
export interface Chosen {
  key: string;
  file: File;
  picture?: Picture;
  /** Of a picture, for as long as it is chosen. */
  preview?: string;
}

/** A message whose files are on their way. */
export interface Outgoing {
  key: string;
  conversation: Id;
  place: string;
  draft: Draft;
  files: Chosen[];
  error?: unknown;
}

interface Files {
  chosen: Record<string, Chosen[]>;
  outgoing: Outgoing[];
  /** By transfer: between 0 and 1. */
  progress: Record<string, number>;
  /** By transfer: why the last attempt to keep the file failed. Here, as a message that is scrolled away is not drawn. */
  problems: Record<string, unknown>;
}

export const useFiles = create<Files>(() => ({ chosen: {}, outgoing: [], progress: {}, problems: {} }));
const set = useFiles.setState;
const get = useFiles.getState;

export function transferMoved(transfer: string, done: number, total: number): void {
  set(({ progress }) => ({ progress: { ...progress, [transfer]: total > 0 ? done / total : 1 } }));
}
function forget(transfers: string[]): void {
  set(({ progress }) => ({ progress: Object.fromEntries(Object.entries(progress).filter(([name]) => !transfers.includes(name))) }));
}

// ---- choosing ----
const putChosen = (place: string, files: Chosen[]) => set(({ chosen }) => ({ chosen: { ...chosen, [place]: files } }));
const release = (files: readonly Chosen[]) => files.forEach(({ preview }) => preview && URL.revokeObjectURL(preview));

/** Answers how many were too many. */
export function choose(place: string, files: readonly File[]): number {
  const before = get().chosen[place] ?? [];
  const taken = files.slice(0, Math.max(0, kMostFiles - before.length)).map((file) => ({ key: crypto.randomUUID(), file }));
  putChosen(place, [...before, ...taken]);
  for (const { key, file } of taken) {
    void pictureOf(file).then((picture) => picture && addPicture(place, key, picture)).catch(() => undefined);
  }
  return files.length - taken.length;
}
function addPicture(place: string, key: string, picture: Picture): void {
  putChosen(place, (get().chosen[place] ?? []).map((one) => one.key !== key ? one
    : { ...one, picture, preview: URL.createObjectURL(picture.thumbnail?.content ?? one.file) }));
}
export function unchoose(place: string, key: string): void {
  const before = get().chosen[place] ?? [];
  release(before.filter((one) => one.key === key));
  putChosen(place, before.filter((one) => one.key !== key));
}

// ---- sending ----
const toSend = ({ key, file, picture }: Chosen): FileToSend => ({ transfer: key, content: file, name: file.name, mediaType: file.type, ...picture });

/** Takes what is chosen at the place; the message appears when all of it is there. */
export async function sendChosen(conversation: Id, place: string, draft: Draft): Promise<void> {
  const files = get().chosen[place] ?? [];
  putChosen(place, []);
  const one: Outgoing = { key: crypto.randomUUID(), conversation, place, draft, files };
  set(({ outgoing }) => ({ outgoing: [...outgoing, one] }));
  await run(one);
}
export async function sendAgain(one: Outgoing): Promise<void> {
  const { error: _, ...fresh } = one;
  set(({ outgoing }) => ({ outgoing: outgoing.map((other) => (other.key === one.key ? fresh : other)) }));
  await run(fresh);
}
async function run(one: Outgoing): Promise<void> {
  try {
    await write(one.conversation, one.draft, one.files.map(toSend));
    dropOutgoing(one);
  } catch (error) {
    set(({ outgoing }) => ({ outgoing: outgoing.map((other) => (other.key === one.key ? { ...other, error } : other)) }));
  }
  forget(one.files.map(({ key }) => key));
  refreshSoon();
}
export function dropOutgoing(one: Outgoing): void {
  release(one.files);
  set(({ outgoing }) => ({ outgoing: outgoing.filter(({ key }) => key !== one.key) }));
}
/** Gives up; what was written goes back to where it was written. */
export function cancelOutgoing(one: Outgoing): void {
  one.files.forEach(({ key }) => void client().cancelTransfer(key).catch(() => undefined));
}

// What is on its way is lost with the page.
addEventListener("beforeunload", (event) => {
  if (get().outgoing.some(({ error }) => error === undefined)) {
    event.preventDefault();
  }
});

// ---- fetching ----
export const transferOf = ({ ref }: Message, index: number): string => `${ref}#${index}`;

/** Why it failed stands among the `problems`. */
export async function saveFile(message: Message, index: number, attachment: Attachment): Promise<void> {
  const transfer = transferOf(message, index);
  set(({ problems: { [transfer]: _, ...problems } }) => ({ problems }));
  transferMoved(transfer, 0, 1);
  try {
    saveAs(await client().receiveFile(message.conversation, message.ref, index, transfer), attachment.name);
  } catch (error) {
    set(({ problems }) => ({ problems: { ...problems, [transfer]: error } }));
  } finally {
    forget([transfer]);
  }
}
/** A sound or film for as long as it is open; whoever asked lets go of the address. */
export async function mediaUrl(message: Message, index: number): Promise<string> {
  const transfer = transferOf(message, index);
  transferMoved(transfer, 0, 1);
  try {
    return URL.createObjectURL(await client().receiveFile(message.conversation, message.ref, index, transfer));
  } finally {
    forget([transfer]);
  }
}
export const cancelTransfer = (transfer: string) => void client().cancelTransfer(transfer).catch(() => undefined);

const kKept = 48; // pictures that stay decrypted in memory
const pictures = new Map<string, Promise<string>>();

// What is drawn is what its bytes say, whatever its sender says of it.
async function drawable(content: Blob): Promise<Blob> {
  if (!(await isDrawable(content))) {
    throw new CoreError("client.picture_too_large", "too_large", "too many pixels to be drawn");
  }
  return content;
}

/** The address of a decrypted picture, or of its small copy; good until many others were looked at. */
export function pictureUrl(message: Message, index: number, thumbnail: boolean): Promise<string> {
  const key = `${transferOf(message, index)}${thumbnail ? " small" : ""}`;
  const known = pictures.get(key);
  const found = known ?? client().receiveFile(message.conversation, message.ref, index, `${key} picture`, thumbnail)
    .then(drawable).then((content) => URL.createObjectURL(thumbnail ? new Blob([content], { type: kSmallCopyType }) : content));
  pictures.delete(key);
  pictures.set(key, found);
  if (!known) {
    found.catch(() => pictures.delete(key)).finally(() => forget([`${key} picture`]));
    for (const [oldest, url] of [...pictures].slice(0, Math.max(0, pictures.size - kKept))) {
      pictures.delete(oldest);
      void url.then((address) => URL.revokeObjectURL(address), () => undefined);
    }
  }
  return found;
}
