// The features of a build, by the words of cargo: `--features a,b`, `--no-default-features`.
const all = ["delegation", "wasm-plugins"];
const byDefault = ["delegation"];

/** `names`: the features that are on, sorted; `rest`: the other arguments. */
export function featuresOf(args) {
  const names = new Set(byDefault);
  const rest = [];
  const words = [...args];
  const given = [];
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    if (word === "--no-default-features") names.clear();
    else if (word === "--features") given.push(words.shift() ?? "");
    else if (word.startsWith("--features=")) given.push(word.slice("--features=".length));
    else rest.push(word);
  }
  for (const name of given.flatMap((list) => list.split(/[\s,]+/)).filter((each) => each !== "")) {
    if (!all.includes(name)) throw new Error(`no feature "${name}"; there are: ${all.join(", ")}`);
    names.add(name);
  }
  return { names: [...names].sort(), rest };
}

/** As constants for the bundler: `WEFT_DELEGATION`, `WEFT_WASM_PLUGINS`. */
export function definesOf(names) {
  return Object.fromEntries(
    all.map((name) => [`WEFT_${name.toUpperCase().replaceAll("-", "_")}`, String(names.includes(name))]),
  );
}
