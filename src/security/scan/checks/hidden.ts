import { everywhere, type TextCheck, worded } from "../check.ts";

const category = "prompt-injection";
const rightToLeft = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/;

/** What people do not see and models read. Patterns see the text as it is written. */
export const hiddenChecks: readonly TextCheck[] = [
  {
    id: "HID-01",
    severity: "critical",
    category,
    what: "Invisible text in Unicode's tag characters: nobody sees it, a model reads it.",
    mend: "Delete the characters from U+E0000 to U+E007F; whoever put them there meant to deceive.",
    roles: everywhere,
    near: ["\udb40"],
    // A flag like that of Scotland is a black flag and at most six tags behind it.
    find: [/(?<!\u{1f3f4}[\u{e0020}-\u{e007f}]{0,7})[\u{e0020}-\u{e007f}]{3,200}/gu],
    raw: true,
  },
  {
    id: "HID-02",
    severity: "high",
    category,
    what: "Controls of the writing direction: what is shown is not what is written (Trojan Source, CVE-2021-42574).",
    mend: "Delete the characters U+202A to U+202E and U+2066 to U+2069.",
    roles: worded,
    near: [],
    find: [/[\u202d\u202e]|[\u202a\u202b\u2066-\u2068]/g],
    // Arabic and Hebrew have use for the gentler ones.
    confirm: ({ 0: found, index }, { text }) =>
      /[\u202d\u202e]/.test(found) || !rightToLeft.test(text.slice(Math.max(0, index - 200), index + 200)),
    raw: true,
  },
  {
    id: "HID-03",
    severity: "medium",
    category,
    what: "Zero-width characters within words or in a row: they hide data, or words from those who search for them.",
    mend: "Delete the characters; an editor that shows invisible ones helps.",
    roles: worded,
    near: [],
    find: [
      /[\u200b-\u200f\u2060-\u2064\ufeff\u180e]{4,200}/g,
      /[A-Za-z][\u00ad\u200b\u2060\ufeff\u180e]{1,3}(?=[A-Za-z])/g,
    ],
    confirm: ({ 0: found }) => !found.includes("\u00ad"),
    raw: true,
  },
  {
    id: "HID-04",
    severity: "high",
    category,
    what: "A row of variation selectors: bytes hidden behind a character that looks like any other.",
    mend: "Delete the characters U+FE00 to U+FE0F and U+E0100 to U+E01EF behind it.",
    roles: everywhere,
    near: [],
    find: [/[\ufe00-\ufe0f\u{e0100}-\u{e01ef}]{4,200}/gu],
    raw: true,
  },
  {
    id: "HID-05",
    severity: "medium",
    category,
    what: "A word mixes Latin letters with Cyrillic or Greek ones that look the same.",
    mend: "Write the word with letters of one alphabet.",
    roles: worded,
    near: [],
    find: [
      /[A-Za-z]{1,30}[аеорсухіјѕԁԛԝһӏАВЕКМНОРСТХІЈЅοαεικνρτυχΑΒΕΖΗΙΚΜΝΟΡΤΥΧ]{1,3}[A-Za-z]{2,30}/g,
      /\b[A-Za-z]{2,30}[аеорсухіјѕԁӏ](?![\u0370-\u04ff])/g,
    ],
    raw: true,
  },
];
