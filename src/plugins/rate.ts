const windowMs = 60_000;

/** True for at most `perMinute` calls in any minute. */
export function rateLimit(perMinute: number, monotonic: () => number): () => boolean {
  const times: number[] = [];
  return () => {
    const now = monotonic();
    while (times[0] !== undefined && times[0] <= now - windowMs) times.shift();
    if (times.length >= perMinute) return false;
    times.push(now);
    return true;
  };
}
