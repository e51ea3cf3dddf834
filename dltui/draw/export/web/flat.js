"use strict";
// Charts in the plane.

function drawLines(place, figure) {
  const series = figure.series.map((line, i) => ({ ...line, tint: line.tint ?? i, x: line.x.map(num), y: line.y.map(num) }));
  const again = (line) => line.tint >= SERIES.length && !line.marks;  // its colour is another's too: it is dashed
  const all = series.flatMap((line) => [...line.y, ...(line.low || []).map(num), ...(line.high || []).map(num)]);
  const x = axisOf(series.flatMap((line) => line.x), figure.x_scale);
  const y = axisOf([...all, ...figure.levels.map((level) => num(level[0]))], figure.y_scale, 0.03);
  let box;
  const board = stage(place, 340, (pen, width, height) => {
    box = frame(pen, width, height, x, y, [figure.x_label, figure.y_label]);
    for (const line of series) {
      pen.strokeStyle = pen.fillStyle = SERIES[line.tint % SERIES.length];
      if (line.low && line.high) band(pen, box, line);
      pen.setLineDash(again(line) ? [6, 4] : []);
      if (line.marks) dots(pen, box, line); else curve(pen, box, line);
    }
    pen.setLineDash([5, 4]);
    for (const [level, text] of figure.levels) {
      pen.strokeStyle = pen.fillStyle = ink("--quiet");
      pen.strokeRect(box.left, box.y(num(level)), box.right - box.left, 0);
      pen.textAlign = "right";
      pen.fillText(text, box.right, box.y(num(level)) - 4);
    }
    pen.setLineDash([]);
  });
  board.canvas.addEventListener("pointermove", (event) => {
    const at = x.value((event.offsetX - box.left) / (box.right - box.left));
    const told = series.filter((line) => line.x.length).map((line) => {
      let best = 0;
      line.x.forEach((value, i) => { if (Math.abs(value - at) < Math.abs(line.x[best] - at)) best = i; });
      return `${line.name} ${short(line.y[best])}`;
    });
    board.say([`${figure.x_label || "x"} ${short(at)}`, ...told].join("\n"), event.offsetX, event.offsetY);
  });
  board.canvas.addEventListener("pointerleave", () => board.say(""));
  if (series.length > 1) legend(place, series.map((line) => [line.name, SERIES[line.tint % SERIES.length], again(line)]));
}

function curve(pen, box, line) {
  pen.beginPath();
  pen.lineWidth = 1.6;
  let open = false;
  line.x.forEach((value, i) => {
    const at = [box.x(value), box.y(line.y[i])];
    if (!at.every(Number.isFinite)) { open = false; return; }
    if (open) pen.lineTo(...at); else pen.moveTo(...at);
    open = true;
  });
  pen.stroke();
}

function dots(pen, box, line) {
  line.x.forEach((value, i) => {
    pen.beginPath();
    pen.arc(box.x(value), box.y(line.y[i]), 3, 0, 7);
    pen.fill();
  });
}

function band(pen, box, line) {
  pen.globalAlpha = 0.18;
  pen.beginPath();
  line.x.forEach((value, i) => pen.lineTo(box.x(value), box.y(num(line.high[i]))));
  for (let i = line.x.length - 1; i >= 0; i -= 1) pen.lineTo(box.x(line.x[i]), box.y(num(line.low[i])));
  pen.fill();
  pen.globalAlpha = 1;
}

function drawBars(place, figure) {
  const values = figure.values.map(num), errors = figure.errors ? figure.errors.map(num) : null;
  const log = figure.scale === "log" && values.some((value) => value > 0);
  const ends = values.flatMap((value, i) => (errors ? [value - errors[i], value + errors[i]] : [value]));
  let x = axisOf(log ? values : [...ends, 0], figure.scale);
  if (log) x = axisBetween(x.low / 2, x.high, "log");
  const left = 180, row = 24;
  const board = stage(place, values.length * row + 30, (pen, width) => {
    const spot = (value) => left + Math.max(0, Math.min(1, x.share(value))) * (width - left - 90);
    values.forEach((value, i) => {
      const top = i * row + 4, zero = spot(log ? x.low : 0);
      pen.fillStyle = SERIES[value < 0 ? 1 : 0];
      if (Number.isFinite(value)) pen.fillRect(Math.min(zero, spot(value)), top, Math.abs(spot(value) - zero), row - 8);
      pen.fillStyle = pen.strokeStyle = ink("--ink");
      if (errors) pen.strokeRect(spot(value - errors[i]), top + 8, spot(value + errors[i]) - spot(value - errors[i]), 0);
      pen.textAlign = "right";
      pen.fillText(figure.labels[i], left - 8, top + 13, left - 12);
      pen.textAlign = "left";
      const told = short(value) + (errors ? ` ± ${short(errors[i], 2)}` : "");
      pen.fillText(told, Math.max(zero, spot(value + (errors ? errors[i] : 0))) + 6, top + 13);
    });
    pen.fillStyle = ink("--quiet");
    pen.fillText(figure.value_label, left, values.length * row + 20);
  });
  return board;
}

