"use strict";
// Landscapes and clouds: dragged round with the mouse, zoomed with the wheel.

function orbit(place, height, tall, paint) {
  const eye = { azimuth: 35, elevation: 30, zoom: 1 };
  place.classList.add("turn");
  const board = stage(place, height, (pen, width) => {
    const a = (eye.azimuth * Math.PI) / 180, e = (eye.elevation * Math.PI) / 180;
    const up = Math.SQRT2 * Math.abs(Math.sin(e)) + tall * Math.cos(e);
    const size = Math.min(width / 3.1, height / (2.2 * up + 0.2)) * eye.zoom;
    paint(pen, width, (x, y, z) => {
      const away = y * Math.cos(a) - x * Math.sin(a);
      const over = away * Math.sin(e) + z * Math.cos(e);
      const right = x * Math.cos(a) + y * Math.sin(a);
      return [width / 2 + right * size, height / 2 - over * size, away * Math.cos(e) - z * Math.sin(e)];
    });
  });
  let held = null;
  board.canvas.addEventListener("pointerdown", (event) => {
    held = [event.clientX, event.clientY];
    board.canvas.setPointerCapture(event.pointerId);
  });
  board.canvas.addEventListener("pointerup", () => { held = null; });
  board.canvas.addEventListener("pointermove", (event) => {
    if (!held) return;
    eye.azimuth -= (event.clientX - held[0]) * 0.5;
    eye.elevation = Math.max(-90, Math.min(90, eye.elevation + (event.clientY - held[1]) * 0.5));
    held = [event.clientX, event.clientY];
    board.again();
  });
  board.canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    eye.zoom = Math.max(0.2, Math.min(20, eye.zoom * Math.exp(-event.deltaY / 500)));
    board.again();
  }, { passive: false });
}

function cage(pen, see, tall, names) {
  pen.strokeStyle = ink("--rule");
  pen.lineWidth = 1;
  const corners = [[-1, -1], [1, -1], [1, 1], [-1, 1]];
  const line = (one, other) => {
    pen.beginPath();
    pen.moveTo(...see(...one).slice(0, 2));
    pen.lineTo(...see(...other).slice(0, 2));
    pen.stroke();
  };
  corners.forEach(([x, y], i) => {
    const [u, v] = corners[(i + 1) % 4];
    line([x, y, -tall], [u, v, -tall]);
    line([x, y, -tall], [x, y, tall]);
  });
  pen.fillStyle = ink("--ink");
  pen.textAlign = "center";
  const label = (spot, text) => pen.fillText(text, ...see(...spot).slice(0, 2));
  label([0, -1.18, -tall], names[0]);
  label([1.18, 0, -tall], names[1]);
  if (names[2]) label([-1, -1, tall + 0.1], names[2]);
}

