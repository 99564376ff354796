import h5wasm from 'h5wasm';
import type { Dataset, File as H5File, Group } from 'h5wasm';
import type { ByteSource } from './byte_source';
import { TrialError } from './model';

const EIO = 29; // in the numbering of the library's file system
let mounted = 0;

interface Node {
  usedBytes: number;
  stream_ops: Record<string, unknown>;
}
interface FileSystem {
  createFile(parent: string, name: string, properties: object, canRead: boolean, canWrite: boolean): Node;
  ErrnoError: new (code: number) => Error;
}

// What last went wrong below the library, which itself only says that reading failed.
let readFailure = '';

/** Opens an HDF5 file whose bytes are read when the library wants them. */
export async function openHdf5(source: ByteSource): Promise<Hdf5> {
  const module = await h5wasm.ready;
  // Its errors are thrown, with their reason, rather than printed.
  module.activate_throwing_error_handler();
  const fs = module.FS as unknown as FileSystem;
  const name = `trial-${mounted++}.h5`;
  const node = fs.createFile('/', name, {}, true, false);
  Object.defineProperty(node, 'usedBytes', { get: () => source.size });
  node.stream_ops = {
    ...node.stream_ops,
    read(_: unknown, buffer: Int8Array, offset: number, length: number, position: number): number {
      const count = Math.max(0, Math.min(length, source.size - position));
      try {
        source.read(position, count, new Uint8Array(buffer.buffer, buffer.byteOffset), offset);
      } catch (error) {
        readFailure = String((error as Error).message);
        throw new fs.ErrnoError(EIO);
      }
      return count;
    },
  };
  let file: H5File;
  try {
    file = new h5wasm.File(`/${name}`, 'r');
    if (file.file_id < 0n) throw new Error('not opened');
  } catch {
    throw await whyNotOpened(source);
  }
  return new Hdf5(file);
}

async function whyNotOpened(source: ByteSource): Promise<TrialError> {
  if (readFailure) {
    return new TrialError(`The file could not be read: ${readFailure}.`,
                          'If medius replay has ended, start it again and open the address that it prints.');
  }
  if (source.size === 0) return new TrialError('The file is empty.', 'Copy it again from where it was made.');
  const start = new Uint8Array(Math.min(8, source.size));
  source.read(0, start.length, start, 0);
  const signature = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];
  if (!signature.every((byte, i) => start[i] === byte)) {
    return new TrialError('The file is no trial: it is not HDF5.',
                          'Open a .trial.h5 file; medius import makes one from C3D, TRC or tables.');
  }
  return new TrialError('The file is cut short or damaged: HDF5 cannot open it.',
                        'Copy it again from where it was made; medius info says what is whole.');
}

type Values = Float64Array | Float32Array | Int8Array | Uint8Array | Int16Array | BigInt64Array | BigUint64Array;

/** Reads names that a trial has. A missing one is undefined or empty; a broken one throws TrialError. */
export class Hdf5 {
  private readonly listed = new Map<string, string[]>();
  constructor(private readonly file: H5File) {}

  has(path: string): boolean {
    const slash = path.lastIndexOf('/');
    return this.keys(slash < 0 ? '' : path.slice(0, slash)).includes(path.slice(slash + 1));
  }

  /** Names in a group; '' is the file itself, and there are none where it is no group. */
  keys(path: string): string[] {
    let names = this.listed.get(path);
    if (!names) {
      const group = path === '' ? this.file : this.has(path) ? this.file.get(path) : null;
      names = isGroup(group) ? group.keys() : [];
      this.listed.set(path, names);
    }
    return names;
  }

  shape(path: string): number[] {
    return this.dataset(path)?.shape ?? [];
  }

  /** Shape of the pieces that lie together in the file; the dataset's own where it is in one piece. */
  chunk(path: string): number[] {
    const dataset = this.dataset(path);
    return dataset?.metadata.chunks ?? dataset?.shape ?? [];
  }

  /** Numbers of a dataset, rows begin to end where given. */
  numbers(path: string, rows?: [number, number]): Values {
    const dataset = this.dataset(path);
    if (!dataset) return new Float64Array(0);
    return guarded(path, () => {
      if (!rows) return dataset.value as Values;
      if (rows[0] === rows[1]) return new Float64Array(0);
      const others = (dataset.shape ?? []).slice(1).map(() => [] as []);
      return dataset.slice([rows, ...others]) as Values;
    });
  }

  float64(path: string, rows?: [number, number]): Float64Array {
    const values = this.numbers(path, rows);
    return values instanceof Float64Array ? values : Float64Array.from(values as Iterable<number>, Number);
  }

  texts(path: string): string[] {
    const dataset = this.dataset(path);
    if (!dataset) return [];
    const value = guarded(path, () => dataset.value);
    return (Array.isArray(value) ? value : [value]).map(plain);
  }

  /** An attribute as text; empty where it is not there. */
  text(path: string, name: string): string {
    return this.attributeTexts(path, name)[0] ?? '';
  }

  attributeTexts(path: string, name: string): string[] {
    const value = this.attribute(path, name);
    if (value === undefined || value === null) return [];
    return (Array.isArray(value) ? value : [value]).map(plain);
  }

  number(path: string, name: string): number {
    const value = this.attribute(path, name);
    if (value === undefined) return NaN;
    return Number(ArrayBuffer.isView(value) ? (value as unknown as ArrayLike<number>)[0] : value);
  }

  private attribute(path: string, name: string): unknown {
    const object = path === '/' ? this.file : this.has(path) ? this.file.get(path) : null;
    if (!object || !('attrs' in object)) return undefined;
    return guarded(`${path}@${name}`, () => object.attrs[name]?.value);
  }

  private dataset(path: string): Dataset | null {
    const found = this.has(path) ? this.file.get(path) : null;
    return isDataset(found) ? found : null;
  }
}

function isGroup(object: unknown): object is Group {
  return object instanceof h5wasm.Group;
}
function isDataset(object: unknown): object is Dataset {
  return object instanceof h5wasm.Dataset;
}

// Text of fixed length is padded with zero bytes.
function plain(value: unknown): string {
  return String(value ?? '').replace(/\0+$/, '');
}

/** What went wrong in words for whoever opened the trial; TrialErrors are that already. */
export function explained(error: unknown, what: string): TrialError {
  if (error instanceof TrialError) return error;
  const why = readFailure || String((error as Error).message ?? error).split('\n')[0];
  return new TrialError(`${what} cannot be read: ${why}.`,
                        readFailure ? 'If medius replay has ended, start it again and open the address that it prints.'
                                    : 'The file is damaged there; copy it again, and see what medius info says.');
}

function guarded<T>(path: string, read: () => T): T {
  try {
    readFailure = '';
    return read();
  } catch (error) {
    throw explained(error, path);
  }
}
