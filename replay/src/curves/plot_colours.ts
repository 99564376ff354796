import type { Role } from './plot_model';

export interface PlotColours {
  text: string;
  grid: string;
  background: string;
  line: Record<Role, string>;
}

/** The colours of the page's own style sheet, so that there is one place for them. */
export function plotColours(): PlotColours {
  const style = getComputedStyle(document.documentElement);
  const of = (name: string) => style.getPropertyValue(name).trim();
  return {
    text: of('--text-soft'), grid: of('--line'), background: of('--panel'),
    line: { left: of('--left'), right: of('--right'), middle: of('--text'),
            'other-left': of('--other-left'), 'other-right': of('--other-right') },
  };
}

export const DASH: Record<Role, number[]> = {
  left: [], right: [7, 4], middle: [], 'other-left': [2, 3], 'other-right': [7, 3, 2, 3],
};
export const WIDTH = { mean: 1.3, now: 2.2, thin: 0.7, edge: 0.001 } as const;

