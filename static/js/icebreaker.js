// For the pages of a product: shows a customer the in-app message of their variant, and reports that they met it.
//
//   <script src="https://icebreaker.example/static/js/icebreaker.js" defer
//           data-key="ice_pk_…" data-customer="1234" data-experiment="banner"></script>
//   <div data-icebreaker="banner"></div>        the message stands here; without it, at the end of the page
//
// The key is a publishable one that names this page's origin. Control meets its variant too, at this very moment, though
// it shows nothing: both sides are counted alike. Where no variant comes back, or the site cannot be reached, the page
// stays as it is. Nothing is stored in the browser, and words are text: nothing a message says can run here.

const script = document.currentScript;
const { key, customer, experiment } = script.dataset;
const site = new URL(script.src).origin;

function post(path, headers, body) {
  return fetch(site + path, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...headers },
    body: JSON.stringify(body),
    keepalive: true, // a page that is left at once is still heard
  });
}

async function variantOf() {
  const path = `/ofrep/v1/evaluate/flags/${encodeURIComponent(experiment)}`;
  const answer = await post(path, { Authorization: `Bearer ${key}` }, { context: { targetingKey: customer } });
  return answer.ok ? answer.json() : {};
}

function viewed(variant) {
  const properties = { experiment_id: experiment, variation_id: variant };
  const item = { type: "track", event: "Experiment Viewed", userId: customer, properties };
  item.messageId = `viewed:${experiment}:${customer}:${variant}`; // met again, it counts once
  return post("/v1/track", { Authorization: `Basic ${btoa(`${key}:`)}` }, item);
}

function element(name, className, text) {
  const made = document.createElement(name);
  made.className = `icebreaker-${className}`;
  made.textContent = text;
  return made;
}

function isWeb(address) {
  return /^https?:\/\//i.test(address ?? "");
}

function show({ title, text, button, url }) {
  if (!title && !text) return;
  const box = element("section", "message", "");
  if (title) box.setAttribute("aria-label", title);
  if (title) box.append(element("h2", "title", title));
  if (text) box.append(element("p", "text", text));
  if (isWeb(url)) {
    const link = element("a", "button", button || title || url);
    link.href = url;
    box.append(link);
  }
  const close = element("button", "close", "×");
  close.type = "button";
  close.setAttribute("aria-label", document.documentElement.lang.startsWith("en") ? "Close" : "×");
  close.addEventListener("click", () => box.remove());
  box.append(close);
  const place = document.querySelector(`[data-icebreaker="${CSS.escape(experiment)}"]`) ?? document.body;
  place.append(box);
}

async function meet() {
  const { variant, value, reason } = await variantOf();
  if (!variant) return;
  show(value ?? {});
  if (reason === "SPLIT") await viewed(variant); // what was shipped is no experiment any more
}

meet().catch(() => {}); // a page never suffers from its experiment
