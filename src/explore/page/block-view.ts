/** The block map of one device, with a cursor that tells what lies in a cell, and where the file lies that is shown. */
import { percent, sizeText } from '../../commands/size-text.js';
import { hex } from '../../erofs-reader/bytes.js';
import type { ShownBlocks, ShownCached, ShownExtent, ShownFile, ShownImage, ShownReads } from '../shapes.js';
import { COLUMNS, cellCount, cellSide, drawBlocks, KINDS, kindsInOrder, lengthOf } from './block-canvas.js';
import { element, found } from './elements.js';
import { problemList } from './problems.js';
import { ask } from './questions.js';

/** Milliseconds until what grows, and what a mount has cached meanwhile, is asked for again. */
const PAUSE = 1000;

export class BlockView {
  readonly #canvas = found<HTMLCanvasElement>('map');
  readonly #choice = found<HTMLSelectElement>('device');
  readonly #cachedChoice = found<HTMLInputElement>('cached');
  readonly #readsChoice = found<HTMLInputElement>('reads');
  #isShown = false;
  #blocks: ShownBlocks | undefined;
  #cached: ShownCached | undefined;
  #reads: ShownReads | undefined;
  #file: ShownFile | undefined;
  #cursor = 0;
  #question = 0;

  constructor() {
    this.#choice.addEventListener('change', () => void this.show());
    this.#choose(this.#cachedChoice, this.#readsChoice);
    this.#choose(this.#readsChoice, this.#cachedChoice);
    this.#canvas.addEventListener('keydown', (event) => this.#key(event));
    this.#canvas.addEventListener('pointermove', (event) => this.#point(event));
    new ResizeObserver(() => this.#draw()).observe(this.#canvas);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#draw());
  }

  start({ layers, mount }: ShownImage): void {
    found('reads-choice').hidden = mount === null;
    const options = layers.flatMap(({ name, devices }, layer) =>
      devices.map(({ size }, device) => {
        const what = device === 0 ? name : `device ${device} of ${name}`;
        return element('option', { value: `${layer}:${device}` }, `${what} (${sizeText(size)})`);
      }),
    );
    this.#choice.append(...options);
  }

  /** Settles when all is drawn, and goes on while what is cached is shown. Rejects as asking does. */
  async show(): Promise<void> {
    this.#isShown = true;
    const question = ++this.#question;
    const [layer = '0', device = '0'] = this.#choice.value.split(':');
    for (let isOver = false; !isOver; ) {
      const [withCached, withReads] = [this.#cachedChoice.checked, this.#readsChoice.checked];
      const blocks = await ask<ShownBlocks>('blocks', { layer, device });
      const cached = withCached ? await ask<ShownCached>('cached', { layer, device }) : undefined;
      const reads = withReads ? await ask<ShownReads>('reads', { layer, device }) : undefined;
      if (question !== this.#question || !this.#isShown) return;
      this.#blocks = blocks;
      this.#cached = cached;
      this.#reads = reads;
      this.#draw();
      isOver = blocks.complete && !withCached && !withReads;
      if (!isOver) await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
  }

  hide(): void {
    this.#isShown = false;
  }

  /** Its extents are marked from now on. */
  mark(file: ShownFile): void {
    this.#file = file;
    this.#draw();
  }

  #draw(): void {
    const blocks = this.#blocks;
    if (blocks === undefined || this.#canvas.clientWidth === 0) return;
    this.#cursor = Math.min(this.#cursor, cellCount(blocks) - 1);
    const strengths = this.#strengths(blocks);
    drawBlocks(this.#canvas, { blocks, strengths, marked: this.#marked(blocks), cursor: this.#cursor });
    found('where').textContent = this.#overlayText(blocks);
    found('cell').textContent = this.#cellText(blocks);
    found('kinds')
      .querySelector('tbody')!
      .replaceChildren(...kindRows(blocks));
    this.#drawProgress(blocks);
  }

  /** One of the two at a time. */
  #choose(choice: HTMLInputElement, other: HTMLInputElement): void {
    choice.addEventListener('change', () => {
      if (choice.checked) other.checked = false;
      void this.show();
    });
  }

  #strengths(blocks: ShownBlocks): readonly number[] | undefined {
    const reads = this.#reads?.cells;
    if (reads) {
      // a cell that was read once is seen beside one that was read a thousand times
      const most = Math.log1p(Math.max(1, ...reads));
      return reads.map((count) => Math.log1p(count) / most);
    }
    return this.#cached?.cells?.map((bytes, cell) => bytes / lengthOf(blocks, cell));
  }

  #overlayText(blocks: ShownBlocks): string {
    if (this.#reads !== undefined) return readsText(this.#reads);
    return this.#cached === undefined ? '' : cachedText(blocks, this.#cached);
  }

  /** Drawn anew where it changes: somebody may read the list of problems. */
  #drawProgress({ complete, inodes_counted, problem_count, problems }: ShownBlocks): void {
    const state = `${complete} ${inodes_counted} ${problem_count}`;
    const place = found('drawn');
    if (place.dataset.state === state) return;
    place.dataset.state = state;
    place.replaceChildren(
      complete ? '' : `${inodes_counted} inodes up to now…`,
      ...problemList(problem_count, problems),
    );
  }

  #marked({ cell_size, size }: ShownBlocks): ReadonlySet<number> {
    const cells = new Set<number>();
    const file = this.#file;
    if (file === undefined) return cells;
    const [layer, device] = this.#choice.value.split(':').map(Number);
    if (file.layer !== layer) return cells;
    for (const extent of file.extents.flatMap((extent) => [extent, ...(extent.within ?? [])])) {
      if (deviceOf(extent) !== device) continue;
      const start = extent.offset!;
      const end = Math.min(size, start + (extent.encoded_length ?? extent.length));
      for (let cell = Math.floor(start / cell_size); cell * cell_size < end; cell++) cells.add(cell);
    }
    return cells;
  }

  #cellText(blocks: ShownBlocks): string {
    const cell = this.#cursor;
    const start = cell * blocks.cell_size;
    const length = lengthOf(blocks, cell);
    const parts = kindsInOrder.flatMap((kind) => {
      const bytes = blocks.kinds.find((found) => found.kind === kind)?.cells[cell] ?? 0;
      return bytes === 0 ? [] : [{ name: KINDS[kind], bytes }];
    });
    const left = length - parts.reduce((sum, { bytes }) => sum + bytes, 0);
    if (left > 0) parts.push({ name: 'free or unknown', bytes: left });
    const cached = this.#cached?.cells?.[cell];
    const here = cached === undefined ? '' : `; ${sizeText(cached)} ${this.#cached!.where}`;
    const told = parts.map(({ name, bytes }) => `${name} ${sizeText(bytes)}`).join(', ');
    const reads = this.#reads?.cells?.[cell];
    const read = reads === undefined ? '' : `; read ${reads} times`;
    return `${hex(start)} to ${hex(start + length)}: ${told}${here}${read}`;
  }

