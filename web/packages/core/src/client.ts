// One device with its account: what apps/unhidra-cli's driver is natively.
import { Conversing } from "./conversing.js";
import type { ClientOptions } from "./connected.js";
import { Engine } from "./engine.js";
import { Transfers } from "./files.js";
import type { Credentials, DeviceRecord } from "./rest.js";
import {
  CoreError, type Account, type Device, type Draft, type FileToSend, type FileUsage, type ImageSize, type HistoryTransfer, type Id, type MessageRef,
  type SafetyNumber,
} from "./types.js";

export type { ClientOptions, Listener } from "./connected.js";

export class Client extends Conversing {
  private readonly revoked = new Set<Id>(); // by this client, since it was opened
  private readonly transfers = new Transfers({
    engine: this.engine,
    rest: this.rest,
    token: () => this.session.token(5000),
    emit: (event) => this.emit(event),
    flush: () => this.flush(),
  });

  static open(options: ClientOptions): Client {
    const engine = Engine.open(options.core, options.store, options.key, options.generation?.read() ?? 0);
    return new Client(options, engine);
  }

  get loggedIn(): boolean {
    return this.engine.state().enrolled;
  }

  // ---- account ----
  async register(credentials: Credentials, deviceName: string): Promise<void> {
    await this.become(credentials, deviceName, true);
  }
  async logIn(credentials: Credentials, deviceName: string): Promise<void> {
    await this.become(credentials, deviceName, false);
  }
  async logOut(): Promise<void> {
    await this.rest.logOut(await this.session.token(5000));
    this.disconnect();
    this.session.forget();
  }

  async deviceRecords(): Promise<DeviceRecord[]> {
    return this.rest.devices(await this.session.token(5000));
  }
  async invite(role: string): Promise<string> {
    return this.rest.invite(await this.session.token(5000), role);
  }
  /** What others see. */
  async displayName(): Promise<string> {
    return this.rest.displayName(await this.session.token(5000));
  }
  /** The own ones in the organisation: "guest", "member", "space_admin", "org_admin", "super_admin". */
  async roles(): Promise<string[]> {
    return this.rest.roles(await this.session.token(5000));
  }
  /** Empty: the user name. Answers what it is now. */
  async setDisplayName(name: string): Promise<string> {
    return this.rest.setDisplayName(await this.session.token(5000), name);
  }
  async changePassword(current: string, next: string): Promise<void> {
    await this.rest.changePassword(await this.session.token(5000), current, next);
  }

  private async become(credentials: Credentials, deviceName: string, fresh: boolean): Promise<void> {
    if (this.loggedIn) {
      throw new CoreError("client.already_enrolled", "conflict", "this store belongs to a device already");
    }
    const tokens = await (fresh ? this.rest.register(credentials) : this.rest.logIn(credentials));
    if (tokens.mustChangePassword) {
      throw new CoreError("client.must_change_password", "denied", "the server asks for a new password first");
    }
    const device = await this.rest.registerDevice(tokens.accessToken, deviceName, this.options.platform ?? "web");
    this.session.keep({
      accessToken: device.accessToken,
      expiresAt: device.expiresAt,
      refreshToken: tokens.refreshToken,
      gateway: device.gatewayUrl || tokens.gatewayUrl,
      retryKey: "",
    });
    this.engine.enroll(tokens.userId, device.deviceId, credentials.username);
    this.flush();
  }

