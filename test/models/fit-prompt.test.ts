import { expect, test } from "vitest";
import type { Message } from "../../src/core/message.ts";
import type { Prompt } from "../../src/core/model.ts";
import { fitPrompt } from "../../src/models/fit-prompt.ts";

const image = { mime: "image/png", base64: "AA==" };
const messages: Message[] = [
  {
    role: "user",
    parts: [
      { type: "text", text: "look" },
      { type: "image", ...image },
    ],
    at: 1,
  },
  { role: "tool", parts: [{ type: "result", id: "1", text: "shot", images: [image, image] }], at: 2 },
  { role: "tool", parts: [{ type: "result", id: "2", text: "plain" }], at: 3 },
];
const tools = [{ name: "now", description: "", input: {} }];
const prompt: Prompt = { system: "s", messages, tools, maxOutputTokens: 8000, session: "x" };

test("a model of which nothing is known gets the prompt as it is", () => {
  expect(fitPrompt(prompt, { contextTokens: 1 })).toEqual(prompt);
});

test("the answer is never longer than the model can write", () => {
  expect(fitPrompt(prompt, { contextTokens: 1, maxOutputTokens: 4096 }).maxOutputTokens).toBe(4096);
  expect(fitPrompt(prompt, { contextTokens: 1, maxOutputTokens: 9000 }).maxOutputTokens).toBe(8000);
});

test("a model without eyes is told of the pictures", () => {
  const notice = "[a picture, which this model cannot see]";
  const fitted = fitPrompt(prompt, { contextTokens: 1, images: false });
  expect(fitted.messages.map(({ parts }) => parts)).toEqual([
    [
      { type: "text", text: "look" },
      { type: "text", text: notice },
    ],
    [{ type: "result", id: "1", text: `shot\n${notice}\n${notice}` }],
    [{ type: "result", id: "2", text: "plain" }],
  ]);
});

test("a model that refuses tools is sent none", () => {
  expect(fitPrompt(prompt, { contextTokens: 1, tools: false }).tools).toEqual([]);
});
