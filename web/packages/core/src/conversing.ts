// What a person does in conversations: people, groups, messages, channels.
import { Connected } from "./connected.js";
import { kindOf } from "./rest.js";
import {
  CoreError, type AutoFollow, type Conversation, type ConversationEmoji, type Draft, type EventOf, type Group, type GroupState, type Id, type Message, type MessageRef, type MessageText, type NewChannel,
  type OwnPresence, type Overview, type OverviewChanges, type Person, type PlaceAnswer, type PlaceFields, type ReceiptState, type SearchQuery, type Thread, type User,
  type UserPresence,
} from "./types.js";

export class Conversing extends Connected {
  // ---- people and messages ----
  async findUser(username: string): Promise<User> {
    const known = this.engine.userNamed(username);
    if (known) {
      return known;
    }
    this.command(() => this.engine.lookUpUser(username));
    return this.when((event) => {
      if (event?.type === "userNotFound" && event.username === username) {
        throw new CoreError("client.not_found", "not_found", `there is no user ${username}`);
      }
      return this.engine.userNamed(username) ?? undefined;
    });
  }
  /** People of the organisation, each word of whose search begins a word of their names. */
  async searchPeople(search: string, limit = 50): Promise<Person[]> {
    return (await this.place("people", { search, limit })).people ?? [];
  }
  /** Stored and queued when it resolves; `messageStateChanged` tells that the server has it. */
  async send(username: string, text: string): Promise<Id> {
    const peer = await this.findUser(username);
    return this.command(() => this.engine.sendText(peer.id, text));
  }
  async history(username: string, beforeIndex?: number, limit?: number): Promise<Message[]> {
    const peer = this.engine.userNamed(username);
    const conversation = peer && this.engine.conversationWith(peer.id);
    return conversation ? this.engine.history(conversation.id, beforeIndex, limit) : [];
  }
  async conversations(): Promise<Conversation[]> {
    return this.engine.conversations().conversations;
  }
  /** What a list of conversations shows, newest activity first. */
  async overview(): Promise<Overview[]> {
    return (await this.overviewSince(0)).rows;
  }
  /** The rows that are new or differ since `revision`, which an earlier answer of this client has told; 0: all of them. */
  async overviewSince(revision: number): Promise<OverviewChanges> {
    const changed = this.engine.conversations(revision);
    return {
      revision: changed.revision,
      rows: changed.conversations.map((conversation) => ({
        conversation,
        peer: conversation.kind === "pair" ? this.engine.user(conversation.peer) : null,
        last: this.engine.history(conversation.id, undefined, 1)[0] ?? null,
      })),
    };
  }
  async user(id: Id): Promise<User | null> {
    return this.engine.user(id);
  }
  /** Opens the conversation with a person, or finds it. */
  async conversationWith(username: string): Promise<Conversation> {
    const user = await this.findUser(username);
    const known = this.engine.conversationWith(user.id);
    if (known) {
      return known;
    }
    this.command(() => this.engine.openConversation(user.id));
    return this.when(() => this.engine.conversationWith(user.id) ?? undefined);
  }

