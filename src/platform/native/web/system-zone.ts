import { zoneRules } from "./zones.ts";

/** What says in which time zone a machine is. */
export interface ZoneSigns {
  /** The variable TZ; empty counts as unset. */
  readonly variable?: string | undefined;
  /** Where the link /etc/localtime leads; empty when it is there and no link. */
  readonly link?: string | undefined;
  /** What is in /etc/timezone. */
  readonly text?: string | undefined;
}

/** The name by the first sign that says one; UTC without any sign; undefined when it is no name of the database. */
export function systemZone({ variable, link, text }: ZoneSigns): string | undefined {
  const sign = variable || link || text?.trim();
  // A file as /etc/localtime is a zone, but does not say which.
  if (!sign) return link === undefined ? "UTC" : undefined;
  const name = sign.replace(/^(:|.*\/zoneinfo\/)+(posix\/|right\/)?/, "");
  return /^[A-Za-z]/.test(name) ? zoneRules(name)?.name : undefined;
}
