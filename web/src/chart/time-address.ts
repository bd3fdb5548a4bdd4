/** The part of the time axis that an address keeps: what is zoomed into, and whether steps go by their logarithm. */
import { address } from '../state.svelte';
import type { TimeAxis } from './time.svelte';

export function restoreTime(time: TimeAxis, log_unless_said: boolean): void {
  const { zoom, axis } = address.values;
  time.log = axis ? axis === 'log' : log_unless_said;
  const [from, to] = (zoom ?? '').split('~').map(Number);
  if (from !== undefined && to !== undefined && to > from) time.show(from, to);
}

export function timeValues(time: TimeAxis, log_unless_said: boolean): { zoom: string | null; axis: string | null } {
  return {
    zoom: time.is_zoomed ? `${Math.round(time.from)}~${Math.round(time.to)}` : null,
    axis: time.log === log_unless_said ? null : time.log ? 'log' : 'linear',
  };
}
