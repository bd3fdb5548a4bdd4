/**
 * The page's state, which is the address: a link restores the view, the cursor, the zoom, the filters, the language and the theme.
 *
 * The address reads `#/view?name=value&…`. `language` and `theme` belong to the reader, so they live through a change of view
 * and are remembered by the browser; everything else belongs to the view that is open.
 */

import { reportedRun } from './source/embedded';

export type View = 'landscape' | 'runs' | 'run' | 'compare' | 'sweeps' | 'models' | 'what-if' | 'story' | 'present';
export type Language = 'en' | 'zh';

const VIEWS: readonly View[] = ['landscape', 'runs', 'run', 'compare', 'sweeps', 'models', 'what-if', 'story', 'present'];
const FOR_THE_READER = ['language', 'theme'] as const;

interface Address {
  view: View;
  values: { [name: string]: string };
}

function readAddress(): Address {
  const asked = location.hash.replace(/^#\/?/, '');
  const reported = reportedRun();
  const [path = '', query = ''] = (asked || (reported === null ? '' : `run?${new URLSearchParams({ name: reported })}`)).split('?');
  const view = VIEWS.find((known) => known === path) ?? 'landscape';
  const values: { [name: string]: string } = {};
  for (const [name, value] of new URLSearchParams(query)) values[name] = value;
  for (const name of FOR_THE_READER) {
    const kept = localStorage.getItem(`dunwu-${name}`);
    if (values[name] === undefined && kept) values[name] = kept;
  }
  return { view, values };
}

/** The address of a view, for links. */
export function linkTo(view: View, values: { [name: string]: string } = {}): string {
  const all = { ...values };
  for (const name of FOR_THE_READER) {
    const kept = address.values[name];
    if (kept !== undefined && all[name] === undefined) all[name] = kept;
  }
  const query = new URLSearchParams(all).toString();
  return query ? `#/${view}?${query}` : `#/${view}`;
}

/** What is open. Read it anywhere; change it through `go` and `put`. */
export const address: Address = $state(readAddress());

/** Opens a view as a new entry of the history. */
export function go(view: View, values: { [name: string]: string } = {}): void {
  location.hash = linkTo(view, values);
}

let pending = 0;

/**
 * Sets values of the open view without a new entry of the history; an empty or null value takes the name out.
 *
 * The address bar follows a quarter of a second later, because browsers refuse more than a hundred changes in half a minute.
 */
export function put(values: { [name: string]: string | number | null }): void {
  for (const [name, value] of Object.entries(values)) {
    if (value === null || value === '') delete address.values[name];
    else address.values[name] = String(value);
    if ((FOR_THE_READER as readonly string[]).includes(name)) {
      if (value === null) localStorage.removeItem(`dunwu-${name}`);
      else localStorage.setItem(`dunwu-${name}`, String(value));
    }
  }
  window.clearTimeout(pending);
  pending = window.setTimeout(writeAddress, 250);
}

/** Brings the address bar up to date now, for example before the link is copied. */
export function writeAddress(): void {
  window.clearTimeout(pending);
  const link = linkTo(address.view, address.values);
  if (link !== location.hash) history.replaceState(null, '', link);
}

window.addEventListener('hashchange', () => {
  window.clearTimeout(pending);
  const read = readAddress();
  address.view = read.view;
  address.values = read.values;
});

export function language(): Language {
  const chosen = address.values['language'];
  if (chosen === 'en' || chosen === 'zh') return chosen;
  return navigator.language.startsWith('zh') ? 'zh' : 'en';
}

/** The entry for the open language of texts that a view keeps beside itself. */
export function inLanguage<T>(texts: { en: T; zh: T }): T {
  return texts[language()];
}

const dark_query = window.matchMedia('(prefers-color-scheme: dark)');
const system = $state({ dark: dark_query.matches });
dark_query.addEventListener('change', (event) => (system.dark = event.matches));

/** The theme in force, which canvases need as a fact. */
export function isDark(): boolean {
  const chosen = address.values['theme'];
  return chosen === 'dark' || (chosen !== 'light' && system.dark);
}

const still_query = window.matchMedia('(prefers-reduced-motion: reduce)');
const motion = $state({ reduced: still_query.matches });
still_query.addEventListener('change', (event) => (motion.reduced = event.matches));

/** The reader asked for less motion: nothing may move unless she starts it. */
export function wantsStillness(): boolean {
  return motion.reduced;
}
