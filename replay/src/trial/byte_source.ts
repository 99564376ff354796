/** Bytes of a trial, wherever they are. Synchronous, for a worker: the HDF5 library reads while it waits. */
export interface ByteSource {
  readonly size: number;
  /** Copies bytes [begin, begin + count) into `to` at `offset`; all of them lie inside the file. */
  read(begin: number, count: number, to: Uint8Array, offset: number): void;
}

export class MemoryBytes implements ByteSource {
  readonly size: number;
  constructor(private readonly bytes: Uint8Array) {
    this.size = bytes.length;
  }
  read(begin: number, count: number, to: Uint8Array, offset: number): void {
    to.set(this.bytes.subarray(begin, begin + count), offset);
  }
}

const BLOCK_BYTES = 1 << 18;
const MOST_BLOCKS = 384; // 96 MB: a run of an hour is read again rather than held

/** Blocks of a source that is slow to ask, the last used ones kept. */
export class CachedBytes implements ByteSource {
  private readonly blocks = new Map<number, Uint8Array>();
  /** @param fetch  bytes [begin, end), all inside the file. */
  constructor(readonly size: number, private readonly fetch: (begin: number, end: number) => Uint8Array,
              private readonly blockBytes = BLOCK_BYTES, private readonly mostBlocks = MOST_BLOCKS) {}

  read(begin: number, count: number, to: Uint8Array, offset: number): void {
    let at = begin;
    while (at < begin + count) {
      const index = Math.floor(at / this.blockBytes);
      const from = at - index * this.blockBytes;
      const part = this.block(index).subarray(from, from + begin + count - at);
      to.set(part, offset + at - begin);
      at += part.length;
    }
  }

  private block(index: number): Uint8Array {
    let block = this.blocks.get(index);
    if (block) {
      this.blocks.delete(index); // and to the end: the first is the one used longest ago
    } else {
      const begin = index * this.blockBytes;
      const end = Math.min(begin + this.blockBytes, this.size);
      block = this.fetch(begin, end);
      if (block.length !== end - begin) throw new Error(`bytes ${begin} to ${end} did not come`);
      if (this.blocks.size >= this.mostBlocks) this.blocks.delete(this.blocks.keys().next().value as number);
    }
    this.blocks.set(index, block);
    return block;
  }
}

/** A file behind a URL, read by ranges. Throws where the server is gone. */
export function httpBytes(url: string): ByteSource {
  const head = request('HEAD', url);
  const size = Number(head.getResponseHeader('Content-Length'));
  if (!Number.isSafeInteger(size) || head.getResponseHeader('Accept-Ranges') !== 'bytes') {
    throw new Error('the server does not serve ranges');
  }
  return new CachedBytes(size, (begin, end) => {
    const answer = request('GET', url, `bytes=${begin}-${end - 1}`);
    if (answer.status !== 206) throw new Error(`the server answered ${answer.status} to a range`);
    return new Uint8Array(answer.response as ArrayBuffer);
  });
}

function request(method: string, url: string, range?: string): XMLHttpRequest {
  const xhr = new XMLHttpRequest();
  xhr.open(method, url, false);
  xhr.responseType = 'arraybuffer';
  if (range) xhr.setRequestHeader('Range', range);
  xhr.send();
  if (xhr.status < 200 || xhr.status >= 300) throw new Error(`the server answered ${xhr.status}`);
  return xhr;
}

/** A file that the user chose, read where it lies. */
export function blobBytes(file: Blob): ByteSource {
  const reader = new FileReaderSync();
  return new CachedBytes(file.size,
                         (begin, end) => new Uint8Array(reader.readAsArrayBuffer(file.slice(begin, end))));
}