  // ---- groups, by the ids of their conversations ----
  async createGroup(name: string, usernames: string[]): Promise<Id> {
    const users = await this.usersNamed(usernames);
    return this.command(() => this.engine.createGroup(name, users));
  }
  /** Resolves when it is done. "client.timed_out" is no refusal: the wish stays, and is settled when it can be. */
  async addToGroup(group: Id, usernames: string[]): Promise<void> {
    const users = await this.usersNamed(usernames);
    await this.changed(() => this.engine.addToGroup(group, users));
  }
  async removeFromGroup(group: Id, usernames: string[]): Promise<void> {
    const users = await this.usersNamed(usernames);
    await this.changed(() => this.engine.removeFromGroup(group, users));
  }
  /** `groupLeft` tells when another member's device has carried it out. */
  async leaveGroup(group: Id): Promise<void> {
    this.command(() => this.engine.leaveGroup(group));
  }
  /** The last resort when nobody can go on in it: the same people begin anew. */
  async resetGroup(group: Id): Promise<void> {
    await this.changed(() => this.engine.resetGroup(group));
  }
  /** Whether those who come in may read what is written from now on; all members are told. */
  async shareHistory(group: Id, shared: boolean): Promise<void> {
    await this.changed(() => this.engine.shareHistory(group, shared));
  }
  /** Of a group that shares its history (`hasEarlier`): `earlierMessages` tells when they are in their place. */
  async readEarlier(group: Id): Promise<void> {
    this.command(() => this.engine.readEarlier(group));
  }
  async renameGroup(group: Id, name: string): Promise<void> {
    this.command(() => this.engine.renameGroup(group, name));
  }
  async group(id: Id): Promise<Group> {
    return this.engine.group(id);
  }
  /** In any conversation, pair or group. */
  async sendIn(conversation: Id, text: string): Promise<Id> {
    return this.command(() => this.engine.sendTextTo(conversation, text));
  }
  /** A page of a conversation, oldest first; without `beforeIndex` the newest one. */
  async page(conversation: Id, beforeIndex?: number, limit?: number): Promise<Message[]> {
    return this.engine.history(conversation, beforeIndex, limit);
  }
  private async usersNamed(usernames: string[]): Promise<Id[]> {
    const users: Id[] = [];
    for (const username of usernames) {
      users.push((await this.findUser(username)).id);
    }
    return users;
  }
  private async changed(body: () => number): Promise<void> {
    const done = new Map<number, string>(); // it may be done within the call
    const off = this.on("groupChangeDone", ({ change, failure }) => done.set(change, failure));
    try {
      const change = this.command(body);
      const failure = await this.when(() => done.get(change));
      if (failure !== "") {
        throw new CoreError(failure, "conflict", "the change of the group was given up");
      }
    } finally {
      off();
    }
  }

  // ---- messages that are there; a message is named by its `ref` ----
  /** With thread, quotation, mentions. */
  async write(conversation: Id, draft: Draft): Promise<Id> {
    return this.command(() => this.engine.send(conversation, draft));
  }
  /** Resolves when the server has taken it; "chat.edit_window_closed" when it is too late. */
  async edit(conversation: Id, target: MessageRef, draft: Draft): Promise<void> {
    await this.acted(() => this.engine.edit(conversation, target, draft));
  }
  async delete(conversation: Id, target: MessageRef): Promise<void> {
    await this.acted(() => this.engine.delete(conversation, target));
  }
  /** Somebody else's message, in a channel that this person moderates; everybody sees who did it. */
  async moderate(conversation: Id, target: MessageRef): Promise<void> {
    await this.acted(() => this.engine.moderate(conversation, target));
  }
  /** A message that was given up goes out of the history, for good. */
  async discard(conversation: Id, target: MessageRef): Promise<void> {
    this.command(() => this.engine.discard(conversation, target));
  }
  async react(conversation: Id, target: MessageRef, emoji: string, present = true, picture?: Id): Promise<void> {
    await this.acted(() => this.engine.react(conversation, target, emoji, present, picture));
  }
  async markRead(conversation: Id, index?: number): Promise<void> {
    this.command(() => this.engine.markRead(conversation, index));
  }
  async markThreadRead(conversation: Id, root: MessageRef): Promise<void> {
    this.command(() => this.engine.markThreadRead(conversation, root));
  }
  async markAllRead(conversation?: Id): Promise<void> {
    this.command(() => this.engine.markAllRead(conversation));
  }
  async followThread(conversation: Id, root: MessageRef, following: boolean): Promise<void> {
    this.command(() => this.engine.followThread(conversation, root, following));
  }
  /** Told to the own other devices. Null: the conversation follows the rule of all others again. */
  async setAutoFollow(rule: AutoFollow | null, conversation?: Id): Promise<void> {
    this.command(() => this.engine.setAutoFollow(rule, conversation));
  }
  async autoFollow(conversation?: Id): Promise<AutoFollow | null> {
    return this.engine.autoFollow(conversation);
  }
  async emoji(conversation: Id): Promise<ConversationEmoji[]> {
    return this.engine.emoji(conversation);
  }
  async setTyping(conversation: Id, active: boolean): Promise<void> {
    this.command(() => this.engine.setTyping(conversation, active));
  }
  async sendsReceipts(): Promise<boolean> {
    return this.engine.sendsReceipts();
  }
  /** The own other devices are told. */
  async setReceipts(sent: boolean): Promise<void> {
    this.command(() => this.engine.setReceipts(sent));
  }
  /** The messages on the screen, by `seq`: in groups of more than fifty people `receiptCountsChanged` tells how many have them. */
  async watchReceipts(conversation: Id, seqs: number[]): Promise<void> {
    this.command(() => this.engine.watchReceipts(conversation, seqs));
  }
  /** What others are told of this person, now and after each reconnection; nothing until it is called. */
  async setPresence(own: OwnPresence): Promise<void> {
    this.command(() => this.engine.setPresence(own));
  }
  /** Those who are shown and nobody else: `presenceChanged` tells about them. */
  async watchPresence(users: Id[]): Promise<void> {
    this.command(() => this.engine.watchPresence(users));
  }
  /** The conversations on the screen, the open one before all: caught up with before the others, also after reconnections. */
  async putFirst(conversations: Id[]): Promise<void> {
    this.command(() => this.engine.putFirst(conversations));
  }
  async presence(): Promise<UserPresence[]> {
    return this.engine.presence();
  }
  async message(conversation: Id, ref: MessageRef): Promise<Message | null> {
    return this.engine.message(conversation, ref);
  }
  /** What it said, oldest first and as it is last, as far as this device has seen its edits. */
  async messageTexts(conversation: Id, ref: MessageRef): Promise<MessageText[]> {
    return this.engine.messageTexts(conversation, ref);
  }
  async threads(conversation?: Id, followedOnly?: boolean): Promise<Thread[]> {
    return this.engine.threads(conversation, followedOnly);
  }
  async threadMessages(conversation: Id, root: MessageRef): Promise<Message[]> {
    return this.engine.threadMessages(conversation, root);
  }
  async receipts(conversation: Id): Promise<ReceiptState[]> {
    return this.engine.receipts(conversation);
  }
  async typing(conversation: Id): Promise<Id[]> {
    return this.engine.typing(conversation);
  }
  async search(query: SearchQuery): Promise<Message[]> {
    return this.engine.search(query);
  }
  private async acted(body: () => Id): Promise<void> {
    const done = new Map<Id, string>(); // it may be done within the call
    const off = this.on("actionDone", ({ action, failure }) => done.set(action, failure));
    try {
      const action = this.command(body);
      const failure = await this.when(() => done.get(action));
      if (failure !== "") {
        throw new CoreError(failure, "denied", "the server refused it");
      }
    } finally {
      off();
    }
  }

