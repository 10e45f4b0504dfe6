/** What is asked under /api/, and the answer as JSON. */
import { PathError } from '../commands/path.js';
import { type Exploration, QuestionError } from './exploration.js';
import { shownProblem } from './shown-problem.js';

export interface Answer {
  readonly status: number;
  readonly body: object;
}

/** A refusal has { problem }. Never rejects. */
export async function answer(
  exploration: Exploration,
  name: string,
  query: URLSearchParams,
): Promise<Answer> {
  try {
    return { status: 200, body: await ask(exploration, name, query) };
  } catch (error) {
    return { status: statusOf(error), body: { problem: shownProblem(undefined, error) } };
  }
}

function ask(exploration: Exploration, name: string, query: URLSearchParams): Promise<object> | object {
  const path = () => query.get('path') ?? '/';
  switch (name) {
    case 'image':
      return exploration.image();
    case 'folder':
      return exploration.folder(path(), numberOf(query, 'after'));
    case 'sizes':
      return exploration.sizes(path(), query.get('by') === 'plain' ? 'plain' : 'stored');
    case 'file':
      return exploration.file(path(), numberOf(query, 'from'));
    case 'blocks':
      return exploration.blocks(numberOf(query, 'layer'), numberOf(query, 'device'));
    case 'cached':
      return exploration.cached(numberOf(query, 'layer'), numberOf(query, 'device'));
    case 'reads':
      return exploration.reads(numberOf(query, 'layer'), numberOf(query, 'device'));
  }
  throw new QuestionError(`there is no ${name} to ask for`);
}

function numberOf(query: URLSearchParams, name: string): number {
  const text = query.get(name) ?? '0';
  const number = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(number)) return number;
  throw new QuestionError(`${name}=${text}: expected a number`);
}

/** What cannot be read is as wrong as what is not there, but another time it may be read. */
function statusOf(error: unknown): number {
  if (error instanceof QuestionError) return 400;
  return error instanceof PathError ? 404 : 422;
}
