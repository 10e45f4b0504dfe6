/** What `erofs status` says of one mount. */
import type { BlobStatus, LayerStatus, MountStatus, ProblemStatus } from '../control/controlled-mount.js';
import type { FoundMount } from './live-mounts.js';
import { quoteName } from './quote.js';
import { sizeText, timeSpanText } from './size-text.js';

export type Line = readonly [label: string, text: string];

const LABEL_WIDTH = 12;

/** One object; what is not known is null. */
export function statusJson({ mountpoint, state, source, type, pid, status }: FoundMount) {
  const { image = source, driver = state === 'kernel' ? 'kernel' : 'fuse', ...told } = status ?? {};
  const total = status && sizes(status.blobs);
  return {
    ...{ mountpoint, state, type, image, driver },
    ...{ device: null, transport: null, reason: null, started: null, uptime: null, memory: null },
    ...{ log_file: null, log_level: null, metrics: null, layers: [], blobs: [], prefetching: null },
    ...{ waiting: null, failures: null, last_error: null },
    ...told,
    kept_bytes: total?.kept ?? null,
    total_bytes: total?.size ?? null,
    pid,
  };
}

/** The mountpoint, and a line for each fact. */
export function statusText(mount: FoundMount): string[] {
  const lines = statusFacts(mount).map(([label, text]) => `  ${label.padEnd(LABEL_WIDTH)}${text}`);
  return [quote(mount.mountpoint), ...lines];
}

export function statusFacts(mount: FoundMount): Line[] {
  const { status } = mount;
  return status === null ? withoutStatus(mount) : withStatus(mount, status);
}

const quote = (text: string): string => quoteName(Buffer.from(text));

function withoutStatus({ mountpoint, state, source, type, pid }: FoundMount): Line[] {
  const image: Line = ['image', quote(source)];
  switch (state) {
    case 'kernel':
      return [image, ['driver', "kernel: the kernel's own erofs, without a server"]];
    case 'dead':
      return [
        image,
        ['driver', `fuse (${type})`],
        ['server', `has died; clean it: erofs umount ${quote(mountpoint)}`],
      ];
    default:
      return [
        image,
        ['driver', `fuse (${type})`],
        ['server', `process ${pid} does not answer: it hangs, is stopped, or has no control socket`],
        ['end it', `erofs umount --force ${quote(mountpoint)}`],
      ];
  }
}

function withStatus({ state }: FoundMount, status: MountStatus): Line[] {
  const { image, transport, reason, pid, uptime, memory, log_file, metrics, waiting, blobs, last_error } =
    status;
  return [
    ['image', quote(image)],
    ...(state === 'hidden'
      ? ([['state', 'not in this mount table: detached, or of another namespace']] as Line[])
      : []),
    ['driver', `fuse, transport ${transport}${reason === null ? '' : `; ${reason}`}`],
    ...layerLines(status.layers),
    ...(blobs.length === 0 ? [] : [hereLine(status)]),
    ...(waiting === 0 ? [] : [['waiting', `${waiting} requests for bytes`] as Line]),
    ['server', `process ${pid}, for ${timeSpanText(uptime)}, ${sizeText(memory)} of memory`],
    ...(log_file === null ? [] : [['log', `${quote(log_file)} (${status.log_level})`] as Line]),
    ...(metrics === null ? [] : [['metrics', `http://${metrics}/metrics`] as Line]),
    ...(last_error === null ? [] : [['last error', errorText(last_error)] as Line]),
  ];
}

/** A line for neighbours of which the same is to be said. */
function layerLines(layers: readonly LayerStatus[]): Line[] {
  const lines: Line[] = [];
  for (let first = 0, end = 0; first < layers.length; first = end) {
    const { name, guarantee } = layers[first]!;
    while (layers[end]?.guarantee === guarantee) end++;
    const which = end - first === 1 ? quote(name) : `${first + 1} to ${end}`;
    const text = guarantee === 'none' ? 'not verified' : guarantee;
    lines.push([first === 0 ? 'verified' : '', layers.length === 1 ? text : `${which}: ${text}`]);
  }
  return lines;
}

function hereLine({ blobs, prefetching }: MountStatus): Line {
  const { kept, size } = sizes(blobs);
  const share = size === 0 ? 100 : Math.floor((kept / size) * 100);
  const ahead = prefetching === null ? '' : `; fetching ahead: ${prefetching}`;
  return ['here', `${sizeText(kept)} of ${sizeText(size)} (${share} %)${ahead}`];
}

const sizes = (blobs: readonly BlobStatus[]): { readonly kept: number; readonly size: number } => ({
  kept: blobs.reduce((sum, blob) => sum + blob.kept, 0),
  size: blobs.reduce((sum, blob) => sum + blob.size, 0),
});

function errorText({ time, operation, nid, message }: ProblemStatus): string {
  const where = nid === null ? '' : ` of inode ${nid}`;
  const what = operation === null ? '' : `${operation}${where}: `;
  return `${new Date(time).toISOString()} ${what}${quote(message)}`;
}
