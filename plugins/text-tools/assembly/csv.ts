/** The rows of a CSV (RFC 4180): quotes, doubled quotes, and line ends within quotes. Empty lines are left out. */
export function csvRows(csv: string, separator: i32): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let cell: string[] = [];
  let from = 0;
  let quoted = false;
  for (let i = 0; i <= csv.length; i++) {
    const code = i < csv.length ? csv.charCodeAt(i) : 0x0a;
    if (quoted && i < csv.length) {
      if (code != 0x22) continue;
      cell.push(csv.substring(from, i));
      from = i + 1;
      if (i + 1 < csv.length && csv.charCodeAt(i + 1) == 0x22) {
        cell.push('"');
        i++;
        from = i + 1;
      } else quoted = false;
      continue;
    }
    if (code == 0x22 && from == i && cell.length == 0) {
      quoted = true;
      from = i + 1;
    } else if (code == separator || code == 0x0a) {
      const end = code == 0x0a && i > from && csv.charCodeAt(i - 1) == 0x0d ? i - 1 : i;
      cell.push(csv.substring(from, end));
      row.push(cell.join(""));
      cell = [];
      from = i + 1;
      if (code != 0x0a) continue;
      if (row.length > 1 || row[0] != "") rows.push(row);
      row = [];
    }
  }
  return rows;
}
