import type { SandboxSupport } from "../../core/platform.ts";
import { host } from "./host.ts";

/** See `Platform.sandbox`. */
export function nativeSandbox(): SandboxSupport {
  const [landlock, seccomp, cover] = host.sandbox();
  const parts = [
    ...(landlock > 0 ? [`Landlock ABI ${landlock}`] : []),
    ...(seccomp ? ["seccomp"] : []),
    ...(cover ? ["private mounts"] : []),
    "limits",
  ];
  const missing =
    landlock === 0
      ? "this kernel has no Landlock, or the container forbids it: Linux 5.13 or newer with landlock in its list of LSMs (lsm= on its command line)"
      : seccomp
        ? undefined
        : "this kernel has no seccomp filters";
  return {
    files: landlock > 0,
    network: seccomp > 0,
    limits: true,
    newFiles: cover > 0,
    name: parts.join(" + "),
    ...(missing !== undefined && { missing }),
  };
}
