import "./platform/native/web/install.ts";
import { main } from "./cli/main.ts";
import { host } from "./platform/native/host.ts";
import { nativePlatform } from "./platform/native/platform.ts";

// All output has left by then; a handle that somebody forgot must not keep the program.
host.exit(await main(nativePlatform()));
