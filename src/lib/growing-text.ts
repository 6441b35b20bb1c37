/** A text that comes in many pieces. Joined only when it is read: QuickJS copies all of a text to add to it. */
export interface GrowingText {
  readonly length: number;
  add(piece: string): void;
  /** Keeps the first so many characters. */
  cut(length: number): void;
  toString(): string;
}

export function growingText(begin = ""): GrowingText {
  let pieces = [begin];
  let length = begin.length;
  const whole = (): string => {
    if (pieces.length > 1) pieces = [pieces.join("")];
    return pieces[0] ?? "";
  };
  return {
    get length() {
      return length;
    },
    add(piece) {
      pieces.push(piece);
      length += piece.length;
    },
    cut(most) {
      pieces = [whole().slice(0, most)];
      length = Math.min(length, most);
    },
    toString: whole,
  };
}
