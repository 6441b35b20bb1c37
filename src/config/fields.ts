import * as v from "valibot";

/** The few kinds of fields that the configuration is made of; each says what it is for. */

// Made once: the configuration is the first thing that most commands wait for.
const string = v.string();
const strings = v.array(string);
const number = v.number();
const boolean = v.boolean();
const integer = v.integer();
const isSecret = v.metadata<string, { readonly secret: true }>({ secret: true });

export function text(standard: string, about: string) {
  return v.optional(v.pipe(string, v.description(about)), standard);
}

/** A text that `config show` masks and that never reaches a log; `${VAR}` and the keys beside it may stand for it. */
export function secret(about: string) {
  return v.optional(v.pipe(string, v.description(about), isSecret), "");
}

export function flag(standard: boolean, about: string) {
  return v.optional(v.pipe(boolean, v.description(about)), standard);
}

export function whole(range: readonly [least: number, most: number], standard: number, about: string) {
  const [least, most] = range;
  const schema = v.pipe(number, integer, v.minValue(least), v.maxValue(most), v.description(about));
  return v.optional(schema, standard);
}

export function amount(range: readonly [least: number, most: number], standard: number, about: string) {
  const [least, most] = range;
  return v.optional(v.pipe(number, v.minValue(least), v.maxValue(most), v.description(about)), standard);
}

export function texts(standard: readonly string[], about: string) {
  return v.optional(v.pipe(strings, v.description(about)), [...standard]);
}

export function choice<const T extends readonly [string, ...string[]]>(options: T, standard: T[number], about: string) {
  return v.optional(v.pipe(v.picklist(options), v.description(about)), standard);
}

/** A section: all of its keys may be left out. */
export function section<const T extends v.ObjectEntries>(entries: T) {
  return v.optional(v.object(entries), {} as v.InferInput<v.ObjectSchema<T, undefined>>);
}

/** A section that is made only when something asks for it, and is not there when nobody configured it. */
export function lazily<T extends v.GenericSchema>(section: () => T) {
  let made: T | undefined;
  return v.optional(
    v.lazy(() => {
      made ??= section();
      return made;
    }),
  );
}
