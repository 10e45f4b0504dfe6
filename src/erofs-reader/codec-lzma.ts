/**
 * MicroLZMA: our own decoder alone, 20 to 55 MB/s. The npm packages are slower (lzma1: two thirds of that) or want a
 * newer Node, take no raw stream and decode no part of one (@napi-rs/lzma, 1.6 times as fast).
 */
import type { Codec } from './codec.js';
import { decodeLzma } from './lzma-block.js';

export const codec: Codec = { decode: decodeLzma };