  async safetyNumber(username: string): Promise<SafetyNumber> {
    const user = await this.findUser(username);
    this.command(() => this.engine.refreshUser(user.id));
    await this.settled();
    return this.engine.safetyNumber(user.id);
  }
  async setVerified(username: string, verified: boolean): Promise<void> {
    const user = await this.findUser(username);
    this.command(() => this.engine.setVerified(user.id, verified));
  }
  async acceptIdentity(username: string): Promise<void> {
    const user = await this.findUser(username);
    this.command(() => this.engine.acceptIdentity(user.id));
  }
  async account(): Promise<Account> {
    return this.engine.account();
  }
  async devices(): Promise<Device[]> {
    // The engine asks for waiting devices with its next connection only; one that was just removed is not among them.
    return this.engine.devices().filter(({ id, pending }) => !(pending && this.revoked.has(id)));
  }
  async approveDevice(device: Id): Promise<void> {
    this.command(() => this.engine.approveDevice(device));
  }
  /** The account key in writing. Show it to the person, and keep it nowhere. */
  async recoveryCode(): Promise<string> {
    return this.engine.recoveryCode();
  }
  /** On a device that waits for approval; resolves when it is approved. */
  async recover(code: string): Promise<void> {
    this.command(() => this.engine.recover(code));
    await this.when(() => (this.engine.account().membership === "approved" ? true : undefined));
  }
  /**
   * On a device that waits for approval, of somebody who has neither another device nor the code: ends all the others and begins with a
   * new account key, which everybody else must accept. Resolves when it is approved.
   */
  async beginAnew(): Promise<void> {
    const { user, device } = this.engine.account();
    const token = await this.session.token(5000);
    for (const { id, revokedAt } of await this.rest.devices(token)) {
      if (id !== device && revokedAt === "") {
        await this.rest.revokeDevice(token, id);
      }
    }
    this.command(() => this.engine.refreshUser(user));
    await this.settled();
    this.command(() => this.engine.beginAnew());
    await this.when(() => (this.engine.account().membership === "approved" ? true : undefined));
  }
  /** Off the signed list, so that nobody encrypts for it any more; then the server ends its sessions. */
  async removeDevice(device: Id): Promise<void> {
    if (this.engine.devices().some(({ id, pending }) => id === device && !pending)) {
      this.command(() => this.engine.removeDevice(device));
      await this.settled();
    }
    await this.rest.revokeDevice(await this.session.token(5000), device);
    this.revoked.add(device);
  }

  // ---- history for a new device; `historyTransferChanged` tells how it goes ----
  async requestHistory(from: Id): Promise<void> {
    this.command(() => this.engine.requestHistory(from));
  }
  async approveHistory(to: Id, code: string): Promise<void> {
    this.command(() => this.engine.approveHistory(to, code));
  }
  async cancelHistory(device: Id): Promise<void> {
    this.command(() => this.engine.cancelHistory(device));
  }
  async historyTransfers(): Promise<HistoryTransfer[]> {
    return this.engine.historyTransfers();
  }

  // ---- files ----
  /**
   * Encrypts and uploads the files, then queues the message that carries them; `draft.text` may be empty. Goes on after a
   * broken connection. `fileProgress` tells how far it is.
   */
  async sendFiles(conversation: Id, draft: Draft, files: FileToSend[]): Promise<Id> {
    return this.transfers.send(conversation, draft, files);
  }
  /** Decrypted; refused when anything of it is not what its sender describes. `transfer` names it in `fileProgress`. */
  async receiveFile(conversation: Id, ref: MessageRef, index: number, transfer: string, thumbnail = false): Promise<Blob> {
    const attachment = this.engine.message(conversation, ref)?.attachments?.[index];
    const type = thumbnail ? "application/octet-stream" : (attachment?.mediaType ?? "");
    return this.transfers.receive((engine) => engine.openFile(conversation, ref, index, thumbnail), type, transfer);
  }
  /** A picture of at most 64 KiB and 256 pixels a side, under a name of 2 to 32 of a-z 0-9 _ + -. */
  async bringEmoji(conversation: Id, name: string, picture: Blob, dimensions: ImageSize): Promise<Id> {
    return this.transfers.bring(conversation, name,
      { transfer: crypto.randomUUID(), content: picture, name: `${name}.${picture.type.split("/")[1] ?? ""}`, mediaType: picture.type, dimensions });
  }
  /** Its decrypted bytes, without a type: of an emoji of the message, or, without one, of `emoji`. Look before drawing them. */
  async receiveEmoji(conversation: Id, ref: MessageRef | undefined, picture: Id): Promise<Blob> {
    return this.transfers.receive((engine) => engine.openEmoji(conversation, ref, picture), "", crypto.randomUUID(), false);
  }
  async cancelTransfer(transfer: string): Promise<void> {
    this.transfers.cancel(transfer);
  }
  async fileUsage(): Promise<FileUsage> {
    return this.rest.fileUsage(await this.session.token(5000));
  }

  // ---- the host's own values, sealed with the rest ----
  async value(name: string): Promise<string | undefined> {
    return this.engine.getValue(`host.${name}`);
  }
  async putValue(name: string, value: string | undefined): Promise<void> {
    if (value === undefined) {
      this.engine.removeValue(`host.${name}`);
    } else {
      this.engine.putValue(`host.${name}`, value);
    }
    this.flush();
  }
}
