// What a presentation shows: the story, the landscape, or the sentences of one run, each with the picture that goes with it.

import type { Course } from '../landscape/race';
import { rankAt } from '../landscape/race';
import { texts as landscapeTexts } from '../landscape/words';
import type { RunModel } from '../run/model';
import { scenesOf, type SceneName } from '../story/words';
import { language } from '../state.svelte';
import { number } from '../words/format';

export interface Slide {
  sentence: string;
  scene: SceneName;
  /** Where the picture stands still; without it, it moves from its beginning to its end. */
  position?: number;
}

/** The picture of a sentence of a run's story, by what it is about. */
function sceneOf(sentence: string, run: RunModel): SceneName {
  if (run.header.kind === 'foreign' || run.perUnit('unit_energy_train') === undefined) return /^It saw /.test(sentence) ? 'shown' : 'jump';
  if (/^It saw /.test(sentence)) return 'shown';
  if (/units? (is|are) labelled|unit/.test(sentence)) return 'units';
  if (/^The theory/.test(sentence)) return 'jump';
  return 'together';
}

function ofRun(run: RunModel): Slide[] {
  const { headline, story } = run.header;
  return [{ sentence: headline, scene: 'jump' }, ...story.map((sentence): Slide => ({ sentence, scene: sceneOf(sentence, run) }))];
}

/** A few amounts of data: few, at the crossing, and many. */
function ofLandscape(course: Course): Slide[] {
  const last = course.amounts.length - 1;
  const middle = Math.min(course.series.start, last - 1);
  const texts = landscapeTexts();
  return [...new Set([0, Math.round(middle / 2), middle, middle + 1, last])].map((index) => {
    const rank = rankAt(course, index);
    const name = rank.includes('memory') ? texts.memorizing : texts.generalizing;
    // The picture's moving part lies between these shares of a scene; see ScenePicture.
    const position = 0.12 + (0.6 * index) / last;
    return { sentence: texts.headline(number(course.amounts[index]), name, rank.startsWith('only')).join(''), scene: 'data', position };
  });
}

export function slidesOf(of: string, run: RunModel, course: Course | undefined): Slide[] {
  // The library writes English; in Chinese a run is told by the story's own sentences with its numbers.
  if (of === 'run' && language() === 'en') return ofRun(run);
  if (of === 'landscape' && course) return ofLandscape(course);
  return scenesOf(run, course).map(({ name, sentence }) => ({ sentence, scene: name }));
}
