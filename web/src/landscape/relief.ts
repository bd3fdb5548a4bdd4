// Paints a height field as a block seen from above, by the floating horizon: each column of pixels is walked from the
// near edge of the block to the far one, and only what rises above all that lies before it is painted. No triangle is
// drawn twice, edges against the sky are smooth, and it needs no GPU.

import type { Field } from './terrain';

export type Rgb = readonly [number, number, number];

/** How the block is coloured; one for light and one for dark pages. */
export interface Look {
  /** Tints from the ground to the top of the scale. */
  tints: readonly Rgb[];
  shadow: Rgb;
  light: Rgb;
  wallFront: Rgb;
  wallSide: Rgb;
  contour: Rgb;
}

/** A summit whose mountain takes on the colour of its kind. */
export interface Glow {
  theta: number;
  phi: number;
  color: Rgb;
  /** Share of the colour at the summit. */
  strength: number;
}

/** Width of a mountain whose summit glows, in degrees. */
const GLOW_DEGREES = 27;
/** The top of the scale as a share of the block's longer side. */
const STEEPNESS = 0.5;
/** Towards the light: from the upper left of the picture, as maps are lit. */
const LIGHT: Rgb = [-0.66, 0.16, 0.74];

/** A parallel projection that keeps its scale while it turns. */
export class Camera {
  readonly scale: number;
  private readonly sin: number;
  private readonly cos: number;
  private readonly eyeSin: number;
  private readonly eyeCos: number;
  private readonly origin: [number, number];

  constructor(
    readonly field: Field,
    readonly top: number,
    readonly turn: number,
    readonly tilt: number,
    width: number,
    height: number,
    /** Room above the summits for their names, in pixels. */
    headroom: number,
  ) {
    [this.sin, this.cos] = [Math.sin(turn), Math.cos(turn)];
    [this.eyeSin, this.eyeCos] = [Math.sin(tilt), Math.cos(tilt)];
    const radius = Math.hypot(...field.half);
    const rise = this.raised(top) * this.eyeCos;
    const deep = 2 * radius * this.eyeSin * 0.92;
    this.scale = Math.min(width / (2 * radius), (height - headroom) / (deep + rise));
    const bottom = (height + headroom + (deep + rise) * this.scale) / 2;
    this.origin = [width / 2, bottom - (deep / 2) * this.scale];
  }

  /** A height in degrees of the other axes. */
  raised(height: number): number {
    return Math.min(Math.max(height / this.top, 0), 1) * 2 * Math.max(...this.field.half) * STEEPNESS;
  }

  place(theta: number, phi: number, height: number): [number, number] {
    const [u, v] = [theta - this.field.centre[0], phi - this.field.centre[1]];
    const [across, away] = [u * this.cos - v * this.sin, u * this.sin + v * this.cos];
    return [
      this.origin[0] + this.scale * across,
      this.origin[1] - this.scale * (away * this.eyeSin + this.raised(height) * this.eyeCos),
    ];
  }

  /** Whether nothing of the block stands before a point on it. */
  sees(theta: number, phi: number, height: number, heightAt: (theta: number, phi: number) => number | undefined): boolean {
    const step = 1.5;
    const rise = (step * this.eyeSin) / this.eyeCos;
    const slack = 0.008 * this.raised(this.top);
    const from = this.raised(height);
    for (let k = 1; from + k * rise < this.raised(this.top); k++) {
      const ground = heightAt(theta - k * step * this.sin, phi - k * step * this.cos);
      if (ground === undefined) return true;
      if (this.raised(ground) > from + k * rise + slack) return false;
    }
    return true;
  }

  /** The stretch of a column's ray over the block as distances from the centre, near end first. */
  ray(x: number): { across: number; near: number; far: number; isFront: boolean } | undefined {
    const across = (x - this.origin[0]) / this.scale;
    let [near, far, isFront] = [-Infinity, Infinity, true];
    const cut = (start: number, direction: number, half: number, front: boolean): void => {
      if (Math.abs(direction) < 1e-9) {
        if (Math.abs(start) > half) far = -Infinity;
        return;
      }
      const [a, b] = [(-half - start) / direction, (half - start) / direction];
      if (Math.min(a, b) > near) [near, isFront] = [Math.min(a, b), front];
      far = Math.min(far, Math.max(a, b));
    };
    cut(across * this.cos, this.sin, this.field.half[0], false);
    cut(-across * this.sin, this.cos, this.field.half[1], true);
    return near < far ? { across, near, far, isFront } : undefined;
  }

