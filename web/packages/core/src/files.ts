// Files on their way up and down: sealed and opened piece by piece, moved in parts of 8 MiB, resumed where a connection
// broke. Of a file never more than one part is in memory.
import type { Engine, OpenFile } from "./engine.js";
import type { Rest } from "./rest.js";
import { CoreError, type CoreEvent, type Draft, type FileToSend, type Id } from "./types.js";

const kPart = 8 * 1024 * 1024;
const kFirstDelay = 500;
const kLastDelay = 15_000;
const kAttempts = 20; // of one part, some four minutes

export interface TransferHost {
  engine: Engine;
  rest: Rest;
  token(): Promise<string>;
  emit(event: CoreEvent): void;
  flush(): void;
}

interface Uploaded {
  file: OpenFile;
  id: Id;
}

/** The transfers of one client. */
export class Transfers {
  private readonly stopped = new Map<string, AbortController>();

  constructor(private readonly host: TransferHost) {}

  /** Encrypts and uploads the files, then queues the message that carries them. */
  async send(conversation: Id, draft: Draft, files: FileToSend[]): Promise<Id> {
    const uploaded: Uploaded[] = [];
    try {
      const blocks: string[] = [];
      for (const file of files) {
        const signal = this.begin(file.transfer);
        try {
          const thumbnail = file.thumbnail && (await this.upload(conversation, file.thumbnail.content, signal));
          uploaded.push(...(thumbnail ? [thumbnail] : []));
          const main = await this.upload(conversation, file.content, signal, file.transfer);
          uploaded.push(main);
          blocks.push(described(file, main, thumbnail));
        } finally {
          this.stopped.delete(file.transfer);
        }
      }
      const message = this.host.engine.sendFiles(conversation, draft, blocks.join("\n\n"));
      this.host.flush();
      return message;
    } catch (error) {
      await this.forget(uploaded);
      throw error;
    }
  }

  /** Encrypts and uploads a picture, then queues the message that brings it into the conversation under that name. */
  async bring(conversation: Id, name: string, file: FileToSend): Promise<Id> {
    const signal = this.begin(file.transfer);
    let uploaded: Uploaded | undefined;
    try {
      uploaded = await this.upload(conversation, file.content, signal);
      const message = this.host.engine.bringEmoji(conversation, name, described(file, uploaded, undefined));
      this.host.flush();
      return message;
    } catch (error) {
      await this.forget(uploaded ? [uploaded] : []);
      throw error;
    } finally {
      this.stopped.delete(file.transfer);
    }
  }

  /** The decrypted file, once all of it has proved to be what its sender describes. */
  async receive(open: (engine: Engine) => OpenFile, mediaType: string, transfer: string, told = true): Promise<Blob> {
    const signal = this.begin(transfer);
    const file = open(this.host.engine);
    try {
      const parts: Blob[] = [];
      for (let at = 0; at < file.sealedSize; at += kPart) {
        const end = Math.min(at + kPart, file.sealedSize);
        const sealed = await this.patiently(signal, async () =>
          this.host.rest.downloadRange(await this.host.token(), file.fileId, at, end, signal));
        parts.push(new Blob(this.opened(file, sealed)));
        if (told) {
          this.host.emit({ type: "fileProgress", transfer, done: end, total: file.sealedSize });
        }
      }
      this.host.engine.finishFile(file.handle);
      return new Blob(parts, { type: mediaType });
    } finally {
      this.host.engine.closeFile(file.handle);
      this.stopped.delete(transfer);
    }
  }

  cancel(transfer: string): void {
    this.stopped.get(transfer)?.abort();
  }

  private begin(transfer: string): AbortSignal {
    if (this.stopped.has(transfer)) {
      throw new CoreError("client.transfer_exists", "conflict", "this transfer is under way already");
    }
    const controller = new AbortController();
    this.stopped.set(transfer, controller);
    return controller.signal;
  }

  private *slices(file: OpenFile, sealed: Uint8Array): Generator<Uint8Array> {
    for (let at = 0; at < sealed.length; ) {
      const wanted = file.wanted;
      if (wanted === 0 || at + wanted > sealed.length) {
        throw new CoreError("client.bad_attachment", "invalid", "the server has sent another size than was asked for");
      }
      yield sealed.subarray(at, at + wanted);
      at += wanted;
    }
  }
  private opened(file: OpenFile, sealed: Uint8Array): BlobPart[] {
    const out: BlobPart[] = [];
    for (const slice of this.slices(file, sealed)) {
      out.push(this.host.engine.nextOfFile(file, slice) as Uint8Array<ArrayBuffer>);
    }
    return out;
  }

