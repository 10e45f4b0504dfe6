/** The tree of files: folders are asked for when they are opened, a batch of names at a time. Keys as in any tree (WAI-ARIA). */
import { sizeText } from '../../commands/size-text.js';
import type { ShownFolder, ShownName } from '../shapes.js';
import { element, found } from './elements.js';
import { problemLine } from './problems.js';
import { ask } from './questions.js';

const DIRECTORY = 'directory';
const GROUP = '[role="group"]';
/** Names that stand for the next batch of a folder. */
const MORE = 'more';

export class FileTree {
  readonly #root = found('files');
  readonly #chosen: (path: string, isFolder: boolean) => void;

  /** `chosen` is told of every name that is opened. */
  constructor(chosen: (path: string, isFolder: boolean) => void) {
    this.#chosen = chosen;
    this.#root.addEventListener('keydown', (event) => this.#key(event));
    this.#root.addEventListener('click', (event) => {
      const item = (event.target as HTMLElement).closest<HTMLElement>('[role="treeitem"]');
      if (item !== null) this.#choose(item);
    });
  }

  async start(): Promise<void> {
    const root = { path: '/', name: '/', type: DIRECTORY, size: null, problem: null };
    const item = itemOf(root, 1);
    item.tabIndex = 0;
    this.#root.append(item);
    await this.#expand(item);
  }

  /** Marks the name with this path where the tree shows it. */
  select(path: string): void {
    const item = this.#items().find((shown) => shown.dataset.path === path);
    for (const other of this.#items()) other.setAttribute('aria-selected', String(other === item));
  }

  #choose(item: HTMLElement): void {
    this.#focus(item);
    if (item.dataset.kind === MORE) {
      void this.#continue(item);
      return;
    }
    if (item.hasAttribute('aria-expanded')) void this.#toggle(item);
    this.select(item.dataset.path!);
    this.#chosen(item.dataset.path!, item.hasAttribute('aria-expanded'));
  }

  async #toggle(item: HTMLElement): Promise<void> {
    if (item.getAttribute('aria-expanded') === 'true') item.setAttribute('aria-expanded', 'false');
    else await this.#expand(item);
    showContent(item);
  }

  async #expand(item: HTMLElement): Promise<void> {
    item.setAttribute('aria-expanded', 'true');
    if (item.querySelector(GROUP) === null) {
      const list = element('div', { role: 'group' });
      item.append(list);
      await this.#fill(list, item.dataset.path!, 0, levelOf(item) + 1);
    }
    showContent(item);
  }

  async #fill(list: HTMLElement, path: string, after: number, level: number): Promise<void> {
    let folder: ShownFolder;
    try {
      folder = await ask<ShownFolder>('folder', { path, after });
    } catch (error) {
      const { message, code = 'no-answer' } = error as { message: string; code?: string };
      folder = { names: [], next: null, problem: { name: null, code, message } };
    }
    const { names, next, problem } = folder;
    list.append(...names.map((name) => itemOf(name, level)));
    if (next !== null) list.append(moreItem(path, next, level));
    if (problem !== null) list.append(problemLine(problem));
  }

  async #continue(more: HTMLElement): Promise<void> {
    const { path, after } = more.dataset;
    const list = more.parentElement!;
    const before = more.previousElementSibling as HTMLElement | null;
    more.remove();
    await this.#fill(list, path!, Number(after), levelOf(more));
    const next = (before?.nextElementSibling ?? list.firstElementChild) as HTMLElement | null;
    if (next?.matches('[role="treeitem"]')) this.#focus(next);
  }

  #key(event: KeyboardEvent): void {
    const item = (event.target as HTMLElement).closest<HTMLElement>('[role="treeitem"]');
    if (item === null || event.ctrlKey || event.altKey || event.metaKey) return;
    const items = this.#items();
    const at = items.indexOf(item);
    const isOpen = item.getAttribute('aria-expanded');
    switch (event.key) {
      case 'ArrowDown':
        this.#focus(items[at + 1] ?? item);
        break;
      case 'ArrowUp':
        this.#focus(items[at - 1] ?? item);
        break;
      case 'Home':
        this.#focus(items[0]!);
        break;
      case 'End':
        this.#focus(items.at(-1)!);
        break;
      case 'ArrowRight':
        if (isOpen === 'false') void this.#toggle(item);
        else if (isOpen === 'true') this.#focus(items[at + 1] ?? item);
        break;
      case 'ArrowLeft':
        if (isOpen === 'true') void this.#toggle(item);
        else this.#focus(item.parentElement!.closest<HTMLElement>('[role="treeitem"]') ?? item);
        break;
      case 'Enter':
      case ' ':
        this.#choose(item);
        break;
      default:
        return;
    }
    event.preventDefault();
  }

  /** Those that can be seen, from top to bottom. */
  #items(): HTMLElement[] {
    return [...this.#root.querySelectorAll<HTMLElement>('[role="treeitem"]')].filter(
      (item) => item.closest('[role="group"][hidden]') === null,
    );
  }

  #focus(item: HTMLElement): void {
    for (const other of this.#root.querySelectorAll<HTMLElement>('[tabindex="0"]')) other.tabIndex = -1;
    item.tabIndex = 0;
    item.focus();
  }
}

const levelOf = (item: HTMLElement): number => Number(item.getAttribute('aria-level'));

function itemOf({ path, name, type, size, problem }: ShownName, level: number): HTMLElement {
  const isFolder = type === DIRECTORY;
  const item = element(
    'div',
    {
      role: 'treeitem',
      tabindex: '-1',
      'aria-level': String(level),
      'aria-selected': 'false',
      ...(isFolder && { 'aria-expanded': 'false' }),
    },
    element(
      'div',
      problem === null ? { class: 'row' } : { class: 'row trouble', title: problem.message },
      element('span', { class: 'mark', 'aria-hidden': 'true' }, isFolder ? '▸' : ''),
      element('span', {}, name),
      element('span', { class: 'size' }, problem?.code ?? (size === null ? '' : sizeText(size))),
    ),
  );
  item.dataset.path = path;
  return item;
}

function moreItem(path: string, after: number, level: number): HTMLElement {
  const item = element(
    'div',
    { role: 'treeitem', tabindex: '-1', 'aria-level': String(level), 'aria-selected': 'false' },
    element('div', { class: 'row' }, element('span', { class: 'mark' }), 'more names…'),
  );
  Object.assign(item.dataset, { path, after: String(after), kind: MORE });
  return item;
}

function showContent(item: HTMLElement): void {
  const isOpen = item.getAttribute('aria-expanded') === 'true';
  item.querySelector<HTMLElement>(`:scope > ${GROUP}`)!.hidden = !isOpen;
  item.querySelector('.mark')!.textContent = isOpen ? '▾' : '▸';
}
