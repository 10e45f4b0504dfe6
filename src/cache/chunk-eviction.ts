/**
 * Making room: the regions that were used least recently go, of whichever blob.
 *
 * LAW: first the records of a region go, then its bytes. Who still has a record in memory and reads zeros finds them by the
 * checksum, and looks the record up again. Two processes that evict at the same time choose the same regions.
 */
import { ftruncateSync } from 'node:fs';
import { blobFolders, removeLeftovers, roomOf, roomOfAll } from './cache-blobs.js';
import { type BlobFiles, openFiles, removeBlob } from './chunk-files.js';
import { punchHole } from './chunk-hole.js';
import { pinnedRegions } from './chunk-pins.js';
import { ChunkRecords } from './chunk-records.js';

/** What can be evicted at a time. */
interface Candidate {
  readonly folder: string;
  readonly region: number;
  readonly lastUse: number;
  /** of its chunks that are here */
  readonly bytes: number;
}

/** Bytes that a blob may take beyond its chunks before they are searched for: what is being written, and its index. */
const UNRECORDED = 16 * 2 ** 20;
/** Seconds since its last use after which nobody can still be writing to a region. */
const WRITING_TIME = 900;

/** Found out by trying: where parts of files cannot go, whole files do, by their own last use. */
let canPunch = true;

/** Frees at least `bytes` of disk where that much is there and not pinned; returns what it freed. Rejects with the system's error. */
export async function makeRoom(blobs: string, bytes: number): Promise<number> {
  const before = roomOfAll(blobs);
  removeLeftovers(blobs);
  const candidates: Candidate[] = [];
  for (const folder of blobFolders(blobs)) {
    const files = openFiles(folder, false);
    if (files === undefined) removeBlob(folder);
    else await closing(files, async () => void candidates.push(...(await survey(files))));
  }
  candidates.sort((a, b) => a.lastUse - b.lastUse);
  let needed = bytes - (before - roomOfAll(blobs));
  const chosen = new Map<string, number[]>();
  for (const { folder, region, bytes: freed } of candidates) {
    if (needed <= 0) break;
    needed -= freed;
    chosen.set(folder, [...(chosen.get(folder) ?? []), region]);
  }
  for (const [folder, regions] of chosen) {
    const files = openFiles(folder, false);
    if (files !== undefined) await closing(files, () => evict(files, regions));
  }
  return before - roomOfAll(blobs);
}

/** Gives back what a blob takes beside its chunks, which a crash may have left. Rejects with the system's error. */
export async function releaseUnrecorded(files: BlobFiles): Promise<void> {
  const records = new ChunkRecords(files);
  const latest = Date.now() / 1000 - WRITING_TIME;
  const empty: number[] = [];
  for (let region = 0; region < files.layout.regions; region++) {
    if (records.count(region) === 0 && records.lastUse(region) < latest) empty.push(region);
  }
  if (canPunch) await punch(files, empty);
}

async function survey(files: BlobFiles): Promise<Candidate[]> {
  const { folder, layout } = files;
  const records = new ChunkRecords(files);
  const pinned = pinnedRegions(folder);
  const found: Candidate[] = [];
  let sum = 0;
  let latest = 0;
  for (let region = 0; region < layout.regions; region++) {
    const bytes = records.count(region) * layout.chunkSize;
    const lastUse = records.lastUse(region);
    sum += bytes;
    latest = Math.max(latest, lastUse);
    if (bytes > 0 && !pinned.has(region)) found.push({ folder, region, lastUse, bytes });
  }
  if (roomOf(folder) - sum > UNRECORDED) await releaseUnrecorded(files);
  return canPunch ? found : found.map((candidate) => ({ ...candidate, lastUse: latest }));
}

async function evict(files: BlobFiles, regions: number[]): Promise<void> {
  const records = new ChunkRecords(files);
  for (const region of regions) records.clearRegion(region);
  regions.sort((a, b) => a - b);
  if (canPunch && (await punch(files, regions))) return;
  canPunch = false;
  if (pinnedRegions(files.folder).size > 0) return;
  for (let region = 0; region < files.layout.regions; region++) records.clearRegion(region);
  ftruncateSync(files.data);
}

/** Regions ascending; those that touch go in one piece. False where it cannot be done here. */
async function punch(files: BlobFiles, regions: readonly number[]): Promise<boolean> {
  const { regionSize } = files.layout;
  for (let first = 0, end = 1; end <= regions.length; end++) {
    if (end < regions.length && regions[end] === regions[end - 1]! + 1) continue;
    const done = await punchHole(files.data, regions[first]! * regionSize, (end - first) * regionSize);
    if (!done) return false;
    first = end;
  }
  return true;
}

async function closing(files: BlobFiles, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } finally {
    files.close();
  }
}
