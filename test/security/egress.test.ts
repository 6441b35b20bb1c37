import { describe, expect, test } from "vitest";
import type { FetchOptions } from "../../src/core/platform.ts";
import { type Credential, egressDoor, type ProviderSecrets } from "../../src/security/egress.ts";
import { policyWith } from "./rules.ts";

type Sent = { readonly url: string } & FetchOptions;

/** A network of names and answers; `sent` tells what was asked of it, and at which address. */
function network(
  hosts: Readonly<Record<string, readonly string[]>>,
  answers: Readonly<Record<string, () => Response>>,
  {
    proxy = false,
    allowedDomains = [] as string[],
    blockedDomains = [] as string[],
    onlyAllowed = false,
    credentials = [] as Credential[],
    providers = {} as Record<string, ProviderSecrets>,
  } = {},
) {
  const sent: Sent[] = [];
  let lookups = 0;
  const door = egressDoor({
    credentials,
    providers: (name) => providers[name] ?? { origin: "", keys: [], headers: {} },
    policy: policyWith({ urls: { allowedDomains, blockedDomains, onlyAllowed } }),
    platform: {
      fetch: async (url, options = {}) => {
        sent.push({ url, ...options });
        return answers[url]?.() ?? new Response("ok");
      },
      resolve: async (host) => {
        lookups++;
        return [...(hosts[host] ?? [])];
      },
      proxyFor: () => (proxy ? "http://proxy:3128" : undefined),
    },
  });
  const get = (url: string, more: Partial<Parameters<typeof door.fetch>[2]> = {}) =>
    door.fetch({ channel: "cli", sender: "ann" }, url, { signal: new AbortController().signal, ...more });
  return { get, sent, toModel: door.toModel, lookups: () => lookups };
}

const redirect =
  (location: string, status = 302) =>
  () =>
    new Response(null, { status, headers: { location } });

test("the address that was judged is the one connected to, and it is looked up once", async () => {
  const { get, sent, lookups } = network({ "example.com": ["93.184.215.14"] }, {});
  expect(await (await get("https://example.com/a")).response.text()).toBe("ok");
  expect(sent).toMatchObject([{ url: "https://example.com/a", address: "93.184.215.14" }]);
  expect(lookups()).toBe(1);
});

test.each([
  ["a private address behind a name", "http://intra.example.com/", /blocked private IP 10.0.0.8/],
  ["one bad address among good ones", "http://mixed.example.com/", /blocked private IP 127.0.0.1/],
  ["this machine", "http://127.0.0.1:18790/status", /loopback/],
  ["this machine, spelled as a number", "http://2130706433/", /loopback/],
  ["this machine, spelled in octal", "http://0177.0.0.1/", /loopback/],
  ["this machine, as mapped IPv6", "http://[::ffff:127.0.0.1]/", /loopback/],
  ["the metadata service", "http://169.254.169.254/latest/meta-data", /blocked cloud metadata endpoint/],
  ["another scheme", "file:///etc/passwd", /only http and https/],
  ["a name and password", "http://a:b@example.com/", /user name or password/],
])("%s is refused before anything is sent", async (_, url, why) => {
  const hosts = { "intra.example.com": ["10.0.0.8"], "mixed.example.com": ["93.184.215.14", "127.0.0.1"] };
  const { get, sent } = network(hosts, {});
  await expect(get(url)).rejects.toMatchObject({ code: "refused", message: expect.stringMatching(why) });
  expect(sent).toEqual([]);
});

test("each redirect is judged anew", async () => {
  const hosts = { "example.com": ["93.184.215.14"], "intra.lan": ["192.168.0.9"] };
  const { get, sent } = network(hosts, { "http://example.com/": redirect("http://intra.lan/admin") });
  await expect(get("http://example.com/")).rejects.toMatchObject({ message: expect.stringContaining("192.168.0.9") });
  expect(sent).toHaveLength(1);
});

test("redirects end somewhere", async () => {
  const { get, sent } = network({ "example.com": ["93.184.215.14"] }, { "http://example.com/": redirect("/") });
  await expect(get("http://example.com/")).rejects.toMatchObject({ message: expect.stringContaining("redirects") });
  expect(sent).toHaveLength(6);
});

