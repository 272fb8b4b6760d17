// Members of ts-mls.
import "./web_crypto.mjs";

import { p256, p384, p521 } from "@noble/curves/nist.js";
import * as mls from "ts-mls";
import { createGroupInfoWithRatchetTree } from "ts-mls/createCommit.js";

const suites = {
  1: "MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519",
  2: "MLS_128_DHKEMP256_AES128GCM_SHA256_P256",
  3: "MLS_128_DHKEMX25519_CHACHA20POLY1305_SHA256_Ed25519",
  5: "MLS_256_DHKEMP521_AES256GCM_SHA512_P521",
  7: "MLS_256_DHKEMP384_AES256GCM_SHA384_P384",
};
const utf8 = (text) => new TextEncoder().encode(text);
const text = (data) => new TextDecoder().decode(data);
const encode = (wireformat, content) => mls.encodeMlsMessage({ version: "mls10", wireformat, ...content });
const decode = (message) => {
  const decoded = mls.decodeMlsMessage(message, 0);
  if (!decoded) throw new Error("ts-mls cannot decode the message");
  return decoded[0];
};

const keySizes = { 1: 32, 2: 65, 3: 32, 5: 133, 7: 97 };
const curves = { 2: p256, 5: p521, 7: p384 };

// Two encodings in which ts-mls 1.6 leaves the standard are put right here: the content of external_pub is an opaque<V>
// (RFC 9420 section 12.4.3.2), and keys on the NIST curves are not compressed (section 5.1.1).
async function conforming(suite) {
  const cs = await mls.getCiphersuiteImpl(mls.getCiphersuiteFromName(suites[suite]));
  const curve = curves[suite];
  return {
    ...cs,
    hpke: { ...cs.hpke, importPublicKey: (key) => cs.hpke.importPublicKey(key.slice(Math.max(0, key.length - keySizes[suite]))) },
    signature: curve
      ? {
          ...cs.signature,
          keygen: async () => {
            const signKey = curve.utils.randomSecretKey();
            return { signKey, publicKey: curve.getPublicKey(signKey, false) };
          },
        }
      : cs.signature,
  };
}
const withLength = (key) => (key.length < 64 ? Uint8Array.of(key.length, ...key) : Uint8Array.of(0x40, key.length, ...key));