  /** From a ray's distance to the grid's columns and rows: start and direction. */
  walk(across: number): { x: number; y: number; dx: number; dy: number } {
    const { columns, rows, half } = this.field;
    const [kx, ky] = [(columns - 1) / (2 * half[0]), (rows - 1) / (2 * half[1])];
    return {
      x: (across * this.cos + half[0]) * kx,
      y: (-across * this.sin + half[1]) * ky,
      dx: this.sin * kx,
      dy: this.cos * ky,
    };
  }

  /** Row of pixels of a distance along the ray and a raised height. */
  rowOf(away: number, raised: number): number {
    return this.origin[1] - this.scale * (away * this.eyeSin + raised * this.eyeCos);
  }

  /** The light in the block's own directions, so that it stays with the eye while the block turns. */
  get light(): Rgb {
    return [LIGHT[0] * this.cos + LIGHT[1] * this.sin, -LIGHT[0] * this.sin + LIGHT[1] * this.cos, LIGHT[2]];
  }
}

function tintOf(tints: readonly Rgb[], share: number): Rgb {
  const place = Math.min(Math.max(share, 0), 1) * (tints.length - 1);
  const lower = Math.min(Math.floor(place), tints.length - 2);
  const [a, b] = [tints[lower] as Rgb, tints[lower + 1] as Rgb];
  const weight = place - lower;
  return [0, 1, 2].map((c) => (a[c as 0] ?? 0) * (1 - weight) + (b[c as 0] ?? 0) * weight) as unknown as Rgb;
}

const SHADES = 512;

/** Colour of every node before light falls on it: tint by height, and the colour of the summit whose mountain it belongs to. */
export function tinted(field: Field, top: number, look: Look, glows: readonly Glow[]): Float32Array {
  const table = Array.from({ length: SHADES + 1 }, (_, k) => tintOf(look.tints, k / SHADES));
  const colors = new Float32Array(3 * field.height.length);
  const [dTheta, dPhi] = [(2 * field.half[0]) / (field.columns - 1), (2 * field.half[1]) / (field.rows - 1)];
  for (let j = 0, at = 0; j < field.rows; j++) {
    const phi = field.centre[1] - field.half[1] + j * dPhi;
    for (let i = 0; i < field.columns; i++, at++) {
      const theta = field.centre[0] - field.half[0] + i * dTheta;
      const share = Math.min((field.height[at] as number) / top, 1);
      let [r, g, b] = table[Math.round(share * SHADES)] as Rgb;
      for (const glow of glows) {
        const away = ((theta - glow.theta) ** 2 + (phi - glow.phi) ** 2) / (GLOW_DEGREES * GLOW_DEGREES);
        if (away > 2) continue;
        const weight = glow.strength * Math.exp(-away * away);
        r += (glow.color[0] - r) * weight;
        g += (glow.color[1] - g) * weight;
        b += (glow.color[2] - b) * weight;
      }
      colors[3 * at] = r;
      colors[3 * at + 1] = g;
      colors[3 * at + 2] = b;
    }
  }
  return colors;
}

/** What a ray reads of a node: height, slope, and colour in the light. */
const PER_NODE = 5;

/** All nodes as the light falls on them now. Level ground keeps its tint; shadows are cool, sunlit slopes are warm. */
function lit(camera: Camera, look: Look, tints: Float32Array): Float32Array {
  const { field, top } = camera;
  const [lx, ly, lz] = camera.light;
  const norm = Math.hypot(lx, ly, lz);
  const ground = lz / norm;
  const steep = camera.raised(top) / top;
  const nodes = new Float32Array(PER_NODE * field.height.length);
  for (let at = 0, to = 0, from = 0; at < field.height.length; at++, to += PER_NODE, from += 3) {
    const [slopeX, slopeY] = [field.slopeTheta[at] as number, field.slopePhi[at] as number];
    const [sx, sy] = [slopeX * steep, slopeY * steep];
    const light = Math.max(0, (lz - sx * lx - sy * ly) / (norm * Math.sqrt(1 + sx * sx + sy * sy)));
    const isShadow = light < ground;
    const toward = isShadow ? look.shadow : look.light;
    const weight = isShadow ? ((ground - light) / ground) * 0.6 : ((light - ground) / (1 - ground)) * 0.34;
    nodes[to] = field.height[at] as number;
    nodes[to + 1] = Math.sqrt(slopeX * slopeX + slopeY * slopeY);
    nodes[to + 2] = (tints[from] as number) * (1 - weight) + toward[0] * weight;
    nodes[to + 3] = (tints[from + 1] as number) * (1 - weight) + toward[1] * weight;
    nodes[to + 4] = (tints[from + 2] as number) * (1 - weight) + toward[2] * weight;
  }
  return nodes;
}

