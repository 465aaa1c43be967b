// Prepares the twins: a copy of this folder in target/twins, the packages of package-lock.json, and
// the output of `circom2 --O2` for each named circuit. It repeats only what has changed.
//
//   node circuits/twins/build.mjs [five_fu] [donation] [gift]

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const source = dirname(fileURLToPath(import.meta.url));
const out = join(source, "..", "..", "target", "twins");
mkdirSync(out, { recursive: true });

const files = readdirSync(source, { withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => entry.name)
  .sort();
for (const file of files) copyFileSync(join(source, file), join(out, file));

function hash(names) {
  const sum = createHash("sha256");
  for (const name of names) sum.update(name).update("\0").update(readFileSync(join(source, name)));
  return sum.digest("hex");
}

// Runs `make`, unless it already ran for the same files.
function once(name, names, make) {
  const stamp = join(out, `${name}.stamp`);
  const now = hash(names);
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === now) return;
  rmSync(stamp, { force: true });
  make();
  writeFileSync(stamp, now);
}

function run(command, args) {
  execFileSync(command, args, { cwd: out, stdio: ["ignore", "inherit", "inherit"] });
}

const packages = ["package.json", "package-lock.json"];
once("packages", packages, () => run("npm", ["ci", "--no-audit", "--no-fund"]));

const sources = files.filter((file) => file.endsWith(".circom") || file.endsWith(".mjs"));
const circom = [...packages, ...sources];
for (const circuit of process.argv.slice(2)) {
  once(circuit, circom, () => {
    run("node", ["domains.mjs", "--check"]);
    const flags = ["--r1cs", "--wasm", "--O2", "-l", "node_modules", "-o", "."];
    run("node", ["node_modules/circom2/cli.js", `${circuit}.circom`, ...flags]);
  });
}
