// node.js - the peer node: its own HTTP server.
// SPDX-License-Identifier: MIT
const http = require("node:http");

const server = http.createServer((request, response) => {
  response.writeHead(200, { "Content-Type": "text/plain", "Content-Length": 5 });
  response.end("hello");
});
server.keepAliveTimeout = 0;
server.listen({ host: "127.0.0.1", port: 0, backlog: 4096 }, () => console.log("port", server.address().port));
process.stdin.on("end", () => process.exit()).resume();
