import { type Role, type TextCheck, worded } from "../check.ts";

const category = "exfiltration";
const obeyed: readonly Role[] = ["instructions", "script", "manifest", "memory", "document"];

/** Ways by which what the agent knows leaves the machine. */
export const exfiltrationChecks: readonly TextCheck[] = [
  {
    id: "EXF-01",
    severity: "high",
    category,
    what: "A picture whose address has room for data: showing it sends them away.",
    mend: "Remove the picture, or give it an address without anything to fill in.",
    roles: worded,
    near: ["![", "<img"],
    find: [
      /!\[[^\]\n]{0,200}\]\(\s{0,4}https?:\/\/[^\s)]{1,300}(?:[=/?&](?:\{|\$\{|%7B|\[[A-Z]|<[A-Za-z]|\$\()|\{\{)[^)\n]{0,200}\)/g,
      /!\[[^\]\n]{0,200}\]\(\s{0,4}https?:\/\/[^\s)?]{1,200}\?[^)\n]{0,100}(?:data|secret|token|history|conversation|prompt|password|exfil|leak|q|c)=[A-Z][A-Z_ ]{3,60}[)&]/g,
      /<img\b[^>\n]{0,200}\bsrc\s{0,2}=\s{0,2}["']?https?:\/\/[^"'\s>]{1,300}[=/](?:\{|\$\{|%7B|<[A-Za-z]|\[[A-Z])/gi,
    ],
    quotable: true,
  },
  {
    id: "EXF-02",
    severity: "high",
    category,
    what: "Names a service that collects whatever is sent to it; such addresses belong to nobody who can be known.",
    mend: "Remove it, or use an address of your own that says what it is for.",
    roles: obeyed,
    near: [
      "webhook.site",
      "requestbin",
      "pipedream.net",
      "ngrok",
      "burpcollaborator",
      "oastify",
      "interact.sh",
      ".oast.",
      "beeceptor",
      "requestcatcher",
      "hookbin",
      "dnslog.cn",
      "canarytokens",
      "serveo.net",
      "localhost.run",
      "trycloudflare",
      "loca.lt",
      "webhook.cool",
      "typedwebhook",
      "mockbin",
      "postb.in",
      "ptsv",
      "ceye.io",
    ],
    find: [
      /\b(?:[a-z0-9-]{1,63}\.){0,5}(?:webhook\.site|requestbin\.(?:com|net)|pipedream\.net|ngrok(?:-free)?\.(?:io|app|dev)|burpcollaborator\.net|oastify\.com|interact\.sh|oast\.(?:pro|live|site|online|fun|me)|beeceptor\.com|requestcatcher\.com|hookbin\.com|dnslog\.cn|canarytokens\.(?:com|org)|serveo\.net|localhost\.run|trycloudflare\.com|loca\.lt|webhook\.cool|typedwebhook\.tools|mockbin\.(?:org|io)|postb\.in|ptsv[23]?\.com|ceye\.io)\b/gi,
    ],
    quotable: true,
  },
  {
    id: "EXF-03",
    severity: "high",
    category,
    what: "A command sends files, variables or the output of another command to some host.",
    mend: "Remove it. What has to be sent, the user should send, to a host that the configuration allows.",
    roles: obeyed,
    near: ["curl", "wget", "nc ", "invoke-webrequest", "invoke-restmethod", "scp ", "rsync"],
    find: [
      /\bcurl\b[^\n|;]{0,200}\s(?:-d|-F|-T|--data(?:-binary|-raw|-urlencode)?|--form|--upload-file)[ =]?["']?[^\n|;]{0,100}(?:@[~/$.\w-]|\$\(|`|\$\{?[A-Z_]{0,30}(?:KEY|TOKEN|SECRET|PASSWORD)|<\()/g,
      /\b(?:cat|tar|env|printenv|history|base64|gzip|zip)\b[^\n;]{0,120}\|\s{0,4}(?:[^\n|;]{0,80}\|\s{0,4}){0,2}(?:curl|wget|nc|ncat|socat|openssl\s{1,3}s_client)\b[^\n]{0,160}/g,
      /\bcurl\b[^\n|;]{0,100}["']?https?:\/\/[^\s"']{0,200}(?:\$\(|`|\$\{?[A-Z_]{0,30}(?:KEY|TOKEN|SECRET|PASSWORD))/g,
      /\bwget\b[^\n|;]{0,120}--post-(?:file|data)[ =][^\n]{0,80}(?:\$\(|`|[~/]|\$[A-Z{])/g,
      /\bInvoke-(?:WebRequest|RestMethod)\b[^\n]{0,160}-(?:InFile|Body)\s{1,4}[^\n]{0,60}(?:Get-Content|\$env:|gc\s)/gi,
      /\b(?:scp|rsync)\b[^\n|;]{0,80}(?:~\/|\/home\/|\/root\/|\$HOME)[^\n|;]{0,80}\s[\w.-]{1,40}@[\w.-]{1,80}:/g,
    ],
    quotable: true,
  },
  {
    id: "EXF-04",
    severity: "high",
    category,
    what: "Posts to a chat by a webhook or a bot's address that is written out: whoever reads it can post, and it is a way out.",
    mend: "Put the address into a secret of the configuration, and make a new one.",
    roles: [...obeyed, "config"],
    near: ["/api/webhooks/", "hooks.slack.com", "api.telegram.org/bot", "webhook.office.com", "chat.googleapis.com"],
    find: [
      /https:\/\/(?:\w{1,20}\.)?discord(?:app)?\.com\/api\/webhooks\/\d{5,25}\/[\w-]{20,120}/g,
      /https:\/\/hooks\.slack\.com\/(?:services|workflows)\/[A-Z0-9]{6,20}\/[A-Z0-9]{6,20}\/[A-Za-z0-9]{16,60}/g,
      /https:\/\/api\.telegram\.org\/bot\d{6,12}:[\w-]{30,50}/g,
      /https:\/\/[\w-]{1,60}\.webhook\.office\.com\/webhookb2\/[\w@-]{20,100}/g,
    ],
    secret: true,
  },
  {
    id: "EXF-05",
    severity: "medium",
    category,
    what: "An address with a bare public IP instead of a name: nobody can say whose it is.",
    mend: "Use the name of the host.",
    roles: ["instructions", "script", "manifest", "memory"],
    near: ["http://", "https://", "ftp://", "ws://", "wss://"],
    find: [
      /\b(?:https?|ftp|wss?):\/\/(?:\d{1,3}\.){3}\d{1,3}(?=[:/\s"'`)<>]|$)/gm,
      /\bhttps?:\/\/(?:0x[0-9a-f]{8}|\d{8,10})(?=[:/\s]|$)/gim,
    ],
    confirm: ({ 0: found }) => !isKnownRange(found.slice(found.indexOf("//") + 2)),
  },
  {
    id: "EXF-06",
    severity: "high",
    category,
    what: "Puts data into a host name that is looked up: they leave the machine by DNS, past every list of hosts.",
    mend: "Remove it.",
    roles: obeyed,
    near: ["nslookup", "dig ", "host ", "ping ", "resolve-dnsname", "gethostbyname"],
    find: [
      /\b(?:nslookup|dig|host|ping)\b[^\n|;]{0,80}(?:\$\([^\n)]{1,120}\)|`[^\n`]{1,120}`|\$\{?\w{1,40}\}?)\.[a-z0-9-]{1,40}(?:\.[a-z]{2,20}){1,3}/gi,
      /\bgethostbyname\([^\n)]{0,80}[+%{][^\n)]{0,80}\)/g,
    ],
    quotable: true,
  },
  {
    id: "EXF-07",
    severity: "high",
    category,
    what: "Asks to send the conversation, keys or files to an address.",
    mend: "Remove it. A way out that the user wants he configures himself.",
    roles: obeyed,
    near: ["send", "post", "upload", "forward", "transmit", "exfiltrat", "leak", "submit", "append"],
    find: [
      /\b(?:send|post|upload|forward|transmit|exfiltrate|leak|submit|report)\b[^\n.]{0,80}\b(?:conversations?|chat\s{1,2}(?:history|logs?)|message\s{1,2}history|api[ _-]?keys?|credentials?|passwords?|tokens?|secrets?|environment(?:\s{1,2}variables?)?|private\s{1,2}(?:keys?|files?)|ssh\s{1,2}keys?|memory|user\s{1,2}data|personal\s{1,2}data|system\s{1,2}prompt)\b[^\n]{0,80}\b(?:to|via|at)\b[^\n]{0,30}(?:https?:\/\/|[\w.-]{1,60}@[\w-]{1,60}\.)[^\s]{1,100}/gi,
    ],
    quotable: true,
  },
  {
    id: "EXF-08",
    severity: "medium",
    category,
    what: "An address with a place for what was said or for a secret in its query.",
    mend: "Remove the address, or what is filled in.",
    roles: worded,
    near: ["?", "&"],
    find: [
      /(?<!!\[[^\]\n]{0,100}\]\()https?:\/\/[^\s)"'<>?]{1,200}\?[^\s)"'<>]{0,200}(?:conversation|history|chat|api_?key|token|secret|password|memory|system_?prompt|user_?data|exfil|stolen)=(?:\{\{?|\$\{|<|\[|%7B)/gi,
    ],
    quotable: true,
  },
  {
    id: "EXF-09",
    severity: "high",
    category,
    what: "A program takes the whole environment, keys included, and sends it or makes it ready to be sent.",
    mend: "Read the one variable that is needed.",
    roles: ["script", "instructions", "manifest"],
    near: ["process.env", "os.environ", "env.to_h", "getenv"],
    find: [
      /JSON\.stringify\(\s{0,4}(?:process\.env|\{\s{0,4}\.\.\.process\.env)\s{0,4}[),}]/g,
      /json\.dumps\(\s{0,4}(?:dict\(\s{0,4})?os\.environ\b/g,
      /\b(?:data|json|params|body)\s{0,3}[=:]\s{0,3}(?:dict\(\s{0,3})?(?:os\.environ|process\.env)\b(?!\s{0,2}[.[])/g,
      /\bENV\.to_h\b/g,
    ],
  },
  {
    id: "EXF-10",
    severity: "medium",
    category,
    what: "A picture of another host that nobody can see: it tells that, when and where this was read.",
    mend: "Remove it.",
    roles: worded,
    near: ["<img"],
    find: [
      /<img\b(?=[^>\n]{0,300}\bsrc\s{0,2}=\s{0,2}["']?https?:)(?=[^>\n]{0,300}(?:\b(?:width|height)\s{0,2}=\s{0,2}["']?[01](?:px)?["'\s>]|display\s{0,2}:\s{0,2}none|visibility\s{0,2}:\s{0,2}hidden))/gi,
    ],
    quotable: true,
  },
];

/** This machine, private networks, and the ranges for documents (RFC 5737). */
function isKnownRange(host: string): boolean {
  const [a = 0, b = 0, c = 0, ...more] = host.split(".").map(Number);
  if (more.length !== 1 || [a, b, c, ...more].some((byte) => !(byte <= 255))) return false;
  if (a === 10 || a === 127 || a === 0 || a >= 224) return true;
  if ((a === 172 && b >= 16 && b < 32) || (a === 192 && b === 168) || (a === 169 && b === 254)) return true;
  return (
    (a === 192 && b === 0 && c === 2) || (a === 198 && b === 51 && c === 100) || (a === 203 && b === 0 && c === 113)
  );
}
