import type { Role, TextCheck } from "../check.ts";
import { isLookalike } from "./popular-packages.ts";

const category = "supply-chain";
const runs: readonly Role[] = ["instructions", "script", "manifest", "memory", "document"];

/** What others wrote and this would run. */
export const supplyChainChecks: readonly TextCheck[] = [
  {
    id: "SUP-01",
    severity: "high",
    category,
    what: "Installs a package whose name is one slip away from a popular one (typosquatting).",
    mend: "Write the name as the popular package has it, or look up whose package this is.",
    roles: runs,
    near: ["install", " add ", "npm i ", "npx", "uvx", "go get", "dependencies"],
    find: [
      /\b(?<npm>npm|pnpm|yarn|bun|npx|bunx)\s{1,3}(?:(?:install|i|add|ci|exec|dlx|global)\s{1,3}){0,2}(?:-{1,2}[\w-]{1,30}\s{1,3}){0,4}(?<name>@?[a-z][a-z0-9._/-]{3,60})/g,
      /\b(?<pip>pip[23]?|uv|uvx|pipx|poetry)\s{1,3}(?:(?:pip|install|add|run|tool)\s{1,3}){0,3}(?:-{1,2}[\w-]{1,30}\s{1,3}){0,4}["']?(?<name>[A-Za-z][A-Za-z0-9._-]{3,60})/g,
      /\b(?<cargo>cargo|gem)\s{1,3}(?:install|add)\s{1,3}(?:-{1,2}[\w-]{1,30}\s{1,3}){0,4}(?<name>[a-z][a-z0-9_-]{3,60})/g,
    ],
    confirm: ({ groups = {} }) =>
      isLookalike(groups["npm"] ? "npm" : groups["cargo"] ? "cargo" : "pip", groups["name"] ?? ""),
  },
  {
    id: "SUP-02",
    severity: "medium",
    category,
    what: "Installs from an address or a repository, not from a registry: what comes can change at any time.",
    mend: "Install a released version by its name, or pin the commit and the checksum.",
    roles: runs,
    near: ["git+", "http", "github:"],
    find: [
      /\b(?:pip[23]?|uv|pipx)\s{1,3}(?:pip\s{1,3})?(?:install|add)\s{1,3}(?:-{1,2}[\w-]{1,30}\s{1,3}){0,4}["']?(?:git\+|https?:\/\/|[\w.-]{1,40}\s{0,2}@\s{0,2}(?:git\+)?https?:)/g,
      /\b(?:npm|pnpm|yarn|bun|npx)\s{1,3}(?:(?:install|i|add)\s{1,3})?(?:-{1,2}[\w-]{1,30}\s{1,3}){0,4}["']?(?:git\+|git:\/\/|https?:\/\/|github:)/g,
      /\bcargo\s{1,3}install\s{1,3}--git\b|\bgo\s{1,3}install\s{1,3}[\w./-]{1,100}@(?:latest|main|master)\b/g,
      /"[\w@/.-]{1,60}"\s{0,3}:\s{0,3}"(?:git\+|git:\/\/|https?:\/\/|github:)[^"\n]{1,200}\.?(?:git|tgz|tar\.gz|#\w{1,40})"/g,
    ],
    quotable: true,
  },
  {
    id: "SUP-03",
    severity: "medium",
    category,
    what: "Takes packages from another index: whoever runs it answers for every name.",
    mend: "Use the registry of the language, or name the index in the configuration of the machine.",
    roles: runs,
    near: ["index-url", "--registry", "trusted-host", "--index", "--source http"],
    find: [
      /--(?:extra-)?index-url[ =]["']?https?:\/\/(?!pypi\.org\/)[^\s"']{1,200}/g,
      /--trusted-host\b/g,
      /--registry[ =]["']?https?:\/\/(?!registry\.npmjs\.org)[^\s"']{1,200}/g,
    ],
    quotable: true,
  },
  {
    id: "SUP-04",
    severity: "high",
    category,
    what: "Downloads a program without TLS: anybody on the way can change it.",
    mend: "Use https, and compare a checksum.",
    roles: runs,
    near: ["http://"],
    find: [
      /\b(?:curl|wget|fetch|iwr|Invoke-WebRequest|urlretrieve)\b[^\n|;]{0,160}http:\/\/(?!localhost|127\.0\.0\.1|\[::1\])[^\s"')]{1,200}\.(?:sh|py|js|exe|msi|dmg|pkg|deb|rpm|bin|run|jar|zip|tgz|tar\.gz|tar\.xz|whl|wasm|ps1)\b/gi,
    ],
    quotable: true,
  },
  {
    id: "SUP-05",
    severity: "low",
    category,
    what: "Runs the newest version of a package without a question; tomorrow it may be another.",
    mend: "Name a version: npx tool@1.2.3",
    roles: ["instructions", "script", "config"],
    near: ["npx", "uvx", "bunx", "pnpm dlx", "pipx run"],
    find: [
      /\b(?:npx|bunx)\s{1,3}(?:--?y(?:es)?\s{1,3})@?[a-z][\w./-]{1,60}(?:@latest)?(?=[\s"'`]|$)/gm,
      /\b(?:npx|bunx|pnpm\s{1,3}dlx|uvx|pipx\s{1,3}run)\s{1,3}(?:-{1,2}[\w-]{1,30}\s{1,3}){0,2}@?[a-z][\w./-]{1,60}@latest\b/g,
    ],
  },
  {
    id: "SUP-06",
    severity: "medium",
    category,
    what: "Switches off the check of certificates: anybody on the way can read and change what is sent.",
    mend: "Remove it; add your own authority with SSL_CERT_FILE where you have one.",
    roles: runs,
    near: [
      "curl",
      "insecure",
      "verify=false",
      "tls_reject",
      "ssl_no_verify",
      "no-check-certificate",
      "strict-ssl",
      "rejectunauthorized",
      "_create_unverified",
      "skipcertificatecheck",
      "sslverify",
    ],
    find: [
      /\bcurl\b[^\n|;]{0,120}\s(?:-[a-zA-Z]{0,6}k[a-zA-Z]{0,6}|--insecure)(?=\s|$)/gm,
      /\bwget\b[^\n|;]{0,120}--no-check-certificate\b/g,
      /\bverify\s{0,2}=\s{0,2}False\b|\bssl\._create_unverified_context\b/g,
      /\bNODE_TLS_REJECT_UNAUTHORIZED\s{0,2}=\s{0,2}["']?0|\brejectUnauthorized\s{0,2}:\s{0,2}false\b|\bGIT_SSL_NO_VERIFY\s{0,2}=|\bhttp\.sslVerify\s{1,3}false|\bstrict-ssl\s{1,3}false|-SkipCertificateCheck\b/g,
    ],
    quotable: true,
  },
  {
    id: "SUP-07",
    severity: "medium",
    category,
    what: "A setup file of Python runs commands or reaches the network while it is installed.",
    mend: "Install the parts by hand, after reading what the file does.",
    roles: ["script"],
    near: ["setup("],
    find: [/\bsetup\(/g],
    confirm: (_, { path, text }) =>
      /(?:^|\/)setup\.py$/.test(path) && /\b(?:os\.system|subprocess|urllib|requests|socket|exec|eval)\b/.test(text),
  },
];
