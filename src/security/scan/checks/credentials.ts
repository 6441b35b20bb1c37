import { everywhere, type Severity, type TextCheck } from "../check.ts";
import { looksReal } from "../looks-real.ts";

const mend = "Take it out, make a new one where it was issued, and keep that with: weft secrets set NAME";

interface Row {
  readonly id: string;
  readonly severity?: Severity;
  readonly what: string;
  readonly near: readonly string[];
  readonly find: readonly RegExp[];
  /** Its form alone tells that it is one. */
  readonly sure?: true;
}

const rows: readonly Row[] = [
  {
    id: "KEY-01",
    severity: "critical",
    what: "A private key is written out.",
    near: ["private key"],
    find: [/-----BEGIN (?:[A-Z0-9]{2,10} ){0,2}PRIVATE KEY(?: BLOCK)?-----(?:\\[nr]|[A-Za-z0-9+/=\s,:-]){40,5000}/g],
    sure: true,
  },
  {
    id: "KEY-02",
    what: "A key of OpenAI, Anthropic or OpenRouter is written out.",
    near: ["sk-"],
    find: [/\bsk-(?:ant-|or-|proj-|svcacct-|admin-)?[A-Za-z0-9_-]{20,220}/g],
  },
  {
    id: "KEY-03",
    severity: "critical",
    what: "A key of AWS is written out.",
    near: ["akia", "asia", "aws_secret"],
    find: [
      /\b(?:AKIA|ASIA)[A-Z2-7]{16}\b/g,
      /\baws_secret_access_key["']?\s{0,4}[=:]\s{0,4}["']?([A-Za-z0-9/+]{40})\b/gi,
    ],
  },
  {
    id: "KEY-04",
    what: "A token of GitHub or GitLab is written out.",
    near: ["ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-"],
    find: [/\b(?:gh[pousr]_[A-Za-z0-9]{30,80}|github_pat_[A-Za-z0-9_]{40,120}|glpat-[A-Za-z0-9_-]{20,60})/g],
  },
  {
    id: "KEY-05",
    what: "A key of Google is written out.",
    near: ["aiza", "ya29.", "gocspx-"],
    find: [/\b(?:AIza[A-Za-z0-9_-]{35}|ya29\.[A-Za-z0-9_-]{40,400}|GOCSPX-[A-Za-z0-9_-]{24,40})/g],
  },
  {
    id: "KEY-06",
    what: "A token of Slack is written out.",
    near: ["xox", "xapp-"],
    find: [/\b(?:xox[abeoprs]-[A-Za-z0-9-]{16,200}|xapp-\d-[A-Za-z0-9-]{20,200})/g],
  },
  {
    id: "KEY-07",
    what: "A bot token of Telegram or Discord is written out.",
    near: [],
    find: [
      /\b\d{8,10}:AA[A-Za-z0-9_-]{33}\b/g,
      /\b[MNO][A-Za-z0-9_-]{23,25}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,38}\b/g,
    ],
  },
  {
    id: "KEY-08",
    what: "A key of a known service is written out (Stripe, Twilio, SendGrid, npm, PyPI, Hugging Face, Groq, xAI and others).",
    near: [
      "_live_",
      "sg.",
      "npm_",
      "pypi-",
      "hf_",
      "gsk_",
      "xai-",
      "dop_v1_",
      "shpat_",
      "lin_api_",
      "pplx-",
      "r8_",
      "dckr_pat_",
      "brave",
      "bsa",
    ],
    find: [
      /\b(?:[sr]k_live_[A-Za-z0-9]{20,120}|SG\.[A-Za-z0-9_-]{20,24}\.[A-Za-z0-9_-]{39,50}|npm_[A-Za-z0-9]{36}|pypi-AgEI[A-Za-z0-9_-]{50,220}|hf_[A-Za-z0-9]{30,50}|gsk_[A-Za-z0-9]{40,60}|xai-[A-Za-z0-9]{40,90}|dop_v1_[a-f0-9]{64}|shpat_[a-fA-F0-9]{32}|lin_api_[A-Za-z0-9]{40}|pplx-[A-Za-z0-9]{40,60}|r8_[A-Za-z0-9]{37}|dckr_pat_[A-Za-z0-9_-]{27}|BSA[A-Za-z0-9_-]{28})\b/g,
    ],
  },
  {
    id: "KEY-09",
    severity: "medium",
    what: "A JSON Web Token is written out; it may still be valid.",
    near: ["eyj"],
    find: [/\beyJ[A-Za-z0-9_-]{10,2000}\.eyJ[A-Za-z0-9_-]{10,2000}\.[A-Za-z0-9_-]{20,600}/g],
  },
  {
    id: "KEY-10",
    what: "An address with a name and a password in it.",
    near: ["://"],
    find: [/\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s/:@"'`<>]{1,64}:([^\s/:@"'`<>]{6,100})@[A-Za-z0-9[][^\s"'`<>]{1,100}/gi],
  },
  {
    id: "KEY-11",
    severity: "medium",
    what: "A value that looks random stands behind a name like password, secret or token.",
    near: [
      "passw",
      "secret",
      "token",
      "api_key",
      "apikey",
      "api-key",
      "access_key",
      "auth_key",
      "client_secret",
      "credential",
    ],
    find: [
      /\b\w{0,40}(?:password|passwd|secret|token|api[_-]?key|access[_-]?key|auth[_-]?key|credentials?)\\?["']?\s{0,4}(?::=|=>|[:=])\s{0,4}\\?["'`]?([A-Za-z0-9+/_.~!@#%^&*-]{16,200}={0,2})(?=\\?["'`\s,;)}\]]|$)/gim,
    ],
  },
  {
    id: "KEY-12",
    what: "A header with a token or password is written out.",
    near: ["bearer ", "basic "],
    find: [
      /\b(?:authorization["']?\s{0,3}[:=]\s{0,3}["']?)(?:bearer|basic|token)\s{1,3}([A-Za-z0-9._~+/-]{16,1000}={0,2})/gi,
    ],
  },
  {
    id: "KEY-13",
    what: "A connection string of a cloud store is written out.",
    near: ["accountkey=", "sharedaccesskey=", "sig="],
    find: [
      /\b(?:AccountKey|SharedAccessKey)=([A-Za-z0-9+/]{40,100}={0,2})/g,
      /[?&]sv=\d{4}-\d{2}-\d{2}&[^\s"']{10,300}&sig=([A-Za-z0-9%+/]{30,100})/g,
    ],
  },
];

/** Keys in files. In conversations and in the memory they are reported as KEY-20: the file is no place to mend them. */
export const credentialChecks: readonly TextCheck[] = rows.map(({ severity = "high", sure, ...row }) => ({
  ...row,
  severity,
  category: "credential-literal",
  mend,
  roles: everywhere,
  secret: true,
  ...(!sure && { confirm: (match) => looksReal(match[1] ?? match[0]) }),
}));

export const keptKey = {
  id: "KEY-20",
  severity: "high",
  category: "credential-literal",
  what: "A key stands in a conversation or in the memory: it goes to the model again and again, and into backups.",
  mend: "Make a new key where it was issued. Then delete the conversation (weft sessions delete ID), or the line in the memory.",
} as const;
