import * as v from "valibot";
import { choice, flag, lazily, secret, section, text, texts, whole } from "./fields.ts";

/** Chat platforms. An empty `allow_from` lets nobody in: strangers must be let in by name. */
const common = () => ({
  enabled: flag(false, "use this channel"),
  allow_from: texts([], "users who may talk to the agent"),
});
const port = (standard: number) => whole([1, 65_535], standard, "port");
const milliseconds = (standard: number, about: string) => whole([0, 86_400_000], standard, about);

const telegram = () =>
  v.object({
    ...common(),
    token: secret("bot token"),
    token_env: text("TELEGRAM_BOT_TOKEN", "environment variable that holds the token"),
    proxy: v.optional(v.nullable(v.string())),
  });

const slack = () =>
  v.object({
    ...common(),
    mode: text("socket", "how events come"),
    webhook_path: text("/slack/events", "where events come in webhook mode"),
    bot_token: secret("bot token"),
    bot_token_env: text("SLACK_BOT_TOKEN", "environment variable that holds the bot token"),
    app_token: secret("app token"),
    app_token_env: text("SLACK_APP_TOKEN", "environment variable that holds the app token"),
    user_token_read_only: flag(true, "never write with the user's token"),
    group_policy: choice(["mention", "open", "allowlist"], "mention", "when to answer in groups"),
    group_allow_from: texts([], "groups with an answer"),
    dm: section({
      enabled: flag(true, "answer direct messages"),
      policy: choice(["open", "allowlist"], "open", "whose"),
      allow_from: texts([], "users who may write directly"),
    }),
  });

const discord = () =>
  v.object({
    ...common(),
    token: secret("bot token"),
    token_env: text("DISCORD_BOT_TOKEN", "environment variable that holds the token"),
    gateway_url: text("wss://gateway.discord.gg/?v=10&encoding=json", "where events come from"),
    intents: whole([0, 2_147_483_647], 37_377, "bit set of events"),
  });

const whatsapp = () =>
  v.object({
    ...common(),
    bridge_url: text("ws://localhost:3001", "address of the bridge"),
    bridge_token: secret("token of the bridge"),
  });

const feishu = () =>
  v.object({
    ...common(),
    app_id: text("", "app id"),
    app_secret: secret("app secret"),
    encrypt_key: secret("encryption key"),
    verification_token: secret("verification token"),
  });

const dingtalk = () =>
  v.object({ ...common(), client_id: text("", "client id"), client_secret: secret("client secret") });

const mochat = () =>
  v.object({
    ...common(),
    base_url: text("https://mochat.io", "address"),
    socket_url: text("", "address of the socket"),
    socket_path: text("/socket.io", "path of the socket"),
    socket_disable_msgpack: flag(false, "speak JSON"),
    socket_reconnect_delay_ms: milliseconds(1000, "first wait before a new connection"),
    socket_max_reconnect_delay_ms: milliseconds(10_000, "longest wait before a new connection"),
    socket_connect_timeout_ms: milliseconds(10_000, "time to connect"),
    refresh_interval_ms: milliseconds(30_000, "between refreshes"),
    watch_timeout_ms: milliseconds(25_000, "length of a watch"),
    watch_limit: whole([1, 10_000], 100, "messages in a watch"),
    retry_delay_ms: milliseconds(500, "before a retry"),
    max_retry_attempts: whole([0, 10_000], 0, "0: no limit"),
    claw_token: secret("token"),
    agent_user_id: text("", "the agent's user id"),
    sessions: texts([], "sessions to watch"),
    panels: texts([], "panels to watch"),
    mention: section({ require_in_groups: flag(false, "answer in groups only when named") }),
    groups: v.optional(v.record(v.string(), v.object({ require_mention: flag(false, "answer only when named") })), {}),
    reply_delay_mode: choice(["non-mention", "off"], "non-mention", "when to wait before an answer"),
    reply_delay_ms: milliseconds(120_000, "how long to wait"),
  });

const email = () =>
  v.object({
    ...common(),
    consent_granted: flag(false, "the owner lets the agent read this mailbox"),
    imap_host: text("", "server to read from"),
    imap_port: port(993),
    imap_username: text("", "user to read as"),
    imap_password: secret("password to read with"),
    imap_mailbox: text("INBOX", "folder to read"),
    imap_use_ssl: flag(true, "TLS"),
    smtp_host: text("", "server to send by"),
    smtp_port: port(587),
    smtp_username: text("", "user to send as"),
    smtp_password: secret("password to send with"),
    smtp_use_tls: flag(true, "STARTTLS"),
    smtp_use_ssl: flag(false, "TLS from the beginning"),
    from_address: text("", "sender of answers"),
    auto_reply_enabled: flag(true, "answer at all"),
    poll_interval_seconds: whole([1, 86_400], 30, "between looks where the server does not push"),
    mark_seen: flag(true, "mark what was read"),
    max_body_chars: whole([1, 1_000_000], 12_000, "longest mail that is read whole"),
    subject_prefix: text("Re: ", "before the subject of an answer"),
  });

const qq = () => v.object({ ...common(), app_id: text("", "app id"), secret: secret("secret") });

/** Other names are kept as they are. */
export const channels = lazily(() =>
  v.objectWithRest(
    {
      telegram: lazily(telegram),
      slack: lazily(slack),
      discord: lazily(discord),
      whatsapp: lazily(whatsapp),
      feishu: lazily(feishu),
      dingtalk: lazily(dingtalk),
      mochat: lazily(mochat),
      email: lazily(email),
      qq: lazily(qq),
    },
    v.unknown(),
  ),
);
