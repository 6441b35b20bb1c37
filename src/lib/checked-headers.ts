import { WeftError } from "../core/error.ts";

/** Headers of the connection itself are not for models and plugins to set. Throws `invalid`. */
export function checkedHeaders(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  for (const [name, value] of Object.entries(headers)) {
    const isOurs = /^(host|content-length|connection|transfer-encoding|upgrade|te|trailer|proxy-.*)$/i.test(name);
    if (isOurs || !/^[\w!#$%&'*+.^`|~-]+$/.test(name) || /[\r\n\0]/.test(value)) {
      throw new WeftError("invalid", `invalid arguments: headers: ${name} may not be set`);
    }
  }
  return headers;
}
