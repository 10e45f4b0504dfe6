/** Mounts and unmounts in a row, as a plain user; fewer than root's in an ordinary run. */
import { devFusePlain } from '../support/front-end.js';
import { mountRounds } from '../support/mount-rounds.js';

mountRounds(devFusePlain, Number(process.env.ROUNDS ?? 3));
