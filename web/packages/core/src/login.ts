// The session at the server: tokens, kept in the engine's store and renewed in time.
import type { Engine } from "./engine.js";
import type { Rest } from "./rest.js";
import { toHex } from "./store.js";
import { CoreError } from "./types.js";

export interface Login {
  accessToken: string;
  expiresAt: number;
  refreshToken: string;
  gateway: string;
  /** Of a refresh under way. */
  retryKey: string;
}

export class Session {
  private login: Login | undefined;
  private refreshing: Promise<string> | undefined;

  constructor(
    private readonly engine: Engine,
    private readonly rest: Rest,
  ) {
    const stored = engine.getValue("login");
    this.login = stored === undefined ? undefined : (JSON.parse(stored) as Login);
  }

  get gateway(): string {
    return this.login?.gateway ?? "";
  }
  keep(login: Login): void {
    this.engine.putValue("login", JSON.stringify(login));
    this.login = login;
  }
  forget(): void {
    this.engine.removeValue("login");
    this.login = undefined;
  }

  /** An access token that is good for `margin` milliseconds. One refresh at a time, stored before it is used. */
  async token(margin: number, force = false): Promise<string> {
    const login = this.login;
    if (!login) {
      throw new CoreError("client.not_enrolled", "unauthenticated", "not logged in");
    }
    if (!force && login.expiresAt - Date.now() > margin) {
      return login.accessToken;
    }
    this.refreshing ??= this.refresh(login).finally(() => {
      this.refreshing = undefined;
    });
    return this.refreshing;
  }
  private async refresh(login: Login): Promise<string> {
    if (login.retryKey === "") {
      // Stored first: should the answer be lost, the same question may be asked again.
      login = { ...login, retryKey: toHex(crypto.getRandomValues(new Uint8Array(16))) };
      this.keep(login);
    }
    const { accessToken, expiresAt, refreshToken } = await this.rest.refresh(login.refreshToken, login.retryKey);
    this.keep({ accessToken, expiresAt, refreshToken, gateway: login.gateway, retryKey: "" });
    return accessToken;
  }
}
