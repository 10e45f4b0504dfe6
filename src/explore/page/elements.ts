/** Elements of the page. LAW: names of an image become text nodes and nothing else. */

type Attributes = Readonly<Record<string, string>>;

export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes,
  ...content: readonly (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...content);
  return made;
}

/** An element of index.html. */
export function found<T extends HTMLElement>(id: string): T {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`the page has no ${id}`);
  return element as T;
}

/** Rows of cells; the columns with these numbers are numbers. */
export function table(
  caption: string,
  columns: readonly string[],
  rows: readonly (readonly string[])[],
  numbers: readonly number[] = [],
): HTMLTableElement {
  const kind = (column: number): Attributes => (numbers.includes(column) ? { class: 'number' } : {});
  return element(
    'table',
    {},
    element('caption', {}, caption),
    element(
      'thead',
      {},
      element('tr', {}, ...columns.map((name, i) => element('th', { scope: 'col', ...kind(i) }, name))),
    ),
    element(
      'tbody',
      {},
      ...rows.map((row) => element('tr', {}, ...row.map((text, i) => element('td', kind(i), text)))),
    ),
  );
}

/** Labels with their texts. */
export function facts(rows: readonly (readonly [label: string, text: string])[]): HTMLElement {
  return element(
    'dl',
    {},
    ...rows.flatMap(([label, text]) => [element('dt', {}, label), element('dd', {}, text)]),
  );
}
