// The worker's side: one client, driven by messages from the page (remote.ts).
import { browserStoreKey, openOpfsStore } from "./browser.js";
import { Client } from "./client.js";
import { Core } from "./core.js";
import type { FromWorker, OpenSettings, ToWorker } from "./remote.js";
import { BrowserTransport } from "./transport.js";
import { CoreError } from "./types.js";

const scope = globalThis as unknown as {
  postMessage(message: FromWorker): void;
  onmessage: ((event: { data: ToWorker }) => void) | null;
};

let client: Client | undefined;
let closeStore = () => {};

async function open(settings: OpenSettings): Promise<boolean> {
  // The module comes meanwhile; a store that another tab has is refused without waiting for it.
  const module = fetch(settings.module).then((response) => response.arrayBuffer());
  module.catch(() => undefined);
  const store = await openOpfsStore(settings.profile);
  closeStore = () => store.close();
  const key = await browserStoreKey(settings.profile);
  const core = await Core.load(await module);
  const { server, gateway } = settings;
  client = Client.open({
    core, store, key, server, transport: new BrowserTransport(), ...(gateway === undefined ? {} : { gateway }),
  });
  client.on("*", (event) => scope.postMessage({ event }));
  return client.loggedIn;
}

async function openOrClose(settings: OpenSettings): Promise<boolean> {
  try {
    return await open(settings);
  } catch (error) {
    closeStore();
    closeStore = () => {};
    throw error;
  }
}

async function run({ method, args }: ToWorker): Promise<unknown> {
  if (method === "open") {
    return openOrClose(args[0] as OpenSettings);
  }
  if (!client) {
    throw new CoreError("client.not_open", "conflict", "open the client first");
  }
  if (method === "close") {
    client.close();
    closeStore();
    client = undefined;
    return undefined;
  }
  const call = client[method] as (...args: unknown[]) => unknown;
  return call.apply(client, args);
}

scope.onmessage = ({ data }) => {
  run(data).then(
    (value) => scope.postMessage({ id: data.id, value }),
    (error: unknown) => {
      const { code = "client.failed", kind = "internal", message } = error as Partial<CoreError>;
      scope.postMessage({ id: data.id, error: { code, kind, message: message ?? String(error) } });
    },
  );
};
