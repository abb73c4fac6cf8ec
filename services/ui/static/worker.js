// While Daimon cannot be reached, a page says what to do; nothing else of it is kept in the browser.
const keep = async (page) => (await caches.open("offline")).addAll(["/offline", ...page.match(/\/static\/[\w.-]+\.css/g)]);
addEventListener("install", (event) => event.waitUntil(fetch("/offline").then((page) => page.text()).then(keep)));
const show = (request) => fetch(request).catch(() => caches.match(request.mode === "navigate" ? "/offline" : request, { ignoreVary: true }));
addEventListener("fetch", (event) => ["document", "style"].includes(event.request.destination) && event.respondWith(show(event.request)));
