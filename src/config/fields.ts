import * as v from "valibot";

/** The few kinds of fields that the configuration is made of; each says what it is for. */

export function text(standard: string, about: string) {
  return v.optional(v.pipe(v.string(), v.description(about)), standard);
}

/** A text that `config show` masks and that never reaches a log; `${VAR}` and the keys beside it may stand for it. */
export function secret(about: string) {
  return v.optional(v.pipe(v.string(), v.description(about), v.metadata({ secret: true })), "");
}

export function flag(standard: boolean, about: string) {
  return v.optional(v.pipe(v.boolean(), v.description(about)), standard);
}

export function whole(range: readonly [least: number, most: number], standard: number, about: string) {
  const [least, most] = range;
  const schema = v.pipe(v.number(), v.integer(), v.minValue(least), v.maxValue(most), v.description(about));
  return v.optional(schema, standard);
}

export function amount(range: readonly [least: number, most: number], standard: number, about: string) {
  const [least, most] = range;
  return v.optional(v.pipe(v.number(), v.minValue(least), v.maxValue(most), v.description(about)), standard);
}

export function texts(standard: readonly string[], about: string) {
  return v.optional(v.pipe(v.array(v.string()), v.description(about)), [...standard]);
}

export function choice<const T extends readonly [string, ...string[]]>(options: T, standard: T[number], about: string) {
  return v.optional(v.pipe(v.picklist(options), v.description(about)), standard);
}

/** A section: all of its keys may be left out. */
export function section<const T extends v.ObjectEntries>(entries: T) {
  return v.optional(v.object(entries), {} as v.InferInput<v.ObjectSchema<T, undefined>>);
}
