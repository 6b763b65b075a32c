// A ballot sent while there is no connection waits on this page, and goes when the connection is back.

const form = document.querySelector("[data-ballot]");
const note = document.getElementById("ballot-waits");

form.addEventListener("submit", (event) => {
  note.hidden = navigator.onLine;
  if (!navigator.onLine) event.preventDefault();
});

window.addEventListener("online", () => {
  if (!note.hidden) form.requestSubmit();
});
