/** Where the tiles of a treemap lie: the only importer of d3-hierarchy. Pure. */
import { hierarchy, treemap } from 'd3-hierarchy';
import type { Measure, ShownTile } from '../shapes.js';

/** Pixels. */
export interface PlacedTile {
  readonly tile: ShownTile;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** a point of its own: the middle, or of a folder with tiles in it the middle of its title */
  readonly labelX: number;
  readonly labelY: number;
}

const TITLE = 17;
const GAP = 2;
/** Pixels of the smallest side that can be seen. */
const VISIBLE = 2;

/** Folders before what they contain; the folder that is shown itself is left out. */
export function layTiles(root: ShownTile, measure: Measure, width: number, height: number): PlacedTile[] {
  const sizeOf = ({ stored_bytes, plain_bytes }: ShownTile) =>
    measure === 'stored' ? stored_bytes : plain_bytes;
  const tree = hierarchy(root, ({ tiles }) => tiles as ShownTile[] | undefined)
    .sum((tile) => (tile.tiles === undefined ? sizeOf(tile) : 0))
    .sort((a, b) => (b.value ?? 0) - (a.value ?? 0));
  const lay = treemap<ShownTile>()
    .size([width, height])
    .round(true)
    .paddingInner(GAP)
    .paddingOuter((node) => (node.depth === 0 ? 0 : GAP))
    .paddingTop((node) => (node.depth === 0 ? 0 : TITLE));
  return lay(tree)
    .descendants()
    .filter(({ depth, x0, x1, y0, y1 }) => depth > 0 && x1 - x0 >= VISIBLE && y1 - y0 >= VISIBLE)
    .map(({ data, children, x0, x1, y0, y1 }) => ({
      tile: data,
      ...{ x: x0, y: y0, width: x1 - x0, height: y1 - y0 },
      labelX: (x0 + x1) / 2,
      labelY: children === undefined ? (y0 + y1) / 2 : y0 + TITLE / 2,
    }));
}
