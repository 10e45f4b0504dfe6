/** The first lines of each page. */
import { version } from '../src/programs.js';
import { escaped } from './roff.js';

const SECTIONS = { 1: 'User Commands', 8: 'System Administration' };
/** When package.json got its version. */
const DATE = '2026-11-21';

export const titleLine = (name: string, number: keyof typeof SECTIONS): string =>
  [
    '.\\" Written by npm run man from what the commands declare and from manual/prose: edit those.',
    `.TH ${escaped(name.toUpperCase())} ${number} ${DATE} "erofsjs ${version()}" "${SECTIONS[number]}"`,
    // spaces are not to be stretched
    '.ad l',
  ].join('\n');
