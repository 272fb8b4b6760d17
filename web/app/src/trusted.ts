// The page's only way from text to script: two workers of our own, by name. The server's policy allows no other
// (`trusted-types unhidra`).
import workerUrl from "./engine.worker?worker&url";

interface Policy {
  createScriptURL(url: string): unknown;
}
interface Factory {
  createPolicy(name: string, rules: { createScriptURL(url: string): string }): Policy;
}

const kServiceWorker = "/sw.js";

const factory = (globalThis as { trustedTypes?: Factory }).trustedTypes;
const policy = factory?.createPolicy("unhidra", {
  createScriptURL: (url) => {
    if (url !== workerUrl && url !== kServiceWorker) {
      throw new TypeError(`${url} is no script of this application`);
    }
    return url;
  },
});
const scriptUrl = (url: string) => (policy ? policy.createScriptURL(url) : url) as string;

export function startEngineWorker(): Worker {
  return new Worker(scriptUrl(workerUrl), { type: "module", name: "engine" });
}

export async function registerServiceWorker(): Promise<void> {
  await navigator.serviceWorker?.register(scriptUrl(kServiceWorker), { scope: "/" });
}
