// Single keys, outside text fields only: / search, g i ideas, g e experiments, j k Enter in lists, ? help.
// A page lists what j and k walk through by marking links with `data-key-item`; else queues and tables are walked.

const PLACES = { i: "/ideas/", e: "/experiments/" };
const ITEMS = "[data-key-item], .queue > li > a, .table tbody tr > :first-child a";
const TYPED_INTO = "input:not([type=radio], [type=checkbox], [type=button], [type=submit]), textarea, select, [contenteditable]";
const SECOND_KEY_MS = 1500;

let wentAt = 0;

function isTyping(event) {
  return event.target instanceof Element && event.target.closest(TYPED_INTO) !== null;
}

function isVisible(element) {
  return element.getClientRects().length > 0;
}

function search() {
  const button = document.querySelector("[popovertarget=search-sheet]");
  if (button && isVisible(button)) button.click();
  [...document.querySelectorAll("[data-search]")].find(isVisible)?.focus();
}

function walk(step) {
  const items = [...document.querySelectorAll(ITEMS)].filter(isVisible);
  const here = items.indexOf(document.activeElement);
  const next = here === -1 ? (step > 0 ? 0 : items.length - 1) : here + step;
  items[Math.max(0, Math.min(items.length - 1, next))]?.focus();
}

function go(key) {
  const link = document.querySelector(`nav a[href="${PLACES[key]}"]`);
  if (link) location.assign(link.href);
}

const ACTIONS = {
  "/": search,
  "?": () => document.getElementById("keys")?.showModal(),
  j: () => walk(1),
  k: () => walk(-1),
  g: () => {
    wentAt = Date.now();
  },
};

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (isTyping(event) || document.querySelector("dialog[open]")) return;
  const follows = Date.now() - wentAt < SECOND_KEY_MS && event.key in PLACES;
  const action = follows ? () => go(event.key) : ACTIONS[event.key];
  if (!action) return;
  event.preventDefault();
  if (event.key !== "g") wentAt = 0;
  action();
});
