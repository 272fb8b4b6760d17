// Node's transport and files.
import {
  closeSync, fstatSync, fsyncSync, ftruncateSync, mkdirSync, openSync, readFileSync, readSync, rmSync, writeFileSync,
  writeSync,
} from "node:fs";
import { webcrypto } from "node:crypto";
import { request as httpsRequest } from "node:https";
import { join } from "node:path";
import WebSocket from "ws";
import { Core } from "./core.js";
import { LogStore } from "./log-store.js";
import type { SyncFile } from "./store.js";
import {
  decoded, headersOf, isBytes, type Connection, type ConnectionHandlers, type RestRequest, type RestResponse, type Transport,
} from "./transport.js";
import { CoreError } from "./types.js";

export * from "./index.js";

const kLongestPart = 16 << 20; // bytes of a file in one answer

// Node 18 has the global behind a flag only.
(globalThis as { crypto?: unknown }).crypto ??= webcrypto;

/** The module that is built beside these files. */
export function loadCore(): Promise<Core> {
  return Core.load(readFileSync(new URL("unhidra_core.wasm", import.meta.url)));
}

/** HTTPS and WebSocket that trust the system's authorities, or `ca` (PEM) alone. */
export class NodeTransport implements Transport {
  constructor(private readonly options: { ca?: string } = {}) {}

  request(asked: RestRequest): Promise<RestResponse> {
    const { method, url, body, content, signal } = asked;
    return new Promise((resolve, reject) => {
      const payload = content ?? (body === undefined ? undefined : Buffer.from(JSON.stringify(body)));
      const request = httpsRequest(url, {
        ...this.options,
        method,
        timeout: 30_000,
        headers: { ...headersOf(asked), ...(payload === undefined ? {} : { "Content-Length": payload.length }) },
        ...(signal === undefined ? {} : { signal }),
      });
      request.on("response", (response) => {
        const parts: Buffer[] = [];
        let size = 0;
        response.on("data", (part: Buffer) => {
          size += part.length;
          if (size > (isBytes(response.headers["content-type"]) ? kLongestPart : 1 << 20)) {
            request.destroy(new Error("the server's answer is too long"));
          }
          parts.push(part);
        });
        response.on("end", () => {
          try {
            const status = response.statusCode ?? 0;
            if (isBytes(response.headers["content-type"])) {
              resolve({ status, body: undefined, bytes: new Uint8Array(Buffer.concat(parts)) });
              return;
            }
            resolve({ status, body: decoded(Buffer.concat(parts).toString()) });
          } catch (error) {
            reject(error);
          }
        });
        response.on("error", reject);
        response.on("aborted", () => reject(new Error("the answer was cut off")));
      });
      request.on("timeout", () => request.destroy(new Error("no answer in time")));
      request.on("error", reject);
      request.end(payload);
    });
  }

  connect(url: string, protocols: string[], handlers: ConnectionHandlers): Connection {
    const socket = new WebSocket(url, protocols, {
      ...this.options,
      handshakeTimeout: 30_000,
      maxPayload: 1 << 20,
      perMessageDeflate: false,
    });
    let status: number | undefined;
    socket.on("unexpected-response", (_request, response) => {
      status = response.statusCode;
      response.resume();
      socket.terminate();
    });
    socket.on("open", () => handlers.onOpen());
    socket.on("message", (data, binary) => {
      if (binary) {
        handlers.onMessage(new Uint8Array(data as Buffer));
      }
    });
    socket.on("error", () => undefined); // "close" follows
    socket.on("close", (code, reason) => handlers.onClose(code, reason.toString(), status));
    return { send: (frame) => socket.send(frame), close: () => socket.close(1000) };
  }
}

/** A file with a descriptor of its own. */
export class NodeFile implements SyncFile {
  private readonly fd: number;
  constructor(path: string) {
    this.fd = openSync(path, "a+", 0o600);
    closeSync(this.fd); // made when there was none; opened again without O_APPEND
    this.fd = openSync(path, "r+");
  }
  size(): number {
    return fstatSync(this.fd).size;
  }
  read(at: number, into: Uint8Array): void {
    for (let done = 0; done < into.length; ) {
      const count = readSync(this.fd, into, done, into.length - done, at + done);
      if (count === 0) {
        throw new CoreError("store.corrupt", "corrupt", "the store is cut off");
      }
      done += count;
    }
  }
  write(at: number, bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length; ) {
      done += writeSync(this.fd, bytes, done, bytes.length - done, at + done);
    }
  }
  truncate(size: number): void {
    ftruncateSync(this.fd, size);
  }
  flush(): void {
    fsyncSync(this.fd);
  }
  close(): void {
    closeSync(this.fd);
  }
}

/** The store of one device in a folder. One process uses it at a time. */
export function openFolder(folder: string): LogStore {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const lock = join(folder, "lock");
  for (let tries = 0; ; ++tries) {
    try {
      writeFileSync(lock, String(process.pid), { flag: "wx", mode: 0o600 });
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST" || tries > 0 || isAlive(readFileSync(lock, "utf8"))) {
        throw new CoreError("store.in_use", "conflict", "another process uses this store", { cause: error });
      }
      rmSync(lock); // of a process that crashed
    }
  }
  const open = (name: string) => new NodeFile(join(folder, name));
  const store = LogStore.open(
    { commits: open("records-a"), places: open("places-a") }, { commits: open("records-b"), places: open("places-b") });
  const close = store.close.bind(store);
  store.close = () => {
    close();
    rmSync(lock, { force: true });
  };
  return store;
}

function isAlive(pid: string): boolean {
  try {
    process.kill(Number(pid), 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
