import type { Bus, BusEvent } from "../core/bus.ts";

export interface Metrics {
  /** One answered request; `route` is a route's name. */
  request(route: string, status: number): void;
  /** The text format of https://prometheus.io/docs/instrumenting/exposition_formats/ version 0.0.4. */
  text(gauges: Gauges): string;
  /** Stops listening to the bus. */
  end(): void;
}

export interface Gauges {
  readonly version: string;
  readonly residentBytes: number;
  readonly running: number;
  readonly waiting: number;
}

/** Counts what the bus tells, from now on; make one per process, so that a reload loses no counts. */
export function busMetrics(bus: Bus): Metrics {
  const families = newFamilies();
  const end = bus.subscribe((event) => record(families, event));
  return {
    request: (route, status) => add(families.requests, { route, status: String(status) }),
    text: (gauges) => `${[...Object.values(families).map(linesOf), gaugeLines(gauges)].flat().join("\n")}\n`,
    end,
  };
}

/** Combinations of labels of one family; what comes later is counted under `other`. */
const mostSeries = 100;
const secondsBounds = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300];

type Labels = Readonly<Record<string, string>>;

interface Family {
  readonly name: string;
  readonly help: string;
  readonly kind: "counter" | "histogram";
  readonly series: Map<string, Series>;
}

interface Series {
  readonly labels: Labels;
  /** The counter, or the sum of what was observed. */
  sum: number;
  count: number;
  readonly buckets: number[];
}

type Families = ReturnType<typeof newFamilies>;

function newFamilies() {
  const family = (kind: Family["kind"], name: string, help: string): Family => ({
    name,
    help,
    kind,
    series: new Map(),
  });
  return {
    accepted: family("counter", "weft_turns_accepted_total", "Messages taken in."),
    turns: family(
      "counter",
      "weft_turns_total",
      "Turns that ended, by how (a reply's stop, or the code of its error).",
    ),
    turnSeconds: family("histogram", "weft_turn_seconds", "Time of a turn from its start to its reply."),
    modelSeconds: family("histogram", "weft_model_seconds", "Time of one call of a model to the end of its answer."),
    tokens: family("counter", "weft_tokens_total", "Tokens by model and kind; cached ones are part of input."),
    routes: family("counter", "weft_routes_total", "Turns by the tier and model that the router chose."),
    spent: family("counter", "weft_spent_usd_total", "Spent on calls of models, in US dollars, by model and channel."),
    budgets: family("counter", "weft_budget_events_total", "Budgets warned of and calls refused, by kind of budget."),
    tools: family("counter", "weft_tool_calls_total", "Calls of tools, by outcome."),
    failures: family("counter", "weft_failures_total", "What went wrong, by place and error code."),
    requests: family("counter", "weft_http_requests_total", "Answered HTTP requests, by route and status."),
  };
}

function record(families: Families, event: BusEvent): void {
  switch (event.type) {
    case "turn":
      if (event.state === "accepted") add(families.accepted, {});
      if (event.state === "finished") {
        add(families.turns, { stop: event.stop });
        observe(families.turnSeconds, {}, event.ms / 1000);
      }
      return;
    case "model":
      recordModel(families, event);
      return;
    case "route":
      add(families.routes, { tier: event.tier, model: event.model });
      return;
    case "spent":
      add(families.spent, { model: event.model, channel: event.channel }, event.nano / 1e9);
      return;
    case "budget":
      // Names of users are nobody's business here.
      add(families.budgets, { event: event.state, budget: event.scope.split(":", 1)[0] ?? "", period: event.period });
      return;
    case "tool":
      add(families.tools, { tool: event.tool, outcome: event.failed ? "failed" : "done" });
      return;
    case "failure":
      add(families.failures, { where: event.where, code: event.error.code });
      return;
    case "log":
  }
}

function recordModel(families: Families, { model, usage, ms }: Extract<BusEvent, { type: "model" }>): void {
  observe(families.modelSeconds, { model }, ms / 1000);
  const kinds = {
    input: usage.inputTokens,
    output: usage.outputTokens,
    cache_read: usage.cacheReadTokens ?? 0,
    cache_write: usage.cacheWriteTokens ?? 0,
    reasoning: usage.reasoningTokens ?? 0,
  };
  for (const [kind, tokens] of Object.entries(kinds)) if (tokens > 0) add(families.tokens, { model, kind }, tokens);
}

function add(family: Family, labels: Labels, amount = 1): void {
  const series = seriesOf(family, labels);
  series.sum += amount;
}

function observe(family: Family, labels: Labels, seconds: number): void {
  const series = seriesOf(family, labels);
  series.sum += seconds;
  series.count++;
  const index = secondsBounds.findIndex((bound) => seconds <= bound);
  if (index >= 0) series.buckets[index] = (series.buckets[index] ?? 0) + 1;
}

function seriesOf(family: Family, labels: Labels): Series {
  const known = family.series.get(keyOf(labels));
  if (known) return known;
  const full = family.series.size >= mostSeries;
  const kept = full ? Object.fromEntries(Object.keys(labels).map((name) => [name, "other"])) : labels;
  const series = family.series.get(keyOf(kept)) ?? { labels: kept, sum: 0, count: 0, buckets: [] };
  family.series.set(keyOf(kept), series);
  return series;
}

function keyOf(labels: Labels): string {
  return JSON.stringify(Object.entries(labels));
}

function linesOf(family: Family): string[] {
  const { name, help, kind, series } = family;
  const lines = [`# HELP ${name} ${help}`, `# TYPE ${name} ${kind}`];
  for (const one of series.values()) {
    if (kind === "counter") lines.push(`${name}${labelText(one.labels)} ${one.sum}`);
    else lines.push(...histogramLines(name, one));
  }
  return lines;
}

function histogramLines(name: string, { labels, sum, count, buckets }: Series): string[] {
  let upTo = 0;
  const lines = secondsBounds.map((bound, index) => {
    upTo += buckets[index] ?? 0;
    return `${name}_bucket${labelText({ ...labels, le: String(bound) })} ${upTo}`;
  });
  lines.push(`${name}_bucket${labelText({ ...labels, le: "+Inf" })} ${count}`);
  return [...lines, `${name}_sum${labelText(labels)} ${sum}`, `${name}_count${labelText(labels)} ${count}`];
}

function gaugeLines({ version, residentBytes, running, waiting }: Gauges): string[] {
  const gauge = (name: string, help: string, value: string) => [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} gauge`,
    `${name}${value}`,
  ];
  return [
    ...gauge("weft_build_info", "The version that runs.", `${labelText({ version })} 1`),
    ...gauge("weft_turns_running", "Turns running now.", ` ${running}`),
    ...gauge("weft_turns_waiting", "Turns waiting for their place.", ` ${waiting}`),
    ...gauge("process_resident_memory_bytes", "Resident memory size in bytes.", ` ${residentBytes}`),
  ];
}

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function escapeLabel(value: string): string {
  return value.slice(0, 200).replace(/\\/g, "\\\\").replace(/"/g, '\\"').replace(/\n/g, "\\n");
}
