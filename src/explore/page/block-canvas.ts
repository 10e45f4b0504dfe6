/** The cells of a device as a picture: each cell is filled from left to right with the colours of what lies in it. */
import type { BlockKind, ShownBlocks } from '../shapes.js';

export const COLUMNS = 64;

/** From the metadata to the data; the order of the table, and of the colours within a cell. */
export const KINDS: Readonly<Record<BlockKind, string>> = {
  superblock: 'superblock and tables',
  inode: 'inodes',
  xattr: 'extended attributes',
  directory: 'directories',
  index: 'indexes of compressed files',
  'chunk-table': 'chunk tables',
  inline: 'data behind inodes',
  plain: 'plain data',
  lz4: 'LZ4',
  lzma: 'LZMA',
  deflate: 'DEFLATE',
  zstd: 'Zstandard',
  packed: 'packed inode (fragments)',
  metabox: 'metabox',
  outside: 'behind the file system',
};

export const kindsInOrder = Object.keys(KINDS) as BlockKind[];

export interface Picture {
  readonly blocks: ShownBlocks;
  /** by cell, how strong it is drawn, 0 to 1; undefined: all are the same */
  readonly strengths: readonly number[] | undefined;
  /** cells of the file that is shown */
  readonly marked: ReadonlySet<number>;
  readonly cursor: number;
}

/** How strong a cell of strength 0 is. */
const FAINT = 0.2;

export const cellCount = ({ size, cell_size }: ShownBlocks): number => Math.ceil(size / cell_size);

/** Pixels of a cell's side in a canvas of that width; small images have few cells, which need not be huge. */
export const cellSide = (width: number): number => Math.max(4, Math.floor(width / COLUMNS));

export function drawBlocks(canvas: HTMLCanvasElement, picture: Picture): void {
  const { blocks, strengths, marked, cursor } = picture;
  const count = cellCount(blocks);
  const side = cellSide(canvas.clientWidth);
  const scale = devicePixelRatio;
  const rows = Math.ceil(count / COLUMNS);
  canvas.style.height = `${rows * side}px`;
  canvas.width = canvas.clientWidth * scale;
  canvas.height = rows * side * scale;
  const context = canvas.getContext('2d')!;
  context.scale(scale, scale);
  const style = getComputedStyle(canvas);
  const colour = (name: string) => style.getPropertyValue(`--${name}`);
  const kinds = blocks.kinds
    .map(({ kind, cells }) => ({ order: kindsInOrder.indexOf(kind), fill: colour(kind), cells }))
    .sort((a, b) => a.order - b.order);
  const unknown = colour('unknown');
  context.fillStyle = colour('ground');
  context.fillRect(0, 0, canvas.clientWidth, rows * side);
  const inner = side > 6 ? side - 1 : side;
  for (let cell = 0; cell < count; cell++) {
    const x = (cell % COLUMNS) * side;
    const y = Math.floor(cell / COLUMNS) * side;
    const length = lengthOf(blocks, cell);
    context.globalAlpha = strengths === undefined ? 1 : FAINT + (1 - FAINT) * (strengths[cell] ?? 0);
    context.fillStyle = unknown;
    context.fillRect(x, y, inner, inner);
    let from = 0;
    for (const { fill, cells } of kinds) {
      const width = (cells[cell]! / length) * inner;
      if (width === 0) continue;
      context.fillStyle = fill;
      context.fillRect(x + from, y, width, inner);
      from += width;
    }
  }
  context.globalAlpha = 1;
  context.lineWidth = 1.5;
  context.strokeStyle = colour('text');
  for (const cell of marked) outline(context, cell, side, 0.5);
  context.lineWidth = 2;
  context.strokeStyle = colour('accent');
  outline(context, cursor, side, 0);
}

export const lengthOf = ({ size, cell_size }: ShownBlocks, cell: number): number =>
  Math.min(cell_size, size - cell * cell_size);

function outline(context: CanvasRenderingContext2D, cell: number, side: number, inset: number): void {
  const x = (cell % COLUMNS) * side + inset;
  const y = Math.floor(cell / COLUMNS) * side + inset;
  context.strokeRect(x, y, side - 1 - 2 * inset, side - 1 - 2 * inset);
}