  // ---- channels ----
  /** Resolves to the conversation once the channel stands in the directory. */
  async createChannel(channel: NewChannel): Promise<Id> {
    const done = new Map<Id, string>();
    const off = this.on("channelCreated", ({ conversation, failure }) => done.set(conversation, failure));
    try {
      const id = this.command(() => this.engine.createChannel(channel));
      const failure = await this.when(() => done.get(id));
      if (failure !== "") {
        throw new CoreError(failure, "denied", "the server refused the channel; nothing was made");
      }
      return id;
    } finally {
      off();
    }
  }
  async describeGroup(group: Id, topic: string, description: string): Promise<void> {
    this.command(() => this.engine.describeGroup(group, topic, description));
  }
  /** Into a public channel, under the name that the directory has for it, until a member tells the group's own. */
  async joinChannel(channel: Id, name: string): Promise<void> {
    await this.place("join", { channel });
    await this.when(() => (this.stateOf(channel) === "active" ? true : undefined));
    await this.adoptChannelName(channel, name);
  }
  /** A group that has a name keeps it. */
  async adoptChannelName(channel: Id, name: string): Promise<void> {
    if (name !== "") {
      this.command(() => this.engine.adoptChannelName(channel, name));
    }
  }
  private stateOf(group: Id): GroupState | undefined {
    return this.engine.conversations().conversations.find(({ id }) => id === group)?.state;
  }
  /** `place("listChannels", { search: "news" })`: unhidra_core.h names the requests and their fields. */
  async place(name: string, fields?: PlaceFields): Promise<PlaceAnswer> {
    const answers = new Map<number, EventOf<"placeAnswer">>();
    const off = this.on("placeAnswer", (answer) => answers.set(answer.request, answer));
    try {
      const request = this.command(() => this.engine.placeRequest(name, fields));
      const answer = await this.when(() => answers.get(request));
      if (answer.failure !== "") {
        throw new CoreError(answer.failure, kindOf(answer.status), answer.message);
      }
      return answer;
    } finally {
      off();
    }
  }
}
