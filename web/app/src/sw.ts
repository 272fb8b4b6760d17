/// <reference lib="webworker" />
// Keeps the application's files, so that it opens without a connection. Nothing of anybody's data goes through here.
const { version, files } = JSON.parse("__SHELL__") as { version: string; files: string[] };
const kCache = `shell-${version}`;
const scope = self as unknown as ServiceWorkerGlobalScope;

scope.addEventListener("install", (event) => {
  event.waitUntil(caches.open(kCache).then((cache) => cache.addAll(files)).then(() => scope.skipWaiting()));
});

scope.addEventListener("activate", (event) => {
  const outdated = async () => {
    const names = await caches.keys();
    await Promise.all(names.filter((name) => name !== kCache).map((name) => caches.delete(name)));
    await scope.clients.claim();
  };
  event.waitUntil(outdated());
});

scope.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== scope.location.origin || url.pathname.startsWith("/v1/")) {
    return;
  }
  if (request.mode === "navigate") {
    // The newest page when the server answers, the kept one otherwise.
    event.respondWith(
      fetch(request).catch(async () => (await caches.match("/")) ?? Response.error()),
    );
    return;
  }
  if (files.includes(url.pathname)) {
    event.respondWith(caches.match(url.pathname).then((kept) => kept ?? fetch(request)));
  }
});

// A click on a notification brings the conversation to the front.
scope.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const open = async () => {
    const target = (event.notification.data as { path?: string } | null)?.path ?? "/";
    const [client] = await scope.clients.matchAll({ type: "window", includeUncontrolled: true });
    if (client) {
      await client.focus();
      client.postMessage({ navigate: target });
    } else {
      await scope.clients.openWindow(target);
    }
  };
  event.waitUntil(open());
});
