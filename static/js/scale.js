// Says under a choice scale what the chosen number means: its anchor, or the two anchors around it. Where the number
// is beyond the scale's reach, the hint says so; it forbids nothing.

function sentenceFor(chosen, anchors, between) {
  const exact = anchors.find(({ number }) => number === chosen);
  const below = anchors.filter(({ number }) => number < chosen).at(-1);
  const above = anchors.find(({ number }) => number > chosen);
  if (exact || !below || !above) return (exact ?? below ?? above)?.text ?? "";
  return between.replace("{low}", unended(below.text)).replace("{high}", unended(above.text));
}

function unended(sentence) {
  return sentence.replace(/[.。]$/, "");
}

function anchorsOf(scale) {
  return [...scale.querySelectorAll(".anchors [data-number]")].map((item) => ({
    number: Number(item.dataset.number),
    text: item.querySelector("span").textContent.trim(),
  }));
}

function hint(scale, number) {
  const place = scale.querySelector("[data-scale-hint]");
  if (place) place.textContent = number > Number(scale.dataset.reach) ? place.dataset.text : "";
}

function show(scale) {
  const choice = scale.querySelector("[data-scale-choice]");
  const chosen = scale.querySelector("input[type=radio]:checked");
  choice.replaceChildren();
  hint(scale, Number(chosen?.value ?? 0));
  if (!chosen) return;
  const number = document.createElement("b");
  number.textContent = chosen.value;
  const sentence = sentenceFor(Number(chosen.value), anchorsOf(scale), choice.dataset.between);
  choice.append(number, sentence ? `: ${sentence}` : "");
}

function abstainOrScore(scale, changed) {
  const abstain = scale.querySelector("input[type=checkbox]");
  if (!abstain) return;
  if (changed === abstain && abstain.checked) {
    for (const radio of scale.querySelectorAll("input[type=radio]")) radio.checked = false;
  } else if (changed !== abstain) {
    abstain.checked = false;
  }
}

document.addEventListener("change", (event) => {
  const scale = event.target.closest("[data-scale]");
  if (!scale) return;
  abstainOrScore(scale, event.target);
  show(scale);
});

for (const scale of document.querySelectorAll("[data-scale]")) show(scale);
