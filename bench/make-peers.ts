/** Owns the command that makes the environment of the peers. */
import { makePeers } from "./peer-environment.js";

makePeers((line) => console.log(line));
