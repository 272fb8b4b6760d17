// What a browser keeps: records in the origin private file system, their key wrapped by one that scripts cannot read.
import { LogStore } from "./log-store.js";
import type { SyncFile } from "./store.js";
import { CoreError } from "./types.js";

// TypeScript's DOM library has these in its worker part only.
interface SyncAccessHandle {
  getSize(): number;
  read(into: Uint8Array, options: { at: number }): number;
  write(from: Uint8Array, options: { at: number }): number;
  truncate(size: number): void;
  flush(): void;
  close(): void;
}

class OpfsFile implements SyncFile {
  private constructor(private readonly handle: SyncAccessHandle) {}

  static async open(folder: FileSystemDirectoryHandle, name: string): Promise<OpfsFile> {
    const file = await folder.getFileHandle(name, { create: true });
    // Exclusive: a second tab is refused, so that no message key is used twice.
    const open = (file as unknown as { createSyncAccessHandle(): Promise<SyncAccessHandle> }).createSyncAccessHandle();
    return new OpfsFile(
      await open.catch((error: unknown) => {
        throw new CoreError("store.in_use", "conflict", "another tab uses this store", { cause: error });
      }),
    );
  }
  size(): number {
    return this.handle.getSize();
  }
  read(at: number, into: Uint8Array): void {
    if (this.handle.read(into, { at }) !== into.length) {
      throw new CoreError("store.corrupt", "corrupt", "the store is cut off");
    }
  }
  write(at: number, bytes: Uint8Array): void {
    if (this.handle.write(bytes, { at }) !== bytes.length) {
      throw new CoreError("store.failed", "unavailable", "the browser's storage is full");
    }
  }
  truncate(size: number): void {
    this.handle.truncate(size);
  }
  flush(): void {
    this.handle.flush();
  }
  close(): void {
    this.handle.close();
  }
}

/** Only in a dedicated worker. One tab uses a profile at a time. */
export async function openOpfsStore(profile: string): Promise<LogStore> {
  const root = await navigator.storage.getDirectory();
  const folder = await root.getDirectoryHandle(`unhidra-${profile}`, { create: true });
  const files: OpfsFile[] = [];
  const open = async (name: string) => {
    const file = await OpfsFile.open(folder, name);
    files.push(file);
    return file;
  };
  try {
    const [first, second] = [await open("records-a"), await open("records-b")];
    return LogStore.open({ commits: first, places: await open("places-a") }, { commits: second, places: await open("places-b") });
  } catch (error) {
    files.forEach((file) => file.close());
    throw error;
  }
}

/** The profile's store key: made once, kept in IndexedDB wrapped by a key that cannot be exported. */
export async function browserStoreKey(profile: string): Promise<Uint8Array> {
  const database = await settled(opened("unhidra"));
  try {
    const kept = await settled<Kept | undefined>(keys(database, "readonly").get(profile));
    if (kept) {
      const plain = await crypto.subtle.decrypt({ name: "AES-GCM", iv: kept.iv }, kept.wrapper, kept.wrapped);
      return new Uint8Array(plain);
    }
    const key = crypto.getRandomValues(new Uint8Array(32));
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const wrapper = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
    const wrapped = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, wrapper, key);
    // `add`: of two tabs that begin at once, one fails.
    await settled(keys(database, "readwrite").add({ wrapper, iv, wrapped } satisfies Kept, profile));
    return key;
  } finally {
    database.close();
  }
}

/** Forgets a profile's records and their key. Its client must be closed. */
export async function eraseProfile(profile: string): Promise<void> {
  const database = await settled(opened("unhidra"));
  try {
    // The key first: without it the records are noise, should the rest fail.
    await settled(keys(database, "readwrite").delete(profile));
  } finally {
    database.close();
  }
  const root = await navigator.storage.getDirectory();
  await root.removeEntry(`unhidra-${profile}`, { recursive: true }).catch((error: unknown) => {
    if (!(error instanceof DOMException && error.name === "NotFoundError")) {
      throw error;
    }
  });
}

interface Kept {
  wrapper: CryptoKey;
  iv: Uint8Array<ArrayBuffer>;
  wrapped: ArrayBuffer;
}

function opened(name: string): IDBOpenDBRequest {
  const request = indexedDB.open(name, 1);
  request.onupgradeneeded = () => request.result.createObjectStore("keys");
  return request;
}
function keys(database: IDBDatabase, mode: IDBTransactionMode): IDBObjectStore {
  return database.transaction("keys", mode).objectStore("keys");
}
function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
