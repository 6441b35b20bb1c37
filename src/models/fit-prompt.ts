import type { Message, Part } from "../core/message.ts";
import type { Prompt } from "../core/model.ts";
import type { ModelFacts } from "./context-sizes.ts";

/** The prompt without what this model is known to refuse: too long an answer, pictures, tools. */
export function fitPrompt(prompt: Prompt, facts: ModelFacts): Prompt {
  const maxOutputTokens = Math.min(prompt.maxOutputTokens, facts.maxOutputTokens ?? prompt.maxOutputTokens);
  if (facts.images !== false && facts.tools !== false) return { ...prompt, maxOutputTokens };
  const { tokens: _counted, ...rest } = prompt;
  return {
    ...rest,
    maxOutputTokens,
    messages: facts.images === false ? prompt.messages.map(withoutImages) : prompt.messages,
    tools: facts.tools === false ? [] : prompt.tools,
  };
}

const notice = "[a picture, which this model cannot see]";

function withoutImages(message: Message): Message {
  const has = message.parts.some((part) => part.type === "image" || (part.type === "result" && part.images));
  return has ? { ...message, parts: message.parts.map(withoutImage) } : message;
}

function withoutImage(part: Part): Part {
  if (part.type === "image") return { type: "text", text: notice };
  if (part.type !== "result" || !part.images?.length) return part;
  const { images, ...rest } = part;
  return { ...rest, text: [part.text, ...images.map(() => notice)].join("\n") };
}
