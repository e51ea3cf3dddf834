"use strict";
// Where the terminal's own script finds the socket: beside this page, whatever host and path it came from.
const socketUrl = new URL("ws", window.location.href);
socketUrl.protocol = socketUrl.protocol === "https:" ? "wss:" : "ws:";
socketUrl.search = "";
socketUrl.hash = "";

// The terminal's own script does not tell why a socket was closed.
const PlainSocket = window.WebSocket;
window.WebSocket = class extends PlainSocket {
  constructor(url) {
    super(url);
    this.addEventListener("close", (event) => {
      if (event.reason) document.querySelector("#why").textContent = event.reason;
      else if (event.code !== 1000) document.querySelector("#why").textContent = "The connection to dltui was lost.";
    });
  }
};

document.addEventListener("DOMContentLoaded", () => {
  document.querySelector("#terminal").dataset.sessionWebsocketUrl = socketUrl.href;
  // Keys reach the terminal without a click on it.
  new MutationObserver((_, observer) => {
    if (!document.body.classList.contains("-first-byte")) return;
    document.querySelector(".xterm-helper-textarea").focus();
    observer.disconnect();
  }).observe(document.body, { attributeFilter: ["class"] });
  document.querySelector("#again").addEventListener("click", () => window.location.reload());
});
