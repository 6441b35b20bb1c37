import type { Door, DoorRequest } from "../core/door.ts";
import { WeftError } from "../core/error.ts";
import { isJsonObject, type Json, type JsonObject, objectIn } from "../core/json.ts";
import type { Tool, ToolContext } from "../core/tool.ts";
import { readUpTo } from "../lib/body.ts";
import { defineTool, optional, text, whole } from "../lib/define-tool.ts";
import { decodeEntities } from "../lib/entities.ts";

export interface WebSearchOptions {
  readonly door: Door;
  readonly provider: "auto" | "brave" | "searxng" | "duckduckgo";
  /** Address of Brave's API, where the door has its key, the credential `brave`. */
  readonly braveUrl: string | undefined;
  /** In place of the provider's own address; SearXNG has none. */
  readonly baseUrl: string;
  readonly maxResults: number;
}

const timeoutMs = 20_000;
const mostBytes = 2 * 1024 * 1024;

export function webSearch(options: WebSearchOptions): Tool {
  return defineTool({
    name: "web_search",
    description:
      "Search the web. Gives title, address and a few words of each result; web_fetch reads the page itself.",
    effect: "read",
    strangers: true,
    parameters: {
      query: text("What to look for"),
      num_results: optional(whole([1, 20], `How many results, ${options.maxResults} unless given`)),
    },
    async run({ query, num_results: count = options.maxResults }, context) {
      const engine = engines[engineName(options)];
      const found = await engine({ options, query, count, context });
      if (found.length === 0) return `No results for ${query}`;
      return found
        .slice(0, count)
        .map(({ title, url, about }, i) => `${i + 1}. ${title}\n   ${url}\n   ${about}`.trimEnd())
        .join("\n");
    },
  });
}

interface Found {
  readonly title: string;
  readonly url: string;
  readonly about: string;
}

interface Search {
  readonly options: WebSearchOptions;
  readonly query: string;
  readonly count: number;
  readonly context: ToolContext;
}

type EngineName = Exclude<WebSearchOptions["provider"], "auto">;

function engineName({ provider, braveUrl, baseUrl }: WebSearchOptions): EngineName {
  if (provider === "auto") return braveUrl === undefined ? "duckduckgo" : "brave";
  if (provider === "brave" && braveUrl === undefined) {
    throw new WeftError("config", "web search not configured: set BRAVE_SEARCH_API_KEY or tools.web.search.api_key");
  }
  if (provider === "searxng" && baseUrl === "") {
    throw new WeftError("config", "web search not configured: set tools.web.search.base_url to your SearXNG server");
  }
  return provider;
}

const engines: Readonly<Record<EngineName, (search: Search) => Promise<Found[]>>> = { brave, searxng, duckduckgo };

/** https://api-dashboard.search.brave.com/app/documentation/web-search/get-started */
async function brave(search: Search): Promise<Found[]> {
  const { query, count, options } = search;
  const url = `${options.braveUrl}/res/v1/web/search?q=${encodeURIComponent(query)}&count=${count}`;
  const answer = jsonOf(await get(search, url, { headers: { accept: "application/json" }, credential: "brave" }));
  return listIn(objectIn(answer, "web"), "results").map((row) => foundIn(row, "description"));
}

/** https://docs.searxng.org/dev/search_api.html; the server must allow format json. */
async function searxng(search: Search): Promise<Found[]> {
  const base = search.options.baseUrl.replace(/\/$/, "");
  const url = `${base}/search?q=${encodeURIComponent(search.query)}&format=json`;
  const answer = jsonOf(await get(search, url, { headers: { accept: "application/json" } }));
  return listIn(answer, "results").map((row) => foundIn(row, "content"));
}

/** The page for browsers without scripts, https://html.duckduckgo.com/html; it has no API. */
async function duckduckgo(search: Search): Promise<Found[]> {
  const base = search.options.baseUrl || "https://html.duckduckgo.com";
  const page = await get(search, `${base}/html/?q=${encodeURIComponent(search.query)}`, {
    headers: { accept: "text/html", "user-agent": "Mozilla/5.0 (compatible; weft)" },
  });
  if (/anomaly-modal|challenge-form/.test(page)) {
    throw new WeftError("limit", "DuckDuckGo takes us for a robot: try later, or set BRAVE_SEARCH_API_KEY");
  }
  const links = [...page.matchAll(/<a\b[^>]*class="[^"]*\bresult__a\b[^"]*"[^>]*>.*?<\/a>/gs)];
  return links.flatMap((link, i) => {
    const href = /href="([^"]*)"/.exec(link[0])?.[1];
    const between = page.slice(link.index + link[0].length, links[i + 1]?.index ?? page.length);
    const about = /class="[^"]*\bresult__snippet\b[^"]*"[^>]*>(.*?)<\/(?:a|div|td)>/s.exec(between)?.[1] ?? "";
    const url = href === undefined ? undefined : targetOf(decodeEntities(href));
    return url === undefined ? [] : [{ title: plain(link[0]), url, about: plain(about) }];
  });
}

/** Results lead over a counting page that has the real address as `uddg`; advertisements do not. */
function targetOf(href: string): string | undefined {
  if (!URL.canParse(href, "https://duckduckgo.com")) return undefined;
  const url = new URL(href, "https://duckduckgo.com");
  if (url.pathname === "/y.js") return undefined;
  return url.searchParams.get("uddg") ?? url.href;
}

async function get(search: Search, url: string, request: Omit<DoorRequest, "signal">): Promise<string> {
  const { options, context } = search;
  const late = AbortSignal.timeout(timeoutMs);
  const signal = AbortSignal.any([context.signal, late]);
  const { response } = await options.door.fetch(context.actor, url, { ...request, signal });
  const body = new TextDecoder().decode((await readUpTo(response, mostBytes)).bytes);
  if (response.ok) return body;
  const code =
    response.status === 429 ? "limit" : response.status === 401 || response.status === 403 ? "auth" : "unavailable";
  throw new WeftError(code, `${new URL(url).host} answered ${response.status} to the search`);
}

function jsonOf(body: string): JsonObject {
  try {
    const value: Json = JSON.parse(body);
    if (isJsonObject(value)) return value;
  } catch {
    // Said below, like any other answer that cannot be read.
  }
  throw new WeftError(
    "unavailable",
    "the search server's answer is not JSON: for SearXNG allow format json in its settings",
  );
}

function listIn(value: JsonObject, key: string): JsonObject[] {
  const list = value[key];
  return Array.isArray(list) ? list.filter(isJsonObject) : [];
}

function foundIn(row: JsonObject, about: string): Found {
  const word = (key: string) => plain(typeof row[key] === "string" ? String(row[key]) : "");
  return { title: word("title"), url: String(row["url"] ?? ""), about: word(about) };
}

function plain(html: string): string {
  return decodeEntities(html.replace(/<[^>]*>/g, ""))
    .replace(/\s+/g, " ")
    .trim();
}
