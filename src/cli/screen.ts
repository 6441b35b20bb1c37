import type { Reply, TurnEvent } from "../core/channel.ts";
import { WeftError } from "../core/error.ts";
import type { Platform } from "../core/platform.ts";
import { errorStyle, harmless } from "./style.ts";

/** On a terminal nothing the model says may move the cursor; a file gets every byte. */
export function safe({ terminal }: Platform, text: string): string {
  return terminal.outputIsTerminal ? harmless(text) : text;
}

export interface Screen {
  readonly platform: Platform;
  /** Print text as it comes. */
  readonly streams: boolean;
  /** Whether anything of this answer stands on the screen. */
  begun: boolean;
}

/** Prints a turn as it goes; tools and notices go to standard error. */
export async function show(events: AsyncIterable<TurnEvent>, screen: Screen): Promise<Reply> {
  const { platform, streams } = screen;
  const { terminal } = platform;
  const style = errorStyle(platform);
  const aside = async (text: string) => {
    if (terminal.errorIsTerminal) await terminal.error(`${style.dim(harmless(text))}\n`);
  };
  for await (const event of events) {
    switch (event.type) {
      case "text":
        if (streams) await terminal.out(safe(platform, event.delta));
        screen.begun = true;
        break;
      case "restart":
        if (screen.begun && streams) await terminal.out("\n");
        await aside(`(starting again: ${event.reason})`);
        break;
      case "tool":
        if (event.state === "started") await aside(`· ${event.name} ${event.summary}`);
        if (event.state === "failed") await aside(`· ${event.name} failed: ${event.summary}`);
        break;
      case "notice":
        await aside(`(${event.text})`);
        break;
      case "thinking":
        break;
      case "reply":
        return event.reply;
    }
  }
  throw new WeftError("internal", "the turn ended without a reply");
}
