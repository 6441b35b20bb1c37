import "../../src/platform/native/web/install.ts";
import { host } from "../../src/platform/native/host.ts";
import { nativePlatform } from "../../src/platform/native/platform.ts";
import { proxyClient } from "../platform/proxy-client.ts";

await proxyClient(nativePlatform());
host.exit(0);
