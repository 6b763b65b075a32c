// Draws the preview anew while somebody types, and counts characters. Without this script a button does it.

const WAIT_MS = 400;
const form = document.querySelector("[data-editor]");
const button = form?.querySelector("[data-preview]");
let timer;
let drawn = 0;

// Each picture gets a frame of its own: moving an old one on would put every keystroke into the page's history.
// It gets a name of its own too: a frame keeps the one it was opened with.
function draw() {
  const old = [...form.querySelectorAll(".frames iframe")];
  const fresh = old.at(-1).cloneNode();
  drawn += 1;
  fresh.removeAttribute("src");
  fresh.name = `preview-${drawn}`;
  old.at(-1).after(fresh);
  form.querySelectorAll("[formtarget]").forEach((each) => each.setAttribute("formtarget", fresh.name));
  fresh.addEventListener("load", () => old.forEach((each) => each.remove()), { once: true });
  form.requestSubmit(button);
}

function count(field) {
  const meter = form.querySelector(`[data-meter="${field.id}"]`);
  if (!meter) return;
  const isOver = field.value.length > Number(field.dataset.good);
  meter.querySelector("[data-count]").textContent = String(field.value.length);
  meter.classList.toggle("over", isOver);
  meter.querySelector("[data-over-note]").textContent = isOver ? meter.dataset.over : "";
}

form?.addEventListener("input", (event) => {
  if (event.target.name === "customer") return; // a real customer is shown when asked for, never while typing
  count(event.target);
  clearTimeout(timer);
  timer = setTimeout(draw, WAIT_MS);
});

// Whoever presses a button gets what they pressed, not the picture that was about to be drawn.
form?.addEventListener("submit", () => clearTimeout(timer));

// What came back unsaved is what is looked at, not what is kept.
if (form?.hasAttribute("data-unsaved")) draw();
