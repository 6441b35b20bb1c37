/** Lines only in `a` with -, only in `b` with +, by the longest common subsequence; what both have is left out. */
export function difference(a: string[], b: string[]): string {
  let head = 0;
  while (head < a.length && head < b.length && a[head] == b[head]) head++;
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] == b[b.length - 1 - tail]) tail++;
  const rows = a.length - head - tail;
  const columns = b.length - head - tail;
  // common[i][j]: lines that a from i and b from j have in common.
  const common = new Uint16Array((rows + 1) * (columns + 1));
  for (let i = rows - 1; i >= 0; i--) {
    for (let j = columns - 1; j >= 0; j--) {
      const here = i * (columns + 1) + j;
      const below = common[here + columns + 1];
      const right = common[here + 1];
      common[here] = a[head + i] == b[head + j] ? common[here + columns + 2] + 1 : below > right ? below : right;
    }
  }
  const out: string[] = [];
  let i = 0;
  let j = 0;
  while (i < rows || j < columns) {
    if (i < rows && j < columns && a[head + i] == b[head + j]) {
      i++;
      j++;
    } else if (i < rows && (j == columns || common[(i + 1) * (columns + 1) + j] >= common[i * (columns + 1) + j + 1])) {
      out.push("-" + (head + i + 1).toString() + " " + a[head + i]);
      i++;
    } else {
      out.push("+" + (head + j + 1).toString() + " " + b[head + j]);
      j++;
    }
  }
  return out.join("\n");
}
