/** ZSTD by the fastest decoder of frames that this Node.js has. */
import { zstdCodec } from './codec-zstd-frame.js';
import { decodeFrame } from './zstd.js';

export const codec = zstdCodec(decodeFrame);
