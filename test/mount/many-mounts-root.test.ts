/** Mounts and unmounts in a row, as root. */
import { devFuseRoot } from '../support/front-end.js';
import { mountRounds } from '../support/mount-rounds.js';

mountRounds(devFuseRoot, Number(process.env.ROUNDS ?? 5));
