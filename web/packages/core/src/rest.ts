// The REST calls that a device needs (api/openapi.yaml); errors are problem details (RFC 9457).
import type { RestResponse, Transport } from "./transport.js";
import { CoreError, type Id } from "./types.js";

export interface Credentials {
  username: string;
  password: string;
  organization?: string;
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

type Json = Record<string, unknown>;

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
  async logOut(token: string): Promise<void> {
    await this.call("POST", "/v1/logout", undefined, token);
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
    let response: RestResponse;
    try {
      response = await this.transport.request({
        method,
        url: this.server + path,
        ...(body === undefined ? {} : { body }),
        ...(token === undefined ? {} : { token }),
      });
    } catch (error) {
      if (error instanceof CoreError) {
        throw error;
      }
      throw new CoreError("rest.unreachable", "unavailable", `cannot reach ${this.server}: ${error}`, { cause: error });
    }
    const answer = (typeof response.body === "object" && response.body !== null ? response.body : {}) as Json;
    if (response.status >= 300) {
      const detail = optional(answer, "detail") || `the server answered ${response.status}`;
      throw new CoreError(optional(answer, "code") || "rest.refused", kindOf(response.status), detail);
    }
    return answer;
  }
}

function kindOf(status: number): string {
  switch (status) {
    case 401:
      return "unauthenticated";
    case 403:
      return "denied";
    case 404:
      return "not_found";
    case 409:
      return "conflict";
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
function expiry(body: Json): number {
  return Date.now() + 1000 * (typeof body.expires_in === "number" ? body.expires_in : 0);
}
