import { DASH, WIDTH, type PlotColours } from './plot_colours';
import type { Line, PlotModel } from './plot_model';

const W = 720;
const H = 300;
const BOX = { left: 56, right: W - 16, top: 34, bottom: H - 44 };

/** A plot as an SVG document of its own, for a paper or a slide. */
export function plotSvg(model: PlotModel, colours: PlotColours, source: string): string {
  const values = model.lines.flatMap((line) => line.y).filter((v): v is number => typeof v === 'number');
  const [x0, x1] = [model.x[0] ?? 0, model.x[model.x.length - 1] ?? 1];
  const ticks = niceTicks(values.reduce((a, b) => Math.min(a, b), 0), values.reduce((a, b) => Math.max(a, b), 0), 6);
  const [y0, y1] = [ticks[0], ticks[ticks.length - 1]];
  const px = (x: number) => BOX.left + ((x - x0) / (x1 - x0 || 1)) * (BOX.right - BOX.left);
  const py = (y: number) => BOX.bottom - ((y - y0) / (y1 - y0 || 1)) * (BOX.bottom - BOX.top);
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${W} ${H}" width="${W}" height="${H}" font-family="sans-serif" font-size="12">`,
    `<rect width="${W}" height="${H}" fill="${colours.background}"/>`,
    text(BOX.left, 20, `${model.title}${model.unit ? `, ${model.unit}` : ''}`, colours.text, 'start', 'bold'),
    text(BOX.right, 20, source, colours.text, 'end'),
    text((BOX.left + BOX.right) / 2, H - 8, `${model.xLabel}${model.note ? ` \u2013 ${model.note}` : ''}`, colours.text, 'middle'),
  ];
  for (const y of ticks) {
    parts.push(`<path d="M${BOX.left} ${r(py(y))}H${BOX.right}" stroke="${y === 0 ? colours.text : colours.grid}"/>`,
               text(BOX.left - 6, py(y) + 4, label(y), colours.text, 'end'));
  }
  for (const x of niceTicks(x0, x1, 8).filter((v) => v >= x0 && v <= x1)) {
    parts.push(`<path d="M${r(px(x))} ${BOX.top}V${BOX.bottom}" stroke="${colours.grid}"/>`,
               text(px(x), BOX.bottom + 16, label(x), colours.text, 'middle'));
  }
  for (const band of model.bands) parts.push(bandPath(model, band.upper, band.lower, colours.line[band.role], px, py));
  for (const line of model.lines) parts.push(linePath(model.x, line, colours, px, py));
  return parts.join('\n') + '\n</svg>\n';
}

type Scale = (value: number) => number;
const r = (value: number) => Math.round(value * 100) / 100;
const label = (value: number) => String(Number(value.toPrecision(6))).replace('-', '\u2212');

function text(x: number, y: number, words: string, colour: string, anchor: string, weight = 'normal'): string {
  return `<text x="${r(x)}" y="${r(y)}" fill="${colour}" text-anchor="${anchor}" font-weight="${weight}">${escaped(words)}</text>`;
}
export function escaped(words: string): string {
  return words.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');
}

function linePath(x: number[], line: Line, colours: PlotColours, px: Scale, py: Scale): string {
  if (line.weight === 'edge') return '';
  let path = '';
  let pen = false;
  line.y.forEach((y, i) => {
    if (y === undefined) return; // another line's point
    if (y === null) {
      pen = false;
      return;
    }
    path += `${pen ? 'L' : 'M'}${r(px(x[i]))} ${r(py(y))}`;
    pen = true;
  });
  const dash = line.weight === 'thin' ? [] : DASH[line.role];
  return `<path d="${path}" fill="none" stroke="${colours.line[line.role]}" stroke-width="${WIDTH[line.weight]}"` +
    `${dash.length ? ` stroke-dasharray="${dash.join(' ')}"` : ''}${line.weight === 'thin' ? ' opacity="0.4"' : ''}><title>${escaped(line.label)}</title></path>`;
}

function bandPath(model: PlotModel, upper: number, lower: number, colour: string, px: Scale, py: Scale): string {
  const there = model.x.map((_, i) => i).filter((i) => typeof model.lines[upper].y[i] === 'number' &&
                                                       typeof model.lines[lower].y[i] === 'number');
  const along = (line: number, order: number[]) =>
    order.map((i) => `${r(px(model.x[i]))} ${r(py(model.lines[line].y[i] as number))}`).join('L');
  if (there.length < 2) return '';
  return `<path d="M${along(upper, there)}L${along(lower, [...there].reverse())}Z" fill="${colour}" opacity="0.16"/>`;
}

/** Round numbers that hold the span, at most about `count`. */
export function niceTicks(low: number, high: number, count: number): number[] {
  const span = high - low || 1;
  const raw = span / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((f) => f * power).find((s) => s >= raw) ?? raw;
  const first = Math.floor(low / step + 1e-9);
  const last = Math.ceil((low + span) / step - 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step);
}
