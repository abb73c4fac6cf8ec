// What HTML and htmx cannot do by themselves, each asked for by an attribute. Every form also works without this file.
const on = (kind, selector, act) => document.addEventListener(kind, (event) => {
  const found = event.target.closest?.(selector);
  if (found) act(event, found);
}, true);
// Enter sends, Shift-Enter starts a line; on a touch keyboard Enter starts a line.
on("keydown", "[data-enter]", (event, field) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing || matchMedia("(pointer: coarse)").matches) return;
  event.preventDefault(), field.form.requestSubmit();
});
// A field is cleared once its form has succeeded, so a text that was refused is never lost.
on("htmx:afterRequest", "form", (event, form) => {
  if (!event.detail.successful) return;
  form.querySelectorAll("[data-clear]").forEach((field) => (field.value = "")), form.closest("[data-opens]")?.hidePopover();
});
// What was asked for opens where it was asked; closed, it gives the focus back, also to a list that is new by then.
let opener = null;
on("htmx:afterSwap", "[data-opens]", (event, box) => box.showPopover({ source: (opener = event.detail.requestConfig.elt) }));
on("toggle", "[data-opens]", (event, box) => {
  const lost = [document.body, ...box.querySelectorAll("*")].includes(document.activeElement);
  if (event.newState === "closed" && lost) document.getElementById(opener.id)?.focus();
});
on("focusin", "[data-select]", (event, field) => field.select());
on("click", "[data-dismiss]", (event, button) => button.closest(".notice").remove());
// A lost connection is said at once, until the page is live again; a worker stands by for pages opened meanwhile.
navigator.serviceWorker?.register("/sw.js");
const lost = () => (document.getElementById("connection").hidden = false);
["htmx:sseError", "htmx:sendError"].forEach((kind) => document.addEventListener(kind, lost));
// A page has one stream, lets it go while it is out of sight, for browsers allow six to one address, and takes it up again.
// What refuses it is asked again after half a second, one and two, and so on: the extension alone would wait for a minute.
let source = null, failures = 0;
const eased = ({ target }) => target.readyState === 2 && (++failures % 4 || target.onopen());
htmx.createEventSource = (address) => (source?.close(), (source = new EventSource(address)).addEventListener("error", eased), source);
document.addEventListener("visibilitychange", () => (document.hidden ? source?.close() : source?.readyState === 2 && source.onerror()));
// A key presses what names it in data-key; what stands in a data-scope only from inside of that.
document.addEventListener("keydown", (event) => {
  const held = [event.ctrlKey || event.metaKey ? "ctrl+" : "", event.altKey ? "alt+" : ""].join("");
  const idle = document.documentElement.dataset.keys === "off" || event.target.matches("input, textarea, select");
  if (!held && event.key.length === 1 && idle) return;
  const named = `[data-key="${CSS.escape(held + event.key)}"]`;
  const found = event.target.closest("[data-scope]")?.querySelector(named) ?? document.querySelector(`${named}:not([data-scope] *)`);
  if (!found || event.isComposing) return;
  event.preventDefault(), found.focus(), found.click();
});
// The arrows walk through what can be chosen.
on("keydown", "[data-walk]", (event, list) => {
  const stops = [...list.querySelectorAll("input:not([type=hidden]), a, .way")];
  const next = stops[stops.indexOf(event.target) + { ArrowDown: 1, ArrowUp: -1 }[event.key]];
  if (next) event.preventDefault(), next.focus();
});
// Reordering by drag: what is dropped on another takes its place.
let lifted = null;
const mark = (task) => document.querySelectorAll("[data-move]").forEach((each) => each.classList.toggle("drop", each === task));
on("dragstart", ".grip", (event, grip) => {
  lifted = grip.closest("[data-move]");
  lifted.classList.add("lifted"), event.dataTransfer.setDragImage(lifted, 0, 0);
});
on("dragover", "[data-move]", (event, task) => lifted?.isConnected && (event.preventDefault(), mark(task)));
on("drop", "[data-move]", (event, task) => {
  event.preventDefault();
  htmx.ajax("POST", lifted.dataset.move, { source: lifted, swap: "none", values: { position: task.dataset.position } });
});
on("dragend", ".grip", () => (mark(null), lifted.classList.remove("lifted"), (lifted = null)));
// Files that are dropped on a conversation or pasted into it are attached.
["drop", "paste"].forEach((kind) => on(kind, ".talk", (event) => {
  const { files } = event.dataTransfer ?? event.clipboardData;
  const field = document.querySelector("#attach input[type=file]");
  if (files.length) event.preventDefault(), (field.files = files), htmx.trigger(field, "change");
}));
on("dragover", ".talk", (event) => event.preventDefault());
// A copy button takes the code above it, a copy link the text that it leads to; without a clipboard they show the text.
on("click", "figcaption button, [data-copy]", async (event, way) => {
  if (!navigator.clipboard) return way.closest("figure")?.querySelector("details").setAttribute("open", "");
  event.preventDefault();
  const text = way.href ? fetch(way.href).then((found) => found.text()) : way.closest("figure").querySelector("code").textContent;
  const plain = Promise.resolve(text).then((found) => new Blob([found], { type: "text/plain" }));
  await navigator.clipboard.write([new ClipboardItem({ "text/plain": plain })]);
  way.nextElementSibling.textContent = "Copied";
});
