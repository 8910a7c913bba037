/** Owns THE list of rules, in the order in which they run, with the reason for the order. */
import { absorbRechunk } from "./absorb-rechunk.js";
import { dropBroadcast } from "./drop-broadcast.js";
import { foldConstants } from "./fold-constants.js";
import { fuseElementwise } from "./fuse-elementwise.js";
import { joinSources } from "./join-sources.js";
import { liftElementwise } from "./lift-elementwise.js";
import { mergeViews } from "./merge-views.js";
import { pushSelection } from "./push-selection.js";
import type { Rule } from "./rule.js";
import { splitRechunk } from "./split-rechunk.js";

export const RULES: readonly Rule[] = [
  // first: every rule after it then works on the smaller arrays, and sources know what is really read
  pushSelection,
  // selections may have left views of views behind
  mergeViews,
  // before fusion, which only joins operations of one shape
  dropBroadcast,
  // after selections: the blocks that a rechunk is compared with are the selected ones
  absorbRechunk,
  // what could not be absorbed
  splitRechunk,
  // before fusion, which then fuses once for all that is joined; lifted first, so that sources are left to join
  liftElementwise,
  joinSources,
  fuseElementwise,
  // last: fusion brings constants together that stood in different nodes
  foldConstants,
];
