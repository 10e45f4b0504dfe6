#!/usr/bin/env node
/** The command `erofs`. Answers --version itself: to load the rest takes as long again as to start Node.js. */
import { loadProgram } from './load-program.js';
import { versionLine } from './programs.js';

const [first, ...more] = process.argv.slice(2);
if (first === '--version' && more.length === 0) console.log(versionLine());
else loadProgram('command');
