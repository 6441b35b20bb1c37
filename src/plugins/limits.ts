/** What no manifest can raise. Sizes in bytes. */
export const moduleBytes = 300 * 1024;
export const moduleGzipBytes = 120 * 1024;
export const folderBytes = 10 * 1024 * 1024;
/** Of the module's tables and memories. */
export const mostTables = 10;
export const mostMemories = 2;
/** Plugins that run at the same time; each is one instance. */
export const mostInstances = 10;
export const manifestBytes = 64 * 1024;
export const configBytes = 64 * 1024;
/** Of a request, and of the answer to it. */
export const httpBodyBytes = 1024 * 1024;
export const readBytes = 8 * 1024 * 1024;
export const writeBytes = 4 * 1024 * 1024;
export const logCharacters = 4096;
/** What a guest may say at once: the answer of a tool, or what it asks of the host. */
export const messageBytes = 12 * 1024 * 1024;
export const mostTools = 50;
export const descriptionCharacters = 1024;
export const parametersCharacters = 16_384;

/** By the manifest's names: `[default, hard cap]`. */
export const resourceLimits = {
  max_fuel: [1_000_000_000, 10_000_000_000],
  max_memory_mb: [16, 256],
  max_table_elements: [10_000, 100_000],
  max_execution_seconds: [30, 300],
  max_http_requests_per_minute: [10, 10],
  max_log_messages_per_minute: [100, 100],
} as const;

/** Environment variables that no plugin ever sees. */
export const deniedVariables: readonly string[] = [
  "PATH",
  "HOME",
  "USER",
  "SHELL",
  "AWS_SECRET_ACCESS_KEY",
  "AWS_SESSION_TOKEN",
  "ANTHROPIC_API_KEY",
  "OPENAI_API_KEY",
];
