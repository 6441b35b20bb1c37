import { WeftError } from "../core/error.ts";

export interface LaneLimits {
  /** Turns running at once, over all sessions. */
  readonly concurrent: number;
  /** Turns running at once for one user. */
  readonly perUser: number;
  /** Turns waiting in one session. */
  readonly queuedPerSession: number;
}

export interface Lanes {
  /**
   * Runs the task when it is its turn: one at a time in a session, in the order given; sessions side by side.
   * Throws `limit` at once when too many wait.
   */
  enter<T>(lane: Lane, task: () => Promise<T>): Promise<T>;
  counts(): { readonly running: number; readonly waiting: number };
  /** Resolves when nothing runs or waits. */
  idle(): Promise<void>;
}

export interface Lane {
  readonly session: string;
  readonly user: string;
  /**
   * `nested` runs in the place of a turn that waits for it, so it takes no place of its own. `background` leaves half
   * of the places to people, where there is more than one.
   */
  readonly kind?: "nested" | "background";
}

/** Waiting turns over all sessions; each holds its message in RAM. */
const mostWaiting = 4096;

export function lanes(limits: LaneLimits): Lanes {
  const state: State = {
    limits,
    waiting: [],
    busySessions: new Set(),
    users: new Map(),
    running: 0,
    nested: 0,
    background: 0,
    watchers: [],
  };
  return {
    enter: (lane, task) => enter(state, lane, task),
    counts: () => ({ running: state.running, waiting: state.waiting.length }),
    idle: () => {
      if (state.running === 0 && state.waiting.length === 0) return Promise.resolve();
      return new Promise((resolve) => state.watchers.push(resolve));
    },
  };
}

interface State {
  readonly limits: LaneLimits;
  waiting: Ticket[];
  /** Sessions with a running turn. */
  readonly busySessions: Set<string>;
  readonly users: Map<string, number>;
  running: number;
  /** Of those that run. */
  nested: number;
  background: number;
  watchers: (() => void)[];
}

interface Ticket extends Lane {
  readonly begin: () => Promise<void>;
  started: boolean;
}

function enter<T>(state: State, lane: Lane, task: () => Promise<T>): Promise<T> {
  const queued = state.waiting.filter(({ session }) => session === lane.session).length;
  if (queued >= state.limits.queuedPerSession) {
    throw new WeftError("limit", `${queued} messages wait in session ${lane.session} already: wait or send /stop`, {
      retryAfterMs: 5000,
    });
  }
  if (state.waiting.length >= mostWaiting) {
    throw new WeftError("limit", `${mostWaiting} messages wait already: try again later`, { retryAfterMs: 10_000 });
  }
  return new Promise((resolve, reject) => {
    const begin = () => task().then(resolve, reject);
    state.waiting.push({ ...lane, begin, started: false });
    startWhatMay(state);
  });
}

function startWhatMay(state: State): void {
  const { busySessions } = state;
  /** A session's turns keep their order: once one of them must wait, so must those behind it. */
  const held = new Set<string>();
  for (const ticket of state.waiting) {
    if (busySessions.has(ticket.session) || held.has(ticket.session) || !hasPlace(state, ticket)) {
      held.add(ticket.session);
      continue;
    }
    ticket.started = true;
    start(state, ticket);
  }
  state.waiting = state.waiting.filter(({ started }) => !started);
}

function hasPlace(state: State, { user, kind }: Ticket): boolean {
  const { limits, users } = state;
  if (kind === "nested") return true;
  if (kind === "background" && state.background >= Math.max(1, Math.floor(limits.concurrent / 2))) return false;
  return state.running - state.nested < limits.concurrent && (users.get(user) ?? 0) < limits.perUser;
}

function start(state: State, ticket: Ticket): void {
  state.running++;
  state.busySessions.add(ticket.session);
  occupy(state, ticket, 1);
  const end = () => {
    state.running--;
    state.busySessions.delete(ticket.session);
    occupy(state, ticket, -1);
    startWhatMay(state);
    if (state.running > 0 || state.waiting.length > 0) return;
    for (const watcher of state.watchers.splice(0)) watcher();
  };
  // `begin` never rejects: it hands over how the task ended.
  ticket.begin().then(end, end);
}

function occupy(state: State, { user, kind }: Ticket, places: 1 | -1): void {
  if (kind) state[kind] += places;
  if (kind === "nested") return;
  const taken = (state.users.get(user) ?? 0) + places;
  if (taken === 0) state.users.delete(user);
  else state.users.set(user, taken);
}
