/** A sequential scale that reads in grey: from the paper to the blue of what generalizes, as `sequential` in palette.rs. */

const LIGHT: readonly (readonly [number, number, number])[] = [[240, 245, 249], [189, 215, 234], [86, 160, 211], [0, 114, 178], [3, 48, 92]];
const DARK: readonly (readonly [number, number, number])[] = [[27, 33, 39], [20, 58, 88], [14, 98, 150], [61, 159, 220], [198, 229, 250]];
const N_SHADES = 64;

/** The colour at a share of the way through evenly spaced stops. */
export function mixOf(stops: readonly (readonly number[])[], share: number): string {
  const place = Math.max(0, Math.min(1, share)) * (stops.length - 1);
  const lower = Math.min(stops.length - 2, Math.floor(place));
  const [a, b] = [stops[lower] as readonly number[], stops[lower + 1] as readonly number[]];
  const channel = (c: number): number => Math.round((a[c] as number) + ((b[c] as number) - (a[c] as number)) * (place - lower));
  return `rgb(${channel(0)} ${channel(1)} ${channel(2)})`;
}

function ramp(stops: readonly (readonly number[])[]): string[] {
  return Array.from({ length: N_SHADES }, (_, i) => mixOf(stops, i / (N_SHADES - 1)));
}

const light = ramp(LIGHT);
const dark = ramp(DARK);

/** The colour of a share from 0 to 1. */
export function shade(share: number, is_dark: boolean): string {
  const shades = is_dark ? dark : light;
  return shades[Math.round(Math.max(0, Math.min(1, share)) * (N_SHADES - 1))] as string;
}
