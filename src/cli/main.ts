#!/usr/bin/env node
import { createProgram, errorText } from './program.js';

try {
  await createProgram().parseAsync();
} catch (error) {
  console.error(errorText(error));
  process.exitCode = 1;
}
