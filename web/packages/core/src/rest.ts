// The REST calls that a device needs (api/openapi.yaml); errors are problem details (RFC 9457).
import type { RestRequest, RestResponse, Transport } from "./transport.js";
import { CoreError, type FileUsage, type Id } from "./types.js";

export interface Credentials {
  username: string;
  password: string;
  organization?: string;
  /** The server's one-time set-up token is the invitation of the first administrator. */
  invitation?: string;
  displayName?: string;
}

export interface Tokens {
  userId: Id;
  accessToken: string;
  /** Milliseconds since 1970. */
  expiresAt: number;
  refreshToken: string;
  gatewayUrl: string;
  mustChangePassword: boolean;
}

export interface NewDevice {
  deviceId: Id;
  accessToken: string;
  expiresAt: number;
  gatewayUrl: string;
}

export interface DeviceRecord {
  id: Id;
  name: string;
  /** RFC 3339; empty when unknown. */
  createdAt: string;
  lastSeenAt: string;
  /** Empty as long as it is not. */
  revokedAt: string;
}

type Json = Record<string, unknown>;

/** Milliseconds until a request is given up: of a part of a file, which a slow line may carry for minutes, and of any other. */
const kPartPatience = 600_000;
const kPatience = 60_000;

export class Rest {
  constructor(
    private readonly server: string,
    private readonly transport: Transport,
  ) {}

  register(credentials: Credentials): Promise<Tokens> {
    const { username, password, organization, invitation, displayName } = credentials;
    return this.tokens("/v1/register", { username, password, organization, invitation, display_name: displayName });
  }
  logIn({ username, password, organization }: Credentials): Promise<Tokens> {
    return this.tokens("/v1/login", { username, password, organization });
  }
  /** `retryKey` makes a repetition harmless when the answer was lost. */
  refresh(refreshToken: string, retryKey: string): Promise<Tokens> {
    return this.tokens("/v1/token/refresh", { refresh_token: refreshToken, retry_key: retryKey });
  }
  async registerDevice(token: string, name: string, platform: string): Promise<NewDevice> {
    const body = await this.call("POST", "/v1/devices", { name, platform }, token);
    return {
      deviceId: text(body, "device_id"),
      accessToken: text(body, "access_token"),
      expiresAt: expiry(body),
      gatewayUrl: optional(body, "gateway_url"),
    };
  }
  /** What the server keeps about the own devices, removed ones included. */
  async devices(token: string): Promise<DeviceRecord[]> {
    const { items } = await this.call("GET", "/v1/devices?limit=100", undefined, token);
    return (Array.isArray(items) ? (items as Json[]) : []).map((item) => ({
      id: text(item, "device_id"),
      name: optional(item, "name"),
      createdAt: optional(item, "created_at"),
      lastSeenAt: optional(item, "last_seen_at"),
      revokedAt: optional(item, "revoked_at"),
    }));
  }
  /** Ends the device's sessions and connections. */
  async revokeDevice(token: string, device: Id): Promise<void> {
    await this.call("DELETE", `/v1/devices/${encodeURIComponent(device)}`, undefined, token);
  }
  /** The token of a new invitation, which is shown this once. */
  async invite(token: string, role: string): Promise<string> {
    return text(await this.call("POST", "/v1/invitations", { role }, token), "token");
  }
  async displayName(token: string): Promise<string> {
    return text(await this.call("GET", "/v1/account", undefined, token), "display_name");
  }
  /** In the organisation: "guest" ... "super_admin". */
  async roles(token: string): Promise<string[]> {
    const { roles } = await this.call("GET", "/v1/account", undefined, token);
    return Array.isArray(roles) ? roles.filter((role) => typeof role === "string") : [];
  }
  /** Empty: the user name. Answers what it is now. */
  async setDisplayName(token: string, name: string): Promise<string> {
    return text(await this.call("PATCH", "/v1/account", { display_name: name }, token), "display_name");
  }
  async changePassword(token: string, current: string, next: string): Promise<void> {
    await this.call("POST", "/v1/account/password", { current_password: current, new_password: next }, token);
  }
  async logOut(token: string): Promise<void> {
    await this.call("POST", "/v1/logout", undefined, token);
  }