export interface Painting {
  look: Look;
  /** Of `tinted`, for the camera's field. */
  tints: Float32Array;
  /** Height between two contours. */
  contour: number;
  /** Width of a contour in pixels. */
  line: number;
  /** Pixels between two samples on level ground. */
  stride: number;
}

/** Paints the block into `pixels`, RGBA rows of `width`; what it does not cover stays transparent. */
export function paint(pixels: Uint8ClampedArray, width: number, height: number, camera: Camera, painting: Painting): void {
  pixels.fill(0);
  const { look, contour } = painting;
  const { columns, rows, half } = camera.field;
  const nodes = lit(camera, look, painting.tints);
  const below = PER_NODE * columns;
  // Rows are linear in the distance along a ray and in the height; in plain numbers, for this is where the time goes.
  const level_row = camera.rowOf(0, 0);
  const row_away = level_row - camera.rowOf(1, 0);
  const row_height = (level_row - camera.rowOf(0, camera.raised(camera.top))) / camera.top;
  const step = Math.min(half[0] / (columns - 1), painting.stride / camera.scale);
  const halfLine = painting.line / 2 / camera.scale;
  const least_slope = 1e-3 * camera.top;
  const ink = look.contour;
  for (let column = 0; column < width; column++) {
    const ray = camera.ray(column + 0.5);
    if (!ray) continue;
    const { x: x0, y: y0, dx, dy } = camera.walk(ray.across);
    const wall = ray.isFront ? look.wallFront : look.wallSide;
    let horizon = Math.min(camera.rowOf(ray.near, 0), height);
    // The pixel at the horizon fills up little by little: what covers it, and how much of it is covered.
    let red = 0;
    let green = 0;
    let blue = 0;
    let cover = 0;
    const { near, far } = ray;
    for (let away = near; away < far && horizon > 0; away += step) {
      const x = x0 + away * dx;
      const y = y0 + away * dy;
      const i = x <= 0 ? 0 : x >= columns - 1 ? columns - 2 : x | 0;
      const j = y <= 0 ? 0 : y >= rows - 1 ? rows - 2 : y | 0;
      const s = x - i;
      const t = y - j;
      const d = s * t;
      const b = s - d;
      const c = t - d;
      const a = 1 - s - c;
      const p = PER_NODE * (j * columns + i);
      const q = p + PER_NODE;
      const u = p + below;
      const v = u + PER_NODE;
      const z = a * nodes[p]! + b * nodes[q]! + c * nodes[u]! + d * nodes[v]!;
      const row = level_row - away * row_away - z * row_height;
      if (row >= horizon) continue;
      let r = wall[0];
      let g = wall[1];
      let bl = wall[2];
      if (away > near) {
        r = a * nodes[p + 2]! + b * nodes[q + 2]! + c * nodes[u + 2]! + d * nodes[v + 2]!;
        g = a * nodes[p + 3]! + b * nodes[q + 3]! + c * nodes[u + 3]! + d * nodes[v + 3]!;
        bl = a * nodes[p + 4]! + b * nodes[q + 4]! + c * nodes[u + 4]! + d * nodes[v + 4]!;
        const level = z / contour;
        const nearest = Math.round(level);
        const slope = a * nodes[p + 1]! + b * nodes[q + 1]! + c * nodes[u + 1]! + d * nodes[v + 1]!;
        const distance = (Math.abs(level - nearest) * contour) / (slope > least_slope ? slope : least_slope);
        if (nearest > 0 && distance < 1.5 * halfLine) {
          const weight = Math.min(1.5 - distance / halfLine, 1) * (nearest % 4 === 0 ? 0.5 : 0.22);
          r += (ink[0] - r) * weight;
          g += (ink[1] - g) * weight;
          bl += (ink[2] - bl) * weight;
        }
      }
      // From the horizon up to here.
      while (horizon > row) {
        const pixel = Math.ceil(horizon) - 1;
        const edge = row > pixel ? row : pixel;
        const part = horizon - edge;
        red += r * part;
        green += g * part;
        blue += bl * part;
        cover += part;
        horizon = edge;
        if (edge === pixel) {
          put(pixels, 4 * (pixel * width + column), red, green, blue, cover);
          red = green = blue = cover = 0;
        }
      }
    }
    if (cover > 0) put(pixels, 4 * ((Math.ceil(horizon) - 1) * width + column), red, green, blue, cover);
  }
}

function put(pixels: Uint8ClampedArray, at: number, red: number, green: number, blue: number, cover: number): void {
  pixels[at] = red / cover;
  pixels[at + 1] = green / cover;
  pixels[at + 2] = blue / cover;
  pixels[at + 3] = 255 * cover;
}
