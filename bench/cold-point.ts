/** A user's script of four lines: opens the store named on the command line and prints one point of it. */
import { openDataset } from "hyperslab";

async function main([path, time]: readonly string[]): Promise<void> {
  const t2m = (await openDataset(path)).get("t2m");
  const point = await t2m.isel({ time: Number(time), latitude: 360, longitude: 720 }).values();
  process.stdout.write(`${String(point.data[0])}\n`);
}

void main(process.argv.slice(2));
