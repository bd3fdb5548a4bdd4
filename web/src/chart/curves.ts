/** Curves as a chart draws them. */
import type { Column } from '../source/types';
import type { Curve } from './columns';

/** Curves that share their steps. */
export interface CurveSet {
  steps: Column;
  curves: DrawnCurve[];
}

export interface DrawnCurve extends Curve {
  /** What it is called beside its end and in the legend. */
  title: string;
  /** A token of app.css. */
  colour: string;
  width?: number;
  dash?: number[];
  /** An earlier course, behind the others. */
  is_faint?: boolean;
  /** Where curves differ only in their seed they have one group, and are told apart by pointing. */
  group?: string;
}
