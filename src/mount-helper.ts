#!/usr/bin/env node
/** The command `mount.fuse.erofs`. */
import { loadProgram } from './load-program.js';

loadProgram('mount-command');
