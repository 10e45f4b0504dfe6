/** How often the cells of a device were read through the mount that is shown, as that mount has counted: in cells of its own. */
import { openFileSource } from '../cache/file-source.js';
import { askReads } from '../control/control-client.js';
import { ControlError } from '../control/control-error.js';
import type { OpenedLayer } from '../open.js';
import { heatCellSize, heatKey, type ReadCells } from '../statistics/read-heat.js';
import type { BlockCells } from './block-cells.js';
import type { DeviceFile } from './cached-cells.js';
import type { ShownReads } from './shapes.js';

const NO_FILE: ShownReads = { note: 'unknown: the image is put together of several files', cells: null };
const NOT_READ: ShownReads = {
  note: 'nothing was read of it yet, or by another file of the same name',
  cells: null,
};

interface Counted {
  readonly id: string;
  readonly size: number;
  /** where the device begins in it */
  readonly base: number;
}

/** `socket` is the mount's. Rejects with the system's error where a file is gone. */
export async function deviceReads(
  layer: OpenedLayer,
  device: number,
  cells: BlockCells,
  { file, socket }: { readonly file: DeviceFile | undefined; readonly socket: string | null },
): Promise<ShownReads> {
  if (socket === null) return { note: 'unknown: the mount cannot be asked', cells: null };
  const counted = countedAs(layer, device, file);
  if (counted === undefined) return NO_FILE;
  try {
    const reads = (await askReads(socket)).find(({ key }) => key === heatKey(counted.id));
    return reads === undefined ? NOT_READ : { note: 'reads', cells: shownCells(cells, counted, reads) };
  } catch (error) {
    if (!(error instanceof ControlError)) throw error;
    return { note: `unknown: ${error.message}`, cells: null };
  }
}

function countedAs(layer: OpenedLayer, device: number, file: DeviceFile | undefined): Counted | undefined {
  const remote = layer.devices[device];
  if (remote !== undefined) return { id: remote.blob.id, size: remote.blob.size, base: remote.base };
  if (file === undefined) return undefined;
  const source = openFileSource(file.path);
  source.close();
  return { id: source.id, size: source.size, base: file.base };
}

/** Of each cell that is shown, the most that was counted in a cell of the mount's which it touches. */
function shownCells({ size, cellSize }: BlockCells, counted: Counted, { cells }: ReadCells): number[] {
  const countedSize = heatCellSize(counted.size);
  return Array.from({ length: Math.ceil(size / cellSize) }, (_, cell) => {
    const start = counted.base + cell * cellSize;
    const last = counted.base + Math.min(size, (cell + 1) * cellSize) - 1;
    let most = 0;
    for (let i = Math.floor(start / countedSize); i * countedSize <= last; i++)
      most = Math.max(most, cells[i] ?? 0);
    return most;
  });
}