test("keys do not go along to another origin, and a POST becomes a GET", async () => {
  const hosts = { "a.com": ["93.184.215.14"], "b.com": ["93.184.215.15"] };
  const { get, sent } = network(hosts, { "https://a.com/": redirect("https://b.com/x") });
  const headers = { authorization: "Bearer x", "x-api-key": "y", accept: "text/html", "content-type": "text/plain" };
  const { url } = await get("https://a.com/", { method: "POST", body: "data", headers });
  expect(url).toBe("https://b.com/x");
  expect(sent[1]).toMatchObject({ method: "GET", headers: { accept: "text/html" } });
  expect(Object.keys(sent[1]?.headers ?? {})).toEqual(["accept"]);
  expect(sent[1]).not.toHaveProperty("body");
});

test("behind a proxy the name is judged, and our own DNS where it knows it", async () => {
  const { get, sent } = network({ "intra.lan": ["10.0.0.1"] }, {}, { proxy: true });
  await get("https://only-the-proxy-knows.com/");
  expect(sent[0]).not.toHaveProperty("address");
  await expect(get("http://intra.lan/")).rejects.toMatchObject({ code: "refused" });
});

test("a private host that the owner allowed is reached", async () => {
  const { get, sent } = network({ "nas.lan": ["192.168.0.5"] }, {}, { allowedDomains: ["nas.lan"] });
  await get("http://nas.lan/");
  expect(sent[0]).toMatchObject({ address: "192.168.0.5" });
});

describe("secrets of the door", () => {
  const credentials = [{ name: "brave", origin: "https://search.com", header: "x-token", value: "canary" }];
  const hosts = { "search.com": ["93.184.215.14"], "evil.com": ["93.184.215.15"] };
  const headersOf = (sent: readonly Sent[]) =>
    sent.map(({ headers }) => (headers as Record<string, string>)?.["x-token"]);

  test("are added for who names them, at their own origin", async () => {
    const { get, sent } = network(hosts, {}, { credentials });
    await get("https://search.com/a", { credential: "brave", headers: { accept: "x" } });
    expect(sent[0]?.headers).toEqual({ accept: "x", "x-token": "canary" });
  });

  test.each([
    ["another host", "https://evil.com/a", "brave"],
    ["another port", "https://search.com:8443/a", "brave"],
    ["no encryption", "http://search.com/a", "brave"],
    ["another name", "https://search.com/a", "other"],
  ])("are not added at %s", async (_, url, credential) => {
    const { get, sent } = network(hosts, {}, { credentials });
    await get(url, { credential });
    expect(headersOf(sent)).toEqual([undefined]);
  });

  test("do not follow a redirect away", async () => {
    const { get, sent } = network(
      hosts,
      { "https://search.com/a": redirect("https://evil.com/b", 307) },
      { credentials },
    );
    await get("https://search.com/a", { credential: "brave" });
    expect(headersOf(sent)).toEqual(["canary", undefined]);
  });
});

