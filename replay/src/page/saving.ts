import type { Plot } from '../curves/plot';
import { plotColours } from '../curves/plot_colours';
import { plotSvg } from '../curves/svg';
import { clockText, frameAt } from '../run/time_line';
import { sideName } from '../run/words';
import type { Side, TrialHead } from '../trial/model';
import type { Picture } from './picture';
import { canvasBlob, captioned, clip, CLIP_FPS, fileWord, saveBlob, type Caption } from './save';

/** Pictures, plots and clips for a paper, a slide or a mail. */
export class Saving {
  /** While a clip is drawn, nothing else draws. */
  isBusy = false;

  constructor(private readonly head: TrialHead, private readonly view: Picture,
              private readonly onFail: (error: Error) => void) {}

  private name(what: string, ending: string): string {
    return `${fileWord(this.head.file)}-${what}.${ending}`;
  }

  private caption(t: number): Caption {
    const label = this.view.labelForSaving();
    const who = [this.head.trial, this.head.subject, this.head.session].filter((text) => text).join(', ');
    const dark = this.view.isDark;
    return {
      lines: [label ? `Pelvis ${label.text}` : who, `${label ? `${who}, ` : ''}${clockText(t)}`],
      label,
      colour: dark ? '#ffffff' : '#1b1f27',
      background: dark ? '#12151b' : '#f6f7f9',
    };
  }

  /** Draws a frame and takes its picture at once: the canvas is only sure to hold it until the browser shows it. */
  private take(frame: number, t: number, side: Side, onto?: HTMLCanvasElement): HTMLCanvasElement | null {
    if (!this.view.draw(frame, t, side)) return null;
    return captioned(this.view.canvas, this.view.stage.size[0], this.caption(t), onto);
  }

  picture(frame: number, t: number, side: Side): void {
    const canvas = this.take(frame, t, side);
    if (!canvas) return;
    canvasBlob(canvas).then((blob) => saveBlob(blob, this.name(`frame-${frame}`, 'png')), this.onFail);
  }

  plot(plot: Plot, kind: 'svg' | 'png'): void {
    const { model } = plot;
    if (!model) return;
    const svg = plotSvg(model, plotColours(), this.head.file);
    const name = this.name(fileWord(model.title), kind);
    const blob = new Blob([svg], { type: 'image/svg+xml' });
    if (kind === 'svg') return saveBlob(blob, name);
    rastered(blob).then((png) => saveBlob(png, name), this.onFail);
  }

  async clip([begin, end]: [number, number], stride: number, speed: number, time: Float64Array, side: Side): Promise<void> {
    if (this.isBusy) return;
    this.isBusy = true;
    try {
      const pictures = Math.max(1, Math.round(((end - begin) / speed) * CLIP_FPS));
      const canvas = document.createElement('canvas');
      const blob = await clip(pictures, async (i) => {
        const t = begin + (i / CLIP_FPS) * speed;
        const frame = frameAt(time, t);
        for (;;) {
          const taken = this.take(frame, t, side, canvas);
          if (taken) return taken;
          await new Promise((done) => setTimeout(done, 5));
        }
      });
      saveBlob(blob, this.name(`${sideName(side)}-stride-${stride + 1}`, 'webm'));
    } finally {
      this.isBusy = false;
    }
  }
}

async function rastered(svg: Blob): Promise<Blob> {
  const image = new Image();
  const url = URL.createObjectURL(svg);
  try {
    await new Promise((done, failed) => {
      image.onload = done;
      image.onerror = () => failed(new Error('the plot could not be drawn'));
      image.src = url;
    });
    const canvas = document.createElement('canvas');
    canvas.width = 2 * image.width;
    canvas.height = 2 * image.height;
    canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height);
    return await canvasBlob(canvas);
  } finally {
    URL.revokeObjectURL(url);
  }
}
