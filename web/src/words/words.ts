import { language } from '../state.svelte';
import { en, type Words } from './en';
import { zh } from './zh';

/** The page's words in the open language. Call it where they are shown, so that a change of language redraws them. */
export function words(): Words {
  return language() === 'zh' ? zh : en;
}
