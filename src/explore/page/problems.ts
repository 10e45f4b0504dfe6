/** What could not be read, with its code. */
import type { ShownProblem } from '../shapes.js';
import { element } from './elements.js';

export function problemLine({ name, code, message }: ShownProblem): HTMLElement {
  return element('p', { class: 'trouble' }, `${name === null ? '' : `${name}: `}${message} (${code})`);
}

/** The first of `count`, behind a heading that can be opened; nothing where there are none. */
export function problemList(count: number, problems: readonly ShownProblem[]): HTMLElement[] {
  if (count === 0) return [];
  const left = count - problems.length;
  return [
    element(
      'details',
      { class: 'trouble' },
      element('summary', {}, `${count} ${count === 1 ? 'part' : 'parts'} could not be read`),
      ...problems.map(problemLine),
      ...(left > 0 ? [element('p', {}, `and ${left} more`)] : []),
    ),
  ];
}
