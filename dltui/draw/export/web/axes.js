"use strict";
// Numbers along a border, and the frame around a chart.

const num = (value) => (value === null || value === undefined ? NaN : Number(value));
const SERIES = JSON.parse(document.getElementById("series").textContent);
const MAPS = JSON.parse(document.getElementById("maps").textContent);
const ink = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function short(value, digits = 4) {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "nan" : value > 0 ? "∞" : "−∞";
  if (value === 0) return "0";
  const size = Math.abs(value);
  const text = size >= 1e-4 && size < 1e6 ? String(Number(value.toPrecision(digits))) : value.toExponential(digits - 2);
  return text.replace("-", "−");
}

function axisOf(values, scale, pad = 0, centred = false) {
  let known = values.filter(Number.isFinite);
  if (scale === "log") {
    const positive = known.filter((value) => value > 0);
    if (positive.length) known = positive; else scale = "linear";
  }
  let low = Infinity, high = -Infinity, least = Infinity;
  for (const value of known) {
    low = Math.min(low, value);
    high = Math.max(high, value);
    if (value !== 0) least = Math.min(least, Math.abs(value));
  }
  if (!known.length) { low = 0; high = 1; }
  if (centred && scale !== "log") { high = Math.max(Math.abs(low), Math.abs(high)); low = -high; }
  if (!(high > low)) {
    if (scale === "log") { low /= 2; high *= 2; } else { const room = Math.abs(low) * 0.1 || 1; low -= room; high += room; }
  }
  const bend = Math.max(Number.isFinite(least) ? least : 1, Math.max(Math.abs(low), Math.abs(high)) * 1e-4);
  const axis = axisBetween(low, high, scale, bend);
  return pad ? axisBetween(axis.value(-pad), axis.value(1 + pad), scale, bend) : axis;
}

function axisBetween(low, high, scale = "linear", bend = 1) {
  const bent = (value) => (scale === "log" ? Math.log10(value) : scale === "symlog" ? Math.asinh(value / bend) : value);
  const back = (value) => (scale === "log" ? 10 ** value : scale === "symlog" ? bend * Math.sinh(value) : value);
  const start = bent(low), stop = bent(high);
  return {
    low, high, scale,
    share: (value) => (bent(value) - start) / (stop - start),
    value: (share) => back(start + share * (stop - start)),
    ticks: (most) => ticks(Math.min(low, high), Math.max(low, high), scale, bend, most),
  };
}

function ticks(low, high, scale, bend, most) {
  if (scale === "log" && Math.log10(high / low) >= 1.5) {
    const first = Math.ceil(Math.log10(low) - 1e-9), last = Math.floor(Math.log10(high) + 1e-9);
    const stride = Math.max(1, Math.ceil((last - first + 1) / most));
    const found = [];
    for (let i = first; i <= last; i += 1) if (i % stride === 0) found.push(10 ** i);
    return found;
  }
  if (scale === "symlog") {
    const found = [0];
    const top = Math.max(Math.abs(low), Math.abs(high));
    for (let size = 10 ** Math.floor(Math.log10(top)); size >= bend; size /= 100) found.push(size, -size);
    return found.filter((value) => value >= low && value <= high);
  }
  const rough = (high - low) / most, power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10, 20].find((factor) => factor * power >= rough);
  const found = [];
  for (let i = Math.ceil(low / step - 1e-9); i <= Math.floor(high / step + 1e-9); i += 1) found.push(i * step);
  return found;
}

// A canvas with sharp pixels that is drawn again when its size or the colour scheme changes.
function stage(place, height, draw) {
  const canvas = place.appendChild(document.createElement("canvas"));
  const tip = place.appendChild(document.createElement("div"));
  tip.className = "tip";
  const again = () => {
    const ratio = window.devicePixelRatio || 1, width = place.clientWidth || 800;
    canvas.width = width * ratio;
    canvas.height = height * ratio;
    canvas.style.height = `${height}px`;
    const pen = canvas.getContext("2d");
    pen.scale(ratio, ratio);
    pen.font = "12px system-ui, sans-serif";
    draw(pen, width, height);
  };
  new ResizeObserver(again).observe(place);
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
  const say = (text, x, y) => {
    tip.textContent = text || "";
    tip.style.opacity = text ? 1 : 0;
    tip.style.left = `${Math.max(0, Math.min(x + 14, place.clientWidth - tip.offsetWidth))}px`;
    tip.style.top = `${Math.max(0, y - 30)}px`;
  };
  return { canvas, again, say };
}

const room = (width, height, right, left = 64) => ({ left, top: 18, right: width - right, bottom: height - 40 });

// The right margin and the height of a chart on which a unit is as long across as up.
function equalUnits(axes, width, height, margin) {
  const [across, up] = axes.map((axis) => Math.abs(axis.high - axis.low));
  const side = room(width, height, margin);
  const unit = Math.min((side.right - side.left) / across, (side.bottom - side.top) / up);
  return [width - side.left - unit * across, height - (side.bottom - side.top) + unit * up];
}

// Axes with ticks and labels; returns the place for the data.
function frame(pen, width, height, x, y, labels, right = 10) {
  const box = room(width, height, right, y.wide);
  box.x = (value) => box.left + x.share(value) * (box.right - box.left);
  box.y = (value) => box.bottom - y.share(value) * (box.bottom - box.top);
  pen.lineWidth = 1;
  pen.strokeStyle = ink("--rule");
  pen.fillStyle = ink("--quiet");
  pen.textAlign = "center";
  for (const tick of x.ticks(Math.max(3, Math.floor(width / 110)))) {
    pen.strokeRect(box.x(tick), box.top, 0, box.bottom - box.top);
    pen.fillText(short(tick), box.x(tick), box.bottom + 15);
  }
  pen.textAlign = "right";
  for (const tick of y.ticks(6)) {
    pen.strokeRect(box.left, box.y(tick), box.right - box.left, 0);
    pen.fillText(y.name ? y.name(tick) : short(tick), box.left - 6, box.y(tick) + 4);
  }
  pen.textAlign = "center";
  pen.fillText(labels[0], (box.left + box.right) / 2, height - 6);
  pen.textAlign = "left";
  pen.fillText(labels[1], 2, 11);
  return box;
}

function mapped(name, share) {
  const step = Math.max(0, Math.min(255, Math.round(share * 255))) * 6;
  const word = MAPS[name].slice(step, step + 6);
  return [0, 2, 4].map((i) => parseInt(word.slice(i, i + 2), 16));
}
const css = (rgb) => `rgb(${rgb.map(Math.round).join(",")})`;

function bar(pen, axis, name, label, left, top, bottom) {
  for (let row = top; row < bottom; row += 1) {
    pen.fillStyle = css(mapped(name, (bottom - row) / (bottom - top)));
    pen.fillRect(left, row, 14, 1.5);
  }
  pen.fillStyle = ink("--quiet");
  pen.textAlign = "left";
  pen.fillText(label, left - 10, top - 7);
  for (const tick of axis.ticks(6)) pen.fillText(short(tick), left + 19, bottom - axis.share(tick) * (bottom - top) + 4);
}

function legend(place, entries) {
  const line = document.createElement("div");
  line.className = "legend";
  for (const [name, colour, dashed] of entries) {
    const entry = line.appendChild(document.createElement("span"));
    const dashes = `repeating-linear-gradient(90deg, ${colour} 0 .4em, transparent .4em .7em)`;
    entry.appendChild(document.createElement("i")).style.background = dashed ? dashes : colour;
    entry.append(name);
  }
  place.before(line);
}