export class TsMember {
  static kind = "ts-mls";
  static proposes = ["add", "remove"];
  static reorders = 8;
  // It asks that the nodes above an unmerged leaf have equal lists, which section 12.4.3.1 does not, and does not join.
  static refusesWrongly = (error) => error.message.startsWith("non-blank intermediate node must list leaf node");
  #cs;
  #private;
  #own;
  #state;
  #config;
  static async make(name, { suite, privateHandshakes }) {
    const member = new TsMember();
    member.name = name;
    member.#cs = await conforming(suite);
    member.#private = privateHandshakes;
    member.#own = await member.#generate();
    member.#config = {
      keyRetentionConfig: { retainKeysForGenerations: 10, retainKeysForEpochs: 4, maximumForwardRatchetSteps: 200 },
      lifetimeConfig: { maximumTotalLifetime: 10_000_000n, validateLifetimeOnReceive: true },
      keyPackageEqualityConfig: {
        compareKeyPackages: (a, b) => text(a.leafNode.credential.identity) === text(b.leafNode.credential.identity),
        compareKeyPackageToLeafNode: (a, b) => text(a.leafNode.credential.identity) === text(b.credential.identity),
      },
      paddingConfig: { kind: "padUntilLength", padUntilLength: 256 },
      authService: { validateCredential: async () => true },
    };
    return member;
  }
  async #generate() {
    const now = BigInt(Math.floor(Date.now() / 1000));
    return mls.generateKeyPackage(
      { credentialType: "basic", identity: utf8(this.name) },
      { ...mls.defaultCapabilities(), credentials: ["basic", "x509"] },
      { notBefore: now - 3600n, notAfter: now + 2_000_000n },
      [],
      this.#cs,
    );
  }
  #leafOf(name) {
    const at = this.#state.ratchetTree.findIndex(
      (node) => node?.nodeType === "leaf" && text(node.leaf.credential.identity) === name,
    );
    return at / 2;
  }
  async keyPackage() {
    return encode("mls_key_package", { keyPackage: this.#own.publicPackage });
  }
  async create(group) {
    this.#state = await mls.createGroup(group, this.#own.publicPackage, this.#own.privatePackage, [], this.#cs, this.#config);
  }
  async join(welcome) {
    this.#state = await mls.joinGroup(
      decode(welcome).welcome, this.#own.publicPackage, this.#own.privatePackage, mls.emptyPskIndex, this.#cs,
      undefined, undefined, this.#config,
    );
  }
  async externalJoin(groupInfo, resync) {
    this.#own = await this.#generate();
    const joined = await mls.joinGroupExternal(
      decode(groupInfo).groupInfo, this.#own.publicPackage, this.#own.privatePackage, resync, this.#cs, undefined, this.#config,
    );
    this.#state = joined.newState;
    return encode("mls_public_message", { publicMessage: joined.publicMessage });
  }
  #addOf(keyPackage) {
    return { proposalType: "add", add: { keyPackage: decode(keyPackage).keyPackage } };
  }
  #removeOf(name) {
    return { proposalType: "remove", remove: { removed: this.#leafOf(name) } };
  }
  async commit({ add = [], remove = [] } = {}) {
    const made = await mls.createCommit(
      { state: this.#state, cipherSuite: this.#cs },
      {
        extraProposals: [...add.map((k) => this.#addOf(k)), ...remove.map((n) => this.#removeOf(n))],
        wireAsPublicMessage: !this.#private,
        ratchetTreeExtension: true,
      },
    );
    this.#state = made.newState;
    return {
      commit: mls.encodeMlsMessage(made.commit),
      welcome: made.welcome && encode("mls_welcome", { welcome: made.welcome }),
    };
  }
  async propose(kind, what) {
    const proposal = kind === "add" ? this.#addOf(what) : this.#removeOf(what);
    const made = await mls.createProposal(this.#state, !this.#private, proposal, this.#cs);
    this.#state = made.newState;
    return mls.encodeMlsMessage(made.message);
  }
  async receive(message) {
    let type;
    const got = await mls.processMessage(
      decode(message), this.#state, mls.emptyPskIndex, (incoming) => ((type = incoming.kind), "accept"), this.#cs,
    );
    this.#state = got.newState;
    if (got.kind === "applicationMessage") return { type: "application", data: got.message };
    return { type, removed: this.#state.groupActiveState.kind === "removedFromGroup" };
  }
  async encrypt(data) {
    const made = await mls.createApplicationMessage(this.#state, data, this.#cs);
    this.#state = made.newState;
    return encode("mls_private_message", { privateMessage: made.privateMessage });
  }
  async groupInfo() {
    const { keySchedule, groupContext, confirmationTag, ratchetTree } = this.#state;
    const { publicKey } = await this.#cs.hpke.deriveKeyPair(keySchedule.externalSecret);
    const externalPub = { extensionType: "external_pub", extensionData: withLength(await this.#cs.hpke.exportPublicKey(publicKey)) };
    return encode("mls_group_info", {
      groupInfo: await createGroupInfoWithRatchetTree(
        groupContext, confirmationTag, this.#state, ratchetTree, [externalPub], this.#cs,
      ),
    });
  }
  async state() {
    const { exporterSecret } = this.#state.keySchedule;
    return {
      epoch: Number(this.#state.groupContext.epoch),
      members: this.#state.ratchetTree.filter((n) => n?.nodeType === "leaf").map((n) => text(n.leaf.credential.identity)),
      secret: Buffer.from(await mls.mlsExporter(exporterSecret, "exporter", new Uint8Array(), 32, this.#cs)).toString("hex"),
    };
  }
}
