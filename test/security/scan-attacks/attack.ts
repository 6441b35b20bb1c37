/** A check, and what it must and must not find. Each text is a file of its own. */
export interface Attack {
  readonly id: string;
  /** SKILL.md unless given. */
  readonly path?: string;
  readonly found: readonly string[];
  readonly near: readonly string[];
}

/** Parts of keys are put together here, so that no scanner of this repository takes them for real ones. */
export const random = "q7Zk2Wx9Lb4Tn8Vc3Rm6Yp1Hs5Jd0Gf";
export const long = `${random}${[...random].reverse().join("")}`;
export const digits = "4917386205";
export const tags = (text: string) =>
  [...text].map((letter) => String.fromCodePoint((letter.codePointAt(0) ?? 0) + 0xe0000)).join("");
export const base64 = (text: string) => Buffer.from(text).toString("base64");
export const hex = (text: string) => Buffer.from(text).toString("hex");
export const skill = (front: string) => `---\nname: a\ndescription: b\n${front}\n---\n# A\n`;
export const pluginFile = (permissions: object, more: object = {}) =>
  JSON.stringify({ id: "a", name: "A", version: "1.0.0", capabilities: ["tool"], permissions, ...more });