function drawHistogram(place, figure) {
  const edges = figure.edges.map(num), counts = figure.counts.map(num);
  const x = axisBetween(edges[0], edges[edges.length - 1]);
  const positive = counts.filter((count) => count > 0);
  const log = figure.scale === "log" && positive.length;
  const y = log ? axisBetween(Math.min(...positive) / 2, Math.max(...positive) * 1.1, "log") : axisOf([0, ...counts], "linear");
  let box;
  const board = stage(place, 300, (pen, width, height) => {
    box = frame(pen, width, height, x, y, [figure.value_label, "count"]);
    pen.fillStyle = SERIES[0];
    counts.forEach((count, i) => {
      const left = box.x(edges[i]), top = box.y(Math.max(count, y.low));
      pen.fillRect(left, top, Math.max(1, box.x(edges[i + 1]) - left - 0.6), box.bottom - top);
    });
  });
  board.canvas.addEventListener("pointermove", (event) => {
    const at = x.value((event.offsetX - box.left) / (box.right - box.left));
    const i = edges.findIndex((edge, j) => at >= edge && at < edges[j + 1]);
    board.say(i < 0 ? "" : `${short(edges[i])} … ${short(edges[i + 1])}: ${short(counts[i])}`, event.offsetX, event.offsetY);
  });
  board.canvas.addEventListener("pointerleave", () => board.say(""));
}

function borders(places) {
  const edges = places.slice(1).map((place, i) => (place + places[i]) / 2);
  const step = places.length > 1 ? places[1] - places[0] : 1;
  const last = places.length > 1 ? places[places.length - 1] - places[places.length - 2] : 1;
  return [places[0] - step / 2, ...edges, places[places.length - 1] + last / 2];
}

function named(axis, names) {
  const most = 26, step = Math.ceil(names.length / 24);
  axis.name = (row) => (names[row].length > most ? "…" + names[row].slice(1 - most) : names[row]);
  axis.ticks = () => names.map((_, row) => row).filter((row) => row % step === 0);
  axis.wide = 16 + 7 * Math.max(...names.map((_, row) => axis.name(row).length));
}

function drawHeatmap(place, figure) {
  const values = figure.values.map((row) => row.map(num));
  const across = borders(figure.x.map(num)), up = borders(figure.y.map(num));
  const x = axisBetween(across[0], across[across.length - 1]);
  const y = figure.downwards ? axisBetween(up[up.length - 1], up[0]) : axisBetween(up[0], up[up.length - 1]);
  const names = figure.row_names || [];
  if (names.length) named(y, names);
  const ends = (figure.limits || values.flat()).map(num);
  const heat = axisOf(ends, figure.scale, 0, figure.colormap === "coolwarm");
  let box;
  const board = stage(place, 420, (pen, width, height) => {
    const [right, bottom] = figure.equal ? equalUnits([x, y], width, height, 90) : [90, height];
    box = frame(pen, width, bottom, x, y, [figure.x_label, figure.y_label], right);
    values.forEach((row, j) => row.forEach((value, i) => {
      const left = box.x(across[i]), top = Math.min(box.y(up[j]), box.y(up[j + 1]));
      const size = [box.x(across[i + 1]) - left + 0.6, Math.abs(box.y(up[j + 1]) - box.y(up[j])) + 0.6];
      const share = heat.share(value);
      if (!Number.isFinite(share)) return;
      pen.fillStyle = css(mapped(figure.colormap, share));
      pen.fillRect(left, top, ...size);
    }));
    pen.strokeStyle = pen.fillStyle = "#fff";
    for (const path of figure.paths) curve(pen, box, { x: path.x.map(num), y: path.y.map(num) });
    for (const mark of figure.marks) {
      pen.strokeStyle = "#000";
      pen.beginPath();
      pen.arc(box.x(num(mark.x)), box.y(num(mark.y)), 4, 0, 7);
      pen.fill();
      pen.stroke();
      pen.textAlign = "left";
      pen.lineWidth = 3;
      pen.strokeText(mark.name, box.x(num(mark.x)) + 8, box.y(num(mark.y)) + 4);
      pen.fillText(mark.name, box.x(num(mark.x)) + 8, box.y(num(mark.y)) + 4);
    }
    bar(pen, heat, figure.colormap, figure.value_label, box.right + 20, box.top, box.bottom);
  });
  board.canvas.addEventListener("pointermove", (event) => {
    const a = x.value((event.offsetX - box.left) / (box.right - box.left));
    const b = y.value((box.bottom - event.offsetY) / (box.bottom - box.top));
    const i = across.findIndex((edge, k) => a >= edge && a < across[k + 1]);
    const j = up.findIndex((edge, k) => b >= edge && b < up[k + 1]);
    const found = i < 0 || j < 0 ? null : values[j][i];
    const row = names[j] || `${figure.y_label} ${short(num(figure.y[j]))}`;
    const text = `${figure.x_label} ${short(num(figure.x[i]))}  ${row}\n${figure.value_label || "value"} ${short(found)}`;
    board.say(found === null ? "" : text, event.offsetX, event.offsetY);
  });
  board.canvas.addEventListener("pointerleave", () => board.say(""));
}