function drawSurface(place, figure) {
  const values = figure.values.map((row) => row.map(num)), tall = 0.55;
  const heat = axisOf(values.flat(), figure.scale, 0, figure.colormap === "coolwarm");
  const ends = (list) => { const all = list.map(num); return axisBetween(all[0], all.length > 1 ? all[all.length - 1] : all[0] + 1); };
  const x = ends(figure.x), y = ends(figure.y);
  const spot = (i, j) => [2 * x.share(num(figure.x[i])) - 1, 2 * y.share(num(figure.y[j])) - 1, (2 * heat.share(values[j][i]) - 1) * tall];
  orbit(place, 460, tall, (pen, width, see) => {
    cage(pen, see, tall, [figure.x_label, figure.y_label]);
    const seen = values.map((row, j) => row.map((_, i) => see(...spot(i, j))));
    const quads = [];
    for (let j = 0; j + 1 < seen.length; j += 1) {
      for (let i = 0; i + 1 < seen[j].length; i += 1) {
        const ring = [seen[j][i], seen[j][i + 1], seen[j + 1][i + 1], seen[j + 1][i]];
        if (!ring.every((corner) => corner.every(Number.isFinite))) continue;
        const share = (heat.share(values[j][i]) + heat.share(values[j + 1][i + 1])) / 2;
        quads.push([ring.reduce((sum, corner) => sum + corner[2], 0), ring, share]);
      }
    }
    quads.sort((one, other) => other[0] - one[0]);
    pen.lineWidth = 0.5;
    for (const [, ring, share] of quads) {
      pen.beginPath();
      ring.forEach((corner) => pen.lineTo(corner[0], corner[1]));
      pen.closePath();
      pen.fillStyle = css(mapped(figure.colormap, share));
      pen.strokeStyle = "rgba(0,0,0,.28)";
      pen.fill();
      pen.stroke();
    }
    const nearest = (list, at) => list.reduce((best, value, i) => (Math.abs(num(value) - at) < Math.abs(num(list[best]) - at) ? i : best), 0);
    const ground = (a, b) => see(...spot(nearest(figure.x, a), nearest(figure.y, b)));
    for (const path of figure.paths) {
      pen.strokeStyle = SERIES[1];
      pen.lineWidth = 2;
      pen.beginPath();
      path.x.forEach((value, k) => pen.lineTo(...ground(num(value), num(path.y[k])).slice(0, 2)));
      pen.stroke();
    }
    for (const mark of figure.marks) {
      const [left, top] = ground(num(mark.x), num(mark.y));
      pen.fillStyle = SERIES[1];
      pen.beginPath();
      pen.arc(left, top, 4, 0, 7);
      pen.fill();
      pen.fillStyle = ink("--ink");
      pen.textAlign = "left";
      pen.fillText(mark.name, left + 8, top + 4);
    }
    bar(pen, heat, figure.colormap, figure.value_label, width - 70, 30, 420);
  });
}

function drawPoints(place, figure) {
  const places = figure.position.map((row) => row.map(num));
  const dims = places.length ? places[0].length : 2;
  const heat = figure.value ? axisOf(figure.value.map(num), "linear") : null;
  const colour = (i) => {
    if (figure.rgb) return css(figure.rgb[i].map(num));
    if (figure.group) return SERIES[figure.group[i] % SERIES.length];
    return heat ? css(mapped("viridis", heat.share(num(figure.value[i])))) : SERIES[0];
  };
  const axes = [0, 1, 2].map((d) => axisOf(places.map((row) => row[d]), "linear", dims < 3 ? 0.03 : 0));
  if (figure.group && !figure.rgb) {
    const groups = [...new Set(figure.group)].sort((a, b) => a - b);
    legend(place, groups.map((group) => [figure.group_names[group] || String(group), SERIES[group % SERIES.length]]));
  }
  const radius = Math.max(0.8, Math.min(3.5, 60 / Math.sqrt(places.length + 1)));
  const dot = (pen, left, top, i) => {
    pen.fillStyle = colour(i);
    pen.beginPath();
    pen.arc(left, top, radius, 0, 7);
    pen.fill();
  };
  if (dims < 3) {
    stage(place, 420, (pen, width, height) => {
      const margin = heat ? 90 : 10;
      const [right, bottom] = figure.equal ? equalUnits(axes, width, height, margin) : [margin, height];
      const box = frame(pen, width, bottom, axes[0], axes[1], [figure.axes[0] || "", figure.axes[1] || ""], right);
      places.forEach((row, i) => { if (row.every(Number.isFinite)) dot(pen, box.x(row[0]), box.y(row[1]), i); });
      if (heat) bar(pen, heat, "viridis", "", width - 70, box.top, box.bottom);
    });
    return;
  }
  const sizes = axes.map((axis) => axis.high - axis.low), ground = Math.max(sizes[0], sizes[1]);
  const even = Math.min(...sizes) * 8 >= Math.max(...sizes);
  const reach = even ? sizes.map((size) => size / ground) : [1, 1, 0.8];
  orbit(place, 460, reach[2], (pen, width, see) => {
    cage(pen, see, reach[2], [figure.axes[0] || "", figure.axes[1] || "", figure.axes[2] || ""]);
    const seen = places.map((row, i) => [...see(...row.map((value, d) => (2 * axes[d].share(value) - 1) * reach[d])), i]);
    seen.sort((one, other) => other[2] - one[2]);
    for (const [left, top, , i] of seen) if (Number.isFinite(left)) dot(pen, left, top, i);
    if (heat) bar(pen, heat, "viridis", "", width - 70, 30, 420);
  });
}
