// Opens the client, passes its events on, and signs in and out.
import { RemoteClient, eraseProfile, type CoreEvent, CoreError } from "@core/index";
import wasmUrl from "../../../packages/core/dist/unhidra_core.wasm?url";
import { startEngineWorker } from "../trusted";
import { arrived } from "./arrivals";
import { discarded, groupMoved, readGroup } from "./conversations";
import { emojiChanged } from "./emoji";
import { client, remoteClient, setRemote } from "./engine";
import { transferMoved } from "./files";
import { readAutoFollow } from "./follow";
import { olderCame, readTransfers, transferChanged } from "./history";
import { restoreKept } from "./kept";
import { readPlaces, readRoles } from "./places";
import { followPresence, presenceChanged } from "./presence";
import { receiptCountsChanged } from "./receipt-counts";
import { learn, messageChanged, receiptsChanged, refresh, refreshSoon } from "./refresh";
import { useApp, type Notice } from "./store";

const kProfile = "main";
const kOpenTries = 12; // a page that was reloaded lets go of its files a moment later
const kOpenPause = 150;
const set = useApp.setState;
const get = useApp.getState;

const kHasDevice = "unhidra.device";
let opening: Promise<void> | undefined;
let noticeKey = 0;
const tabs = new BroadcastChannel("unhidra.tabs");

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function openRemote(tries: number): Promise<boolean> {
  for (let attempt = 1; ; ++attempt) {
    const candidate = new RemoteClient(startEngineWorker());
    try {
      const known = await candidate.open({
        module: wasmUrl, profile: kProfile, server: location.origin,
        gateway: `${location.origin.replace(/^http/, "ws")}/v1/ws`,
      });
      setRemote(candidate);
      candidate.onAny(onEvent);
      return known;
    } catch (error) {
      await candidate.close().catch(() => undefined);
      if (!(error instanceof CoreError && error.code === "store.in_use") || attempt >= tries) {
        throw error;
      }
      await pause(kOpenPause);
    }
  }
}

export async function openSession(takeOver = false): Promise<void> {
  if (!globalThis.isSecureContext || !navigator.storage?.getDirectory || !globalThis.indexedDB) {
    set({ phase: "unsupported" });
    return;
  }
  // Who has no device here sees the form at once; the engine is ready before it is filled in.
  set({ phase: localStorage.getItem(kHasDevice) === null ? "signedOut" : "opening" });
  opening = openEngine(takeOver);
  await opening;
}

async function openEngine(takeOver: boolean): Promise<void> {
  if (takeOver) {
    tabs.postMessage("release");
  }
  try {
    const known = await openRemote(takeOver ? 4 * kOpenTries : kOpenTries);
    if (known) {
      await restore();
      stayConnected();
    } else {
      set({ phase: "signedOut" });
    }
  } catch (error) {
    const inUse = error instanceof CoreError && error.code === "store.in_use";
    set(inUse ? { phase: "elsewhere" } : { phase: "unsupported", problem: String((error as Error).message) });
  }
}

tabs.onmessage = ({ data }) => {
  const closing = remoteClient();
  if (data === "release" && closing) {
    setRemote(undefined);
    void closing.close();
    set({ phase: "elsewhere" });
  }
};

async function restore(): Promise<void> {
  await restoreKept();
  await Promise.all([refresh(), readTransfers()]);
  localStorage.setItem(kHasDevice, "yes");
  set({ phase: "ready" });
}

function stayConnected(): void {
  set({ link: "connecting" });
  followPresence();
  void navigator.storage.persist?.();
  client().connect().then(
    () => {
      set({ link: "online", caughtUp: true });
      void readPlaces().catch(() => undefined);
      void readRoles().catch(() => undefined);
    },
    () => {
      void checkEnding();
      void readPlaces().catch(() => undefined); // it may only be slow
    },
  );
}

async function checkEnding(): Promise<void> {
  const ending = await remoteClient()?.client.ending().catch(() => null);
  if (ending?.code === "client.session_ended") {
    set({ phase: "ended", problem: ending.message, link: "offline" });
  }
}

