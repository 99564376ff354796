import { webm, type EncodedPicture } from './webm';

export const CLIP_FPS = 50;

/** Offers bytes to be kept under a name. */
export function saveBlob(blob: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** Letters, digits, - and _ of a text: what a file name may hold anywhere. */
export function fileWord(text: string): string {
  return text.replace(/\.trial\.h5$|\.h5$/, '').replace(/[^\p{L}\p{N}_-]+/gu, '-').replace(/^-+|-+$/g, '') || 'trial';
}

export function canvasBlob(canvas: HTMLCanvasElement): Promise<Blob> {
  return new Promise((done, failed) =>
    canvas.toBlob((blob) => (blob ? done(blob) : failed(new Error('the picture could not be made'))), 'image/png'));
}

/** The picture with the words that stand over it on the page. */
export interface Caption {
  lines: string[];
  label: { text: string; x: number; y: number } | null;
  colour: string;
  background: string;
}

export function captioned(picture: HTMLCanvasElement, cssWidth: number, caption: Caption,
                          onto = document.createElement('canvas')): HTMLCanvasElement {
  // VP8 wants even sides.
  onto.width = picture.width & ~1;
  onto.height = picture.height & ~1;
  const context = onto.getContext('2d');
  if (!context) throw new Error('this browser draws no pictures');
  const scale = picture.width / cssWidth;
  context.fillStyle = caption.background;
  context.fillRect(0, 0, onto.width, onto.height);
  context.drawImage(picture, 0, 0);
  context.fillStyle = caption.colour;
  context.textBaseline = 'top';
  caption.lines.forEach((line, i) => {
    context.font = `${i === 0 ? 'bold ' : ''}${Math.round((i === 0 ? 20 : 13) * scale)}px system-ui, sans-serif`;
    context.fillText(line, 12 * scale, (12 + (i === 0 ? 0 : 10 + 18 * i)) * scale);
  });
  if (caption.label) {
    context.font = `bold ${Math.round(16 * scale)}px system-ui, sans-serif`;
    context.fillText(caption.label.text, caption.label.x * scale, caption.label.y * scale);
  }
  return onto;
}

/**
 * A clip drawn picture by picture: picture i is at i / CLIP_FPS seconds, however long drawing takes.
 * @param draw  draws picture i.
 */
export async function clip(pictures: number, draw: (i: number) => Promise<HTMLCanvasElement>): Promise<Blob> {
  if (typeof VideoEncoder === 'undefined') {
    throw new Error('this browser makes no clips; a current Chrome, Edge or Firefox does');
  }
  const encoded: EncodedPicture[] = [];
  let failure: Error | null = null;
  const encoder = new VideoEncoder({
    output: (chunk) => {
      const bytes = new Uint8Array(chunk.byteLength);
      chunk.copyTo(bytes);
      encoded.push({ milliseconds: chunk.timestamp / 1000, isKey: chunk.type === 'key', bytes });
    },
    error: (error) => (failure = error),
  });
  let size: [number, number] = [0, 0];
  for (let i = 0; i < pictures && !failure; ++i) {
    const canvas = await draw(i);
    if (i === 0) {
      size = [canvas.width, canvas.height];
      encoder.configure({ codec: 'vp8', width: size[0], height: size[1], bitrate: 6_000_000, framerate: CLIP_FPS });
    }
    const frame = new VideoFrame(canvas, { timestamp: (i * 1e6) / CLIP_FPS, duration: 1e6 / CLIP_FPS });
    encoder.encode(frame, { keyFrame: i % (5 * CLIP_FPS) === 0 });
    frame.close();
  }
  await encoder.flush();
  encoder.close();
  if (failure) throw failure;
  const bytes = webm(encoded, size[0], size[1], (1000 * pictures) / CLIP_FPS);
  return new Blob([bytes as Uint8Array<ArrayBuffer>], { type: 'video/webm' });
}
