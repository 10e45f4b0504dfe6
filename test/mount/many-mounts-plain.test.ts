/** 100 mounts and unmounts in a row, as a plain user. */
import { devFusePlain } from '../support/front-end.js';
import { mountRounds } from '../support/mount-rounds.js';

mountRounds(devFusePlain, 100);
