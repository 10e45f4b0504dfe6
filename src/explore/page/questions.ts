/** Asking the server. The page's own URL has the token, so that every relative one has it. */
import type { ShownProblem } from '../shapes.js';

/** The server refused, and said why. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly code: string;

  constructor({ code, message }: ShownProblem) {
    super(message);
    this.code = code;
  }
}

/** Rejects with Refused, or as fetch() does where the server has ended. */
export async function ask<T>(
  question: 'image' | 'folder' | 'sizes' | 'file' | 'blocks' | 'cached' | 'reads',
  parameters: Readonly<Record<string, string | number>> = {},
): Promise<T> {
  const query = new URLSearchParams(Object.entries(parameters).map(([name, value]) => [name, String(value)]));
  const response = await fetch(`api/${question}?${query}`);
  const answer = (await response.json()) as T & { problem?: ShownProblem };
  if (!response.ok) throw new Refused(answer.problem!);
  return answer;
}
