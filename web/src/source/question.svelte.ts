/** A question to the library while a view shows it: its answer, or why it was refused. Only the newest question is heard. */
import { source } from './current';
import type { Asked } from './types';

export class Question {
  asked = $state.raw<Asked | null>(null);
  refusal = $state<string | null>(null);
  is_asking = $state(false);
  private newest = 0;

  constructor(private readonly from: (words: string[]) => Promise<Asked> = async (words) => (await source()).answer(words)) {}

  /** The first answer, which most verbs give alone. */
  get answer(): Asked['answers'][number] | undefined {
    return this.asked?.answers[0];
  }

  async ask(words: string[]): Promise<void> {
    const mine = (this.newest += 1);
    this.is_asking = true;
    this.refusal = null;
    try {
      const asked = await this.from(words);
      if (mine === this.newest) this.asked = asked;
    } catch (error) {
      if (mine === this.newest) this.refusal = (error as Error).message;
    }
    if (mine === this.newest) this.is_asking = false;
  }

  /** Forgets what was asked; an answer that is still on its way is not heard. */
  forget(): void {
    this.newest += 1;
    this.asked = this.refusal = null;
    this.is_asking = false;
  }
}
