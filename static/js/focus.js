// Puts the focus where the work goes on: on the first field refused, else on the heading after a ballot was sent.

const refused = document.querySelector("[aria-invalid=true]");
const field = refused?.matches("fieldset") ? refused.querySelector("input") : refused;

if (field) {
  field.focus();
} else if (new URLSearchParams(location.search).has("sent")) {
  const heading = document.querySelector("h1");
  heading.tabIndex = -1;
  heading.focus();
}
