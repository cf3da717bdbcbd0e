const field = document.querySelector("input");
const items = [...document.querySelectorAll("[data-words]")];
const search = () => {
  const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const item of items) {
    item.hidden = !words.every((word) => item.dataset.words.includes(word));
    shown += item.hidden ? 0 : 1;
  }
  document.querySelector("#count").textContent = words.length ? `${shown} of ${items.length}` : "";
};
field.addEventListener("input", search);
search();
