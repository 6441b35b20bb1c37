// An OpenAI-compatible server that answers at once, or after the delay named in the model: `mock-500`. `mock-tool` calls
// a tool first.
import { createServer } from "node:http";

const usage = JSON.stringify({ choices: [], usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 } });
const text = JSON.stringify({
  choices: [{ index: 0, delta: { role: "assistant", content: "All is well." }, finish_reason: null }],
});
const end = JSON.stringify({ choices: [{ index: 0, delta: {}, finish_reason: "stop" }] });
const answer = `data: ${text}\n\ndata: ${end}\n\ndata: ${usage}\n\ndata: [DONE]\n\n`;

const call = JSON.stringify({
  choices: [
    {
      index: 0,
      delta: {
        tool_calls: [{ index: 0, id: "c1", function: { name: "read_file", arguments: '{"path":"notes.md"}' } }],
      },
      finish_reason: "tool_calls",
    },
  ],
});
const calling = `data: ${call}\n\ndata: ${usage}\n\ndata: [DONE]\n\n`;

const server = createServer((request, response) => {
  let body = "";
  request.on("data", (bytes: Buffer) => {
    body += bytes.toString("latin1");
  });
  request.on("end", () => {
    if (request.method !== "POST") return void response.writeHead(404).end();
    const delayMs = Number(/"model":"mock-(\d+)"/.exec(body)?.[1] ?? 0);
    const say = () => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      const isAnswered = body.lastIndexOf('"role":"tool"') > body.lastIndexOf('"role":"user"');
      const isAsked = body.includes('"model":"mock-tool"') && !isAnswered;
      response.end(isAsked ? calling : answer);
    };
    // A timer of 0 ms waits for one.
    if (delayMs === 0) say();
    else setTimeout(say, delayMs);
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (address !== null && typeof address !== "string") console.log(address.port);
});
