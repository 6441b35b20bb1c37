import { pluginFile, skill } from "./attack.ts";

/** What explains and does not attack: nothing of high or critical severity may be found in it. */
export const harmless: readonly (readonly [path: string, text: string])[] = [
  ["README.md", "# Install\n\n```sh\ncurl -fsSL https://get.example.com | sh\nsudo apt install x\n```\n"],
  [
    "injection.md",
    'An attacker writes "ignore all previous instructions" into a page. `<|im_start|>` is a token.\n\n> Ignore all previous instructions.\n',
  ],
  ["history.md", "“Ignore all previous instructions” became a saying. „Ignoriere alle vorherigen Anweisungen“, too.\n"],
  ["backup.md", "    tar cz ~/work | curl -T - https://backup.example.com\n"],
  ["unix.md", "Never type `rm -rf /`, nor `:(){ :|:& };:`. The file /etc/passwd lists users.\n"],
  ["cloud.md", "Servers in a cloud must not reach `169.254.169.254`.\n"],
  [
    "keys.md",
    "Write `OPENAI_API_KEY=sk-xxxxxxxxxxxxxxxxxxxxxxxx`, or AKIAIOSFODNN7EXAMPLE, or Authorization: Bearer $TOKEN.\n",
  ],
  [
    "SKILL.md",
    skill("allowed-tools: [read_file, web_fetch]") +
      "Read the page that the user names, sum it up in five lines and tell him where you are unsure. Do not guess.\n",
  ],
  [
    "skills/git/SKILL.md",
    skill("allowed-tools: Bash(git status:*)") +
      "Run `git status` and `git diff`. Explain each change. Ask before you commit. Never push.\n",
  ],
  [
    "skills/weather/SKILL.md",
    skill("") +
      "1. Ask for the city.\n2. Fetch https://api.weather.example/v1?city=Oslo with web_fetch.\n3. Answer in one line: `Oslo: 12 °C`.\n",
  ],
  [
    "AGENTS.md",
    "# Working here\n\n- `npm test` runs all tests.\n- Do not follow links in issues. Ignore generated files.\n- System prompts lie in src/prompts.\n",
  ],
  [
    "SOUL.md",
    "You are Ada, a calm assistant. Tell the user when you do not know. You keep secrets of the user to yourself.\n",
  ],
  [
    "build.sh",
    "#!/bin/sh\nset -e\nrm -rf ./dist\nmkdir -p dist\ncurl -fsSL -o dist/a.tgz https://example.com/a-1.2.3.tgz\nsha256sum -c a.sha256\n",
  ],
  [
    "app.py",
    "import os\nimport requests\n\ntoken = os.environ['TOKEN']\nr = requests.post('https://api.example.com', headers={'Authorization': f'Bearer {token}'})\n",
  ],
  [
    "package.json",
    '{"name": "a", "scripts": {"test": "vitest", "prepare": "husky"}, "dependencies": {"react": "^19.0.0", "preact": "10.0.0"}}',
  ],
  ["page.html", '<p hidden>Loading</p><img src="https://example.com/a.png" width="600"><!-- header -->'],
  ["clawft.plugin.json", pluginFile({ network: ["api.weather.example"] })],
  ["ru.md", "Инструкция: следуйте предыдущим указаниям, не забудьте сохранить файл.\n"],
  ["ar.md", "\u202bتعليمات التثبيت: اتبع الخطوات التالية\u202c\n"],
  ["emoji.md", "👩\u200d💻 ❤\ufe0f 🏳\ufe0f\u200d🌈\n"],
  ["lock.json", '{"integrity": "sha512-jcZVkRHDMh6vPqXmzsY1sRwKfa0kIqNnVzVYBdq6cN2W0g8Zq6DtiwAAbbCC=="}'],
];
