import { errnoOf } from "../shared/file-system.ts";
import { host } from "./host.ts";
import { intl } from "./web/date-time-format.ts";
import { systemZone } from "./web/system-zone.ts";

const nativeIntl = intl(() => systemZone({ variable: host.env["TZ"], link: localtime(), text: timezone() }));

/** This module is loaded when somebody first asks for `Intl`. */
export { nativeIntl as Intl };

function localtime(): string | undefined {
  try {
    return host.readlink("/etc/localtime");
  } catch (thrown) {
    return errnoOf(thrown) === "ENOENT" ? undefined : "";
  }
}

/** Undefined also when it cannot be read: where a machine has no such file, its containers may get a folder for it. */
function timezone(): string | undefined {
  let fd = -1;
  try {
    fd = host.openFile("/etc/timezone", host.openFlags["O_RDONLY"] ?? 0, 0);
    const bytes = host.readFile(fd, 256, 0);
    return bytes instanceof Uint8Array ? new TextDecoder().decode(bytes) : undefined;
  } catch {
    return undefined;
  } finally {
    host.closeFile(fd);
  }
}
