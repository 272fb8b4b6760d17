// How bytes move. TLS, certificates and WebSocket are the platform's.
import { CoreError } from "./types.js";

export interface RestRequest {
  method: string;
  url: string;
  body?: unknown;
  /** Instead of `body`: bytes as they are. */
  content?: Uint8Array;
  token?: string;
  range?: string;
  signal?: AbortSignal;
}
export interface RestResponse {
  status: number;
  /** Decoded JSON; undefined when there was none. */
  body: unknown;
  /** Of an answer that is bytes. */
  bytes?: Uint8Array;
}

export interface ConnectionHandlers {
  onOpen(): void;
  onMessage(frame: Uint8Array): void;
  /** Once, also when the connection never opened. `status`: of a refused upgrade, where the platform tells it. */
  onClose(code: number, reason: string, status?: number): void;
}
export interface Connection {
  send(frame: Uint8Array): void;
  close(): void;
}

export interface Transport {
  /** Rejects when the server cannot be reached; every answer of the server resolves. */
  request(request: RestRequest): Promise<RestResponse>;
  connect(url: string, protocols: string[], handlers: ConnectionHandlers): Connection;
}

export function headersOf({ body, content, token, range }: RestRequest): Record<string, string> {
  const type = content !== undefined ? "application/octet-stream" : body !== undefined ? "application/json" : undefined;
  return {
    Accept: "application/json, application/octet-stream",
    ...(type === undefined ? {} : { "Content-Type": type }),
    ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
    ...(range === undefined ? {} : { Range: range }),
  };
}
export function isBytes(contentType: string | null | undefined): boolean {
  return contentType === "application/octet-stream";
}

/** The browser's: fetch and WebSocket, in a page or a worker. */
export class BrowserTransport implements Transport {
  async request(request: RestRequest): Promise<RestResponse> {
    const { method, url, body, content, signal } = request;
    const headers = headersOf(request);
    const response = await fetch(url, {
      method,
      headers,
      credentials: "omit",
      cache: "no-store",
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(content === undefined ? {} : { body: content as Uint8Array<ArrayBuffer> }),
      ...(signal === undefined ? {} : { signal }),
    });
    if (isBytes(response.headers.get("Content-Type"))) {
      return { status: response.status, body: undefined, bytes: new Uint8Array(await response.arrayBuffer()) };
    }
    return { status: response.status, body: decoded(await response.text()) };
  }

  connect(url: string, protocols: string[], handlers: ConnectionHandlers): Connection {
    const socket = new WebSocket(url, protocols);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => handlers.onOpen();
    socket.onmessage = ({ data }) => {
      if (data instanceof ArrayBuffer) {
        handlers.onMessage(new Uint8Array(data));
      }
    };
    socket.onclose = ({ code, reason }) => handlers.onClose(code, reason);
    return {
      send: (frame) => socket.send(frame as Uint8Array<ArrayBuffer>),
      close: () => socket.close(1000),
    };
  }
}

export function decoded(text: string): unknown {
  if (text === "") {
    return undefined;
  }
  try {
    return JSON.parse(text);
  } catch {
    throw new CoreError("rest.server_failed", "internal", "the server's answer is no JSON");
  }
}
