/** Whether a server is on this machine or in a private network, as far as its address tells. */
export function isLocalServer(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const host = new URL(url).hostname.toLowerCase().replace(/^\[|\]$/g, "");
  if (host.includes(":")) return /^(::1$|f[cd]|fe[89ab])/.test(host);
  if (/^\d+\.\d+\.\d+\.\d+$/.test(host)) return privateV4.test(host);
  return !host.includes(".") || /\.(localhost|local|internal|lan|home\.arpa|ts\.net)$/.test(host);
}

const privateV4 =
  /^(127\.|10\.|192\.168\.|169\.254\.|172\.(1[6-9]|2\d|3[01])\.|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|0\.0\.0\.0$)/;
