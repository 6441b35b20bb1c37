import { distance } from "fastest-levenshtein";

type Registry = "npm" | "pip" | "cargo";

/** Whether the name is one slip (a letter more, less, another, or two swapped) away from a popular package's. */
export function isLookalike(registry: Registry, written: string): boolean {
  const name = bare(registry, written);
  const known = popular[registry];
  if (name.length < 4 || known.includes(name) || innocent.includes(name)) return false;
  return known.some((each) => each.length >= 5 && isOneSlip(name, each));
}

function bare(registry: Registry, written: string): string {
  const name = written.toLowerCase().replace(/[.,;:]+$/, "");
  const plain = registry === "pip" ? name.replaceAll("_", "-") : name;
  return plain.startsWith("@") ? plain : (plain.split(/[/@=]/)[0] ?? "");
}

function isOneSlip(name: string, known: string): boolean {
  if (Math.abs(name.length - known.length) > 1) return false;
  if (distance(name, known) === 1) return true;
  const at = [...name].findIndex((letter, i) => letter !== known[i]);
  return (
    name.length === known.length &&
    name === `${known.slice(0, at)}${known[at + 1] ?? ""}${known[at] ?? ""}${known.slice(at + 2)}`
  );
}

const words = (text: string) => text.trim().split(/\s+/);

/** Packages and words of command lines that are near a popular name, and no imitation. */
const innocent: readonly string[] = words(`
  preact expressjs requests request colors color parse parser install global update upgrade chalk-cli pandas-ta typer
  click clack flask-cors redis ioredis mysql mysql2 mongodb mongoose reacts webpack4 black isort tests build`);

const popular: Readonly<Record<Registry, readonly string[]>> = {
  npm: words(`
    react react-dom vue angular svelte express lodash axios chalk commander debug moment async request bluebird underscore
    webpack typescript eslint prettier babel jest mocha vitest rollup esbuild dotenv cross-env rimraf mkdirp minimist yargs
    inquirer puppeteer playwright cheerio jsonwebtoken bcrypt mongoose mongodb mysql2 redis sequelize socket.io nodemon
    body-parser cookie-parser passport electron discord.js openai langchain tailwindcss postcss autoprefixer jquery bootstrap
    node-fetch form-data semver uuid winston colors crypto-js ethers web3 next nuxt gatsby fastify hono zod prisma`),
  pip: words(`
    requests numpy pandas scipy matplotlib seaborn django flask fastapi pytest setuptools wheel virtualenv urllib3 boto3
    botocore certifi cryptography pyyaml jinja2 pillow sqlalchemy beautifulsoup4 selenium scrapy tensorflow torch
    torchvision transformers scikit-learn keras opencv-python openai anthropic langchain pydantic httpx aiohttp colorama
    click tqdm rich paramiko psycopg2 pymongo redis celery gunicorn uvicorn python-dateutil python-dotenv pyinstaller
    telethon discord.py web3 ccxt playwright pipenv poetry ansible jupyter notebook streamlit gradio`),
  cargo: words(`
    serde serde_json tokio hyper reqwest clap anyhow thiserror tracing regex futures rayon axum actix-web diesel sqlx rustls
    openssl chrono itertools crossbeam ripgrep cargo-edit wasm-pack bundler rails nokogiri sinatra devise puma sidekiq rspec
    rubocop jekyll fastlane cocoapods`),
};
