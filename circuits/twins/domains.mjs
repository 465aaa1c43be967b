// Prints domains.circom: the domain constants of docs/spec/hash.md, by a BLAKE3 that is not the
// Rust one. `node domains.mjs --check` says whether the file is what it would print.

import { readFileSync } from "node:fs";
import { blake3 } from "@noble/hashes/blake3.js";
import { utf8ToBytes } from "@noble/hashes/utils.js";

const context = utf8ToBytes("wufu 2026-11 domain v1");
const names = ["PK", "NOTE", "NF", "PERSON", "PNF", "BODY", "OWN", "DON", "DNF", "ANC", "POL"];

function domain(name) {
  const first = blake3(utf8ToBytes(name), { context }).slice(0, 15);
  const value = first.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  return name === "NOTE" ? value & ~7n : value;
}

const lines = [
  "pragma circom 2.1.6;",
  "",
  "// Printed by domains.mjs.",
  ...names.map((name) => `function D_${name}() { return ${domain(name)}; }`),
  "",
];
const text = lines.join("\n");

if (process.argv[2] === "--check") {
  const held = readFileSync(new URL("domains.circom", import.meta.url), "utf8");
  if (held !== text) {
    console.error("domains.circom is not what domains.mjs prints");
    process.exit(1);
  }
} else {
  process.stdout.write(text);
}
