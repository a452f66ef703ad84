// The service worker: the page opens without a network. It keeps the files of one build of the page, named by /offline.json, and nothing that a person or a
// cluster said: /api, /ws and /k8s pass it by.
"use strict";

const PREFIX = "krateyard ";
/** Marks a cache as complete: a page is never opened from half a build. */
const COMPLETE = "/complete";
/** Longer than this a page that could be opened from here does not wait for the network, in milliseconds. */
const PATIENCE = 3000;

/** Keeps the files of the build that is served now, unless they are kept already; then forgets the builds before it. */
async function keep() {
  const { build, files } = await (await fetch("/offline.json", { cache: "no-cache" })).json();
  const name = PREFIX + build;
  const cache = await caches.open(name);
  if (!(await cache.match(COMPLETE))) {
    await cache.addAll(["/", ...files].map((path) => new Request(path, { cache: "no-cache" })));
    await cache.put(COMPLETE, new Response(String(Date.now())));
  }
  const others = (await caches.keys()).filter((known) => known.startsWith(PREFIX) && known !== name);
  await Promise.all(others.map((known) => caches.delete(known)));
}

/** A file of the build that is complete; nothing while there is none. */
async function kept(path) {
  for (const name of await caches.keys()) {
    const cache = name.startsWith(PREFIX) ? await caches.open(name) : null;
    if (cache && (await cache.match(COMPLETE))) {
      const found = await cache.match(path);
      if (found) return found;
    }
  }
  return undefined;
}

/** The page: from the network whenever that answers, so that nobody is stuck on an old one; then its build is kept as well. */
async function page(event) {
  const fetched = fetch(event.request);
  const stored = await kept("/");
  if (!stored) return fetched;
  const late = new Promise((resolve) => setTimeout(resolve, PATIENCE));
  const answer = await Promise.race([fetched.catch(() => undefined), late]);
  if (!answer || answer.status >= 500) return stored;
  // Whoever comes back online finds the build kept before anything asks for a reload.
  if (answer.ok) event.waitUntil(keep().catch(() => undefined));
  return answer;
}

/** A file: one that is named by its content is the same everywhere; any other is asked for first. */
async function file(request, path) {
  const is_named_by_content = /-[0-9a-f]{16}[._]/.test(path);
  const stored = await kept(path);
  if (stored && is_named_by_content) return stored;
  try {
    const answer = await fetch(request);
    return answer.status >= 500 && stored ? stored : answer;
  } catch (error) {
    if (stored) return stored;
    throw error;
  }
}

self.addEventListener("install", (event) => {
  event.waitUntil(keep().then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(self.clients.claim());
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  const is_data = /^\/(api|ws|k8s|open)(\/|$)/.test(url.pathname);
  if (request.method !== "GET" || url.origin !== self.location.origin || is_data) return;
  event.respondWith(request.mode === "navigate" ? page(event) : file(request, url.pathname));
});
