/**
 * The program that reads files and says how long that took, without its own start:
 *
 *   node reader-program.js files FOLDER LIST          each file of a list of paths, wholly
 *   node reader-program.js sequential FILE PIECE      a file from start to end, PIECE bytes at a time
 *   node reader-program.js random FILE PIECE COUNT    COUNT times PIECE bytes, at the same places each time
 *
 * Prints {"seconds": …, "bytes": …}.
 */
import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { Random } from '../../test/support/random.js';

const SEED = 11;

function wholly(descriptor: number, buffer: Uint8Array): number {
  let bytes = 0;
  for (;;) {
    const read = readSync(descriptor, buffer);
    if (read === 0) return bytes;
    bytes += read;
  }
}

function files(folder: string, list: string): number {
  const buffer = Buffer.alloc(1 << 20);
  let bytes = 0;
  for (const path of readFileSync(list, 'utf8').trimEnd().split('\n')) {
    const descriptor = openSync(join(folder, path), 'r');
    bytes += wholly(descriptor, buffer);
    closeSync(descriptor);
  }
  return bytes;
}

function sequential(file: string, piece: number): number {
  const descriptor = openSync(file, 'r');
  const bytes = wholly(descriptor, Buffer.alloc(piece));
  closeSync(descriptor);
  return bytes;
}

function random(file: string, piece: number, count: number): number {
  const descriptor = openSync(file, 'r');
  const pieces = Math.floor(fstatSync(descriptor).size / piece);
  const buffer = Buffer.alloc(piece);
  const places = new Random(SEED);
  let bytes = 0;
  for (let i = 0; i < count; i++)
    bytes += readSync(descriptor, buffer, 0, piece, places.below(pieces) * piece);
  closeSync(descriptor);
  return bytes;
}

const [way, path = '', second = '', third = ''] = process.argv.slice(2);
const started = performance.now();
const bytes =
  way === 'files'
    ? files(path, second)
    : way === 'sequential'
      ? sequential(path, Number(second))
      : random(path, Number(second), Number(third));
const seconds = (performance.now() - started) / 1000;
console.log(JSON.stringify({ seconds, bytes }));
