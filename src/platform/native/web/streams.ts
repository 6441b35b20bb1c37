// biome-ignore lint/performance/noBarrelFile: a module of its own, loaded with the first stream
export { ReadableStream, TransformStream, WritableStream } from "web-streams-polyfill";
