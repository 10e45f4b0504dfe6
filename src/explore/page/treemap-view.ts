/** A folder as a treemap: areas are sizes, colours tell how well a file is compressed. */
import { unescapeBytes } from '../../commands/escape.js';
import { quoteName } from '../../commands/quote.js';
import { percent, sizeText } from '../../commands/size-text.js';
import type { Measure, ShownSizes, ShownTile } from '../shapes.js';
import { element, found } from './elements.js';
import { problemList } from './problems.js';
import { ask } from './questions.js';
import { layTiles, type PlacedTile } from './tile-layout.js';

/** Milliseconds until the sums that grow are asked for again. */
const PAUSE = 700;
/** What a file takes of its size, in classes of colour. */
const RATIOS = [0.3, 0.5, 0.7, 0.9] as const;
/** Pixels below which a tile has no text. */
const READABLE = { width: 28, height: 14 };

export class TreemapView {
  readonly #place = found('treemap');
  readonly #counted = found('counted');
  readonly #openFile: (path: string) => void;
  #path = '/';
  #measure: Measure = 'stored';
  #sizes: ShownSizes | undefined;
  #tiles: { readonly tile: PlacedTile; readonly button: HTMLElement }[] = [];
  #question = 0;

  constructor(openFile: (path: string) => void) {
    this.#openFile = openFile;
    found('ratios').append('takes of its size: ', ...ratioLegend());
    this.#place.addEventListener('keydown', (event) => this.#key(event));
    new ResizeObserver(() => this.#draw()).observe(this.#place);
    for (const choice of document.querySelectorAll<HTMLInputElement>('input[name="measure"]')) {
      choice.addEventListener('change', () => void this.show(this.#path, choice.value as Measure));
    }
  }

  /** Settles when all of it is counted, or something else is shown. Rejects as asking does. */
  async show(path: string, measure = this.#measure): Promise<void> {
    this.#path = path;
    this.#measure = measure;
    const question = ++this.#question;
    this.#drawCrumbs();
    for (let isComplete = false; !isComplete; ) {
      const sizes = await ask<ShownSizes>('sizes', { path, by: measure });
      if (question !== this.#question) return;
      this.#sizes = sizes;
      this.#draw();
      isComplete = sizes.complete;
      if (!isComplete) await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
  }

  #draw(): void {
    const { clientWidth: width, clientHeight: height } = this.#place;
    if (this.#sizes === undefined || width === 0) return;
    const { complete, names_counted, problem_count, problems, tile } = this.#sizes;
    const focused = this.#place.contains(document.activeElement)
      ? (document.activeElement as HTMLElement).dataset.key
      : undefined;
    this.#tiles = layTiles(tile, this.#measure, width, height).map((tile) => ({
      tile,
      button: this.#button(tile),
    }));
    this.#place.replaceChildren(...this.#tiles.map(({ button }) => button));
    const first = this.#tiles.find(({ button }) => button.dataset.key === focused) ?? this.#tiles[0];
    if (first !== undefined) first.button.tabIndex = 0;
    if (focused !== undefined) first?.button.focus();
    const sums = `${sizeText(tile.stored_bytes)} stored for ${sizeText(tile.plain_bytes)}, ${tile.names} names`;
    this.#counted.replaceChildren(
      complete ? sums : `${sums}; counting, ${names_counted} names of the image up to now…`,
      ...problemList(problem_count, problems),
    );
  }

  #button({ tile, x, y, width, height }: PlacedTile): HTMLElement {
    const { name, path, kind, stored_bytes, plain_bytes } = tile;
    const isReadable = width >= READABLE.width && height >= READABLE.height;
    const sizes = `${sizeText(stored_bytes)} stored for ${sizeText(plain_bytes)}`;
    const button = element(
      'button',
      {
        type: 'button',
        class: `tile ${kind} ${kind === 'folder' ? '' : ratioClass(tile)}`,
        tabindex: '-1',
        title: `${name}: ${sizes}`,
        'aria-label': `${kind === 'rest' ? '' : `${kind} `}${name}, ${sizes}`,
      },
      isReadable ? name : '',
    );
    button.dataset.key = `${kind} ${path}`;
    // positions are no inline style: they are set on the object, which the page's policy allows
    Object.assign(button.style, {
      left: `${x}px`,
      top: `${y}px`,
      width: `${width}px`,
      height: `${height}px`,
    });
    button.addEventListener('click', () => this.#open(tile));
    return button;
  }

  #open({ kind, path }: ShownTile): void {
    if (kind === 'file') this.#openFile(path);
    else if (path !== this.#path) void this.show(path);
  }

  #drawCrumbs(): void {
    const names = this.#path.split('/').filter(Boolean);
    const steps = ['/', ...names.map((_, i) => `/${names.slice(0, i + 1).join('/')}`)];
    const items = steps.map((path, i) => {
      const button = element(
        'button',
        { type: 'button' },
        i === 0 ? '/' : quoteName(unescapeBytes(names[i - 1]!)),
      );
      if (i === steps.length - 1) button.setAttribute('aria-current', 'true');
      button.addEventListener('click', () => void this.show(path));
      return element('li', {}, ...(i > 1 ? ['/'] : []), button);
    });
    found('crumbs').replaceChildren(...items);
  }

  /** Arrows lead to the nearest tile on that side; Backspace leads out of the folder. */
  #key(event: KeyboardEvent): void {
    const direction = DIRECTIONS[event.key];
    const from = this.#tiles.find(({ button }) => button === document.activeElement);
    if (event.key === 'Backspace') {
      const parent = this.#path.replace(/\/[^/]*$/, '') || '/';
      if (parent !== this.#path) void this.show(parent);
    } else if (direction !== undefined && from !== undefined) {
      const next = nearest(from, this.#tiles, direction);
      if (next === undefined) return;
      from.button.tabIndex = -1;
      next.button.tabIndex = 0;
      next.button.focus();
    } else {
      return;
    }
    event.preventDefault();
  }
}

const DIRECTIONS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** Of the tiles on that side, the one that lies straightest ahead; sideways counts twice. */
function nearest<T extends { readonly tile: PlacedTile }>(
  from: T,
  tiles: readonly T[],
  [dx, dy]: readonly [number, number],
): T | undefined {
  let best: T | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const candidate of tiles) {
    const x = candidate.tile.labelX - from.tile.labelX;
    const y = candidate.tile.labelY - from.tile.labelY;
    const ahead = x * dx + y * dy;
    const distance = ahead + 2 * Math.abs(x * dy + y * dx);
    if (ahead <= 0 || distance >= least) continue;
    best = candidate;
    least = distance;
  }
  return best;
}

function ratioClass({ stored_bytes, plain_bytes }: ShownTile): string {
  const ratio = plain_bytes === 0 ? 1 : stored_bytes / plain_bytes;
  const found = RATIOS.findIndex((limit) => ratio < limit);
  return `ratio-${found < 0 ? RATIOS.length : found}`;
}

function ratioLegend(): Node[] {
  const texts = [...RATIOS.map((limit) => `below ${percent(limit).replace('.0', '')}`), 'more'];
  return texts.map((text, i) => element('span', {}, element('span', { class: `swatch ratio-${i}` }), text));
}
