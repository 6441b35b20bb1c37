import type { Role, TextCheck } from "../check.ts";

const category = "permission-escalation";
const done: readonly Role[] = ["instructions", "script", "manifest", "memory", "document"];

/** Attempts to may more than was given. What manifests and front matter ask for is in `manifests.ts`. */
export const permissionChecks: readonly TextCheck[] = [
  {
    id: "PRM-01",
    severity: "high",
    category,
    what: "Changes weft's own configuration: what the agent may do would be decided by a text.",
    mend: "Remove it; the owner changes the configuration himself.",
    roles: ["instructions", "script", "manifest", "memory", "document"],
    near: [
      "weft config set",
      "config.json",
      "allow_private",
      "ask_after_strangers",
      "command_policy",
      "security.scan.ignore",
    ],
    find: [
      /\bweft\s{1,4}config\s{1,4}set\s{1,4}["']?(?:tools|gateway|channels|routing|security|delegation)\./g,
      /(?:>>?|\btee\b(?:\s{1,3}-a)?|\bsed\s{1,3}-i\b[^\n|;]{0,120}|\bcp\b[^\n|;]{0,120}|\bmv\b[^\n|;]{0,120})\s{0,3}["']?[~$\w{}/.-]{0,60}\.(?:clawft|nanobot)\/config\.json/g,
      /\b(?:set|change|switch|turn|edit|enable|disable)\b[^\n.]{0,40}\b(?:allow_private|ask_after_strangers|command_policy|tools\.allow|tools\.approved|restrict_to_workspace)\b[^\n.]{0,40}\b(?:to|off|on|true|false)\b/gi,
    ],
    quotable: true,
  },
  {
    id: "PRM-02",
    severity: "medium",
    category,
    what: "Wants the rights of root or of another user.",
    mend: "Run what needs root yourself, once; an agent does not need it.",
    roles: done,
    near: ["sudo", "doas", "pkexec", "runas", "su -c", "su root"],
    find: [
      /(?<=^|[\s;&|`("'$])(?:sudo|doas|pkexec)\s{1,4}(?:-\w{1,10}\s{1,4}){0,3}[a-z/.$][\w./-]{1,60}/gm,
      /(?<=^|[\s;&|(])su\s{1,3}(?:-\s{1,3})?(?:root\s{1,3})?-c\b/gm,
      /\brunas\s{1,3}\/user:/gi,
    ],
    quotable: true,
  },
  {
    id: "PRM-03",
    severity: "critical",
    category,
    what: "Gives lasting rights of root: sudoers, setuid bits, capabilities.",
    mend: "Remove it.",
    roles: done,
    near: ["nopasswd", "sudoers", "chmod", "setcap"],
    find: [
      /\bALL\s{0,3}=\s{0,3}\([^\n)]{0,40}\)\s{0,3}NOPASSWD\b/g,
      /(?:>>?|\btee\b[^\n|;]{0,20})\s{0,3}\/etc\/sudoers/g,
      /\bchmod\s{1,3}(?:-\w{1,6}\s{1,3})?(?:[ugoa]{0,3}\+[rwx]{0,3}s|[2467][0-7]{3})\s{1,3}\S/g,
      /\bsetcap\s{1,3}["']?cap_\w{1,30}/g,
    ],
    quotable: true,
  },
  {
    id: "PRM-04",
    severity: "medium",
    category,
    what: "Makes files writable by every user of the machine.",
    mend: "Give the rights to their owner alone: 600 for files, 700 for programs and folders.",
    roles: done,
    near: ["chmod", "icacls"],
    find: [
      /\bchmod\s{1,3}(?:-R\s{1,3})?(?:0?777|0?666|a\+(?:rwx|w)|o\+w|ugo\+w)\b/g,
      /\bicacls\b[^\n]{0,80}\/grant[^\n]{0,20}Everyone:/gi,
    ],
    quotable: true,
  },
  {
    id: "PRM-05",
    severity: "high",
    category,
    what: "Wants to answer questions of approval itself, or to switch them off.",
    mend: "Remove it. Questions are for the user; tools.approved in the configuration is where he says yes for ever.",
    roles: ["instructions", "script", "manifest", "memory", "document"],
    near: ["approv", "yolo", "yes", "skip-permissions", "confirmation", "auto-accept", "permission"],
    find: [
      /--(?:dangerously-skip-permissions|yolo|auto-approve|dangerously-bypass-approvals-and-sandbox|full-auto|trust-all-tools)\b/g,
      /\b(?:auto(?:matically)?[- ]?approve|pre-?approve|self-?approve)\b[^\n.]{0,40}\b(?:all|every|any|tools?|commands?|requests?|actions?|permissions?)\b/gi,
      /\b(?:never|do\s{1,3}not|don't|without)\s{1,3}(?:ask(?:ing)?|request(?:ing)?|wait(?:ing)?)\s{1,3}(?:the\s{1,3}user\s{1,3})?(?:for\s{1,3})?(?:any\s{1,3}|user\s{1,3}|further\s{1,3})?(?:approval|permission|confirmation|consent)\b/gi,
      /\b(?:answer|say|reply)\s{1,3}["'“]?yes(?:\s{1,3}always)?["'”]?\s{1,3}to\s{1,3}(?:all|any|every)\s{1,3}(?:\w{1,12}\s{1,3})?(?:approvals?|questions?|prompts?|permissions?|requests?)\b/gi,
    ],
    quotable: true,
  },
  {
    id: "PRM-06",
    severity: "high",
    category,
    what: "Runs a container that owns the machine: privileged, with its root folder or Docker's socket.",
    mend: "Run the container without; give it the one folder that it needs.",
    roles: done,
    near: ["--privileged", "docker.sock", "-v /:", "--pid=host", "nsenter", "--volume /:"],
    find: [
      /\b(?:docker|podman|nerdctl)\b[^\n]{0,160}(?:--privileged\b|\s(?:-v|--volume)[ =]?\/:\/|--pid[ =]host\b)/g,
      /\/var\/run\/docker\.sock\b/g,
      /\bnsenter\b[^\n]{0,60}(?:-t|--target)[ =]?1\b/g,
    ],
    quotable: true,
  },
];
