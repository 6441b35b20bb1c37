import { anthropic } from "../../src/models/anthropic.ts";
import { gemini } from "../../src/models/gemini.ts";
import { ollama } from "../../src/models/ollama.ts";
import { openaiChat } from "../../src/models/openai-chat.ts";
import { openaiResponses } from "../../src/models/openai-responses.ts";
import { modelContract } from "../contracts/model.ts";
import { wireOptions } from "./wire-options.ts";

modelContract({
  name: "openai-chat",
  make: (url, fetch) => openaiChat(wireOptions({ url: `${url}/v1`, name: "gpt-4o", fetch })),
  imageMark: /data:image\/png;base64,iVBORw0KGgo=/,
  thinks: true,
});
modelContract({
  name: "openai-responses",
  make: (url, fetch) => openaiResponses(wireOptions({ url: `${url}/v1`, name: "gpt-5.4", fetch })),
  imageMark: /"input_image","image_url":"data:image\/png;base64,iVBORw0KGgo="/,
  thinks: true,
});
modelContract({
  name: "anthropic",
  make: (url, fetch) => anthropic(wireOptions({ url: `${url}/v1`, name: "claude-opus-5-5", fetch })),
  imageMark: /"media_type":"image\/png","data":"iVBORw0KGgo="/,
  thinks: true,
});
modelContract({
  name: "gemini",
  make: (url, fetch) => gemini(wireOptions({ url: `${url}/v1beta`, name: "gemini-3.5-flash", fetch })),
  imageMark: /"inlineData":\{"mimeType":"image\/png","data":"iVBORw0KGgo="\}/,
  thinks: true,
});
modelContract({
  name: "ollama",
  make: (url, fetch) => ollama(wireOptions({ url, name: "llama3.2", fetch })),
  imageMark: /"images":\["iVBORw0KGgo="\]/,
  // aimock sends none in this protocol; see recorded.test.ts.
  thinks: false,
});
