import type { Check } from "../check.ts";

const category = "prompt-injection";

/** For what was found in a text within the text, by how it was written there. */
export const embeddedChecks = {
  base64: {
    id: "HID-06",
    severity: "high",
    category,
    what: "A piece of Base64 that decodes to instructions or commands.",
    mend: "Remove it, or write out what it says.",
  },
  hex: {
    id: "HID-07",
    severity: "high",
    category,
    what: "Hexadecimal or percent codes that decode to instructions or commands.",
    mend: "Remove them, or write out what they say.",
  },
  escapes: {
    id: "HID-08",
    severity: "high",
    category,
    what: "Instructions or commands spelled as escapes or entities of characters.",
    mend: "Remove them, or write the characters themselves.",
  },
} as const satisfies Readonly<Record<string, Check>>;
