const slides = document.querySelector(".slides");
const frames = [...slides.querySelectorAll("figure")];
const [range, button] = ["input", "button"].map((name) => slides.querySelector(name));
const stops = [...slides.querySelectorAll(".stops span")];
let timer = null;
const show = (to) => {
  const at = Math.min(Math.max(to, 0), frames.length - 1);
  range.value = at;
  range.setAttribute("aria-valuetext", frames[at].dataset.label);
  [frames, stops].forEach((list) => list.forEach((item, i) => item.classList.toggle("current", i === at)));
};
const stop = () => { clearInterval(timer); timer = null; button.textContent = "play"; };
const step = () => (Number(range.value) === frames.length - 1 ? stop() : show(Number(range.value) + 1));
const play = () => {
  if (timer) return stop();
  if (Number(range.value) === frames.length - 1) show(0);
  timer = setInterval(step, 900);
  button.textContent = "pause";
};
range.addEventListener("input", () => { stop(); show(Number(range.value)); });
button.addEventListener("click", play);
stops.forEach((item, i) => item.addEventListener("click", () => { stop(); show(i); }));
document.addEventListener("keydown", (event) => {
  const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (by) { event.preventDefault(); stop(); show(Number(range.value) + by); }
});
slides.classList.add("live");
slides.querySelector(".controls").hidden = false;
show(0);
