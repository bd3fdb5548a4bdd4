// Colours of the block, after crates/dunwu/src/answer/palette.rs; those of lines and words come from the page's tokens.

import { token } from '../chart/canvas';
import { mixOf } from '../chart/shades';
import type { Look, Rgb } from './relief';

const LIGHT: Look = {
  tints: [[117, 150, 134], [147, 174, 145], [180, 196, 157], [212, 214, 173], [236, 229, 199], [253, 248, 235]],
  shadow: [38, 58, 66],
  light: [255, 252, 240],
  wallFront: [190, 188, 174],
  wallSide: [209, 207, 195],
  contour: [36, 50, 44],
};

const DARK: Look = {
  tints: [[62, 88, 82], [84, 112, 98], [116, 136, 112], [158, 166, 134], [198, 196, 168], [232, 228, 212]],
  shadow: [14, 24, 32],
  light: [255, 250, 232],
  wallFront: [58, 60, 60],
  wallSide: [72, 75, 74],
  contour: [12, 20, 20],
};

export function lookOf(isDark: boolean): Look {
  return isDark ? DARK : LIGHT;
}

export interface Tokens {
  paper: string;
  ink: string;
  soft: string;
  memory: string;
  memoryText: string;
  feature: string;
  featureText: string;
  mixed: string;
  dead: string;
  font: string;
}

/** The page's tokens as a canvas needs them, under the theme in force. */
export function tokensOf(): Tokens {
  return {
    paper: token('--paper'),
    ink: token('--ink'),
    soft: token('--ink-soft'),
    memory: token('--line-train'),
    memoryText: token('--text-train'),
    feature: token('--line-test'),
    featureText: token('--text-test'),
    mixed: token('--line-restored'),
    dead: token('--area-dead'),
    font: token('--sans'),
  };
}

/** `#d55e00` as three channels. */
export function rgbOf(hex: string): Rgb {
  const value = Number.parseInt(hex.replace('#', ''), 16);
  return [(value >> 16) & 255, (value >> 8) & 255, value & 255];
}

/** Tint at a share of the scale, as CSS writes it. */
export function tintCss(isDark: boolean, share: number): string {
  return mixOf(lookOf(isDark).tints, share);
}
