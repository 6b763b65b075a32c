// Assembles the hypothesis while its six slots are filled.

const sentence = document.querySelector("[data-hypothesis]");

document.addEventListener("input", (event) => {
  const slot = sentence?.querySelector(`[data-slot="${event.target.name}"]`);
  if (slot) slot.textContent = event.target.value.trim() || "…";
});
