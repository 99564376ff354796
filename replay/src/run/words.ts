import type { Side } from '../trial/model';

const DEGREE = Math.PI / 180;

/** What a quantity is shown in: angles in degrees, the rest as the file has it. */
export function shownUnit(unit: string): string {
  if (unit === 'rad') return '\u00b0';
  return unit === '1' ? '' : unit;
}
export function shownScale(unit: string): number {
  return unit === 'rad' ? 1 / DEGREE : 1;
}

/** A number as people read it; a dash where it is missing. The minus sign is the true one. */
export function shown(value: number, digits = 1): string {
  if (!Number.isFinite(value)) return '\u2013';
  const text = Math.abs(value).toFixed(digits);
  return value < 0 && Number(text) !== 0 ? `\u2212${text}` : text;
}

export function signed(value: number, digits = 1): string {
  const text = shown(value, digits);
  return value > 0 && Number(Math.abs(value).toFixed(digits)) !== 0 ? `+${text}` : text;
}

export function sideName(side: Side | number): string {
  return side === 1 ? 'right' : 'left';
}

/** left_hip_adduction -> side 0, hip_adduction; an angle of the whole body has no side. */
export function splitSide(name: string): { side: Side | null; base: string } {
  if (name.startsWith('left_')) return { side: 0, base: name.slice(5) };
  if (name.startsWith('right_')) return { side: 1, base: name.slice(6) };
  return { side: null, base: name };
}

export function title(name: string): string {
  const words = name.replace(/_/g, ' ').trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** What an angle above zero means, out of its definition in the file: "... > 0 right side up (...)". */
export function signWords(definition: string): string {
  const found = /> 0 ([^;,.(]+)/.exec(definition);
  return found ? `> 0: ${found[1].trim()}` : '';
}

/** What the pelvis does, in words: obliquity in degrees (> 0 right side up), the leg that stands. */
export function pelvisWords(degrees: number, stance: Side | null): string {
  if (!Number.isFinite(degrees)) return 'pelvis not seen';
  const level = Math.abs(degrees) < 0.05;
  const low = level ? 'level' : `${degrees > 0 ? 'left' : 'right'} side lower`;
  if (stance === null) return `${low}, no foot on the ground`;
  return `${low}, on the ${sideName(stance)} leg`;
}
