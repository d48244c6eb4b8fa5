import { readFileSync } from "node:fs";

/** Import a module of the desk that imports nothing itself. Older versions of Node take a `.js` file for CommonJS. */
export function load(name) {
  const source = readFileSync(new URL(`../../../articles/static/articles/desk/${name}`, import.meta.url));
  return import(`data:text/javascript;base64,${source.toString("base64")}`);
}