  #key(event: KeyboardEvent): void {
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -COLUMNS, ArrowDown: COLUMNS }[event.key];
    if (step === undefined || this.#blocks === undefined) return;
    event.preventDefault();
    this.#moveTo(this.#cursor + step);
  }

  #point({ offsetX, offsetY }: PointerEvent): void {
    const side = cellSide(this.#canvas.clientWidth);
    const column = Math.floor(offsetX / side);
    if (column < COLUMNS) this.#moveTo(Math.floor(offsetY / side) * COLUMNS + column);
  }

  #moveTo(cell: number): void {
    if (this.#blocks === undefined || cell < 0 || cell >= cellCount(this.#blocks) || cell === this.#cursor)
      return;
    this.#cursor = cell;
    this.#draw();
  }
}

/** undefined for what lies on none: holes, fragments, and what is in the metabox. */
function deviceOf({ place, device }: ShownExtent): number | undefined {
  if (place === 'device') return device;
  return place === 'image' ? 0 : undefined;
}

function cachedText({ size }: ShownBlocks, { where, cells }: ShownCached): string {
  if (cells === null) return where;
  const bytes = cells.reduce((sum, cell) => sum + cell, 0);
  return `${sizeText(bytes)} ${where}, ${percent(bytes / size)}`;
}

function readsText({ note, cells }: ShownReads): string {
  if (cells === null) return note;
  const read = cells.filter((count) => count > 0).length;
  return `${percent(read / cells.length)} was read, the most of it ${Math.max(0, ...cells)} times`;
}

function kindRows({ size, kinds }: ShownBlocks): HTMLElement[] {
  const known = kindsInOrder.flatMap((kind) => {
    const bytes = kinds.find((found) => found.kind === kind)?.bytes ?? 0;
    return bytes === 0 ? [] : [{ colour: kind as string, name: KINDS[kind], bytes }];
  });
  const left = size - known.reduce((sum, { bytes }) => sum + bytes, 0);
  return [...known, { colour: 'unknown', name: 'free or unknown', bytes: left }].map(
    ({ colour, name, bytes }) => {
      const swatch = element('span', { class: 'swatch' });
      swatch.style.background = `var(--${colour})`;
      return element(
        'tr',
        {},
        element('td', {}, swatch, name),
        element('td', { class: 'number' }, sizeText(bytes)),
        element('td', { class: 'number' }, percent(bytes / size)),
      );
    },
  );
}
