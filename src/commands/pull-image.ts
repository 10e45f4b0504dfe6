/** Fills the cache with an image: all of it, or what a plan says. What is here is passed over, so that a pull goes on where it ended. */
import type { BlobRange } from '../cache/source.js';
import { PrefetchError } from '../prefetch/errors.js';
import { prefetchMetadata } from '../prefetch/metadata.js';
import { prefetchPaths } from '../prefetch/paths.js';
import type { PrefetchPlan } from '../prefetch/plan.js';
import type { RemoteDevice, RemoteImage, RemoteLayer } from '../prefetch/remote-image.js';
import { replayTrace } from '../prefetch/replay.js';
import { PIECE_SIZE, type PieceTaker, prefetchWhole, requireRoom } from '../prefetch/whole.js';
import type { Proof } from '../proof/proof-spec.js';

export interface PulledImage extends RemoteImage {
  readonly layers: readonly PulledLayer[];
}

interface PulledLayer extends RemoteLayer {
  /** in the order of devices */
  readonly proofs: readonly Proof[];
}

export interface PullContext {
  /** bytes that the cache may take */
  readonly budget: number;
  /** told of what is left out while the rest goes on, such as a path that the image does not have */
  readonly report: (problem: Error) => void;
  /** bytes that are here, of so many; told as they come where all of an image is pulled */
  readonly progress?: (here: number, of: number) => void;
}

export interface Pulled {
  /** of all that the image has behind a network */
  readonly bytes: number;
  /** that came from there just now */
  readonly fetched: number;
}

/**
 * Settles when all that was asked for is durable, and of a whole image held against its proof. Rejects with PrefetchError, RemoteError,
 * and IntegrityError or LayerError for what does not match.
 */
export async function pullImage(
  image: PulledImage,
  plan: PrefetchPlan,
  { budget, report, progress }: PullContext,
): Promise<Pulled> {
  const { blobs } = image;
  if (blobs.length === 0) {
    throw new PrefetchError(
      'not-remote',
      'the image is here; only one behind an http or https URL, or in a registry, can be pulled',
    );
  }
  const bytes = blobs.reduce((sum, { size }) => sum + size, 0);
  if (plan.amount === 'all') requireRoom(blobs, budget);
  for (const trace of plan.traces) await replayTrace(image, trace, report);
  if (plan.paths.length > 0) await prefetchPaths(image, plan.paths, report);
  if (plan.amount === 'metadata') await prefetchMetadata(image);
  if (plan.amount === 'all') {
    let here = 0;
    for (const blob of blobs) {
      const check = checkOf(image, blob);
      await prefetchWhole(blob, async (piece) => {
        await check?.(piece);
        here += piece.length;
        progress?.(here, bytes);
      });
    }
  }
  for (const blob of blobs) {
    await blob.flush();
    await blob.settled?.();
  }
  return { bytes, fetched: blobs.reduce((sum, { counters }) => sum + counters.bytesFetched, 0) };
}

/** Holds each piece of a blob against the blob's proof, if it has one. */
function checkOf(image: PulledImage, blob: RemoteDevice['blob']): PieceTaker | undefined {
  for (const layer of image.layers) {
    const device = layer.devices.findIndex((found) => found?.blob === blob);
    if (device >= 0)
      return layer.proofs[device]!.kind === 'none' ? undefined : checkOfDevice(image, layer, device);
  }
  return undefined;
}

function checkOfDevice(image: PulledImage, layer: PulledLayer, device: number): PieceTaker {
  const { base } = layer.devices[device]!;
  const { bytes } = layer.image;
  const size = bytes.sizes[device]!;
  const buffers: Uint8Array[] = [];
  return async (piece: BlobRange) => {
    const offset = Math.max(0, piece.offset - base);
    const length = Math.min(size, piece.offset + piece.length - base) - offset;
    if (length <= 0) return;
    const buffer = buffers.pop() ?? new Uint8Array(PIECE_SIZE);
    // reading is checking; what does not match is asked for again, from another mirror where there is one
    await image.run(() => bytes.copy(buffer.subarray(0, length), device, offset));
    buffers.push(buffer);
  };
}