  // ---- files ----
  /** Answers the id; asking again with the same one is harmless. */
  async beginFile(token: string, conversation: Id, size: number, id: Id): Promise<Id> {
    const body = await this.call("POST", "/v1/files", { conversation_id: conversation, size, file_id: id }, token);
    return text(body, "file_id");
  }
  async fileState(token: string, id: Id): Promise<{ received: number; complete: boolean }> {
    const body = await this.call("GET", `/v1/files/${id}`, undefined, token);
    return { received: numeric(body, "received"), complete: body.complete === true };
  }
  async putPart(token: string, id: Id, offset: number, content: Uint8Array, signal: AbortSignal): Promise<void> {
    await this.ask({ method: "PUT", url: `${this.server}/v1/files/${id}/content?offset=${offset}`, content, token, signal });
  }
  async completeFile(token: string, id: Id, digest: string): Promise<void> {
    await this.call("POST", `/v1/files/${id}/completion`, { digest }, token);
  }
  /** Bytes `from` up to, not with, `to`. */
  async downloadRange(token: string, id: Id, from: number, to: number, signal: AbortSignal): Promise<Uint8Array> {
    const { bytes } = await this.ask({
      method: "GET", url: `${this.server}/v1/files/${id}/content`, token, range: `bytes=${from}-${to - 1}`, signal,
    });
    if (bytes?.length !== to - from) {
      throw new CoreError("rest.cut_off", "unavailable", "the answer was cut off");
    }
    return bytes;
  }
  async deleteFile(token: string, id: Id): Promise<void> {
    await this.call("DELETE", `/v1/files/${id}`, undefined, token);
  }
  async fileUsage(token: string): Promise<FileUsage> {
    const body = await this.call("GET", "/v1/file-usage", undefined, token);
    return {
      used: numeric(body, "used"),
      quota: numeric(body, "quota"),
      organizationUsed: numeric(body, "organization_used"),
      organizationQuota: numeric(body, "organization_quota"),
      maxSize: numeric(body, "max_size"),
    };
  }

  private async tokens(path: string, request: Json): Promise<Tokens> {
    const body = await this.call("POST", path, request);
    return {
      userId: text(body, "user_id"),
      accessToken: text(body, "access_token"),
      expiresAt: expiry(body),
      refreshToken: text(body, "refresh_token"),
      gatewayUrl: optional(body, "gateway_url"),
      mustChangePassword: body.must_change_password === true,
    };
  }

  private async call(method: string, path: string, body?: Json, token?: string): Promise<Json> {
    const response = await this.ask({
      method,
      url: this.server + path,
      ...(body === undefined ? {} : { body }),
      ...(token === undefined ? {} : { token }),
    });
    return (typeof response.body === "object" && response.body !== null ? response.body : {}) as Json;
  }

  // A connection that died without a word would be waited for without end: a network that drops everything, a laptop that slept.
  private async ask(request: RestRequest): Promise<RestResponse> {
    const given = request.signal;
    const limit = new AbortController();
    const stop = () => limit.abort();
    given?.addEventListener("abort", stop);
    const timer = setTimeout(stop, request.content !== undefined || request.range !== undefined ? kPartPatience : kPatience);
    let response: RestResponse;
    try {
      if (given?.aborted) {
        stop();
      }
      response = await this.transport.request({ ...request, signal: limit.signal });
    } catch (error) {
      if (limit.signal.aborted && !given?.aborted) {
        throw new CoreError("rest.timed_out", "timeout", `${this.server} did not answer in time`, { cause: error });
      }
      if (error instanceof CoreError) {
        throw error;
      }
      throw new CoreError("rest.unreachable", "unavailable", `cannot reach ${this.server}: ${error}`, { cause: error });
    } finally {
      clearTimeout(timer);
      given?.removeEventListener("abort", stop);
    }
    if (response.status >= 300) {
      const answer = (typeof response.body === "object" && response.body !== null ? response.body : {}) as Json;
      const detail = optional(answer, "detail") || `the server answered ${response.status}`;
      throw new CoreError(optional(answer, "code") || "rest.refused", kindOf(response.status), detail);
    }
    return response;
  }
}

/** The kind of error that an HTTP status stands for. */
export function kindOf(status: number): string {
  switch (status) {
    case 401:
      return "unauthenticated";
    case 403:
      return "denied";
    case 404:
      return "not_found";
    case 409:
      return "conflict";
    case 413:
      return "too_large";
    case 429:
      return "rate_limited";
    default:
      return status >= 500 ? "unavailable" : "invalid";
  }
}

function optional(body: Json, name: string): string {
  const value = body[name];
  return typeof value === "string" ? value : "";
}
function text(body: Json, name: string): string {
  const value = optional(body, name);
  if (value === "") {
    throw new CoreError("rest.server_failed", "internal", `the server's answer lacks ${name}`);
  }
  return value;
}
function numeric(body: Json, name: string): number {
  const value = body[name];
  return typeof value === "number" ? value : 0;
}
function expiry(body: Json): number {
  return Date.now() + 1000 * (typeof body.expires_in === "number" ? body.expires_in : 0);
}
