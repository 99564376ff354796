/** One encoded picture of a clip. */
export interface EncodedPicture {
  milliseconds: number;
  isKey: boolean;
  bytes: Uint8Array;
}

type Element = Uint8Array;

/**
 * A WebM file of VP8 pictures. Source: RFC 9559 (Matroska), RFC 8794 (EBML); the identifiers are those of its tables.
 */
export function webm(pictures: EncodedPicture[], width: number, height: number, durationMs: number): Uint8Array {
  const header = element(0x1a45dfa3, [
    element(0x4286, uint(1)), element(0x42f7, uint(1)), element(0x42f2, uint(4)), element(0x42f3, uint(8)),
    element(0x4282, ascii('webm')), element(0x4287, uint(2)), element(0x4285, uint(2)),
  ]);
  const info = element(0x1549a966, [
    element(0x2ad7b1, uint(1_000_000)), element(0x4489, float64(durationMs)),
    element(0x4d80, ascii('medius')), element(0x5741, ascii('medius')),
  ]);
  const video = element(0xe0, [element(0xb0, uint(width)), element(0xba, uint(height))]);
  const track = element(0xae, [
    element(0xd7, uint(1)), element(0x73c5, uint(1)), element(0x83, uint(1)), element(0x86, ascii('V_VP8')), video,
  ]);
  return joined([header, element(0x18538067, [info, element(0x1654ae6b, [track]), ...clusters(pictures)])]);
}

// A cluster begins at each key picture, since times inside are of 16 bits and seeking goes to clusters.
function clusters(pictures: EncodedPicture[]): Element[] {
  const groups: EncodedPicture[][] = [];
  for (const picture of pictures) {
    if (picture.isKey || groups.length === 0) groups.push([]);
    groups[groups.length - 1].push(picture);
  }
  return groups.map((group) => {
    const begin = group[0].milliseconds;
    return element(0x1f43b675, [element(0xe7, uint(begin)), ...group.map((picture) => simpleBlock(picture, begin))]);
  });
}

function simpleBlock(picture: EncodedPicture, clusterBegin: number): Element {
  const relative = picture.milliseconds - clusterBegin;
  const head = Uint8Array.of(0x81, (relative >> 8) & 0xff, relative & 0xff, picture.isKey ? 0x80 : 0);
  return element(0xa3, [head, picture.bytes]);
}

function element(id: number, content: Element | Element[]): Element {
  const body = Array.isArray(content) ? joined(content) : content;
  return joined([bytesOf(id), size(body.length), body]);
}

// Always eight bytes: shorter would do, but this is never wrong.
function size(length: number): Element {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, (1n << 56n) | BigInt(length));
  return bytes;
}

function bytesOf(value: number): Element {
  const bytes: number[] = [];
  for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return Uint8Array.from(bytes.length > 0 ? bytes : [0]);
}
const uint = (value: number): Element => bytesOf(Math.round(value));
const ascii = (text: string): Element => Uint8Array.from(text, (c) => c.charCodeAt(0));
function float64(value: number): Element {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, value);
  return bytes;
}

function joined(parts: Element[]): Element {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
