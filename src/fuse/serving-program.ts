/** The program of a process that serves a mount under a supervisor. */
import { DEVICE_PARTS } from './dev-fuse.js';
import { Serving } from './serving.js';

process.umask(0o022);
new Serving(DEVICE_PARTS);
