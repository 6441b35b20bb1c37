import { nodePlatform } from "../../src/platform/node/platform.ts";
import { toolContract } from "../contracts/tool.ts";
import { contextOf, toolsIn } from "./workspace.ts";

for (const tool of toolsIn("/nonexistent", nodePlatform())) toolContract(tool, contextOf());
