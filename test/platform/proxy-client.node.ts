import { nodePlatform } from "../../src/platform/node/platform.ts";
import { proxyClient } from "./proxy-client.ts";

await proxyClient(nodePlatform());
process.exit(0);
