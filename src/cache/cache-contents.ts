/** What is kept, blob by blob, for people who look after it. */
import { basename } from 'node:path';
import { blobFolders, roomOf } from './cache-blobs.js';
import { releaseUnrecorded } from './chunk-eviction.js';
import { type BlobFiles, openFiles, removeBlob } from './chunk-files.js';
import { ChunkReader } from './chunk-reader.js';
import { ChunkRecords } from './chunk-records.js';

export interface KeptBlob {
  /** the name of its folder: 40 hexadecimal digits */
  readonly key: string;
  readonly folder: string;
  /** what people call it: a URL without secrets */
  readonly name: string;
  /** bytes of the blob */
  readonly size: number;
  /** bytes */
  readonly chunkSize: number;
  readonly chunks: number;
  readonly chunksKept: number;
  /** bytes of disk */
  readonly room: number;
  /** seconds since 1970, 0 for never */
  readonly lastUse: number;
}

/** What checking the kept chunks of a blob found; damaged ones are not here any more. */
export interface ChunkCheck {
  readonly intact: number;
  readonly damaged: number;
}

/** All of them by name; one whose index is damaged is none. Throws the system's error. */
export function keptBlobs(blobs: string): KeptBlob[] {
  return blobFolders(blobs)
    .map((folder) => withFiles(folder, true, describe))
    .filter((blob) => blob !== undefined)
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * Reads all that is kept of a blob; undefined where it has gone. `progress` is told of each chunk, and of how many there are.
 * Throws the system's error.
 */
export function checkBlob(
  folder: string,
  progress: (chunks: number, of: number) => void = () => {},
): ChunkCheck | undefined {
  return withFiles(folder, false, (files) => {
    const reader = new ChunkReader(files, new ChunkRecords(files));
    const found = { intact: 0, damaged: 0, absent: 0 };
    const { chunks } = files.layout;
    for (let chunk = 0; chunk < chunks; chunk++) {
      found[reader.check(chunk)]++;
      progress(chunk + 1, chunks);
    }
    return found;
  });
}

/**
 * Removes blobs with a damaged index and those of which nothing is kept, and gives back what others take beside their
 * chunks. Returns how many were removed; rejects with the system's error.
 */
export async function tidyBlobs(blobs: string): Promise<number> {
  let removed = 0;
  for (const folder of blobFolders(blobs)) {
    const files = openFiles(folder, false);
    try {
      if (files !== undefined && describe(files).chunksKept > 0) await releaseUnrecorded(files);
      else {
        removeBlob(folder);
        removed++;
      }
    } finally {
      files?.close();
    }
  }
  return removed;
}

function describe(files: BlobFiles): KeptBlob {
  const { folder, header, layout } = files;
  const records = new ChunkRecords(files);
  let chunksKept = 0;
  let lastUse = 0;
  for (let region = 0; region < layout.regions; region++) {
    chunksKept += records.count(region);
    lastUse = Math.max(lastUse, records.lastUse(region));
  }
  const { name, size, chunkSize } = header;
  const { chunks } = layout;
  return {
    key: basename(folder),
    folder,
    name,
    size,
    chunkSize,
    chunks,
    chunksKept,
    room: roomOf(folder),
    lastUse,
  };
}

function withFiles<T>(folder: string, readOnly: boolean, work: (files: BlobFiles) => T): T | undefined {
  const files = openFiles(folder, readOnly);
  if (files === undefined) return undefined;
  try {
    return work(files);
  } finally {
    files.close();
  }
}
