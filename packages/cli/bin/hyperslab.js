#!/usr/bin/env node
import { main } from "../dist/main.js";

// Node's own way of printing warnings names the process and its flags; main() has a plainer one
process.removeAllListeners("warning");

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error) => {
    console.error(error);
    process.exitCode = 1;
  },
);
