// Node 18 has Web Crypto, but not among its globals, where the packages look for it.
import { webcrypto } from "node:crypto";

globalThis.crypto ??= webcrypto;
