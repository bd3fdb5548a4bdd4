const players = [...document.querySelectorAll(".slides")].map((slides) => {
  const frames = [...slides.querySelectorAll("figure")];
  const [range, button] = ["input", "button"].map((name) => slides.querySelector(name));
  if (!range) return { slides, stop() {}, move() {} };
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
  const move = (by) => { stop(); show(Number(range.value) + by); };
  range.addEventListener("input", () => { stop(); show(Number(range.value)); });
  button.addEventListener("click", play);
  stops.forEach((item, i) => item.addEventListener("click", () => { stop(); show(i); }));
  slides.classList.add("live");
  slides.querySelector(".controls").hidden = false;
  show(Number(slides.dataset.start));
  return { slides, stop, move };
});
document.querySelectorAll(".sets").forEach((group) => {
  const sets = players.filter((player) => group.contains(player.slides));
  const buttons = [...group.querySelectorAll(".switch button")];
  const choose = (to) => {
    sets.forEach((set, i) => { set.stop(); set.slides.hidden = i !== to; });
    buttons.forEach((button, i) => button.setAttribute("aria-pressed", i === to));
  };
  buttons.forEach((button, i) => button.addEventListener("click", () => choose(i)));
  group.classList.add("live");
  group.querySelector(".switch").hidden = false;
  choose(0);
});
document.addEventListener("keydown", (event) => {
  const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (!by) return;
  event.preventDefault();
  players.filter((player) => !player.slides.hidden).forEach((player) => player.move(by));
});
