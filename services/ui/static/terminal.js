// A terminal: keys go to it as they are pressed while its screen has the focus; what comes meanwhile goes together.
const press = async (...keys) => {
  for (let sent = pressed.push(...keys) === keys.length && keys.length; sent; pressed.splice(0, sent), sent = pressed.length)
    await htmx.ajax("POST", form.action, { source: form, swap: "none", values: { keys: JSON.stringify(pressed) } }).catch(lost);
};
const [form, screen, cell, pressed] = [...["keys", "screen", "cell"].map((id) => document.getElementById(id)), []];
screen.addEventListener("keydown", (event) => {
  const { key, ctrlKey, altKey, shiftKey } = event, held = (name, sign) => (event[name] && !event.getModifierState("AltGraph") ? sign : "");
  if (event.metaKey || event.isComposing || (shiftKey && key === "Tab") || /^(Control|Alt|AltGraph|Shift|Dead)$/.test(key)) return;
  if (ctrlKey && (shiftKey || key === "v" || (key === "c" && `${getSelection()}`))) return;
  event.stopPropagation(), event.preventDefault(), press(`${held("ctrlKey", "C-")}${held("altKey", "A-")}${shiftKey && key[1] ? "S-" : ""}${key}`);
});
screen.addEventListener("paste", (event) => press(`P-${event.clipboardData.getData("text")}`));
new ResizeObserver(() => press(`R-${(screen.clientHeight / cell.offsetHeight) | 0}x${(screen.clientWidth / cell.offsetWidth * 99) | 0}`)).observe(screen);
