// A ballot by keys, outside text fields only: i c e pick a scale, 1 to 9 and 0 for ten score it, Enter submits.

const SCALES = { i: "impact", c: "confidence", e: "ease" };
const TYPED_INTO = "input:not([type=radio], [type=checkbox]), textarea, select, [contenteditable]";
const OWN_ENTER = `${TYPED_INTO}, a, button, summary, input`;
const form = document.querySelector("[data-ballot]");

let picked = null;

function pick(name) {
  picked = document.getElementById(`scale-${name}`);
  (picked.querySelector(":checked") ?? picked.querySelector("input")).focus();
}

function score(digit) {
  const radio = picked?.querySelector(`[type=radio][value="${digit === "0" ? "10" : digit}"]`);
  if (!radio) return false;
  radio.checked = true;
  radio.focus();
  radio.dispatchEvent(new Event("change", { bubbles: true }));
  return true;
}

function submit() {
  if (!form.querySelector("[data-scale] :checked")) return false;
  form.requestSubmit();
  return true;
}

function act(event) {
  if (event.key in SCALES) return pick(SCALES[event.key]) ?? true;
  if (/^[0-9]$/.test(event.key)) return score(event.key);
  return event.key === "Enter" && !event.target.closest(OWN_ENTER) && submit();
}

form.addEventListener("focusin", (event) => {
  picked = event.target.closest("[data-scale]") ?? picked;
});

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest(TYPED_INTO) || document.querySelector("dialog[open]")) return;
  if (act(event)) event.preventDefault();
});
