/** The data of the verb `unit`, as far as the panel draws it. */
import type { Json } from '../source/types';

interface Answers {
  train_loss: number | null;
  train_accuracy: number | null;
  test_loss: number | null;
  test_accuracy: number | null;
}

export interface UnitAnswer {
  unit: number;
  label: string;
  evidence: { measure: string; value: number }[];
  peak: { kind: string; name: string; climbed: number } | null;
  no_peaks: string | null;
  inputs: { operand: string; weights: number[] }[];
  outputs: number[];
  irreps: { name: string; share: number }[] | null;
  with: Answers;
  without: Answers;
}

/** The first unit of the answer with what the network answers with and without it. */
export function readUnit(data: { [name: string]: Json } | undefined): UnitAnswer | null {
  if (!data) return null;
  const told = data as unknown as { units: UnitAnswer[]; no_peaks?: string | null; with: Answers; without: Answers };
  const [unit] = told.units;
  return unit ? { ...unit, no_peaks: told.no_peaks ?? null, with: told.with, without: told.without } : null;
}
