import { webContract } from "../contracts/web.ts";

webContract("node");
