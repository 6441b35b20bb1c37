import type { TextCheck } from "./check.ts";
import { agentChecks } from "./checks/agents.ts";
import { credentialChecks } from "./checks/credentials.ts";
import { denialChecks } from "./checks/denial.ts";
import { disclosureChecks } from "./checks/disclosure.ts";
import { exfiltrationChecks } from "./checks/exfiltration.ts";
import { hiddenChecks } from "./checks/hidden.ts";
import { indirectChecks } from "./checks/indirect.ts";
import { injectionChecks } from "./checks/injection.ts";
import { permissionChecks } from "./checks/permissions.ts";
import { shellChecks } from "./checks/shell.ts";
import { supplyChainChecks } from "./checks/supply-chain.ts";

/** All checks that look at one text. */
export const textChecks: readonly TextCheck[] = [
  ...hiddenChecks,
  ...injectionChecks,
  ...indirectChecks,
  ...exfiltrationChecks,
  ...credentialChecks,
  ...permissionChecks,
  ...shellChecks,
  ...supplyChainChecks,
  ...denialChecks,
  ...disclosureChecks,
  ...agentChecks,
];
