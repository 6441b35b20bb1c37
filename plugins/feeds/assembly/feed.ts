/** The first entries of an RSS 2.0, RSS 1.0 or Atom feed (RFC 4287) as texts; none when it is no feed. */
export function entriesOf(feed: string, most: i32): string[] {
  const entries: string[] = [];
  const tag = feed.includes("<entry") ? "entry" : "item";
  let at = 0;
  while (entries.length < most) {
    const begin = opening(feed, tag, at);
    if (begin < 0) break;
    const end = feed.indexOf("</" + tag + ">", begin);
    if (end < 0) break;
    entries.push(entryOf(feed.substring(begin, end)));
    at = end;
  }
  return entries;
}

const longestSummary: i32 = 300;

function entryOf(entry: string): string {
  const lines: string[] = [];
  const title = plain(element(entry, "title"));
  lines.push(title == "" ? "(without title)" : title);
  const date = firstOf(entry, ["pubDate", "updated", "published", "dc:date"]);
  if (date != "") lines.push(plain(date));
  const link = plain(element(entry, "link"));
  const address = link == "" ? attribute(entry, "link", "href") : link;
  if (address != "") lines.push(address);
  const summary = plain(firstOf(entry, ["summary", "description", "content"]));
  if (summary != "") lines.push(summary.length > longestSummary ? summary.substring(0, longestSummary) + " ..." : summary);
  return lines.join("\n");
}

function firstOf(entry: string, names: string[]): string {
  for (let i = 0; i < names.length; i++) {
    const found = element(entry, names[i]);
    if (found != "") return found;
  }
  return "";
}

/** Where `<tag` begins as a whole name; -1 when it does not. */
function opening(text: string, tag: string, from: i32): i32 {
  let at = text.indexOf("<" + tag, from);
  while (at >= 0) {
    const next = text.charAt(at + tag.length + 1);
    if (next == ">" || next == " " || next == "\n" || next == "\t" || next == "\r" || next == "/") return at;
    at = text.indexOf("<" + tag, at + 1);
  }
  return -1;
}

/** What stands in the first element of that name. */
function element(text: string, tag: string): string {
  const at = opening(text, tag, 0);
  if (at < 0) return "";
  const begin = text.indexOf(">", at);
  if (begin < 0 || text.charAt(begin - 1) == "/") return "";
  const end = text.indexOf("</" + tag + ">", begin);
  return end < 0 ? "" : text.substring(begin + 1, end);
}

function attribute(text: string, tag: string, name: string): string {
  const at = opening(text, tag, 0);
  if (at < 0) return "";
  const end = text.indexOf(">", at);
  const value = text.indexOf(name + '="', at);
  if (end < 0 || value < 0 || value > end) return "";
  const from = value + name.length + 2;
  const to = text.indexOf('"', from);
  return to < 0 ? "" : entities(text.substring(from, to));
}

/** Without CDATA marks, tags and entities, in one line. */
function plain(text: string): string {
  const opened = entities(text.replaceAll("<![CDATA[", "").replaceAll("]]>", ""));
  const out: string[] = [];
  let at = 0;
  while (at < opened.length) {
    const tag = opened.indexOf("<", at);
    if (tag < 0) break;
    out.push(opened.substring(at, tag));
    const end = opened.indexOf(">", tag);
    at = end < 0 ? opened.length : end + 1;
    out.push(" ");
  }
  out.push(opened.substring(at));
  const words = out.join("").replaceAll("\n", " ").replaceAll("\r", " ").replaceAll("\t", " ").split(" ");
  const kept: string[] = [];
  for (let i = 0; i < words.length; i++) if (words[i] != "") kept.push(words[i]);
  // The XML held HTML, which has entities of its own.
  return entities(kept.join(" "));
}

function entities(text: string): string {
  if (!text.includes("&")) return text;
  const out: string[] = [];
  let at = 0;
  while (true) {
    const begin = text.indexOf("&", at);
    if (begin < 0) break;
    const end = text.indexOf(";", begin);
    if (end < 0 || end - begin > 10) {
      out.push(text.substring(at, begin + 1));
      at = begin + 1;
      continue;
    }
    out.push(text.substring(at, begin));
    const meant = entity(text.substring(begin + 1, end));
    out.push(meant == "" ? text.substring(begin, end + 1) : meant);
    at = end + 1;
  }
  out.push(text.substring(at));
  return out.join("");
}

function entity(name: string): string {
  if (name == "amp") return "&";
  if (name == "lt") return "<";
  if (name == "gt") return ">";
  if (name == "quot") return '"';
  if (name == "apos") return "'";
  if (name == "nbsp") return " ";
  if (!name.startsWith("#")) return "";
  const isHex = name.startsWith("#x") || name.startsWith("#X");
  const code = parseInt(name.substring(isHex ? 2 : 1), isHex ? 16 : 10);
  if (isNaN(code) || code < 1 || code > 0x10ffff) return "";
  return String.fromCodePoint(<i32>code);
}