describe("to models", () => {
  const keyIn = "authorization";
  const acme = { origin: "https://api.acme.com", keys: ["canary-1", "canary-2"], headers: { "x-team": "canary-3" } };
  const providers = { acme, ollama: { origin: "http://127.0.0.1:11434", keys: [], headers: {} } };

  test("an address of the configuration may be private; it is neither looked up nor changed", async () => {
    const { toModel, sent, lookups } = network({}, {}, { providers });
    await toModel("ollama", undefined).fetch("http://127.0.0.1:11434/api/chat", { method: "POST", body: "{}", keyIn });
    expect(sent).toEqual([{ url: "http://127.0.0.1:11434/api/chat", method: "POST", body: "{}", headers: {} }]);
    expect(lookups()).toBe(0);
  });

  test.each([
    [0, "authorization", { authorization: "Bearer canary-1" }],
    [1, "authorization", { authorization: "Bearer canary-2" }],
    [1, "x-api-key", { "x-api-key": "canary-2" }],
    [undefined, "x-api-key", {}],
  ])("key %j goes into %s as it is wanted there, with the provider's own headers", async (index, header, expected) => {
    const { toModel, sent } = network({}, {}, { providers });
    await toModel("acme", index).fetch("https://api.acme.com/v1/x", { keyIn: header, headers: { accept: "a" } });
    expect(sent).toEqual([
      { url: "https://api.acme.com/v1/x", headers: { "x-team": "canary-3", accept: "a", ...expected } },
    ]);
  });

  test.each([
    ["another host", "https://api.evil.com/v1", "acme", "https://api.acme.com"],
    ["a host whose name begins alike", "https://api.acme.com.evil.com/v1", "acme", "https://api.acme.com"],
    ["another port", "https://api.acme.com:8443/v1", "acme", "https://api.acme.com"],
    ["no encryption", "http://api.acme.com/v1", "acme", "https://api.acme.com"],
    ["another provider", "http://127.0.0.1:11434/v1", "acme", "https://api.acme.com"],
    ["a provider without an address", "https://api.acme.com/v1", "none", "an address yet to be set"],
  ])("what belongs to a provider goes nowhere else, and neither does the request: %s", async (_, url, name, where) => {
    const { toModel, sent } = network({}, {}, { providers });
    const error: unknown = await toModel(name, 0)
      .fetch(url, { keyIn })
      .catch((thrown: unknown) => thrown);
    const to = new URL(url).origin;
    expect(error).toMatchObject({
      code: "refused",
      message: `what belongs to ${name} does not go to ${to}, only to ${where}: see providers.${name}.api_base`,
    });
    expect(String((error as Error).stack)).not.toContain("canary");
    expect(sent).toEqual([]);
  });

  test("a redirect is the answer: nobody follows it", async () => {
    const answers = { "https://api.acme.com/v1": redirect("https://api.evil.com/", 307) };
    const { toModel, sent } = network({}, answers, { providers });
    expect((await toModel("acme", 0).fetch("https://api.acme.com/v1", { keyIn })).status).toBe(307);
    expect(sent).toHaveLength(1);
  });

  test("a key is taken out of what a provider says", () => {
    const { toModel } = network({}, {}, { providers });
    expect(toModel("acme", 1).hide("canary-2 is wrong: canary-2")).toBe("[key] is wrong: [key]");
  });

  test.each([
    ["the metadata service", "http://169.254.169.254/v1", /blocked cloud metadata endpoint/],
    ["its name", "http://metadata.google.internal./v1", /blocked cloud metadata endpoint/],
    ["what the owner blocked", "https://api.bad.com/v1", /blocked domain: api.bad.com/],
    ["another scheme", "file:///etc/passwd", /only http and https/],
  ])("%s is refused", async (_, url, problem) => {
    const { toModel, sent } = network({}, {}, { blockedDomains: ["*.bad.com"] });
    await expect(toModel("acme", 0).fetch(url, { keyIn })).rejects.toThrow(problem);
    expect(sent).toEqual([]);
  });
});

test("an address may be allowed narrowly, by port, and no wider", async () => {
  const { get } = network(
    { "nas.lan": ["192.168.1.10"], "other.lan": ["192.168.1.11"] },
    {},
    {
      allowedDomains: ["192.168.1.10:8080"],
    },
  );
  expect(await (await get("http://nas.lan:8080/")).response.text()).toBe("ok");
  await expect(get("http://nas.lan/")).rejects.toThrow(/blocked private IP 192.168.1.10/);
  await expect(get("http://other.lan:8080/")).rejects.toThrow(
    /add "other.lan" or "192.168.1.11:8080" to tools.url_policy.allowed_domains/,
  );
});

test("a range may be blocked whatever name leads there", async () => {
  const { get } = network(
    { "a.com": ["203.0.113.9"], "b.com": ["93.184.215.14"] },
    {},
    {
      blockedDomains: ["203.0.113.0/24", ":25"],
      allowedDomains: ["a.com"],
    },
  );
  await expect(get("https://a.com/")).rejects.toThrow(/blocked domain: a.com/);
  await expect(get("http://b.com:25/")).rejects.toThrow(/blocked domain: b.com/);
  expect(await (await get("https://b.com/")).response.text()).toBe("ok");
});

test("only_allowed lets nothing else go, also by address and where only a proxy knows the name", async () => {
  const rules = { onlyAllowed: true, allowedDomains: ["good.com", "203.0.113.0/24"] };
  const { get } = network(
    { "good.com": ["93.184.215.14"], "in.com": ["203.0.113.9"], "bad.com": ["1.1.1.1"] },
    {},
    rules,
  );
  expect(await (await get("https://good.com/")).response.text()).toBe("ok");
  expect(await (await get("https://in.com/")).response.text()).toBe("ok");
  await expect(get("https://bad.com/")).rejects.toThrow(/not an allowed domain: bad.com:443/);
  const behind = network({}, {}, { ...rules, proxy: true });
  await expect(behind.get("https://unknown.com/")).rejects.toThrow(/not an allowed domain/);
});

test("no range and no pattern allows a service that hands out keys", async () => {
  const wide = network({}, {}, { allowedDomains: ["*", "169.254.0.0/16"] });
  await expect(wide.get("http://169.254.169.254/latest")).rejects.toThrow(/blocked cloud metadata endpoint/);
  const narrow = network({}, {}, { allowedDomains: ["169.254.169.254"] });
  expect(await (await narrow.get("http://169.254.169.254/latest")).response.text()).toBe("ok");
});
