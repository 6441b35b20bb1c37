export type Protocol = "openai-chat" | "openai-responses" | "anthropic" | "gemini" | "ollama";

export interface Vendor {
  readonly protocol: Protocol;
  /** What the vendor's imitators speak; used in place of `protocol` when the address is configured. */
  readonly protocolElsewhere?: Protocol;
  /** Base URL without a trailing slash; absent = must be configured. */
  readonly url?: string;
  /** Environment variables that may hold the key, the first one wins. */
  readonly keyEnv: readonly string[];
  /** Name without the vendor. */
  readonly defaultModel?: string;
  readonly keyOptional?: true;
  /** How a self-hosted server tells its context size (`probe.ts`). */
  readonly probe?: ProbeKind;
}

export type ProbeKind = "ollama" | "llamacpp" | "lmstudio" | "openai";

/** A server that somebody named in the configuration: no key needed, size and abilities asked for. */
export const selfHosted: Vendor = { protocol: "openai-chat", keyEnv: [], keyOptional: true, probe: "openai" };

/**
 * In the order in which a vendor with a key becomes the default. URLs and models as of September 2026, from the
 * vendors' own pages.
 */
export const vendors: Readonly<Record<string, Vendor>> = {
  anthropic: {
    protocol: "anthropic",
    url: "https://api.anthropic.com/v1",
    keyEnv: ["ANTHROPIC_API_KEY"],
    defaultModel: "claude-opus-5-5",
  },
  openai: {
    // Since gpt-5.4 OpenAI refuses tools with reasoning over Chat Completions (openai-openapi issue 541).
    protocol: "openai-responses",
    protocolElsewhere: "openai-chat",
    url: "https://api.openai.com/v1",
    keyEnv: ["OPENAI_API_KEY"],
    defaultModel: "gpt-5.4",
  },
  gemini: {
    protocol: "gemini",
    url: "https://generativelanguage.googleapis.com/v1beta",
    keyEnv: ["GEMINI_API_KEY", "GOOGLE_GEMINI_API_KEY", "GOOGLE_API_KEY"],
    defaultModel: "gemini-3.5-flash",
  },
  openrouter: chat("https://openrouter.ai/api/v1", "OPENROUTER_API_KEY", "openrouter/auto"),
  groq: chat("https://api.groq.com/openai/v1", "GROQ_API_KEY", "openai/gpt-oss-120b"),
  deepseek: chat("https://api.deepseek.com/v1", "DEEPSEEK_API_KEY", "deepseek-v4-flash"),
  mistral: chat("https://api.mistral.ai/v1", "MISTRAL_API_KEY", "mistral-large-latest"),
  xai: chat("https://api.x.ai/v1", "XAI_API_KEY", "grok-4.3"),
  together: chat("https://api.together.xyz/v1", "TOGETHER_API_KEY", "meta-llama/Llama-3.3-70B-Instruct-Turbo"),
  moonshot: chat("https://api.moonshot.ai/v1", "MOONSHOT_API_KEY", "kimi-k2.6"),
  zhipu: {
    ...chat("https://api.z.ai/api/paas/v4", "ZAI_API_KEY", "glm-5.2"),
    keyEnv: ["ZAI_API_KEY", "ZHIPUAI_API_KEY"],
  },
  minimax: chat("https://api.minimax.io/v1", "MINIMAX_API_KEY", "MiniMax-M2.5"),
  dashscope: chat("https://dashscope-intl.aliyuncs.com/compatible-mode/v1", "DASHSCOPE_API_KEY", "qwen-plus"),
  aihubmix: chat("https://aihubmix.com/v1", "AIHUBMIX_API_KEY", "gpt-5.4"),
  openai_codex: {
    protocol: "openai-responses",
    url: "https://api.openai.com/v1",
    keyEnv: ["OPENAI_API_KEY"],
    defaultModel: "gpt-5.3-codex",
  },
  ollama: {
    ...selfHosted,
    protocol: "ollama",
    url: "http://127.0.0.1:11434",
    keyEnv: ["OLLAMA_API_KEY"],
    defaultModel: "llama3.2",
    probe: "ollama",
  },
  lmstudio: { ...selfHosted, url: "http://127.0.0.1:1234/v1", keyEnv: ["LM_API_TOKEN"], probe: "lmstudio" },
  llamacpp: {
    ...selfHosted,
    url: "http://127.0.0.1:8080/v1",
    keyEnv: ["LLAMA_API_KEY"],
    // One server has one model and answers to any name.
    defaultModel: "default",
    probe: "llamacpp",
  },
  vllm: { ...selfHosted, url: "http://127.0.0.1:8000/v1", keyEnv: ["HOSTED_VLLM_API_KEY"] },
  custom: { ...selfHosted, keyEnv: ["CUSTOM_API_KEY"] },
};

export function vendorOf(name: string): Vendor | undefined {
  return Object.hasOwn(vendors, name) ? vendors[name] : undefined;
}

function chat(url: string, key: string, defaultModel: string): Vendor {
  return { protocol: "openai-chat", url, keyEnv: [key], defaultModel };
}
