// Loaded before a server, with `node --require`: its first port is written to
// the file descriptor in TELL_PORT_TO, it is reached from this machine only,
// and it ends when its standard input does, however its starter went away.

"use strict";

const fs = require("node:fs");
const net = require("node:net");

const listen = net.Server.prototype.listen;

net.Server.prototype.listen = function (port, ...rest) {
  net.Server.prototype.listen = listen;
  this.once("listening", () => {
    const told = Number(process.env.TELL_PORT_TO);
    fs.writeSync(told, `${this.address().port}\n`);
    fs.closeSync(told);
  });
  const done = rest.filter((each) => typeof each === "function");
  return listen.call(this, port, "127.0.0.1", ...done);
};

process.stdin.resume().once("end", () => process.exit(0));
