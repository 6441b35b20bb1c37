import { describe, expect, test } from "vitest";
import type { Channel, Inbound, Outgoing } from "../../src/core/channel.ts";
import type { Pairing } from "../../src/core/pairing.ts";
import { nodePlatform } from "../../src/platform/node/platform.ts";
import { openPairing } from "../../src/security/pairing.ts";
import { pairingGate } from "../../src/security/pairing-gate.ts";
import type { PermissionRules } from "../../src/security/permissions.ts";
import { codeOf, path } from "../security/pairing-rig.ts";
import { policyWith } from "../security/rules.ts";
import { type Rig, type RigOptions, rig } from "./rig.ts";
import { inbound, says, scriptedModel } from "./scripted.ts";

interface Delivered {
  readonly id: string;
  readonly chat: string;
  readonly text: string;
}

/** A platform of chats: what is sent there, and what people write. It takes a reply of one id once. */
function chatPlatform() {
  const delivered: Delivered[] = [];
  const wait: { before?: Promise<never> } = {};
  const channel: Channel = {
    name: "telegram",
    listen: () => new Promise(() => {}),
    async deliver({ id, to, events }: Outgoing) {
      await wait.before;
      let text = "";
      for await (const event of events) if (event.type === "reply") text = event.reply.text;
      if (!delivered.some((each) => each.id === id)) delivered.push({ id, chat: to.chat, text });
    },
  };
  return { channel, delivered, wait };
}

interface Joined extends Rig {
  readonly pairing: Pairing;
  readonly model: ReturnType<typeof scriptedModel>;
  /** What the channel's `listen` is given. */
  receive(message: Inbound): Promise<void>;
}

/** The gate before the real line, as the app joins them; again over the same files it is the next process. */
async function joined(
  channel: Channel,
  more: RigOptions & { readonly permissions?: Partial<PermissionRules> } = {},
): Promise<Joined> {
  const model = scriptedModel(() => says("an answer"));
  const { crypto, randomBytes } = nodePlatform();
  const made = await rig({ model, channels: [channel], ...more });
  const platform = { files: made.files, now: () => 1_000_000, crypto, randomBytes };
  const pairing = await openPairing({ platform, path, audit: { note: async () => {} }, post: made.outbox.post });
  const policy = policyWith({ permissions: { paired: pairing.levelOf, ...more.permissions } });
  const receive = pairingGate({
    standingOf: policy.standingOf,
    pairing: async () => pairing,
    receive: made.line.receive,
  });
  return { ...made, pairing, model, receive };
}

const from = (sender: string, text: string, more: Partial<Inbound> = {}) =>
  inbound(text, { from: { channel: "telegram", chat: sender }, sender, session: `telegram:${sender}`, ...more });

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
}

describe("a stranger on a channel", () => {
  test("gets a code and nothing else: no model sees his words, and no file has them", async () => {
    const { channel, delivered } = chatPlatform();
    const { receive, model, files, store, events } = await joined(channel);
    await receive(from("eve", "my secret wish is a pony"));
    await receive(from("eve", "a pony!"));
    await until(() => delivered.length > 0);
    expect(delivered).toHaveLength(1);
    expect(delivered[0]).toMatchObject({ chat: "eve" });
    expect(codeOf(delivered[0] ?? { text: "" })).toHaveLength(8);
    expect(model.prompts).toEqual([]);
    expect(await store.list()).toEqual([]);
    for (const folder of ["/w/journal", "/w/.weft"]) {
      for (const { name } of await files.list(folder)) {
        expect(new TextDecoder().decode(await files.read(`${folder}/${name}`))).not.toContain("pony");
      }
    }
    expect(JSON.stringify(events)).not.toContain("pony");
  });

  test("is answered once he was let in, and no more at once when he is put out", async () => {
    const { channel, delivered } = chatPlatform();
    const { receive, pairing, model } = await joined(channel);
    await receive(from("ann", "hello"));
    await until(() => delivered.length === 1);
    await pairing.approve(codeOf(delivered[0] ?? { text: "" }), 1);
    await until(() => delivered.length === 2);
    expect(delivered[1]?.text).toContain("You are let in");
    await receive(from("ann", "hello again"));
    await until(() => delivered.length === 3);
    expect(delivered[2]?.text).toBe("an answer");
    await pairing.revoke({ channel: "telegram", sender: "ann" });
    await receive(from("ann", "and now?"));
    await until(() => delivered.length === 4);
    expect(delivered[3]?.text).toContain("I do not know you yet");
    expect(model.prompts).toHaveLength(1);
  });

  test("hears nothing in a group, where others would read the code, and his words go nowhere", async () => {
    const { channel, delivered } = chatPlatform();
    const { receive, pairing, model } = await joined(channel);
    await receive(from("eve", "hello all", { group: "-100", from: { channel: "telegram", chat: "-100" } }));
    expect(pairing.list().pending).toEqual([]);
    expect([delivered, model.prompts]).toEqual([[], []]);
  });

  test("whom the configuration lets in needs no code, by name or by group", async () => {
    const { channel, delivered } = chatPlatform();
    const permissions: Partial<PermissionRules> = {
      isListed: ({ sender }) => sender === "bob",
      user: { groups: { "-100": { level: 1 } } },
    };
    const { receive, model } = await joined(channel, { permissions });
    await receive(from("bob", "hello"));
    await receive(from("eve", "hello", { group: "-100" }));
    await until(() => delivered.length === 2);
    expect(delivered.map(({ text }) => text)).toEqual(["an answer", "an answer"]);
    expect(model.prompts).toHaveLength(2);
  });

  test("whom the configuration keeps out gets no code, which would change nothing", async () => {
    const { channel, delivered } = chatPlatform();
    const { receive, pairing } = await joined(channel, {
      permissions: { user: { users: { "telegram:eve": { level: 0 } } } },
    });
    await receive(from("eve", "hello"));
    expect([pairing.list().pending, delivered]).toEqual([[], []]);
  });
});

test("a kill between the approval and the reply loses neither", async () => {
  const first = chatPlatform();
  const { receive, pairing, files } = await joined(first.channel);
  await receive(from("ann", "hello"));
  await until(() => first.delivered.length === 1);
  // The process ends while the platform has not taken the reply yet.
  first.wait.before = new Promise(() => {});
  await pairing.approve(codeOf(first.delivered[0] ?? { text: "" }), 1);
  const second = chatPlatform();
  const next = await joined(second.channel, { files });
  next.line.resume();
  await next.pairing.resume();
  await until(() => second.delivered.length === 1);
  expect(second.delivered[0]?.text).toContain("You are let in");
  await next.receive(from("ann", "hello again"));
  await until(() => second.delivered.length === 2);
  expect(second.delivered[1]?.text).toBe("an answer");
});

test("ten thousand messages of a thousand strangers wait nowhere", async () => {
  const { channel, delivered } = chatPlatform();
  const { receive, pairing, model, journal } = await joined(channel);
  await Promise.all(Array.from({ length: 10_000 }, (_, i) => receive(from(`s${i % 1000}`, "hello"))));
  await until(() => delivered.length === 16);
  expect(pairing.list().pending).toHaveLength(16);
  expect(model.prompts).toEqual([]);
  await until(() => journal.outbox().length === 0);
  expect(journal.open()).toEqual([]);
});