// ---- events ----
function onEvent(event: CoreEvent): void {
  switch (event.type) {
    case "connected":
      set({ link: "online" });
      break;
    case "caughtUp":
      set({ link: "online", caughtUp: true });
      break;
    case "disconnected":
      set({ link: navigator.onLine ? "connecting" : "offline" });
      void checkEnding();
      break;
    case "noticed":
    case "messageReceived":
    case "messageUnreadable":
    case "messageStateChanged":
    case "messageChanged":
      messageChanged(event.message);
      if (event.type === "messageReceived" || event.type === "messageUnreadable") {
        void arrived(event.message);
      }
      break;
    case "ghostDevice":
    case "deviceListRefused":
    case "bundleRefused":
    case "ownKeysReplaced":
    case "stateRolledBack":
    case "messagesMissing":
    case "groupForked":
      addNotice(event);
      break;
    case "groupReset":
      if (event.by !== get().account?.user) {
        void learn([event.by]).catch(() => undefined).then(() => addNotice(event));
      }
      void groupMoved(event.conversation);
      break;
    case "badCommit":
      void learn([event.user, event.reporter]).catch(() => undefined).then(() => addNotice(event));
      break;
    case "groupChangeDone":
      if (event.leftOut.length > 0) {
        void learn(event.leftOut).catch(() => undefined).then(() => addNotice(event));
      }
      break;
    case "identityChanged":
    case "userChanged":
      set(({ users }) => ({ users: { ...users, [event.user.id]: event.user } }));
      break;
    case "receiptsChanged":
      receiptsChanged(event.conversation);
      break;
    case "receiptCountsChanged":
      receiptCountsChanged(event.conversation, event.counts);
      return;
    case "ownReceiptsChanged":
      set({ receipts: event.sent });
      return;
    case "policyChanged":
      set({ policy: event.policy });
      return;
    case "messageDiscarded":
      discarded(event.conversation, event.message);
      return;
    case "emojiChanged":
      emojiChanged(event.conversation);
      return;
    case "autoFollowChanged":
      void readAutoFollow(event.conversation).catch(() => undefined);
      return;
    case "typingChanged":
      set(({ typing }) => ({ typing: { ...typing, [event.conversation]: event.users } }));
      return;
    case "presenceChanged":
      presenceChanged(event);
      return;
    case "historyTransferChanged":
      transferChanged(event.transfer, event.failure);
      return;
    case "historyReceived":
      olderCame(event.conversation);
      break;
    case "earlierMessages":
      olderCame(event.conversation);
      void readGroup(event.conversation).catch(() => undefined);
      break;
    case "fileProgress":
      transferMoved(event.transfer, event.done, event.total);
      return;
    case "channelCreated":
    case "channelChanged":
      void readPlaces().catch(() => undefined);
      break;
    case "groupJoined":
    case "groupChanged":
    case "sharedHistoryChanged":
    case "groupLeft":
    case "groupRepaired":
      void groupMoved(event.conversation);
      if (event.type === "groupJoined" && event.name === "") {
        void refresh().then(readPlaces).catch(() => undefined); // the directory may know the name
      }
      break;
    default:
      break;
  }
  refreshSoon();
}

function addNotice(notice: Notice): void {
  set(({ notices }) => ({ notices: [...notices, { key: ++noticeKey, notice }].slice(-20) }));
}
export function dismissNotice(key: number): void {
  set(({ notices }) => ({ notices: notices.filter((notice) => notice.key !== key) }));
}

globalThis.addEventListener?.("offline", () => set({ link: "offline" }));
globalThis.addEventListener?.("online", () => get().link === "offline" && set({ link: "connecting" }));

// ---- account ----
export interface SignIn {
  username: string;
  password: string;
  invitation?: string;
  deviceName: string;
}

export async function enter(how: "signIn" | "signUp", { deviceName, ...credentials }: SignIn): Promise<void> {
  await opening;
  if (how === "signUp") {
    await client().register(credentials, deviceName);
  } else {
    await client().logIn(credentials, deviceName);
  }
  await restore();
  stayConnected();
}

/** Forgets everything that this browser has, then begins anew. */
export async function eraseDevice(tellServer: boolean): Promise<void> {
  if (tellServer) {
    await remoteClient()?.client.logOut().catch(() => undefined); // the server forgets the session by itself, later
  }
  await remoteClient()?.close();
  setRemote(undefined);
  await eraseProfile(kProfile);
  localStorage.removeItem(kHasDevice);
  location.assign("/");
}

export async function readDeviceRecords(): Promise<void> {
  const records = await client().deviceRecords();
  set({ deviceRecords: Object.fromEntries(records.map((record) => [record.id, record])) });
}
