import type { LookupFunction } from "node:net";

/** In place of DNS: this address, whatever the host. */
export function lookupOf(address: string): LookupFunction {
  return (_host, { all }, done) => {
    const family = address.includes(":") ? 6 : 4;
    if (all) done(null, [{ address, family }]);
    else done(null, address, family);
  };
}
