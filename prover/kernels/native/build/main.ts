/** `npm run build:native`: the libraries of every instruction set of this architecture, whatever an earlier build left behind. */
import { AttributionError } from '../../../../src/errors/base.js';
import { cpuSources, librarySources } from './sources.js';
import { archIsas, ISAS } from './isa.js';
import { buildLibrary, type LibraryBuild } from './library.js';

try {
  const sources = librarySources();
  const builds: LibraryBuild[] = [
    { name: 'cpu', flags: [], sources: cpuSources() }, ...archIsas().map((isa) => ({ name: isa, flags: ISAS[isa].flags, sources })),
  ];
  for (const build of builds) {
    const { path, compiler, seconds } = await buildLibrary(build, { fresh: true, progress: (message) => console.log(message) });
    console.log(`${build.name}: ${seconds === 0 ? 'built before' : `${seconds.toFixed(1)} s`}, ${compiler}, ${path}`);
  }
} catch (error) {
  console.error(error instanceof AttributionError ? `error [${error.code}] ${error.message}` : error);
  process.exitCode = 1;
}