  private async upload(conversation: Id, content: Blob, signal: AbortSignal, transfer?: string): Promise<Uploaded> {
    const { engine, rest } = this.host;
    const file = engine.sealFile(content.size);
    let id: Id | undefined;
    try {
      id = await this.patiently(signal, async () =>
        rest.beginFile(await this.host.token(), conversation, file.sealedSize, file.fileId));
      let read = 0;
      for (let at = 0; at < file.sealedSize; ) {
        const part = new Uint8Array(Math.min(kPart, file.sealedSize - at));
        for (let filled = 0; filled < part.length; ) {
          const plain = new Uint8Array(await content.slice(read, read + file.wanted).arrayBuffer());
          read += plain.length;
          const sealed = engine.nextOfFile(file, plain);
          part.set(sealed, filled);
          filled += sealed.length;
        }
        await this.put(id, at, part, signal);
        at += part.length;
        if (transfer !== undefined) {
          this.host.emit({ type: "fileProgress", transfer, done: at, total: file.sealedSize });
        }
      }
      const digest = engine.finishFile(file.handle);
      await this.patiently(signal, async () => rest.completeFile(await this.host.token(), id as Id, digest));
      return { file, id };
    } catch (error) {
      await this.forget([{ file, id: id ?? "" }]);
      throw error;
    }
  }

  // The same part again after a break, unless the server has it: its answer may have been lost.
  private async put(id: Id, at: number, part: Uint8Array, signal: AbortSignal): Promise<void> {
    let broken = false;
    await this.patiently(signal, async () => {
      const token = await this.host.token();
      if (broken && (await this.host.rest.fileState(token, id)).received >= at + part.length) {
        return;
      }
      broken = true;
      await this.host.rest.putPart(token, id, at, part, signal);
    });
  }

  // Again and again while the server cannot be reached or is busy with the part that was cut off.
  private async patiently<T>(signal: AbortSignal, body: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; ++attempt) {
      if (signal.aborted) {
        throw new CoreError("client.cancelled", "cancelled", "the transfer was cancelled");
      }
      try {
        return await body();
      } catch (error) {
        const known = error instanceof CoreError ? error : undefined;
        const passing = known !== undefined && known.code !== "files.store_full" &&
          (["unavailable", "rate_limited", "timeout"].includes(known.kind) || known.code === "files.wrong_offset");
        if (signal.aborted) {
          throw new CoreError("client.cancelled", "cancelled", "the transfer was cancelled", { cause: error });
        }
        if (!passing || attempt === kAttempts) {
          throw error;
        }
        const delay = Math.min(kLastDelay, kFirstDelay * 2 ** (attempt - 1));
        await new Promise((resolve) => setTimeout(resolve, delay));
      }
    }
  }

  // What no message will carry; the server forgets by itself what is not told here.
  private async forget(uploaded: Uploaded[]): Promise<void> {
    for (const { file, id } of uploaded) {
      try {
        this.host.engine.closeFile(file.handle);
        if (id !== "") {
          await this.host.rest.deleteFile(await this.host.token(), id);
        }
      } catch {
        continue;
      }
    }
  }
}

function described(file: FileToSend, main: Uploaded, thumbnail: Uploaded | undefined): string {
  // A name is cleaned by the module; here it only must not end its line.
  const lines = [
    `file=${main.file.handle}`, `id=${main.id}`, `name=${file.name.replace(/[\r\n]+/g, " ")}`,
    `type=${mediaTypeOf(file.mediaType)}`,
  ];
  if (file.dimensions) {
    lines.push(`width=${file.dimensions.width}`, `height=${file.dimensions.height}`);
  }
  if (file.thumbnail && thumbnail) {
    lines.push(
      `thumbnail=${thumbnail.file.handle}`, `thumbnailId=${thumbnail.id}`,
      `thumbnailType=${mediaTypeOf(file.thumbnail.mediaType)}`,
      `thumbnailWidth=${file.thumbnail.dimensions.width}`, `thumbnailHeight=${file.thumbnail.dimensions.height}`,
    );
  }
  return lines.join("\n");
}

// Without parameters, in lower case; what a browser does not know is plain bytes.
function mediaTypeOf(type: string): string {
  const plain = type.split(";")[0]!.trim().toLowerCase();
  return /^[a-z0-9!#$&^_.+-]+\/[a-z0-9!#$&^_.+-]+$/.test(plain) && plain.length <= 127 ? plain : "application/octet-stream";
}
