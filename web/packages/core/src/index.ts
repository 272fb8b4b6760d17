export { eraseProfile } from "./browser.js";
export { Client, type ClientOptions, type Listener } from "./client.js";
export { Core } from "./core.js";
export { Engine, type Action } from "./engine.js";
export { RemoteClient, type OpenSettings, type RemoteMethods } from "./remote.js";
export { Rest, type Credentials, type DeviceRecord, type NewDevice, type Tokens } from "./rest.js";
export { Changes, LogStore, MemoryStore, type Change, type RecordStore, type SyncFile } from "./store.js";
export { BrowserTransport, type Connection, type ConnectionHandlers, type Transport } from "./transport.js";
export * from "./types.js";
