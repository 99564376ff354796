/** Colours of the picture. Left and right (vermilion, blue; Okabe and Ito 2008) can be told apart by the colour-blind. */
export interface Colours {
  background: number;
  left: number;
  right: number;
  middle: number;
  link: number;
  pelvis: number;
  horizontal: number;
  grid: number;
  belt: number;
  camera: number;
  ray: number;
  ellipsoid: number;
}

const LIGHT: Colours = {
  background: 0xf6f7f9, left: 0xd55e00, right: 0x0072b2, middle: 0x555b66, link: 0xa7adb8, pelvis: 0x1b1f27,
  horizontal: 0x6b7280, grid: 0xd3d7de, belt: 0xe4e7ec, camera: 0x5b6472, ray: 0x8a94a6, ellipsoid: 0x7a3e9d,
};
const DARK: Colours = {
  background: 0x12151b, left: 0xff8a4c, right: 0x56b4e9, middle: 0xc4cad4, link: 0x5a6270, pelvis: 0xffffff,
  horizontal: 0x9aa3b2, grid: 0x2a303b, belt: 0x1e232d, camera: 0xa3adbd, ray: 0x5d6778, ellipsoid: 0xd0a2f0,
};

export function darkWanted(): boolean {
  return matchMedia('(prefers-color-scheme: dark)').matches;
}
export function sceneColours(): Colours {
  return darkWanted() ? DARK : LIGHT;
}
export function sideColour(colours: Colours, side: 0 | 1 | null): number {
  return side === 0 ? colours.left : side === 1 ? colours.right : colours.middle;
}
