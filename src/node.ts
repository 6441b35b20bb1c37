#!/usr/bin/env node
import { main } from "./cli/main.ts";
import { nodePlatform } from "./platform/node/platform.ts";

process.exitCode = await main(nodePlatform());
