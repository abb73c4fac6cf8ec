// What HTML and htmx cannot do by themselves. Every form also works without this file.
const closest = (event, selector) => event.target.closest?.(selector);

// Times in the reader's own zone and language.
const showTimes = (root) => root.querySelectorAll?.("time[datetime]").forEach((time) => {
  const at = new Date(time.dateTime);
  const today = at.toDateString() === new Date().toDateString();
  const [date, clock] = [{ day: "numeric", month: "short" }, { hour: "2-digit", minute: "2-digit" }];
  const full = at.toLocaleString([], { dateStyle: "full", timeStyle: "medium" });
  const brief = at.toLocaleString([], today ? clock : "brief" in time.dataset ? date : { ...date, ...clock });
  time.textContent = "full" in time.dataset ? full : brief;
  time.title = full;
});
document.addEventListener("htmx:load", (event) => showTimes(event.detail.elt.parentElement ?? event.detail.elt));

// The composer: Enter sends, Shift-Enter starts a line; on a touch keyboard Enter starts a line.
document.addEventListener("keydown", (event) => {
  if (event.target.id !== "message" || event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  if (matchMedia("(pointer: coarse)").matches) return;
  event.preventDefault();
  event.target.form.requestSubmit();
});

// A form is cleared once its request has succeeded, so a text that was refused is never lost.
document.addEventListener("htmx:afterRequest", (event) => {
  if (!event.detail.successful || !("clear" in event.detail.elt.dataset)) return;
  event.detail.elt.querySelectorAll("textarea, input:not([type=hidden], [type=radio])").forEach((field) => (field.value = ""));
});

// A lost connection is said at once; the page takes the sentence back when it is live again.
const lost = () => (document.getElementById("connection").hidden = false);
["htmx:sseError", "htmx:sendError"].forEach((kind) => document.addEventListener(kind, lost));

// A tab out of sight lets its stream go, because browsers allow six connections to one address, and takes it up again.
let source = null;
htmx.createEventSource = (address) => (source = new EventSource(address));
document.addEventListener("visibilitychange", () => {
  if (document.hidden) source?.close();
  else if (source?.readyState === EventSource.CLOSED) source.onerror();
});
document.addEventListener("click", (event) => closest(event, "[data-dismiss]")?.closest(".notice").remove());
// Renaming: the field is ready to type in, Escape leaves it, and a list that changes elsewhere waits until it is left.
let stale = false;
document.addEventListener("toggle", (event) => {
  if (!event.target.matches(".rename")) return;
  if (event.target.open) event.target.querySelector("input[name=title]").select();
  else if (stale) stale = false, htmx.ajax("GET", "/tasks", { swap: "none" });
}, true);
document.addEventListener("keydown", (event) => {
  const rename = event.key === "Escape" && closest(event, ".rename[open]");
  if (rename) rename.open = false, rename.querySelector("summary").focus();
});
document.addEventListener("htmx:beforeRequest", (event) => closest(event, ".rename")?.removeAttribute("open"));
document.addEventListener("htmx:oobBeforeSwap", (event) => {
  if (event.target.id !== "board" || !event.target.querySelector(".rename[open]")) return;
  stale = true;
  event.detail.shouldSwap = false;
});

// Reordering: by drag at the grip, or Alt with an arrow anywhere in a task.
let lifted = null;
const place = (event) => {
  const task = lifted && closest(event, ".task");
  document.querySelectorAll(".task.drop").forEach((old) => old.classList.remove("drop", "after"));
  if (!task) return null;
  const box = task.getBoundingClientRect();
  const after = event.clientY > box.top + box.height / 2;
  task.classList.add("drop");
  task.classList.toggle("after", after);
  const from = Number(lifted.dataset.position);
  const to = Number(task.dataset.position) + (after ? 1 : 0);
  return to > from ? to - 1 : to;
};
document.addEventListener("dragstart", (event) => {
  lifted = closest(event, ".grip")?.closest(".task");
  if (!lifted) return;
  lifted.classList.add("lifted");
  event.dataTransfer.setDragImage(lifted, 0, 0);
});
document.addEventListener("dragover", (event) => place(event) && event.preventDefault());
document.addEventListener("drop", (event) => {
  const position = place(event);
  if (!position) return;
  event.preventDefault();
  htmx.ajax("POST", lifted.dataset.move, { source: lifted, swap: "none", values: { position } });
});
document.addEventListener("dragend", (event) => {
  lifted?.classList.remove("lifted");
  lifted = null;
  place(event);
});
document.addEventListener("keydown", (event) => {
  const task = event.altKey && closest(event, ".task");
  if (!task || !["ArrowUp", "ArrowDown"].includes(event.key)) return;
  event.preventDefault();
  const button = task.querySelector(event.key === "ArrowUp" ? ".up" : ".down");
  button.focus(), button.click();
});
