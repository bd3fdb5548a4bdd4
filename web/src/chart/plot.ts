/** What plots over time are made of. */
import type { Scale } from './scale';

/** The inside of a plot, in pixels, and where numbers lie in it. */
export interface Area {
  left: number;
  top: number;
  width: number;
  height: number;
  /** The pixel of a step. */
  x: (step: number) => number;
  /** The pixel of a value; NaN where a logarithm has none. */
  y: (value: number) => number;
  /** The step at a number of pixels from the left end of the area. */
  stepAt: (pixels: number) => number;
}

export interface Band {
  name: string;
  from: number;
  to: number;
  /** A token of app.css. */
  fill: string;
}

export interface Mark {
  step: number;
  what: string;
  /** A token of app.css; else the colour of interventions. */
  colour?: string;
  /** Is written at its upper end. */
  name?: string;
}

export interface Level {
  scale: Scale;
  /** Texts at places of the scale; round numbers where it is left out. */
  ticks?: { at: number; text: string }[];
}
