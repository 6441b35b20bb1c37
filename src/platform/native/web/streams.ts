/** The Streams standard, as a module of its own that is loaded with the first stream. */
export { ReadableStream, TransformStream, WritableStream } from "web-streams-polyfill";
