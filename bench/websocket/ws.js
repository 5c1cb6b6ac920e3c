// ws.js - the peer ws, of npm.
// SPDX-License-Identifier: MIT
const { WebSocketServer } = require("ws");

const server = new WebSocketServer({ host: "127.0.0.1", port: 0, backlog: 4096, perMessageDeflate: false });
server.on("listening", () => console.log("port", server.address().port));
server.on("connection", (socket) => socket.on("message", (data, binary) => socket.send(data, { binary })));
process.stdin.on("end", () => process.exit()).resume();
