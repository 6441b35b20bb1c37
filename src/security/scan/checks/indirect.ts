import { type Role, type TextCheck, worded } from "../check.ts";

const category = "indirect-injection";
const read: readonly Role[] = ["instructions", "memory", "document", "manifest"];

/** Words that are for the model and not for the reader, or that come from elsewhere later. */
export const indirectChecks: readonly TextCheck[] = [
  {
    id: "IND-01",
    severity: "high",
    category,
    what: "A comment that nobody sees speaks to the model.",
    mend: "Delete the comment.",
    roles: worded,
    near: ["<!--", "[//]:", "[comment]:"],
    find: [
      /<!--(?:(?!-->)[\s\S]){0,200}\b(?:ignore\s{1,3}(?:all|any|the|previous|prior|your)|you\s{1,3}(?:must|should|are\s{1,3}now|will\s{1,3}now)\b[^\n]{0,60}\b(?:ignore|send|execute|run|forward|reply|respond|answer|tools?|user|instructions?|prompt)\b|(?:dear|attention|note\s{1,3}to|hey|hello)[\s,:]{1,3}(?:the\s{1,3})?(?:AI|LLM|assistant|agent|model|claude|chatgpt|gpt|copilot)|(?:AI|LLM|assistant|agent|model)s?\s{0,2}:|system\s{1,3}(?:prompt|note|instruction|override)|do\s{1,3}not\s{1,3}tell|(?:send|forward|upload|exfiltrate)\b[^\n]{0,60}https?:)/gi,
      /^\[(?:\/\/|comment)\]:\s{1,3}#?\s{0,3}[("'][^\n]{0,200}\b(?:ignore|you\s{1,3}must|assistant|system\s{1,3}prompt|AI\s{1,3}agent)\b/gim,
    ],
  },
  {
    id: "IND-02",
    severity: "high",
    category,
    what: "HTML that is not shown holds words for the model.",
    mend: "Delete the element.",
    roles: worded,
    near: ["display", "font-size", "opacity", "color", "visibility", "hidden", "text-indent"],
    find: [
      /<\w{1,12}\b[^>\n]{0,200}(?:display\s{0,2}:\s{0,2}none|visibility\s{0,2}:\s{0,2}hidden|font-size\s{0,2}:\s{0,2}[01](?:px|pt|em)?\s{0,2}[;"']|opacity\s{0,2}:\s{0,2}0(?:\.0{1,3})?\s{0,2}[;"']|color\s{0,2}:\s{0,2}(?:white|#fff(?:fff)?|transparent)\b|text-indent\s{0,2}:\s{0,2}-\d{3,5}|\shidden[\s>=])[^>\n]{0,200}>[^<]{0,300}\b(?:ignore|instruction|you\s{1,3}must|assistant|system\s{1,3}prompt|AI\s{1,3}(?:agent|model)|send|forward|password|api\s{1,3}key)\b/gi,
    ],
  },
  {
    id: "IND-03",
    severity: "high",
    category,
    what: "A document speaks to the models that will read it, and tells them what to do.",
    mend: "Remove it. A document informs; only its owner instructs an agent.",
    roles: ["document", "memory"],
    near: ["ai", "llm", "assistant", "agent", "language model", "chatbot"],
    find: [
      /\b(?:if|when)\s{1,3}you(?:'re|\s{1,3}are)\s{1,3}(?:an?\s{1,3})(?:AI|LLM|artificial\s{1,3}intelligence|(?:large\s{1,3})?language\s{1,3}model|(?:AI\s{1,3})?(?:assistant|agent|chatbot|bot))\b[^\n.]{0,40}(?:,|then|please|you)\s{1,3}[^\n.]{0,60}\b(?:must|should|send|ignore|include|run|execute|fetch|visit|reply|respond|add|call|use|write|do\s{1,3}not)\b/gi,
      /\b(?:note|instructions?|message|attention|important|notice)\s{1,3}(?:to|for)\s{1,3}(?:all\s{1,3}|any\s{1,3}|the\s{1,3})?(?:AI|LLMs?|language\s{1,3}models?|AI\s{1,3}(?:assistants?|agents?|models?)|chatbots?)\b\s{0,3}[:,-]/gi,
      /\b(?:dear|attention|hey)\s{1,3}(?:AI|LLM|language\s{1,3}model|AI\s{1,3}(?:assistant|agent|model))s?\b\s{0,3}[,:!]/gi,
    ],
    quotable: true,
  },
  {
    id: "IND-04",
    severity: "high",
    category,
    what: "Tells the model to fetch instructions from an address and to follow them: they can be others tomorrow.",
    mend: "Write the instructions into the file itself.",
    roles: read,
    near: ["http"],
    find: [
      /\b(?:fetch|read|download|open|visit|get|load|retrieve|curl|browse)\b[^\n]{0,80}https?:\/\/[^\s)>"']{1,200}[^\n]{0,60}\b(?:follow|execute|obey|run|perform|apply|carry\s{1,2}out|do\s{1,2}what|act\s{1,2}on)\b[^\n.]{0,40}\b(?:instructions?|commands?|steps|directions|prompt|rules|it\s{1,2}says|script|contents?|there(?:in)?)\b/gi,
      /\b(?:follow|execute|obey|apply)\s{1,3}(?:the\s{1,3}|all\s{1,3}|any\s{1,3}){0,2}(?:instructions?|commands?|steps|directions|rules|prompt)\s{1,3}(?:at|from|in|on|found\s{1,3}at)\s{1,3}<?https?:\/\//gi,
    ],
    quotable: true,
  },
  {
    id: "IND-05",
    severity: "medium",
    category,
    what: "A skill or script loads text or code that its author can change at any time.",
    mend: "Put a copy beside it, or name a fixed commit.",
    roles: ["instructions", "script", "manifest"],
    near: [
      "raw.githubusercontent.com",
      "gist.github",
      "pastebin.com",
      "rentry.co",
      "hastebin",
      "paste.ee",
      "ghostbin",
      "dpaste",
      "controlc.com",
    ],
    find: [
      /\bhttps?:\/\/raw\.githubusercontent\.com\/[\w.-]{1,60}\/[\w.-]{1,100}\/(?:refs\/heads\/)?(?:main|master|HEAD|dev|develop)\//g,
      /\bhttps?:\/\/(?:gist\.githubusercontent\.com|gist\.github\.com|pastebin\.com\/raw|rentry\.co|hastebin\.com|paste\.ee|ghostbin\.\w{2,5}|dpaste\.(?:com|org)|controlc\.com)\/[\w./-]{1,120}/g,
    ],
  },
  {
    id: "IND-06",
    severity: "medium",
    category,
    what: "A link shows another host than the one that it leads to.",
    mend: "Let the text of the link say where it leads.",
    roles: read,
    near: ["]("],
    find: [
      /\[\s{0,3}(?:https?:\/\/)?(?<shown>(?:[a-z0-9-]{1,40}\.){1,4}[a-z]{2,10})(?:\/[^\]\n\s]{0,100})?\s{0,3}\]\(\s{0,3}https?:\/\/(?<real>[^\s/)?#:]{1,200})/gi,
    ],
    confirm: ({ groups = {} }) => !isSameHost(groups["shown"] ?? "", groups["real"] ?? ""),
  },
  {
    id: "IND-07",
    severity: "medium",
    category,
    what: "A link that runs a program or carries a page in itself.",
    mend: "Remove the link.",
    roles: read,
    near: ["javascript:", "data:text/html", "vbscript:", "data:application"],
    find: [
      /\]\(\s{0,3}(?:javascript|vbscript):[^)\n]{1,200}/gi,
      /\b(?:href|src|action)\s{0,2}=\s{0,2}["']?\s{0,3}(?:javascript|vbscript):/gi,
      /(?:\]\(|["'])\s{0,3}data:(?:text\/html|application\/\w{1,20}script)[;,]/gi,
    ],
    quotable: true,
  },
  {
    id: "IND-08",
    severity: "high",
    category,
    what: "Imitates the calls or results of tools, or the marks between which weft puts the words of strangers.",
    mend: "Remove it; write such tags in pieces where they must be spoken about.",
    roles: worded,
    near: ["tool_call", "tool_result", "function_call", "function_result", "untrusted", "invoke name", "tool_use"],
    find: [
      /<\/?(?:\w{1,8}:)?(?:tool_calls?|tool_results?|function_calls?|function_results?|tool_use|tool_response)\b[^>\n]{0,80}>/gi,
      /<\/?untrusted\b[^>\n]{0,100}>/gi,
      /<(?:\w{1,8}:)?invoke\s{1,3}name=/gi,
    ],
    quotable: true,
  },
];

function isSameHost(shown: string, real: string): boolean {
  const bare = (host: string) =>
    host
      .toLowerCase()
      .replace(/^.*@/, "")
      .replace(/^www\./, "");
  const [a, b] = [bare(shown), bare(real)];
  return a === b || b.endsWith(`.${a}`) || !topLevel.test(a);
}

/** Names of files and products look like hosts; those of banks and shops end like this. */
const topLevel = /\.(?:com|org|net|gov|edu|bank|de|uk|fr|eu|ch|at|it|es|nl|pl)$/;
