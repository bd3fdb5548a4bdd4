// What the story is told about: a run that grokked, and the two mountains of its problem.

import { raceOf } from '../landscape/kept';
import { coursesOf, type Course } from '../landscape/race';
import { RunModel } from '../run/model';
import { source } from '../source/current';
import { readPacked } from '../source/packed';
import type { PackedRun } from '../source/types';
import { engine } from '../source/wasm';

interface Told {
  run: RunModel;
  /** Words of a terminal that give this run. */
  command: string[];
}

const TRAINED_HERE = ['small', 'numerics=exact'];

/** A run that the page's own engine trains. */
async function trainHere(): Promise<Told> {
  const found = await engine();
  return new Promise((resolve, reject) => {
    found.train(TRAINED_HERE, {
      grown: (run, isDone) => {
        if (isDone) resolve({ run: new RunModel(run), command: ['dunwu', 'run', ...TRAINED_HERE] });
      },
      refused: (why) => reject(new Error(why)),
    });
  });
}

/** The run that is kept beside the page; a page that was opened from a file has it inside, under the name `story`. */
async function keptRun(): Promise<Told> {
  const found = await source();
  const run = found.kind === 'site' ? await found.packed('story') : await runBeside();
  const seed = run.header.settings.find((setting) => setting.name === 'seed')?.value ?? '0';
  return { run: new RunModel(run), command: ['dunwu', 'run', 'small', `seed=${seed}`] };
}

async function runBeside(): Promise<PackedRun> {
  const response = await fetch('data/run.packed');
  if (!response.ok) throw new Error('data/run.packed is not beside this page');
  return readPacked(await response.arrayBuffer());
}

/** The run that was asked for; else the one that is kept beside the page or inside it; else one trained here and now. */
async function findRun(asked: string | undefined): Promise<Told> {
  const found = await source();
  const inside = asked || found.kind === 'server' ? undefined : (await found.runs()).runs.find((run) => run.kind === 'own' && run.state === 'grokked');
  const name = asked ?? inside?.run;
  if (!name) return keptRun().catch(trainHere);
  const run = await found.packed(name);
  return { run: new RunModel(run), command: ['dunwu', 'show', run.header.run] };
}

async function findCourse(task: string): Promise<Course | undefined> {
  const courses = coursesOf(await raceOf(task));
  return courses.raw ?? courses.whitened;
}

/** What a story or a presentation tells; the run alone tells half of it, and without a landscape the other half is left out. */
export class Telling {
  told = $state.raw<Told>();
  course = $state.raw<Course>();
  refusal = $state('');

  async load(run: string | undefined): Promise<void> {
    try {
      const told = (this.told = await findRun(run));
      this.course = await findCourse(told.run.header.task).catch(() => undefined);
    } catch (error) {
      this.refusal = (error as Error).message;
    }
  }
}
