/** The source that asks `dunwu serve`. */
import { readPacked } from './packed';
import type { About, Asked, Grown, Job, ListData, PackedRun, Source } from './types';
import { Refusal } from './types';

const TOKEN_KEY = 'dunwu-token';

/** The name by which the server knows a run: the last part of its directory. */
export function runName(run: string): string {
  return run.split(/[\\/]/).filter(Boolean).at(-1) ?? run;
}

async function refusal(response: Response): Promise<Refusal> {
  const fallback = `the server answered ${response.status}: reload the page, or look at the terminal that runs dunwu serve`;
  try {
    const body = (await response.json()) as { error?: string };
    return new Refusal(body.error ?? fallback);
  } catch {
    return new Refusal(fallback);
  }
}

/** Every question but `about` carries the token. */
async function request(path: string, options: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    const headers = { ...options.headers, 'x-dunwu-token': sessionStorage.getItem(TOKEN_KEY) ?? '' };
    response = await fetch(path, { ...options, headers });
  } catch {
    throw new Refusal('dunwu serve does not answer: start it again in the folder of your runs, and open the address that it prints');
  }
  if (!response.ok) throw await refusal(response);
  return response;
}

async function json<T>(path: string, options?: RequestInit): Promise<T> {
  return (await (await request(path, options)).json()) as T;
}

/** An event stream, to which a browser lets no page add a header: the token stands in the query. */
function eventSource(path: string): EventSource {
  return new EventSource(`${path}?token=${encodeURIComponent(sessionStorage.getItem(TOKEN_KEY) ?? '')}`);
}

/** The token from the page's address, which is kept for this tab and taken out of the address. */
export function takeToken(): string | null {
  const found = /(?:^#|&)token=([^&]+)/.exec(location.hash);
  if (found?.[1]) {
    sessionStorage.setItem(TOKEN_KEY, decodeURIComponent(found[1]));
    const rest = location.hash.replace(/token=[^&]+&?/, '').replace(/^#&?$/, '');
    history.replaceState(null, '', location.pathname + location.search + rest);
  }
  return sessionStorage.getItem(TOKEN_KEY);
}

export class ServerSource implements Source {
  readonly kind = 'server';
  readonly mayChange: boolean;

  constructor(
    private readonly known: About,
    token: string | null,
  ) {
    this.mayChange = known.may_change && token !== null;
  }

  /** The source, or null where no `dunwu serve` stands behind this page. */
  static async find(token: string | null): Promise<ServerSource | null> {
    try {
      const response = await fetch('api/about');
      const is_json = response.headers.get('content-type')?.includes('json') ?? false;
      return response.ok && is_json ? new ServerSource((await response.json()) as About, token) : null;
    } catch {
      return null;
    }
  }

  about(): Promise<About> {
    return Promise.resolve(this.known);
  }

  runs(): Promise<ListData> {
    return json('api/runs');
  }

  async packed(run: string, after?: number, tables?: string[]): Promise<PackedRun> {
    const query = new URLSearchParams();
    if (after !== undefined) query.set('after', String(after));
    if (tables) query.set('tables', tables.join(','));
    const response = await request(`api/runs/${encodeURIComponent(runName(run))}/packed?${query.toString()}`);
    return readPacked(await response.arrayBuffer());
  }

  follow(run: string, grown: (news: Grown) => void): () => void {
    const events = eventSource(`api/runs/${encodeURIComponent(runName(run))}/events`);
    // What grew before the connection stood, or while it was lost, is news too.
    events.addEventListener('open', () => grown({ bytes: 0 }));
    events.addEventListener('grown', (event) => grown(JSON.parse(event.data as string) as Grown));
    return () => events.close();
  }

  /** One connection for the whole page: browsers allow six to a host, and runs need theirs. */
  private events: EventSource | null = null;
  private listeners = 0;

  private listen(name: string, heard: (event: MessageEvent<string>) => void): () => void {
    this.events ??= eventSource('api/events');
    const events = this.events;
    this.listeners += 1;
    events.addEventListener(name, heard);
    return () => {
      events.removeEventListener(name, heard);
      this.listeners -= 1;
      if (this.listeners === 0) {
        events.close();
        this.events = null;
      }
    };
  }

  followRuns(changed: () => void): () => void {
    return this.listen('runs', () => changed());
  }

  followJobs(changed: (jobs: Job[]) => void): () => void {
    return this.listen('jobs', (event) => changed(JSON.parse(event.data) as Job[]));
  }

  answer(words: string[]): Promise<Asked> {
    return json(`api/answer?${words.map((word) => `word=${encodeURIComponent(word)}`).join('&')}`);
  }

  jobs(): Promise<Job[]> {
    return json('api/jobs');
  }

  job(id: number): Promise<Job> {
    return json(`api/jobs/${id}`);
  }

  start(words: string[]): Promise<Job> {
    return json('api/jobs', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ words }),
    });
  }

  async stop(id: number): Promise<void> {
    await request(`api/jobs/${id}`, { method: 'DELETE' });
  }
}
