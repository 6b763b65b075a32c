// Shows how much of a chosen file has been sent. Without this script the same form is posted plainly.
// After the sending it goes where the server points; a refusal is shown in the form, and the chosen file stays chosen.

function megabytes(bytes) {
  return (bytes / 1e6).toLocaleString(document.documentElement.lang, { maximumFractionDigits: 1 });
}

function showProgress(form, event) {
  const bar = form.querySelector("progress");
  if (!event.lengthComputable) {
    bar.removeAttribute("value");
    return;
  }
  bar.value = (100 * event.loaded) / event.total;
  form.querySelector("[data-upload-count]").textContent = `${megabytes(event.loaded)} / ${megabytes(event.total)} MB`;
}

function setBusy(form, isBusy) {
  form.querySelector("[data-upload-progress]").hidden = !isBusy;
  const button = form.querySelector("[type=submit]");
  button.disabled = isBusy;
  button.setAttribute("aria-busy", String(isBusy));
}

// The refused page's form takes the place of this one, but for the file, which a page may not fill in.
function showRefusal(form, html) {
  const page = new DOMParser().parseFromString(html, "text/html");
  const answer = page.querySelector("form[data-upload]");
  if (!answer) {
    document.querySelector("main").replaceWith(document.adoptNode(page.querySelector("main")));
    return;
  }
  const file = form.querySelector("input[type=file]");
  form.replaceChildren(...answer.childNodes);
  form.querySelector("input[type=file]").replaceWith(file);
  form.querySelector(".banner, [aria-invalid=true]")?.scrollIntoView({ block: "center" });
}

function arrive(form, request) {
  if (request.status < 400 && request.responseURL) {
    location.assign(request.responseURL);
    return;
  }
  setBusy(form, false);
  showRefusal(form, request.responseText);
}

function send(form) {
  const request = new XMLHttpRequest();
  request.upload.addEventListener("progress", (event) => showProgress(form, event));
  request.addEventListener("load", () => arrive(form, request));
  request.addEventListener("error", () => {
    setBusy(form, false);
    form.submit(); // the browser's own page says what is wrong with the connection
  });
  request.open("POST", form.action);
  request.send(new FormData(form));
  setBusy(form, true);
}

document.addEventListener("submit", (event) => {
  if (!event.target.matches("form[data-upload]")) return;
  event.preventDefault();
  send(event.target);
});
