import { inLanguage } from '../state.svelte';

const TEXTS = {
  en: { leave: 'Leave', back: 'The sentence before', next: 'The next sentence', full: 'Full screen' },
  zh: { leave: '退出', back: '上一句', next: '下一句', full: '全屏' },
};

export function texts(): (typeof TEXTS)['en'] {
  return inLanguage(TEXTS);
}
