/** Beginnings of words that speak of work rather than of a question. */
const keywords = [
  "analy",
  "architect",
  "audit",
  "benchmark",
  "compar",
  "debug",
  "deploy",
  "design",
  "document",
  "evaluat",
  "implement",
  "integrat",
  "investigat",
  "migrat",
  "optimi",
  "plan",
  "refactor",
  "research",
  "review",
  "summar",
] as const;

/** How much work a task is, 0 to 1: its length, its questions, and words of work in it. */
export function scoreOf(task: string): number {
  const questions = task.split("?").length - 1;
  const words = task.toLowerCase().split(/[^a-z]+/);
  const hits = keywords.filter((keyword) => words.some((word) => word.startsWith(keyword))).length;
  return 0.3 * Math.min(task.length / 500, 1) + 0.2 * Math.min(questions / 3, 1) + 0.5 * Math.min(hits / 4, 1);
}

const claudeFrom = 0.3;
const flowFrom = 0.7;

/** Who should do it, if everybody were to be had. */
export function targetOfScore(score: number): "local" | "claude" | "flow" {
  if (score < claudeFrom) return "local";
  return score < flowFrom ? "claude" : "flow";
}
