"use strict";
// Puts every figure into its place on the page.

function drawImages(place, figure) {
  place.className = "pictures";
  const bytes = Uint8Array.from(atob(figure.rgb), (letter) => letter.charCodeAt(0));
  const [count, tall, wide] = figure.shape;
  for (let k = 0; k < count; k += 1) {
    const holder = place.appendChild(document.createElement("figure"));
    const canvas = holder.appendChild(document.createElement("canvas"));
    canvas.width = wide;
    canvas.height = tall;
    canvas.style.width = `${Math.max(wide, Math.min(900, count === 1 ? 600 : 112))}px`;
    const pen = canvas.getContext("2d"), picture = pen.createImageData(wide, tall);
    for (let i = 0; i < tall * wide; i += 1) {
      for (let c = 0; c < 3; c += 1) picture.data[4 * i + c] = bytes[3 * (k * tall * wide + i) + c];
      picture.data[4 * i + 3] = 255;
    }
    pen.putImageData(picture, 0, 0);
    if (figure.names[k]) holder.append(figure.names[k]);
  }
}

const DRAW = {
  Lines: drawLines, Bars: drawBars, Histogram: drawHistogram, Heatmap: drawHeatmap,
  Surface: drawSurface, Points: drawPoints, Images: drawImages, Overlay: drawOverlay,
};
const FIGURES = JSON.parse(document.getElementById("figures").textContent);
for (const place of document.querySelectorAll("[data-figure]")) {
  const figure = FIGURES[Number(place.dataset.figure)];
  DRAW[figure.kind](place, figure);
}
