// Makes the trials that the browser tests open, through the program itself. Kept until program or script change.
import { execFile, execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const source = resolve(import.meta.dirname ?? __dirname, '../../..');
export const PROGRAM = process.env.MEDIUS_PROGRAM ?? join(source, 'build/release/bin/medius');
export const OUTPUT = process.env.MEDIUS_REPLAY_OUTPUT ?? join(source, 'build/release/replay/browser');
export const TRIALS = join(OUTPUT, 'trials');
export const SCREENSHOTS = join(OUTPUT, 'screenshots');
const REAL = process.env.MEDIUS_REAL_DATA_DIR ?? join(source, '../shared/real');
const ALTER = join(source, 'replay/tests/browser/alter_trial.py');
export const HAS_REAL = existsSync(join(REAL, 'hamner-subject02-run/subject02_running.trc'));

export function trial(name: string): string {
  return join(TRIALS, `${name}.trial.h5`);
}

export function medius(...words: string[]): string {
  return execFileSync(PROGRAM, words, { cwd: TRIALS, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}
// Debian's own Python, which has Debian's h5py.
export async function alter(...words: string[]): Promise<void> {
  const python = existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3';
  await promisify(execFile)(python, [ALTER, ...words]);
}

function virtualRun(): void {
  writeFileSync(join(TRIALS, 'small.toml'),
    'name = "small"\nseed = 7\nrate_hz = 200\n[run]\nduration = 12.0\n' +
    '[effects]\nnoise_px = 0.3\ndrop_rate = 0.001\nreflections = 0.1\n');
  medius('simulate', 'small.toml', '-o', '.');
  medius('reconstruct', 'static.trial.h5', '--rig', 'rig.toml', '-o', 'static.trial.h5');
  medius('reconstruct', 'run.trial.h5', '--rig', 'rig.toml', '-o', 'run.trial.h5');
  copyFileSync(trial('run'), trial('never-analyzed'));
  const analyze = (to: string, ...options: string[]) =>
    medius('analyze', 'never-analyzed.trial.h5', '--static', 'static.trial.h5', '--markers', 'virtual_lab', '-o', to, ...options);
  analyze('run.trial.h5');
  analyze('other-method.trial.h5', '--cutoff-hz', '8');
  copyFileSync(trial('run'), trial('second'));
}

async function badFiles(): Promise<void> {
  await alter('no-set', trial('run'), trial('no-marker-set'));
  await alter('html', trial('run'), trial('html'));
  await alter('gaps', trial('run'), trial('gaps'));
  await alter('other', trial('other-hdf5'));
  copyFileSync(trial('run'), trial('truncated'));
  truncateSync(trial('truncated'), Math.floor(statSync(trial('run')).size / 2));
  writeFileSync(trial('text'), 'time,x,y\n0,1,2\n');
  writeFileSync(trial('empty'), '');
}

function realRun(): void {
  const folder = join(REAL, 'hamner-subject02-run');
  medius('import', join(folder, 'subject02_running.trc'), '--markers', 'hamner', '-o', 'real.trial.h5');
  medius('import', join(folder, 'subject02_static.trc'), '--markers', 'hamner', '--activity', 'static', '-o', 'real-static.trial.h5');
  medius('analyze', 'real.trial.h5', '--static', 'real-static.trial.h5', '--markers', 'hamner', '-o', 'real.trial.h5');
}

export default async function setup(): Promise<void> {
  const stamp = join(TRIALS, 'made-by');
  const made = [PROGRAM, ALTER, join(source, 'replay/tests/browser/trials.ts')].map((path) => statSync(path).mtimeMs).join(' ');
  mkdirSync(SCREENSHOTS, { recursive: true });
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === made) return;
  rmSync(TRIALS, { recursive: true, force: true });
  mkdirSync(TRIALS, { recursive: true });
  virtualRun();
  await badFiles();
  if (HAS_REAL) realRun();
  writeFileSync(stamp, made);
}
