/** Characters that change the direction of text, are invisible or control a terminal. */
const HIDDEN = /[\p{Cc}\p{Cf}\u2028\u2029]/gu;

/** The text with such characters as their code, so that a name cannot pose as another. */
export function plain(text: string): string {
  return text.replace(HIDDEN, hidden => `\\u{${hidden.codePointAt(0)?.toString(16)}}`);
}
