// How bytes move. TLS, certificates and WebSocket are the platform's.
import { CoreError } from "./types.js";

export interface RestRequest {
  method: string;
  url: string;
  body?: unknown;
  token?: string;
}
export interface RestResponse {
  status: number;
  /** Decoded JSON; undefined when there was none. */
  body: unknown;
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

/** The browser's: fetch and WebSocket, in a page or a worker. */
export class BrowserTransport implements Transport {
  async request({ method, url, body, token }: RestRequest): Promise<RestResponse> {
    const headers: Record<string, string> = { Accept: "application/json" };
    if (body !== undefined) {
      headers["Content-Type"] = "application/json";
    }
    if (token !== undefined) {
      headers.Authorization = `Bearer ${token}`;
    }
    const response = await fetch(url, {
      method,
      headers,
      credentials: "omit",
      cache: "no-store",
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
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
