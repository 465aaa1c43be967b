// Runs one twin over the witnesses on standard input. Each line is a JSON object of input signals.
// The answer to each is a line: {"public":[...]} with the public values in order, or
// {"refused":"why"}.
// With --wtns the line also holds all wires, {"wtns":"..."}, as a .wtns file in hexadecimal.
//
//   node run.mjs CIRCUIT [--wtns] < witnesses > answers

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const circuit = process.argv[2];
const whole = process.argv[3] === "--wtns";
const require = createRequire(import.meta.url);
// The calculator is CommonJS.
const calculator = require(`./${circuit}_js/witness_calculator.js`);
const { nPublic } = publicCount(readFileSync(new URL(`${circuit}.r1cs`, import.meta.url)));
// What the calculator prints is not an answer.
console.log = console.error;

const program = new URL(`${circuit}_js/${circuit}.wasm`, import.meta.url);
const twin = await calculator(readFileSync(program));
for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await answer(JSON.parse(line)))}\n`);
}

async function answer(input) {
  let wtns;
  try {
    // With its sanity check, every `===` and every input is checked.
    if (whole) wtns = Buffer.from(await twin.calculateWTNSBin(input, true)).toString("hex");
    else await twin._doCalculateWitness(input, true);
  } catch (error) {
    // Only a constraint that does not hold is an answer; a missing signal is our mistake. The
    // calculator keeps its earlier errors, so its message grows: the first line is enough.
    const reason = error.message.slice(0, 100).split("\n")[0];
    if (!/^(Error: )*Assert Failed/.test(reason)) throw error;
    return { refused: reason };
  }
  const values = [];
  for (let wire = 1; wire <= nPublic; wire++) values.push(value(wire));
  return { public: values, wtns };
}

// A wire, in hexadecimal.
function value(wire) {
  const { exports } = twin.instance;
  exports.getWitness(wire);
  let text = "";
  for (let limb = twin.n32 - 1; limb >= 0; limb--) {
    text += (exports.readSharedRWMemory(limb) >>> 0).toString(16).padStart(8, "0");
  }
  return text;
}

// Outputs and public inputs, from the header of an .r1cs file.
function publicCount(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 12;
  while (view.getUint32(at, true) !== 1) at += 12 + Number(view.getBigUint64(at + 4, true));
  const counts = at + 12 + 4 + view.getUint32(at + 12, true);
  return { nPublic: view.getUint32(counts + 4, true) + view.getUint32(counts + 8, true) };
}
