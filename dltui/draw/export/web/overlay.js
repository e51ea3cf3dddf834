"use strict";
// Heat maps over a picture: the mouse reads them, a slider lets the picture through.

const ROOM = 928, BETWEEN = 13, WIDEST = 600;  // pixels of a page's line, between two panes, and of a pane at most

const bytesOf = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

function drawOverlay(place, figure) {
  const rgb = bytesOf(figure.rgb), values = new Float32Array(bytesOf(figure.values).buffer);
  const [tall, wide] = figure.size, [count, rows, columns] = figure.shape;
  const height = Math.max(tall, rows), width = Math.max(wide, columns);
  const board = document.createElement("div"), tip = place.appendChild(document.createElement("div"));
  tip.className = "tip";
  let opacity = figure.veiled ? num(figure.opacity) : 0;
  const value = (k, x, y) =>
    values[k * rows * columns + Math.floor(y * rows / height) * columns + Math.floor(x * columns / width)];
  const panes = [];
  if (count * rows * columns && tall * wide) {
    for (let k = figure.bare ? -1 : 0; k < count; k += 1) panes.push([k, paneOf(board, figure, k, width, height)]);
  }
  const again = () => panes.forEach(([k, canvas]) => {
    const pen = canvas.getContext("2d"), picture = pen.createImageData(width, height);
    const [low, high] = k < 0 ? [0, 1] : figure.ranges[k].map(num), signed = figure.colormap === "coolwarm";
    const bare = k < 0 || !opacity;  // of a map that hides nothing there is only the picture
    for (let y = 0; y < height; y += 1) {
      for (let x = 0; x < width; x += 1) {
        const i = 3 * (Math.floor(y * tall / height) * wide + Math.floor(x * wide / width)), j = 4 * (y * width + x);
        const under = [rgb[i], rgb[i + 1], rgb[i + 2]];
        const grey = 0.75 * (0.299 * under[0] + 0.587 * under[1] + 0.114 * under[2]);
        const share = k < 0 ? NaN : Math.max(0, Math.min(1, (value(k, x, y) - low) / (high - low || 1)));
        const veil = Number.isFinite(share) ? opacity * (signed ? Math.abs(2 * share - 1) : share) ** 0.75 : 0;
        const colour = Number.isFinite(share) ? mapped(figure.colormap, share) : under;
        for (let c = 0; c < 3; c += 1) picture.data[j + c] = bare ? under[c] : grey + veil * (colour[c] - grey);
        picture.data[j + 3] = 255;
      }
    }
    pen.putImageData(picture, 0, 0);
  });
  board.className = "pictures";
  place.append(board);
  board.addEventListener("pointermove", (event) => {
    const canvas = event.target, inside = canvas.tagName === "CANVAS";
    tip.style.opacity = inside ? 1 : 0;
    if (!inside) return;
    const x = Math.min(width - 1, Math.floor(event.offsetX * width / canvas.clientWidth));
    const y = Math.min(height - 1, Math.floor(event.offsetY * height / canvas.clientHeight));
    tip.textContent = [`row ${y}  column ${x}`, ...figure.names.map((name, k) => `${name} ${short(value(k, x, y))}`)].join("\n");
    const home = place.getBoundingClientRect();
    tip.style.left = `${event.clientX - home.left + 14}px`;
    tip.style.top = `${event.clientY - home.top + 14}px`;
  });
  board.addEventListener("pointerleave", () => { tip.style.opacity = 0; });
  again();
  if (!figure.veiled) return;
  stage(place, 44, (pen, room) => {
    const axis = axisBetween(num(figure.bar[0]), num(figure.bar[1])), long = Math.min(320, room - 20);
    for (let x = 0; x < long; x += 1) {
      pen.fillStyle = css(mapped(figure.colormap, x / long));
      pen.fillRect(10 + x, 16, 1.5, 12);
    }
    pen.fillStyle = ink("--quiet");
    pen.fillText(figure.label, 10, 11);
    pen.textAlign = "center";
    for (const tick of axis.ticks(5)) pen.fillText(short(tick), 10 + axis.share(tick) * long, 41);
  });
  const knob = document.createElement("input");
  Object.assign(knob, { type: "range", min: 0, max: 1, step: 0.05, value: opacity });
  knob.addEventListener("input", () => { opacity = Number(knob.value); again(); });
  const label = place.appendChild(document.createElement("label"));
  label.append("opacity ", knob);
}

function paneOf(board, figure, k, width, height) {
  const holder = board.appendChild(document.createElement("figure"));
  const pane = holder.appendChild(document.createElement("div"));
  const canvas = pane.appendChild(document.createElement("canvas"));
  pane.className = "pane";
  canvas.width = width;
  canvas.height = height;
  const beside = Math.min(4, figure.shape[0] + (figure.bare ? 1 : 0));
  canvas.style.width = `${Math.min(WIDEST, Math.floor((ROOM + BETWEEN) / beside) - BETWEEN)}px`;
  for (const mark of figure.marks) {
    const spot = pane.appendChild(document.createElement("span"));
    spot.className = "spot";
    spot.style.left = `${(num(mark.x) + 0.5) * 100 / figure.shape[2]}%`;
    spot.style.top = `${(num(mark.y) + 0.5) * 100 / figure.shape[1]}%`;
    spot.append(mark.name);
  }
  holder.append(k < 0 || !figure.veiled ? "" : figure.names[k]);
  return canvas;
}
