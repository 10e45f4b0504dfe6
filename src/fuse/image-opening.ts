/**
 * The two ways in which a mount opens its image.
 *
 * LAW: a thread that answers requests at once asks no network; what is not here is a Miss there, and the request goes to the
 * thread that waits. Of an image that is all here there is no such thread's image, and no request ever waits.
 */
import { type ImageSpec, isAllHere, type OpenedImage, openImage, type ProblemReport } from '../open.js';
import type { PrefetchStep } from '../prefetch/prefetch.js';
import type { PrefetchAmount } from '../prefetch/prefetch-options.js';
import type { ReadonlyTree } from '../tree/tree.js';
import type { LiveState } from './transport.js';

/** Of a mount, unless it is told otherwise. */
export const DEFAULT_AMOUNT: PrefetchAmount = 'metadata';

export type ImageOpener = (spec: ImageSpec, report: ProblemReport) => Promise<OpenedImage>;

/** What is needed of an image to serve it where waiting is possible. */
export interface WaitingImage {
  readonly tree: ReadonlyTree;
  /** see OpenedImage.known */
  readonly known: OpenedImage['known'];
  /** see OpenedImage.blobs */
  readonly blobs?: OpenedImage['blobs'];
  /** what is being fetched ahead at this moment */
  readonly prefetching?: () => PrefetchStep | undefined;
  /** see OpenedImage.run; rejects with the signal's reason */
  run<T>(operation: () => T, signal?: AbortSignal): T | Promise<T>;
  close(): void;
}

/** For a thread that cannot wait. Rejects with code 'offline' where what opening takes is not here. */
export const openAtOnce: ImageOpener = (spec, report) => openImage(spec, report);

/**
 * For the thread that can; undefined for an image of which every byte is here. Until it is closed, what the spec says is fetched
 * ahead, and what is read is written down where it says so.
 */
export function openToWait(spec: ImageSpec, report: ProblemReport): Promise<WaitingImage> | undefined {
  return isAllHere(spec) ? undefined : openAndPrefetch(spec, report);
}

/** What fetches ahead is loaded for images that may have to wait alone. */
async function openAndPrefetch(spec: ImageSpec, report: ProblemReport): Promise<WaitingImage> {
  const [{ readPlan }, { Prefetch }, { TraceRecorder }] = await Promise.all([
    import('../prefetch/plan.js'),
    import('../prefetch/prefetch.js'),
    import('../prefetch/trace-recorder.js'),
  ]);
  const { prefetch: wanted, cacheSize: budget = 0 } = spec.remote ?? {};
  // a trace is to hold what programs read, and nothing else
  const plan = readPlan(wanted, wanted?.recordFile === undefined ? DEFAULT_AMOUNT : 'none');
  const recorder =
    wanted?.recordFile === undefined ? undefined : new TraceRecorder(wanted.recordFile, { report });
  let opened: OpenedImage;
  try {
    opened = await openImage(spec, report, recorder && ((...read) => recorder.note(...read)));
  } catch (error) {
    recorder?.close();
    throw error;
  }
  for (const blob of opened.blobs) blob.approach?.();
  const prefetch = spec.remote?.offline === true ? undefined : new Prefetch(opened, plan, { budget, report });
  return {
    ...opened,
    prefetching: () => prefetch?.doing,
    close: () => {
      prefetch?.stop();
      recorder?.close();
      opened.close();
    },
  };
}

/** `waiting`: requests that wait for bytes. Of an image that is all here there is nothing to tell. */
export function liveState(image: WaitingImage | undefined, waiting: number): LiveState {
  return { waiting, blobs: image?.blobs ?? [], prefetching: image?.prefetching?.() };
}

/** What a thread is told to open that answers at once, beside the one that opened `image` to wait. */
export function specAtOnce(spec: ImageSpec, waiting: Pick<WaitingImage, 'known'> | undefined): ImageSpec {
  const { known } = waiting ?? {};
  return known === undefined || spec.remote === undefined
    ? spec
    : { ...spec, remote: { ...spec.remote, offline: true, known } };
}
