#!/usr/bin/env node
import { main } from "./cli/main.ts";
import { nodePlatform } from "./platform/node/platform.ts";

// All output has left by then; a handle that somebody forgot must not keep the program.
process.exit(await main(nodePlatform()));
