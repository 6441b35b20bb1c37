/**
 * Whether an environment variable of this name holds a secret. `OPENAI_API_KEY_FILE` is only a path, and what is wrong
 * with it cannot be said without.
 */
export function namesSecret(variable: string): boolean {
  return /(^|_)(\w*KEY|TOKEN|SECRET|PASSWORD|PASSPHRASE|CREDENTIALS?)$/i.test(variable);
}
