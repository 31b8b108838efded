// Measures steps of LangGraph.js that its SQLite saver keeps:
//
//   node langgraph_sqlite.mjs FOLDER FILE STEPS RUNS BYTES SYNC
//
// FOLDER is one in which these packages are installed, FILE the store to be
// made. Prints one object: us_per_step, bytes_per_step and version, or missing.

import { statSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { performance } from "node:perf_hooks";

const packages = [
  "@langchain/langgraph",
  "@langchain/core",
  "@langchain/langgraph-checkpoint-sqlite",
];
const [place, file, ...rest] = process.argv.slice(2);
const folder = resolve(place);
const [steps, runs, bytes] = rest.map(Number);
const sync = rest[3];
const load = createRequire(join(folder, "package.json"));

function say(what) {
  console.log(JSON.stringify(what));
}

function loaded() {
  try {
    return {
      graph: load(packages[0]),
      saver: load(packages[2]).SqliteSaver.fromConnString(file),
    };
  } catch (why) {
    const line = String(why.message).split("\n")[0];
    say({
      missing: `${line}; run 'npm install ${packages.join(" ")}' in ${folder}`,
    });
    return null;
  }
}

// A ring of two nodes that count and write text of so many bytes.
function ringOf({ Annotation, StateGraph, START, END }) {
  const written = ({ n }) => ({
    n: n + 1,
    text: String(n).padEnd(bytes, "x"),
  });
  return new StateGraph(
    Annotation.Root({ n: Annotation(), text: Annotation() }),
  )
    .addNode("one", written)
    .addNode("two", written)
    .addEdge(START, "one")
    .addEdge("one", "two")
    .addConditionalEdges("two", ({ n }) => (n >= steps ? END : "one"));
}

function size(path) {
  const there = statSync(path, { throwIfNoEntry: false });
  return there ? there.size : 0;
}

async function measure({ graph, saver }) {
  // The saver sets its pragmas where it makes its tables.
  await saver.setup?.();
  saver.db.pragma(`synchronous = ${sync === "full" ? "FULL" : "NORMAL"}`);
  const ring = ringOf(graph).compile({ checkpointer: saver });
  const before = performance.now();
  await Promise.all(
    Array.from({ length: runs }, (_, i) =>
      ring.invoke(
        { n: 0, text: "" },
        {
          configurable: { thread_id: `run${i}` },
          recursionLimit: steps + 10,
        },
      ),
    ),
  );
  const us = (performance.now() - before) * 1000;
  say({
    us_per_step: us / steps / runs,
    bytes_per_step: (size(file) + size(`${file}-wal`)) / steps / runs,
    version: load("@langchain/langgraph/package.json").version,
  });
}

const found = loaded();
if (found) await measure(found);
