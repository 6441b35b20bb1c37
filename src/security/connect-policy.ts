import type { Action, Decision } from "../core/policy.ts";
import { placeMatches } from "../lib/places.ts";
import { granted, refused } from "./decisions.ts";

export interface UrlRules {
  readonly enabled: boolean;
  readonly allowPrivate: boolean;
  /** Nothing but `allowedDomains`. */
  readonly onlyAllowed?: boolean;
  readonly allowedDomains: readonly string[];
  readonly blockedDomains: readonly string[];
}

/** Facts of the address come last: places that the owner wrote down decide before them, the denied ones first. */
export function decideConnect(urls: UrlRules, action: Extract<Action, { kind: "connect" }>): Decision {
  const { host, port, target, purpose } = action;
  const key = "tools.url_policy";
  if (!urls.enabled) return granted(`${key}.enabled`, `${key}.enabled is false: nothing is checked`);
  const blocked = urls.blockedDomains.find((entry) => placeMatches(entry, action));
  if (blocked !== undefined) {
    const allow = `To allow it, take "${blocked}" out of ${key}.blocked_domains.`;
    return refused(`${key}.blocked_domains`, `blocked domain: ${host}`, allow);
  }
  const narrow = target.address !== undefined && target.range !== undefined ? ` or "${target.address}:${port}"` : "";
  const allow = `To allow it, add "${host}"${narrow} to ${key}.allowed_domains.`;
  // Who hands out keys must be meant: no range and no pattern allows it.
  const entries = target.isMetadata ? urls.allowedDomains.filter((entry) => !/[*?/]/.test(entry)) : urls.allowedDomains;
  const allowed = entries.find((entry) => placeMatches(entry, action));
  if (allowed !== undefined) return granted(`${key}.allowed_domains`, `${key}.allowed_domains has "${allowed}"`);
  const setting = `${key}.allowed_domains`;
  if (target.isMetadata) return refused(setting, `blocked cloud metadata endpoint: ${host}`, allow);
  if (purpose === "model") return granted("providers", "the configuration names this address for a model");
  if (target.isPending) return granted(`${key}.enabled`, "its address decides");
  if (urls.onlyAllowed) return refused(`${key}.only_allowed`, `not an allowed domain: ${host}:${port}`, allow);
  if (target.address === undefined)
    return granted(`${key}.enabled`, "no rule blocks it; its address is not known here");
  if (target.range === undefined)
    return granted(`${key}.enabled`, "it is on the public Internet, and no rule blocks it");
  if (urls.allowPrivate)
    return granted(`${key}.allow_private`, `${key}.allow_private lets ${target.range} addresses be reached`);
  return refused(setting, `blocked private IP ${target.address} for host ${host} (${target.range})`, allow);
}
